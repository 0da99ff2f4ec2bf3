"""Ruby's packages: the specifications that RubyGems installs. Source: RubyGems guides, "Specification Reference"."""

import re
from typing import Final

from cargohold.scanning.inventory.evidence import Evidence
from cargohold.scanning.package import Package

SUFFIX: Final = ".gemspec"
FOLDER: Final = "/specifications/"
_NAME: Final = re.compile(r"""^\s*s\.name\s*=\s*["']([^"']+)["']""", re.MULTILINE)
_VERSION: Final = re.compile(r"""^\s*s\.version\s*=\s*(?:Gem::Version\.new\()?\s*["']([^"']+)["']""", re.MULTILINE)
_LICENSE: Final = re.compile(r"""^\s*s\.licenses?\s*=\s*\[?\s*["']([^"']+)["']""", re.MULTILINE)


def read(path: str, content: bytes) -> Evidence:
    text = content.decode("utf-8", "replace")
    name, version, license_ = _NAME.search(text), _VERSION.search(text), _LICENSE.search(text)
    if name is None or version is None:
        return Evidence()
    package = Package("gem", name[1], version[1], license=license_[1] if license_ else "", path=path)
    return Evidence(packages=(package,))
