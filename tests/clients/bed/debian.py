"""A Debian system as a tar archive, made by debootstrap from the mirror that this machine uses, once per machine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .images import HOST
from .programs import CACHE, absent, clean_environment, program

_RELEASE = "bookworm"
_RELEASES = {"bullseye", "bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable"}
_UNNEEDED = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man")


def debian_archive() -> Path:
    """The path of the archive; skips or fails the test where it cannot be made."""
    archive = CACHE / f"{_RELEASE}-{HOST}.tar"
    if not archive.exists():
        debootstrap = program("debootstrap")
        if os.geteuid() != 0:
            absent("debootstrap can only be run by root")
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="cargohold-debian-") as folder:
            _make(debootstrap, Path(folder), archive)
    return archive


def _make(debootstrap: str, folder: Path, archive: Path) -> None:
    root, new = folder / "root", archive.with_suffix(f".{os.getpid()}")
    _run([debootstrap, "--variant=minbase", _RELEASE, str(root), _mirror()])
    for name in _UNNEEDED:
        shutil.rmtree(root / name, ignore_errors=True)
    _run(["tar", "--one-file-system", "-C", str(root), "-cf", str(new), "."])
    new.rename(archive)


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=900
    )
    if done.returncode != 0:
        absent(f"{command[0]} failed:\n{(done.stdout + done.stderr).decode(errors='replace')[-2000:]}")


def _mirror() -> str:
    """The address of the Debian archive that apt is told to use here."""
    apt = Path("/etc/apt")
    for path in [*apt.glob("sources.list"), *sorted(apt.glob("sources.list.d/*"))]:
        stanzas = _stanzas(path.read_text()) if path.suffix == ".sources" else _lines(path.read_text())
        for address, suites, components in stanzas:
            if _RELEASES & set(suites) and "main" in components:
                return _resolved(address)
    return absent("apt names no Debian mirror on this machine")


def _stanzas(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """The sources of a file in deb822 form: address, suites, components."""
    for stanza in text.split("\n\n"):
        pairs = (line.partition(":") for line in stanza.splitlines() if not line.startswith("#"))
        fields = {name.strip().lower(): value.split() for name, _, value in pairs}
        for address in fields.get("uris", []):
            yield address, fields.get("suites", []), fields.get("components", [])


def _lines(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """The sources of a file in one-line form."""
    for line in text.splitlines():
        kind, _, rest = line.strip().partition(" ")
        words = rest.split("]")[-1].split()
        if kind == "deb" and len(words) > 2:
            yield words[0], [words[1]], words[2:]


def _resolved(address: str) -> str:
    """Cloud images of Debian keep the address in a file of its own."""
    if not address.startswith("mirror+file:"):
        return address
    return Path(address.removeprefix("mirror+file:")).read_text().split()[0]
