"""GetFederationToken: a session for somebody a user vouches for, within its policies and the user's."""

from datetime import UTC, datetime

import pytest

from cargohold.core.clock import HOUR

from .conftest import ACCOUNT, NOON, Wire
from .query import Query
from .sts import INVALID_TOKEN, READ_ONLY, Bureau, denied, opened, policy, tags

ARN = f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
ALL = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
MAY = {"Effect": "Allow", "Action": ["sts:GetFederationToken", "sts:TagSession"], "Resource": "*"}
LOGIN = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}


@pytest.fixture
def bureau(wire: Wire) -> Bureau:
    return opened(wire)


def guest(bureau: Bureau, by: Query, **options: object) -> Query:
    return bureau.by(by, by("GetFederationToken", Name="guest", **options))


def may_log_in(bureau: Bureau, session: Query) -> bool:
    return bureau.ecr(session, "GetAuthorizationToken").status == 200


def test_who_it_is(bureau: Bureau) -> None:
    """The federated user has a name and an id of its own, in the user's account, for twelve hours."""
    answer = bureau.sts("GetFederationToken", Name="guest", Policy=ALL)
    assert answer["FederatedUser"] == {"FederatedUserId": f"{ACCOUNT}:guest", "Arn": ARN}
    assert answer["Credentials"]["Expiration"] == datetime.fromtimestamp((NOON + 12 * HOUR) / 1000, UTC)
    assert answer["PackedPolicySize"] > 0
    known = bureau.by(bureau.sts, answer)("GetCallerIdentity")
    assert known == {"UserId": f"{ACCOUNT}:guest", "Account": ACCOUNT, "Arn": ARN}


def test_what_it_may(bureau: Bureau) -> None:
    """It may do what both the user and its session policy allow; without such a policy it may do nothing."""
    ann = bureau.user("ann", MAY, LOGIN)
    bob = bureau.user("bob", MAY)
    assert may_log_in(bureau, guest(bureau, ann, Policy=ALL))
    assert may_log_in(bureau, guest(bureau, ann, PolicyArns=[{"arn": READ_ONLY}]))
    assert not may_log_in(bureau, guest(bureau, ann))
    assert not may_log_in(bureau, guest(bureau, bob, Policy=ALL))
    listing = policy({"Effect": "Allow", "Action": "ecr:ListImages", "Resource": "*"})
    assert not may_log_in(bureau, guest(bureau, ann, Policy=listing))


def test_what_it_never_may(bureau: Bureau) -> None:
    """It does not reach IAM, asks STS for nothing but who it is, and whoever has it gets no further session."""
    session = guest(bureau, bureau.sts, Policy=ALL)
    assert bureau.iam.by(session.key, session.session_token).refused("ListUsers") == INVALID_TOKEN
    assert session.refused("GetFederationToken", Name="more")[1:] == (
        "AccessDenied",
        "Cannot call GetFederationToken with session credentials",
    )
    assert session.refused("GetSessionToken")[1] == "AccessDenied"
    assert session.refused("GetAccessKeyInfo", AccessKeyId="AKIAIOSFODNN7EXAMPLE")[1] == "AccessDenied"


def test_who_may_give_it(bureau: Bureau) -> None:
    """The user needs sts:GetFederationToken on the federated user's name, and sts:TagSession for tags."""
    on_guests = {**MAY, "Action": "sts:GetFederationToken", "Resource": ARN}
    ann = bureau.user("ann", on_guests)
    who = f"arn:aws:iam::{ACCOUNT}:user/ann"
    assert ann("GetFederationToken", Name="guest")["FederatedUser"]["Arn"] == ARN
    for refused, action in (
        (ann.refused("GetFederationToken", Name="other"), "sts:GetFederationToken"),
        (ann.refused("GetFederationToken", Name="guest", Tags=tags(team="red")), "sts:TagSession"),
    ):
        assert refused[2].startswith(denied(who, action, "")[2].removesuffix(" on resource: "))


def test_its_tags(bureau: Bureau) -> None:
    """Its tags are aws:PrincipalTag in its own policies."""
    when = {**LOGIN, "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}}
    ann = bureau.user("ann", MAY, LOGIN)
    assert may_log_in(bureau, guest(bureau, ann, Policy=policy(when), Tags=tags(team="red")))
    assert not may_log_in(bureau, guest(bureau, ann, Policy=policy(when), Tags=tags(team="blue")))


def test_s9_it_ends_with_the_key(bureau: Bureau) -> None:
    """Deleting the key that asked for it ends it on the next request."""
    ann = bureau.user("ann", MAY, LOGIN)
    session = guest(bureau, ann, Policy=ALL)
    password = bureau.password(session)
    bureau.iam("DeleteAccessKey", UserName="ann", AccessKeyId=ann.key.access_key_id)
    assert session.refused("GetCallerIdentity") == INVALID_TOKEN
    assert bureau.get("/v2/_catalog", password)[0] == 403


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Policy": "{}"}, "MalformedPolicyDocument"),
        ({"PolicyArns": [{"arn": f"arn:aws:iam::{ACCOUNT}:policy/none"}]}, "ValidationError"),
        ({"PolicyArns": [{"arn": READ_ONLY}] * 11}, "ValidationError"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]}, "InvalidParameterValue"),
        ({"DurationSeconds": 899}, "ValidationError"),
        ({"Name": "a b"}, "ValidationError"),
    ],
)
def test_what_is_refused(bureau: Bureau, members: dict[str, object], code: str) -> None:
    """Policies, tags and times keep to their rules."""
    status, found, _ = bureau.sts.refused("GetFederationToken", **{"Name": "guest", **members})
    assert (status, found) == (400, code)
