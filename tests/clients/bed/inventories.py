"""Trees of files as image layers, and what scanning says that they hold."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from cargohold.scanning.inventory.layer import read_layer
from cargohold.scanning.inventory.merge import merge
from cargohold.scanning.limits import Allowance, Limits
from cargohold.scanning.package import Inventory, Kind

from .programs import program


def of_tree(folder: Path, *names: str) -> Inventory:
    """The inventory of a folder, or of those names in it, as one layer that tar makes."""
    command = [program("tar"), "-C", str(folder), "-cf", "-", *(names or (".",))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as tar:
        assert tar.stdout is not None
        layer = read_layer(tar.stdout, "sha256:tree", Allowance.of(Limits()))
    assert tar.returncode == 0
    return merge([layer])


def of_archive(archive: Path) -> Inventory:
    """The inventory of an image whose only layer is this file."""
    with archive.open("rb") as file:
        return merge([read_layer(file, "sha256:archive", Allowance.of(Limits()))])


def versions(inventory: Inventory, kind: Kind) -> list[tuple[str, str]]:
    """(name, version) of every package of that kind, sorted."""
    return sorted({(each.name, each.version) for each in inventory.packages if each.kind == kind})


def put(folder: Path, path: str, content: bytes) -> Path:
    """A file in a tree."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def pairs(lines: Iterable[str]) -> list[tuple[str, str]]:
    """The first two words of every line, sorted."""
    return sorted({(words[0], words[1]) for words in map(str.split, lines) if len(words) > 1})
