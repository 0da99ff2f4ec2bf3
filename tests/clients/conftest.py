"""Fixtures of the client tests: a real server, a real engine, and each client with a login of its own."""

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.client import BaseClient

from .bed.debian import debian_archive
from .bed.engine import Engine
from .bed.images import SENTENCE, static_busybox
from .bed.programs import Client, clean_environment, program
from .bed.server import Server, password_of
from .bed.wire import Wire

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs them all, one after another: they share an engine, and they measure time and memory."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.client)
            item.add_marker(pytest.mark.xdist_group("clients"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test shows what its servers and its engine wrote."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Server | Engine):
                report.sections.append((f"log of {value.log.name}", value.log_tail()))
    return report


# Servers


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that most tests share; each uses repositories of its own."""
    folder = tmp_path_factory.mktemp("server")
    running = Server(folder / "data", folder / "server.log").start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, not started; it is ended when the test ends."""
    own = Server(tmp_path / "data", tmp_path / "own-server.log")
    yield own
    own.stop()


@pytest.fixture(scope="session")
def ecr(server: Server) -> Iterator[BaseClient]:
    client = server.client("ecr")
    yield client
    client.close()


@pytest.fixture
def password(ecr: BaseClient) -> str:
    """What `aws ecr get-login-password` prints."""
    return password_of(ecr)


@pytest.fixture
def wire(server: Server, password: str) -> Iterator[Wire]:
    """The protocol in plain HTTP."""
    with Wire(server.port, password) as opened:
        yield opened


@pytest.fixture
def make_repository(ecr: BaseClient, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Makes a repository whose name no other test has."""
    stem = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower()).strip("-")

    def make(**options: object) -> str:
        name = f"{stem[:60].strip('-')}/{next(_numbers)}"
        ecr.create_repository(repositoryName=name, **options)
        return name

    return make


@pytest.fixture
def repository(make_repository: Callable[..., str]) -> str:
    """The name of a new, empty repository."""
    return make_repository()


# Clients


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Engine]:
    running = Engine()
    yield running
    running.stop()


@pytest.fixture
def docker(docker_engine: Engine, tmp_path: Path) -> Client:
    """docker with no login."""
    return Client(["docker"], docker_engine.environment(tmp_path / "docker"))


@pytest.fixture
def docker_in(docker: Client, server: Server, password: str) -> Client:
    """docker, logged in to the shared server."""
    docker("login", "--username", "AWS", "--password-stdin", server.host, given=password.encode())
    return docker


@pytest.fixture
def crane(tmp_path: Path) -> Client:
    """crane with no login."""
    return Client([program("crane")], clean_environment() | {"DOCKER_CONFIG": str(tmp_path / "crane")})


@pytest.fixture
def crane_in(crane: Client, server: Server, password: str) -> Client:
    """crane, logged in to the shared server."""
    crane("auth", "login", server.host, "--username", "AWS", "--password-stdin", given=password.encode())
    return crane


@pytest.fixture
def skopeo(tmp_path: Path) -> Client:
    """skopeo with no login; it is told that the registry has no TLS."""
    environment = clean_environment() | {"REGISTRY_AUTH_FILE": str(tmp_path / "skopeo.json")}
    return Client([program("skopeo"), "--insecure-policy"], environment)


@pytest.fixture
def skopeo_in(skopeo: Client, server: Server, password: str) -> Client:
    """skopeo, logged in to the shared server."""
    skopeo("login", "--tls-verify=false", "--username", "AWS", "--password-stdin", server.host, given=password.encode())
    return skopeo


@pytest.fixture
def buildah(tmp_path: Path) -> Client:
    """buildah with no login; its images are in a folder of the test's."""
    environment = clean_environment() | {"REGISTRY_AUTH_FILE": str(tmp_path / "buildah.json")}
    store = tmp_path / "buildah"
    places = ["--root", str(store / "root"), "--runroot", str(store / "run"), "--storage-driver", "vfs"]
    return Client([program("buildah"), *places], environment)


@pytest.fixture
def buildah_in(buildah: Client, server: Server, password: str) -> Client:
    """buildah, logged in to the shared server."""
    login = ("login", "--tls-verify=false", "--username", "AWS", "--password-stdin", server.host)
    buildah(*login, given=password.encode())
    return buildah


@pytest.fixture
def oras(tmp_path: Path) -> Client:
    """oras with no login, run in a folder of its own: the names of files become part of what it pushes."""
    folder = tmp_path / "oras"
    folder.mkdir()
    environment = clean_environment() | {"DOCKER_CONFIG": str(tmp_path / "oras-login")}
    return Client([program("oras")], environment, folder)


@pytest.fixture
def oras_in(oras: Client, server: Server, password: str) -> Client:
    """oras, logged in to the shared server."""
    oras("login", "--plain-http", "--username", "AWS", "--password-stdin", server.host, given=password.encode())
    return oras


@pytest.fixture
def aws(server: Server) -> Client:
    """The aws command line, as after `eval "$(cargohold env)"`."""
    environment = clean_environment() | server.environment() | {"AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}
    return Client([program("aws")], environment)


# Images that the engine holds


@pytest.fixture(scope="session")
def hello(docker_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The engine's image of one static program that prints a sentence; its name."""
    folder = tmp_path_factory.mktemp("hello")
    (folder / "busybox").write_bytes(static_busybox().read_bytes())
    (folder / "busybox").chmod(0o755)
    (folder / "Dockerfile").write_text(
        f'FROM scratch\nCOPY busybox /busybox\nENTRYPOINT ["/busybox", "echo", "{SENTENCE}"]\n'
    )
    Client(["docker"], docker_engine.environment(folder / "config"))("build", "--tag", "hello", str(folder))
    return "hello"


@pytest.fixture(scope="session")
def debian(docker_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The engine's image of a Debian system with four further layers; its name."""
    folder = tmp_path_factory.mktemp("debian")
    docker = Client(["docker"], docker_engine.environment(folder / "config"))
    docker("import", debian_archive(), "debian:plain")
    (folder / "note").write_text("carried by COPY\n")
    (folder / "Dockerfile").write_text(
        "FROM debian:plain\n"
        "RUN echo one > /one && dd if=/dev/urandom of=/noise bs=1M count=5\n"
        "RUN sha256sum /noise > /two\n"
        "RUN rm /one\n"
        "COPY note /note\n"
        'CMD ["sh", "-c", "sha256sum --check /two && cat /note && test ! -e /one && . /etc/os-release && echo $ID"]\n'
    )
    docker("build", "--network", "host", "--tag", "debian:layers", str(folder))
    return "debian:layers"
