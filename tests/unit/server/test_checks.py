"""server.checks: what is wrong with a set-up is found and said."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from cargohold.server import checks
from cargohold.server.checks import Finding
from cargohold.server.folder import AccessKey, DataFolder, Deployment, Running
from cargohold.server.settings import Settings


class Pair(NamedTuple):
    certificate: Path
    key: Path


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    with made.locked():
        made.keep_credentials(AccessKey("AKIA", "secret"))
    return made


def settings(folder: DataFolder, **values: object) -> Settings:
    return Settings(**{"data": folder.path, "port": 0} | values)  # type: ignore[arg-type]


def marks(found: Iterator[Finding]) -> dict[str, str]:
    return {finding.sentence: finding.mark for finding in found}


def test_a_folder_as_it_was_made_is_well(folder: DataFolder) -> None:
    """What a start makes, doctor approves of."""
    assert [finding.mark for finding in checks.check_folder(folder)] == ["ok"]


def test_a_missing_folder_is_not_wrong(tmp_path: Path) -> None:
    """Before the first start there is nothing to complain about."""
    assert [finding.mark for finding in checks.check_folder(DataFolder(tmp_path / "none"))] == ["note"]


def test_files_that_others_can_open_are_named_with_the_cure(folder: DataFolder) -> None:
    """Each folder and key file that is too open is wrong, and the line to mend it is there."""
    folder.path.chmod(0o755)
    folder.credentials.chmod(0o640)
    found = list(checks.check_folder(folder))
    assert {finding.mark for finding in found} == {"wrong"}
    assert [line for finding in found for line in finding.lines] == [
        f"chmod 700 {folder.path}",
        f"chmod 600 {folder.credentials}",
    ]


def test_a_folder_of_somebody_else_is_wrong(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that another user owns is named with both users."""
    owner = folder.path.stat().st_uid
    monkeypatch.setattr("os.geteuid", lambda: owner + 1)
    sentences = marks(checks.check_folder(folder))
    assert sentences[f"{folder.path} belongs to user {owner}, and this is user {owner + 1}."] == "wrong"


def test_a_full_disk_is_wrong(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than a gibibyte is too little, also for a folder that is not there yet."""
    usage = shutil.disk_usage(folder.path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 29))
    [finding] = checks.check_space(folder.path / "not" / "there")
    assert (finding.mark, finding.sentence[:16]) == ("wrong", "0.5 GiB are free")


def test_a_certificate_is_judged_by_its_end(folder: DataFolder, certificate: Callable[..., Pair]) -> None:
    """A certificate is well, soon to be renewed, or expired."""
    pair = certificate(days=90)
    set_up = settings(folder, tls_cert=pair.certificate, tls_key=pair.key)
    now = datetime.now(UTC)
    for days, mark in ((0, "ok"), (80, "note"), (91, "wrong")):
        [finding] = checks.check_certificates(set_up, now + timedelta(days=days))
        assert finding.mark == mark


def test_a_certificate_with_another_key_is_wrong(folder: DataFolder, certificate: Callable[..., Pair]) -> None:
    """Files that do not belong together are found without a start."""
    set_up = settings(folder, tls_cert=certificate().certificate, tls_key=certificate().key)
    [finding] = checks.check_certificates(set_up, datetime.now(UTC))
    assert finding.mark == "wrong"
    assert "does not belong to" in finding.sentence


def test_no_tls_has_nothing_to_check(folder: DataFolder) -> None:
    """Without a certificate nothing is said of certificates."""
    assert list(checks.check_certificates(settings(folder), datetime.now(UTC))) == []


def test_a_port_in_use_is_wrong_when_no_server_of_ours_has_it(folder: DataFolder) -> None:
    """A port that another program holds stops a start; a free one does not; our own server is well."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert list(marks(checks.check_port(settings(folder, port=port), folder)).values()) == ["wrong"]
        with folder.locked():
            assert list(marks(checks.check_port(settings(folder, port=port), folder)).values()) == ["ok"]
    assert list(marks(checks.check_port(settings(folder, port=port), folder)).values()) == ["note"]


def test_the_public_registries_port_is_looked_at_too(folder: DataFolder) -> None:
    """Their port in another program's hands stops a start; a free one, and none at all, have nothing to tell."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (found,) = checks.check_public(settings(folder, public_port=port), folder, None)
        assert (found.mark, "--public-port 0" in found.sentence) == ("wrong", True)
    assert list(checks.check_public(settings(folder, public_port=port), folder, None)) == []
    assert list(checks.check_public(settings(folder, public_port=0), folder, None)) == []


def test_where_public_repositories_are_is_told(folder: DataFolder, running: Running) -> None:
    """Of a running server its public address is told."""
    with folder.locked():
        (found,) = checks.check_public(settings(folder), folder, replace(running, public="localhost:5051"))
    assert (found.mark, "localhost:5051/<alias>" in found.sentence) == ("ok", True)


class Answering(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def running() -> Iterator[Running]:
    """A server that answers /readyz with Answering.status."""
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        port = server.server_port
        yield Running(
            f"http://127.0.0.1:{port}", f"127.0.0.1:{port}", 1, "127.0.0.1", port, "1" * 12, "us-east-1", False, "0"
        )
        server.shutdown()
        thread.join()


def test_a_server_that_is_ready_with_our_clock_is_well(running: Running) -> None:
    """A ready server with the same time is one good finding."""
    now = datetime.now(UTC).timestamp()
    assert marks(checks.check_answer(running, None, now)) == {f"The server at {running.url} is ready.": "ok"}


@pytest.mark.parametrize("seconds", [-400, 400])
def test_a_clock_that_differs_is_wrong(seconds: int, running: Running) -> None:
    """A difference that AWS's signatures do not survive is found, in both directions."""
    found = list(checks.check_answer(running, None, datetime.now(UTC).timestamp() + seconds))
    assert [finding.mark for finding in found] == ["ok", "wrong"]
    assert "signatures will fail" in found[1].sentence


def test_a_server_that_is_not_ready_is_wrong(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The status of /readyz is told."""
    monkeypatch.setattr(Answering, "status", 503)
    [finding] = checks.check_answer(running, None, datetime.now(UTC).timestamp())
    assert finding.mark == "wrong"
    assert "/readyz answers 503" in finding.sentence


def test_a_server_that_does_not_answer_is_wrong() -> None:
    """A port that nobody listens on is told with the reason."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    gone = Running(f"http://127.0.0.1:{port}", "", 1, "127.0.0.1", port, "1" * 12, "us-east-1", False, "0")
    [finding] = checks.check_answer(gone, None, 0)
    assert finding.mark == "wrong"
    assert "does not answer" in finding.sentence


def names(monkeypatch: pytest.MonkeyPatch, *known: str) -> None:
    def resolve(host: str, *_: object) -> list[str]:
        if host in known:
            return ["address"]
        raise OSError

    monkeypatch.setattr("socket.getaddrinfo", resolve)


def test_names_that_do_not_resolve_come_with_lines_for_the_hosts_file(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A region that is only reached by a name that does not resolve is wrong, and the lines can be pasted."""
    names(monkeypatch, "localhost", "111122223333.dkr.ecr.us-east-1.localhost")
    deployment = Deployment("111122223333", ("us-east-1", "eu-west-1"))
    [finding] = checks.check_names(settings(folder), deployment)
    assert finding.mark == "wrong"
    assert finding.lines == ("127.0.0.1 111122223333.dkr.ecr.eu-west-1.localhost",)


def test_the_default_registry_needs_no_long_name(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one region, localhost is enough; the long name is a note."""
    names(monkeypatch, "localhost")
    [finding] = checks.check_names(settings(folder), Deployment("111122223333", ("us-east-1",)))
    assert finding.mark == "note"


def test_a_domain_that_does_not_resolve_is_wrong(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The domain itself must lead somewhere: to the address that is listened on."""
    names(monkeypatch)
    found = list(checks.check_names(settings(folder, domain="r.test", host="192.0.2.1"), Deployment("1" * 12, ("a",))))
    assert found[0].mark == "wrong"
    assert found[0].lines == ("192.0.2.1 r.test",)


def test_names_that_resolve_are_well(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is to be done where DNS knows every registry."""
    names(monkeypatch, "localhost", "111122223333.dkr.ecr.us-east-1.localhost")
    [finding] = checks.check_names(settings(folder), Deployment("111122223333", ("us-east-1",)))
    assert finding.mark == "ok"


def test_docker_s_trust_is_mentioned_where_tls_is_missing(folder: DataFolder, certificate: Callable[..., Pair]) -> None:
    """Without TLS other machines' docker needs insecure-registries; on loopback or with TLS nothing is said."""
    open_to_all = settings(folder, host="0.0.0.0", port=5050)
    [finding] = checks.check_trust(open_to_all, None)
    assert finding.lines == ('{"insecure-registries": ["localhost:5050"]}',)
    assert list(checks.check_trust(settings(folder), None)) == []
    pair = certificate()
    secure = settings(folder, host="0.0.0.0", tls_cert=pair.certificate, tls_key=pair.key)
    assert list(checks.check_trust(secure, None)) == []


def test_missing_clients_are_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without aws or docker can still serve others."""
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/aws" if name == "aws" else None)
    assert [finding.mark for finding in checks.check_clients()] == ["ok", "note"]
