"""Marks the findings of a registry's scans by the rules that it has now, an image at a time."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.database import Database
from cargohold.jobs.queue import add_job
from cargohold.scanning import store
from cargohold.scanning.finding import Severity
from cargohold.scanning.ignore import hidden_by
from cargohold.scanning.ignores import MARK


class Marker:
    """The worker's."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def mark(self, payload: Mapping[str, Any]) -> None:
        """The task of MARK: one image, which may have thousands of findings; another job goes on with the next."""
        work = partial(_mark, registry_id=int(payload["registry"]), after=int(payload["after"]), now=self._clock())
        await self._database.write(work)


def _mark(connection: Connection, registry_id: int, after: int, now: int) -> None:
    scanned = store.list_scanned(connection, registry_id, after, limit=1)
    rules = store.list_ignore_rules(connection, registry_id)
    for image_id, repository in scanned:
        counts: Counter[Severity] = Counter()
        for position, observed in store.list_findings(connection, image_id, after=-1, limit=1 << 30):
            rule = hidden_by(rules, observed.finding, repository, now)
            hidden = None if rule is None else rule.id
            if hidden != observed.ignored_by:
                store.save_mark(connection, image_id, position, hidden)
            if hidden is None:
                counts[observed.finding.severity] += 1
        store.save_counts(connection, image_id, counts)
    if scanned:
        add_job(connection, MARK, {"registry": registry_id, "after": scanned[-1][0]}, now)
