"""The registry's password, when its time is over and when its key is taken away."""

import time
from contextlib import closing
from pathlib import Path

import pytest

from .bed.images import make_speaker
from .bed.programs import Client, absent
from .bed.server import Server, password_of
from .bed.wire import Unexpected, Wire

_DEVELOPMENT_KEY = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@pytest.fixture
def clock_ahead() -> dict[str, str]:
    """Makes a process believe that it is 13 hours later."""
    library = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
    if library is None:
        absent("libfaketime is not installed")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": "+13h",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1",
    }


def _password(server: Server, **changes: str) -> str:
    with closing(server.client("ecr", **changes)) as ecr:
        return password_of(ecr)


def _push(server: Server, password: str) -> None:
    with closing(server.client("ecr")) as ecr:
        ecr.create_repository(repositoryName="kept")
    with Wire(server.port, password) as wire:
        wire.push("kept", "latest", make_speaker("kept"))


def test_a_password_lives_twelve_hours(own_server: Server) -> None:
    """GetAuthorizationToken says that the password ends twelve hours from now."""
    own_server.start()
    with closing(own_server.client("ecr")) as ecr:
        answer = ecr.get_authorization_token()["authorizationData"][0]
    assert abs(answer["expiresAt"].timestamp() - time.time() - 12 * 3600) < 60
    assert answer["proxyEndpoint"] == f"http://{own_server.host}"


def test_an_expired_password_says_what_to_do(own_server: Server, crane: Client, clock_ahead: dict[str, str]) -> None:
    """Thirteen hours later the password opens nothing, and the sentence is ECR's."""
    own_server.start()
    password = _password(own_server)
    _push(own_server, password)
    own_server.stop()
    own_server.start(environment=clock_ahead)
    with Wire(own_server.port, password) as wire, pytest.raises(Unexpected) as refused:
        wire.manifest("kept", "latest")
    assert "Your authorization token has expired. Reauthenticate and try again." in str(refused.value)
    crane("auth", "login", own_server.host, "--username", "AWS", "--password-stdin", given=password.encode())
    shown = crane.refused("manifest", f"{own_server.host}/kept:latest")
    assert "Your authorization token has expired. Reauthenticate and try again." in shown


def test_a_password_dies_with_its_key(own_server: Server) -> None:
    """When the access key that fetched a password is gone, the password opens nothing at once."""
    own_server.start("--dev")
    password = _password(own_server, **_DEVELOPMENT_KEY)
    _push(own_server, password)
    own_server.stop()
    own_server.start()
    with Wire(own_server.port, password) as wire:
        answer = wire.ask("GET", "/v2/kept/manifests/latest")
        assert answer.status in {400, 401, 403}
        assert "schemaVersion" not in answer.body.decode()
        assert answer.errors[0]["code"] in {"DENIED", "UNAUTHORIZED"}
    with Wire(own_server.port, _password(own_server)) as wire:
        assert wire.ask("GET", "/v2/kept/manifests/latest").status == 200


def test_a_password_that_was_changed_opens_nothing(own_server: Server) -> None:
    """One changed character makes a password invalid."""
    own_server.start()
    password = _password(own_server)
    _push(own_server, password)
    middle = len(password) // 2
    changed = password[:middle] + ("A" if password[middle] != "A" else "B") + password[middle + 1 :]
    with Wire(own_server.port, changed) as wire:
        answer = wire.ask("GET", "/v2/kept/manifests/latest")
    assert answer.status in {400, 401, 403}
    assert answer.errors[0]["code"] in {"DENIED", "UNAUTHORIZED"}
