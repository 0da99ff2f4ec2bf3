"""AssumeRole: who may have a session of a role, and what it may be asked to be."""

from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import select

from cargohold.access.guard import Admission
from cargohold.aws.door import AwsDoor
from cargohold.core.clock import HOUR
from cargohold.database.schema.identity import session
from cargohold.identity.role import NewRole

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .query import client
from .recordings import assert_as_recorded, recorded
from .sts import ADMINISTRATOR, ALL_OF_STS, READ_ONLY, ROLE, SESSION, Bureau, denied, opened, policy, tags, trusting


@pytest.fixture
def bureau(wire: Wire) -> Bureau:
    """The bureau of a fresh registry."""
    return opened(wire)


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


def test_a_role_that_is_made_anew_meanwhile(bureau: Bureau) -> None:
    """A role that is deleted and made anew after the guard looked at it is another one: there is no session of it."""
    bureau.role()
    judged = bureau.wire.services.guard

    class Slow:
        async def require(self, *given: Any, **more: Any) -> Admission:
            admission = await judged.require(*given, **more)
            await bureau.wire.services.roles.delete(ACCOUNT, "puller")
            await bureau.wire.services.roles.create(ACCOUNT, NewRole("puller", trusting(OTHER)))
            return admission

    door = AwsDoor(replace(bureau.wire.services, guard=cast("Any", Slow())))
    slow = replace(bureau.sts, wire=replace(bureau.wire, door=door))
    assert bureau.refused(slow) == denied(ADMINISTRATOR, "sts:AssumeRole", ROLE)
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
