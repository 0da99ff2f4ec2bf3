"""What outlives the server, and what the server outlives."""

import json
from pathlib import Path

import pytest

from tests.bed.engines import Engine
from tests.bed.postgresql import PostgresServer
from tests.clients.bed.images import make_image, make_layer
from tests.clients.bed.server import Server, password_of
from tests.clients.bed.wire import Wire

from .conftest import PASSWORD, database

IMAGE = make_image([make_layer({"content": b"content"})], ["/content"])


def wire_of(server: Server) -> Wire:
    ecr = server.client("ecr")
    password = password_of(ecr)
    ecr.close()
    return Wire(server.port, password)


def create(server: Server, name: str) -> None:
    ecr = server.client("ecr")
    ecr.create_repository(repositoryName=name)
    ecr.close()


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_what_was_pushed_is_there_after_a_restart(engine: Engine, tmp_path: Path, ending: str) -> None:
    """Stopped or killed, the next start finds account, key, image and layers; passwords issued before still open it."""
    server = Server(tmp_path / "data", tmp_path / "server.log")
    environment = database(engine)
    server.start("--workers", "2", environment=environment)
    create(server, "kept")
    with wire_of(server) as wire:
        wire.push("kept", "v1", IMAGE)
    credentials = (tmp_path / "data" / "credentials").read_text()
    getattr(server, ending)()
    server.start(environment=environment)
    assert (tmp_path / "data" / "credentials").read_text() == credentials
    with wire_of(server) as wire:
        assert wire.manifest("kept", "v1") == IMAGE.manifest
        for digest, blob in IMAGE.blobs.items():
            assert wire.blob("kept", digest) == blob
    assert server.stop() == 0
    assert (tmp_path / "data" / "cargohold.db").exists() is (engine.name == "sqlite")


def test_the_databases_password_is_nowhere(postgres: PostgresServer, tmp_path: Path) -> None:
    """A URL's password is in no log line, no file of the data folder and no command line of a process."""
    server = Server(tmp_path / "data", tmp_path / "server.log")
    server.start(environment={"CARGOHOLD_DATABASE": postgres.create().replace("@", f":{PASSWORD}@")})
    create(server, "app")
    for pid in server.processes():
        assert PASSWORD not in Path(f"/proc/{pid}/cmdline").read_text()
    assert server.stop() == 0
    for file in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert PASSWORD.encode() not in file.read_bytes()


def test_a_database_that_comes_back_is_used_again(tmp_path: Path) -> None:
    """While PostgreSQL is down the registry says that it is busy, and lives; when it is up, everything is there."""
    postgres = PostgresServer().start("synchronous_commit=on")
    server = Server(tmp_path / "data", tmp_path / "server.log")
    server.start("--workers", "2", environment={"CARGOHOLD_DATABASE": postgres.create()})
    processes = server.processes()
    create(server, "app")
    with wire_of(server) as wire:
        wire.push("app", "v1", IMAGE)
        postgres.stop()
        answer = wire.ask("GET", "/v2/app/manifests/v1")
        assert (answer.status, answer.errors[0]["code"]) == (503, "UNAVAILABLE")
        assert wire.ask("PUT", "/v2/app/manifests/v2", IMAGE.manifest).status == 503
        assert json.loads(wire.ask("GET", "/readyz").body) == {"database": "failed", "storage": "ok"}
        assert wire.want(200, "GET", "/metrics").status == 200
        postgres.start("synchronous_commit=on")
        while wire.ask("GET", "/readyz").status != 200:
            continue
        assert wire.manifest("app", "v1") == IMAGE.manifest
        wire.push("app", "v2", IMAGE)
    assert server.processes() == processes
    assert server.stop() == 0
    postgres.stop()
    postgres.remove()
