"""Debian's PostgreSQL as a server of the tests' own: a data folder and a port that nobody else uses."""

import os
import shutil
import socket
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest

ROLE = "cargohold"
_UNPRIVILEGED = "postgres"
"""Who runs the server where the tests are root's: PostgreSQL refuses to be."""

_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=60")
"""A test's data need not survive the machine; everything else is as the server does it by itself."""


def binaries() -> Path | None:
    """The folder of the newest PostgreSQL's programs, None when there is none."""
    found = list(Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb"))
    return max(found, key=lambda program: int(program.parts[-3])).parent if found else None


def required_binaries() -> Path:
    """The programs, or else the test is skipped, which counts as failed in CI."""
    found = binaries()
    if found is not None:
        return found
    reason = "PostgreSQL is not installed (Debian: apt install postgresql)"
    if os.environ.get("CI", "") not in {"", "0", "false"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


class PostgresServer:
    """A server with an empty database `postgres`, whose text is ordered as in English, not byte by byte."""

    def __init__(self) -> None:
        self._programs = required_binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="cargohold-pg-"))
        self._user = _UNPRIVILEGED if os.geteuid() == 0 else None
        self._numbers = count(1)
        self.port = _free_port()
        if self._user is not None:
            shutil.chown(self._folder, self._user, self._user)
        text = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
        self._run("initdb", "--auth=trust", f"--username={ROLE}", "--no-sync", *text)

    def start(self, *settings: str) -> Self:
        """Returns when it answers."""
        given = (*_FAST, f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}")
        options = " ".join(f"-c {setting}" for setting in (*given, *settings))
        self._run("pg_ctl", "--wait", f"--log={self._folder / 'log'}", f"--options={options}", "start")
        return self

    def stop(self) -> None:
        """Ends it as a machine's failure would, without a word to its clients."""
        self._run("pg_ctl", "--wait", "--mode=immediate", "stop")

    def remove(self) -> None:
        shutil.rmtree(self._folder)

    def url(self, database: str = "postgres", user: str = ROLE) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def create(self, how: str = "") -> str:
        """The URL of a new database, empty unless `how` names a template."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} {how}")
        return self.url(name)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """What a statement returns that no work of ours sends."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def log_tail(self, lines: int = 30) -> str:
        return "\n".join((self._folder / "log").read_text(errors="replace").splitlines()[-lines:])

    def _run(self, program: str, *options: str) -> None:
        command = [str(self._programs / program), "-D", str(self._folder / "data"), *options]
        done = subprocess.run(
            command,
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"{program} of PostgreSQL failed: {done.stderr}", pytrace=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
