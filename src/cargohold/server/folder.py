"""The data folder: what lies where in it, who may use it, and what it remembers.

DIR/                0700
  lock              held by the running server; holds its process id
  deployment.json   the account and regions this folder was first started with
  root.key          0600, unless the key comes from outside
  credentials       0600, the administrator's access key in AWS's file format
  cargohold.db      SQLite
  blobs/            the blob store
  archive/          the blob store of what only archived images use
  audit/            0700, the audit trail's files
  run/server.json   where the running server is reached; there only while it is ready
  run/metrics/      counters of all processes
"""

from __future__ import annotations

import configparser
import contextlib
import fcntl
import hmac
import json
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cargohold.server.refusal import CannotStart

PROFILE: Final = "default"


def default_data() -> Path:
    """`$XDG_DATA_HOME/cargohold`, or `~/.local/share/cargohold`."""
    home = os.environ.get("XDG_DATA_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".local" / "share") / "cargohold"


@dataclass(frozen=True, slots=True)
class Running:
    """A server that accepts connections, as run/server.json says it."""

    url: str
    registry: str
    """`host:port` of the default registry, as `docker login` takes it."""
    pid: int
    host: str
    port: int
    account: str
    region: str
    dev: bool
    version: str
    public: str = ""
    """`host:port` before a public registry's alias."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a data folder remembers of its first start."""

    account: str
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccessKey:
    id: str
    secret: str

    def __repr__(self) -> str:
        return f"AccessKey(id={self.id!r})"


class DataFolder:
    """One data folder. Methods that write raise CannotStart in the words of what the machine refused."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def root_key(self) -> Path:
        return self.path / "root.key"

    @property
    def credentials(self) -> Path:
        return self.path / "credentials"

    @property
    def database(self) -> Path:
        return self.path / "cargohold.db"

    @property
    def blobs(self) -> Path:
        return self.path / "blobs"

    @property
    def archive(self) -> Path:
        return self.path / "archive"

    @property
    def advisories(self) -> Path:
        return self.path / "advisories"

    @property
    def audit(self) -> Path:
        return self.path / "audit"

    @property
    def metrics(self) -> Path:
        return self.path / "run" / "metrics"

    @property
    def _running(self) -> Path:
        return self.path / "run" / "server.json"

    @property
    def _root_check(self) -> Path:
        return self.path / "root.check"

    @property
    def _deployment(self) -> Path:
        return self.path / "deployment.json"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Makes the folder where it is missing and holds its lock; raises CannotStart when a server uses it.

        Forked processes share the lock: it is free when the last of them has ended, however it ended.
        """
        with _refusing(f"The data folder {self.path} cannot be used"):
            _make_private(self.path)
            _make_private(self._running.parent)
            descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _try_lock(descriptor):
                raise CannotStart(f"The data folder {self.path} is in use by {_named(os.pread(descriptor, 32, 0))}.")
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            self._running.unlink(missing_ok=True)
            yield
        finally:
            os.close(descriptor)

    def user(self) -> int | None:
        """The process id of the server that uses the folder, None when there is none; 0 when it does not say."""
        try:
            descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            if _try_lock(descriptor):
                return None
            written = os.pread(descriptor, 32, 0)
            return int(written) if written.isdigit() else 0
        finally:
            os.close(descriptor)

    def remember(self, account: str | None, regions: Sequence[str] | None, default: Deployment) -> Deployment:
        """What this start runs with: what was given, else what the folder remembers, else the default.

        A folder has one account from its first start on: another one raises CannotStart, because every image would
        seem to be gone.
        """
        known = self.remembered()
        if known and account and account != known.account:
            raise CannotStart(
                f"The data folder {self.path} belongs to account {known.account}: start it without --account, "
                f"or take another --data folder for account {account}."
            )
        base = known or default
        now = Deployment(account or base.account, tuple(regions or base.regions))
        if now != known:
            text = json.dumps({"account": now.account, "regions": list(now.regions)})
            _write(self._deployment, text + "\n")
        return now

    def remembered(self) -> Deployment | None:
        """What the folder was last started with, None before its first start."""
        try:
            found = json.loads(self._deployment.read_text("utf-8"))
            return Deployment(found["account"], tuple(found["regions"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise CannotStart(
                f"{self._deployment} is damaged: it holds the folder's account and regions as JSON."
            ) from None

    def for_its_owner(self) -> Deployment:
        """What the folder remembers, for who owns it: what another user wrote in it the server could not use.

        Raises CannotStart.
        """
        try:
            owner = self.path.stat().st_uid
        except OSError:
            owner = os.geteuid()
        if owner != os.geteuid():
            raise CannotStart(f"The data folder {self.path} belongs to another user: run this as the one who owns it.")
        with _refusing(f"The data folder {self.path} cannot be used"):
            known = self.remembered()
        if known is None:
            raise CannotStart(f"No server was ever started on the data folder {self.path}: give the one with --data.")
        return known

    def recognise(self, mark: str) -> None:
        """Raises CannotStart when the root key, of which `mark` is a fingerprint, is not the one of the first start."""
        try:
            known = self._root_check.read_text("ascii").strip()
        except FileNotFoundError:
            _write(self._root_check, mark + "\n")
            return
        if not hmac.compare_digest(known.encode(), mark.encode()):
            raise CannotStart(
                f"The root key is not the one that secrets in {self.path} are sealed under: start with that one "
                f"(root_key, root_key_file or {self.root_key}), or restore it from a backup."
            )

    def announce(self, running: Running) -> None:
        """Writes where the server is reached: connections are accepted from now on."""
        _write(self._running, json.dumps(asdict(running), indent=2) + "\n", durable=False)

    def withdraw(self) -> None:
        """Says that the server accepts no more connections."""
        self._running.unlink(missing_ok=True)

    def running(self) -> Running | None:
        """The server that accepts connections, None when there is none."""
        try:
            written = Running(**json.loads(self._running.read_text("utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        # Asked second: a server that is just starting must not meet our own hold on its lock.
        return None if self.user() is None else written

    def keep_credentials(self, key: AccessKey) -> None:
        """Writes the administrator's access key as AWS's tools read it."""
        text = f"[{PROFILE}]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
        _write(self.credentials, text)

    def access_key(self) -> AccessKey | None:
        """The access key of the credentials file's default profile, None when it holds none."""
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(self.credentials.read_text("utf-8"))
            section = parser[PROFILE]
            return AccessKey(section["aws_access_key_id"], section["aws_secret_access_key"])
        except (FileNotFoundError, KeyError, configparser.Error):
            return None


def _make_private(path: Path) -> None:
    """Makes a folder that only its owner enters; one that others can enter is left to `doctor` to report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    if not stat.S_ISDIR(path.stat().st_mode):
        raise NotADirectoryError(20, "Not a directory")


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _named(written: bytes) -> str:
    return f"process {written.decode()}" if written.isdigit() else "another process"


def _write(path: Path, text: str, *, durable: bool = True) -> None:
    """Replaces a file in one step; only its owner can ever read it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with _refusing(f"{path} cannot be written"):
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if durable:
                os.fsync(descriptor)
        draft.replace(path)


@contextlib.contextmanager
def _refusing(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotStart(f"{what}: {error.strerror}.") from None
