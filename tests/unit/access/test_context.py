"""The request context: which keys a request fills, and with what."""

from dataclasses import replace

import pytest

from cargohold.access.context import DemandContext, Situation, Surroundings
from cargohold.access.demand import Demand, Entity
from cargohold.core.arn import Registry
from cargohold.identity.principals import Principal, Session

HOME = Registry("123456789012", "eu-central-1")
NOW = 1_772_366_400_000
SEEN = Surroundings("192.0.2.7", secure=True, user_agent="docker/29")
USER_ARN = "arn:aws:iam::123456789012:user/staff/ann"
ANN = Principal("AIDA1", USER_ARN, HOME.account, "user", "ann", "AIDA1", USER_ARN, {"Team": "red"})
ROLE = "arn:aws:iam::123456789012:role/Deploy"
CI = Principal(
    "AROA1:ci", "arn:aws:sts::123456789012:assumed-role/Deploy/ci", HOME.account, "assumed-role", "ci", "AROA1", ROLE
)
SESSION = Session("ASIA1", "assumed-role", HOME.account, "AROA1", "ci", {}, (), "ann", NOW - 60_000, NOW)
PULL = Demand("ecr:BatchGetImage", HOME, "app")
OF_EVERYBODY = {
    "aws:currenttime": "2026-03-01T12:00:00Z",
    "aws:epochtime": "1772366400",
    "aws:sourceip": "192.0.2.7",
    "aws:securetransport": "true",
    "aws:useragent": "docker/29",
    "aws:viaawsservice": "false",
    "aws:principalisawsservice": "false",
    "aws:requestedregion": "eu-central-1",
    "aws:resourceaccount": "123456789012",
    "aws:principalaccount": "123456789012",
}


def context(
    principal: Principal = ANN,
    demand: Demand = PULL,
    session: Session | None = None,
    issued_at: int | None = None,
    **tags: str,
) -> DemandContext:
    return DemandContext(Situation(principal, session, issued_at, SEEN, NOW), demand, lambda: tags)


def test_a_user() -> None:
    """A user's signed request fills who it is, where from and when; no token, no session, no MFA."""
    assert dict(context()) == OF_EVERYBODY | {
        "aws:principalarn": USER_ARN,
        "aws:principaltype": "User",
        "aws:userid": "AIDA1",
        "aws:username": "ann",
        "aws:principaltag/team": "red",
    }


def test_a_role_session() -> None:
    """A role's session has the role's ARN, its own id, no user name, and says that it was made without MFA."""
    assert dict(context(CI, session=SESSION)) == OF_EVERYBODY | {
        "aws:principalarn": ROLE,
        "aws:principaltype": "AssumedRole",
        "aws:userid": "AROA1:ci",
        "aws:tokenissuetime": "2026-03-01T11:59:00Z",
        "aws:sourceidentity": "ann",
        "aws:multifactorauthpresent": "false",
    }


def test_a_federated_user() -> None:
    """A federated user is of its own type and is not the user who vouched for it; MFA is not spoken of."""
    arn = "arn:aws:sts::123456789012:federated-user/bob"
    bob = Principal("123456789012:bob", arn, HOME.account, "federated-user", "bob", "AIDA1", arn)
    made = context(bob, session=replace(SESSION, kind="federated-user", source_identity=None))
    assert (made["aws:principaltype"], made["aws:principalarn"]) == ("FederatedUser", arn)
    assert made["aws:userid"] == "123456789012:bob"
    assert not {"aws:username", "aws:multifactorauthpresent", "aws:sourceidentity"} & set(made)


@pytest.mark.parametrize(
    ("session", "moment"), [(None, "2026-03-01T11:59:50Z"), (SESSION, "2026-03-01T11:59:00Z")], ids=["key", "session"]
)
def test_when_a_registry_token_was_issued(session: Session | None, moment: str) -> None:
    """A registry token of a key was issued when it says so, one of a session when its session was."""
    assert context(CI if session else ANN, session=session, issued_at=NOW - 10_000)["aws:tokenissuetime"] == moment


def test_tags_of_the_resource_and_facts_of_the_request() -> None:
    """The resource's tags stand under the global key and its service's own, the request's facts under theirs."""
    facts = (("aws:RequestTag/Team", "blue"), ("aws:TagKeys", ("Team",)))
    made = context(demand=replace(PULL, facts=facts), Env="dev")
    assert {key: made[key] for key in made if "tag" in key} == {
        "aws:principaltag/team": "red",
        "aws:resourcetag/env": "dev",
        "ecr:resourcetag/env": "dev",
        "aws:requesttag/team": "blue",
        "aws:tagkeys": ("Team",),
    }


def test_tags_whose_keys_differ_in_case() -> None:
    """Of two tags of a resource or a request with one key in two cases, the one in lower case counts, in any order."""
    for tags in ({"team": "low", "TEAM": "high"}, {"TEAM": "high", "team": "low"}):
        assert context(**tags)["ecr:resourcetag/team"] == "low"
        demand = replace(PULL, facts=tuple((f"aws:RequestTag/{key}", value) for key, value in tags.items()))
        assert context(demand=demand)["aws:requesttag/team"] == "low"


def test_tags_of_a_role_that_is_assumed() -> None:
    """A role's tags stand under IAM's key, whose the role is, also where STS is asked for it."""
    made = context(demand=Demand("sts:AssumeRole", HOME, entity=Entity("role", "Deploy")), Env="dev")
    assert {key for key in made if "resourcetag" in key} == {"aws:resourcetag/env", "iam:resourcetag/env"}


def test_what_is_not_known_is_absent() -> None:
    """An address or agent that is not known is no empty one; what comes without TLS says so."""
    seen = Surroundings()
    made = DemandContext(Situation(ANN, None, None, seen, NOW), PULL, dict)
    assert made["aws:securetransport"] == "false"
    assert not {"aws:sourceip", "aws:useragent", "aws:tokenissuetime"} & set(made)


def test_it_remembers_what_was_asked() -> None:
    """What was asked for and is there is remembered, for the denial's message; the rest is not even made."""
    made = context()
    assert made._values is None
    assert (made.get("aws:username"), made.get("aws:nothing")) == ("ann", None)
    assert made.asked == {"aws:username": "ann"}
