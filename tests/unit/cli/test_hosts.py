"""`cargohold hosts` and `cargohold host`: what they ask for, what they print, and what keeps them from it."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cargohold.cli.main import group
from cargohold.host import key as keys

from .answering import Answering, answering

MOMENT = 1_772_366_400.0
"""2026-03-01T12:00:00Z"""
PROFILE = "arn:aws:iam::123456789012:instance-profile/ci/web"
HOST = {
    "hostId": "i-0123456789abcdef0",
    "hostName": "box",
    "arn": "arn:aws:cargohold::123456789012:host/i-0123456789abcdef0",
    "region": "us-east-1",
    "instanceProfileArn": PROFILE,
    "accessKeyId": "AKIAHOST",
    "joinedAt": MOMENT,
}
JOINED = {"host": HOST, "accessKeyId": "AKIAHOST", "secretAccessKey": "a secret"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Answering]:
    with answering() as kept:
        monkeypatch.setenv("AWS_ENDPOINT_URL", kept.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        yield kept


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(group, [str(each) for each in arguments])


def test_inviting_prints_what_to_run(server: Answering) -> None:
    """The command for the machine stands there whole, with the server's URL and the token."""
    server.give({"joinToken": "ab.cd", "expiresAt": MOMENT, "instanceProfileArn": PROFILE})
    done = run("hosts", "invite", "--instance-profile", "web", "--name", "box")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == f"  cargohold host join {server.url} ab.cd"
    assert "before 12:00:00Z" in done.output
    assert server.asked[0].members == {"instanceProfileName": "web", "hostName": "box"}


def test_inviting_as_json(server: Answering) -> None:
    """A script gets the token, the URL and when it ends."""
    server.give({"joinToken": "ab.cd", "expiresAt": MOMENT, "instanceProfileArn": PROFILE})
    told = json.loads(run("hosts", "invite", "--instance-profile", "web", "--json").output)
    assert told == {
        "joinToken": "ab.cd",
        "expiresAt": "2026-03-01T12:00:00+00:00",
        "instanceProfileArn": PROFILE,
        "url": server.url,
    }


def test_listing(server: Answering) -> None:
    """Every page is asked for; a line is for a person, and no host is an empty answer."""
    server.give({"hosts": [HOST], "nextToken": "more"})
    server.give({"hosts": [{**HOST, "hostName": "two", "lastUsedAt": MOMENT}]})
    assert run("hosts", "list").output.splitlines() == [
        "i-0123456789abcdef0  2026-03-01 12:00:00Z  never                 web  box",
        "i-0123456789abcdef0  2026-03-01 12:00:00Z  2026-03-01 12:00:00Z  web  two",
    ]
    assert server.asked[1].members == {"nextToken": "more"}
    server.give({"hosts": []})
    assert run("hosts", "list").output == ""
    server.give({"hosts": []})
    assert json.loads(run("hosts", "list", "--json").output) == []


def test_revoking(server: Answering) -> None:
    """Who was revoked is said; who is not there is said in the server's sentence."""
    server.give({"host": HOST})
    assert run("hosts", "revoke", "box").output == "box (i-0123456789abcdef0) is no host any more.\n"
    server.refuse("NoSuchEntityException", "The host box cannot be found.")
    done = run("hosts", "revoke", "box")
    assert (done.exit_code, done.output) == (1, "Error: The host box cannot be found.\n")


def test_joining_keeps_the_key(server: Answering, tmp_path: Path) -> None:
    """The key is in a file that only its owner may read, and the secret is not printed."""
    server.give(JOINED)
    folder = tmp_path / "host"
    done = run("host", "join", server.url, "ab.cd", "--folder", folder, "--name", "mine")
    assert done.exit_code == 0, done.output
    assert done.output == "This machine is the host box (i-0123456789abcdef0). Run: cargohold host serve\n"
    assert server.asked[0].members == {"joinToken": "ab.cd", "hostName": "mine"}
    assert server.asked[0].authorization == ""
    assert keys.load(folder).secret_access_key == "a secret"
    assert stat.S_IMODE((folder / keys.FILE).stat().st_mode) == 0o600


def test_a_host_does_not_join_twice_by_mistake(server: Answering, tmp_path: Path) -> None:
    """A machine that is a host already stays the one it is, unless it is told otherwise; the server is not asked."""
    server.give(JOINED)
    run("host", "join", server.url, "ab.cd", "--folder", tmp_path)
    done = run("host", "join", server.url, "ef.gh", "--folder", tmp_path)
    assert done.exit_code == 1
    assert "is a host already" in done.output
    assert len(server.asked) == 1
    server.give({**JOINED, "secretAccessKey": "another"})
    assert run("host", "join", server.url, "ef.gh", "--folder", tmp_path, "--force").exit_code == 0
    assert keys.load(tmp_path).secret_access_key == "another"


def test_joining_in_vain(server: Answering, tmp_path: Path) -> None:
    """A token that is refused leaves no key, and the sentence is the server's."""
    server.refuse("InvalidJoinTokenException", "The join token is wrong, used already or too old")
    done = run("host", "join", server.url, "ab.cd", "--folder", tmp_path)
    assert (done.exit_code, done.output) == (
        1,
        f"Error: {server.url} refuses: The join token is wrong, used already or too old.\n",
    )
    assert list(tmp_path.glob("host.json")) == []


def test_serving_needs_a_key(tmp_path: Path) -> None:
    """A machine that has not joined is told how to."""
    done = run("host", "serve", "--folder", tmp_path)
    assert done.exit_code == 1
    assert "has not joined. Run: cargohold host join URL TOKEN" in done.output


@pytest.mark.parametrize("option", ["--metadata", "--containers"])
def test_serving_is_for_this_machine_alone(server: Answering, tmp_path: Path, option: str) -> None:
    """An address that others reach is refused before anything is served."""
    server.give(JOINED)
    run("host", "join", server.url, "ab.cd", "--folder", tmp_path)
    done = run("host", "serve", "--folder", tmp_path, "--metadata", "none", "--containers", "none", option, "0.0.0.0:0")
    assert done.exit_code == 1
    assert "0.0.0.0 can be reached from other machines" in done.output
