"""Lifecycle at its size: `python -m tests.perf.lifecycle [--images N] [--folder DIRECTORY]`.

Fills one repository of a SQLite data folder, then measures, in a process of its own: deciding by ten rules, with the
memory that it takes, and carrying the decisions out, while this process writes as a push does and notes how long each
write takes, before and meanwhile. The wanted figures: 100,000 images decided on in less than 10 s and 200 MiB.
"""

import argparse
import asyncio
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from cargohold.core.clock import DAY, MINUTE, system_clock
from cargohold.database import migrate
from cargohold.database.schema import lifecycle, registry
from cargohold.database.sqlite import SQLite
from cargohold.jobs.schedule import Schedule
from cargohold.lifecycle.decide import decide
from cargohold.lifecycle.evaluate import Evaluator
from cargohold.telemetry.audit.trail import Audit, Folder

REPOSITORY = 1
BATCH = 5_000


def policy() -> str:
    """Ten rules: eight by prefix or pattern that count, one for untagged images, one for any."""
    counted = [
        {"tagStatus": "tagged", member: [name], "countType": "imageCountMoreThan", "countNumber": 500}
        for member, name in [
            *(("tagPrefixList", f"team{number}-") for number in range(4)),
            *(("tagPatternList", f"*-release-{number}*") for number in range(4)),
        ]
    ]
    untagged = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}
    last = {"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 30}
    rules = [
        {"rulePriority": at, "selection": selection, "action": {"type": "expire"}}
        for at, selection in enumerate([*counted, untagged, last], 1)
    ]
    return json.dumps({"rules": rules})


def rows(images: int, now: int) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """(table, rows) in the order in which they may be inserted: an image has a layer of its own and up to two tags."""
    chance = random.Random(7)  # noqa: S311 - the same repository every time
    yield registry.registry, [{"id": 1, "account": "123456789012", "region": "us-east-1", "kind": "private"}]
    made = {"tag_mutability": "MUTABLE", "tag_mutability_filters": "[]", "scan_on_push": False}
    named = {"id": REPOSITORY, "registry_id": 1, "name": "demo", "state": "active", "created_at": now}
    yield registry.repository, [{**named, **made, "encryption_type": "AES256"}]
    claimed = {"claimed_until": 0, "planned": 0, "expired": 0, "transitioned": 0}
    due = {"repository_id": REPOSITORY, "policy": policy(), "evaluated_at": 0, "due_at": 0}
    yield lifecycle.lifecycle_policy, [{**due, **claimed}]
    for begin in range(1, images + 1, BATCH):
        numbers = range(begin, min(begin + BATCH, images + 1))
        yield registry.blob, [_blob(number, now) for number in numbers]
        held = [{"repository_id": REPOSITORY, "blob_id": number, "created_at": now} for number in numbers]
        yield registry.repository_blob, held
        yield registry.image, [_image(number, now - chance.randrange(60 * DAY), chance) for number in numbers]
        yield (
            registry.image_blob,
            [{"image_id": number, "position": 1, "blob_id": number, "kind": "layer"} for number in numbers],
        )
        yield (
            registry.tag,
            [
                {"repository_id": REPOSITORY, "name": name, "image_id": number, "created_at": now, "updated_at": now}
                for number in numbers
                for name in _tags(number, chance)
            ],
        )


def _blob(number: int, now: int) -> dict[str, Any]:
    stored = {"size": 1, "stored_size": 1, "generation": f"{number:032}", "format": "plain", "tier": "standard"}
    return {
        "id": number,
        "domain_id": 1,
        "digest": f"sha256:{number:064}",
        **stored,
        "state": "live",
        "created_at": now,
    }


def _image(number: int, pushed_at: int, chance: random.Random) -> dict[str, Any]:
    return {
        "id": number,
        "repository_id": REPOSITORY,
        "digest": f"sha256:{chance.getrandbits(256):064x}",
        "media_type": "application/vnd.oci.image.manifest.v1+json",
        "payload": b"x" * 1_500,
        "payload_format": "plain",
        "size": 1,
        "status": "ACTIVE",
        "pushed_at": pushed_at,
        "pushed_by": "arn:aws:iam::123456789012:user/ci",
    }


def _tags(number: int, chance: random.Random) -> list[str]:
    kind = chance.randrange(10)
    if kind < 4:
        return [f"team{kind}-{number}", f"sha-{number:x}"]
    return [f"{number}-release-{kind - 4}"] if kind < 8 else []


def fill(database: Path, images: int) -> None:
    migrate.upgrade(database)
    opened = SQLite.open(database)

    async def story() -> None:
        for table, values in rows(images, system_clock()):
            await opened.write(lambda connection, table=table, values=values: _insert(connection, table, values))
        await opened.close()

    asyncio.run(story())


def _insert(connection: Connection, table: Any, values: list[dict[str, Any]]) -> None:
    if values:
        connection.execute(insert(table), values)


async def deciding(database: Path) -> dict[str, float]:
    """Seconds to decide, MiB that it took above what the process had, and decisions."""
    opened = SQLite.open(database)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    decisions = await decide(opened, REPOSITORY, policy(), system_clock())
    seconds = time.perf_counter() - began
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    await opened.close()
    return {"seconds": seconds, "mib": peak, "decisions": len(decisions)}


async def evaluating(database: Path) -> dict[str, float]:
    """Seconds until everything is decided and done, and MiB of the whole process at its peak."""
    opened = SQLite.open(database)
    audit = Audit(Folder(database.parent / "audit", 9, 1 << 30), system_clock)
    evaluator = Evaluator(opened, audit, system_clock, DAY)
    began = time.perf_counter()
    while await evaluator.run():
        await asyncio.sleep(Schedule.MORE / 1000)  # as the worker does
    seconds = time.perf_counter() - began
    await opened.close()
    return {"seconds": seconds, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


async def pushing(database: Path, until: Callable[[], bool]) -> list[float]:
    """Milliseconds of each durable write, one after another with a pause in between, until it is told to stop."""
    opened = SQLite.open(database)
    taken: list[float] = []
    number = 0
    while not until():
        number += 1
        row = {"id": f"{time.time_ns()}", "number": number}
        began = time.perf_counter()
        await opened.write(partial(_upload, of=row))
        taken.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.005)
    await opened.close()
    return taken


def _upload(connection: Connection, of: dict[str, Any]) -> None:
    now = system_clock()
    values = {"repository_id": REPOSITORY, "generation": of["id"], "offset": 0, "state": "open", "claimed_until": 0}
    more = {"stored": "{}", "digest": "", "parts": 0, "last_part_size": 0, "undersized": False, "created_at": now}
    connection.execute(insert(registry.upload), {"id": of["id"], **values, **more, "expires_at": now + MINUTE})


def measure(folder: Path, images: int) -> dict[str, Any]:
    database = folder / "cargohold.db"
    fill(database, images)
    decided = _alone("decide", database)
    end = time.perf_counter() + 5
    idle = asyncio.run(pushing(database, lambda: time.perf_counter() > end))
    command = [sys.executable, "-m", "tests.perf.lifecycle", "--only", "evaluate", "--database", str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        meanwhile = asyncio.run(pushing(database, lambda: child.poll() is not None))
        told, _ = child.communicate()
    return {
        "images": images,
        "decide": decided,
        "evaluate": json.loads(told.splitlines()[-1]),  # behind its log
        "write_ms": {"idle": _percentiles(idle), "meanwhile": _percentiles(meanwhile)},
    }


def _alone(what: str, database: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.perf.lifecycle", "--only", what, "--database", str(database)]
    found: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return found


def _percentiles(taken: list[float]) -> dict[str, float]:
    ordered = sorted(taken)
    return {name: round(ordered[int(len(ordered) * share)], 1) for name, share in (("p50", 0.5), ("p99", 0.99))}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.perf.lifecycle", description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the data is kept meanwhile (a disk, not tmpfs)")
    parser.add_argument("--only", choices=("decide", "evaluate"), help=argparse.SUPPRESS)
    parser.add_argument("--database", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only == "decide":
        print(json.dumps(asyncio.run(deciding(options.database))))
    elif options.only == "evaluate":
        print(json.dumps(asyncio.run(evaluating(options.database))))
    else:
        with tempfile.TemporaryDirectory(prefix="cargohold-lifecycle-", dir=options.folder) as folder:
            print(json.dumps(measure(Path(folder), options.images), indent=2))


if __name__ == "__main__":
    main()
