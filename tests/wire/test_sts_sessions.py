"""What sessions of roles and of users may do, at both doors, and what ends them."""

import pytest

from cargohold.core.clock import HOUR, SECOND

from .conftest import NOON, Wire
from .sts import EXPIRED, INVALID_TOKEN, POWER_USER, READ_ONLY, SESSION, Bureau, opened, policy, tags


@pytest.fixture
def bureau(wire: Wire) -> Bureau:
    """The bureau of a fresh registry."""
    return opened(wire)


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
