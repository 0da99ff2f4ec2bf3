"""Writes `aws/shapes/`: the requests and answers of each service as TypedDicts, from the pinned botocore's model.

Run `python tools/generate_shapes.py` after botocore's version changes; a test holds the files to what it writes. Import
the shapes under TYPE_CHECKING: they are for readers and mypy, a request is the decoded dict itself.
"""

from __future__ import annotations

import keyword
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cargohold.aws import model, shapes

SCALARS = {
    "string": "str",
    "integer": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "boolean": "bool",
    "blob": "bytes",
    "timestamp": "int",
}

HEADER = '''"""{name}, API version {version}: requests and answers as they are once decoded.

Written by tools/generate_shapes.py from {source}; do not edit. Timestamps are epoch milliseconds, blobs
are bytes. Where a member of an answer may be None, None leaves it out.
"""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict
'''


def render(service: str) -> str:
    """The text of one service's module; the same for the same botocore."""
    document = model.document(service)
    known = document["shapes"]
    operations = document["operations"].values()
    asked = _reach(known, [o["input"]["shape"] for o in operations if "input" in o])
    answered = _reach(known, [o["output"]["shape"] for o in operations if "output" in o])
    head = HEADER.format(
        name=document["metadata"]["serviceFullName"],
        version=document["metadata"]["apiVersion"],
        source="our own model" if (model.OURS / service).exists() else f"botocore {version('botocore')}",
    )
    aliases = [_alias(name, known[name]) for name in sorted(asked | answered) if "enum" in known[name]]
    classes = [
        _class(known, name, may_be_none=name in answered)
        for name in sorted(asked | answered)
        if known[name]["type"] == "structure"
    ]
    return "\n".join([head, *aliases]) + "\n" * bool(aliases) + "\n\n" + "\n\n\n".join(classes) + "\n"


def _reach(known: dict[str, Any], names: list[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        shape = known[name]
        parts = [*shape.get("members", {}).values()] if shape["type"] == "structure" else []
        parts += [shape[part] for part in ("member", "key", "value") if part in shape]
        waiting += [part["shape"] for part in parts]
    return found


def _alias(name: str, shape: dict[str, Any]) -> str:
    lines, line = [], "#"
    for value in shape["enum"]:
        if len(line) + len(value) > 115:
            lines.append(line)
            line = "#"
        line += f" {value}"
    return "\n".join([*lines, line, f"{name}: TypeAlias = str"])


def _class(known: dict[str, Any], name: str, *, may_be_none: bool) -> str:
    shape = known[name]
    required = set(shape.get("required", ()))
    lines = [
        f"    {member}: {_member(known, part['shape'], required=member in required, may_be_none=may_be_none)}"
        for member, part in shape["members"].items()
    ]
    clash = [member for member in shape["members"] if keyword.iskeyword(member)]
    if clash:
        raise ValueError(f"{name} has members that are Python keywords: {clash}")
    return "\n".join([f"class {name}(TypedDict):", *(lines or ["    pass"])])


def _member(known: dict[str, Any], name: str, *, required: bool, may_be_none: bool) -> str:
    plain = _type(known, name)
    if required:
        return plain
    return f"NotRequired[{plain} | None]" if may_be_none else f"NotRequired[{plain}]"


def _type(known: dict[str, Any], name: str) -> str:
    shape = known[name]
    if shape["type"] == "structure" or "enum" in shape:
        return name
    if shape["type"] == "list":
        return f"list[{_type(known, shape['member']['shape'])}]"
    if shape["type"] == "map":
        return f"dict[{_type(known, shape['key']['shape'])}, {_type(known, shape['value']['shape'])}]"
    return SCALARS[shape["type"]]


def main() -> None:
    """Writes every service's module beside the package's own file."""
    folder = Path(shapes.__path__[0])
    for service in model.VERSIONS:
        (folder / f"{service.replace('-', '_')}.py").write_text(render(service), encoding="utf-8")


if __name__ == "__main__":
    main()
