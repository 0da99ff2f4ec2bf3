"""What a host is known by, in a file that only its owner may read: its access key, and where the server is."""

from __future__ import annotations

import json
import os
import secrets
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

FILE: Final = "host.json"
CONTAINER_TOKEN: Final = "container-token"  # noqa: S105
"""The file of the token that the container endpoint asks for, beside the key."""

_LONGEST: Final = 64 * 1024


class HostUnusable(Exception):
    """The host cannot do what it is asked to; the sentence says why, and what to do. It never holds a secret."""


@dataclass(frozen=True, slots=True)
class HostKey:
    """A host that joined; `joined_at` is epoch milliseconds."""

    url: str
    """Of the server."""
    host_id: str
    host_name: str
    account: str
    region: str
    joined_at: int
    access_key_id: str
    secret_access_key: str = field(repr=False)
    ca_bundle: str | None = None
    """The path of the certificates that the server's is checked with; None: the machine's own."""


def default_folder() -> Path:
    """`/var/lib/cargohold-host` for root, else `~/.config/cargohold-host`."""
    return Path("/var/lib/cargohold-host") if os.geteuid() == 0 else Path.home() / ".config" / "cargohold-host"


def load(folder: Path) -> HostKey:
    """The key in the folder; raises HostUnusable where there is none, or others than its owner may read it."""
    path = folder / FILE
    try:
        content = json.loads(read_private(path))
        return HostKey(**content)
    except FileNotFoundError:
        raise HostUnusable(
            f"{path} is not there: this machine has not joined. Run: cargohold host join URL TOKEN"
        ) from None
    except (TypeError, ValueError):
        raise HostUnusable(f"{path} is not a host's key.") from None


def save(folder: Path, key: HostKey) -> None:
    """Writes the key, in the place of one that is there."""
    write_private(folder / FILE, json.dumps(asdict(key), indent=2) + "\n")


def container_token(folder: Path) -> str:
    """The token that containers show, made at the first call."""
    path = folder / CONTAINER_TOKEN
    try:
        return read_private(path).strip()
    except FileNotFoundError:
        token = secrets.token_urlsafe(32)
        write_private(path, token)  # without a line break: SDKs send the file as it is
        return token


def check_writable(folder: Path) -> None:
    """Raises HostUnusable where a key could not be kept: to be asked before a token is used up."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f".{secrets.token_hex(8)}"
        draft.touch(0o600)
        draft.unlink()
    except OSError as error:
        raise HostUnusable(f"The host's key cannot be kept in {folder}: {error.strerror}.") from None


def read_private(path: Path) -> str:
    """A file's text; raises FileNotFoundError, and HostUnusable where others than its owner may use it."""
    try:
        with path.open() as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise HostUnusable(f"Others than its owner may use {path}. Run: chmod 600 {path}")
            return file.read(_LONGEST)
    except PermissionError:
        raise HostUnusable(f"{path} cannot be read: it is somebody else's.") from None


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all; raises HostUnusable."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise HostUnusable(f"{path} cannot be written: {error.strerror}.") from None
