"""Referrers: the images of a repository that name a subject: signatures, attestations, SBOMs.

The subject is a digest and no more; whether the repository holds it makes no difference. A page holds as many manifests
as one manifest may have bytes, because their annotations are all in the answer.
Source: OCI distribution-spec 1.1, "Listing Referrers"; Amazon ECR API reference, ListImageReferrers.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from cargohold.core.arn import Target
from cargohold.core.digest import Digest
from cargohold.core.manifest import MAXIMUM_BYTES
from cargohold.core.paging import Page
from cargohold.database import Database
from cargohold.registry.store import referrers
from cargohold.registry.store.referrers import Entry

WINDOW: Final = 200
"""Rows of one read."""


@dataclass(frozen=True, slots=True)
class Referrer:
    """An image that names a subject. `size` is its manifest's length in bytes."""

    digest: Digest
    media_type: str
    artifact_type: str | None
    """`artifactType`, else the config's media type; None for an index that gives none."""
    size: int
    annotations: Mapping[str, str]
    status: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which referrers: of one of the artifact types, or of any where none is given; of a status, or ANY."""

    artifact_types: frozenset[str] = frozenset()
    status: str = "ACTIVE"

    def includes(self, entry: Entry) -> bool:
        of_type = not self.artifact_types or entry.artifact_type in self.artifact_types
        return of_type and self.status in ("ANY", entry.status)


class Referrers:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, target: Target, subject: Digest, wanted: Wanted, after: str | None, limit: int
    ) -> Page[Referrer]:
        """Up to `limit` referrers in the order they were pushed; `after` is the `after` of the page before.

        Raises RepositoryNotFound. A subject that nobody knows has none.
        """
        window = partial(referrers.list_window, repository_id=target.existing, subject=subject, limit=WINDOW)
        found: list[Entry] = []
        last = int(after or 0)
        while len(found) <= limit:
            rows = await self._database.read(partial(window, after=last))
            found += filter(wanted.includes, rows)
            if len(rows) < WINDOW:
                break
            last = rows[-1].id
            await asyncio.sleep(0)
        chosen = _affordable(found[:limit])
        return Page(await self._read(chosen), str(chosen[-1].id) if len(found) > len(chosen) > 0 else None)

    async def _read(self, entries: Sequence[Entry]) -> tuple[Referrer, ...]:
        """Those of the entries that are still there, with their annotations."""
        payloads: dict[int, bytes] = {}
        for start in range(0, len(entries), WINDOW):
            ids = [entry.id for entry in entries[start : start + WINDOW]]
            payloads |= await self._database.read(partial(referrers.list_payloads, ids=ids))
        return tuple(_referrer(entry, payloads[entry.id]) for entry in entries if entry.id in payloads)


def _affordable(entries: Sequence[Entry]) -> Sequence[Entry]:
    """As many of the entries, but at least one, as have no more than MAXIMUM_BYTES of manifests together."""
    total = 0
    for count, entry in enumerate(entries):
        total += entry.bytes
        if total > MAXIMUM_BYTES and count:
            return entries[:count]
    return entries


def _referrer(entry: Entry, payload: bytes) -> Referrer:
    given = json.loads(payload).get("annotations")
    members = given.items() if isinstance(given, dict) else ()
    return Referrer(
        digest=entry.digest,
        media_type=entry.media_type,
        artifact_type=entry.artifact_type or None,
        size=entry.bytes,
        annotations={name: value for name, value in members if isinstance(value, str)},
        status=entry.status,
    )
