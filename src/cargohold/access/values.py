"""Values of conditions that are more than text: numbers, dates, booleans, addresses and bytes.

A policy's value that cannot be read matches nothing, and neither does a request's.
Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache, partial
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from cargohold.access.patterns import Accepts

Value = Decimal | bytes | str

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")
_DATE: Final = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:[Tt]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?)?"
)
_LONGEST_SECONDS: Final = 100_000_000_000
"""Epoch numbers above are milliseconds: as seconds they are after the year 5000."""


def number(text: str) -> Decimal | None:
    """A whole or decimal number; None for anything else."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


@lru_cache(maxsize=256)
def date(text: str) -> Decimal | None:
    """Epoch seconds of an ISO 8601 date (`2026-07-01T13:20:15Z`, or less of it) or of epoch seconds or milliseconds.

    None for anything else. Four digits are a year, and a time without a zone is UTC.
    """
    parts = _DATE.fullmatch(text)
    if parts is not None:
        return _instant(parts)
    epoch = number(text)
    if epoch is None or abs(epoch) >= 2**63:
        return None
    return epoch if abs(epoch) < _LONGEST_SECONDS else epoch / 1000


def _instant(parts: re.Match[str]) -> Decimal | None:
    year, month, day = int(parts[1]), int(parts[2] or 1), int(parts[3] or 1)
    hour, minute, second = (int(text or 0) for text in parts.group(4, 5, 6))
    try:
        when = datetime(year, month, day, hour, minute, second, tzinfo=_zone(parts[8] or "Z"))
        whole = int((when - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None
    return whole + Decimal(f"0.{parts[7] or 0}")


def _zone(text: str) -> timezone:
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[3:].removeprefix(":") or 0)
    return timezone(timedelta(minutes=(hours * 60 + minutes) * (-1 if text[0] == "-" else 1)))


def boolean(text: str) -> str | None:
    folded = text.lower()
    return folded if folded in {"true", "false"} else None


def binary(text: str) -> bytes | None:
    """Bytes that are written in base64."""
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return None


@lru_cache(maxsize=1024)
def address(text: str) -> tuple[int, int] | None:
    """Version and number of an IP address; an IPv4 address within IPv6 is that IPv4 address."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.version, int(found)


def network(text: str) -> Accepts | None:
    """The addresses of a CIDR block or of a single address."""
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        return None
    if isinstance(found, IPv6Network) and found.network_address.ipv4_mapped is not None and found.prefixlen >= 96:
        found = ip_network((int(found.network_address) & 0xFFFFFFFF, found.prefixlen - 96))
    return partial(_within, found.version, int(found.network_address), int(found.netmask))


def _within(version: int, base: int, mask: int, text: str) -> bool:
    found = address(text)
    return found is not None and found[0] == version and found[1] & mask == base


def _compared(read: Callable[[str], Any], compare: Callable[[Any, Any], bool], text: str) -> Accepts | None:
    wanted = read(text)
    return None if wanted is None else partial(_holds, read, compare, wanted)


def _holds(read: Callable[[str], Any], compare: Callable[[Any, Any], bool], wanted: Value, text: str) -> bool:
    found = read(text)
    return found is not None and compare(found, wanted)


_COMPARISONS: Final = {"Equals": eq, "LessThan": lt, "LessThanEquals": le, "GreaterThan": gt, "GreaterThanEquals": ge}

READERS: Final[Mapping[str, Callable[[str], Accepts | None]]] = {
    **{f"Numeric{name}": partial(_compared, number, compare) for name, compare in _COMPARISONS.items()},
    **{f"Date{name}": partial(_compared, date, compare) for name, compare in _COMPARISONS.items()},
    "BinaryEquals": partial(_compared, binary, eq),
    "IpAddress": network,
}
"""By operator, what a policy's value matches; None where it cannot be read."""
