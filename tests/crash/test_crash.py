"""kill -9 while clients push, delete, archive, restore and have policies carried out, and the worker collects.

After each restart what was acknowledged is so, what pulls has the right bytes, and nothing half-made is visible. In the
end, when leases are over, every file in the stores belongs to an image, or to an upload that could go on.
`--long` kills five hundred times, CRASHES=50 fifty times.
"""

import os
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.clients.bed.server import Server
from tests.clients.bed.wire import Wire

from .clients import KEPT, Asked, Client, Looker, Steps, asked_of
from .model import Repository

SHORT, LONG = 8, 500
"""How often the server is killed."""
LEASE = {"CARGOHOLD_KEEP_DELETED_HOURS": str(2 / 3600)}
"""Two seconds: what is deleted is collected while clients still push it."""
OLD = 3
"""Images of each repository that are read once more after a crash, beside the new ones."""

_NEEDED = """
    SELECT blob.generation FROM blob
    JOIN image_blob ON image_blob.blob_id = blob.id
    JOIN image ON image.id = image_blob.image_id
    WHERE blob.state = 'live' AND image.deleted_at IS NULL
    UNION SELECT generation FROM upload WHERE state = 'open'
    UNION SELECT generation FROM blob_move
    UNION SELECT generation FROM blob WHERE state = 'deleting'
"""
"""Images', uploads', and what a worker was at when it died: another takes that up by its row after minutes."""

ACTS: dict[str, Callable[[Client], None]] = {
    "pushed": lambda client: client.push() and None,
    "deleted": Client.delete,
    "archived": Client.archive,
    "cleaned": Client.clean_up,
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    own = Server(tmp_path / "data", tmp_path / "server.log")
    yield own
    own.stop()


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill_9(server: Server, long: bool) -> None:
    """After each kill -9 every image is as it was acknowledged, and whole; in the end no file is left over."""
    rounds = int(os.environ.get("CRASHES") or (LONG if long else SHORT))
    chance = random.Random(77)  # noqa: S311  # no secret
    repositories = [Repository(name) for name in ACTS]
    done: Counter[str] = Counter()
    server.start(environment=LEASE)
    with asked_of(server) as asked:
        for repository in repositories:
            asked.ecr.create_repository(repositoryName=repository.name)
        for number in range(rounds):
            done += _load_until_killed(server, asked, repositories, number, chance)
            server.start("--workers", str(1 + number % 2), environment=LEASE)
            done["images read"] += _look(asked, repositories, chance)
    assert _left_over(server) == []
    server.stop()
    print(f"\n{rounds} crashes, {dict(done)}")  # figures for docs/reliability.md
    assert all(done[kind] > 0 for kind in ("push", "deletion", "archiving", "evaluation", "images read")), done


def _load_until_killed(
    server: Server, asked: Asked, repositories: list[Repository], number: int, chance: random.Random
) -> Counter[str]:
    """Has clients act, kills the server after some acknowledged steps, and returns how many there were of each kind."""
    steps = Steps()
    with ThreadPoolExecutor(len(repositories)) as pool:
        running = [
            pool.submit(Client(asked, each, random.Random(f"{each.name} {number}"), steps).run, ACTS[each.name])  # noqa: S311
            for each in repositories
        ]
        went_on = steps.wait(chance.randint(5, 60))
        threading.Event().wait(chance.random() * 0.05)  # so that the kill also falls into the middle of requests
        server.kill()
        for each in running:
            each.result(60)  # raises what a client met that is no cut connection
    assert went_on, "the clients stood still"
    return steps.kinds


def _look(asked: Asked, repositories: list[Repository], chance: random.Random) -> int:
    """Compares all that is visible with what is known; returns how many images were read."""
    count = 0
    with Wire(asked.port, asked.password) as wire:
        looker = Looker(asked.ecr, wire)
        for repository in repositories:
            if repository.name == "cleaned":
                repository.may_lose_all_but(KEPT - 1)  # one may have come that nobody confirmed
            seen = looker.seen(repository.name)
            repository.settle(seen)
            new = [tag for tag, status in seen.items() if status == "ACTIVE" and tag not in repository.read]
            old = [tag for tag in repository.read if seen.get(tag) == "ACTIVE"]
            for tag in [*new, *chance.sample(old, min(OLD, len(old)))]:
                known = repository.images[tag]
                if looker.pull(repository.name, tag, known.image):
                    repository.read.add(tag)
                    count += 1
                else:
                    assert repository.name == "cleaned", f"{repository.name}:{tag} is gone"
    return count


def _left_over(server: Server) -> list[str]:
    """Files that no image needs, and no upload that might go on, once there are none or a minute has passed."""
    until, left = time.monotonic() + 60, ["not looked yet"]
    while left and time.monotonic() < until:
        left = _unneeded(server)
        time.sleep(0.5)
    return left


def _unneeded(server: Server) -> list[str]:
    with closing(sqlite3.connect(server.data / "cargohold.db")) as rows:
        needed = {key for (key,) in rows.execute(_NEEDED)}
    stores = (server.data / "blobs", server.data / "archive")
    files = [path for store in stores for path in store.rglob("*") if path.is_file()]
    return sorted(str(path) for path in files if path.name not in needed)
