"""The grammar of policies: what is refused, in IAM's words, and what is not."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.access.policy import Form, check, compile_policy
from cargohold.core.errors import MalformedPolicyDocument
from tests.unit.access import malformed
from tests.unit.access.malformed import OK, named, ok, policy, trusted, when

ROWS: list[tuple[Form, str, str]] = [
    *(("identity", *row) for row in malformed.IDENTITY),
    *(("managed", *row) for row in malformed.MANAGED),
    *(("trust", *row) for row in malformed.TRUST),
    *(("resource", *row) for row in malformed.RESOURCE),
]


@pytest.mark.parametrize(("kind", "text", "sentence"), ROWS, ids=lambda value: str(value)[:80])
def test_a_malformed_policy_is_refused_in_iams_words(kind: Form, text: str, sentence: str) -> None:
    """A policy that breaks the grammar of its kind is refused with the sentence that AWS says."""
    with pytest.raises(MalformedPolicyDocument) as refused:
        check(text, kind, "ecr" if kind == "resource" else None)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(("text", "sentence"), malformed.IDENTITY, ids=lambda value: str(value)[:80])
@pytest.mark.parametrize("kind", ["boundary", "session"])
def test_boundaries_and_session_policies_have_the_same_grammar(kind: Form, text: str, sentence: str) -> None:
    """What no identity may have, no boundary and no session may have."""
    with pytest.raises(MalformedPolicyDocument) as refused:
        check(text, kind)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("identity", policy(OK)),
        ("managed", policy(OK)),
        ("identity", json.dumps({"Statement": OK})),
        ("identity", json.dumps({"Version": "2008-10-17", "Id": "x", "Statement": OK})),
        ("identity", policy(ok(Resource=["*", malformed.BUCKET]))),
        ("identity", policy(ok(Action="*"))),
        ("identity", policy(ok(Action="iam: asdf safdsf af "))),
        ("identity", policy(ok(Action="service-prefix:action-name", Resource="*"))),
        ("identity", policy(ok(Action="s3.s:ListBucket"))),
        ("identity", policy(ok(Action=None, NotAction="s3:ListBucket"))),
        ("identity", policy(ok(Resource=None, NotResource="*"))),
        ("identity", policy(ok(Resource="arn:aws:fdsasf"))),
        ("identity", policy(ok(Resource="arn:aws:logs:*"))),
        ("identity", policy(ok(Resource="arn:*:ecr:*:*:repository/a"))),
        ("identity", policy(ok(Resource="arn:aws-cn:s3:::b"))),
        ("identity", policy(ok(Resource="arn:aws:iam:::user/example_bucket"))),
        ("identity", policy(ok(Resource="arn:aws:iam::aws:policy/x"))),
        ("identity", policy(ok(Resource="arn:aws:iam::*:user/${aws:username}"))),
        ("identity", policy(ok(Resource="arn:aws:ecr:*:12345678901?:repository/*"))),
        ("identity", policy(ok(Sid="a"), ok())),
        ("identity", policy(ok(Sid=""), ok(Sid=""))),
        ("identity", policy(ok(Condition={}))),
        ("identity", policy(when(DateGreaterThan={}))),
        ("identity", policy(when(DateGreaterThan={"a": []}))),
        ("identity", policy(when(x={}, y={}))),
        ("identity", policy(when(DateLessThanEquals={"a": "2016-12-13t2:00:00.593194+23"}))),
        ("identity", policy(when(DateLessThan={"a": "-292275054"}))),
        ("identity", policy(when(Bool={"a": True}, NumericLessThan={"a": 3600}))),
        ("identity", policy(when(**{"ForAnyValue:StringEqualsIfExists": {"a": "asf"}}))),
        ("trust", policy(trusted())),
        ("trust", policy(trusted(Action=["sts:AssumeRole", "sts:TagSession"], Condition={}))),
        ("trust", policy(trusted(Principal={"AWS": "*"}))),
        ("trust", policy(trusted(Principal={"Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]}))),
        ("trust", policy(trusted(Principal={"Federated": "cognito-identity.amazonaws.com"}))),
        ("trust", policy(trusted(Principal={"Federated": "arn:aws:iam::123456789012:oidc-provider/a.b/c"}))),
        ("trust", policy(trusted(Principal={"AWS": "arn:aws:sts::123456789012:assumed-role/ci/run"}))),
        ("trust", policy(trusted(Principal={"AWS": "AROAEXAMPLE0000000000:run"}))),
        ("trust", policy(trusted(Sid="with spaces"))),
        ("resource", policy(named(Sid="new statement"))),
        ("resource", policy(named(Resource="*"))),
        ("resource", policy(named(Action=["ecr:*", "ecr:batchgetimage", "ecr:Put*"]))),
        ("resource", policy(named(Principal={"AWS": ["123456789012", "arn:aws:iam::123456789012:root"]}))),
        ("resource", policy(named(Principal={"Service": "lambda.amazonaws.com"}))),
        ("resource", policy(named(Principal={"CanonicalUser": "a" * 64}))),
        ("resource", policy(named(Effect="Deny", Principal=None, NotPrincipal={"AWS": "123456789012"}))),
        ("resource", json.dumps({"Version": "2008-10-17", "Statement": [named()]})),
    ],
)
def test_what_iam_accepts_is_accepted(kind: Form, text: str) -> None:
    """Policies that look odd and are none the less right pass their check, and can be compiled."""
    check(text, kind, "ecr" if kind == "resource" else None)
    assert compile_policy(text, "identity" if kind == "managed" else kind).statements


@given(st.text(max_size=60), st.sampled_from(["identity", "trust", "resource"]))
def test_any_text_is_refused_quietly(text: str, kind: Form) -> None:
    """No text makes the check or the compiler fail in another way."""
    for attempt in (lambda: check(text, kind), lambda: compile_policy(text, "identity")):
        with pytest.raises(MalformedPolicyDocument):
            attempt()


KEYS = st.sampled_from(["AWS", "StringEquals", "a"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "*", "Allow", "ecr:*", "2020"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=5,
)
ELEMENTS = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"]


@given(
    st.dictionaries(st.sampled_from(ELEMENTS), JSON),
    st.sampled_from([malformed.OK, malformed.TRUSTED, malformed.NAMED]),
    st.sampled_from(["identity", "trust", "resource"]),
)
def test_any_statement_is_refused_or_compiles(changed: dict[str, object], base: dict[str, object], kind: Form) -> None:
    """Whatever a statement holds, it is refused as malformed, or it passes and compiles."""
    text = policy({**base, **changed})
    passes = False
    with contextlib.suppress(MalformedPolicyDocument):
        check(text, kind)
        passes = True
    assert not passes or len(compile_policy(text, kind).statements) == 1


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", policy(), policy({"Effect": "Allow"}), policy(ok(Effect="allow")), policy(when(x={"a": "b"})),
     policy(ok(Action=7)), policy("x"), policy(ok(Condition={"StringEquals": "x"}))],
)  # fmt: skip
def test_what_cannot_be_read_is_not_compiled(text: str) -> None:
    """A stored policy that is no policy is refused, rather than read as one that says nothing."""
    with pytest.raises(MalformedPolicyDocument):
        compile_policy(text, "identity")
