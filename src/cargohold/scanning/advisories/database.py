"""The file of advisories: read by whoever scans, replaced as a whole, never changed.

One SQLite file holds everything of one build; `version` tells two builds apart. An advisory's rows in `affects` are
clustered by ecosystem and name, so that a look-up reads a few pages that lie together.
"""

import json
import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cargohold.scanning.advisories.record import Exploited, Likelihood
from cargohold.scanning.advisory import Advisory, Affected, Range, Vector
from cargohold.scanning.finding import Finding, Undecided

FORMAT: Final = 1
"""Raised when older files can no longer be read; they are built anew."""

SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (
  name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, updated_at INTEGER NOT NULL, records INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE advisory (id INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE affects (
  ecosystem TEXT NOT NULL, name TEXT NOT NULL, advisory_id INTEGER NOT NULL, PRIMARY KEY (ecosystem, name, advisory_id)
) WITHOUT ROWID;
CREATE TABLE score (cve TEXT PRIMARY KEY, vectors TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE exploited (cve TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE likelihood (cve TEXT PRIMARY KEY, score REAL NOT NULL, percentile REAL NOT NULL) WITHOUT ROWID;
"""


class Unusable(Exception):
    """There is no file of advisories, or it is not one that this version reads; the text says which."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Where a part of the file came from. `updated_at` is the newest date that its own records give, or its file's."""

    name: str
    sha256: str
    updated_at: int
    records: int


class AdvisoryFile:
    """A file, open for reading. Look-ups are of one thread: each scan opens its own."""

    def __init__(self, path: Path) -> None:
        """Raises Unusable."""
        if not path.exists():
            raise Unusable("No advisories have been imported: there is nothing to hold the image's packages against.")
        self._connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        try:
            meta = dict(self._connection.execute("SELECT key, value FROM meta").fetchall())
        except sqlite3.Error as error:
            self._connection.close()
            raise Unusable(f"The file of advisories cannot be read: {error}.") from None
        if meta.get("format") != str(FORMAT):
            self._connection.close()
            raise Unusable("The file of advisories is of another version: it has to be built anew.")
        self.version = str(meta["version"])
        self.built_at = int(meta["built_at"])
        self.memory: dict[tuple[str, ...], tuple[tuple[Finding, ...], tuple[Undecided, ...]]] = {}
        """What was found in it, for as long as it is open: one scan, or one batch of them."""
        self.lookup = lru_cache(maxsize=4096)(self._lookup)
        self.scores = lru_cache(maxsize=4096)(self._scores)
        self.covers = lru_cache(maxsize=256)(self._covers)
        self.exploited = lru_cache(maxsize=4096)(self._exploited)
        self.likelihood = lru_cache(maxsize=4096)(self._likelihood)

    def close(self) -> None:
        self._connection.close()

    def sources(self) -> list[Contents]:
        rows = self._connection.execute("SELECT name, sha256, updated_at, records FROM source ORDER BY name")
        return [Contents(*row) for row in rows]

    @property
    def updated_at(self) -> int:
        """Of the newest source: what is younger than that cannot be known."""
        return max((each.updated_at for each in self.sources()), default=0)

    def _covers(self, ecosystem: str) -> bool:
        """Whether there is any advisory at all on packages from there."""
        row = self._connection.execute("SELECT 1 FROM affects WHERE ecosystem = ? LIMIT 1", (ecosystem,)).fetchone()
        return row is not None

    def _exploited(self, cve: str) -> Exploited | None:
        row = self._connection.execute("SELECT cve, since FROM exploited WHERE cve = ?", (cve,)).fetchone()
        return None if row is None else Exploited(*row)

    def _likelihood(self, cve: str) -> Likelihood | None:
        row = self._connection.execute("SELECT cve, score, percentile FROM likelihood WHERE cve = ?", (cve,)).fetchone()
        return None if row is None else Likelihood(*row)

    def check(self) -> None:
        """Looks at every page; raises Unusable."""
        try:
            (state,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            raise Unusable(f"The file of advisories is damaged: {error}.") from None
        if state != "ok":
            raise Unusable(f"The file of advisories is damaged: {state}.")

    def _lookup(self, ecosystem: str, name: str) -> Sequence[Advisory]:
        """The advisories on a package; each holds what it says of that package alone."""
        rows = self._connection.execute(
            "SELECT payload FROM affects JOIN advisory ON advisory.id = advisory_id WHERE ecosystem = ? AND name = ?",
            (ecosystem, name),
        )
        return [unpacked(payload, ecosystem, name) for (payload,) in rows]

    def _scores(self, cve: str) -> Sequence[Vector]:
        row = self._connection.execute("SELECT vectors FROM score WHERE cve = ?", (cve,)).fetchone()
        return [] if row is None else [Vector(*each) for each in json.loads(row[0])]


def packed(advisory: Advisory) -> bytes:
    return zlib.compress(json.dumps(asdict(advisory), default=sorted, separators=(",", ":")).encode(), 6)


def unpacked(payload: bytes, ecosystem: str, name: str) -> Advisory:
    """The advisory with its entries on that package."""
    found: dict[str, Any] = json.loads(zlib.decompress(payload))
    wanted = (each for each in found.pop("affected") if (each["ecosystem"], each["name"]) == (ecosystem, name))
    found["vectors"] = [Vector(**each) for each in found["vectors"]]
    lists = {key: tuple(value) for key, value in found.items() if isinstance(value, list)}
    return Advisory(**{**found, **lists, "affected": tuple(_affected(each) for each in wanted)})


def _affected(found: dict[str, Any]) -> Affected:
    ranges = tuple(Range(tuple((edge, text) for edge, text in each["events"])) for each in found.pop("ranges"))
    versions, arches = frozenset(found.pop("versions")), frozenset(found.pop("arches"))
    return Affected(**found, versions=versions, arches=arches, ranges=ranges)


def verify(path: Path) -> None:
    """Whether a new file can be used; raises Unusable."""
    with closing(AdvisoryFile(path)) as file:
        file.check()
