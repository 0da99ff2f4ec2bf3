"""Requests that sessions of STS sign, at the AWS door and, through a registry token, at the OCI door.

Session tokens are proven in one fixed way. S3 is about tokens that choose theirs.
"""

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert

from cargohold.core.clock import HOUR, MINUTE, SECOND
from cargohold.core.errors import (
    ExpiredCredential,
    ExpiredRegistryToken,
    InvalidRegistryToken,
    InvalidSignature,
    Unauthorized,
    UnknownCredential,
)
from cargohold.database.schema.identity import access_key, principal, role, session
from cargohold.encryption.root import Root
from cargohold.encryption.tokens import Tokens
from cargohold.identity import registry_token, sessions, sigv4
from cargohold.identity.accounts import NewKey
from cargohold.identity.principals import Credential
from cargohold.identity.session_request import Wanted
from cargohold.identity.sessions import Issued, Sessions

from .conftest import ACCOUNT, HOST, NOON, REGISTRY, ROOT, House, presign, received, sign, signed_at

Make = Callable[..., Any]
INVALID = "The security token included in the request is invalid."


class Desk:
    """A house where a role's session and a user's were begun just before the requests of a test."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.clock.now = signed_at(sign(house.key)[0]) - 1 * SECOND
        rooms = Sessions(house.database, ROOT, house.tokens, house.clock, lambda *_: None)
        self.write(
            insert(principal).values(
                id="AROAPULLER",
                account_id=ACCOUNT,
                kind="role",
                path="/",
                name="puller",
                folded_name="puller",
                created_at=NOON,
            ),
            insert(role).values(principal_id="AROAPULLER", trust_policy="{}", longest_session=43_200),
        )
        assumed = house.run(rooms.assume("AROAPULLER", Wanted("night", 900), None))
        assert assumed is not None
        self.role: Issued = assumed
        self.other: Issued = house.run(rooms.of_user(house.key.access_key_id, 900))

    def write(self, *statements: Any) -> None:
        def work(connection: Connection) -> None:
            for statement in statements:
                connection.execute(statement)

        self.house.run(self.house.database.write(work))

    def refused(self, make: Make, key: NewKey, token: str | None, **options: Any) -> str:
        """The sentence that a request of this key and token, presigned or not, is refused with as unknown."""
        service = options.pop("service", "sts")
        with pytest.raises(UnknownCredential) as refusal:
            self.house.verify(*make(key, service=service, session_token=token, **options), service)
        return str(refusal.value)


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


def key_of(issued: Issued, secret: str | None = None) -> NewKey:
    return NewKey(issued.session.id, issued.secret_access_key if secret is None else secret)


both_ways = pytest.mark.parametrize("make", [sign, presign])


@both_ways
def test_a_session_signs(desk: Desk, make: Make) -> None:
    """A session's key signs with its token, in the header and in the query, and who asks is the session."""
    for issued in (desk.role, desk.other):
        request, body = make(key_of(issued), service="sts", session_token=issued.token)
        signed = desk.house.verify(request, body, "sts")
        assert signed.credential == Credential(issued.session.id)
        assert (signed.account, signed.session) == (ACCOUNT, issued.session)


def test_a_user_is_no_session(desk: Desk) -> None:
    """A user's own key signs without a token, and for no session."""
    assert desk.house.verify(*sign(desk.house.key)).session is None


@both_ways
def test_a_token_is_required(desk: Desk, make: Make) -> None:
    """A session's key without its token is unknown."""
    assert desk.refused(make, key_of(desk.role), None) == INVALID


@both_ways
def test_key_confusion(desk: Desk, make: Make) -> None:
    """S3: A token proves the one key that it was issued with: no other session's, and no user's."""
    assert desk.refused(make, key_of(desk.role), desk.other.token) == INVALID
    assert desk.refused(make, key_of(desk.other), desk.role.token) == INVALID
    assert desk.refused(make, desk.house.key, desk.role.token) == INVALID
    assert desk.refused(make, desk.house.key, desk.other.token) == INVALID


def test_a_wrong_secret(desk: Desk) -> None:
    """A session's key and token without its secret prove nothing, and neither does its user's secret."""
    for secret in ("wrong", desk.house.key.secret_access_key, desk.other.secret_access_key):
        request, body = sign(key_of(desk.role, secret), session_token=desk.role.token)
        with pytest.raises(InvalidSignature, match="does not match the signature you provided"):
            desk.house.verify(request, body)


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forged(desk: Desk) -> list[str]:
    """Tokens that somebody made of a real one, or of the forms that other registries fell for."""
    claims = {"key": desk.role.session.id, "expires": desk.role.session.expires_at + HOUR}
    payload, mac = desk.role.token.split(".")
    own = Tokens(b"o" * 32).issue("session", claims)
    keyed_by_text = hmac.digest(payload.encode(), b"session\0" + segment(claims).encode(), "sha256")
    jwk = {"kty": "oct", "k": base64.urlsafe_b64encode(b"o" * 32).decode()}
    return [
        own,
        f"{segment(claims)}.{mac}",
        f"{segment(claims)}.",
        f".{mac}",
        f"{payload}.{base64.urlsafe_b64encode(keyed_by_text).decode()}",
        f"{segment({'alg': 'none'})}.{segment(claims)}.",
        f"{segment({'alg': 'none', 'typ': 'JWT'})}.{payload}.{mac}",
        f"{segment({'alg': 'HS256', 'jwk': jwk})}.{own}",
        f"{segment({'alg': 'HS256', 'kid': '../../dev/null'})}.{own}",
        f"{segment({'alg': 'RS256', 'jku': 'http://localhost/keys', 'x5c': ['x']})}.{own}",
        segment({**claims, "alg": "none"}) + "." + mac,
        desk.role.token.upper(),
        desk.role.token + "=",
        desk.role.token * 2,
        f"{mac}.{payload}",
    ]


def test_s3_a_token_does_not_choose_how_it_is_proven(desk: Desk) -> None:
    """S3: alg none, a key of its own, kid, jku and every other form of forged token is an unknown credential."""
    for token in forged(desk):
        assert desk.refused(sign, key_of(desk.role), token) == INVALID, token


def test_a_token_cut_short_or_changed(desk: Desk) -> None:
    """A token that lost or changed any character is unknown."""
    token = desk.role.token
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        for each in (token[:place] or "x", changed):
            assert desk.refused(sign, key_of(desk.role), each) == INVALID, each


def test_s3_tokens_of_another_purpose(desk: Desk) -> None:
    """S3: A registry password is no session token, a session token is no password, and a download is neither."""
    house, credential = desk.house, Credential(desk.role.session.id)
    password = registry_token.issue(house.tokens, credential, REGISTRY.region, house.clock()).password
    assert desk.refused(sign, key_of(desk.role), password) == INVALID
    proof = base64.b64encode(f"AWS:{desk.role.token}".encode()).decode()
    asking = received("GET", f"http://{HOST}/v2/", {"Host": HOST, "Authorization": f"Basic {proof}"})
    with pytest.raises(InvalidRegistryToken):
        house.authenticator.registry(asking, REGISTRY)
    download = replace(asking, query=f"X-Cargohold-Token={desk.role.token}", path="/v2/a/b/blobs/x")
    with pytest.raises(InvalidRegistryToken):
        house.authenticator.registry(download, REGISTRY)
    for purpose in ("registry", "download", "", "Marker\0ListUsers\0123456789012"):
        claims = {"key": desk.role.session.id, "expires": desk.role.session.expires_at}
        assert desk.refused(sign, key_of(desk.role), house.tokens.issue(purpose, claims)) == INVALID


def test_another_deployments_session(desk: Desk) -> None:
    """A session that another deployment issued is unknown here, although its id were the same."""
    root = Root(b"s" * 32)
    theirs = sessions.issue(Tokens(root.derive("tokens")), desk.role.session)
    assert desk.refused(sign, key_of(desk.role), theirs) == INVALID


@both_ways
def test_expiry(desk: Desk, make: Make) -> None:
    """A session signs until its last millisecond, and is then told that it is over, in AWS's words."""
    house, issued = desk.house, desk.role
    request, body = make(key_of(issued), service="sts", session_token=issued.token, **later(make))
    left = issued.session.expires_at - signed_at(request)
    assert house.verify(request, body, "sts", after=left - 1).account == ACCOUNT
    with pytest.raises(ExpiredCredential, match=r"^The security token included in the request is expired$"):
        house.verify(request, body, "sts", after=left)


def later(make: Make) -> dict[str, int]:
    """A presigned request must live longer than the session for the session's end to be what ends it."""
    return {"expires": 3600} if make is presign else {}


def test_an_expired_session_that_is_forgotten(desk: Desk) -> None:
    """Whoever has a token of ours that is over is told so, also when its row was dropped long ago."""
    desk.write(delete(session))
    house, issued = desk.house, desk.role
    token = sessions.issue(house.tokens, replace(issued.session, expires_at=issued.session.issued_at))
    with pytest.raises(ExpiredCredential):
        house.verify(*sign(key_of(issued), session_token=token))


def test_an_expired_session_with_a_wrong_secret(desk: Desk) -> None:
    """Who cannot sign for a session does not learn that it is over."""
    issued = desk.role
    token = sessions.issue(desk.house.tokens, replace(issued.session, expires_at=issued.session.issued_at))
    with pytest.raises(InvalidSignature):
        desk.house.verify(*sign(key_of(issued, "wrong"), session_token=token))


@both_ways
def test_a_session_whose_row_is_gone(desk: Desk, make: Make) -> None:
    """A session ends at once when its row goes, whatever its token says."""
    desk.write(delete(session).where(session.c.id == desk.role.session.id))
    assert desk.refused(make, key_of(desk.role), desk.role.token) == INVALID


def test_a_users_session_ends_with_its_key(desk: Desk) -> None:
    """A user's session ends with the access key that asked for it."""
    desk.write(delete(session).where(session.c.access_key_id == desk.house.key.access_key_id), delete(access_key))
    assert desk.refused(sign, key_of(desk.other), desk.other.token) == INVALID


def test_a_users_session_does_not_reach_iam(desk: Desk) -> None:
    """IAM does not know a session of a user's that was begun without MFA, as on AWS; a role's it knows."""
    assert desk.refused(sign, key_of(desk.other), desk.other.token, service="iam", region="us-east-1") == INVALID
    request, body = sign(key_of(desk.role), service="iam", region="us-east-1", session_token=desk.role.token)
    assert desk.house.verify(request, body, "iam").session == desk.role.session


def test_an_unsigned_token(desk: Desk) -> None:
    """A token that is put beside a signature, in the header or the query, is refused: it was not what was signed."""
    key, token = key_of(desk.role), desk.role.token
    request, body = sign(key, service="sts")
    beside = replace(request, headers={**request.headers, "x-amz-security-token": token})
    with pytest.raises(InvalidSignature, match="'X-Amz-Security-Token' must be a 'SignedHeader'"):
        desk.house.verify(beside, body, "sts")
    request, body = presign(key)
    with pytest.raises(InvalidSignature, match="does not match"):
        desk.house.verify(replace(request, query=f"{request.query}&X-Amz-Security-Token={token}"), body, "sts")


def test_a_token_that_is_exchanged(desk: Desk) -> None:
    """A token is part of what is signed: with another of the same session the signature is wrong."""
    request, body = presign(key_of(desk.role), session_token=desk.role.token)
    other = sessions.issue(desk.house.tokens, desk.role.session, 1200)
    assert unquote(request.query).count(desk.role.token) == 1
    exchanged = replace(request, query=request.query.replace(quote(desk.role.token, safe=""), quote(other, safe="")))
    assert exchanged.query != request.query
    with pytest.raises(InvalidSignature):
        desk.house.verify(exchanged, body, "sts")


@both_ways
def test_s32_a_session_keeps_to_the_clock(desk: Desk, make: Make) -> None:
    """S32: A session's requests are held to the same skew as a user's, and a presigned one to its own end."""
    request, body = make(key_of(desk.role), service="sts", session_token=desk.role.token)
    with pytest.raises(InvalidSignature, match="Signature not yet current"):
        desk.house.verify(request, body, "sts", after=-15 * MINUTE - SECOND)
    with pytest.raises(InvalidSignature, match="Signature expired"):
        desk.house.verify(request, body, "sts", after=15 * MINUTE + SECOND if make is sign else 61 * SECOND)


def test_s32_nothing_that_is_signed_may_change(desk: Desk) -> None:
    """S32: Header, body, payload hash and operation of a session's request are what was signed, or it is refused."""
    request, body = sign(key_of(desk.role), session_token=desk.role.token)
    for header, value in (
        ("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.DeleteRepository"),
        ("content-type", "text/plain"),
        ("host", "elsewhere"),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
    ):
        with pytest.raises(InvalidSignature):
            desk.house.verify(replace(request, headers={**request.headers, header: value}), body)
    with pytest.raises(InvalidSignature):
        desk.house.verify(request, body + b" ")


def test_the_head_tells_nothing(desk: Desk) -> None:
    """Until the body was looked at nobody learns whether a key is there, a token right or a session over."""
    house = desk.house
    over = sessions.issue(house.tokens, replace(desk.role.session, expires_at=NOON))
    asked = {
        (house.key.access_key_id, None): True,
        ("AKIAUNKNOWNUNKNOWN00", None): False,
        (desk.role.session.id, desk.role.token): True,
        (desk.role.session.id, "forged"): True,
        (desk.role.session.id, None): True,
        (desk.role.session.id, over): True,
        ("ASIAUNKNOWNUNKNOWN00", desk.role.token): False,
    }
    for (key_id, token), known in asked.items():
        request, _ = sign(NewKey(key_id, "wrong"), session_token=token)
        house.clock.now = signed_at(request)
        head = house.run(house.authenticator.head(request, "ecr"))
        assert head.known is known
        assert "wrong" not in repr(head)
        assert desk.role.secret_access_key not in repr(head)
        with pytest.raises(Unauthorized):
            house.authenticator.prove(head, b"")


def test_an_unknown_session_costs_what_a_known_one_costs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that is not there, a forged token and a wrong secret run as many HMACs and decryptions."""
    counted: list[str] = []
    real_digest, real_open = hmac.digest, Root.open

    def count_digest(key: bytes, message: bytes, algorithm: str) -> bytes:
        counted.append("hmac")
        return real_digest(key, message, algorithm)

    def count_open(root: Root, sealed: bytes, context: str) -> bytes:
        counted.append("open")
        return real_open(root, sealed, context)

    monkeypatch.setattr(hmac, "digest", count_digest)
    monkeypatch.setattr(Root, "open", count_open)

    def cost(key: NewKey, token: str) -> list[str]:
        sigv4.signing_key.cache_clear()
        request, body = sign(key, session_token=token)
        counted.clear()
        with pytest.raises((InvalidSignature, UnknownCredential)):
            desk.house.verify(request, body)
        return sorted(counted)

    known = cost(key_of(desk.role, "wrong"), "forged")
    assert known == cost(NewKey("ASIAUNKNOWNUNKNOWN00", "wrong"), "forged") == ["hmac"] * 6 + ["open"]


def test_a_registry_token_outlives_its_session(desk: Desk) -> None:
    """S17: A session's registry password names the session and the time it was issued, and lives its twelve hours."""
    house, id_ = desk.house, desk.role.session.id
    house.clock.now = desk.role.session.expires_at - 1
    issued = registry_token.issue(house.tokens, Credential(id_), REGISTRY.region, house.clock())
    proof = base64.b64encode(f"AWS:{issued.password}".encode()).decode()
    asking = received("GET", f"http://{HOST}/v2/", {"Host": HOST, "Authorization": f"Basic {proof}"})
    began = house.clock.now
    house.clock.now = began + 12 * HOUR - 1
    assert house.authenticator.registry(asking, REGISTRY) == Credential(id_, REGISTRY.region, began)
    house.clock.now += 1
    with pytest.raises(ExpiredRegistryToken):
        house.authenticator.registry(asking, REGISTRY)


tokens = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), min_size=1, max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(junk=tokens, place=st.integers(0, 200), kept=st.booleans(), user=st.booleans())
def test_any_token(desk: Desk, junk: str, place: int, kept: bool, user: bool) -> None:
    """Whatever is signed as a session token and is none is refused as unauthorized, whoever's key signs."""
    token = desk.role.token[:place] + junk + (desk.role.token[place:] if kept else "")
    assume(token.strip() != desk.role.token)
    with pytest.raises(Unauthorized):
        desk.house.verify(*sign(desk.house.key if user else key_of(desk.role), session_token=token))
