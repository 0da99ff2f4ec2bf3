"""Whatever a client sends for a credential ends in a refusal that a client can read, never in a fault of ours."""

from contextlib import suppress
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from cargohold.core.errors import Unauthorized
from cargohold.encryption.root import Root
from cargohold.encryption.tokens import Tokens
from cargohold.exchange import Request
from cargohold.identity import sigv4
from cargohold.identity.accounts import NewKey
from cargohold.identity.authenticate import Authenticator
from cargohold.identity.principals import ANONYMOUS

from .conftest import HOST, NOON, REGIONS, REGISTRY, SettableClock, presign, received, sign

ROOT = Root(b"r" * 32)
KEY = NewKey("AKIAEXAMPLE", "secret")
AUTHENTICATOR = Authenticator(None, ROOT, Tokens(b"t" * 32), SettableClock(), REGIONS)  # type: ignore[arg-type]

wire_text = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=80)
fields = st.sampled_from(
    (
        *("Credential=", "AKIAEXAMPLE/20260101/eu-central-1/ecr/aws4_request", "SignedHeaders=", "host;x-amz-date"),
        *("Signature=", "0" * 64, "AWS4-HMAC-SHA256 ", "20260101T120000Z", ", ", "/", ";", "=", "&", "%", "%00", "%C3"),
        *("X-Amz-Algorithm=", "X-Amz-Credential=", "X-Amz-Signature=", "X-Amz-SignedHeaders=", "X-Amz-Date="),
    )
)
composed = st.lists(fields | wire_text, max_size=12).map("".join)


def judge(request: Request) -> bool:
    """Everything that looks at a signed request before the database does, and after."""
    claim = sigv4.parse(request)
    with suppress(Unauthorized):
        sigv4.check(claim, request, sigv4.Expected("ecr", REGIONS, NOON))
    return sigv4.matches(claim, request, b"", "secret")


@given(authorization=composed, date=st.just("20260101T120000Z") | wire_text, path=wire_text, query=wire_text)
def test_headers(authorization: str, date: str, path: str, query: str) -> None:
    """Any Authorization header, date and target is refused as unauthorized."""
    request = received("POST", f"http://{HOST}/", {"Host": HOST, "Authorization": authorization, "X-Amz-Date": date})
    with suppress(Unauthorized):
        assert not judge(replace(request, path=f"/{path}", query=query))


@given(query=composed)
def test_queries(query: str) -> None:
    """Any query is refused as unauthorized."""
    with suppress(Unauthorized):
        assert not judge(replace(received("GET", f"http://{HOST}/", {"Host": HOST}), query=query))


@given(junk=wire_text, place=st.integers(min_value=0, max_value=500), presigned=st.booleans())
def test_damaged_signatures(junk: str, place: int, presigned: bool) -> None:
    """A signed request with something put into its header or query is refused, or says what it said before."""
    if presigned:
        request, _ = presign(KEY)
        changed = replace(request, query=request.query[:place] + junk + request.query[place:])
    else:
        request, _ = sign(KEY, body=b"")
        authorization = request.headers["authorization"]
        header = authorization[:place] + junk + authorization[place:]
        changed = replace(request, headers={**request.headers, "authorization": header})
    with suppress(Unauthorized):
        if judge(changed):
            # Only the key's id is outside its signature: under another id another secret is looked up.
            assert replace(sigv4.parse(changed), access_key_id=KEY.access_key_id) == sigv4.parse(request)


@given(authorization=wire_text | wire_text.map("Basic ".__add__))
@example(authorization="Basic é")
@example(authorization="Basic AAA")
def test_basic(authorization: str) -> None:
    """Any Authorization header at the OCI door names nobody or is refused."""
    request = received("GET", f"http://{HOST}/v2/", {"Host": HOST, "Authorization": authorization})
    with suppress(Unauthorized):
        assert AUTHENTICATOR.registry(request, REGISTRY) == ANONYMOUS


@given(token=wire_text)
def test_downloads(token: str) -> None:
    """Any made-up download is refused or names nobody."""
    request = replace(received("GET", f"http://{HOST}/v2/", {"Host": HOST}), query=f"X-Cargohold-Token={token}")
    with suppress(Unauthorized):
        assert AUTHENTICATOR.registry(request, REGISTRY) == ANONYMOUS
