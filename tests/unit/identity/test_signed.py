"""Signed requests at the AWS door: botocore signs, we verify."""

import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
from sqlalchemy import delete, update

from cargohold.core.clock import MINUTE, SECOND
from cargohold.core.errors import (
    CredentialsRequired,
    IncompleteSignature,
    InvalidSignature,
    UnknownCredential,
)
from cargohold.database.schema.identity import access_key
from cargohold.encryption.root import Root
from cargohold.exchange import Request
from cargohold.identity import sigv4
from cargohold.identity.accounts import NewKey

from .conftest import ACCOUNT, House, presign, received, sign, signed_at

MISMATCH = "The request signature we calculated does not match the signature you provided."
Change = Callable[[Request], Request]


def with_header(name: str, value: str) -> Change:
    return lambda request: replace(request, headers={**request.headers, name: value})


def edit_authorization(pattern: str, replacement: str) -> Change:
    def change(request: Request) -> Request:
        edited, count = re.subn(pattern, replacement, request.headers["authorization"])
        assert count == 1
        return with_header("authorization", edited)(request)

    return change


def edit_query(pattern: str, replacement: str) -> Change:
    def change(request: Request) -> Request:
        edited, count = re.subn(pattern, replacement, request.query)
        assert count == 1
        return replace(request, query=edited)

    return change


def test_header(house: House) -> None:
    """A request that botocore signs in its header is its key's, in its account and region."""
    signed = house.verify(*sign(house.key))
    assert (signed.credential.access_key_id, signed.account, signed.region) == (
        house.key.access_key_id,
        ACCOUNT,
        "eu-central-1",
    )
    assert signed.credential.limit is None


def test_presigned(house: House) -> None:
    """A request that botocore presigns, with a signed header of its own, is its key's."""
    signed = house.verify(*presign(house.key, headers={"x-k8s-aws-id": "cluster"}), "sts")
    assert signed.credential.access_key_id == house.key.access_key_id


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:5050/a/./b/../c//d/",
        "http://localhost:5050/a%20b/%C3%A9",
        "http://localhost:5050/?b=2&a=1&a=0&empty&plus=%2B&tilde=~",
        "http://123456789012.dkr.ecr.eu-central-1.localhost/",
        "http://[::1]:5050/",
    ],
)
def test_paths_queries_and_hosts(house: House, url: str) -> None:
    """Our canonical form of any target and host is botocore's."""
    assert house.verify(*sign(house.key, url=url)).account == ACCOUNT


@pytest.mark.parametrize("body", [b"", b"\x00\xff" * 1000, "Ünïcode".encode()])
def test_bodies(house: House, body: bytes) -> None:
    """Any body is verified, byte for byte."""
    assert house.verify(*sign(house.key, body=body)).account == ACCOUNT


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda request: replace(request, method="PUT"), id="method"),
        pytest.param(lambda request: replace(request, path="/other"), id="path"),
        pytest.param(lambda request: replace(request, query="a=1"), id="query"),
        pytest.param(with_header("host", "elsewhere:5050"), id="host"),
        pytest.param(
            with_header("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.DeleteRepository"), id="operation"
        ),
        pytest.param(with_header("content-type", "text/plain"), id="content type"),
        pytest.param(edit_authorization(r"/eu-central-1/", "/eu-west-1/"), id="region"),
        pytest.param(edit_authorization(r"Signature=[0-9a-f]", "Signature=x"), id="signature"),
        pytest.param(edit_authorization(r"(Signature=\w+)\w", r"\1"), id="signature cut short"),
        pytest.param(edit_authorization(r"Signature=\w+", "Signature=é"), id="signature not ASCII"),
        pytest.param(edit_authorization(r"content-type;", ""), id="signed headers"),
        pytest.param(with_header("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), id="unsigned payload"),
    ],
)
def test_changed_request(house: House, change: Change) -> None:
    """A request that is changed in any signed part after it was signed is refused."""
    request, body = sign(house.key)
    with pytest.raises(InvalidSignature):
        house.verify(change(request), body)


def test_changed_body(house: House) -> None:
    """A request whose body is not the one that was signed is refused in AWS's words."""
    request, body = sign(house.key)
    with pytest.raises(InvalidSignature, match=MISMATCH):
        house.verify(request, body + b" ")


def test_changed_date(house: House) -> None:
    """A signature is not good for another second than the one it was made in."""
    request, body = sign(house.key)
    date = request.headers["x-amz-date"]
    moved = f"{date[:13]}{(int(date[13:15]) + 1) % 60:02}Z"
    with pytest.raises(InvalidSignature, match=MISMATCH):
        house.verify(with_header("x-amz-date", moved)(request), body)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda request: replace(request, method="POST"), id="method"),
        pytest.param(lambda request: replace(request, path="/x"), id="path"),
        pytest.param(edit_query("GetCallerIdentity", "GetSessionToken"), id="operation"),
        pytest.param(edit_query("X-Amz-Expires=60", "X-Amz-Expires=61"), id="lifetime"),
        pytest.param(edit_query("eu-central-1", "eu-west-1"), id="region"),
        pytest.param(lambda request: replace(request, query=request.query + "&more=1"), id="another parameter"),
        pytest.param(with_header("host", "elsewhere"), id="host"),
        pytest.param(with_header("x-k8s-aws-id", "other"), id="signed header"),
    ],
)
def test_changed_presigned_request(house: House, change: Change) -> None:
    """A presigned request that is changed in any part is refused."""
    request, body = presign(house.key, headers={"x-k8s-aws-id": "cluster"})
    with pytest.raises(InvalidSignature, match=MISMATCH):
        house.verify(change(request), body, "sts")


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "0" * 64])
def test_payload_hash(house: House, payload: str) -> None:
    """A signed payload hash that is not the body's is refused, S3's special values too."""
    url, body = "http://localhost:5050/", b"{}"
    honest, _ = sign(house.key, body=body)
    headers = {"host": honest.headers["host"], "x-amz-content-sha256": payload, "x-amz-date": "20260101T120000Z"}
    names = ("host", "x-amz-content-sha256", "x-amz-date")
    key_id = house.key.access_key_id
    claim = sigv4.Claim(key_id, "20260101", "eu-central-1", "ecr", names, "", "20260101T120000Z", None)
    request = received("POST", url, headers)
    text = sigv4.string_to_sign(claim, sigv4.canonical_request(claim, request, payload))
    key = sigv4.signing_key(house.key.secret_access_key, claim.date, claim.region, claim.service)
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    request.headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key_id}/{claim.scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    with pytest.raises(InvalidSignature, match=MISMATCH):
        house.verify(request, body)


def test_right_payload_hash(house: House) -> None:
    """A payload hash that is the body's is accepted."""
    digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert house.verify(*sign(house.key, body=b"{}", headers={"X-Amz-Content-Sha256": digest})).account == ACCOUNT


@pytest.mark.parametrize(
    ("service", "region", "sentence"),
    [
        ("ecr", "ap-south-1", "Credential should be scoped to a valid region, not 'ap-south-1'."),
        ("ecr", "us-east-1", "Credential should be scoped to a valid region, not 'us-east-1'."),
        ("sts", "eu-central-1", "Credential should be scoped to correct service: 'ecr'. "),
    ],
)
def test_scope(house: House, service: str, region: str, sentence: str) -> None:
    """A signature for a region that is not served, or for another service, is refused and told so."""
    with pytest.raises(InvalidSignature) as refusal:
        house.verify(*sign(house.key, service=service, region=region))
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_sts_region(house: House, region: str) -> None:
    """STS takes the regions that are served, and us-east-1 for its global endpoint."""
    assert house.verify(*presign(house.key, region=region), "sts").region == region


@pytest.mark.parametrize("after", [-15 * MINUTE, 15 * MINUTE])
def test_clock_within_skew(house: House, after: int) -> None:
    """A client's clock may be a quarter of an hour off, either way."""
    assert house.verify(*sign(house.key), after=after).account == ACCOUNT


def test_expired(house: House) -> None:
    """A signature of more than a quarter of an hour ago is refused in AWS's words."""
    request, body = sign(house.key)
    with pytest.raises(InvalidSignature) as refusal:
        house.verify(request, body, after=15 * MINUTE + SECOND)
    pattern = r"Signature expired: (\d{8}T\d{6}Z) is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)"
    found = re.fullmatch(pattern, str(refusal.value))
    assert found is not None
    assert found[1] == request.headers["x-amz-date"]


def test_not_yet_current(house: House) -> None:
    """A signature of more than a quarter of an hour ahead is refused in AWS's words."""
    request, body = sign(house.key)
    with pytest.raises(InvalidSignature) as refusal:
        house.verify(request, body, after=-15 * MINUTE - SECOND)
    pattern = r"Signature not yet current: \w+ is still later than \w+ \(\w+ \+ 15 min\.\)"
    assert re.fullmatch(pattern, str(refusal.value))


def test_presigned_lifetime(house: House) -> None:
    """A presigned request lives for as long as it says, and no longer."""
    request, body = presign(house.key, expires=3600)
    assert house.verify(request, body, "sts", after=3600 * SECOND).account == ACCOUNT
    with pytest.raises(InvalidSignature, match=r"Signature expired: .* - 60 min\.\)"):
        house.verify(request, body, "sts", after=3601 * SECOND)


@pytest.mark.parametrize("expires", ["0", "604801", "-1", "1e3", "٣", ""])
def test_presigned_lifetime_out_of_range(house: House, expires: str) -> None:
    """A presigned request may live from a second to a week."""
    request, body = presign(house.key)
    changed = edit_query("X-Amz-Expires=60", f"X-Amz-Expires={quote(expires)}")(request)
    with pytest.raises(IncompleteSignature, match="between 1 and 604800"):
        house.verify(changed, body, "sts")


def test_presigned_without_lifetime(house: House) -> None:
    """A presigned request that does not say how long it lives is read as AWS's STS reads it: a quarter of an hour."""
    request, _ = presign(house.key)
    without = edit_query("&X-Amz-Expires=60", "")(request)
    assert sigv4.parse(without).lifetime == 15 * 60


@pytest.mark.parametrize("name", ["x-amz-target", "x-amz-date", "x-amz-security-token", "x-amz-meta"])
def test_unsigned_header(house: House, name: str) -> None:
    """An x-amz- header that nobody signed is refused: it would let somebody else choose the operation."""
    request, body = sign(house.key, headers={"X-Amz-Target": "x"}, session_token="t")
    request = with_header("x-amz-meta", "1")(request) if name == "x-amz-meta" else request
    authorization = request.headers["authorization"].replace(f";{name}", "")
    with pytest.raises(InvalidSignature, match="(?i)'" + name + "' must be a 'SignedHeader' in the AWS Authorization."):
        house.verify(with_header("authorization", authorization)(request), body)


@pytest.mark.parametrize(
    "header", [("content-type", "application/x-amz-json-1.1"), ("x-amz-user-agent", "x"), ("x-amzn-trace-id", "Root=1")]
)
def test_header_that_may_be_unsigned(house: House, header: tuple[str, str]) -> None:
    """What some SDKs leave unsigned, and what proxies add, does no harm."""
    request, body = sign(house.key, headers={"X-Amz-Target": "x"})
    assert house.verify(with_header(*header)(request), body).account == ACCOUNT


def test_unsigned_host(house: House) -> None:
    """A signature that leaves the host out is refused in AWS's words."""
    request, body = sign(house.key)
    with pytest.raises(InvalidSignature) as refusal:
        house.verify(edit_authorization(r"host;", "")(request), body)
    assert str(refusal.value) == "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."


def test_signed_header_that_is_missing(house: House) -> None:
    """A header that was signed and did not arrive is named."""
    request, body = sign(house.key)
    del request.headers["content-type"]
    with pytest.raises(InvalidSignature, match="The signed header 'content-type' is not part"):
        house.verify(request, body)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (edit_authorization(r"Credential=[^,]+, ", ""), "Authorization header requires 'Credential' parameter."),
        (edit_authorization(r", Signature=.*", ""), "Authorization header requires 'Signature' parameter."),
        (edit_authorization(r"SignedHeaders=[^,]+, ", ""), "Authorization header requires 'SignedHeaders' parameter."),
        (
            with_header("x-amz-date", ""),
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ),
        (
            with_header("authorization", "AWS4-HMAC-SHA256 x"),
            (
                "Authorization header requires 'Credential' parameter. "
                "Authorization header requires 'Signature' parameter. "
                "Authorization header requires 'SignedHeaders' parameter."
            ),
        ),
        (
            with_header("authorization", "Basic QVdTOng="),
            "Unsupported AWS 'algorithm' (only AWS4-HMAC-SHA256 for now).",
        ),
        (
            edit_authorization(r"Credential=\w+/", "Credential=a/b/"),
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
        ),
        (
            edit_authorization(r"aws4_request", "aws5_request"),
            "Credential should be scoped with a valid terminator: 'aws4_request'.",
        ),
        (
            edit_authorization(r"content-type;host", "host;content-type"),
            "'SignedHeaders' must be lower-case names, sorted, each of them once.",
        ),
        (
            edit_authorization(r"content-type;", "Content-Type;"),
            "'SignedHeaders' must be lower-case names, sorted, each of them once.",
        ),
        (
            edit_authorization(r"host;", "host;host;"),
            "'SignedHeaders' must be lower-case names, sorted, each of them once.",
        ),
        (
            edit_authorization(r"Signature=", "Signature=0, Signature="),
            "A parameter of the Authorization header may be given only once.",
        ),
        (
            lambda request: replace(request, repeated=frozenset({"authorization"})),
            "A request may have only one Authorization header.",
        ),
        (
            lambda request: replace(request, query="X-Amz-Algorithm=AWS4-HMAC-SHA256"),
            "A request is signed by its Authorization header or by its query, not by both.",
        ),
    ],
)
def test_garbled_header(house: House, change: Change, sentence: str) -> None:
    """An Authorization header that lacks something is told what."""
    request, body = sign(house.key)
    with pytest.raises(IncompleteSignature) as refusal:
        house.run(house.authenticator.signed(change(request), body, "ecr"))
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    "date", ["20260101", "20261301T000000Z", "2026-01-01T00:00:00Z", "Thu, 01 Jan 2026 12:00:00 GMT"]
)
def test_garbled_date(house: House, date: str) -> None:
    """A date that is not in ISO 8601's basic format is refused in AWS's words."""
    request, body = sign(house.key)
    with pytest.raises(IncompleteSignature, match="Date must be in ISO-8601 'basic format'"):
        house.run(house.authenticator.signed(with_header("x-amz-date", date)(request), body, "ecr"))


def test_date_of_scope(house: House) -> None:
    """A signing key of another day is not taken."""
    request, body = sign(house.key)
    change = edit_authorization(r"/\d{8}/", "/20200101/")
    with pytest.raises(InvalidSignature, match=r"Date in Credential scope does not match YYYYMMDD .*: '20200101' != "):
        house.verify(change(request), body)


@pytest.mark.parametrize("name", ["Algorithm", "Credential", "Signature", "SignedHeaders", "Date"])
def test_garbled_query(house: House, name: str) -> None:
    """A presigned request that lacks a parameter is told which."""
    request, body = presign(house.key)
    change = edit_query(rf"&?X-Amz-{name}=[^&]*", "")
    sentence = f"AWS query-string parameters must include 'X-Amz-{name}'. Re-examine the query-string parameters."
    with pytest.raises(IncompleteSignature) as refusal:
        house.run(house.authenticator.signed(change(request), body, "sts"))
    assert str(refusal.value) == sentence


def test_repeated_query_parameter(house: House) -> None:
    """A presigned request may give each of its parameters only once."""
    request, body = presign(house.key)
    repeated = replace(request, query=request.query + "&X-Amz-Expires=3600")
    with pytest.raises(IncompleteSignature, match="'X-Amz-Expires' may be given only once"):
        house.run(house.authenticator.signed(repeated, body, "sts"))


def test_unsigned_request(house: House) -> None:
    """A request without a signature is asked for one."""
    with pytest.raises(CredentialsRequired, match="Missing Authentication Token"):
        house.run(house.authenticator.signed(received("POST", "http://localhost:5050/", {"Host": "x"}), b"", "ecr"))


def test_secret_given_as_key(house: House) -> None:
    """A secret that is sent where the key id belongs is not repeated in the answer."""
    secret = "abc/def+secret"
    request, body = sign(NewKey(secret, house.key.access_key_id))
    with pytest.raises(IncompleteSignature) as refusal:
        house.run(house.authenticator.signed(request, body, "ecr"))
    assert "secret" not in str(refusal.value)


def test_unknown_key(house: House) -> None:
    """A key that nobody has is refused as on AWS."""
    with pytest.raises(UnknownCredential, match="The security token included in the request is invalid"):
        house.verify(*sign(NewKey("AKIAUNKNOWNUNKNOWN00", house.key.secret_access_key)))


@pytest.mark.parametrize("statement", [update(access_key).values(status="Inactive"), delete(access_key)])
def test_key_that_ended(house: House, statement: object) -> None:
    """A key that is switched off or deleted proves nothing from the next request on."""
    request, body = sign(house.key)
    assert house.verify(request, body).account == ACCOUNT
    house.run(house.database.write(lambda connection: connection.execute(statement)))  # type: ignore[call-overload]
    with pytest.raises(UnknownCredential):
        house.verify(request, body)


@pytest.mark.parametrize("make", [sign, presign])
def test_session_token_of_a_key(house: House, make: Callable[..., tuple[Request, bytes]]) -> None:
    """A session token that belongs to no session is refused, although the signature is right."""
    with pytest.raises(UnknownCredential):
        house.verify(*make(house.key, service="ecr", session_token="FwoGZXIvYXdzEJr"))


def test_unknown_key_costs_what_a_known_one_costs(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown key runs as many HMACs and decryptions as a known one, so time tells nobody which keys there are."""
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

    def cost(key: NewKey, error: type[Exception]) -> list[str]:
        sigv4.signing_key.cache_clear()
        request, body = sign(key)
        counted.clear()
        with pytest.raises(error):
            house.verify(request, body)
        return sorted(counted)

    known = cost(NewKey(house.key.access_key_id, "wrong"), InvalidSignature)
    unknown = cost(NewKey("AKIAUNKNOWNUNKNOWN00", "wrong"), UnknownCredential)
    assert known == unknown == ["hmac"] * 5 + ["open"]


def test_signature_is_compared_in_constant_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures are compared as bytes and in constant time."""
    compared: list[tuple[object, object]] = []
    real = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((type(one), type(other)))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    house.verify(*sign(house.key))
    assert compared == [(bytes, bytes)]


def test_secret_is_not_shown(house: House) -> None:
    """A new key shows its id but not its secret."""
    assert house.key.access_key_id in repr(house.key)
    assert house.key.secret_access_key not in repr(house.key)


def test_signed_at_reads_the_request(house: House) -> None:
    """The time of a claim is the one that the request names."""
    request, _ = sign(house.key)
    request = with_header("x-amz-date", "20260101T120000Z")(request)
    assert signed_at(request) == 1_767_268_800_000
