"""The service of our own on the wire: accounts and the audit trail, and who may ask for them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cargohold.aws.door import AwsDoor
from cargohold.core.clock import HOUR, SECOND
from cargohold.exchange import Message, Request
from cargohold.identity.accounts import NewKey
from cargohold.telemetry.audit.trail import Audit, Stream
from tests.bed.trail import events

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .query import client

ALL = f"arn:aws:cargohold::{ACCOUNT}:account/*"


@dataclass(frozen=True)
class Ours:
    """A client of the service. Calling it sends an operation that must succeed and gives its answer."""

    wire: Wire
    key: NewKey

    def __call__(self, operation: str, **members: Any) -> dict[str, Any]:
        status, answer = self.send(operation, members)
        assert status == 200, answer
        return answer

    def refused(self, operation: str, **members: Any) -> tuple[int, str, str]:
        """Status, code and sentence of an operation that must fail."""
        status, answer = self.send(operation, members)
        assert status != 200, answer
        return status, answer["__type"], answer["message"]

    def denied(self, operation: str, **members: Any) -> str:
        """The resource on which an operation was denied that must be."""
        status, code, sentence = self.refused(operation, **members)
        assert (status, code) == (400, "AccessDeniedException"), sentence
        found = re.search(rf"perform: cargohold:{operation} on resource: (\S+) because no (\S+) policy", sentence)
        assert found, sentence
        return found[1]

    def send(self, operation: str, members: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        body = json.dumps(members).encode()
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": "localhost:5050",
            "x-amz-target": f"Cargohold_V20261101.{operation}",
        }
        request = AWSRequest(method="POST", url="http://localhost:5050/", data=body, headers=headers)
        now = datetime.fromtimestamp(self.wire.clock.now / 1000, UTC).replace(tzinfo=None)
        with patch("botocore.auth.get_current_datetime", lambda *_, **__: now):
            credentials = Credentials(self.key.access_key_id, self.key.secret_access_key)
            SigV4Auth(credentials, "cargohold", "us-east-1").add_auth(request)
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return messages.pop(0)

        lower = {name.lower(): value for name, value in request.headers.items()}
        reply = self.wire.runner.run(
            self.wire.door(Request("POST", "/", "", lower, "http", "127.0.0.1", "request-1", receive))
        )
        assert isinstance(reply.body, bytes)
        return reply.status, json.loads(reply.body)


@pytest.fixture
def first(wire: Wire) -> Ours:
    """The administrator of the deployment's first account."""
    return Ours(wire, wire.keys[ACCOUNT])


@pytest.fixture
def other(wire: Wire) -> Ours:
    """The administrator of another account."""
    return Ours(wire, wire.keys[OTHER])


def user(wire: Wire, name: str, *actions: str, resource: str = "*") -> Ours:
    """A user of the first account who may do these things and no other."""
    made = client(wire, "iam").by_new_user(name)
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    if actions:
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        client(wire, "iam")("PutUserPolicy", UserName=name, PolicyName="own", PolicyDocument=document)
    return Ours(wire, made.key)


# Accounts


def test_an_account_begins_with_its_administrator(first: Ours, wire: Wire) -> None:
    """A new account has an id, its alias, and an administrator whose key works at once, in that account alone."""
    made = first("CreateAccount", alias="team-a")
    account = made["account"]
    assert re.fullmatch("[0-9]{12}", account["accountId"])
    assert account["alias"] == "team-a"
    assert account["createdAt"] == NOON / 1000
    key = made["accessKey"]
    assert key["userName"] == "administrator"
    administrator = NewKey(key["accessKeyId"], key["secretAccessKey"])
    sts = client(wire, "sts").by(administrator)
    assert sts("GetCallerIdentity")["Arn"] == f"arn:aws:iam::{account['accountId']}:user/administrator"
    assert client(wire, "iam").by(administrator)("ListAccountAliases")["AccountAliases"] == ["team-a"]
    assert Ours(wire, administrator).denied("CreateAccount") == ALL


def test_an_account_s_id_can_be_chosen(first: Ours) -> None:
    """The id that is asked for is the account's, and nobody gets it twice; the same goes for an alias."""
    assert first("CreateAccount", accountId="111122223333", alias="team-a")["account"]["accountId"] == "111122223333"
    assert first.refused("CreateAccount", accountId="111122223333") == (
        400,
        "EntityAlreadyExistsException",
        "The account 111122223333 already exists.",
    )
    assert first.refused("CreateAccount", alias="team-a") == (
        400,
        "EntityAlreadyExistsException",
        "The account alias team-a already exists.",
    )
    assert len(first("ListAccounts")["accounts"]) == 3


@pytest.mark.parametrize(
    "members",
    [{"accountId": "123"}, {"accountId": "12345678901x"}, {"alias": "No"}, {"alias": "a--b"}, {"alias": "-a-"}],
)
def test_what_is_no_account_is_refused(first: Ours, members: dict[str, str]) -> None:
    """An id that is not 12 digits and an alias that AWS would not take make no account."""
    status, code, _ = first.refused("CreateAccount", **members)
    assert (status, code) == (400, "ValidationException")
    assert len(first("ListAccounts")["accounts"]) == 2


def test_accounts_are_listed_page_by_page(first: Ours, other: Ours) -> None:
    """Every account is listed once, by its id; a token that was changed is refused."""
    for number in range(3):
        first("CreateAccount", accountId=f"30000000000{number}")
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = first("ListAccounts", maxResults=2, **token)
        found += [account["accountId"] for account in page["accounts"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert found == sorted([ACCOUNT, OTHER, "300000000000", "300000000001", "300000000002"])
    assert first.refused("ListAccounts", nextToken=f"{token['nextToken']}x")[1] == "InvalidParameterException"


def test_accounts_are_the_first_account_s(other: Ours, wire: Wire) -> None:
    """Another account's administrator, who may do everything there, neither makes accounts nor sees them."""
    assert other.denied("CreateAccount") == ALL
    assert (
        other.denied("CreateAccount", accountId="111122223333") == f"arn:aws:cargohold::{ACCOUNT}:account/111122223333"
    )
    assert other.denied("ListAccounts") == ALL


def test_policies_say_who_in_the_first_account(wire: Wire) -> None:
    """A user needs the permission like any other, and it can be given for one account to be made."""
    assert user(wire, "nobody").denied("ListAccounts") == ALL
    lister = user(wire, "lister", "cargohold:List*")
    assert len(lister("ListAccounts")["accounts"]) == 2
    assert lister.denied("CreateAccount") == ALL
    arn = f"arn:aws:cargohold::{ACCOUNT}:account/111122223333"
    maker = user(wire, "maker", "cargohold:CreateAccount", resource=arn)
    assert maker.denied("CreateAccount") == ALL
    maker("CreateAccount", accountId="111122223333")


# The audit trail


def names(answer: Mapping[str, Any]) -> list[str]:
    return [event["action"] for event in answer["events"]]


def test_an_event_tells_what_was_done(first: Ours, wire: Wire) -> None:
    """A search gives who did what, when, from where and to what, and the whole event as CloudTrail has it."""
    wire("CreateRepository", repositoryName="demo")
    (event,) = first("SearchAudit")["events"]
    whole = json.loads(event.pop("event"))
    assert whole["eventID"] == event.pop("eventId")
    assert whole["requestParameters"] == {"repositoryName": "demo"}
    assert whole["responseElements"]["repository"]["repositoryName"] == "demo"
    assert event == {
        "eventTime": NOON / 1000,
        "action": "ecr:CreateRepository",
        "principal": f"arn:aws:iam::{ACCOUNT}:user/administrator",
        "accountId": ACCOUNT,
        "sourceIpAddress": "127.0.0.1",
        "readOnly": False,
        "resources": [f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/demo"],
    }


def test_searches_are_filtered(first: Ours, wire: Wire) -> None:
    """Principal, repository, action, time and errors narrow a search, alone and together."""
    wire("CreateRepository", repositoryName="demo")
    wire.clock.now += HOUR
    wire("CreateRepository", repositoryName="apps/web")
    wire.refused("DeleteRepository", repositoryName="absent")
    nobody = user(wire, "nobody")
    nobody.denied("ListAccounts")
    assert names(first("SearchAudit", repository="demo")) == ["ecr:CreateRepository"]
    assert names(first("SearchAudit", principal="nobody")) == ["cargohold:ListAccounts"]
    assert names(first("SearchAudit", action="CreateRepository")) == ["ecr:CreateRepository"] * 2
    assert names(first("SearchAudit", action="CreateRepository", endTime=NOON / 1000)) == ["ecr:CreateRepository"]
    assert names(first("SearchAudit", errorsOnly=True)) == ["cargohold:ListAccounts", "ecr:DeleteRepository"]
    since = (NOON + HOUR - SECOND) / 1000
    assert names(first("SearchAudit", startTime=since, principal="administrator", action="ecr:CreateRepository")) == [
        "ecr:CreateRepository"
    ]


def test_a_search_leaves_no_event_but_a_denied_one_does(first: Ours, wire: Wire) -> None:
    """Looking at the trail does not fill it; being refused to look is in it."""
    first("SearchAudit")
    assert first("SearchAudit")["events"] == []
    resource = user(wire, "nobody").denied("SearchAudit")
    assert resource == f"arn:aws:cargohold::{ACCOUNT}:audit"
    assert names(first("SearchAudit", errorsOnly=True)) == ["cargohold:SearchAudit"]


def test_an_account_sees_its_own_events(first: Ours, other: Ours, wire: Wire) -> None:
    """What happened in other accounts is not there, unless the account's own people did it."""
    wire("CreateRepository", repositoryName="ours")
    assert wire.send("CreateRepository", {"repositoryName": "theirs"}, account=OTHER).status == 200
    across = {"repositoryName": "ours", "registryId": ACCOUNT}
    assert wire.send("DeleteRepository", across, account=OTHER).status == 400
    assert names(other("SearchAudit")) == ["ecr:DeleteRepository", "ecr:CreateRepository"]
    assert names(other("SearchAudit", accountId=OTHER)) == ["ecr:DeleteRepository", "ecr:CreateRepository"]
    assert [event["resources"][0].rpartition("/")[2] for event in first("SearchAudit")["events"]] == ["ours", "ours"]


def test_other_accounts_events_are_the_first_account_s_to_see(first: Ours, other: Ours, wire: Wire) -> None:
    """Whoever may search all accounts, or another one, has that from the first account's policies."""
    assert wire.send("CreateRepository", {"repositoryName": "theirs"}, account=OTHER).status == 200
    assert names(first("SearchAudit", accountId=OTHER)) == ["ecr:CreateRepository"]
    assert other.denied("SearchAudit", accountId=ACCOUNT) == f"arn:aws:cargohold::{ACCOUNT}:account/{ACCOUNT}"
    assert other.denied("SearchAudit", accountId="*") == ALL
    own = user(wire, "own", "cargohold:SearchAudit", resource=f"arn:aws:cargohold::{ACCOUNT}:audit")
    assert "ecr:CreateRepository" not in names(own("SearchAudit"))
    assert own.denied("SearchAudit", accountId="*") == ALL
    assert "ecr:CreateRepository" in names(first("SearchAudit", accountId="*"))


def test_a_search_goes_on_page_by_page(first: Ours, wire: Wire) -> None:
    """Each event comes once, newest first, and a token opens no search but its own."""
    for number in range(7):
        wire.clock.now += SECOND
        wire("CreateRepository", repositoryName=f"demo{number}")
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = first("SearchAudit", action="CreateRepository", maxResults=3, **token)
        found += [event["resources"][0].rpartition("/")[2] for event in page["events"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert found == [f"demo{number}" for number in range(6, -1, -1)]
    assert first.refused("SearchAudit", **token)[1] == "InvalidParameterException"
    assert first.refused("SearchAudit", action="CreateRepository", accountId="*", **token)[1] == (
        "InvalidParameterException"
    )


@pytest.mark.parametrize(
    "members",
    [{"accountId": "all"}, {"maxResults": 0}, {"maxResults": 1001}, {"principal": ""}, {"action": "ecr:*"}],
)
def test_a_malformed_search_is_refused(first: Ours, members: dict[str, Any]) -> None:
    """What the model does not allow is said before anything is searched."""
    status, code, _ = first.refused("SearchAudit", **members)
    assert (status, code) == (400, "ValidationException")


def test_a_trail_that_goes_elsewhere_cannot_be_searched(first: Ours, wire: Wire) -> None:
    """Where events go to standard output, a search says so."""
    services = replace(wire.services, audit=Audit(Stream(-1), wire.clock))
    elsewhere = Ours(replace(wire, services=services, door=AwsDoor(services)), first.key)
    assert elsewhere.refused("SearchAudit") == (
        400,
        "AuditTrailNotKeptException",
        "The audit trail of this server goes to its standard output, where it cannot be searched",
    )


def test_a_secret_is_told_to_the_client_alone(first: Ours, wire: Wire) -> None:
    """S30: the key of a new account's administrator is in its answer and not in the trail."""
    key = first("CreateAccount", alias="team-a")["accessKey"]
    (event,) = events(wire.services.audit.folder)
    assert event["responseElements"]["accessKey"] == {
        "userName": "administrator",
        "accessKeyId": key["accessKeyId"],
    }
    assert key["secretAccessKey"] not in json.dumps(event)
