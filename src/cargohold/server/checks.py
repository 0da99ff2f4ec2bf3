"""What can be wrong with a set-up, looked for from outside the server: `cargohold doctor` prints what these find.

A check returns findings and never raises for what it looks for.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import ssl
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from cargohold.server import certificates, listener
from cargohold.server.folder import DataFolder, Deployment, Running
from cargohold.server.refusal import CannotStart
from cargohold.server.settings import Settings, is_loopback

SKEW_SECONDS: Final = 300
"""AWS refuses a signature whose date is further away than this."""

_ANSWER_SECONDS: Final = 3.0
_LITTLE_SPACE: Final = 1 << 30
_SOON: Final = timedelta(days=14)
_WILDCARDS: Final = frozenset({"0.0.0.0", "::", "[::]"})  # noqa: S104


@dataclass(frozen=True, slots=True)
class Finding:
    """`wrong` is to be mended; `note` may surprise somebody; `lines` are to be copied as they stand."""

    mark: Literal["ok", "note", "wrong"]
    sentence: str
    lines: tuple[str, ...] = ()


def findings(settings: Settings) -> Iterator[Finding]:
    """Every check of a set-up, cheapest first."""
    folder = DataFolder(settings.data)
    running = folder.running()
    yield from check_folder(folder)
    yield from check_space(folder.path)
    yield from check_database(settings)
    yield from check_certificates(settings, datetime.now(UTC))
    yield from check_port(settings, folder)
    yield from check_public(settings, folder, running)
    if running is not None:
        yield from check_answer(running, settings.tls_cert, time.time())
    yield from check_names(settings, folder.remembered() or Deployment(settings.account, settings.regions))
    yield from check_trust(settings, running)
    yield from check_clients()


def check_folder(folder: DataFolder) -> Iterator[Finding]:
    """Whether the folder is its owner's alone, and the files that hold secrets are."""
    if not folder.path.exists():
        yield Finding("note", f"There is no data folder {folder.path} yet; the first start makes it.")
        return
    if not folder.path.is_dir():
        yield Finding("wrong", f"{folder.path} is not a folder.")
        return
    secrets = [file for file in (folder.root_key, folder.credentials) if file.exists()]
    found = [*_not_private(folder.path, 0o700), *(bad for file in secrets for bad in _not_private(file, 0o600))]
    yield from found or [Finding("ok", f"The data folder {folder.path} is open to its owner only.")]


def _not_private(path: Path, mode: int) -> Iterator[Finding]:
    status = path.stat()
    if status.st_uid != os.geteuid():
        yield Finding("wrong", f"{path} belongs to user {status.st_uid}, and this is user {os.geteuid()}.")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding("wrong", f"Other users can open {path}.", (f"chmod {mode:o} {path}",))


def check_space(path: Path) -> Iterator[Finding]:
    """Whether there is room for images."""
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    sentence = f"{free / (1 << 30):.1f} GiB are free for {path}."
    yield Finding("wrong" if free < _LITTLE_SPACE else "ok", sentence)


def check_database(settings: Settings) -> Iterator[Finding]:
    """Whether the database can be used, where it is not in the folder."""
    if settings.database_url is None:
        return
    from cargohold.server import wiring  # what the server needs takes longer to import than all other checks to run

    try:
        yield Finding("ok", f"The {wiring.examine_database(settings)} can be used.")
    except CannotStart as error:
        yield Finding("wrong", str(error))


def check_certificates(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Whether the TLS files can be read, belong together and are valid for a while."""
    if settings.tls_cert is None:
        return
    try:
        certificates.check_certificate(settings.tls_cert, settings.tls_key)
    except CannotStart as error:
        yield Finding("wrong", str(error))
        return
    end = certificates.expiry(settings.tls_cert)
    if end < now:
        yield Finding("wrong", f"The TLS certificate {settings.tls_cert} expired on {end:%Y-%m-%d}.")
    elif end < now + _SOON:
        yield Finding("note", f"The TLS certificate {settings.tls_cert} expires on {end:%Y-%m-%d}.")
    else:
        yield Finding("ok", f"The TLS certificate {settings.tls_cert} is valid until {end:%Y-%m-%d}.")


def check_port(settings: Settings, folder: DataFolder) -> Iterator[Finding]:
    """Whether a server runs on the folder, or could start on its port."""
    user = folder.user()
    if user is not None:
        yield Finding("ok", f"The server runs as process {user}.")
        return
    try:
        bound = listener.bind(settings.host, settings.port)
        with contextlib.closing(bound):
            listener.listen(bound, 1)
    except CannotStart as error:
        yield Finding("wrong", str(error))
        return
    yield Finding("note", f"No server runs on {folder.path}; port {settings.port} on {settings.host} is free for one.")


def check_public(settings: Settings, folder: DataFolder, running: Running | None) -> Iterator[Finding]:
    """Where public repositories are pulled from, or what would keep a server from opening their port."""
    if running is not None:
        yield Finding("ok", f"Public repositories are pulled from {running.public}/<alias>/<repository>.")
    port = settings.listen_public
    if port is None or folder.user() is not None:
        return
    try:
        bound = listener.bind(settings.host, port, listener.PUBLIC_PORT)
        with contextlib.closing(bound):
            listener.listen(bound, 1, listener.PUBLIC_PORT)
    except CannotStart as error:
        yield Finding("wrong", str(error))


def check_answer(running: Running, certificate: Path | None, now: float) -> Iterator[Finding]:
    """Whether the running server answers that it is ready, with a clock like ours."""
    try:
        status, date = _ask(running, certificate)
    except ssl.SSLCertVerificationError as error:
        yield Finding("wrong", f"A client would not trust the certificate of {running.url}: {error.verify_message}.")
        return
    except (OSError, http.client.HTTPException) as error:
        yield Finding("wrong", f"The server at {running.url} does not answer: {error}.")
        return
    if status != http.HTTPStatus.OK:
        yield Finding("wrong", f"The server at {running.url} is not ready: /readyz answers {status}, its log says why.")
    else:
        yield Finding("ok", f"The server at {running.url} is ready.")
    skew = abs(parsedate_to_datetime(date).timestamp() - now) if date else 0.0
    if skew > SKEW_SECONDS:
        yield Finding(
            "wrong", f"The server's clock is {skew:.0f} seconds away from this machine's: signatures will fail."
        )


def _ask(running: Running, certificate: Path | None) -> tuple[int, str | None]:
    host = urlsplit(running.url).hostname or ""
    connection = http.client.HTTPConnection(host, running.port, timeout=_ANSWER_SECONDS)
    if running.url.startswith("https:"):
        context = ssl.create_default_context()
        if certificate is not None:
            context.load_verify_locations(certificate)
        connection = http.client.HTTPSConnection(host, running.port, timeout=_ANSWER_SECONDS, context=context)
    with contextlib.closing(connection):
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, answer.getheader("Date")


def check_names(settings: Settings, deployment: Deployment) -> Iterator[Finding]:
    """Whether the names under which registries are reached resolve on this machine."""
    if not _resolves(settings.domain):
        lines = _hosts((settings.domain,), settings)
        yield Finding("wrong", f"The name {settings.domain} does not resolve here; add to /etc/hosts:", lines)
    names = [f"{deployment.account}.dkr.ecr.{region}.{settings.domain}" for region in deployment.regions]
    missing = [name for name in names if not _resolves(name)]
    if not missing:
        yield Finding("ok", "The names of all registries resolve here.")
    elif missing == names[:1]:
        sentence = f"The default registry is reached as {settings.domain} only; for AWS's form, add to /etc/hosts:"
        yield Finding("note", sentence, _hosts(missing, settings))
    else:
        sentence = "Registries are not reached, because their names do not resolve here; add to /etc/hosts:"
        yield Finding("wrong", sentence, _hosts(missing, settings))


def _hosts(names: Iterable[str], settings: Settings) -> tuple[str, ...]:
    address = "127.0.0.1" if settings.host in _WILDCARDS or settings.host == "localhost" else settings.host
    return tuple(f"{address} {name}" for name in names)


def _resolves(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, None))
    except OSError:
        return False


def check_trust(settings: Settings, running: Running | None) -> Iterator[Finding]:
    """Whether docker will talk to the registry: without TLS it trusts only loopback addresses."""
    if settings.secure or is_loopback(settings.host):
        return
    registry = running.registry if running else f"{settings.domain}:{settings.port}"
    yield Finding(
        "note",
        f"{settings.host} is reached from other machines without TLS: credentials can be read on the way, and their "
        "docker needs this in /etc/docker/daemon.json (better: --tls-cert and --tls-key):",
        (f'{{"insecure-registries": ["{registry}"]}}',),
    )


def check_clients() -> Iterator[Finding]:
    """Whether the clients that the first steps use are there."""
    for name in ("aws", "docker"):
        found = shutil.which(name)
        if found:
            yield Finding("ok", f"{name} is {found}.")
        else:
            yield Finding("note", f"{name} is not on the PATH; the first steps that `cargohold serve` prints use it.")
