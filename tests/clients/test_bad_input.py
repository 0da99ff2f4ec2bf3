"""Bad input over real sockets: a clear error, nothing lost, and the server answers the next client as before."""

import contextlib
import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from .bed.images import OCI_MANIFEST, digest_of, make_speaker, noise
from .bed.memory import resident
from .bed.programs import absent
from .bed.raw import Raw
from .bed.server import Server, password_of
from .bed.wire import Wire

_MIB = 1 << 20
_LARGEST_MANIFEST = 4 * _MIB
_CONNECTIONS = 1000
_EACH = 64 * 1024
_PATIENCE = 1.0
"""Seconds in which the impatient server below gives a client up; a minute and half a minute otherwise."""

IMAGE = make_speaker("undamaged")
BLOB = noise(100_000)


@pytest.fixture
def connect(server: Server, password: str) -> Callable[[], Raw]:
    return lambda: Raw(server.port, password)


@pytest.fixture
def impatient(own_server: Server, tmp_path: Path) -> Server:
    """A server that waits a second for a slow client; it has a repository `demo`."""
    hasty = tmp_path / "hasty"
    hasty.mkdir()
    # Python imports this before anything else of the program.
    (hasty / "sitecustomize.py").write_text(
        "from cargohold import exchange\nfrom cargohold.server import process\n"
        f"exchange.IDLE_SECONDS = {_PATIENCE}\nprocess._HEAD_MILLISECONDS = {int(_PATIENCE * 1000)}\n"
    )
    own_server.start(environment={"PYTHONPATH": str(hasty)})
    with closing(own_server.client("ecr")) as ecr:
        ecr.create_repository(repositoryName="demo")
    return own_server


def password_at(server: Server) -> str:
    with closing(server.client("ecr")) as ecr:
        return password_of(ecr)


LONG = b"a" * 300
STRANGE = [
    (b"GET /v2/../../etc/passwd", 404),
    (b"GET /v2/demo/../demo/tags/list", 400),
    (b"GET /v2/%2e%2e/tags/list", 400),
    (b"GET /v2/a1%2fb1/tags/list", 400),
    (b"GET /v2/a1%00/tags/list", 400),
    (b"GET /v2/a1\x00/tags/list", 400),
    ("GET /v2/ünïcode/tags/list".encode(), 400),
    (b"GET /v2/\xff\xfe/tags/list", 400),
    (b"GET /v2/" + LONG + b"/tags/list", 400),
    (b"GET /v2/" + b"a" * 100_000 + b"/tags/list", 414),
    (b"GET /v2/demo/blobs/sha256:../../x", 404),
    (b"GET /v2/demo/blobs/sha256:" + LONG, 400),
    (b"GET /v2/demo/manifests/" + LONG, 404),
    (b"GET /v2/_catalog?n=-1", 400),
    (b"GET /v2/_catalog?n=abc", 400),
    (b"GET /v2/_catalog?n=9223372036854775808", 200),
    (b"GET /v2/_catalog?last=%00", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    (b"GET", 400),
]


@pytest.mark.parametrize(("line", "status"), STRANGE)
def test_s26_strange_lines_are_refused(
    connect: Callable[[], Raw], wire: Wire, repository: str, line: bytes, status: int
) -> None:
    """S26: traversal, escapes, NUL, raw bytes and overlong names are refused, and never a fault of ours."""
    wire.push(repository, "v1", IMAGE)
    with connect() as raw:
        raw.head(line.replace(b"demo", repository.encode()))
        assert raw.status() == status
    assert wire.manifest(repository, "v1") == IMAGE.manifest


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (["Content-Length: -1"], b"", 400),
        (["Content-Length: 1", "Content-Length: 2"], b"{}", 400),
        (["Content-Length: 99999999999999999999999"], b"", 400),
        ([f"Content-Length: {_LARGEST_MANIFEST + 1}"], b"", 413),
        ([f"Content-Length: {2**63 - 1}"], b"{", 413),
        (["Content-Length: 2"], b"{}", 400),
        ([], b"", 400),
        (["Transfer-Encoding: chunked"], b"2\r\n{}\r\n0\r\n\r\n", 400),
        (["Transfer-Encoding: gzip"], b"{}", 400),
        ([f"X-{number}: y" for number in range(2000)], b"", 431),
    ],
)
def test_s1_strange_bodies_are_refused(
    connect: Callable[[], Raw], wire: Wire, repository: str, headers: list[str], body: bytes, status: int
) -> None:
    """S1: a body with no length, two lengths or an impossible one is refused, and the tag stays where it is."""
    wire.push(repository, "v1", IMAGE)
    with connect() as raw:
        raw.head(f"PUT /v2/{repository}/manifests/v1".encode(), f"Content-Type: {OCI_MANIFEST}", *headers)
        raw.send(body)
        assert raw.status() == status
    assert wire.manifest(repository, "v1") == IMAGE.manifest


def test_s1_a_manifest_needs_no_length(wire: Wire, repository: str) -> None:
    """S1: a manifest streamed without a length is stored, and one that grows beyond 4 MiB refused with the memory flat.

    The refusal reaches a client that writes to its end before it reads.
    """
    wire.push(repository, "v1", IMAGE)
    url = f"/v2/{repository}/manifests/v2"
    pieces = (IMAGE.manifest[start : start + 7] for start in range(0, len(IMAGE.manifest), 7))
    assert wire.ask("PUT", url, pieces, {"Content-Type": OCI_MANIFEST}).status == 201
    assert wire.manifest(repository, "v2") == IMAGE.manifest
    answer = wire.ask("PUT", url, (b" " * _MIB for _ in range(32)), {"Content-Type": OCI_MANIFEST})
    assert (answer.status, answer.errors[0]["code"]) == (413, "SIZE_INVALID")
    assert wire.manifest(repository, "v2") == IMAGE.manifest


@pytest.mark.parametrize("how", ["hangs up", "says that it ends"])
def test_s28_a_client_that_leaves_in_the_middle_loses_nothing(
    server: Server, password: str, wire: Wire, repository: str, how: str
) -> None:
    """S28: what came before a client left is kept, the upload goes on there, and half a manifest is none."""
    wire.push(repository, "v1", IMAGE)
    location = wire.begin(repository)
    half = len(BLOB) // 2
    for line, body in (
        (f"PATCH {location}", BLOB[:half]),
        (f"PUT /v2/{repository}/manifests/v1", IMAGE.manifest[: len(IMAGE.manifest) // 2]),
    ):
        with Raw(server.port, password) as raw:
            raw.head(line.encode(), f"Content-Length: {len(BLOB)}")
            raw.send(body)
            if how == "says that it ends":
                raw.stop_sending()
                assert raw.status() in (0, 400)
    assert settled(wire, location) == half
    location = wire.append(location, BLOB[half:], Content_Range=f"{half}-{len(BLOB) - 1}")
    wire.finish(location, digest_of(BLOB))
    assert wire.blob(repository, digest_of(BLOB)) == BLOB
    assert wire.manifest(repository, "v1") == IMAGE.manifest


def settled(wire: Wire, location: str) -> int:
    """How many bytes an upload has once its last writer is gone."""
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        answer = wire.ask("GET", location)
        first, _, last = answer.headers["Range"].partition("-")
        if last != "0":
            return int(last) - int(first) + 1
        time.sleep(0.02)
    pytest.fail("the upload kept nothing")


@pytest.mark.parametrize("pause", [0.02, 3600.0])
def test_s28_a_client_that_stalls_or_drips_is_given_up(impatient: Server, pause: float) -> None:
    """S28: a client that sends nothing more, or a byte now and then, gets its refusal in time, and goes on later."""
    password = password_at(impatient)
    with Wire(impatient.port, password) as wire:
        location = wire.begin("demo")
    with Raw(impatient.port, password) as raw:
        raw.head(f"PATCH {location}".encode(), f"Content-Length: {len(BLOB)}")
        raw.send(BLOB[:1000])
        begun, sent = time.monotonic(), 1000
        while pause < _PATIENCE and time.monotonic() - begun < _PATIENCE * 0.9:
            raw.send(BLOB[sent : sent + 1])
            sent += 1
            time.sleep(pause)
        assert raw.status() == 400
        assert time.monotonic() - begun < _PATIENCE * 5
    with Wire(impatient.port, password) as wire:
        assert settled(wire, location) == sent
        wire.finish(wire.append(location, BLOB[sent:]), digest_of(BLOB))
        assert wire.blob("demo", digest_of(BLOB)) == BLOB


def test_s28_a_head_that_drips_is_given_up(impatient: Server) -> None:
    """S28: a client that never ends its head is hung up on, be it its first or a later one."""
    with Raw(impatient.port) as fresh, Raw(impatient.port) as kept:
        kept.head(b"GET /healthz")
        assert kept.status() == 200
        for raw in (fresh, kept):
            raw.send(b"GET /v2/ HTTP/1.1\r\nX-Slow: ")
        begun = time.monotonic()
        assert kept.hangs_up()
        assert fresh.hangs_up()
        assert time.monotonic() - begun < _PATIENCE * 10


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for the test's own end of every connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.fail(f"this test needs {wanted} open files, and may have {hard}", pytrace=False)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_s28_a_thousand_idle_connections_cost_little(own_server: Server) -> None:
    """S28: beside 1,000 connections that say nothing, half a head or half a body the next is answered at once, and each
    of them takes less than 64 KiB."""
    own_server.start()
    with closing(own_server.client("ecr")) as ecr:
        ecr.create_repository(repositoryName="demo")
    password = password_at(own_server)
    with Wire(own_server.port, password) as wire, contextlib.ExitStack() as open_connections:
        wire.push("demo", "v1", IMAGE)
        before = resident(own_server.processes())
        for number in range(_CONNECTIONS):
            raw = open_connections.enter_context(Raw(own_server.port, password))
            if number % 4 == 1:
                raw.send(b"GET /v2/ HTTP/1.1\r\nX-Half: ")
            elif number % 4 == 2:
                raw.head(b"PUT /v2/demo/manifests/v2", "Content-Length: 1000")
                raw.send(b"{")
            elif number % 4 == 3:
                raw.head(b"GET /v2/demo/manifests/v1")
                assert raw.status() == 200
        grown = resident(own_server.processes()) - before
        with Wire(own_server.port, password) as another:
            begun = time.monotonic()
            assert another.manifest("demo", "v1") == IMAGE.manifest
            another.push_blob("demo", BLOB)
            seconds = time.monotonic() - begun
    print(
        f"\n{_CONNECTIONS} idle connections: {grown / 1024 / _CONNECTIONS:.1f} KiB each; pull and push {seconds:.3f} s"
    )
    assert grown < _CONNECTIONS * _EACH
    assert seconds < 2.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    if os.geteuid() != 0:
        absent("a small file system can be mounted as root only")
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", folder], capture_output=True)
    if done.returncode != 0:
        absent(f"no file system can be mounted: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_said_and_leaves_nothing_half(small_disk: Path, tmp_path: Path) -> None:
    """Where the disk is full a push is 503 and nothing of it is visible, pulls go on, and once there is room the same
    upload goes on where it was."""
    server = Server(small_disk / "data", tmp_path / "server.log").start()
    try:
        with closing(server.client("ecr")) as ecr:
            ecr.create_repository(repositoryName="demo")
        with Wire(server.port, password_at(server)) as wire:
            wire.push("demo", "v1", IMAGE)
            _push_beyond_the_disk(wire)
            _fill(small_disk / "filler")
            for method, path, body in (
                ("POST", "/v2/demo/blobs/uploads/", b""),
                ("POST", f"/v2/demo/blobs/uploads/?digest={digest_of(BLOB)}", BLOB),
                ("PUT", "/v2/demo/manifests/v2", IMAGE.manifest),
                ("DELETE", "/v2/demo/manifests/v1", None),
            ):
                refused = wire.ask(method, path, body, {"Content-Type": OCI_MANIFEST})
                assert (refused.status, refused.errors[0]["code"]) == (503, "UNAVAILABLE"), (method, path)
            assert wire.ask("GET", "/v2/demo/manifests/v2").status == 404
            assert wire.manifest("demo", "v1") == IMAGE.manifest
            assert all(wire.blob("demo", digest) == blob for digest, blob in IMAGE.blobs.items())
            (small_disk / "filler").unlink()
            wire.push_blob("demo", BLOB)
            assert wire.blob("demo", digest_of(BLOB)) == BLOB
    finally:
        assert server.stop() == 0


def _push_beyond_the_disk(wire: Wire) -> None:
    """A blob larger than the disk is refused, nothing of it is seen, and its upload goes on from where it was."""
    large = noise(20 * _MIB)
    location = wire.append(wire.begin("demo"), BLOB[:1000])
    refused = wire.ask("PATCH", location, (large[start : start + _MIB] for start in range(0, len(large), _MIB)))
    assert (refused.status, refused.errors[0]["code"]) == (503, "UNAVAILABLE")
    assert wire.ask("HEAD", f"/v2/demo/blobs/{digest_of(large)}").status == 404
    assert wire.ask("GET", location).headers["Range"] == "0-999"
    wire.finish(location, digest_of(BLOB), BLOB[1000:])
    assert wire.blob("demo", digest_of(BLOB)) == BLOB
    assert wire.ask("DELETE", f"/v2/demo/blobs/{digest_of(BLOB)}").status == 202


def _fill(file: Path) -> None:
    """Leaves not a byte on the file's file system."""
    with file.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(b"\0" * 4096)
