"""Explanations: what decided, what nearly would have, and statements that are enough and no more than that."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.access.evaluate import Ask, Held, decide
from cargohold.access.explain import explain
from cargohold.access.policy import Kind, Policy
from cargohold.access.simulate import ALLOW_ALL
from cargohold.access.sources import Source, Sources
from cargohold.access.suggest import Suggestion, added, written
from cargohold.identity.principals import Principal

HOME, ABROAD = "123456789012", "210987654321"
PULL, PUSH = "ecr:BatchGetImage", "ecr:PutImage"
ALICE_ARN = f"arn:aws:iam::{HOME}:user/team/alice"
DEPLOY_ARN = f"arn:aws:iam::{HOME}:role/deploy"
ALICE = Principal("AIDAALICE", ALICE_ARN, HOME, "user", "alice", "AIDAALICE", ALICE_ARN)
RUN = Principal(
    "AROADEPLOY:run",
    f"arn:aws:sts::{HOME}:assumed-role/deploy/run",
    HOME,
    "assumed-role",
    "run",
    "AROADEPLOY",
    DEPLOY_ARN,
)
APP, THEIRS = (f"arn:aws:ecr:eu-west-1:{account}:repository/team/app" for account in (HOME, ABROAD))
CONTEXT = {"aws:sourceip": "192.0.2.7", "aws:username": "alice"}


def policy(kind: Kind, *statements: Mapping[str, Any], name: str = "", label: str = "") -> Source:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2)
    return Source(text, kind, "", name, label)


def statement(action: Any, resource: Any = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def to(principal: Any, action: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, **more}


def ask(who: Principal = ALICE, action: str = PULL, resource: str = APP, owner: str = HOME) -> Ask:
    return Ask(who, action, resource, owner, CONTEXT)


def suggested(asked: Ask, *sources: Source) -> list[tuple[str, Any]]:
    return [(each.kind, each.statement) for each in explain(asked, Sources(sources)).suggestions]


def test_what_allows_is_told() -> None:
    """Where it is allowed the statements that allow it are told, with their lines, and nothing is suggested."""
    told = explain(ask(), Sources([policy("identity", statement(PUSH), statement("ecr:*"), label="the policy x")]))
    assert (told.allowed, told.explicit_deny, told.reason, told.suggestions) == (True, False, "", ())
    (found,) = told.statements
    assert (found.part, found.written.statement.index, found.first_line, found.last_line) == ("allows", 1, 9, 13)
    assert found.written.text.splitlines()[2] == '      "Action": "ecr:*",'
    assert found.written.source.label == "the policy x"


def test_a_denial_cannot_be_helped() -> None:
    """Where a statement denies it is named, with its policy's ARN as AWS does, and no allow is suggested."""
    arn = f"arn:aws:iam::{HOME}:policy/guard"
    denying = policy("identity", statement(PULL, effect="Deny", Sid="NoPulls"), name=arn)
    told = explain(ask(), Sources([policy("identity", statement("*")), denying]))
    assert (told.allowed, told.explicit_deny, told.missing, told.suggestions) == (False, True, None, ())
    assert told.reason == f"with an explicit deny in an identity-based policy: {arn}"
    assert [(each.part, each.written.statement.sid) for each in told.statements] == [
        ("denies", "NoPulls"),
        ("allows", None),
    ]


def test_the_smallest_statement() -> None:
    """A user who may nothing is to get exactly the action on exactly the resource."""
    told = explain(ask(), Sources([]))
    (suggestion,) = told.suggestions
    assert suggestion.statement == {"Effect": "Allow", "Action": PULL, "Resource": APP}
    assert suggestion.place == f"an identity-based policy of {ALICE_ARN}"
    assert told.reason == f"because no identity-based policy allows the {PULL} action"
    assert json.loads(suggestion.text) == suggestion.statement


def test_a_boundary_is_to_be_widened() -> None:
    """Where the boundary does not allow, the statement belongs there, and the boundary is named."""
    bounds = policy("boundary", statement("s3:*"), label="the managed policy bounds")
    (suggestion,) = explain(ask(), Sources([policy("identity", statement("*")), bounds])).suggestions
    assert (suggestion.kind, suggestion.place) == ("boundary", "its permissions boundary, the managed policy bounds")


def test_everything_that_is_missing() -> None:
    """Identity, boundary and session policies that all lack it are all named at once, in the order they are asked."""
    sources = [policy("boundary", statement(PUSH)), policy("session", statement(PUSH))]
    kinds = [kind for kind, _ in suggested(ask(RUN), *sources)]
    assert kinds == ["identity", "boundary", "session"]


def test_across_accounts_both() -> None:
    """A repository of another account needs its policy too, with the very principal."""
    assert suggested(ask(resource=THEIRS, owner=ABROAD)) == [
        ("identity", {"Effect": "Allow", "Action": PULL, "Resource": THEIRS}),
        ("resource", {"Effect": "Allow", "Principal": {"AWS": ALICE_ARN}, "Action": PULL}),
    ]


def test_a_session_is_let_in_by_its_role() -> None:
    """Another account lets a session in by its role, which lives on."""
    found = suggested(ask(RUN, resource=THEIRS, owner=ABROAD), policy("identity", statement("*")))
    assert found == [("resource", {"Effect": "Allow", "Principal": {"AWS": DEPLOY_ARN}, "Action": PULL})]


def test_creating_abroad_is_for_the_registry() -> None:
    """What a repository's policy cannot give, for it is yet to be made, stands in the registry's."""
    asked = ask(action="ecr:CreateRepository", resource=THEIRS, owner=ABROAD)
    (suggestion,) = explain(asked, Sources([policy("identity", statement("*"))])).suggestions
    assert suggestion.place == f"the registry policy of account {ABROAD}"
    assert suggestion.statement["Resource"] == THEIRS


def test_assuming_a_role() -> None:
    """A role is assumed by its trust policy: the statement names who asks, and no resource."""
    asked = ask(action="sts:AssumeRole", resource=DEPLOY_ARN)
    trust = policy("trust", to({"AWS": f"arn:aws:iam::{HOME}:user/bob"}, "sts:AssumeRole"))
    (suggestion,) = explain(asked, Sources([policy("identity", statement("*")), trust])).suggestions
    assert (suggestion.kind, suggestion.place) == ("trust", f"the trust policy of {DEPLOY_ARN}")
    assert suggestion.statement == to({"AWS": ALICE_ARN}, "sts:AssumeRole")


def test_what_no_policy_opens() -> None:
    """What has no policy of its own cannot be opened to another account, so nothing is suggested."""
    asked = ask(action="iam:GetUser", resource=f"arn:aws:iam::{ABROAD}:user/bob", owner=ABROAD)
    told = explain(asked, Sources([policy("identity", statement("*"))]))
    assert (told.missing, told.suggestions) == ("resource", ())


@pytest.mark.parametrize(
    ("condition", "nearly"),
    [({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, 1), ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, 0)],
)
def test_a_condition_that_does_not_hold(condition: dict[str, Any], nearly: int) -> None:
    """A statement that would allow it but for its condition is told, with the keys that it asks for."""
    told = explain(ask(), Sources([policy("identity", statement(PULL, Condition=condition))]))
    found = [each for each in told.statements if each.part == "condition"]
    assert len(found) == nearly
    assert all(each.written.keys == ("aws:SourceIp",) for each in found)


def test_a_condition_of_the_resource_policy() -> None:
    """Only a statement that names who asks is told to fail by its condition."""
    condition = {"Bool": {"aws:SecureTransport": "true"}}
    of_repository = policy(
        "resource",
        to({"AWS": HOME}, PULL, Sid="ours", Condition=condition),
        to({"AWS": "333333333333"}, PULL, Sid="others", Condition=condition),
    )
    told = explain(ask(resource=THEIRS, owner=ABROAD), Sources([policy("identity", statement("*")), of_repository]))
    assert [each.written.statement.sid for each in told.statements if each.part == "condition"] == ["ours"]


def test_policies_that_are_not_looked_at() -> None:
    """What stands for policies that are another account's to see is not told as a statement."""
    told = explain(ask(resource=THEIRS, owner=ABROAD), Sources([]), Held((ALLOW_ALL,)))
    assert (told.missing, told.statements) == ("resource", ())
    assert [each.kind for each in told.suggestions] == ["resource"]


def test_names_are_not_patterns() -> None:
    """An ARN that holds what a policy would read as a pattern is written so that it means itself."""
    assert written("arn:aws:x:::a*b?c${d}") == "arn:aws:x:::a${*}b${?}c${$}{d}"
    odd = "arn:aws:sqs:eu-west-1:123456789012:a*b?c${aws:username}"
    (suggestion,) = explain(ask(action="sqs:SendMessage", resource=odd), Sources([])).suggestions
    held, _ = added(Held(), (), suggestion)
    assert decide(ask(action="sqs:SendMessage", resource=odd), held).allowed
    other = odd.replace("*", "x")
    assert not decide(ask(action="sqs:SendMessage", resource=other), held).allowed


ACTIONS = st.sampled_from([PULL, PUSH, "ecr:*", "ecr:Batch*", "s3:GetObject", "*", "sts:AssumeRole"])
RESOURCES = st.sampled_from(["*", APP, THEIRS, "arn:aws:ecr:*:*:repository/team/*", DEPLOY_ARN])
CONDITIONS = st.sampled_from(
    [{}, {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"StringEquals": {"aws:username": "alice"}}]
)
NAMES = st.sampled_from(["*", {"AWS": HOME}, {"AWS": ABROAD}, {"AWS": ALICE_ARN}, {"AWS": DEPLOY_ARN}])


def allowing(kind: Kind) -> st.SearchStrategy[Source]:
    """Policies of a kind that only allow."""
    if kind in ("resource", "trust"):
        one = st.builds(lambda who, action, condition: to(who, action, Condition=condition), NAMES, ACTIONS, CONDITIONS)
    else:
        one = st.builds(
            lambda action, resource, condition: statement(action, resource, Condition=condition),
            ACTIONS,
            RESOURCES,
            CONDITIONS,
        )
    return st.lists(one, min_size=1, max_size=3).map(lambda statements: policy(kind, *statements))


def some(kind: Kind, most: int = 2) -> st.SearchStrategy[list[Source]]:
    return st.lists(allowing(kind), max_size=most)


ASKS = st.sampled_from(
    [
        *[
            ask(who, action, *at)
            for who in (ALICE, RUN)
            for action in (PULL, PUSH)
            for at in ((APP, HOME), (THEIRS, ABROAD))
        ],
        ask(action="ecr:GetAuthorizationToken", resource="*"),
        ask(RUN, "ecr:CreateRepository", THEIRS, ABROAD),
        ask(action="iam:GetUser", resource=ALICE_ARN),
    ]
)
ASSUMES = st.sampled_from(
    [
        ask(who, "sts:AssumeRole", f"arn:aws:iam::{owner}:role/deploy", owner)
        for who in (ALICE, RUN)
        for owner in (HOME, ABROAD)
    ]
)


def holds(asked: Ask, sources: Sources) -> None:
    """The suggestions, all together, allow it; each is needed, and allows no other action, resource or principal."""
    told = explain(asked, sources)
    assert told.allowed == (not told.suggestions)
    assert decide(asked, *with_all(sources, told.suggestions)).allowed
    for left_out in told.suggestions:
        rest = tuple(each for each in told.suggestions if each is not left_out)
        assert not decide(asked, *with_all(sources, rest)).allowed
    for each in told.suggestions:
        opens_no_more(asked, sources, each)


def opens_no_more(asked: Ask, sources: Sources, suggestion: Suggestion) -> None:
    """In its place, the principal's own policy or the resource's, it allows nothing else, there or to others."""
    more = with_all(sources, (suggestion,))
    others = [asked._replace(action=asked.action + "x")]
    if suggestion.kind in ("resource", "trust"):
        arn = f"{ALICE_ARN}x"
        others.append(asked._replace(principal=Principal("AIDABOB", arn, HOME, "user", "x", "AIDABOB", arn)))
    elif asked.resource != "*":
        others.append(asked._replace(resource=asked.resource + "x"))
    for other in others:
        assert decide(other, *more).allowed == decide(other, sources.held, sources.resource).allowed


def with_all(sources: Sources, suggestions: tuple[Suggestion, ...]) -> tuple[Held, tuple[Policy, ...]]:
    held, resource = sources.held, sources.resource
    for each in suggestions:
        held, more = added(held, resource, each)
        resource = tuple(more)
    return held, resource


@given(ASKS, some("identity"), some("boundary", 1), some("session", 1), some("resource"))
def test_suggestions_are_enough_and_no_more(
    asked: Ask, identity: list[Source], boundary: list[Source], session: list[Source], resource: list[Source]
) -> None:
    """Whatever policies there are that do not deny: what is suggested is needed, is enough, and opens no more."""
    of_resource = resource if asked.action.startswith("ecr:") else []
    holds(asked, Sources([*identity, *boundary, *session, *of_resource]))


@given(ASSUMES, some("identity"), some("boundary", 1), allowing("trust"))
def test_suggestions_for_roles(asked: Ask, identity: list[Source], boundary: list[Source], trust: Source) -> None:
    """The same of roles, whose trust policy has to let each in."""
    holds(asked, Sources([*identity, *boundary, trust]))


@given(ASKS, some("identity"), some("resource"), st.sampled_from(["identity", "boundary", "session", "resource"]))
def test_no_suggestion_against_a_denial(asked: Ask, identity: list[Source], resource: list[Source], kind: Kind) -> None:
    """Where any policy denies, nothing is suggested."""
    denying = to("*", "*", "Deny") if kind == "resource" else statement("*", effect="Deny")
    told = explain(asked, Sources([*identity, *resource, policy(kind, denying)]))
    assert (told.explicit_deny, told.suggestions) == (True, ())
