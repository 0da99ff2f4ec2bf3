"""AWS's Query protocol on the wire: a form to a decoded request, an answer or an error to XML.

A form's names are paths: `Tags.member.1.Key=a` is `{"Tags": [{"Key": "a"}]}`.
Source: Smithy, "AWS Query protocol"; shapes of answers recorded on AWS (STS, IAM).
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from cargohold.aws.errors import Refusal
from cargohold.aws.model import OperationModel, Service, Shape
from cargohold.core.errors import InvalidBody

CONTENT_TYPE: Final = "text/xml"
FORM: Final = "application/x-www-form-urlencoded"

UNKNOWN_NAMESPACE: Final = "http://webservices.amazon.com/AWSFault/2005-15-09"
"""Of an error that belongs to no service."""

Tree = dict[str, "str | Tree"]
Convert = Callable[[Any], Any]
Write = Callable[[Any], str]

_MOST_FIELDS = 10_000
_DEEPEST = 16
_POSITION = re.compile(r"[0-9]{1,6}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_SECONDS = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parameters(query: str, body: bytes) -> dict[str, str]:
    """The parameters of a call, from its URL and its form, without the signature's own; raises InvalidBody.

    A name that is given twice is refused: what is checked must be what is done.
    """
    found: dict[str, str] = {}
    for name, value in (*_fields(query.encode("latin-1")), *_fields(body)):
        if name.lower().startswith("x-amz-"):
            continue
        if name in found:
            raise InvalidBody("A parameter is given more than once")
        found[name] = value
    return found


def decoder(service: Service, operation: OperationModel) -> Callable[[Mapping[str, str]], dict[str, Any]]:
    """From a call's parameters to a decoded request; the function raises InvalidBody."""
    convert = _decode(service.shapes, operation.input) if operation.input else _empty

    def decode(given: Mapping[str, str]) -> dict[str, Any]:
        request: dict[str, Any] = convert(_tree(given))
        return request

    return decode


def encoder(service: Service, operation: OperationModel) -> Callable[[Mapping[str, object], str], bytes]:
    """From a handler's answer and the request's id to XML; a member that the model does not know raises KeyError."""
    write = _encode(service.shapes, operation.output) if operation.output else None
    wrapper = operation.wrapper or f"{operation.name}Result"

    def encode(answer: Mapping[str, object], request_id: str) -> bytes:
        result = _element(wrapper, write(answer)) if write else ""
        metadata = _element("ResponseMetadata", _element("RequestId", _text(request_id)))
        return _root(f"{operation.name}Response", service.namespace, result + metadata)

    return encode


def refuse(refusal: Refusal, namespace: str, request_id: str) -> bytes:
    """The body of an error."""
    fields = {
        "Type": "Receiver" if refusal.row.ours else "Sender",
        "Code": refusal.row.query,
        "Message": refusal.message,
    }
    error = _element("Error", "".join(_element(name, _text(value)) for name, value in fields.items()))
    return _root("ErrorResponse", namespace, error + _element("RequestId", _text(request_id)))


def _fields(form: bytes) -> list[tuple[str, str]]:
    if not form:
        return []
    try:
        return parse_qsl(form.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise InvalidBody("The request's parameters are not a valid form") from None


# Decoding


def _tree(given: Mapping[str, str]) -> Tree:
    root: Tree = {}
    for name, value in given.items():
        *path, last = name.split(".")
        if len(path) > _DEEPEST:
            raise InvalidBody("A parameter's name is too deep")
        node = root
        for part in path:
            child = node.setdefault(part, {})
            if isinstance(child, str):
                raise _misshapen(name)
            node = child
        if last in node:
            raise _misshapen(name)
        node[last] = value
    return root


def _misshapen(name: str) -> InvalidBody:
    return InvalidBody(f"The parameter {name[:200]} does not have the form that it should have")


def _empty(_: object) -> dict[str, Any]:
    return {}


def _decode(shapes: Mapping[str, Shape], name: str) -> Convert:
    shape = shapes[name]
    kind = shape["type"]
    if kind == "structure":
        members = {member: _decode(shapes, part["shape"]) for member, part in shape["members"].items()}
        return lambda node: _structure(name, node, members)
    if kind == "list":
        element = _decode(shapes, shape["member"]["shape"])
        return lambda node: [element(item) for item in _positions(name, node, "member")]
    if kind == "map":
        content = _decode(shapes, shape["value"]["shape"])
        return lambda node: _map(name, node, content)
    convert = _SCALARS[kind]
    return lambda node: _scalar(name, node, convert)


def _structure(name: str, node: str | Tree, members: Mapping[str, Convert]) -> dict[str, Any]:
    if isinstance(node, str):
        raise _misshapen(name)
    return {member: members[member](child) for member, child in node.items() if member in members}


def _positions(name: str, node: str | Tree, element: str) -> Iterator[str | Tree]:
    """The items of a list, in the order of their numbers; `Tags=` is a list without any."""
    if node == "":
        return
    items = node.get(element) if isinstance(node, dict) and node.keys() == {element} else None
    if not isinstance(items, dict) or not all(_POSITION.fullmatch(place) for place in items):
        raise _misshapen(name)
    for place in sorted(items, key=int):
        yield items[place]


def _map(name: str, node: str | Tree, content: Convert) -> dict[str, Any]:
    entries = {}
    for entry in _positions(name, node, "entry"):
        if isinstance(entry, str) or not isinstance(key := entry.get("key"), str) or "value" not in entry:
            raise _misshapen(name)
        entries[key] = content(entry["value"])
    return entries


def _scalar(name: str, node: str | Tree, convert: Callable[[str], Any]) -> Any:
    if not isinstance(node, str):
        raise _misshapen(name)
    try:
        return convert(node)
    except (ValueError, Base64Error, OverflowError):
        raise _misshapen(name) from None


def _integer(text: str, bits: int = 31) -> int:
    if _INTEGER.fullmatch(text) is None or not -(1 << bits) <= int(text) < 1 << bits:
        raise ValueError
    return int(text)


def _long(text: str) -> int:
    return _integer(text, 63)


def _number(text: str) -> float:
    if _SECONDS.fullmatch(text) is None:
        raise ValueError
    return float(text)


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError
    return text == "true"


def _timestamp(text: str) -> int:
    """ISO 8601, as the protocol has it, or epoch seconds."""
    if _SECONDS.fullmatch(text):
        return round(float(text) * 1000)
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


_SCALARS: Final[Mapping[str, Callable[[str], Any]]] = {
    "string": str,
    "integer": _integer,
    "long": _long,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": lambda text: a2b_base64(text, strict_mode=True),
}


# Encoding


def _encode(shapes: Mapping[str, Shape], name: str) -> Write:
    shape = shapes[name]
    kind = shape["type"]
    if kind == "structure":
        members = {member: _encode(shapes, part["shape"]) for member, part in shape["members"].items()}
        return lambda value: "".join(
            _element(member, members[member](item)) for member, item in value.items() if item is not None
        )
    if kind == "list":
        element = _encode(shapes, shape["member"]["shape"])
        return lambda value: "".join(_element("member", element(item)) for item in value)
    if kind == "map":
        content = _encode(shapes, shape["value"]["shape"])
        return lambda value: "".join(_entry(key, content(item)) for key, item in value.items())
    return _WRITERS.get(kind, str)


def _entry(key: str, content: str) -> str:
    return _element("entry", _element("key", _text(key)) + _element("value", content))


def _text(value: str) -> str:
    """Text inside XML; what XML cannot say (control characters) is left out, what a parser would change is escaped."""
    return escape(_NOT_XML.sub("", value), {"\r": "&#xD;"})


def _iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


_WRITERS: Final[Mapping[str, Write]] = {
    "string": _text,
    "boolean": lambda value: "true" if value else "false",
    "timestamp": _iso,
    "blob": lambda value: b64encode(value).decode(),
}


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"


def _root(name: str, namespace: str, content: str) -> bytes:
    return f'<{name} xmlns="{namespace}">{content}</{name}>'.encode()
