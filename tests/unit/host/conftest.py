"""A host's key, a clock that stands still, and a server that answers what a test wants."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from cargohold.core.clock import HOUR
from cargohold.host.key import HostKey
from cargohold.host.remote import Credentials
from cargohold.host.rotation import Rotation

NOON = 1_772_366_400_000
"""2026-03-01T12:00:00Z"""
KEY = HostKey(
    url="http://localhost:5050",
    host_id="i-0123456789abcdef0",
    host_name="box",
    account="123456789012",
    region="eu-central-1",
    joined_at=NOON,
    access_key_id="AKIAIOSFODNN7EXAMPLE",
    secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
)


@dataclass
class Server:
    """Stands for the server: issues credentials, numbered, or raises `fault`."""

    now: int = NOON
    asked: int = 0
    fault: Exception | None = None
    rotation: Rotation = field(init=False)

    def __post_init__(self) -> None:
        self.rotation = Rotation(self.fetch, self.clock)

    def clock(self) -> int:
        return self.now

    async def fetch(self) -> Credentials:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return Credentials(
            role_name="web",
            role_arn="arn:aws:iam::123456789012:role/web",
            profile_arn="arn:aws:iam::123456789012:instance-profile/web",
            profile_id="AIPAEXAMPLE",
            access_key_id=f"ASIA{self.asked}",
            secret_access_key="a secret",
            session_token="a token",
            issued_at=self.now,
            expires_at=self.now + 6 * HOUR,
        )

    def current(self) -> str | None:
        """The id of the access key that is handed out now."""
        held = asyncio.run(self.rotation.current())
        return None if held is None else held.access_key_id


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def run() -> Callable[[Any], Any]:
    return asyncio.run
