"""Which distribution an image is made of. Source: os-release(5)."""

import re
from typing import Final

from cargohold.scanning.inventory.evidence import Evidence
from cargohold.scanning.package import Distribution

PATHS: Final = ("etc/os-release", "usr/lib/os-release")
_LINE: Final = re.compile(r"""^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(.*))$""", re.MULTILINE)


def read(_path: str, content: bytes) -> Evidence:
    found = {line[1]: line[2] or line[3] or (line[4] or "").strip() for line in _LINE.finditer(_text(content))}
    return Evidence(
        distribution=Distribution(
            id=found.get("ID", "").lower(),
            version=found.get("VERSION_ID", ""),
            codename=found.get("VERSION_CODENAME", ""),
            name=found.get("PRETTY_NAME", ""),
        )
    )


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
