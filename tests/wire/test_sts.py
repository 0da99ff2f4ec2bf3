"""STS on the wire: who asks, sessions of roles and of users, and what they may do at both doors."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from sqlalchemy import select, update

from cargohold.core.clock import HOUR, SECOND
from cargohold.database.schema.identity import access_key, role, session
from cargohold.exchange import Message, Request
from cargohold.identity.accounts import NewKey
from cargohold.oci.door import OciDoor

from .conftest import ACCOUNT, NOON, OTHER, REGION, Answer, Wire
from .query import Query, client
from .recordings import assert_as_recorded, recorded

ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:user/administrator"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/puller"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/puller/night"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
POWER_USER = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
INVALID_TOKEN = (403, "InvalidClientTokenId", "The security token included in the request is invalid.")
EXPIRED = (403, "ExpiredToken", "The security token included in the request is expired")


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusting(*principals: str, action: Any = "sts:AssumeRole", **more: Any) -> str:
    """A trust policy."""
    return policy({"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": action, **more})


ALL_OF_STS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]


@dataclass(frozen=True)
class Bureau:
    """IAM and STS of the account, asked by its administrator, and a client of ECR that signs with any session."""

    wire: Wire
    iam: Query
    sts: Query

    def role(self, name: str = "puller", trust: str | None = None, *policies: str, **options: Any) -> str:
        """Makes a role that trusts the account, unless it is said otherwise; gives its ARN."""
        document = trusting(ACCOUNT, action=ALL_OF_STS) if trust is None else trust
        made = self.iam("CreateRole", RoleName=name, AssumeRolePolicyDocument=document, **options)["Role"]
        for arn in policies:
            self.iam("AttachRolePolicy", RoleName=name, PolicyArn=arn)
        return str(made["Arn"])

    def user(self, name: str, *statements: Mapping[str, Any]) -> Query:
        """STS asked by a new user who may do this."""
        made = self.iam.by_new_user(name)
        if statements:
            self.iam("PutUserPolicy", UserName=name, PolicyName="may", PolicyDocument=policy(*statements))
        return self.sts.by(made.key)

    def assume(self, arn: str = ROLE, name: str = "night", by: Query | None = None, **options: Any) -> Query:
        """STS asked by a session of the role."""
        return self.by(by or self.sts, (by or self.sts)("AssumeRole", RoleArn=arn, RoleSessionName=name, **options))

    def by(self, sts: Query, answer: Mapping[str, Any]) -> Query:
        issued = answer["Credentials"]
        return sts.by(NewKey(issued["AccessKeyId"], issued["SecretAccessKey"]), issued["SessionToken"])

    def refused(self, by: Query | None = None, arn: str = ROLE, name: str = "night", **options: Any) -> Any:
        """How AssumeRole is refused; of a denial the sentence without the encoded message."""
        status, code, sentence = (by or self.sts).refused("AssumeRole", RoleArn=arn, RoleSessionName=name, **options)
        return status, code, sentence.partition(" Encoded authorization failure message: ")[0]

    def ecr(self, by: Query, operation: str, **members: Any) -> Answer:
        body = json.dumps(members).encode()
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": "localhost:5050",
            "x-amz-target": f"AmazonEC2ContainerRegistry_V20150921.{operation}",
        }
        request = AWSRequest("POST", "http://localhost:5050/", headers=headers, data=body)
        self._sign(SigV4Auth(_credentials(by), "ecr", REGION), request)
        reply = self.wire.runner.run(self.wire.door(_received("POST", "", dict(request.headers.items()), body)))
        assert isinstance(reply.body, bytes)
        return Answer(reply.status, json.loads(reply.body))

    def presigned(self, by: Query, query: str, expires: int) -> Request:
        request = AWSRequest("GET", f"http://localhost:5050/?{query}", headers={"host": "localhost:5050"})
        self._sign(SigV4QueryAuth(_credentials(by), "sts", REGION, expires=expires), request)
        return _received("GET", request.url.partition("?")[2], {"host": "localhost:5050"}, b"")

    def get(self, path: str, password: str) -> tuple[int, bytes]:
        """GET at the OCI door with a registry's password."""
        proof = base64.b64encode(f"AWS:{password}".encode()).decode()
        request = _received("GET", "", {"host": "localhost:5050", "authorization": f"Basic {proof}"}, b"", path)
        reply = self.wire.runner.run(OciDoor(self.wire.services)(request))
        return reply.status, reply.body if isinstance(reply.body, bytes) else b""

    def password(self, by: Query) -> str:
        answer = self.ecr(by, "GetAuthorizationToken")
        assert answer.status == 200, answer.body
        return base64.b64decode(answer.body["authorizationData"][0]["authorizationToken"]).decode().split(":")[1]

    def read(self, statement: Any) -> Any:
        return self.wire.runner.run(self.wire.database.read(lambda connection: connection.execute(statement).all()))

    def write(self, statement: Any) -> None:
        self.wire.runner.run(self.wire.database.write(lambda connection: connection.execute(statement)))

    def _sign(self, signer: Any, request: AWSRequest) -> None:
        now = datetime.fromtimestamp(self.wire.clock.now / 1000, UTC).replace(tzinfo=None)
        with patch("botocore.auth.get_current_datetime", lambda *_, **__: now):
            signer.add_auth(request)


def _credentials(by: Query) -> Credentials:
    return Credentials(by.key.access_key_id, by.key.secret_access_key, by.session_token)


def _received(method: str, query: str, headers: dict[str, str], body: bytes, path: str = "/") -> Request:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop(0)

    lower = {name.lower(): value for name, value in headers.items()}
    return Request(method, path, query, lower, "http", "127.0.0.1", "request-1", receive)


@pytest.fixture
def bureau(wire: Wire) -> Bureau:
    return Bureau(wire, client(wire, "iam"), client(wire, "sts"))


def denied(who: str, action: str, resource: str) -> tuple[int, str, str]:
    return 403, "AccessDenied", f"User: {who} is not authorized to perform: {action} on resource: {resource}"


# Who asks


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


# AssumeRole


def test_assume_as_recorded(bureau: Bureau) -> None:
    """AssumeRole answers as AWS did, with the token's size, which AWS's model has added since."""
    theirs = recorded("sts", "TestSTSIntegrations::test_assume_role")["assume-role"]
    bureau.role()
    _, ours = bureau.sts.send("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "night"})
    size = ours.pop("SessionTokenSize")
    assert size == len(ours["Credentials"]["SessionToken"]) < 1024
    assert 0 < ours.pop("SessionTokenUtilization") < 25
    assert_as_recorded(ours, theirs, ACCOUNT)
    assert ours["AssumedRoleUser"]["Arn"] == SESSION
    assert ours["Credentials"]["Expiration"].timestamp() * 1000 == NOON + HOUR


NO_ARNS = {
    "malformed-arn": "nothing-valid-in-here",
    "no-partition": "arn::b:::something/test-role",
    "no-service": "arn:a::::something/test-role",
    "not-enough-colons": "arn:a:::something/test-role",
    "no-resource": "arn:a:a::aaaaaaaaaa:",
}


@pytest.mark.parametrize(("case", "arn"), NO_ARNS.items())
def test_no_arn_as_recorded(bureau: Bureau, case: str, arn: str) -> None:
    """What is no ARN is refused as AWS did."""
    theirs = recorded("sts", "TestSTSIntegrations::test_sts_invalid_parameters")[case]
    status, ours = bureau.sts.send("AssumeRole", {"RoleArn": arn, "RoleSessionName": "night"})
    assert_as_recorded(ours["Error"], theirs["Error"], ACCOUNT)
    assert status == theirs["ResponseMetadata"]["HTTPStatusCode"]


def test_a_wrong_session_name_as_recorded(bureau: Bureau) -> None:
    """A session name that breaks its pattern is refused as AWS did."""
    theirs = recorded("sts", "TestSTSIntegrations::test_sts_invalid_parameters")["invalid-session-name"]
    _, ours = bureau.sts.send("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "Session1:2"})
    assert_as_recorded(ours["Error"], theirs["Error"], ACCOUNT)


def tags(**given: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("invalid-transitive-tag-keys", {"Tags": tags(a="1"), "TransitiveTagKeys": ["b"]}),
        ("duplicate-tag-keys-different-casing", {"Tags": tags(name="1", Name="2")}),
    ],
)
def test_wrong_tags_as_recorded(bureau: Bureau, case: str, options: dict[str, Any]) -> None:
    """Tags that contradict each other are refused as AWS did."""
    theirs = recorded("sts", "TestSTSAssumeRoleTagging::test_assume_role_tag_validation")[case]
    bureau.role()
    _, ours = bureau.sts.send("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "night", **options})
    assert_as_recorded(ours["Error"], theirs["Error"], ACCOUNT)


@pytest.mark.parametrize(
    ("case", "key"),
    [("override-transitive-tag-error", "env"), ("override-transitive-tag-case-ignore-error", "ENV")],
)
def test_a_transitive_tag_stays_as_recorded(bureau: Bureau, case: str, key: str) -> None:
    """A tag that the caller's session hands on cannot be set anew, as on AWS."""
    theirs = recorded("sts", "TestSTSAssumeRoleTagging::test_iam_role_chaining_override_transitive_tags")[case]
    bureau.role("puller", None, "arn:aws:iam::aws:policy/AdministratorAccess")
    first = bureau.assume(Tags=tags(env="dev"), TransitiveTagKeys=["env"])
    _, ours = first.send("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "two", "Tags": tags(**{key: "prod"})})
    assert_as_recorded(ours["Error"], theirs["Error"], ACCOUNT)


def test_trust_and_policy(bureau: Bureau) -> None:
    """A role that names a user is the user's without more; one that names the account only those have who may."""
    bob = bureau.user("bob")
    bureau.role("named", trusting(f"arn:aws:iam::{ACCOUNT}:user/bob"))
    bureau.role("delegated", trusting(ACCOUNT))
    arns = {name: f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("named", "delegated")}
    who = f"arn:aws:iam::{ACCOUNT}:user/bob"
    assert bureau.assume(arns["named"], by=bob)("GetCallerIdentity")["Arn"].endswith("assumed-role/named/night")
    assert bureau.refused(bob, arns["delegated"]) == denied(who, "sts:AssumeRole", arns["delegated"])
    document = policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arns["delegated"]})
    bureau.iam("PutUserPolicy", UserName="bob", PolicyName="may", PolicyDocument=document)
    assert bureau.assume(arns["delegated"], by=bob)("GetCallerIdentity")["Account"] == ACCOUNT


def test_who_is_not_trusted_does_not_learn_what_exists(bureau: Bureau) -> None:
    """A role that trusts somebody else, one that is not there, one of another path and what is no role read alike."""
    bob = bureau.user("bob", {"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
    bureau.role("theirs", trusting(ADMINISTRATOR), Path="/a/")
    who = f"arn:aws:iam::{ACCOUNT}:user/bob"
    for resource in ("role/a/theirs", "role/absent", "role/theirs", "role/a/Theirs", "user/administrator", "root"):
        arn = f"arn:aws:iam::{ACCOUNT}:{resource}"
        assert bureau.refused(bob, arn) == denied(who, "sts:AssumeRole", arn)
    for arn in (
        f"arn:aws:iam::{OTHER}:role/absent",
        "arn:aws:iam::999999999999:role/nowhere",
        "arn:aws:s3:::nobodys-bucket",
    ):
        assert bureau.refused(bob, arn) == denied(who, "sts:AssumeRole", arn)
    assert bureau.read(select(session.c.id)) == []


def test_another_account(bureau: Bureau) -> None:
    """Across accounts both the trust policy and the caller's own must allow; the session is of the role's account."""
    theirs = client(bureau.wire, "sts", OTHER)
    bureau.role("puller", trusting(OTHER))
    there = bureau.assume(by=theirs)("GetCallerIdentity")
    assert (there["Account"], there["Arn"]) == (ACCOUNT, SESSION)
    bureau.iam("UpdateAssumeRolePolicy", RoleName="puller", PolicyDocument=trusting(ACCOUNT))
    assert bureau.refused(theirs) == denied(f"arn:aws:iam::{OTHER}:user/administrator", "sts:AssumeRole", ROLE)


@pytest.mark.parametrize(
    ("given", "works"), [({"ExternalId": "x-1"}, True), ({"ExternalId": "x-2"}, False), ({}, False)]
)
def test_an_external_id(bureau: Bureau, given: dict[str, str], works: bool) -> None:
    """A role that wants an external id is assumed with that one, and not without it."""
    condition = {"StringEquals": {"sts:ExternalId": "x-1"}}
    bureau.role("puller", trusting(ACCOUNT, Condition=condition))
    if works:
        assert bureau.assume(**given)("GetCallerIdentity")["Arn"] == SESSION
    else:
        assert bureau.refused(**given) == denied(ADMINISTRATOR, "sts:AssumeRole", ROLE)


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [
        ({"StringLike": {"sts:RoleSessionName": "ni*"}}, {}, {"name": "day"}),
        (
            {"StringEquals": {"aws:RequestTag/team": "red"}},
            {"Tags": tags(team="red")},
            {"Tags": tags(team="blue")},
        ),
        (
            {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
            {"Tags": tags(team="x")},
            {"Tags": tags(team="x", more="y")},
        ),
        (
            {"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["team"]}},
            {"Tags": tags(team="x", more="y"), "TransitiveTagKeys": ["team"]},
            {"Tags": tags(team="x", more="y"), "TransitiveTagKeys": ["team", "more"]},
        ),
        ({"StringEquals": {"sts:SourceIdentity": "bob"}}, {"SourceIdentity": "bob"}, {"SourceIdentity": "eve"}),
    ],
)
def test_conditions_on_what_is_asked(
    bureau: Bureau, condition: dict[str, Any], good: dict[str, Any], bad: dict[str, Any]
) -> None:
    """A trust policy may ask for the session's name, tags, transitive tags and source identity."""
    bureau.role("puller", trusting(ACCOUNT, action=ALL_OF_STS, Condition=condition))
    assert bureau.assume(**good)("GetCallerIdentity")["Arn"] == SESSION
    assert bureau.refused(**bad)[1] == "AccessDenied"


@pytest.mark.parametrize(
    ("options", "action"),
    [({"Tags": tags(a="1")}, "sts:TagSession"), ({"SourceIdentity": "bob"}, "sts:SetSourceIdentity")],
)
def test_tags_and_source_identity_need_leave(bureau: Bureau, options: dict[str, Any], action: str) -> None:
    """A role that only lets itself be assumed takes neither tags nor a source identity."""
    bureau.role("puller", trusting(ACCOUNT))
    assert bureau.refused(**options) == denied(ADMINISTRATOR, action, ROLE)
    bureau.iam("UpdateAssumeRolePolicy", RoleName="puller", PolicyDocument=trusting(ACCOUNT, action=ALL_OF_STS))
    assert bureau.assume(**options)("GetCallerIdentity")["Arn"] == SESSION


def test_what_a_session_hands_on_needs_leave(bureau: Bureau) -> None:
    """A session with transitive tags or a source identity hands them on only to roles that take them."""
    bureau.role("first", None, "arn:aws:iam::aws:policy/AdministratorAccess")
    bureau.role("puller", trusting(ACCOUNT))
    arn = f"arn:aws:iam::{ACCOUNT}:role/first"
    first = f"arn:aws:sts::{ACCOUNT}:assumed-role/first/night"
    tagged = bureau.assume(arn, Tags=tags(a="1"), TransitiveTagKeys=["a"])
    named = bureau.assume(arn, SourceIdentity="bob")
    plain = bureau.assume(arn, Tags=tags(a="1"))
    assert bureau.refused(tagged) == denied(first, "sts:TagSession", ROLE)
    assert bureau.refused(named) == denied(first, "sts:SetSourceIdentity", ROLE)
    assert bureau.assume(by=plain)("GetCallerIdentity")["Arn"] == SESSION


def test_a_source_identity_stays(bureau: Bureau) -> None:
    """A source identity goes on through a chain of roles, shows in each answer, and nobody changes it."""
    bureau.role("puller", None, "arn:aws:iam::aws:policy/AdministratorAccess")
    first = bureau.assume(SourceIdentity="bob")
    answer = first("AssumeRole", RoleArn=ROLE, RoleSessionName="two")
    assert answer["SourceIdentity"] == "bob"
    assert first("AssumeRole", RoleArn=ROLE, RoleSessionName="two", SourceIdentity="bob")["SourceIdentity"] == "bob"
    assert bureau.refused(first, SourceIdentity="eve")[:2] == (400, "ValidationError")


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (
            {"DurationSeconds": 3601},
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ),
        (
            {"DurationSeconds": 899},
            "ValidationError",
            (
                "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: "
                "Member must have value greater than or equal to 900"
            ),
        ),
        (
            {"PolicyArns": [{"arn": READ_ONLY}] * 11},
            "ValidationError",
            (
                "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: "
                "Member must have length less than or equal to 10"
            ),
        ),
        (
            {"Policy": "{" + " " * 2048},
            "ValidationError",
            (
                "1 validation error detected: Value at 'policy' failed to satisfy constraint: "
                "Member must have length less than or equal to 2048"
            ),
        ),
        (
            {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/Absent"}]},
            "ValidationError",
            "Policy arn:aws:iam::aws:policy/Absent does not exist or is not attachable.",
        ),
        (
            {"Policy": "{" + " " * 2000, "PolicyArns": [{"arn": READ_ONLY}]},
            "MalformedPolicyDocument",
            None,
        ),
        (
            {"ProvidedContexts": [{"ProviderArn": "arn:aws:iam::aws:contextProvider/x", "ContextAssertion": "xxxx"}]},
            "UnsupportedOperation",
            "The operation AssumeRole with ProvidedContexts is not built into this version of Cargohold yet",
        ),
    ],
)
def test_what_may_not_be_asked(bureau: Bureau, options: dict[str, Any], code: str, sentence: str | None) -> None:
    """What a session may not be is refused with AWS's code, and in AWS's words where they are known."""
    bureau.role()
    refused = bureau.refused(**options)
    assert refused[:2] == (400, code)
    assert sentence in (None, refused[2])
    assert bureau.read(select(session.c.id)) == []


def test_policies_that_are_too_large(bureau: Bureau) -> None:
    """Policies over their room are refused with how much of it they would take."""
    bureau.role()
    document = policy({"Effect": "Allow", "Action": "ecr:*", "Resource": "*"})
    document += " " * (2040 - len(document))
    assert bureau.refused(Policy=document, PolicyArns=[{"arn": READ_ONLY}]) == (
        400,
        "PackedPolicyTooLarge",
        "Packed policy consumes 103% of allotted space, please use smaller policy.",
    )


def test_a_chain_lasts_an_hour(bureau: Bureau) -> None:
    """A role's session may be asked for twelve hours where the role allows it, and in a chain for one."""
    bureau.role("puller", None, "arn:aws:iam::aws:policy/AdministratorAccess", MaxSessionDuration=43_200)
    first = bureau.assume(DurationSeconds=43_200)
    assert bureau.refused(first, DurationSeconds=3601) == (
        400,
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    )
    assert bureau.assume(by=first, DurationSeconds=3600)("GetCallerIdentity")["Arn"] == SESSION


def test_nobody_has_an_mfa_device(bureau: Bureau) -> None:
    """A code of an MFA device that nobody has is refused in AWS's words."""
    bureau.role()
    for operation, members in (("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "n1"}), ("GetSessionToken", {})):
        device = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/bob", "TokenCode": "123456"}
        status, code, sentence = bureau.sts.refused(operation, **members, **device)
        assert (status, code) == (403, "AccessDenied")
        assert sentence.startswith("MultiFactorAuthentication failed")


def test_a_token_of_a_given_size(bureau: Bureau) -> None:
    """A session token is as long as it is asked to be, and says how much of the most that is."""
    bureau.role()
    answer = bureau.sts("AssumeRole", RoleArn=ROLE, RoleSessionName="n1", MinimumSessionTokenSize=4096)
    assert (answer["SessionTokenSize"], answer["SessionTokenUtilization"]) == (4096, 100)
    assert bureau.by(bureau.sts, answer)("GetCallerIdentity")["Account"] == ACCOUNT


def test_s19_members_that_the_api_does_not_have(bureau: Bureau) -> None:
    """S19: A request that names a column, another principal or an account gets the session it would have got anyway."""
    bureau.role("puller", None, READ_ONLY)
    wanted = {"RoleArn": ROLE, "RoleSessionName": "night"}
    form = {"Kind": "session", "PrincipalId": "AIDA", "PolicyIds": "[]", "ExpiresAt": "9999999999999", "Account": OTHER}
    body = "&".join(f"{k}={v}" for k, v in {"Action": "AssumeRole", "Version": "2011-06-15", **wanted, **form}.items())
    reply = bureau.wire.runner.run(bureau.wire.door(bureau.sts._request(body.encode())))
    assert reply.status == 200
    ((kind, principal_id, expires_at),) = bureau.read(
        select(session.c.kind, session.c.principal_id, session.c.expires_at)
    )
    assert (kind, principal_id[:4], expires_at) == ("assumed-role", "AROA", NOON + HOUR)


# What sessions may do


def test_a_session_does_what_its_role_may(bureau: Bureau) -> None:
    """A session of a role that may only read reads at both doors, and is denied a push in the role's words."""
    digest = (bureau.wire("CreateRepository", repositoryName="demo"), bureau.wire.image("demo", "x", "v1"))[1]
    bureau.role("puller", None, READ_ONLY)
    night = bureau.assume()
    assert bureau.ecr(night, "ListImages", repositoryName="demo").body["imageIds"][0]["imageDigest"] == digest
    refused = bureau.ecr(night, "DeleteRepository", repositoryName="demo")
    sentence = f"User: {SESSION} is not authorized to perform: ecr:DeleteRepository on resource: "
    assert (refused.status, refused.body["message"].startswith(sentence)) == (400, True)
    assert bureau.get("/v2/demo/manifests/v1", bureau.password(night))[0] == 200


def test_s17_the_registry_token_carries_the_session(bureau: Bureau) -> None:
    """S17: With a session's password docker may do what the session may: policies, tags and boundary count."""
    bureau.wire("CreateRepository", repositoryName="demo")
    bureau.wire.image("demo", "x", "v1")
    only_red = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    bureau.role("puller")
    document = policy({"Effect": "Allow", "Action": "ecr:*", "Resource": "*", "Condition": only_red})
    bureau.iam("PutRolePolicy", RoleName="puller", PolicyName="may", PolicyDocument=document)
    red, blue = tags(team="red"), tags(team="blue")
    token = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    everything = bureau.password(bureau.assume(Tags=red))
    nothing_more = bureau.password(bureau.assume(Tags=red, Policy=policy(token)))
    managed = bureau.password(bureau.assume(Tags=red, PolicyArns=[{"arn": READ_ONLY}]))
    path = "/v2/demo/manifests/v1"
    assert bureau.get(path, everything)[0] == 200
    assert bureau.get(path, managed)[0] == 200
    status, body = bureau.get(path, nothing_more)
    assert (status, b"because no session policy allows the ecr:BatchGetImage action" in body) == (403, True)
    assert bureau.ecr(bureau.assume(Tags=blue), "GetAuthorizationToken").body["__type"] == "AccessDeniedException"
    bureau.iam(
        "PutRolePermissionsBoundary", RoleName="puller", PermissionsBoundary="arn:aws:iam::aws:policy/IAMFullAccess"
    )
    status, body = bureau.get(path, everything)
    assert (status, b"because no permissions boundary allows" in body) == (403, True)


def test_s9_a_session_ends_with_its_role(bureau: Bureau) -> None:
    """S9: A session and its password lose at once what its role loses, and are unknown when the role is deleted."""
    bureau.wire("CreateRepository", repositoryName="demo")
    bureau.wire.image("demo", "x", "v1")
    bureau.role("puller", None, READ_ONLY)
    night = bureau.assume()
    password, path = bureau.password(night), "/v2/demo/manifests/v1"
    assert bureau.get(path, password)[0] == 200
    bureau.iam("DetachRolePolicy", RoleName="puller", PolicyArn=READ_ONLY)
    assert bureau.get(path, password)[0] == 403
    assert bureau.ecr(night, "ListImages", repositoryName="demo").body["__type"] == "AccessDeniedException"
    bureau.iam("DeleteRole", RoleName="puller")
    bureau.role("puller", None, READ_ONLY)
    assert bureau.get(path, password)[0] == 403
    assert night.refused("GetCallerIdentity") == INVALID_TOKEN


def test_a_session_policy_that_is_deleted_allows_nothing(bureau: Bureau) -> None:
    """A session that a managed policy limits may do nothing any more once that policy is gone."""
    bureau.wire("CreateRepository", repositoryName="demo")
    bureau.role("puller", None, POWER_USER)
    document = policy({"Effect": "Allow", "Action": "ecr:*", "Resource": "*"})
    made = bureau.iam("CreatePolicy", PolicyName="limit", PolicyDocument=document)["Policy"]["Arn"]
    night = bureau.assume(PolicyArns=[{"arn": made}])
    assert bureau.ecr(night, "ListImages", repositoryName="demo").status == 200
    bureau.iam("DeletePolicy", PolicyArn=made)
    assert bureau.ecr(night, "ListImages", repositoryName="demo").body["__type"] == "AccessDeniedException"


def test_a_password_outlives_its_session(bureau: Bureau) -> None:
    """Docker pulls with a session's password for twelve hours, also when the session is over before."""
    bureau.wire("CreateRepository", repositoryName="demo")
    bureau.wire.image("demo", "x", "v1")
    bureau.role("puller", None, READ_ONLY)
    night = bureau.assume(DurationSeconds=900)
    password = bureau.password(night)
    bureau.wire.clock.now += 900 * SECOND
    assert night.refused("GetCallerIdentity") == EXPIRED
    assert bureau.ecr(night, "ListImages", repositoryName="demo").refusal == (
        400,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    )
    assert bureau.get("/v2/demo/manifests/v1", password)[0] == 200
    bureau.wire.clock.now = NOON + 12 * HOUR
    assert bureau.get("/v2/demo/manifests/v1", password)[0] == 403


# GetSessionToken


def test_a_users_session(bureau: Bureau) -> None:
    """A user's session lives twelve hours unless it asks otherwise, does what the user may and ends with the key."""
    bureau.wire("CreateRepository", repositoryName="demo")
    bob = bureau.user("bob", {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"})
    answer = bob("GetSessionToken")
    assert answer["Credentials"]["Expiration"].timestamp() * 1000 == NOON + 12 * HOUR
    longest = bob("GetSessionToken", DurationSeconds=129_600)["Credentials"]["Expiration"]
    assert longest.timestamp() * 1000 == NOON + 36 * HOUR
    own = bureau.by(bob, answer)
    assert bureau.ecr(own, "ListImages", repositoryName="demo").status == 200
    password = bureau.password(own)
    assert bureau.get("/v2/demo/tags/list", password)[0] == 200
    bureau.iam("UpdateAccessKey", UserName="bob", AccessKeyId=bob.key.access_key_id, Status="Inactive")
    assert own.refused("GetCallerIdentity") == INVALID_TOKEN
    assert bureau.get("/v2/demo/tags/list", password)[0] == 403


@pytest.mark.parametrize("seconds", [899, 129_601])
def test_a_users_session_has_its_limits(bureau: Bureau, seconds: int) -> None:
    """A user's session lives from a quarter of an hour to 36 hours."""
    status, code, sentence = bureau.sts.refused("GetSessionToken", DurationSeconds=seconds)
    assert (status, code) == (400, "ValidationError")
    assert f"Value '{seconds}' at 'durationSeconds' failed to satisfy constraint" in sentence


def test_no_session_begins_another_of_its_user(bureau: Bureau) -> None:
    """GetSessionToken is for long-term credentials, and refuses the sessions of roles and of users in AWS's words."""
    bureau.role("puller", None, "arn:aws:iam::aws:policy/AdministratorAccess")
    own = bureau.by(bureau.sts, bureau.sts("GetSessionToken"))
    for each in (bureau.assume(), own):
        assert each.refused("GetSessionToken") == (
            403,
            "AccessDenied",
            "Cannot call GetSessionToken with session credentials",
        )


def test_what_a_users_session_does_not_reach(bureau: Bureau) -> None:
    """A user's session does not know IAM, and knows of STS only AssumeRole and GetCallerIdentity, as on AWS."""
    bureau.role()
    own = bureau.by(bureau.sts, bureau.sts("GetSessionToken"))
    assert bureau.iam.by(own.key, own.session_token).refused("ListUsers") == INVALID_TOKEN
    for operation, members in (
        ("GetAccessKeyInfo", {"AccessKeyId": own.key.access_key_id}),
        ("DecodeAuthorizationMessage", {"EncodedMessage": "x"}),
    ):
        assert own.refused(operation, **members)[:2] == (403, "AccessDenied")
    tagged = bureau.assume(by=own, Tags=tags(a="1"), SourceIdentity="bob")
    assert tagged("GetCallerIdentity")["Arn"] == SESSION


# Keys and messages


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
    return str(refusal[2]).partition(" Encoded authorization failure message: ")[2]


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
