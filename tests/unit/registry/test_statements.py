"""Every statement of the room, on both engines' dialects, and what the hot ones read."""

import pytest
from sqlalchemy import Select, Table, UpdateBase
from sqlalchemy.dialects import postgresql, sqlite

from cargohold.database.prepared import Prepared
from cargohold.database.schema.jobs import event
from cargohold.database.schema.registry import blob, image
from cargohold.registry.store import blobs, images, public, referrers, repositories, tags, uploads

from .bed import Room

STATEMENTS = [
    pytest.param(getattr(value, "statement", value), id=f"{module.__name__.rpartition('.')[2]}.{name}")
    for module in (blobs, images, public, referrers, repositories, tags, uploads)
    for name, value in vars(module).items()
    if isinstance(value, Select | UpdateBase | Prepared)
]


def test_statements_are_found() -> None:
    """The tests below look at the whole store, not at nothing."""
    assert len(STATEMENTS) > 50


@pytest.mark.parametrize("statement", STATEMENTS)
def test_both_dialects(statement: Select[tuple[object]] | UpdateBase) -> None:
    """One statement is written for both engines; neither has to be guessed at run time."""
    for dialect in (postgresql.dialect(), sqlite.dialect()):
        assert str(statement.compile(dialect=dialect))


@pytest.mark.parametrize(
    ("statement", "lock"),
    [
        (repositories._SHARE.statement, "FOR SHARE"),
        (repositories._LOCK, "FOR UPDATE"),
        (blobs._SHARE, "ORDER BY blob.id FOR SHARE"),
        (uploads._DUE, "FOR UPDATE SKIP LOCKED"),
    ],
)
def test_locks(statement: Select[tuple[object]], lock: str) -> None:
    """What a push or a deletion relies on is locked on PostgreSQL, and SQLite's one writer needs no word for it."""
    assert str(statement.compile(dialect=postgresql.dialect())).endswith(lock)
    assert "FOR " not in str(statement.compile(dialect=sqlite.dialect()))


@pytest.mark.parametrize(
    ("statement", "uses"),
    [
        (images._PULL_BY_TAG, ["SEARCH tag USING INDEX", "SEARCH image USING INTEGER PRIMARY KEY"]),
        (
            images._PULL_BY_DIGEST,
            ["SEARCH image USING INDEX ix_image_live_status (repository_id=? AND status=? AND digest=?)"],
        ),
        (images._WINDOW, ["SEARCH image USING INDEX uq_image_live_digest", "SEARCH untagged_image USING"]),
        (images._WINDOW_OF_STATUS, ["SEARCH image USING INDEX ix_image_live_status"]),
        (images._WINDOW_OF_UNTAGGED, ["SEARCH untagged_image USING COVERING INDEX ix_untagged_image_repository_id"]),
        (referrers._WINDOW, ["SEARCH image USING INDEX ix_image_repository_id_subject_digest"]),
        (images._WINDOW_OF_TAGS, ["SEARCH tag USING INDEX", "SEARCH image USING INTEGER PRIMARY KEY"]),
        (tags._PAGE, ["SEARCH tag USING COVERING INDEX"]),
        (repositories._PAGE, ["SEARCH repository USING INDEX uq_repository_live_name"]),
        (blobs._FIND, ["SEARCH blob USING INDEX", "SEARCH repository_blob USING COVERING INDEX"]),
        (blobs._FIND_USE, ["SEARCH blob USING INDEX", "SEARCH image_blob USING"]),
        (uploads._DUE, ["SEARCH upload USING INDEX ix_upload_expires_at"]),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_plans(room: Room, statement: Select[tuple[object]], uses: list[str]) -> None:
    """A page or a point is found by its index, never by reading or sorting a table."""
    compiled = statement.compile(dialect=sqlite.dialect())
    values = [1 if name != "after" else "" for name in compiled.positiontup or ()]
    plan = room.database._raw_reader.execute(f"EXPLAIN QUERY PLAN {compiled}", values).fetchall()
    steps = [row[3] for row in plan]
    for use in uses:
        assert any(use in step for step in steps), steps
    assert not any(step.startswith("SCAN") or "TEMP B-TREE" in step for step in steps), steps


@pytest.mark.parametrize("referred", [event, image, blob], ids=lambda table: table.name)
def test_deleting_reads_no_table(referred: Table) -> None:
    """What is deleted row by row is looked for by an index in every table that may refer to it."""
    for table in referred.metadata.sorted_tables:
        found = [next(iter(index.columns)) for index in table.indexes] + list(table.primary_key.columns)[:1]
        for key in table.foreign_keys:
            assert key.column.table is not referred or key.parent in found, f"{table.name}.{key.parent.name}"
