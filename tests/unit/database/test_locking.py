"""One statement for both engines: what it becomes on each."""

import pytest
from sqlalchemy import Dialect, Executable, select
from sqlalchemy.dialects import postgresql, sqlite

from cargohold.database.locking import for_share, insert
from cargohold.database.schema.registry import blob, repository

SQLITE, POSTGRESQL = sqlite.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call]


def text(statement: Executable, dialect: Dialect) -> str:
    return " ".join(str(statement.compile(dialect=dialect)).split())  # type: ignore[attr-defined]


def test_rows_are_held_for_share_only_where_rows_can_be_locked() -> None:
    """PostgreSQL takes FOR SHARE, which waits for a tombstone as FOR KEY SHARE would not; SQLite takes nothing."""
    statement = for_share(select(blob.c.id).where(blob.c.state == "live"))
    assert text(statement, POSTGRESQL).endswith(" FOR SHARE")
    assert "FOR" not in text(statement, SQLITE)


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=["sqlite", "postgresql"])
def test_an_upsert_says_the_same_on_both(dialect: Dialect) -> None:
    """Conflict target, its condition, the values and the update's condition are all spelled."""
    statement = insert(blob)
    upsert = statement.on_conflict_do_update(
        index_elements=["domain_id", "digest"],
        set_={"generation": statement.excluded.generation, "state": "live"},
        where=blob.c.state != "live",
    )
    spelled = text(upsert, dialect)
    assert "ON CONFLICT (domain_id, digest) DO UPDATE SET generation = excluded.generation, state = " in spelled
    assert "WHERE blob.state != " in spelled
    ignoring = insert(repository).on_conflict_do_nothing(
        index_elements=["registry_id", "name"], index_where=repository.c.deleted_at.is_(None)
    )
    assert text(ignoring, dialect).endswith("ON CONFLICT (registry_id, name) WHERE deleted_at IS NULL DO NOTHING")
