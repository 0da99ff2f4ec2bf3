"""The restore drill: a registry is backed up under load, lost and restored, and what was acknowledged is there."""

import itertools
import random
import shutil
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.bed.engines import Engine, PostgreSQLEngine
from tests.bed.postgresql import binaries
from tests.clients.bed.images import Image, digest_of, make_image
from tests.clients.bed.programs import Run, clean_environment, program, run
from tests.clients.bed.server import Server, password_of
from tests.clients.bed.wire import Wire

from .conftest import database


@dataclass
class Registry:
    """A running server with its folders, and what it has acknowledged, by tag."""

    server: Server
    folder: Path
    environment: dict[str, str]
    pushed: dict[str, Image] = field(default_factory=dict)

    def push(self, wire: Wire, tag: str, chance: random.Random) -> None:
        image = make_image([chance.randbytes(chance.randint(5_000, 100_000)), b"shared by all"], [str(chance.random())])
        for blob in image.blobs.values():
            wire.push_blob("drill", blob)
        wire.push_manifest("drill", tag, image.manifest, image.media_type)
        self.pushed[tag] = image

    def run(self, *arguments: str | Path) -> Run:
        """Runs one of our commands."""
        return run([program("cargohold"), *map(str, arguments)], clean_environment() | self.environment)

    def backup(self, *options: str) -> str:
        done = self.run("backup", self.copy, "--data", self.server.data, *options)
        assert done.code == 0, str(done)
        return done.out

    @property
    def copy(self) -> Path:
        return self.folder / "backup"

    def acknowledged(self) -> dict[str, Image]:
        """What was pushed until now."""
        return dict(self.pushed)


@pytest.fixture
def registry(engine: Engine, tmp_path: Path) -> Iterator[Registry]:
    server = Server(tmp_path / "data", tmp_path / "server.log")
    environment = database(engine)
    server.start(environment=environment)
    with closing(server.client("ecr")) as ecr:
        ecr.create_repository(repositoryName="drill")
    yield Registry(server, tmp_path, environment)
    server.stop()


@contextmanager
def load(registry: Registry) -> Iterator[None]:
    """Two clients push, and delete every third of what they pushed, until the block ends."""
    stop = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        pushers = [pool.submit(_push, registry, number, stop) for number in range(2)]
        try:
            yield
        finally:
            stop.set()
        for pusher in pushers:
            pusher.result(60)


def _push(registry: Registry, number: int, stop: threading.Event) -> None:
    chance = random.Random(number)  # noqa: S311  # no secret
    with closing(registry.server.client("ecr")) as ecr, Wire(registry.server.port, password_of(ecr)) as wire:
        for count in itertools.count():
            if stop.is_set():
                return
            tag = f"p{number}-{count}"
            registry.push(wire, tag, chance)
            if count % 3 == 2:
                registry.pushed.pop(tag)
                ecr.batch_delete_image(repositoryName="drill", imageIds=[{"imageTag": tag}])


def pulls(server: Server, images: Mapping[str, Image]) -> None:
    """Every image pulls with the right bytes."""
    with closing(server.client("ecr")) as ecr, Wire(server.port, password_of(ecr)) as wire:
        for tag, image in images.items():
            assert wire.manifest("drill", tag) == image.manifest
            for digest in image.blobs:
                assert digest_of(wire.blob("drill", digest)) == digest


def filled(registry: Registry, count: int) -> None:
    chance = random.Random(count)  # noqa: S311  # no secret
    with closing(registry.server.client("ecr")) as ecr, Wire(registry.server.port, password_of(ecr)) as wire:
        for number in range(count):
            registry.push(wire, f"f{count}-{number}", chance)


def moved_to(registry: Registry, folder: Path) -> Server:
    """A server on another data folder, where the first one is lost."""
    registry.server.kill()
    shutil.rmtree(registry.server.data)
    return Server(folder, registry.folder / "restored.log")


def dumped(registry: Registry) -> None:
    """What the operator does for PostgreSQL: a dump, beside the blobs."""
    url = registry.environment["CARGOHOLD_DATABASE"]
    done = run(
        [str(pg("pg_dump")), "--format=custom", f"--file={registry.folder / 'rows.dump'}", url], clean_environment()
    )
    assert done.code == 0, str(done)


def loaded(registry: Registry, engine: PostgreSQLEngine) -> None:
    """What the operator does before he restores: the dump, into a new database."""
    registry.environment |= database(engine)
    url = registry.environment["CARGOHOLD_DATABASE"]
    done = run(
        [str(pg("pg_restore")), "--exit-on-error", f"--dbname={url}", str(registry.folder / "rows.dump")],
        clean_environment(),
    )
    assert done.code == 0, str(done)


def pg(name: str) -> Path:
    folder = binaries()
    assert folder is not None
    return folder / name


@pytest.mark.slow
def test_what_was_acknowledged_before_the_backup_is_restored(registry: Registry, engine: Engine) -> None:
    """A backup is made while clients push and delete, the registry is lost, and every image of before pulls again."""
    filled(registry, 10)
    with load(registry):
        registry.backup("--with-secrets")
        filled(registry, 12)
        before = {tag: image for tag, image in registry.acknowledged().items() if tag.startswith("f")}
        registry.backup("--with-secrets")
        if isinstance(engine, PostgreSQLEngine):
            dumped(registry)
            registry.backup("--with-secrets")
    assert len(before) == 22
    restored = moved_to(registry, registry.folder / "restored")
    if isinstance(engine, PostgreSQLEngine):
        loaded(registry, engine)
    done = registry.run("restore", registry.copy, "--data", restored.data)
    assert done.code == 0, str(done)
    restored.start(environment=registry.environment)
    try:
        pulls(restored, before)
        verified = registry.run("verify", "--data", restored.data)
        assert verified.code == 0, str(verified)
        filled(replace(registry, server=restored), 3)
    finally:
        restored.stop()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_second_backup_copies_what_is_new(registry: Registry) -> None:
    """What is there already stays as it is; what the registry has no more goes."""
    filled(registry, 3)
    assert "7 are new" in registry.backup()
    filled(registry, 1)
    assert "2 are new" in registry.backup()
    assert "0 are new" in registry.backup()
    names = {path.name for path in registry.copy.iterdir()}
    assert not names & {"root.key", "credentials"}
    assert (registry.copy / "cargohold.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_root_key_can_come_from_elsewhere(registry: Registry) -> None:
    """A backup without secrets serves with the root key that was kept apart, and with no other."""
    filled(registry, 1)
    registry.backup()
    apart = registry.folder / "apart.key"
    shutil.copy(registry.server.data / "root.key", apart)
    shutil.copy(registry.server.data / "credentials", registry.folder / "credentials")
    restored = moved_to(registry, registry.folder / "restored")
    done = registry.run("restore", registry.copy, "--data", restored.data)
    assert done.code == 0, str(done)
    assert "root.key" in done.out
    shutil.copy(registry.folder / "credentials", restored.data)
    restored.start("--root-key-file", str(apart))
    try:
        pulls(restored, registry.pushed)
    finally:
        restored.stop()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_backup_heals_what_rotted_after_it(registry: Registry) -> None:
    """Bytes that rot after they were backed up are whole again in what is restored, though the registry knew of it."""
    filled(registry, 2)
    registry.backup("--with-secrets")
    for file in (registry.server.data / "blobs" / "blobs").glob("*/*"):
        file.write_bytes(b"!" * file.stat().st_size)
    found = registry.run("verify", "--data", registry.server.data)
    assert found.code == 1, str(found)
    assert found.out.count("wrong bytes") == 5
    registry.backup("--with-secrets")
    restored = moved_to(registry, registry.folder / "restored")
    assert registry.run("restore", registry.copy, "--data", restored.data).code == 0
    restored.start()
    try:
        pulls(restored, registry.pushed)
    finally:
        restored.stop()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_is_damaged_is_told_and_repaired_by_a_push(registry: Registry) -> None:
    """Rot that a backup meets is named, not copied; what is restored says so, and a push mends it."""
    filled(registry, 1)
    file = max((registry.server.data / "blobs" / "blobs").glob("*/*"), key=lambda each: each.stat().st_size)
    file.write_bytes(b"!" * file.stat().st_size)
    done = registry.run("backup", registry.copy, "--data", registry.server.data, "--with-secrets")
    assert done.code == 1, str(done)
    (tag, image), *_ = registry.pushed.items()
    rotten = next(digest for digest, blob in image.blobs.items() if len(blob) == file.stat().st_size)
    assert rotten in done.out
    restored = moved_to(registry, registry.folder / "restored")
    assert registry.run("restore", registry.copy, "--data", restored.data).code == 1
    restored.start()
    try:
        with closing(restored.client("ecr")) as ecr, Wire(restored.port, password_of(ecr)) as wire:
            assert wire.ask("HEAD", f"/v2/drill/blobs/{rotten}").status == 404
            wire.push_blob("drill", image.blobs[rotten])
        pulls(restored, {tag: image})
    finally:
        restored.stop()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_nothing_is_overwritten(registry: Registry) -> None:
    """A folder with something in it is neither backed up to nor restored into, and half a backup is none."""
    busy = registry.folder / "busy"
    busy.mkdir()
    (busy / "precious").touch()
    data = registry.server.data
    assert "is not empty" in registry.run("backup", busy, "--data", data).err
    assert "a folder of its own" in registry.run("backup", data, "--data", data).err
    assert "no finished backup" in registry.run("restore", busy, "--data", registry.folder / "new").err
    registry.backup()
    assert "is not empty" in registry.run("restore", registry.copy, "--data", busy).err
    assert [each.name for each in busy.iterdir()] == ["precious"]
