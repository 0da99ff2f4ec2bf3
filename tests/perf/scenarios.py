"""What is asked of the servers, in turn: A B A B, so that both meet the same machine."""

import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, insert, select

from cargohold.database.schema.registry import image, repository, tag

from . import ceilings, load
from .ceilings import Ceilings
from .load import Sample
from .processes import Cargohold, DockerRegistry, Empty, Server

CLIENTS = 8
MANY = "many-tags"


@dataclass(frozen=True, slots=True)
class Size:
    """How long and how much. Every figure is the median of `rounds` runs of `seconds` each."""

    rounds: int = 3
    seconds: float = 5.0
    large: int = 256 << 20
    tags: int = 100_000


QUICK = Size(rounds=1, seconds=0.5, large=16 << 20, tags=2_000)


@dataclass(slots=True)
class Results:
    """Samples by scenario and server, and the machine's ceilings, one of each per round."""

    size: Size
    samples: dict[str, dict[str, list[Sample]]] = field(default_factory=dict)
    ceilings: list[Ceilings] = field(default_factory=list)

    def add(self, scenario: str, server: Server, sample: Sample) -> None:
        self.samples.setdefault(scenario, {}).setdefault(server.name, []).append(sample)

    def rate(self, scenario: str, server: str) -> float:
        """The median rate of a scenario."""
        return statistics.median(sample.rate for sample in self.samples[scenario][server])


TAG, DIGEST, BLOB = "manifest by tag", "manifest by digest", "blob of 1 KiB"
EMPTY = "empty answer"
PUSH, FINAL, PULL = "push, streamed", "its final PUT", "pull"
ONE, EIGHT = "images of 1 KiB, one repository", "images of 1 KiB, eight repositories"
FIRST_PAGE, LATE_PAGE = "tags, first page", "tags, last page"


def run(folder: Path, size: Size) -> Results:
    """The whole benchmark, in files under `folder`."""
    results = Results(size)
    with Cargohold(folder / "a") as ours, DockerRegistry(folder / "b") as peer, Empty(folder / "c") as empty:
        servers = (ours, peer)
        named = {server.name: _furnish(server) for server in servers}
        _seed_tags(ours, size.tags)
        for _ in range(size.rounds):
            results.ceilings.append(ceilings.measure(folder, size.large))
            results.add(EMPTY, empty, load.ask(empty, "/", size.seconds))
            for scenario in (TAG, DIGEST, BLOB):
                for server in servers:
                    results.add(scenario, server, load.ask(server, named[server.name][scenario], size.seconds))
            for server in servers:
                _large(results, server)
            for scenario, count in ((ONE, 1), (EIGHT, CLIENTS)):
                for server in servers:
                    into = [f"small-{number}" for number in range(count)]
                    results.add(scenario, server, load.push_images(server, into, CLIENTS, size.seconds))
            for scenario, after in ((FIRST_PAGE, 0), (LATE_PAGE, size.tags - 101)):
                path = f"/v2/{MANY}/tags/list?n=100&last={_tag(after)}"
                results.add(scenario, ours, load.ask(ours, path, size.seconds))
    return results


def _furnish(server: Server) -> dict[str, str]:
    """Makes the repositories and one small image; the path of each scenario that only reads."""
    for name in ("demo", MANY, *(f"small-{number}" for number in range(CLIENTS))):
        server.make_repository(name)
    manifest, layer = load.push_image(server, "demo", "latest")
    return {
        TAG: "/v2/demo/manifests/latest",
        DIGEST: f"/v2/demo/manifests/{manifest}",
        BLOB: f"/v2/demo/blobs/{layer}",
    }


def _large(results: Results, server: Server) -> None:
    pushed = load.push_large(server, "demo", results.size.large)
    results.add(PUSH, server, pushed.upload)
    results.add(FINAL, server, pushed.final)
    results.add(PULL, server, load.pull_large(server, pushed.path))
    _drop_large(server.folder, results.size.large)


def _drop_large(folder: Path, size: int) -> None:
    """Gives the blob's memory back, behind the server: else each push needs pages that the machine never used before.

    A virtual machine's first touch of a page costs its host more than the push does, for whoever comes first.
    """
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size == size:
            path.unlink()


def _seed_tags(server: Cargohold, count: int) -> None:
    """Puts `count` tags on one image of MANY, past every room: pushing them would take longer than the benchmark."""
    load.push_image(server, MANY, "seed")
    engine = create_engine(f"sqlite+pysqlite:///{server.data / 'cargohold.db'}", connect_args={"timeout": 30})
    now = time.time_ns() // 1_000_000
    with engine.begin() as connection:
        owner = connection.execute(select(repository.c.id).where(repository.c.name == MANY)).scalar_one()
        tagged = connection.execute(select(image.c.id).where(image.c.repository_id == owner)).scalar_one()
        row = {"repository_id": owner, "image_id": tagged, "created_at": now, "updated_at": now}
        connection.execute(insert(tag), [row | {"name": _tag(number)} for number in range(count)])
    engine.dispose()


def _tag(number: int) -> str:
    return f"build-{number:07d}"
