"""Finds events in the trail's files, newest first, reading backwards: the work of one call is bounded.

A search that has read its share stops where it is, and goes on from there when it is called again. Events of one second
may come in another order than they happened.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from cargohold.core.clock import SECOND
from cargohold.telemetry.audit.event import moment
from cargohold.telemetry.audit.files import SERIES, Place, places

SHARE: Final = 32 << 20
"""Bytes of the trail that one call reads at the most."""

SLACK: Final = 60 * SECOND
"""How far lines may stand out of the order of their times, in milliseconds."""

_BLOCK: Final = 1 << 16
_BEGIN: Final = b'{"eventVersion":'
_TIME: Final = b'"eventTime":"'
_TIME_LENGTH: Final = len("2026-11-28T02:15:45Z")

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """Which events are wanted; None is any."""

    account: str | None = None
    """The account that the event happened in, or that the caller is of."""
    principal: str | None = None
    """An ARN, a unique id, an access key, or the name of a user or role."""
    repository: str | None = None
    """A name or an ARN."""
    action: str | None = None
    """`ecr:PutImage` or `PutImage`."""
    since: int | None = None
    """Epoch milliseconds; the second is part of it, as with `until`."""
    until: int | None = None
    errors_only: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a series is read: in this file, the bytes before `offset` are left. Without a file nothing is left."""

    file: Place | None
    offset: int | None = None
    """None: the whole file is left."""


Position = Mapping[str, Mark]
"""How far each series is read; a series that is not there is not begun."""


@dataclass(frozen=True, slots=True)
class Found:
    events: list[Event]
    position: Position | None
    """Where to go on; None when the search is at its end."""


def search(folder: Path, query: Query, position: Position, limit: int, share: int = SHARE) -> Found:
    """The next `limit` events, or fewer where the call's share of work is done. Raises OSError."""
    work = _Work(share)
    readers = [_Reader(folder, series, query, position.get(series), work) for series in SERIES]
    events: list[Event] = []
    while len(events) < limit and not any(reader.is_stalled for reader in readers):
        newest = max((reader for reader in readers if reader.head is not None), key=_time, default=None)
        if newest is None:
            break
        events.append(newest.take())
    ended = all(reader.mark.file is None for reader in readers)
    return Found(events, None if ended else {reader.series: reader.mark for reader in readers})


class _Work:
    """How much may still be read."""

    def __init__(self, left: int) -> None:
        self.left = left

    @property
    def done(self) -> bool:
        return self.left <= 0


class _Reader:
    """One series, newest first: `head` is the next event that is wanted, `mark` is where to go on with it.

    A reader is stalled when the call's share of work is done and it does not know its next event. Each reads at least
    one line, so that every call comes further.
    """

    def __init__(self, folder: Path, series: str, query: Query, mark: Mark | None, work: _Work) -> None:
        self.series = series
        self._wanted = _Wanted(query)
        self._work = work
        self._lines = _lines(folder, series, mark, self._wanted.last_day)
        self._behind = self.mark = mark or Mark(None)
        self.head: Event | None = None
        self.is_stalled = False
        self._advance()

    def take(self) -> Event:
        """The head; another one takes its place."""
        head = cast(Event, self.head)
        self.head, self.mark = None, self._behind
        if self._work.done:
            self.is_stalled = True
        else:
            self._advance()
        return head

    def _advance(self) -> None:
        for place, start, line in self._lines:
            if self._wanted.is_before(line, place.day):
                break
            self._work.left -= len(line) + 1
            self._behind = Mark(place, start)
            self.head = self._wanted.event(line)
            if self.head is not None:
                self.mark = Mark(place, start + len(line) + 1)
                return
            self.mark = self._behind
            if self._work.done:
                self.is_stalled = True
                return
        self.mark = Mark(None)


def _time(reader: _Reader) -> str:
    return str(reader.head["eventTime"]) if reader.head else ""


def _lines(folder: Path, series: str, mark: Mark | None, last_day: str) -> Iterator[tuple[Place, int, bytes]]:
    """Every line that is left of a series with its file and offset, from the last one on."""
    if mark is not None and mark.file is None:
        return
    for place in reversed(places(folder, series)):
        if place.day > last_day or (mark is not None and mark.file is not None and place > mark.file):
            continue
        end = mark.offset if mark is not None and place == mark.file else None
        for start, line in _backwards(folder / place.name(series), end):
            yield place, start, line


def _backwards(path: Path, end: int | None) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their offsets, from the one that ends at `end` (None: the last) to the first.

    A file that is gone has none: it was too old.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        size = os.fstat(descriptor).st_size
        begin = size if end is None else min(end, size)
        rest = b""
        while begin > 0:
            length = min(_BLOCK, begin)
            begin -= length
            block = os.pread(descriptor, length, begin) + rest
            after = begin + len(block)
            rest, *whole = block.split(b"\n")
            for line in reversed(whole):
                after -= len(line)
                if line:
                    yield after, line
                after -= 1
            if len(rest) > _BLOCK:  # nothing of ours is so long
                rest = b""
        if rest:
            yield 0, rest
    finally:
        os.close(descriptor)


class _Wanted:
    """A query, made ready: what its lines must hold is looked for before a line is parsed."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._since = moment(query.since) if query.since is not None else ""
        self._until = moment(query.until) if query.until is not None else "~"
        self.last_day = self._until[:10]
        self._stop = moment(max(0, query.since - SLACK)) if query.since is not None else ""
        names = (query.account, query.principal, query.repository, (query.action or "").rpartition(":")[2])
        self._needles = [json.dumps(name)[1:-1].encode() for name in names if name]

    def is_before(self, line: bytes, day: str) -> bool:
        """Whether this line and all before it are older than what is wanted."""
        if day != self._stop[:10]:
            return day < self._stop[:10]
        at = line.find(_TIME) + len(_TIME)
        time = line[at : at + _TIME_LENGTH].decode("ascii", "replace")
        return at >= len(_TIME) and time < self._stop

    def event(self, line: bytes) -> Event | None:
        """The line's event, None where it is not wanted or no event."""
        if not all(needle in line for needle in self._needles):
            return None
        try:
            # A line that a full disk cut off may stand before another one.
            event = json.loads(line[max(0, line.rfind(_BEGIN)) :])
        except ValueError:
            return None
        return event if isinstance(event, dict) and self._matches(event) else None

    def _matches(self, event: Event) -> bool:
        query = self._query
        return (
            self._since <= event["eventTime"] <= self._until
            and (not query.errors_only or "errorCode" in event)
            and (query.account is None or query.account in _accounts(event))
            and (query.principal is None or query.principal in _principals(event))
            and (query.repository is None or query.repository in _repositories(event))
            and (query.action is None or query.action in _actions(event))
        )


def _accounts(event: Event) -> set[str]:
    return {event["recipientAccountId"], event["userIdentity"].get("accountId", "")}


def _principals(event: Event) -> set[str]:
    identity = event["userIdentity"]
    issuer = identity.get("sessionContext", {}).get("sessionIssuer", {})
    members = ("principalId", "arn", "accessKeyId", "userName")
    return {each.get(member, "") for each in (identity, issuer) for member in members}


def _repositories(event: Event) -> set[str]:
    arns = {resource["ARN"] for resource in event["resources"]}
    names = {arn.partition(":repository/")[2] for arn in arns}
    named = event["requestParameters"] or {}
    return arns | names | {named.get("repositoryName", "")}


def _actions(event: Event) -> set[str]:
    name = event["eventName"]
    return {name, f"{event['eventSource'].partition('.')[0]}:{name}"}
