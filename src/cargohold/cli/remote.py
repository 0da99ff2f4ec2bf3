"""Asks a running server through its API, here or elsewhere, with the access key of whoever types: no other way in.

The server and the key are those of AWS's own tools (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_PROFILE …); where none is
named, those of the data folder, as `cargohold env` prints them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cargohold.aws.model import OURS
from cargohold.cli.reach import DATA, local

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session

SERVICE: Final = "cargohold"

_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_CARGOHOLD", "AWS_ENDPOINT_URL")
_CONNECT_SECONDS: Final = 10

data_option: Final[Callable[..., Any]] = click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="A data folder of this machine, in place of AWS_ENDPOINT_URL and its key.",
)


@contextmanager
def asking(data: Path | None, service: str = SERVICE) -> Iterator[BaseClient]:
    """A client of the service of our own, or of one of AWS's that the server has.

    Whatever goes wrong while it asks becomes a ClickException in plain words.
    """
    import botocore.session
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = _client(botocore.session.Session(), data, service)
        try:
            yield client
        finally:
            client.close()
    except ClientError as error:
        raise click.ClickException(_refusal(error.response)) from None
    except BotoCoreError as error:
        raise click.ClickException(_fault(error)) from None


def whole(answer: dict[str, Any], member: str) -> dict[str, Any]:
    """The answer, which has this member if a Cargohold gave it; raises ClickException."""
    if member not in answer:
        raise click.ClickException("What answered is no Cargohold.")
    return answer


def pages(ask: Callable[..., dict[str, Any]], member: str, **asked: str) -> Iterator[dict[str, Any]]:
    """Every item of a listing, page after page."""
    token: dict[str, str] = {}
    while True:
        page = whole(ask(**asked, **token), member)
        yield from page[member]
        if "nextToken" not in page:
            return
        token = {"nextToken": page["nextToken"]}


def _client(session: Session, data: Path | None, service: str) -> BaseClient:
    from botocore.config import Config

    session.get_component("data_loader").search_paths.append(str(OURS))
    # AWS's other tools read it; botocore reads AWS_DEFAULT_REGION alone.
    settings: dict[str, Any] = {"region_name": os.environ.get("AWS_REGION") or None}
    if data is not None or not _names_an_endpoint(session):
        named = os.environ.get(DATA)
        found = local(data or (Path(named) if named else None))
        settings = {
            "endpoint_url": found.running.url,
            "region_name": found.running.region,
            "aws_access_key_id": found.key.id,
            "aws_secret_access_key": found.key.secret,
        }
    config = Config(retries={"total_max_attempts": 2}, connect_timeout=_CONNECT_SECONDS)
    return session.create_client(service, config=config, **settings)


def _names_an_endpoint(session: Session) -> bool:
    return any(os.environ.get(name) for name in _ENDPOINTS) or "endpoint_url" in _profile(session)


def _profile(session: Session) -> dict[str, Any]:
    """What ~/.aws/config says of the profile; nothing where there is no such profile, which is told when it is used."""
    from botocore.exceptions import ProfileNotFound

    try:
        found: dict[str, Any] = session.get_scoped_config()
    except ProfileNotFound:
        return {}
    return found


def _refusal(answer: dict[str, Any]) -> str:
    """What the server said."""
    code, message = answer["Error"]["Code"], answer["Error"]["Message"]
    if code in ("UnknownOperationException", "404"):
        return "The server does not know this operation: it is of another version, or no Cargohold."
    return message or f"The server answered {code}."


def _fault(error: Exception) -> str:
    """What kept the question from being asked or answered."""
    from botocore import exceptions

    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return 'There is no access key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or eval "$(cargohold env)".'
    if isinstance(error, exceptions.NoRegionError):
        return "There is no region: set AWS_REGION to the server's."
    if isinstance(error, exceptions.SSLError):
        return f"The server's certificate is not trusted; AWS_CA_BUNDLE names a file with its authority. {error}"
    return str(error)
