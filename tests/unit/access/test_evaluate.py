"""What holds for every decision, whatever the policies; and the words of a denial."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.access.evaluate import Ask, Decision, Held, decide
from cargohold.access.patterns import Template
from cargohold.access.policy import NO_TRUST, Candidates, Kind, Policy, compile_policy
from cargohold.identity.principals import Principal
from tests.unit.access.decisions.row import ABROAD, BOB, HOME, Block, allow, compiled, deny, document, session, to, user

REPO = f"arn:aws:ecr:us-east-1:{HOME}:repository/app"
CI = session("ci", "run-1")
MANAGED = f"arn:aws:iam::{HOME}:policy/Pull"

WHO = st.sampled_from([BOB, CI, user("Maria", ABROAD)])
ACTIONS = st.sampled_from(["ecr:PutImage", "ecr:BatchGetImage", "ecr:*", "*", "ecr:batch*", "sts:AssumeRole"])
ON = st.sampled_from(
    [
        "*",
        REPO,
        "arn:aws:ecr:*:*:repository/${aws:username}",
        f"{REPO}*",
        "arn:aws:ecr:*:*:repository/*",
        f"arn:aws:ecr:us-east-1:{HOME}:repository/b",
    ]
)
CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:PrincipalTag/team": "red"}},
        {"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
        {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}},
        {"Null": {"aws:TokenIssueTime": "true"}},
        {"StringLike": {"aws:PrincipalTag/team": "${aws:username}*"}},
    ]
)
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "aws:principaltag/team": st.sampled_from(["red", "blue"]),
        "aws:username": st.sampled_from(["app", "re", "*"]),
        "aws:tagkeys": st.sampled_from([("a",), ("b", "c"), ()]),
        "aws:tokenissuetime": st.just("2026-01-01T00:00:00Z"),
    },
)
NAMES = st.sampled_from(
    ["*", to(BOB.arn), to(HOME), to(ABROAD), to(CI.entity_arn), to(CI.arn), to(user("Maria", ABROAD).arn)]
)


@st.composite
def statements(draw: st.DrawFn, effect: str | None = None, *, named: bool = False) -> Block:
    effect = effect or draw(st.sampled_from(["Allow", "Deny"]))
    block = {"Effect": effect, "Action": draw(ACTIONS), "Resource": draw(ON), "Condition": draw(CONDITIONS)}
    return block | ({"Principal": draw(NAMES)} if named else {})


@st.composite
def policies(draw: st.DrawFn, kind: Kind) -> Policy:
    blocks = draw(st.lists(statements(named=kind in {"resource", "trust"}), min_size=1, max_size=4))
    return compile_policy(document(*blocks), kind)


@st.composite
def holdings(draw: st.DrawFn) -> Held:
    return Held(
        tuple(draw(st.lists(policies("identity"), max_size=3))),
        draw(st.none() | policies("boundary")),
        tuple(draw(st.lists(policies("session"), max_size=2))),
    )


RESOURCES = st.lists(policies("resource"), max_size=2)


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    action = draw(st.sampled_from(["ecr:PutImage", "ecr:BatchGetImage", "sts:AssumeRole"]))
    return Ask(draw(WHO), action, draw(st.sampled_from([REPO, "*"])), HOME, draw(CONTEXTS))


def more(held: Held, block: Block, kind: Kind) -> Held:
    """The same with one statement more in that kind of policies, where there are any of it."""
    extra = compile_policy(document(block), kind)
    if kind == "identity":
        return Held((*held.identity, extra), held.boundary, held.session)
    if kind == "session" and held.session:
        return Held(held.identity, held.boundary, (*held.session, extra))
    if kind == "boundary" and held.boundary is not None:
        joined = Policy("", "boundary", (*held.boundary.statements, *extra.statements))
        return Held(held.identity, joined, held.session)
    return held


@given(asks(), holdings(), RESOURCES)
def test_a_matching_deny_wins(ask: Ask, held: Held, resource: Sequence[Policy]) -> None:
    """A request that one statement denies is denied, whatever else there is, and the decision names that statement."""
    decision = decide(ask, more(held, deny("*"), "identity"), resource)
    assert not decision.allowed
    assert decision.reason.startswith("with an explicit deny in ")
    assert "Deny" in {match.effect for match in decision.matched}


@given(asks(), holdings(), RESOURCES, statements("Deny"), st.sampled_from(["identity", "boundary", "session"]))
def test_one_more_deny_never_allows(ask: Ask, held: Held, resource: Sequence[Policy], block: Block, kind: Kind) -> None:
    """What is denied stays denied with a Deny more."""
    if not decide(ask, held, resource).allowed:
        assert not decide(ask, more(held, block, kind), resource).allowed


@given(asks(), holdings(), RESOURCES, statements("Allow"), st.sampled_from(["identity", "boundary", "session"]))
def test_one_more_allow_never_denies(
    ask: Ask, held: Held, resource: Sequence[Policy], block: Block, kind: Kind
) -> None:
    """What is allowed stays allowed with an Allow more."""
    if decide(ask, held, resource).allowed:
        assert decide(ask, more(held, block, kind), resource).allowed


@given(asks(), holdings(), RESOURCES, statements(named=True))
def test_a_statement_more_on_the_resource_moves_one_way(
    ask: Ask, held: Held, resource: list[Policy], block: Block
) -> None:
    """An Allow more in a resource's policy never denies, and a Deny more never allows."""
    before = decide(ask, held, resource).allowed
    after = decide(ask, held, [*resource, compile_policy(document(block), "resource")]).allowed
    assert after >= before if block["Effect"] == "Allow" else after <= before


@given(asks(), holdings(), RESOURCES, st.randoms())
def test_the_order_never_matters(ask: Ask, held: Held, resource: list[Policy], random: object) -> None:
    """Policies, and statements within them, may stand in any order."""

    def mixed(given: Sequence[Policy]) -> list[Policy]:
        shuffled = [Policy(one.name, one.kind, tuple(_shuffled(one.statements, random))) for one in given]
        return _shuffled(shuffled, random)

    boundary = None if held.boundary is None else mixed([held.boundary])[0]
    other = Held(tuple(mixed(held.identity)), boundary, tuple(mixed(held.session)))
    first, second = decide(ask, held, resource), decide(ask, other, mixed(resource))
    assert (first.allowed, first.missing) == (second.allowed, second.missing)
    assert sorted(map(repr, first.matched)) == sorted(map(repr, second.matched))


def _shuffled(given: Sequence[object], random: object) -> list[object]:
    shuffled = list(given)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    return shuffled


@given(st.lists(asks(), max_size=4), asks(), holdings(), RESOURCES)
def test_what_was_decided_before_changes_nothing(
    before: list[Ask], ask: Ask, held: Held, resource: Sequence[Policy]
) -> None:
    """A decision is the same as the first of its policies and after any others."""
    fresh = Held(held.identity, held.boundary, held.session)
    first = decide(ask, fresh, resource)
    for other in before:
        decide(other, held, resource)
    assert decide(ask, held, resource) == first
    assert decide(ask, held, resource) == first


@given(asks(), holdings(), RESOURCES)
def test_a_denial_has_its_reason(ask: Ask, held: Held, resource: Sequence[Policy]) -> None:
    """A denial names the deny or the kind of policy that is missing; what is allowed has neither."""
    decision = decide(ask, held, resource)
    denied = any(match.effect == "Deny" for match in decision.matched)
    assert (decision.reason == "") is decision.allowed
    assert (decision.missing is not None) is (not decision.allowed and not denied)


def of(
    *blocks: Block,
    who: Principal = BOB,
    boundary: Policy | None = None,
    session: Sequence[Policy] = (),
    resource: Sequence[Policy] = (),
    owner: str = HOME,
    name: str = "inline",
    action: str = "ecr:PutImage",
) -> Decision:
    identity = (compiled("identity", *blocks, name=name),) if blocks else ()
    return decide(Ask(who, action, REPO, owner, {}), Held(identity, boundary, tuple(session)), resource)


ALL = allow("*")
NONE = allow("ec2:*")
BOUNDARY = compiled("boundary", NONE)
SESSION = compiled("session", NONE)
NAMED = compiled("resource", allow("ecr:*", None, principal=to(CI.entity_arn)))


@pytest.mark.parametrize(
    ("decision", "reason", "missing"),
    [
        (of(), "because no identity-based policy allows the ecr:PutImage action", "identity"),
        (of(NONE), "because no identity-based policy allows the ecr:PutImage action", "identity"),
        (of(ALL, boundary=BOUNDARY), "because no permissions boundary allows the ecr:PutImage action", "boundary"),
        (of(ALL, who=CI, session=[SESSION]), "because no session policy allows the ecr:PutImage action", "session"),
        (of(ALL, owner=ABROAD), "because no resource-based policy allows the ecr:PutImage action", "resource"),
        (of(owner=ABROAD), "because no identity-based policy allows the ecr:PutImage action", "identity"),
        (
            of(who=CI, boundary=BOUNDARY, resource=[NAMED]),
            "because no permissions boundary allows the ecr:PutImage action",
            "boundary",
        ),
        (of(ALL, deny("*")), "with an explicit deny in an identity-based policy", None),
        (of(ALL, deny("*"), name=MANAGED), f"with an explicit deny in an identity-based policy: {MANAGED}", None),
        (
            of(ALL, boundary=compiled("boundary", deny("*"), name=MANAGED)),
            f"with an explicit deny in a permissions boundary: {MANAGED}",
            None,
        ),
        (of(ALL, who=CI, session=[compiled("session", deny("*"))]), "with an explicit deny in a session policy", None),
        (
            of(ALL, resource=[compiled("resource", deny("ecr:*", None, principal="*"))]),
            "with an explicit deny in a resource-based policy",
            None,
        ),
        (of(ALL, action="sts:AssumeRole", resource=[NO_TRUST]), "", "resource"),
    ],
)
def test_a_denial_ends_in_the_words_of_aws(decision: Decision, reason: str, missing: Kind | None) -> None:
    """A denial says which kind of policy denies, or lacks the allow; a role that is not assumed says neither."""
    assert decision.allowed is False
    assert (decision.reason, decision.missing) == (reason, missing)


def test_a_decision_names_the_statements_that_matched() -> None:
    """Each match tells its policy, its kind, its Sid and its place; denials come first."""
    identity = compiled("identity", NONE, allow("ecr:*", sid="Mine"), name="inline")
    resource = compiled("resource", deny("ecr:*", None, sid="Theirs", principal="*"))
    matched = decide(Ask(BOB, "ecr:PutImage", REPO, HOME, {}), Held((identity,)), [resource]).matched
    assert [(match.policy, match.kind, match.sid, match.index, match.effect) for match in matched] == [
        ("", "resource", "Theirs", 0, "Deny"),
        ("inline", "identity", "Mine", 1, "Allow"),
    ]


def test_two_kinds_that_deny_are_told_as_one() -> None:
    """Where several kinds of policies deny, the sentence names the identity's."""
    resource = compiled("resource", deny("ecr:*", None, principal="*"))
    assert of(deny("*"), resource=[resource]).reason == "with an explicit deny in an identity-based policy"


def test_what_is_remembered_is_bounded() -> None:
    """Asking about ever new resources and actions keeps no more than a bounded number of answers."""
    held = Held((compiled("identity", allow("ecr:*", f"{REPO}*")),))
    for number in range(1000):
        assert decide(Ask(BOB, f"ecr:A{number}", f"{REPO}{number}", HOME, {}), held).allowed
    assert len(held.own) <= Candidates.LIMIT


def test_values_of_variables_that_are_remembered_are_bounded() -> None:
    """A pattern keeps what it is with the values that a few principals bring, and is right for all."""
    policy = compiled("identity", allow("ecr:*", "arn:aws:ecr:*:*:repository/${aws:username}"))
    held = Held((policy,))
    for number in range(200):
        for name, allowed in ((f"u{number}", True), (f"u{number + 1}", False)):
            ask = Ask(
                BOB, "ecr:PutImage", f"arn:aws:ecr:us-east-1:{HOME}:repository/u{number}", HOME, {"aws:username": name}
            )
            assert decide(ask, held).allowed is allowed
    resources = policy.statements[0].resources
    assert resources is not None
    assert len(resources.open[0].built) <= Template.LIMIT


def test_a_statement_tells_the_keys_it_reads() -> None:
    """Condition keys and variables of a statement are known, in lower case."""
    blocks = [
        allow(
            "ecr:*",
            "arn:aws:ecr:*:*:repository/${aws:username}",
            condition={"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team, 'red'}"}},
        )
    ]
    found = compile_policy(document(*blocks), "identity").statements[0].keys
    assert found == {"aws:username", "aws:resourcetag/team", "aws:principaltag/team"}
    assert compile_policy(json.dumps({"Statement": blocks}), "identity").statements[0].keys == {"aws:resourcetag/team"}
