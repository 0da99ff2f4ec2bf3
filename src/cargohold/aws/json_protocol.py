"""AWS JSON 1.1 on the wire: a body to a decoded request, an answer or an error to a body.

Decoding checks types only (`validation` checks the rest) and leaves out null and unknown members; timestamps become
epoch milliseconds, blobs bytes.
Source: Smithy, "AWS JSON 1.1 protocol"; sentences as AWS's services send them.
"""

from __future__ import annotations

import json
import math
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from cargohold.aws.errors import Refusal
from cargohold.aws.model import OperationModel, Service, Shape
from cargohold.core.errors import InvalidBody

CONTENT_TYPE: Final = "application/x-amz-json-1.1"

Convert = Callable[[Any], Any]

_INTEGER_BITS: Final = {"integer": 31, "long": 63}
_PIECE: Final = 1 << 18
"""Characters of base64 that are decoded at once; a multiple of four."""
_NOT_BASE64: Final = "A blob of the request's body is not valid base64"
_LATEST_SECOND: Final = 253_402_300_799
"""9999-12-31T23:59:59Z"""


def decoder(service: Service, operation: OperationModel) -> Callable[[bytes], dict[str, Any]]:
    """From a body to a decoded request; the function raises InvalidBody."""
    convert = _decode(service.shapes, operation.input) if operation.input else _empty

    def decode(body: bytes) -> dict[str, Any]:
        request: dict[str, Any] = convert(_parse(body))
        return request

    return decode


def encoder(service: Service, operation: OperationModel) -> Callable[[Mapping[str, object], str], bytes]:
    """From a handler's answer (and the request's id, which JSON bodies do not hold) to a body.

    A member that the model does not know raises KeyError.
    """
    convert = (_encode(service.shapes, operation.output) if operation.output else None) or dict

    def encode(answer: Mapping[str, object], _: str) -> bytes:
        return _dump(convert(answer))

    return encode


def refuse(refusal: Refusal) -> bytes:
    """The body of an error."""
    return _dump({"__type": refusal.row.json, "message": refusal.message, **refusal.members})


def _dump(document: Mapping[str, object]) -> bytes:
    """Half a pair of UTF-16, which a policy that is told may have in it, is written as JSON's own escape of it."""
    return _WRITER.encode(document).encode(errors="backslashreplace")


def _parse(body: bytes) -> object:
    try:
        return _READER.decode(body.decode() or "{}")
    except (ValueError, RecursionError):
        raise InvalidBody("The request's body is not valid JSON") from None


def _refuse_constant(_: str) -> None:
    raise ValueError


_WRITER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_READER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def _empty(value: object) -> dict[str, Any]:
    return _structure(value, {})


# Decoding


def _decode(shapes: Mapping[str, Shape], name: str) -> Convert:
    shape = shapes[name]
    kind = shape["type"]
    if kind == "structure":
        members = {member: _decode(shapes, part["shape"]) for member, part in shape["members"].items()}
        return lambda value: _structure(value, members)
    if kind == "list":
        element = _decode(shapes, shape["member"]["shape"])
        return lambda value: _list(value, element)
    if kind == "map":
        content = _decode(shapes, shape["value"]["shape"])
        return lambda value: _map(value, content)
    if kind in _INTEGER_BITS:
        bits = _INTEGER_BITS[kind]
        return lambda value: _integer(value, bits)
    return _SCALARS[kind]


def _structure(value: object, members: Mapping[str, Convert]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unexpected(value, "a Structure")
    return {name: members[name](item) for name, item in value.items() if item is not None and name in members}


def _list(value: object, element: Convert) -> list[Any]:
    if not isinstance(value, list):
        raise _unexpected(value, "a List")
    return [element(item) for item in value]


def _map(value: object, content: Convert) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unexpected(value, "a Map")
    return {_string(key): content(item) for key, item in value.items() if item is not None}


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise _unexpected(value, "a String")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, written as \ud800
            raise InvalidBody("A string of the request's body is not valid Unicode") from None
    return value


def _integer(value: object, bits: int) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _unexpected(value, "an Integer" if bits == 31 else "a Long")
    if not -(1 << bits) <= value < 1 << bits:
        raise InvalidBody("A number of the request's body is out of its range")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _unexpected(value, "a Double")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InvalidBody("A number of the request's body is out of its range")
    return number


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise _unexpected(value, "a Boolean")
    return value


def _timestamp(value: object) -> int:
    seconds = _number(value)
    if not -_LATEST_SECOND <= seconds <= _LATEST_SECOND:
        raise InvalidBody("A timestamp of the request's body is out of its range")
    return round(seconds * 1000)


def _blob(value: object) -> bytes:
    """Decodes in pieces, because binascii lets no other thread run while it decodes one."""
    if not isinstance(value, str):
        raise _unexpected(value, "a Blob")
    last = max(0, len(value) - 1) // _PIECE * _PIECE
    pieces = (value[start : start + _PIECE] for start in range(0, last + 1, _PIECE))
    if value.find("=", 0, last) >= 0:
        raise InvalidBody(_NOT_BASE64)
    try:
        return b"".join(a2b_base64(piece, strict_mode=True) for piece in pieces)
    except (Base64Error, ValueError):
        raise InvalidBody(_NOT_BASE64) from None


_SCALARS: Final[Mapping[str, Convert]] = {
    "string": _string,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
    "float": _number,
    "double": _number,
}


def _unexpected(value: object, wanted: str) -> InvalidBody:
    if isinstance(value, dict):
        return InvalidBody("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return InvalidBody("Start of list found where not expected")
    if isinstance(value, bool):
        found = "TRUE_VALUE" if value else "FALSE_VALUE"
    elif value is None:
        found = "NULL_VALUE"
    else:
        found = "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"
    return InvalidBody(f"{found} can not be converted to {wanted}")


# Encoding


def _encode(shapes: Mapping[str, Shape], name: str) -> Convert | None:
    """None where a value is written as it is."""
    shape = shapes[name]
    kind = shape["type"]
    if kind == "structure":
        members = {member: _encode(shapes, part["shape"]) for member, part in shape["members"].items()}
        return lambda value: _members(value, members)
    if kind == "list":
        element = _encode(shapes, shape["member"]["shape"])
        return None if element is None else lambda value: [element(item) for item in value]
    if kind == "map":
        content = _encode(shapes, shape["value"]["shape"])
        return None if content is None else lambda value: {key: content(item) for key, item in value.items()}
    if kind == "timestamp":
        return _seconds
    return _base64 if kind == "blob" else None


def _members(value: Mapping[str, Any], members: Mapping[str, Convert | None]) -> dict[str, Any]:
    written = {}
    for name, item in value.items():
        convert = members[name]
        if item is not None:
            written[name] = item if convert is None else convert(item)
    return written


def _seconds(milliseconds: int) -> float:
    return milliseconds / 1000


def _base64(value: bytes) -> str:
    return b64encode(value).decode()
