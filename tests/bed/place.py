"""The application in this process, with its own data folder, and two accounts that ask it."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cargohold.aws import model
from cargohold.core.clock import DAY, system_clock
from cargohold.registry.limits import Limits
from cargohold.server import rooms, wiring
from cargohold.server.app import Application
from cargohold.server.folder import DataFolder, Deployment
from cargohold.server.settings import Settings

ACCOUNT: Final = "123456789012"
OTHER: Final = "210987654321"
REGION: Final = "us-east-1"
ELSEWHERE: Final = "eu-west-1"
_HOST = "localhost:5050"
_DEPLOYMENT = Deployment(ACCOUNT, (REGION, ELSEWHERE))


@dataclass(frozen=True, slots=True)
class Caller:
    """An account's administrator in a region."""

    account: str
    region: str = REGION


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Place:
    """Sends requests, signed, to the application as a server would hand them over."""

    application: Application
    runner: asyncio.Runner
    keys: Mapping[str, Credentials]
    late: int = field(default=0)
    """Milliseconds by which everybody's clock is late."""

    def now(self) -> int:
        return system_clock() - self.late

    def send(self, service: str, operation: str, body: bytes, caller: Caller) -> Answer:
        known = model.load(service)
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": _HOST,
            "x-amz-target": f"{known.target_prefix}.{operation}",
        }
        signed = self._signed(body, headers, caller, known.signing_name)
        return self.runner.run(_asked(self.application, signed, body))

    def ask(self, service: str, operation: str, members: Mapping[str, Any], caller: Caller) -> dict[str, Any] | None:
        """The answer to a request that may be refused, but not by a fault of ours; None when it was."""
        answer = self.send(service, operation, json.dumps(members).encode(), caller)
        assert answer.status < 500, (operation, members, answer.body)
        return answer.document if answer.status == 200 else None

    def _signed(self, body: bytes, headers: dict[str, str], caller: Caller, service: str) -> dict[str, str]:
        request = AWSRequest(method="POST", url=f"http://{_HOST}/", data=body, headers=headers)
        now = datetime.fromtimestamp(self.now() / 1000, UTC).replace(tzinfo=None)
        with patch("botocore.auth.get_current_datetime", lambda *_, **__: now):
            SigV4Auth(self.keys[caller.account], service, caller.region).add_auth(request)
        return {name.lower(): value for name, value in request.headers.items()}


@contextmanager
def opened(folder: Path, database: str | None = None, **limits: int) -> Iterator[Place]:
    """A place on a new data folder, and on a new database where one is given; its quotas are ECR's but for `limits`."""
    data = DataFolder(folder / "data")
    where: dict[str, Any] = {} if database is None else {"database": database}
    settings = Settings(data=data.path, **where)
    with data.locked(), asyncio.Runner() as runner:
        plan = wiring.prepare(settings, data, _DEPLOYMENT, 5050)
        key = runner.run(wiring.first_start(plan))
        assert key is not None
        place = Place(None, runner, {ACCOUNT: Credentials(key.id, key.secret)})  # type: ignore[arg-type]
        cellar = wiring.cellar(plan)
        # Only while it is made: other tests run beside this one's fixture.
        with (
            patch("cargohold.server.rooms.system_clock", place.now),
            patch.object(Settings, "limits", Limits(**limits)),
        ):
            place.application = rooms.application(plan, cellar)
        place.keys = {**place.keys, OTHER: _second(place)}
        yield place
        runner.run(cellar.close())


@contextmanager
def yesterday(place: Place) -> Iterator[None]:
    """What is asked here was asked a day and an hour ago: its page tokens are no longer good."""
    place.late = DAY + DAY // 24
    try:
        yield
    finally:
        place.late = 0


def _second(place: Place) -> Credentials:
    made = place.ask("cargohold", "CreateAccount", {"accountId": OTHER}, Caller(ACCOUNT))
    assert made is not None
    key = made["accessKey"]
    return Credentials(key["accessKeyId"], key["secretAccessKey"])


async def _asked(application: Application, headers: Mapping[str, str], body: bytes) -> Answer:
    """The answer as an ASGI server would get it."""
    received: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return received.pop(0) if received else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
    }
    await application(scope, receive, send)  # type: ignore[arg-type]
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], content)
