"""Issuers' keys as they are kept: asked for once for all, seldom, and never where a file has them."""

import asyncio
from pathlib import Path

import pytest

from cargohold.core.errors import IssuerUnreachable
from cargohold.identity.issuer_keys import ASKED_AGAIN, KEPT, LARGEST, RESTED, IssuerKeys
from tests.bed.issuer import GITHUB, key_set

from .conftest import SettableClock


class Issuer:
    """Answers when it is let, and counts how often it was asked."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.asked = 0
        self.fails = False

    async def fetch(self, _: str) -> bytes:
        self.asked += 1
        await self.open.wait()
        if self.fails:
            raise IssuerUnreachable
        return key_set("rsa")


def test_all_who_wait_wait_for_one_answer() -> None:
    """A hundred tokens at once are one question; who goes away meanwhile takes nobody along."""

    async def story() -> None:
        issuer = Issuer()
        keys = IssuerKeys(issuer.fetch, {}, SettableClock())
        issuer.open.clear()
        waiting = [asyncio.create_task(keys.find(GITHUB, "rsa")) for _ in range(100)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        issuer.open.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(found[0], asyncio.CancelledError)
        assert all(isinstance(each, list) and len(each) == 1 for each in found[1:])
        assert issuer.asked == 1

    asyncio.run(story())


def test_s12_forged_tokens_cost_an_issuer_nothing() -> None:
    """S12: Keys that are not there are asked for once a minute, and an issuer that fails once in ten seconds."""

    async def story() -> None:
        issuer, clock = Issuer(), SettableClock()
        keys = IssuerKeys(issuer.fetch, {}, clock)
        for forged in range(50):
            assert await keys.find(GITHUB, str(forged)) == ()
        assert issuer.asked == 1
        clock.now += ASKED_AGAIN
        for forged in range(50):
            assert await keys.find(GITHUB, str(forged)) == ()
        assert issuer.asked == 2
        issuer.fails = True
        clock.now += KEPT
        for _ in range(50):
            with pytest.raises(IssuerUnreachable):
                await keys.find(GITHUB, "rsa")
        assert issuer.asked == 3
        clock.now += RESTED
        issuer.fails = False
        assert len(await keys.find(GITHUB, "rsa")) == 1

    asyncio.run(story())


def test_known_keys_outlast_a_failed_question() -> None:
    """An unknown key that an issuer in trouble is asked for does not take away the keys that are known."""

    async def story() -> None:
        issuer, clock = Issuer(), SettableClock()
        keys = IssuerKeys(issuer.fetch, {}, clock)
        assert len(await keys.find(GITHUB, "rsa")) == 1
        issuer.fails = True
        clock.now += ASKED_AGAIN
        with pytest.raises(IssuerUnreachable):
            await keys.find(GITHUB, "forged")
        assert len(await keys.find(GITHUB, "rsa")) == 1

    asyncio.run(story())


@pytest.mark.parametrize("content", [None, b"", b"{", b" " * LARGEST + b'{"keys":[]}'])
def test_a_file_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    """A file that is missing, broken or too large is no reason to ask the issuer."""
    file, issuer = tmp_path / "keys.json", Issuer()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(IssuerUnreachable):
        asyncio.run(IssuerKeys(issuer.fetch, {GITHUB: file}, SettableClock()).find(GITHUB, "rsa"))
    assert issuer.asked == 0
