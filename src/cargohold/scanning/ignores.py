"""A registry's ignore rules: added, listed, removed; scans that are there already are marked anew behind the doors."""

import uuid
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.arn import Registry
from cargohold.core.clock import Clock
from cargohold.core.errors import IgnoreRuleNotFound, InvalidParameter, LimitExceeded
from cargohold.database import Database
from cargohold.jobs.queue import add_job
from cargohold.registry.registries import registry_id
from cargohold.scanning import store
from cargohold.scanning.ignore import IgnoreRule

MARK: Final = "mark ignored findings"
"""The job's name; its payload is {"registry": id, "after": the last image that was done}."""
MOST: Final = 500
"""Rules of one registry."""


@dataclass(frozen=True, slots=True)
class NewRule:
    """Wildcards of what is to be hidden, why, by whom, and until when (epoch milliseconds; None: for good)."""

    vulnerability: str
    package: str
    path: str
    repository: str
    reason: str
    created_by: str
    expires_at: int | None


class IgnoreRules:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, of: Registry, new: NewRule) -> IgnoreRule:
        """Raises InvalidParameter for one that is over before it begins, and LimitExceeded."""
        now = self._clock()
        if new.expires_at is not None and new.expires_at <= now:
            raise InvalidParameter("expiresAt", "Member must be in the future")
        rule = IgnoreRule(
            id=uuid.uuid4().hex[:12],
            vulnerability=new.vulnerability,
            package=new.package,
            path=new.path,
            repository=new.repository,
            reason=new.reason,
            created_by=new.created_by,
            created_at=now,
            expires_at=new.expires_at,
        )
        await self._database.write(partial(_add, of=of, rule=rule, now=now))
        return rule

    async def list(self, of: Registry) -> list[IgnoreRule]:
        """All of them, the oldest first, those that are over too."""
        return await self._database.write(partial(_list, of=of))

    async def remove(self, of: Registry, rule_id: str) -> None:
        """Raises IgnoreRuleNotFound."""
        await self._database.write(partial(_remove, of=of, rule_id=rule_id, now=self._clock()))


def _add(connection: Connection, of: Registry, rule: IgnoreRule, now: int) -> None:
    id_ = registry_id(connection, of)
    if len(store.list_ignore_rules(connection, id_)) >= MOST:
        raise LimitExceeded(f"The registry already has the maximum allowed number of ignore rules which is '{MOST}'")
    store.add_ignore_rule(connection, id_, rule)
    _mark(connection, id_, now)
    if rule.expires_at is not None:
        _mark(connection, id_, rule.expires_at)


def _list(connection: Connection, of: Registry) -> list[IgnoreRule]:
    return store.list_ignore_rules(connection, registry_id(connection, of))


def _remove(connection: Connection, of: Registry, rule_id: str, now: int) -> None:
    id_ = registry_id(connection, of)
    if not store.delete_ignore_rule(connection, id_, rule_id):
        raise IgnoreRuleNotFound(rule_id)
    _mark(connection, id_, now)


def _mark(connection: Connection, id_: int, run_at: int) -> None:
    add_job(connection, MARK, {"registry": id_, "after": 0}, run_at)
