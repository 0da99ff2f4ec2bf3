"""A house with one account and its key, and requests that botocore signed."""

import asyncio
import shutil
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from sqlalchemy import create_engine

from cargohold.core.arn import Registry
from cargohold.database.schema import metadata
from cargohold.database.sqlite import SQLite
from cargohold.encryption.root import Root
from cargohold.encryption.tokens import Tokens
from cargohold.exchange import Message, Request
from cargohold.identity import sigv4
from cargohold.identity.accounts import Accounts, NewKey
from cargohold.identity.authenticate import Authenticator, Signed
from tests.bed.engines import Engine, Place

from .home import HOME, Home

T = TypeVar("T")

ACCOUNT = "123456789012"
REGISTRY = Registry(ACCOUNT, "eu-central-1")
REGIONS = ("eu-central-1", "eu-west-1")
HOST = "localhost:5050"
NOON = 1_767_268_800_000
ROOT = Root(b"r" * 32)
JSON_HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories",
}


@dataclass
class SettableClock:
    now: int = NOON

    def __call__(self) -> int:
        return self.now


@dataclass
class House:
    database: SQLite
    root: Root
    tokens: Tokens
    clock: SettableClock
    authenticator: Authenticator
    key: NewKey

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(work)

    def verify(self, request: Request, body: bytes, service: str = "ecr", *, after: int = 0) -> Signed:
        """Verifies a request as many milliseconds after it was signed."""
        self.clock.now = signed_at(request) + after
        return self.run(self.authenticator.signed(request, body, service))


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, NewKey]:
    """A database with one account in it, made once, and the account's key."""
    path = tmp_path_factory.mktemp("furnished") / "cargohold.db"
    engine = create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()

    async def bootstrap() -> NewKey | None:
        database = SQLite.open(path)
        key = await Accounts(database, ROOT, SettableClock()).bootstrap(ACCOUNT)
        await database.close()
        return key

    key = asyncio.run(bootstrap())
    assert key is not None
    return path, key


@pytest.fixture
def house(furnished: tuple[Path, NewKey], tmp_path: Path) -> Iterator[House]:
    """A house of its own for each test, whose clock stands still."""
    path, key = furnished
    database, clock = SQLite.open(Path(shutil.copy(path, tmp_path))), SettableClock()
    tokens = Tokens(ROOT.derive("tokens"))
    sigv4.signing_key.cache_clear()
    yield House(database, ROOT, tokens, clock, Authenticator(database, ROOT, tokens, clock, REGIONS), key)
    asyncio.run(database.close())


@pytest.fixture
def home(engine: Engine, place: Place) -> Iterator[Home]:
    """IAM's rooms on each database engine, with one account."""
    with engine.borrowed(place) as database, asyncio.Runner() as runner:
        made = Home(database, runner)
        runner.run(made.accounts.bootstrap(HOME))
        yield made


@pytest.fixture
def beside(engine: Engine, place: Place, home: Home) -> Iterator[Home]:
    """The same rooms through a database handle of their own, as another process has them."""
    made = Home(engine.open(place), home.runner)
    yield made
    home.runner.run(made.database.close())


def sign(
    key: NewKey,
    *,
    service: str = "ecr",
    region: str = "eu-central-1",
    url: str = f"http://{HOST}/",
    body: bytes = b'{"maxResults": 7}',
    headers: dict[str, str] | None = None,
    session_token: str | None = None,
) -> tuple[Request, bytes]:
    """A POST that botocore signed in its header, as the wire carries it."""
    given = {"Host": urlsplit(url).netloc, **(JSON_HEADERS if headers is None else headers)}
    signed = AWSRequest("POST", url, headers=given, data=body)
    SigV4Auth(Credentials(key.access_key_id, key.secret_access_key, session_token), service, region).add_auth(signed)
    return received("POST", url, dict(signed.headers.items())), body


def presign(
    key: NewKey,
    *,
    service: str = "sts",
    region: str = "eu-central-1",
    query: str = "Action=GetCallerIdentity&Version=2011-06-15",
    headers: dict[str, str] | None = None,
    expires: int = 60,
    session_token: str | None = None,
) -> tuple[Request, bytes]:
    """A GET that botocore signed in its query."""
    given = {"Host": HOST, **(headers or {})}
    signed = AWSRequest("GET", f"http://{HOST}/?{query}", headers=given)
    credentials = Credentials(key.access_key_id, key.secret_access_key, session_token)
    SigV4QueryAuth(credentials, service, region, expires=expires).add_auth(signed)
    return received("GET", signed.url, given), b""


def received(method: str, url: str, headers: dict[str, str]) -> Request:
    """A request as the server hands it on: names in lower case, the target as it was sent."""
    parts = urlsplit(url)
    lower = {name.lower(): value for name, value in headers.items()}
    return Request(method, parts.path or "/", parts.query, lower, "http", "127.0.0.1", "request-1", _receive)


def signed_at(request: Request) -> int:
    """When a request says that it was signed, in epoch milliseconds."""
    return sigv4.time_of(sigv4.parse(request))


async def _receive() -> Message:
    return {"type": "http.disconnect"}
