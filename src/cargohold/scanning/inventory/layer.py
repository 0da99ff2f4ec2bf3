"""Reads one layer, once, from its first byte to its last: nothing of it is written to disk.

What a file is shows in its path, or, for what may be executed, in its first bytes.
"""

from collections.abc import Callable
from typing import Final

from cargohold.scanning.inventory import apk, dpkg, executable, gem, java, node, os_release, python, rpm
from cargohold.scanning.inventory.evidence import Evidence, LayerInventory
from cargohold.scanning.limits import Allowance, LimitPassed
from cargohold.scanning.tar import Member, Tar
from cargohold.scanning.unpack import Source, Unpacked

Reader = Callable[[str, bytes], Evidence]

_WHITEOUT: Final = ".wh."
_OPAQUE: Final = ".wh..wh..opq"
_WHOLE: Final[dict[str, Reader]] = {
    **dict.fromkeys(os_release.PATHS, os_release.read),
    **dict.fromkeys(apk.PATHS, apk.read),
    dpkg.STATUS: dpkg.read_status,
    **{f"{folder}{name}": rpm.read for folder in rpm.FOLDERS for name in rpm.NAMES},
}


def read_layer(source: Source, digest: str, allowance: Allowance) -> LayerInventory:
    """What the layer proves. Raises ScanFailed for one that is broken, LimitPassed for one that is too large."""
    tar = Tar(Unpacked(source, allowance).read, allowance)
    found = LayerInventory(digest)
    removed: list[str] = []
    emptied: list[str] = []
    count = 0
    for member in tar:
        folder, _, name = member.name.rpartition("/")
        if name.startswith(_WHITEOUT):
            if name == _OPAQUE:
                emptied.append(folder)
            else:
                removed.append(f"{folder}/{name[len(_WHITEOUT) :]}".lstrip("/"))
            continue
        evidence = _evidence(member, tar, allowance) if member.is_file else None
        if evidence is not None:
            found.evidence[member.name] = evidence
            count += len(evidence.packages)
            if count > allowance.limits.packages:
                raise LimitPassed(f"The image has a layer of more than {allowance.limits.packages} packages.")
    return LayerInventory(digest, found.evidence, tuple(removed), tuple(emptied))


def _evidence(member: Member, tar: Tar, allowance: Allowance) -> Evidence | None:
    """None for a file that proves nothing by its path and first bytes."""
    reader = _reader(member.name, allowance)
    head = b""
    if reader is None:
        if not member.executable or member.size < 64 or (head := tar.content(4)) != executable.MAGIC:
            return None
        reader = executable.read
    if member.size > allowance.limits.file:
        return Evidence(note=f"{member.name} has {member.size} bytes: it is too large to be looked into.")
    content = head + tar.content(member.size)
    try:
        return reader(member.name, content)
    except rpm.Broken as error:
        return Evidence(note=f"{member.name} cannot be read as rpm's database: {error}.")


def _reader(path: str, allowance: Allowance) -> Reader | None:
    whole = _WHOLE.get(path)
    if whole is not None:
        return whole
    if path.startswith("var/lib/dpkg/"):
        return _of_dpkg(path)
    if path.endswith(python.SUFFIXES):
        return python.read
    if path.endswith("/package.json") and node.INSTALLED.search(path):
        return node.read_installed
    if path.endswith(node.LOCKFILES) and "node_modules/" not in path and path.rpartition("/")[2] in node.LOCKFILES:
        return node.read_lockfile
    if path.endswith(gem.SUFFIX) and gem.FOLDER in f"/{path}":
        return gem.read
    if path.endswith(java.SUFFIXES):
        return lambda name, content: java.read(name, content, allowance.limits)
    return None


def _of_dpkg(path: str) -> Reader | None:
    if path.startswith(dpkg.STATUS_FOLDER) and not path.endswith(".md5sums"):
        return dpkg.read_status
    if path.startswith(dpkg.LISTS) and path.endswith(".list"):
        return dpkg.read_list
    return None
