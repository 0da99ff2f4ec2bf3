"""How an issuer is asked for its keys, and what it may do to us."""

import asyncio
import gzip
import json
import time
from collections.abc import Coroutine, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from cargohold.core.errors import IssuerUnreachable
from cargohold.identity.issuer_http import IssuerHttp, may_connect
from cargohold.identity.issuer_keys import LARGEST
from tests.bed.issuer import key_set
from tests.bed.issuer_server import CONFIGURATION, KEYS, IssuerServer, document, served


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[IssuerServer]:
    with served(tmp_path) as running:
        running.publish("rsa")
        yield running


def run(asking: Coroutine[Any, Any, bytes]) -> bytes:
    """As asyncio.run, on a loop that goes on until what was aborted is gone."""
    with asyncio.Runner() as runner:
        try:
            return runner.run(asking)
        finally:
            for _ in range(10):
                runner.run(asyncio.sleep(0))


def ask(issuer: IssuerServer, path: str = "", seconds: float = 5.0) -> bytes:
    """Asks as an operator lets us who named the issuer as one at a private address."""
    url = issuer.url + path
    return run(IssuerHttp([url], issuer.authorities, seconds).fetch(url))


def refuses(issuer: IssuerServer, path: str = "", seconds: float = 5.0) -> bool:
    with pytest.raises(IssuerUnreachable):
        ask(issuer, path, seconds)
    return True


def test_keys_are_where_the_configuration_says(issuer: IssuerServer) -> None:
    """The configuration is read below the issuer's own path, and the keys where it says."""
    assert ask(issuer) == key_set("rsa")
    issuer.publish("p256", path="/id/ABC")
    assert ask(issuer, "/id/ABC") == key_set("p256")
    assert issuer.asked == [CONFIGURATION, KEYS, f"/id/ABC{CONFIGURATION}", f"/id/ABC{KEYS}"]


def test_s12_a_private_address_is_not_connected_to(issuer: IssuerServer) -> None:
    """S12: An issuer at a private or loopback address is not asked unless the operator named it."""
    others = IssuerHttp([issuer.url + "/other"], issuer.authorities)
    with pytest.raises(IssuerUnreachable):
        run(others.fetch(issuer.url))
    assert issuer.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0.0.0.0"])
def test_s12_an_address_in_place_of_a_name(issuer: IssuerServer, host: str) -> None:
    """S12: However an address is written, it is looked at when the connection is made."""
    with pytest.raises(IssuerUnreachable):
        run(IssuerHttp([], issuer.authorities).fetch(f"https://{host}:{issuer.port}"))
    assert issuer.asked == []


@pytest.mark.parametrize("at", [CONFIGURATION, KEYS])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_s12_a_redirect_is_not_followed(issuer: IssuerServer, at: str, status: int) -> None:
    """S12: An issuer that redirects, to wherever, is refused, and nobody else is asked."""
    issuer.answers[at] = document(b"", status, Location=f"{issuer.url}/elsewhere")
    assert refuses(issuer)
    assert "/elsewhere" not in issuer.asked


@pytest.mark.parametrize("at", [CONFIGURATION, KEYS])
def test_s12_an_issuer_that_answers_a_gigabyte(issuer: IssuerServer, at: str) -> None:
    """S12: Of an endless answer no more than a few MiB are ever taken."""
    sent = 0

    def flood(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1024):
            handler.wfile.write(b" " * (1 << 20))
            sent += 1

    issuer.answers[at] = flood
    assert refuses(issuer)
    assert sent <= 16


@pytest.mark.parametrize("at", [CONFIGURATION, KEYS])
def test_s12_an_issuer_that_hangs(issuer: IssuerServer, at: str) -> None:
    """S12: An issuer that says nothing, or a byte now and then, is given up after the time for all of it."""

    def dribble(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not issuer.closed.wait(0.05):
            handler.wfile.write(b" ")

    for hang in (lambda _: issuer.closed.wait(), dribble):
        issuer.answers[at] = hang
        began = time.monotonic()
        assert refuses(issuer, seconds=0.4)
        assert time.monotonic() - began < 4


def test_a_compressed_answer_is_not_opened(issuer: IssuerServer) -> None:
    """Nobody asked for compression, and nothing is decompressed, however small it looks."""
    issuer.answers[CONFIGURATION] = document(gzip.compress(b" " * (LARGEST << 4)), Content_Encoding="gzip")
    assert refuses(issuer)


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://token.example.com"},
        {"issuer": None},
        {"jwks_uri": "http://localhost/keys"},
        {"jwks_uri": "file:///etc/hosts"},
        {"jwks_uri": None},
        {"jwks_uri": "https://"},
        {"jwks_uri": "https://[::1"},
    ],
)
def test_a_configuration_that_leads_elsewhere(issuer: IssuerServer, changed: dict[str, object]) -> None:
    """A configuration of another issuer, or whose keys are not at an https address, is refused."""
    issuer.publish("rsa", **changed)
    assert refuses(issuer)
    assert KEYS not in issuer.asked


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"7", b"[" * 100_000])
def test_a_configuration_that_is_none(issuer: IssuerServer, content: bytes) -> None:
    """What is no configuration is refused."""
    issuer.answers[CONFIGURATION] = document(content)
    assert refuses(issuer)


@pytest.mark.parametrize("status", [204, 400, 404, 500])
def test_an_answer_that_is_no_success(issuer: IssuerServer, status: int) -> None:
    """Only 200 counts."""
    content = json.dumps({"issuer": issuer.url, "jwks_uri": issuer.url + KEYS}).encode()
    issuer.answers[CONFIGURATION] = document(b"" if status == 204 else content, status)
    assert refuses(issuer)


def test_a_certificate_that_nobody_vouches_for(issuer: IssuerServer) -> None:
    """An issuer whose certificate neither the system nor the operator trusts is refused, unasked."""
    with pytest.raises(IssuerUnreachable):
        run(IssuerHttp([issuer.url], None).fetch(issuer.url))
    assert issuer.asked == []


@pytest.mark.parametrize(
    ("address", "anybody", "named"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1:248:1893:25c8:1946", True, True),
        ("10.0.0.1", False, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("fd00::1", False, True),
        ("100.64.0.1", False, True),
        ("::ffff:10.0.0.1", False, True),
        ("64:ff9b::10.0.0.1", False, True),
        ("2002:0a00:0001::1", False, True),
        ("169.254.169.254", False, False),
        ("fe80::1%eth0", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::169.254.169.254", False, False),
        ("64:ff9b:1::a9fe:a9fe", False, False),
        ("2002:a9fe:a9fe::1", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
    ],
)
def test_s12_whom_an_issuer_may_be(address: str, anybody: bool, named: bool) -> None:
    """S12: Only public addresses, in whatever form; those of a private network for who is named; metadata's never."""
    assert may_connect(address, private=False) is anybody
    assert may_connect(address, private=True) is named
