"""AssumeRoleWithWebIdentity: whose token is a role's session, and what that session may."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cargohold.core.clock import HOUR, MINUTE
from cargohold.identity.issuer_keys import ASKED_AGAIN, KEPT, RESTED
from tests.bed.issuer import AUDIENCE, GITHUB, REPOSITORY, by_hand, claims, key_set, public_jwk, signed
from tests.bed.trail import events

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .query import client
from .sts import INVALID_TOKEN, READ_ONLY, ROLE, SESSION, policy, trusting
from .web import DENIED, HOST, PROVIDER, Workflow, begun, federated, unsigned

NO_KEY_SENTENCE = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)
NO_KEY = (400, "InvalidIdentityToken", NO_KEY_SENTENCE)
UNREACHABLE = (
    400,
    "IDPCommunicationError",
    "An error occurred while retrieving the verification keys of the identity provider",
)


@pytest.fixture
def workflow(wire: Wire) -> Workflow:
    return begun(wire)


def test_a_workflow_has_its_role(workflow: Workflow) -> None:
    """A token of the repository is a session of the role, for an hour, with the subject, audience and provider."""
    answer = workflow.assume()
    assert answer["AssumedRoleUser"]["Arn"] == SESSION
    assert (answer["SubjectFromWebIdentityToken"], answer["Audience"], answer["Provider"]) == (
        REPOSITORY,
        AUDIENCE,
        PROVIDER,
    )
    assert answer["Credentials"]["Expiration"] == datetime.fromtimestamp((NOON + HOUR) / 1000, UTC)
    session = workflow.bureau.by(workflow.bureau.sts, answer)
    assert session("GetCallerIdentity")["Arn"] == SESSION


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        *(("rsa", f"{kind}{size}") for kind in ("RS", "PS") for size in (256, 384, 512)),
        ("p256", "ES256"),
        ("p384", "ES384"),
        ("p521", "ES512"),
        ("ed", "EdDSA"),
    ],
)
def test_each_key_has_its_algorithms(workflow: Workflow, key: str, algorithm: str) -> None:
    """A key proves a token with each algorithm of its type."""
    assert workflow.assume(workflow.token(key, algorithm))["Provider"] == PROVIDER


def test_a_token_from_a_file(workflow: Workflow) -> None:
    """The line break at the end of a file that holds a token is no part of it."""
    assert workflow.assume(workflow.token() + "\n")["Provider"] == PROVIDER


def test_claims_are_conditions(wire: Wire) -> None:
    """A trust policy may ask for every plain claim by the issuer's name and its own, and for the session's name."""
    asked = {
        f"{HOST}:repository": "octo/hold",
        f"{HOST}:ref": "refs/heads/main",
        f"{HOST}:run_attempt": "2",
        f"{HOST}:forced": "true",
        "sts:RoleSessionName": "night",
        "aws:FederatedProvider": PROVIDER,
    }
    groups = {"ForAnyValue:StringEquals": {f"{HOST}:groups": "builders"}}
    workflow = begun(wire, federated(StringEquals=asked, **groups))
    right = {"run_attempt": 2, "forced": True, "groups": ["all", "builders"], "nested": {"repository": "x/y"}}
    assert workflow.assume(workflow.token(**right))["Provider"] == PROVIDER
    for wrong in ({"ref": "refs/heads/x"}, {"run_attempt": 3}, {"forced": None}, {"groups": []}, {"repository": {}}):
        assert workflow.refused(workflow.token(**right | wrong)) == DENIED
    assert workflow.refused(workflow.token(**right), RoleSessionName="day") == DENIED


def test_a_claim_has_no_double(wire: Wire) -> None:
    """A claim whose letters differ in case only does not stand for another one, and none for what we say ourselves."""
    workflow = begun(wire, federated(StringEquals={f"{HOST}:sub": "wanted", f"{HOST}:ref": "main"}))
    assert workflow.refused(workflow.token(SUB="wanted", Sub="wanted", ref="main")) == DENIED
    assert workflow.refused(workflow.token(sub="wanted", ref="other", REF="main")) == DENIED


@pytest.mark.parametrize(
    "trust",
    [
        trusting(ACCOUNT, action=["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"]),
        trusting("*", action="sts:AssumeRoleWithWebIdentity"),
        federated(PROVIDER + "/other"),
        federated(StringEquals={f"{HOST}:sub": "repo:other/hold:ref:refs/heads/main"}),
        policy({"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRole"}),
        policy(
            {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithWebIdentity"},
            {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRoleWithWebIdentity"},
        ),
    ],
)
def test_a_role_that_trusts_others(wire: Wire, trust: str) -> None:
    """A role is for tokens of the providers that its trust policy names, where no statement denies it."""
    workflow = begun(wire, trust)
    assert workflow.refused(workflow.token()) == DENIED


def test_a_role_that_is_not_there(workflow: Workflow) -> None:
    """Who may not have a role does not learn whether it is there."""
    assert workflow.refused(workflow.token(), RoleArn=f"{ROLE}x") == DENIED
    assert workflow.refused(workflow.token(), RoleArn=f"arn:aws:iam::{ACCOUNT}:user/puller") == DENIED


def test_a_provider_is_of_the_roles_account(workflow: Workflow) -> None:
    """A token counts where the role's own account has its issuer as a provider."""
    other = f"arn:aws:iam::{OTHER}:role/puller"
    sentence = f"No OpenIDConnect provider found in your account for {GITHUB}"
    assert workflow.refused(workflow.token(), RoleArn=other) == (400, "InvalidIdentityToken", sentence)


def tampered(workflow: Workflow, **changed: Any) -> str:
    head, _, signature = workflow.token().split(".")
    payload = by_hand({}, claims(NOON, **changed), b"").split(".")[1]
    return f"{head}.{payload}.{signature}"


def keyed_with(name: str, **headers: Any) -> str:
    return signed(claims(NOON), "other", "RS256", kid=name, **headers)


def hmac_with_the_public_key() -> str:
    """HS256 with the issuer's public key, which everybody knows, as the secret."""
    import hashlib
    import hmac

    from tests.bed.issuer import encoded, public_pem

    start = by_hand({"alg": "HS256", "typ": "JWT", "kid": "rsa"}, claims(NOON), b"").rpartition(".")[0]
    return f"{start}.{encoded(hmac.digest(public_pem('rsa'), start.encode(), hashlib.sha256))}"


FORGED = {
    "tampered": lambda workflow: tampered(workflow, sub="repo:octo/hold:x"),
    "none": lambda _: by_hand({"alg": "none", "kid": "rsa"}, claims(NOON), b""),
    "None": lambda _: by_hand({"alg": "None", "kid": "rsa"}, claims(NOON), b""),
    "no signature": lambda workflow: workflow.token().rpartition(".")[0] + ".",
    "hmac": lambda _: hmac_with_the_public_key(),
    "another key": lambda _: keyed_with("rsa"),
    "jku": lambda _: keyed_with("rsa", jku="https://evil.example.com/keys"),
    "x5u": lambda _: keyed_with("rsa", x5u="https://evil.example.com/chain"),
    "x5c": lambda _: keyed_with("rsa", x5c=["MIIB"]),
    "jwk": lambda _: keyed_with("rsa", jwk=public_jwk("other")),
    "its own jwk": lambda _: keyed_with("other", jwk=public_jwk("other")),
    "a path": lambda _: keyed_with("../../../../dev/null"),
    "a statement": lambda _: keyed_with("rsa' OR '1'='1"),
    "no kid": lambda _: by_hand({"alg": "RS256"}, claims(NOON), b"x"),
    "kid is a list": lambda _: by_hand({"alg": "RS256", "kid": ["rsa"]}, claims(NOON), b"x"),
    "crit": lambda _: signed(claims(NOON), crit=["b64"]),
    "another type's algorithm": lambda _: by_hand({"alg": "ES256", "kid": "rsa"}, claims(NOON), b"x" * 64),
    "another curve's algorithm": lambda _: by_hand({"alg": "ES256", "kid": "p384"}, claims(NOON), b"x" * 64),
    "zeros": lambda _: by_hand({"alg": "ES256", "kid": "p256"}, claims(NOON), b"\0" * 64),
    "a weak key": lambda _: by_hand({"alg": "RS256", "kid": "weak"}, claims(NOON), b"x" * 128),
    "no token": lambda _: "abcd",
    "no JSON": lambda _: by_hand(b"{", b"{", b""),
    "deep JSON": lambda _: by_hand({"alg": "RS256", "kid": "rsa"}, b"[" * 12_000, b""),
    "a list": lambda _: by_hand({"alg": "RS256", "kid": "rsa"}, b"[]", b""),
    "a long number": lambda _: by_hand({"alg": "RS256", "kid": "rsa"}, b'{"iss":' + b"1" * 9_000 + b"}", b""),
    "a NUL": lambda _: signed(claims(NOON, iss="https://token.example.com/\0")),
    "a surrogate": lambda _: by_hand({"alg": "RS256", "kid": "rsa"}, b'{"iss":"https://a.b/\\ud800"}', b""),
}


@pytest.mark.parametrize("forged", FORGED)
def test_s3_a_token_that_nobody_proves(workflow: Workflow, forged: str) -> None:
    """Forged, unsigned, confused about its algorithm, or with a key of its own: such a token is refused."""
    status, code, sentence = workflow.refused(FORGED[forged](workflow))
    assert (status, code) == (400, "InvalidIdentityToken")
    assert "eyJ" not in sentence


LATE = NOON // 1000
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another audience": ({"aud": "https://github.com/octo"}, "Incorrect token audience"),
    "audiences without a party": ({"aud": [AUDIENCE, "x"]}, "Incorrect token audience"),
    "a party that is no client": ({"aud": [AUDIENCE, "x"], "azp": "x"}, "Incorrect token audience"),
    "a party for another audience": ({"aud": "x", "azp": AUDIENCE}, "Incorrect token audience"),
    "no audience": ({"aud": None}, "Missing a required claim: aud"),
    "an empty audience": ({"aud": []}, "Incorrect token audience"),
    "a number as audience": ({"aud": 7}, "Incorrect token audience"),
    "no expiry": ({"exp": None}, "Missing a required claim: exp"),
    "no time of issue": ({"iat": None}, "Missing a required claim: iat"),
    "no subject": ({"sub": None}, "Missing a required claim: sub"),
    "a text as expiry": ({"exp": str(LATE + 300)}, "The claim exp is not a time"),
    "an endless expiry": ({"exp": 1e300}, "The claim exp is not a time"),
    "a switch as expiry": ({"exp": True}, "The claim exp is not a time"),
    "not yet": ({"nbf": LATE + 61}, "The token is not valid yet: its nbf is in the future"),
    "issued later": ({"iat": LATE + 61}, "The token is not valid yet: its iat is in the future"),
    "no issuer": ({"iss": None}, "Missing a required claim: iss"),
    "a long subject": ({"sub": "s" * 256}, "The claim sub is not a text of at most 255 printable characters"),
    "a subject of two lines": ({"sub": "a\nb"}, "The claim sub is not a text of at most 255 printable characters"),
    "a slash more": ({"iss": f"{GITHUB}/"}, f"No OpenIDConnect provider found in your account for {GITHUB}/"),
    "an issuer in capitals": (
        {"iss": GITHUB.upper()},
        f"No OpenIDConnect provider found in your account for {GITHUB.upper()}",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_proven_token_that_is_not_for_us(workflow: Workflow, case: str) -> None:
    """A token that the issuer signed is refused when its audience, times, subject or issuer are not right."""
    changed, sentence = WRONG[case]
    payload = {**claims(NOON), **changed}
    token = signed({name: value for name, value in payload.items() if value is not None})
    assert workflow.refused(token) == (400, "InvalidIdentityToken", sentence)


def test_an_expired_token(workflow: Workflow) -> None:
    """A token is over a minute after its expiry, which clocks may differ by, and the refusal says when that was."""
    token, expires = workflow.token(), NOON // 1000 + 300
    workflow.wire.clock.now = (expires + 59) * 1000
    assert workflow.assume(token)["Provider"] == PROVIDER
    workflow.wire.clock.now = (expires + 60) * 1000
    sentence = f"Token expired: current date/time {expires + 60} must be before the expiration date/time {expires}"
    assert workflow.refused(token) == (400, "ExpiredTokenException", sentence)


def test_the_party_is_the_client(wire: Wire) -> None:
    """With `azp` that is the audience, and all that stand in `aud` are its `oaud`."""
    workflow = begun(
        wire, federated(StringEquals={f"{HOST}:aud": AUDIENCE}, **{"ForAnyValue:StringEquals": {f"{HOST}:oaud": "x"}})
    )
    assert workflow.assume(workflow.token(aud=["x", AUDIENCE], azp=AUDIENCE))["Audience"] == AUDIENCE
    assert workflow.refused(workflow.token()) == DENIED


def test_a_rotated_key(workflow: Workflow) -> None:
    """A key that was not there is asked for once a minute; one that was withdrawn counts for a quarter of an hour."""
    wire = workflow.wire
    assert workflow.assume()["Provider"] == PROVIDER
    wire.issuers.documents[GITHUB] = key_set("new")
    assert workflow.refused(workflow.token("new")) == NO_KEY
    wire.clock.now += ASKED_AGAIN
    assert workflow.assume(workflow.token("new"))["Provider"] == PROVIDER
    wire.issuers.documents[GITHUB] = key_set("other")
    wire.clock.now += KEPT - MINUTE
    assert workflow.assume(workflow.token("new"))["Provider"] == PROVIDER
    wire.clock.now += MINUTE
    assert workflow.refused(workflow.token("new")) == NO_KEY


def test_an_issuer_that_does_not_answer(workflow: Workflow) -> None:
    """An issuer whose keys cannot be had is told apart from a wrong token, and asked again after ten seconds."""
    keys = workflow.wire.issuers.documents.pop(GITHUB)
    assert workflow.refused(workflow.token()) == UNREACHABLE
    workflow.wire.issuers.documents[GITHUB] = keys
    assert workflow.refused(workflow.token()) == UNREACHABLE
    workflow.wire.clock.now += RESTED
    assert workflow.assume()["Provider"] == PROVIDER


@pytest.mark.parametrize(
    "document", [b"", b"[]", b'{"keys":{}}', b"[" * 100_000, b'{"keys":[1,{"kid":"rsa"}]}', b"\xff"]
)
def test_a_key_set_that_is_none(workflow: Workflow, document: bytes) -> None:
    """A document that is no key set, or has no usable key, proves nothing and breaks nothing."""
    workflow.wire.issuers.documents[GITHUB] = document
    assert workflow.refused(workflow.token())[1] in {"IDPCommunicationError", "InvalidIdentityToken"}


@pytest.mark.parametrize(
    "members", [{"use": "enc"}, {"key_ops": ["sign"]}, {"alg": "RS512"}, {"alg": "HS256"}, {"kty": "oct", "k": "eA"}]
)
def test_a_key_for_something_else(workflow: Workflow, members: dict[str, Any]) -> None:
    """A key that the issuer says is for something else proves no token."""
    keys = {"keys": [public_jwk("rsa", **members)]}
    workflow.wire.issuers.documents[GITHUB] = json.dumps(keys).encode()
    assert workflow.refused(workflow.token()) == NO_KEY


def test_s9_a_deleted_provider_ends_its_sessions(wire: Wire) -> None:
    """Deleting the provider stops its sessions and their registry passwords on the next request, and no others'."""
    workflow = begun(wire, None, READ_ONLY)
    bureau = workflow.bureau
    session = workflow.session()
    password = bureau.password(session)
    bureau.role("other", None, READ_ONLY)
    kept = bureau.assume(ROLE.replace("puller", "other"))
    assert bureau.get("/v2/", password)[0] == 200
    bureau.iam("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=PROVIDER)
    assert session.refused("GetCallerIdentity") == INVALID_TOKEN
    assert bureau.get("/v2/_catalog", password)[0] == 403
    assert kept("GetCallerIdentity")["Arn"].endswith("other/night")
    bureau.iam("CreateOpenIDConnectProvider", Url=GITHUB, ClientIDList=[AUDIENCE])
    assert session.refused("GetCallerIdentity") == INVALID_TOKEN
    assert workflow.assume()["Provider"] == PROVIDER


def test_what_the_session_carries(wire: Wire) -> None:
    """Policies may ask a session for its provider, subject and audience, as long as it lives."""
    workflow = begun(wire)
    only = {"aws:FederatedProvider": PROVIDER, f"{HOST}:sub": REPOSITORY, f"{HOST}:aud": AUDIENCE}
    statement = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    document = policy({**statement, "Condition": {"StringEquals": only}})
    workflow.bureau.iam("PutRolePolicy", RoleName="puller", PolicyName="p", PolicyDocument=document)
    assert workflow.bureau.ecr(workflow.session(), "GetAuthorizationToken").status == 200
    workflow.bureau.iam(
        "UpdateAssumeRolePolicy", RoleName="puller", PolicyDocument=trusting(ACCOUNT, action="sts:AssumeRole")
    )
    assert workflow.bureau.ecr(workflow.bureau.assume(), "GetAuthorizationToken").status == 400


def test_a_session_policy_limits_it(wire: Wire) -> None:
    """A policy that is passed along limits the session, and its length is the role's to allow."""
    workflow = begun(wire, None, READ_ONLY)
    nothing = policy({"Effect": "Allow", "Action": "ecr:ListImages", "Resource": "*"})
    assert workflow.bureau.ecr(workflow.session(Policy=nothing), "GetAuthorizationToken").status == 400
    assert workflow.refused(workflow.token(), DurationSeconds=3601)[1] == "ValidationError"
    assert workflow.refused(workflow.token(), Policy="{}")[1] == "MalformedPolicyDocument"
    assert workflow.refused(workflow.token(), ProviderId="www.amazon.com")[1] == "ValidationError"


@pytest.mark.parametrize("operation", ["AssumeRole", "GetCallerIdentity", "GetSessionToken", "GetFederationToken"])
def test_s14_everything_else_is_signed(workflow: Workflow, operation: str) -> None:
    """No other operation of STS is served to somebody who signs nothing."""
    body = f"Action={operation}&Version=2011-06-15".encode()
    reply = workflow.wire.runner.run(workflow.wire.door(unsigned(body)))
    assert (reply.status, reply.code) == (403, "MissingAuthenticationToken")


def test_a_body_that_nobody_signed_is_small(workflow: Workflow) -> None:
    """A body of more than 64 KiB is not read from somebody who signs nothing."""
    reply = workflow.wire.runner.run(workflow.wire.door(unsigned(b"Action=" + b"x" * (1 << 16))))
    assert (reply.status, reply.code) == (413, "RequestEntityTooLarge")


def test_another_account_has_its_own(workflow: Workflow) -> None:
    """The same issuer in two accounts gives each its own roles."""
    theirs = client(workflow.wire, "iam", OTHER)
    theirs("CreateOpenIDConnectProvider", Url=GITHUB, ClientIDList=["them"])
    theirs("CreateRole", RoleName="puller", AssumeRolePolicyDocument=federated(PROVIDER.replace(ACCOUNT, OTHER)))
    role = ROLE.replace(ACCOUNT, OTHER)
    assert workflow.refused(workflow.token(), RoleArn=role)[2] == "Incorrect token audience"
    assert workflow.assume(workflow.token(aud="them"), RoleArn=role)["AssumedRoleUser"]["Arn"].split(":")[4] == OTHER


def test_the_trail_names_who_asked(workflow: Workflow, tmp_path: Path) -> None:
    """The audit trail has a web identity's subject and provider, whether it was let in or not, and never its token."""
    token = workflow.token()
    workflow.assume(token)
    workflow.refused(token, RoleArn=f"{ROLE}x")
    workflow.refused(FORGED["hmac"](workflow))
    text = "".join(file.read_text() for file in (tmp_path / "audit").iterdir())
    found = [each for each in events(tmp_path / "audit") if each["eventName"] == "AssumeRoleWithWebIdentity"]
    who = [each["userIdentity"] for each in found]
    assert [each["type"] for each in who] == ["WebIdentityUser", "WebIdentityUser", "Unknown"]
    assert who[0]["principalId"] == f"{PROVIDER}:{AUDIENCE}:{REPOSITORY}"
    assert [each.get("errorCode") for each in found] == [None, "AccessDenied", "InvalidIdentityToken"]
    assert found[0]["responseElements"]["subjectFromWebIdentityToken"] == REPOSITORY
    assert all(each["recipientAccountId"] == ACCOUNT for each in found)
    assert "eyJ" not in text
