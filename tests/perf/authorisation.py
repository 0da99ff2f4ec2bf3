"""What it costs to know who asks and whether they may: `python -m tests.perf.authorisation`.

CPU of this process alone, of a principal with twenty policies, at both doors, with the database's round trips aside:
what the guard and the authenticator read is handed to them as the database gave it the first time. Beside it stands a
calibration, the same on every machine: reading a manifest's JSON and taking its SHA-256 twenty times.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import statistics
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from sqlalchemy import Connection, update

from cargohold.access.context import Surroundings
from cargohold.access.demand import Demand
from cargohold.access.guard import Guard
from cargohold.core.clock import system_clock
from cargohold.database import Database, migrate
from cargohold.database.schema.identity import access_key
from cargohold.database.sqlite import SQLite
from cargohold.encryption.tokens import Tokens
from cargohold.exchange import Message, Request
from cargohold.identity import registry_token
from cargohold.identity.authenticate import Authenticator
from cargohold.identity.key_uses import KeyUses
from tests.bed.access import HOME, ROOT, USER, House, furnish

BUDGET: Final = 60.0
"""Microseconds."""

KEY: Final = "AKIAUSER"
SECRET: Final = "not a secret at all"
_PULL: Final = Demand("ecr:BatchGetImage", HOME, "app")
_SEEN: Final = Surroundings("192.0.2.7", secure=True, user_agent="docker/29.0")
_BODY: Final = b'{"repositoryName":"app","imageIds":[{"imageTag":"latest"}]}'
_MANIFEST: Final = json.dumps({"layers": [{"digest": f"sha256:{number:064}", "size": number} for number in range(20)]})


@dataclass(frozen=True)
class Figures:
    """Medians in microseconds of CPU for one request."""

    oci: float
    aws: float
    calibration: float


class Remembering:
    """A database that answers a read as it did the first time; what is read is told by the work and its arguments."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers: dict[Any, Any] = {}

    async def read(self, work: Any) -> Any:
        key = (work.func, *sorted(work.keywords.items()))
        if key not in self._answers:
            self._answers[key] = await self._database.read(work)
        return self._answers[key]

    async def write(self, work: Callable[[Connection], Any]) -> Any:
        return await self._database.write(work)


def policies() -> list[dict[str, Any]]:
    """Twenty, as teams have them: most are of other services and repositories, some with conditions; one gives this."""

    def allow(actions: list[str], *resources: str, **more: Any) -> dict[str, Any]:
        return {"Effect": "Allow", "Action": actions, "Resource": list(resources) or "*", **more}

    others = [
        allow(["ecr:Batch*", "ecr:Get*"], HOME.repository_arn(f"other-{number}/*"), HOME.repository_arn("shared-?"))
        for number in range(12)
    ]
    conditions: list[dict[str, Any]] = [
        {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}},
        {"StringEquals": {"ecr:ResourceTag/env": "dev"}},
        {"StringLike": {"aws:UserAgent": "podman/*"}},
        {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
    ]
    asking = [allow(["ecr:*"], HOME.repository_arn("*"), Condition=condition) for condition in conditions]
    away = {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    denying = {"Effect": "Deny", "Action": "ecr:*", "Resource": "*", "Condition": away}
    team = allow(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], HOME.repository_arn("${aws:username}/*"))
    plain = allow(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], HOME.repository_arn("app"))
    return [*others, *asking, denying, team, plain, allow(["iam:Get*"])]


def furnish_user(house: House) -> None:
    """Gives the bed's plain user ten inline policies, ten managed ones and a secret."""
    for number, one in enumerate(policies()):
        if number % 2:
            house.inline("AIDAUSER", f"p{number}", one)
        else:
            house.attach("AIDAUSER", house.managed(f"p{number}", one))
    house.resource_tags(1, env="prod")
    sealed = ROOT.seal(SECRET.encode(), KEY)
    house.write(update(access_key).where(access_key.c.id == KEY).values(sealed_secret=sealed))


def measure(folder: Path, rounds: int) -> Figures:
    """Medians over `rounds` rounds of a hundred requests each."""
    migrate.upgrade(folder / "cargohold.db")
    database = SQLite.open(folder / "cargohold.db")
    asyncio.run(database.write(furnish))
    furnish_user(House(database))
    try:
        return asyncio.run(_measured(database, rounds))
    finally:
        asyncio.run(database.close())


async def _measured(database: Database, rounds: int) -> Figures:
    remembering: Any = Remembering(database)
    tokens, uses = Tokens(ROOT.derive("tokens")), KeyUses(database, system_clock)
    authenticator = Authenticator(remembering, ROOT, tokens, system_clock, {HOME.region}, uses=uses)
    guard = Guard(remembering, ROOT, system_clock)
    password = registry_token.issue(tokens, USER, HOME.region, system_clock()).password
    pull, signed = request("GET", "/v2/app/manifests/latest", login(password)), request("POST", "/", signature())

    async def at_oci() -> None:
        await guard.require(authenticator.registry(pull, HOME), (_PULL,), (), _SEEN)

    async def at_aws() -> None:
        proven = await authenticator.signed(signed, _BODY, "ecr")
        await guard.require(proven.credential, (_PULL,), (), _SEEN)

    return Figures(await median(at_oci, rounds), await median(at_aws, rounds), await median(calibrate, rounds))


async def calibrate() -> None:
    text = json.dumps(json.loads(_MANIFEST))
    for _ in range(20):
        hashlib.sha256(text.encode()).digest()


async def median(work: Callable[[], Awaitable[None]], rounds: int) -> float:
    """Microseconds of CPU for one, the median of rounds of a hundred."""
    taken = []
    for _ in range(rounds + 1):
        began = time.process_time_ns()
        for _ in range(100):
            await work()
        taken.append((time.process_time_ns() - began) / 100_000)
    return statistics.median(taken[1:])


def login(password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"AWS:{password}".encode()).decode()}


def signature() -> dict[str, str]:
    """The headers of a signed BatchGetImage, as an SDK sends them."""
    headers = {
        "host": "localhost:5050",
        "content-type": "application/x-amz-json-1.1",
        "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.BatchGetImage",
    }
    asked = AWSRequest(method="POST", url="http://localhost:5050/", data=_BODY, headers=headers)
    SigV4Auth(Credentials(KEY, SECRET), "ecr", HOME.region).add_auth(asked)
    return {name.lower(): value for name, value in asked.headers.items()}


def request(method: str, path: str, headers: dict[str, str]) -> Request:
    async def receive() -> Message:
        raise AssertionError("the body was read")

    return Request(method, path, "", {"host": "localhost:5050", **headers}, "http", "192.0.2.7", "r1", receive)


def main() -> int:
    """Prints the figures; 1 when one is over the budget."""
    with tempfile.TemporaryDirectory(prefix="cargohold-perf-") as folder:
        figures = measure(Path(folder), rounds=101)
    print("Authentication and authorisation, a principal with 20 policies, CPU at the median, database aside:")
    print(f"  docker's password  {figures.oci:6.1f} µs\n  signed request     {figures.aws:6.1f} µs")
    print(f"  budget             {BUDGET:6.1f} µs\n  calibration        {figures.calibration:6.1f} µs")
    return 0 if max(figures.oci, figures.aws) <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
