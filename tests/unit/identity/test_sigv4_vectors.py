"""AWS's own signing test suite (awslabs/aws-c-auth), kept beside the repository."""

import json
from pathlib import Path
from typing import Any

import pytest

from cargohold.core.errors import InvalidSignature
from cargohold.exchange import Message, Request
from cargohold.identity import sigv4

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "sigv4.json"
NOW = 1_440_938_160_000  # 2015-08-30T12:36:00Z

# The token was put beside the signature afterwards and is not signed, as IoT's gateways want it. We refuse that.
UNSIGNED_TOKEN = "post-sts-header-after"


def _cases() -> list[Any]:
    if not VECTORS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"AWS's signing test suite is not at {VECTORS}"))]
    every = [case for case in json.loads(VECTORS.read_text()) if case["context"]["normalize"]]
    return [pytest.param(case, id=f"{case['name']}-{case['kind']}") for case in every]


async def _receive() -> Message:
    return {"type": "http.disconnect"}


def _request(text: str) -> tuple[Request, bytes]:
    """The request as an HTTP server hands it on; a folded line, which no server of ours lets in, becomes a space."""
    head, _, body = text.partition("\n\n")
    line, *lines = head.split("\n")
    method, _, rest = line.partition(" ")
    path, _, query = rest.rpartition(" HTTP/")[0].encode().decode("latin-1").partition("?")
    headers: dict[str, str] = {}
    name = ""
    for header in filter(None, lines):
        if header[0] in " \t":
            headers[name] += f" {header.strip()}"
            continue
        name, _, value = header.partition(":")
        name = name.lower()
        value = value.strip().encode().decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return Request(method, path, query, headers, "http", "", "", _receive), body.encode()


@pytest.mark.parametrize("case", _cases())
def test_vector(case: dict[str, Any]) -> None:
    """Each request of AWS's suite yields AWS's canonical request and string to sign, and its signature is accepted."""
    request, body = _request(case["signed_request"])
    claim = sigv4.parse(request)
    context = case["context"]
    omitted = {"X-Amz-Signature"} | ({"X-Amz-Security-Token"} if context.get("omit_session_token") else set())
    payload_hash = case["canonical_request"].rpartition("\n")[2]
    canonical = sigv4.canonical_request(claim, request, payload_hash, omitted)
    assert canonical.decode() == case["canonical_request"]
    assert sigv4.string_to_sign(claim, canonical) == case["string_to_sign"]
    assert claim.signature == case["signature"]
    if case["name"] == UNSIGNED_TOKEN and case["kind"] == "query":
        return
    assert sigv4.matches(claim, request, body, context["credentials"]["secret_access_key"])
    assert not sigv4.matches(claim, request, body, context["credentials"]["secret_access_key"] + "x")


@pytest.mark.parametrize("case", _cases())
def test_vector_may_be_claimed(case: dict[str, Any]) -> None:
    """Each request of AWS's suite passes the checks of its scope, time and headers, unless its token is unsigned."""
    request, body = _request(case["signed_request"])
    claim = sigv4.parse(request)
    expected = sigv4.Expected("service", {"us-east-1"}, NOW)
    if case["name"] != UNSIGNED_TOKEN:
        sigv4.check(claim, request, expected)
    elif case["kind"] == "query":
        assert not sigv4.matches(claim, request, body, case["context"]["credentials"]["secret_access_key"])
    else:
        with pytest.raises(InvalidSignature, match="'X-Amz-Security-Token' must be a 'SignedHeader'"):
            sigv4.check(claim, request, expected)


def test_every_vector_is_run() -> None:
    """The suite holds its 31 requests that follow our path rule, in header and in query form."""
    cases = _cases()
    if len(cases) == 1:
        pytest.skip(f"AWS's signing test suite is not at {VECTORS}")
    assert len(cases) == 62
