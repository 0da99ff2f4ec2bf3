"""cli.remote, cli.accounts, cli.audit: which server is asked with which key, and plain words for whatever happens."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cargohold.cli.audit import Moment
from cargohold.cli.main import group
from cargohold.server.folder import AccessKey, DataFolder, Running

from .answering import Answering, answering

ACCOUNT = "123456789012"
DEMO = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/demo"
NOON = 1_772_366_400
SECRET = "".join(("wJalrXUtnFEMI", "K7MDENG"))


@pytest.fixture(autouse=True)
def person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Somebody who has no AWS settings at all."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def server() -> Iterator[Answering]:
    with answering() as opened:
        yield opened


@pytest.fixture
def remote(server: Answering, monkeypatch: pytest.MonkeyPatch) -> Answering:
    """A server that the environment names, as for AWS's own tools."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREMOTE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    return server


@pytest.fixture
def folder(server: Answering, tmp_path: Path) -> Iterator[DataFolder]:
    """The data folder of a server that runs."""
    made = DataFolder(tmp_path / "data")
    port = int(server.url.rpartition(":")[2])
    with made.locked():
        made.announce(Running(server.url, "localhost", 1, "127.0.0.1", port, ACCOUNT, "us-east-1", False, "0.1.0"))
        made.keep_credentials(AccessKey("AKIALOCAL", SECRET))
        yield made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


def printed(*arguments: str) -> str:
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def failed(*arguments: str) -> str:
    """The one line that a command says when it cannot do what was asked."""
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert isinstance(done.exception, SystemExit)
    (line,) = done.stderr.splitlines()
    return line


# Which server, with which key


def test_the_environment_names_the_server_and_the_key(remote: Answering, folder: DataFolder) -> None:
    """What AWS's own tools would ask is asked, whichever server else runs on this machine."""
    remote.give({"accounts": []})
    printed("accounts", "list")
    (asked,) = remote.asked
    assert asked.operation == "Cargohold_V20261101.ListAccounts"
    assert "Credential=AKIAREMOTE/" in asked.authorization
    assert "/eu-west-1/cargohold/aws4_request" in asked.authorization


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_data_folder_names_them_too(
    server: Answering, folder: DataFolder, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the server's own machine its data folder is enough."""
    server.give({"accounts": []})
    if way == "variable":
        monkeypatch.setenv("CARGOHOLD_DATA", str(folder.path))
    printed("accounts", "list", *(["--data", str(folder.path)] if way == "option" else []))
    assert "Credential=AKIALOCAL/" in server.asked[0].authorization
    assert "/us-east-1/cargohold/aws4_request" in server.asked[0].authorization


def test_a_folder_that_is_given_wins(remote: Answering, folder: DataFolder) -> None:
    """--data is more than what the environment says."""
    remote.give({"accounts": []})
    printed("accounts", "list", "--data", str(folder.path))
    assert "Credential=AKIALOCAL/" in remote.asked[0].authorization


def test_a_profile_names_them(server: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile with an endpoint is used as AWS's own tools use it."""
    (tmp_path / "config").write_text(f"[profile work]\nendpoint_url = {server.url}\nregion = eu-west-1\n")
    (tmp_path / "credentials").write_text(f"[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("AWS_PROFILE", "work")
    server.give({"accounts": []})
    printed("accounts", "list")
    assert "Credential=AKIAWORK/" in server.asked[0].authorization


# What can go wrong


def test_without_any_server_there_is_a_sentence(tmp_path: Path) -> None:
    """Where nothing says which server is meant, the next thing to type is there."""
    missing = tmp_path / "none"
    assert failed("audit", "--data", str(missing)) == (
        f"Error: No server runs on the data folder {missing}. Start one: cargohold serve --data {missing}"
    )


def test_a_server_that_does_not_answer(remote: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint where nobody listens is named."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert failed("accounts", "list") == 'Error: Could not connect to the endpoint URL: "http://127.0.0.1:1/"'


def test_a_missing_key(remote: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key the variables that hold one are named."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert failed("accounts", "list").startswith("Error: There is no access key: set AWS_ACCESS_KEY_ID")


def test_a_missing_region(remote: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a region the variable that holds it is named."""
    monkeypatch.delenv("AWS_REGION")
    assert failed("accounts", "list") == "Error: There is no region: set AWS_REGION to the server's."


def test_an_unknown_profile(remote: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that is not in the files is named."""
    monkeypatch.setenv("AWS_PROFILE", "absent")
    assert failed("accounts", "list") == "Error: The config profile (absent) could not be found"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "Error: User: x is not authorized."),
        (
            "UnknownOperationException",
            "Error: The server does not know this operation: it is of another version, or no Cargohold.",
        ),
    ],
)
def test_a_refusal_is_the_server_s_sentence(remote: Answering, code: str, said: str) -> None:
    """What the server says is passed on, and nothing else."""
    remote.refuse(code, "User: x is not authorized.")
    assert failed("accounts", "create") == said


def test_another_server(remote: Answering) -> None:
    """Something else that listens there is no reason for a traceback."""
    remote.give(b"<html>", 200)
    assert failed("accounts", "list").startswith("Error: What answered is no Cargohold")


# Accounts


def test_a_new_account_is_told_with_its_key(remote: Answering) -> None:
    """The account, and its administrator's key as a shell wants it."""
    remote.give(
        {
            "account": {"accountId": "111122223333", "alias": "team-a", "createdAt": NOON},
            "accessKey": {"userName": "administrator", "accessKeyId": "AKIANEW", "secretAccessKey": SECRET},
        }
    )
    assert printed("accounts", "create", "--alias", "team-a", "--id", "111122223333").splitlines() == [
        "Account 111122223333 (team-a) has an administrator now; the access key is shown this once:",
        "",
        "  AWS_ACCESS_KEY_ID      AKIANEW",
        f"  AWS_SECRET_ACCESS_KEY  {SECRET}",
    ]
    assert remote.asked[0].members == {"alias": "team-a", "accountId": "111122223333"}


def test_a_program_gets_json(remote: Answering) -> None:
    """--json gives the answer's members, and nothing of the connection's."""
    answer = {
        "account": {"accountId": "111122223333", "createdAt": NOON},
        "accessKey": {"userName": "administrator", "accessKeyId": "AKIANEW", "secretAccessKey": SECRET},
    }
    remote.give(answer)
    created = json.loads(printed("accounts", "create", "--json"))
    assert created["accessKey"] == answer["accessKey"]
    assert datetime.fromisoformat(created["account"]["createdAt"]).timestamp() == NOON
    assert remote.asked[0].members == {}


def test_all_accounts_are_listed(remote: Answering) -> None:
    """Every page is read; an account is a line."""
    remote.give({"accounts": [{"accountId": "111122223333", "alias": "a-b", "createdAt": NOON}], "nextToken": "t"})
    remote.give({"accounts": [{"accountId": "222233334444", "createdAt": NOON}]})
    assert printed("accounts", "list").splitlines() == [
        "111122223333  2026-03-01 12:00:00Z  a-b",
        "222233334444  2026-03-01 12:00:00Z",
    ]
    assert [asked.members for asked in remote.asked] == [{}, {"nextToken": "t"}]


# The audit trail


def event(**members: Any) -> dict[str, Any]:
    return {
        "eventId": "e-1",
        "eventTime": NOON,
        "action": "ecr:PutImage",
        "principal": f"arn:aws:iam::{ACCOUNT}:user/alice",
        "accountId": ACCOUNT,
        "sourceIpAddress": "192.0.2.1",
        "resources": [DEMO],
        "event": '{"eventID":"e-1"}',
        **members,
    }


def test_an_event_is_a_line(remote: Answering) -> None:
    """When, who, what, how it ended, on what and from where; of another account's principal the account too."""
    stranger = "arn:aws:sts::210987654321:assumed-role/deploy/build"
    remote.give({"events": [event(), event(principal=stranger, errorCode="DENIED", resources=[])]})
    assert printed("audit").splitlines() == [
        "2026-03-01 12:00:00Z  user/alice  ecr:PutImage  ok  repository/demo  192.0.2.1",
        "2026-03-01 12:00:00Z  210987654321:assumed-role/deploy/build  ecr:PutImage  DENIED  -  192.0.2.1",
    ]


def test_a_client_s_words_do_not_steer_the_terminal(remote: Answering) -> None:
    """What a client sent is printed without its control characters."""
    remote.give({"events": [event(sourceIpAddress="\x1b[2J\r\n1", principal=None)]})
    (line,) = printed("audit").splitlines()
    assert "\x1b" not in line
    assert line.endswith("\N{REPLACEMENT CHARACTER}[2J" + "\N{REPLACEMENT CHARACTER}" * 2 + "1")


def test_a_program_gets_the_whole_event(remote: Answering) -> None:
    """--json gives one line of CloudTrail's JSON for each event."""
    remote.give({"events": [event(), event()]})
    assert printed("audit", "--json").splitlines() == ['{"eventID":"e-1"}'] * 2


def test_options_are_the_search_s_members(remote: Answering) -> None:
    """Each option is one member of what is asked; what is not given is not asked."""
    remote.give({"events": []})
    filters = ["--principal", "alice", "--repository", "demo", "--action", "PutImage"]
    times = ["--since", "2026-03-01", "--until", "2026-03-01T12:00:00+02:00"]
    assert printed("audit", *filters, *times, "--errors", "--account", ACCOUNT) == ""
    assert remote.asked[0].members == {
        "principal": "alice",
        "repository": "demo",
        "action": "PutImage",
        "startTime": NOON - 12 * 3600,
        "endTime": NOON - 2 * 3600,
        "errorsOnly": True,
        "accountId": ACCOUNT,
        "maxResults": 100,
    }


def test_a_search_goes_on_until_it_has_enough(remote: Answering) -> None:
    """A page without events does not end a search, and no more is asked for than is wanted."""
    remote.give({"events": [event()] * 2, "nextToken": "a"})
    remote.give({"events": [], "nextToken": "b"})
    remote.give({"events": [event()], "nextToken": "c"})
    assert len(printed("audit", "--limit", "3", "--all-accounts").splitlines()) == 3
    assert [(asked.members["maxResults"], asked.members.get("nextToken")) for asked in remote.asked] == [
        (3, None),
        (1, "a"),
        (1, "b"),
    ]
    assert remote.asked[0].members["accountId"] == "*"


def test_one_account_or_all(remote: Answering) -> None:
    """Who asks for both is told."""
    done = run("audit", "--account", ACCOUNT, "--all-accounts")
    assert done.exit_code == 2
    assert "not both" in done.stderr


@pytest.mark.parametrize(
    ("given", "ago"),
    [("90m", timedelta(minutes=90)), ("2h", timedelta(hours=2)), ("3d", timedelta(days=3)), ("1w", timedelta(days=7))],
)
def test_a_time_may_be_how_long_ago(given: str, ago: timedelta) -> None:
    """Minutes, hours, days and weeks are counted back from now."""
    before = datetime.now(UTC) - ago
    assert before <= Moment().convert(given, None, None) <= datetime.now(UTC) - ago


@pytest.mark.parametrize("given", ["yesterday", "2", "h2", "2026-13-01", "999999999h"])
def test_what_is_no_time_is_refused(given: str) -> None:
    """A time that cannot be read is named, with what could stand there."""
    done = run("audit", "--since", given)
    assert done.exit_code == 2
    assert f"'{given}' is neither a time" in done.stderr


def test_help_is_there_without_a_server() -> None:
    """Help asks nobody."""
    for words in (["accounts", "--help"], ["accounts", "create", "--help"], ["audit", "--help"]):
        assert run(*words).exit_code == 0


def test_a_public_registry_is_named(remote: Answering) -> None:
    """The new address is printed with every alias that works."""
    remote.give({"registryUri": "localhost:5051/acme", "aliases": ["k3v9x2ab", "acme"]})
    shown = printed("accounts", "public-alias", "acme", "--id", ACCOUNT)
    assert "localhost:5051/acme/<repository>" in shown
    assert "k3v9x2ab, acme" in shown
