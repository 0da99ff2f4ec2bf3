"""STS tells who asks, whose a key is, and why something was denied."""

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from cargohold.core.clock import SECOND
from cargohold.database.schema.identity import access_key, role, session

from .conftest import ACCOUNT, NOON, OTHER, REGION, Wire
from .query import client
from .sts import ADMINISTRATOR, READ_ONLY, ROLE, SESSION, Bureau, denied, opened, trusting


@pytest.fixture
def bureau(wire: Wire) -> Bureau:
    """The bureau of a fresh registry."""
    return opened(wire)


def test_who_asks(bureau: Bureau) -> None:
    """A user, a role's session and a user's session are told their unique id, account and ARN."""
    bureau.role()
    role_id = bureau.iam("GetRole", RoleName="puller")["Role"]["RoleId"]
    user_id = bureau.iam("GetUser")["User"]["UserId"]
    assert bureau.sts("GetCallerIdentity") == {"UserId": user_id, "Account": ACCOUNT, "Arn": ADMINISTRATOR}
    own = bureau.by(bureau.sts, bureau.sts("GetSessionToken"))
    assert own("GetCallerIdentity") == {"UserId": user_id, "Account": ACCOUNT, "Arn": ADMINISTRATOR}
    assert bureau.assume()("GetCallerIdentity") == {"UserId": f"{role_id}:night", "Account": ACCOUNT, "Arn": SESSION}


def test_a_federated_user_who_asks(bureau: Bureau) -> None:
    """A federated user's session, which nothing here can begin yet, is told as AWS tells it."""
    began = bureau.by(bureau.sts, bureau.sts("GetSessionToken"))
    bureau.write(update(session).values(kind="federated-user", name="bob"))
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert began("GetCallerIdentity") == {"UserId": f"{ACCOUNT}:bob", "Account": ACCOUNT, "Arn": arn}


def test_no_policy_keeps_anybody_from_who_they_are(bureau: Bureau) -> None:
    """An explicit deny of everything takes neither GetCallerIdentity nor GetSessionToken away, as on AWS."""
    bob = bureau.user("bob", {"Effect": "Deny", "Action": "*", "Resource": "*"})
    assert bob("GetCallerIdentity")["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/bob"
    assert bureau.by(bob, bob("GetSessionToken"))("GetCallerIdentity")["Account"] == ACCOUNT


@pytest.mark.parametrize("of_session", [True, False])
def test_a_presigned_question(bureau: Bureau, of_session: bool) -> None:
    """A presigned GetCallerIdentity, as EKS's authenticators send it, works until its own end."""
    bureau.role()
    by = bureau.assume() if of_session else bureau.sts
    query = "Action=GetCallerIdentity&Version=2011-06-15"
    good = bureau.presigned(by, query, 60)
    reply = bureau.wire.runner.run(bureau.wire.door(good))
    assert (reply.status, (SESSION if of_session else ADMINISTRATOR).encode() in bytes(reply.body)) == (200, True)
    late = bureau.presigned(by, query, 60)
    bureau.wire.clock.now += 61 * SECOND
    reply = bureau.wire.runner.run(bureau.wire.door(late))
    assert (reply.status, reply.code) == (403, "SignatureDoesNotMatch")
    assert b"Signature expired" in bytes(reply.body)


def test_a_presigned_question_past_its_session(bureau: Bureau) -> None:
    """A presigned request that outlives its session is told that the session is over."""
    bureau.role()
    late = bureau.presigned(bureau.assume(DurationSeconds=900), "Action=GetCallerIdentity&Version=2011-06-15", 3600)
    bureau.wire.clock.now += 900 * SECOND
    reply = bureau.wire.runner.run(bureau.wire.door(late))
    assert (reply.status, reply.code) == (403, "ExpiredToken")


def test_whose_a_key_is(bureau: Bureau) -> None:
    """The account of any key of the deployment is told, a session's and an inactive one's too; of others none."""
    bureau.role()
    theirs = bureau.wire.keys[OTHER].access_key_id
    night = bureau.assume().key.access_key_id
    bureau.write(update(access_key).where(access_key.c.id == theirs).values(status="Inactive"))
    asked = {bureau.sts.key.access_key_id: ACCOUNT, night: ACCOUNT, theirs: OTHER}
    assert {key: bureau.sts("GetAccessKeyInfo", AccessKeyId=key)["Account"] for key in asked} == asked
    assert bureau.sts.refused("GetAccessKeyInfo", AccessKeyId="AKIA" + "A" * 16)[:2] == (400, "ValidationError")
    bob = bureau.user("bob")
    who = f"arn:aws:iam::{ACCOUNT}:user/bob"
    refused = bob.refused("GetAccessKeyInfo", AccessKeyId=night)
    assert refused[2].startswith(denied(who, "sts:GetAccessKeyInfo", "*")[2])


def message_of(refusal: Any) -> str:
    return str(refusal[2]).partition(". Encoded authorization failure message: ")[2]


def test_a_message_is_decoded(bureau: Bureau) -> None:
    """What a denial encodes is told as AWS documents it: who asked for what, and which statement denied."""
    statement = {"Sid": "NoTokens", "Effect": "Deny", "Action": "sts:GetAccessKeyInfo", "Resource": "*"}
    condition = {"StringEquals": {"aws:username": "bob"}}
    bob = bureau.user("bob", {**statement, "Condition": condition})
    message = message_of(bob.refused("GetAccessKeyInfo", AccessKeyId=bob.key.access_key_id))
    assert 0 < len(message) < 1024
    told = json.loads(bureau.sts("DecodeAuthorizationMessage", EncodedMessage=message)["DecodedMessage"])
    user = bureau.iam("GetUser", UserName="bob")["User"]
    assert told == {
        "allowed": False,
        "explicitDeny": True,
        "matchedStatements": {
            "items": [
                {"statementId": "NoTokens", "effect": "DENY", "policy": "may", "policyType": "identity", "index": 0}
            ]
        },
        "failures": {"items": []},
        "missing": None,
        "context": {
            "principal": {"id": user["UserId"], "arn": user["Arn"]},
            "action": "sts:GetAccessKeyInfo",
            "resource": "*",
            "conditions": {"items": [{"key": "aws:username", "values": {"items": [{"value": "bob"}]}}]},
        },
    }


def test_a_message_of_what_is_missing(bureau: Bureau) -> None:
    """A denial that no statement made says which kind of policy is missing, which AssumeRole's sentence does not."""
    bob = bureau.user("bob")
    bureau.role("puller", trusting(ACCOUNT))
    refusal = bob.refused("AssumeRole", RoleArn=ROLE, RoleSessionName="night")
    told = json.loads(bureau.sts("DecodeAuthorizationMessage", EncodedMessage=message_of(refusal))["DecodedMessage"])
    assert (told["explicitDeny"], told["missing"]) == (False, "identity")
    assert (told["context"]["action"], told["context"]["resource"]) == ("sts:AssumeRole", ROLE)
    assert "because" not in refusal[2]


def test_who_may_decode(bureau: Bureau) -> None:
    """A message is opened by who may in the account of the principal or of what it asked for, and by nobody else."""
    invalid = (400, "InvalidAuthorizationMessageException", "Message is not valid")
    bob = bureau.user("bob")
    message = message_of(bob.refused("GetAccessKeyInfo", AccessKeyId=bob.key.access_key_id))
    theirs = client(bureau.wire, "sts", OTHER)
    assert theirs.refused("DecodeAuthorizationMessage", EncodedMessage=message) == invalid
    assert bob.refused("DecodeAuthorizationMessage", EncodedMessage=message)[:2] == (403, "AccessDenied")
    bureau.role("puller", trusting(ACCOUNT))
    across = message_of(theirs.refused("AssumeRole", RoleArn=ROLE, RoleSessionName="night"))
    for each in (theirs, bureau.sts):
        told = json.loads(each("DecodeAuthorizationMessage", EncodedMessage=across)["DecodedMessage"])
        assert told["context"]["principal"]["arn"] == f"arn:aws:iam::{OTHER}:user/administrator"


def test_no_message(bureau: Bureau) -> None:
    """A message that is made up, changed or of another kind is refused, never a fault of ours."""
    bob = bureau.user("bob")
    real = message_of(bob.refused("GetAccessKeyInfo", AccessKeyId=bob.key.access_key_id))
    token = str(bureau.by(bureau.sts, bureau.sts("GetSessionToken")).session_token)
    for made in ("x", "é", "=", "A" * 10_240, real[:-1], real[1:], real.swapcase(), real + "\n", token, "e30"):
        refused = bureau.sts.refused("DecodeAuthorizationMessage", EncodedMessage=made)
        assert refused == (400, "InvalidAuthorizationMessageException", "Message is not valid"), made


def test_a_roles_use_shows(bureau: Bureau) -> None:
    """GetRole tells when and in which region a session of the role asked for something."""
    bureau.role("puller", None, READ_ONLY)
    assert bureau.iam("GetRole", RoleName="puller")["Role"].get("RoleLastUsed", {}) == {}
    night = bureau.assume()
    assert bureau.read(select(role.c.used_at)) == [(None,)]
    bureau.ecr(night, "DescribeRepositories")
    bureau.wire.runner.run(bureau.wire.uses.settled())
    used = bureau.iam("GetRole", RoleName="puller")["Role"]["RoleLastUsed"]
    assert (used["LastUsedDate"].timestamp() * 1000, used["Region"]) == (NOON, REGION)
