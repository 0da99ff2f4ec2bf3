"""Programs: where they are, running them, and what happens when one is missing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

CACHE = Path(
    os.environ.get("TEST_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cargohold-tests"
)
_ENVIRONMENT = Path(sys.executable).parent
_KEPT = ("HOME", "LANG", "TMPDIR", "TERM", "USER")


def absent(reason: str) -> NoReturn:
    """A client is not there: a skipped test on a person's machine, a failure in CI."""
    if os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        pytest.fail(f"{reason}; scripts/install-test-clients (in a long run with --long) installs it", pytrace=False)
    pytest.skip(reason)


def search_path() -> str:
    """The clients that the tests pin come first, then what the machine has."""
    given = os.environ.get("PATH", os.defpath)
    return os.pathsep.join([str(CACHE / "bin"), str(_ENVIRONMENT), given, "/usr/local/sbin", "/usr/sbin", "/sbin"])


def program(name: str) -> str:
    """The path of a program; skips or fails the test when it is missing."""
    found = shutil.which(name, path=search_path())
    return found or absent(f"{name} is not installed")


def clean_environment() -> dict[str, str]:
    """What a client may know of this machine: no proxy, no AWS profile, no other engine."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"PATH": search_path(), "PYTHONWARNINGS": "default"}


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a program printed."""

    command: str
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both streams, as a person sees them."""
        return self.out + self.err

    def __str__(self) -> str:
        return f"$ {self.command}\n{self.text}\n(exit status {self.code})"


def run(
    command: list[str], environment: Mapping[str, str], *, given: bytes | None = None, cwd: Path | None = None
) -> Run:
    """Runs a program to its end, for at most five minutes."""
    done = subprocess.run(
        command, env=dict(environment), input=given or b"", cwd=cwd, capture_output=True, check=False, timeout=300
    )
    return Run(
        " ".join(command), done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


@dataclass(frozen=True, slots=True)
class Client:
    """One real client with its own configuration; call it with its arguments."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    cwd: Path | None = None

    def __call__(self, *arguments: str | Path, given: bytes | None = None) -> Run:
        """Runs it; the test fails with everything it printed when it does not succeed."""
        done = self._run(arguments, given)
        if done.code != 0:
            pytest.fail(str(done), pytrace=False)
        return done

    def refused(self, *arguments: str | Path, given: bytes | None = None) -> str:
        """Runs it; the test fails when it succeeds. Returns what a person reads."""
        done = self._run(arguments, given)
        if done.code == 0:
            pytest.fail(f"this should have been refused:\n{done}", pytrace=False)
        return done.text

    def _run(self, arguments: tuple[str | Path, ...], given: bytes | None) -> Run:
        return run([*self.command, *map(str, arguments)], self.environment, given=given, cwd=self.cwd)
