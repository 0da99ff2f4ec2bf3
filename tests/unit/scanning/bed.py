"""Layers made for tests: tar archives of given files, as builders write them."""

import io
import tarfile
from collections.abc import Mapping

from cargohold.scanning.inventory.evidence import LayerInventory
from cargohold.scanning.inventory.layer import read_layer
from cargohold.scanning.limits import Allowance, Limits

OS_RELEASE = b'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'


def archive(files: Mapping[str, bytes], *, executable: bool = False, form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar of those files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o755 if executable else 0o644
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def read(layer: bytes, digest: str = "sha256:one", limits: Limits | None = None) -> LayerInventory:
    return read_layer(io.BytesIO(layer), digest, Allowance.of(limits or Limits()))


def stanza(name: str, version: str, **more: str) -> bytes:
    """A package of dpkg's status."""
    fields = {"Package": name, "Status": "install ok installed", "Version": version, "Architecture": "amd64", **more}
    return "".join(f"{key}: {value}\n" for key, value in fields.items()).encode() + b"\n"
