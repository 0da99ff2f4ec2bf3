"""A large registry, written past every room: pushing as much would take hours."""

import hashlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Table, func, insert, select, text

from cargohold.database.schema import registry

from .load import MANIFEST

MANY, TAGS_OF_ONE = "many", "one"
BATCH = 5_000
FEW = 150
"""Images of MANY that have no tag, and as many that are archived: what a filter looks for."""


@dataclass(frozen=True, slots=True)
class Size:
    """The numbers that Amazon ECR's quotas allow."""

    images: int = 100_000
    tags: int = 1_000
    """Of one image, in a repository of its own."""
    repositories: int = 9_998
    """Beside the two that hold the images."""
    rounds: int = 300


QUICK = Size(images=3_000, tags=300, repositories=300, rounds=10)


def fill(engine: Engine, size: Size) -> None:
    """Fills the one registry that there is, which has the repositories MANY and TAGS_OF_ONE, both empty."""
    with engine.begin() as connection:
        known = connection.execute(select(registry.repository.c.name, registry.repository.c.id))
        of: dict[str, int] = {name: id_ for name, id_ in known}  # noqa: C416 - mypy takes no Row for a pair
        owner = connection.execute(select(registry.repository.c.registry_id).limit(1)).scalar_one()
        first = (connection.execute(select(func.max(registry.image.c.id))).scalar() or 0) + 1
        for table, rows in _rows(size, owner, of, first):
            connection.execute(insert(table), rows)
        if engine.dialect.name == "postgresql":
            # The ids were given: what the server makes next begins behind them.
            for name in ("image", "repository"):
                connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")  # noqa: S608
                )
        connection.execute(text("ANALYZE"))


def _rows(size: Size, owner: int, of: dict[str, int], first: int) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    now = time.time_ns() // 1_000_000
    highest = max(of.values())
    yield registry.repository, [_repository(highest + 1 + each, owner, each, now) for each in range(size.repositories)]
    chance = random.Random(7)  # noqa: S311 - the same registry every time
    few = chance.sample(range(size.images), 2 * FEW)
    untagged, archived = set(few[:FEW]), set(few[FEW:])
    for begin in range(0, size.images, BATCH):
        numbers = range(begin, min(begin + BATCH, size.images))
        made = {number: _image(first + number, of[MANY], number, now) for number in numbers}
        for number in archived & made.keys():
            made[number] |= {"status": "ARCHIVED"}
        yield registry.image, list(made.values())
        yield registry.tag, [_tag(of[MANY], each, made[each]["id"], now) for each in numbers if each not in untagged]
        bare = [made[each] for each in sorted(untagged & made.keys())]
        if bare:
            yield registry.untagged_image, [{**_named(each), "image_id": each["id"]} for each in bare]
    one = _image(first + size.images, of[TAGS_OF_ONE], size.images, now)
    yield registry.image, [one]
    yield registry.tag, [_tag(of[TAGS_OF_ONE], number, one["id"], now) for number in range(size.tags)]


def _named(image: dict[str, Any]) -> dict[str, Any]:
    return {"repository_id": image["repository_id"], "digest": image["digest"]}


def _repository(id_: int, owner: int, number: int, now: int) -> dict[str, Any]:
    return {
        "id": id_,
        "registry_id": owner,
        "name": f"team-{number % 97:02}/app-{number:05}",
        "state": "active",
        "created_at": now,
        "tag_mutability": "MUTABLE",
        "tag_mutability_filters": "[]",
        "scan_on_push": False,
        "encryption_type": "AES256",
    }


def _image(id_: int, repository_id: int, number: int, now: int) -> dict[str, Any]:
    payload = f'{{"number":{number}}}'.encode().ljust(600)
    return {
        "id": id_,
        "repository_id": repository_id,
        "digest": f"sha256:{hashlib.sha256(payload).hexdigest()}",
        "media_type": MANIFEST,
        "payload": payload,
        "payload_format": "plain",
        "size": 1_000_000 + number,
        "status": "ACTIVE",
        "pushed_at": now,
        "pushed_by": "arn:aws:iam::123456789012:user/ci",
    }


def _tag(repository_id: int, number: int, image_id: int, now: int) -> dict[str, Any]:
    named = f"build-{number:07}"
    return {"repository_id": repository_id, "name": named, "image_id": image_id, "created_at": now, "updated_at": now}
