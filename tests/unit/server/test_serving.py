"""`cargohold serve` as a whole: real processes on a data folder of the test's own."""

import base64
import contextlib
import http.client
import json
import os
import pty
import re
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cargohold.server.folder import DataFolder, Running
from tests.bed.trail import events

PROGRAM = Path(sys.executable).parent / "cargohold"
_READY_SECONDS = 30
_END_SECONDS = 45


class Pair(NamedTuple):
    certificate: Path
    key: Path


class Server:
    """A server on a free port. Its environment has nothing but what the test gives."""

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        self.folder = DataFolder(folder / "data")
        self.log = folder / "log"
        self.out = folder / "out"
        command = [PROGRAM, "serve", "--data", str(self.folder.path), "--port", "0", *options]
        environment = {"PATH": os.defpath, "PYTHONWARNINGS": "error", **variables}
        with self.log.open("ab") as log, self.out.open("wb") as out:
            self.process = subprocess.Popen(command, env=environment, stdout=out, stderr=log, start_new_session=True)

    def wait(self) -> "Server":
        """Returns when the server is ready."""
        limit = time.monotonic() + _READY_SECONDS
        while b"is ready at" not in self.out.read_bytes():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < limit, self.log.read_text()
            time.sleep(0.01)
        return self

    @property
    def running(self) -> Running:
        found = self.folder.running()
        assert found is not None
        return found

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=30)

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def lines(self) -> list[dict[str, Any]]:
        """What was logged; every line must be JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def children(self, role: str) -> list[int]:
        """The processes of a role, oldest first, those that have ended too."""
        return [line["process"] for line in self.lines() if line["event"] == "process started" and line["role"] == role]

    def client(self, service: str, key: tuple[str, str] | None = None) -> Any:
        if key is None:
            kept = self.folder.access_key()
            assert kept is not None
            key = (kept.id, kept.secret)
        once = Config(retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True)
        session = boto3.Session(*key, region_name=self.running.region)
        return session.client(service, endpoint_url=self.running.url, config=once)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(_END_SECONDS)

    def end(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


Start = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers, one after another on the same folder; what still runs at the end is ended."""
    servers: list[Server] = []

    def make(*options: str, **variables: str) -> Server:
        servers.append(Server(tmp_path, *options, **variables))
        return servers[-1]

    yield make
    for server in servers:
        server.end()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two doors, for tests that leave it as it is."""
    server = Server(tmp_path_factory.mktemp("shared"), "--workers", "2").wait()
    yield server
    assert server.stop() == 0


def refusal(server: Server) -> str:
    assert server.process.wait(_READY_SECONDS) == 1
    return server.log.read_text().splitlines()[-1]


def test_a_fresh_folder_is_its_owner_s_alone(shared: Server) -> None:
    """After the first start everything in the folder is closed to others, and the account's key is in AWS's format."""
    for path in [shared.folder.path, *shared.folder.path.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):
            assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), path
    key = shared.folder.access_key()
    assert key is not None
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", key.id)
    assert len(key.secret) == 40


def test_the_first_key_is_an_administrator_of_the_account(shared: Server) -> None:
    """The key that the first start made signs requests that are accepted."""
    identity = shared.client("sts").get_caller_identity()
    assert identity["Arn"] == "arn:aws:iam::123456789012:user/administrator"


def test_what_to_do_next_is_printed(shared: Server) -> None:
    """The program's own path is in the line to eval, because it is not on the PATH; the secret is not on a pipe."""
    text = shared.out.read_text()
    assert f'eval "$({PROGRAM} env --data {shared.folder.path})"' in text
    assert f"docker login --username AWS --password-stdin {shared.running.registry}" in text
    key = shared.folder.access_key()
    assert key is not None
    assert key.secret not in text
    assert str(shared.folder.credentials) in text


def test_probes_answer(shared: Server) -> None:
    """/healthz and /readyz are 200 on a server that is well."""
    assert shared.get("/healthz") == (200, b"ok\n")
    status, body = shared.get("/readyz")
    assert (status, json.loads(body)) == (200, {"database": "ok", "storage": "ok"})


def test_metrics_sum_all_doors(shared: Server) -> None:
    """Requests that different processes answered are one number."""

    def count() -> float:
        text = shared.get("/metrics")[1].decode()
        found = re.search(r'^cargohold_requests_total\{code="NotFound",operation="None"\} (.*)$', text, re.MULTILINE)
        assert "\ncargohold_open_uploads 0.0\n" in text
        return 0.0 if found is None else float(found[1])

    before = count()
    pages = [shared.get("/nothing") for _ in range(40)]
    assert {status for status, _ in pages} == {404}
    assert count() == before + 40


def test_a_second_server_is_told_who_has_the_folder(shared: Server, start: Start) -> None:
    """Two servers never share a folder, and the first does not notice the second."""
    sentence = f"Error: The data folder {shared.folder.path} is in use by process {shared.process.pid}."
    assert refusal(start("--data", str(shared.folder.path))) == sentence
    assert shared.get("/healthz")[0] == 200
    assert shared.running.pid == shared.process.pid


def test_a_port_in_use_is_told(shared: Server, start: Start) -> None:
    """The port's number is in the sentence, and nothing stays behind that would stop the next start."""
    assert f"Port {shared.running.port} on 127.0.0.1 is in use by another program" in refusal(
        start("--port", str(shared.running.port))
    )
    assert start().wait().get("/healthz")[0] == 200


def test_no_secret_is_in_the_log(shared: Server) -> None:
    """Signatures, presigned queries, registry passwords and the secret key leave no trace in the log."""
    ecr = shared.client("ecr")
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    password = base64.b64decode(token).decode().partition(":")[2]
    assert shared.get("/v2/", {"Authorization": f"Basic {token}"})[0] == 200
    url = shared.client("sts").generate_presigned_url("get_caller_identity", HttpMethod="GET")
    assert shared.get(url.removeprefix(shared.running.url), {"Host": shared.running.registry})[0] == 200
    changed = base64.b64encode(f"AWS:{password}x".encode()).decode()
    assert shared.get("/v2/", {"Authorization": f"Basic {changed}"})[0] >= 400
    assert shared.get("/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Signature=deadbeef00112233")[0] >= 400
    key = shared.folder.access_key()
    assert key is not None
    assert shared.get("/last-of-the-test")[0] == 404
    limit = time.monotonic() + 10
    expected = ("/last-of-the-test", '"operation": "ecr:GetAuthorizationToken"')
    while not all(text in (written := shared.log.read_text()) for text in expected):
        assert time.monotonic() < limit
    for secret in (token, password, changed, key.secret, "X-Amz", "deadbeef00112233", url.rpartition("=")[2]):
        assert secret not in written
    assert (shared.folder.path / "root.key").read_text().strip() not in written


def test_the_request_id_leads_from_the_answer_to_the_log(shared: Server) -> None:
    """The id that a client was given is on the audit event and the log's line of that request."""
    answer = shared.client("ecr").get_authorization_token()["ResponseMetadata"]
    (event,) = [each for each in events(shared.folder.audit) if each["requestID"] == answer["RequestId"]]
    assert event["eventName"] == "GetAuthorizationToken"
    limit = time.monotonic() + 10  # the line is written once the answer is out
    while not [line for line in shared.lines() if line.get("request_id") == answer["RequestId"]]:
        assert time.monotonic() < limit


def test_a_stop_is_orderly(start: Start) -> None:
    """SIGTERM ends every process with status 0, and the folder says that no server runs."""
    server = start().wait()
    processes = server.children("door") + server.children("worker")
    assert server.stop() == 0
    assert server.folder.running() is None
    assert not (server.folder.path / "run" / "server.json").exists()
    assert [line["graceful"] for line in server.lines() if line["event"] == "stopped"] == [True]
    for pid in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_folder_is_started_again_as_it_was(start: Start) -> None:
    """Account, regions and key of the first start are those of the next; another account is refused."""
    first = start("--account", "111122223333", "--regions", "eu-west-1,us-east-1").wait()
    key = first.folder.access_key()
    first.client("ecr").create_repository(repositoryName="kept")
    assert first.stop() == 0
    again = start().wait()
    assert again.folder.access_key() == key
    assert "has an administrator now" not in again.out.read_text()
    found = again.client("ecr").describe_repositories()["repositories"]
    assert [one["repositoryArn"] for one in found] == ["arn:aws:ecr:eu-west-1:111122223333:repository/kept"]
    assert again.stop() == 0
    assert "belongs to account 111122223333" in refusal(start("--account", "444455556666"))


def test_the_development_key_is_there_with_dev_only(start: Start) -> None:
    """test/test works while --dev is given, and not after a start without it."""
    with_dev = start("--dev").wait()
    assert with_dev.client("sts", ("test", "test")).get_caller_identity()["Account"] == "123456789012"
    assert with_dev.stop() == 0
    without = start().wait()
    with pytest.raises(ClientError) as caught:
        without.client("sts", ("test", "test")).get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"


def test_a_folder_of_a_newer_version_is_refused(start: Start) -> None:
    """A schema that this version does not know is left alone."""
    server = start().wait()
    assert server.stop() == 0
    with contextlib.closing(sqlite3.connect(server.folder.database)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    assert "was made by a newer version of Cargohold" in refusal(start())


def test_a_killed_door_is_replaced_and_its_port_stays_open(start: Start) -> None:
    """Clients that come while a door is replaced wait for their answer instead of being refused."""
    server = start("--workers", "1").wait()
    [door] = server.children("door")
    with contextlib.closing(server.connect()) as connection:
        connection.connect()
        os.kill(door, signal.SIGKILL)
        assert [server.get("/healthz")[0] for _ in range(5)] == [200] * 5
    assert len(server.children("door")) == 2
    assert server.stop() == 0


def test_children_do_not_outlive_the_supervisor(start: Start) -> None:
    """After kill -9 of the supervisor every process ends, and the folder can be used again."""
    server = start().wait()
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    limit = time.monotonic() + 10
    while server.folder.user() is not None:
        assert time.monotonic() < limit
        time.sleep(0.01)
    again = start().wait()
    assert again.get("/readyz")[0] == 200


class Push:
    """An upload of a blob whose body is held back."""

    SIZE = 1 << 20

    def __init__(self, server: Server) -> None:
        ecr = server.client("ecr")
        ecr.create_repository(repositoryName="demo")
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        with contextlib.closing(server.connect()) as connection:
            connection.request("POST", "/v2/demo/blobs/uploads/", headers={"Authorization": f"Basic {token}"})
            place = connection.getresponse().headers["Location"]
        self.connection = server.connect()
        self.connection.putrequest("PATCH", place)
        self.connection.putheader("Authorization", f"Basic {token}")
        self.connection.putheader("Content-Type", "application/octet-stream")
        self.connection.putheader("Content-Length", str(self.SIZE))
        self.connection.endheaders()
        self.connection.send(b"x" * (self.SIZE // 2))

    def finish(self) -> int:
        self.connection.send(b"x" * (self.SIZE // 2))
        return self.connection.getresponse().status


def until_refused(port: int) -> None:
    """Returns when nobody accepts connections any more."""
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            return
        except ConnectionResetError:  # it came at the moment when one of the sockets was closed
            continue
    pytest.fail("new connections are still accepted")


def test_a_running_transfer_is_finished_before_the_end(start: Start) -> None:
    """After SIGTERM nobody new gets in, who is in the middle of a push can end it, and then the server ends."""
    server = start().wait()
    port = server.running.port
    push = Push(server)
    idle = server.connect()
    idle.request("GET", "/healthz")
    assert idle.getresponse().read() == b"ok\n"
    server.process.terminate()
    until_refused(port)
    assert server.process.poll() is None
    assert push.finish() == 202
    assert server.process.wait(_END_SECONDS) == 0
    idle.close()
    push.connection.close()


def test_a_second_signal_ends_at_once(start: Start) -> None:
    """Who does not want to wait for transfers sends the signal again."""
    server = start().wait()
    push = Push(server)
    server.process.terminate()
    while "stopping" not in [line["event"] for line in server.lines()]:
        time.sleep(0.01)
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(10) == 1
    push.connection.close()


def test_tls_is_served(start: Start, certificate: Callable[..., Pair]) -> None:
    """With a certificate the same port speaks TLS, and addresses begin with https."""
    pair = certificate()
    server = start("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key)).wait()
    assert server.running.url == f"https://localhost:{server.running.port}"
    trusting = ssl.create_default_context(cafile=str(pair.certificate))
    connection = http.client.HTTPSConnection("localhost", server.running.port, timeout=30, context=trusting)
    with contextlib.closing(connection):
        connection.request("GET", "/v2/")
        answer = connection.getresponse()
        assert answer.status == 401
        assert f'realm="https://localhost:{server.running.port}/"' in answer.headers["WWW-Authenticate"]


def test_the_public_port_is_served_by_every_door(start: Start) -> None:
    """Each door answers on the public registries' port too, where there is no API, and ends it as orderly."""
    server = start("--workers", "2").wait()
    port = int(server.running.public.rpartition(":")[2])
    assert port != server.running.port
    for path, status in (("/v2/", 401), ("/token/", 200), ("/healthz", 200), ("/", 404)):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request("GET", path)
            assert connection.getresponse().status == status
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(_END_SECONDS) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_the_public_port_speaks_tls_alike(start: Start, certificate: Callable[..., Pair]) -> None:
    """With a certificate the challenge on the public registries' port leads on to https."""
    pair = certificate()
    server = start("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key)).wait()
    trusting = ssl.create_default_context(cafile=str(pair.certificate))
    port = int(server.running.public.rpartition(":")[2])
    with contextlib.closing(http.client.HTTPSConnection("localhost", port, timeout=30, context=trusting)) as connection:
        connection.request("GET", "/v2/")
        challenge = connection.getresponse().headers["WWW-Authenticate"]
    assert f'Bearer realm="https://localhost:{port}/token/"' in challenge


def test_a_public_port_in_use_is_told(shared: Server, start: Start) -> None:
    """The sentence says how to go without it; a server that has none is reached by a public name alone."""
    port = shared.running.public.rpartition(":")[2]
    sentence = refusal(start("--public-port", port))
    assert f"Port {port} on 127.0.0.1 is in use by another program" in sentence
    assert "or none with --public-port 0" in sentence
    server = start("--public-port", "0").wait()
    assert server.running.public == f"public.localhost:{server.running.port}"
    assert server.get("/token/", {"Host": server.running.public})[0] == 200
    assert server.get("/v2/", {"Host": server.running.public})[0] == 401


def test_a_root_key_from_outside_is_not_kept(start: Start) -> None:
    """A key given in the environment seals secrets and is written nowhere, and a start without it is refused."""
    key = "5eed" * 16
    server = start(CARGOHOLD_ROOT_KEY=key).wait()
    assert server.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert server.stop() == 0
    assert not server.folder.root_key.exists()
    for path in (path for path in server.folder.path.parent.rglob("*") if path.is_file()):
        assert key.encode() not in path.read_bytes()
        assert bytes.fromhex(key) not in path.read_bytes()
    assert "The root key is not the one" in refusal(start())


def test_the_secret_is_shown_once_on_a_terminal(tmp_path: Path) -> None:
    """A person at a terminal sees the new key at the first start; it is not shown again."""
    terminal, side = pty.openpty()
    command = [PROGRAM, "serve", "--data", str(tmp_path / "data"), "--port", "0"]
    environment = {"PATH": os.defpath, "TERM": "xterm"}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=side, stderr=log, start_new_session=True)
    os.close(side)
    watchdog = threading.Timer(_READY_SECONDS, process.kill)
    watchdog.start()
    shown = b""
    try:
        while b"get-login-password" not in shown:
            shown += os.read(terminal, 4096)
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(_END_SECONDS)
        os.close(terminal)
    key = DataFolder(tmp_path / "data").access_key()
    assert key is not None
    assert shown.count(key.secret.encode()) == 1
    assert key.secret not in (tmp_path / "log").read_text()


def test_the_program_s_name_is_enough_where_it_is_on_the_path(start: Start) -> None:
    """The line to eval is short for who installed the program."""
    server = start(PATH=f"{PROGRAM.parent}:{os.defpath}").wait()
    assert f'eval "$(cargohold env --data {server.folder.path})"' in server.out.read_text()
