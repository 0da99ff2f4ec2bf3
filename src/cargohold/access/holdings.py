"""What a user, group or role holds, as it was written: for the simulator and for explanations, which show it to people.

The guard reads the same rows in fewer statements, and keeps only what it compiled of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.access import store
from cargohold.access.policy import Kind
from cargohold.access.sources import Source
from cargohold.access.store import holdings as rows
from cargohold.access.store.holdings import Holder
from cargohold.core.arn import iam_arn, parse_iam
from cargohold.core.errors import NoSuchEntity
from cargohold.database import Database
from cargohold.identity import aws_managed
from cargohold.identity.principals import Principal

NOTHING: Final = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": "*", "Resource": "*"}}'
"""The text of a policy that is gone where one is needed: it allows nothing."""


@dataclass(frozen=True, slots=True)
class EntityArn:
    """What the ARN of a user, group or role says."""

    account: str
    kind: rows.Kind
    path: str
    name: str

    @property
    def text(self) -> str:
        return iam_arn(self.account, self.kind, self.path, self.name)

    @property
    def principal(self) -> Principal:
        """Who asks, as far as the name tells it."""
        kind: Final = "assumed-role" if self.kind == "role" else "user"
        return Principal("", self.text, self.account, kind, self.name, "", self.text)


def parse_entity(arn: str) -> EntityArn | None:
    named = parse_iam(arn)
    if named is None or named.kind == "policy":
        return None
    return EntityArn(named.account, named.kind, named.path, named.name)


@dataclass(frozen=True, slots=True)
class Holdings:
    """A user, group or role with its policies and its tags."""

    holder: Holder
    sources: tuple[Source, ...]
    """Of the entity and its groups, then its permissions boundary."""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def principal(self) -> Principal:
        """Who asks when it is the entity itself; a role asks by its sessions, here by one of no name."""
        holder = self.holder
        arn = iam_arn(holder.account, holder.kind, holder.path, holder.name)
        kind: Final = "assumed-role" if holder.kind == "role" else "user"
        return Principal(holder.id, arn, holder.account, kind, holder.name, holder.id, arn, self.tags)


class Holders:
    """The users, groups and roles of all accounts, with what they hold."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, arn: EntityArn) -> Holdings:
        """What the user, group or role of exactly that ARN holds; raises NoSuchEntity."""
        found = await self._database.read(partial(find_holdings, account=arn.account, kind=arn.kind, name=arn.name))
        if found is None or (found.holder.path, found.holder.name) != (arn.path, arn.name):
            raise NoSuchEntity.named(arn.kind, arn.name)
        return found


def find_holdings(connection: Connection, account: str, kind: rows.Kind, name: str) -> Holdings | None:
    """None where the account has no such user, group or role."""
    holder = rows.find_holder(connection, account, kind, name)
    if holder is None:
        return None
    inline = [_inline(each, account) for each in rows.list_inline(connection, holder.id)]
    attached = [source for each in rows.list_attached(connection, holder.id) for source in managed(each, "identity")]
    boundary = rows.find_boundary(connection, holder.id)
    bounds = [] if boundary is None else list(managed(boundary, "boundary")) or [gone("boundary", account)]
    return Holdings(holder, (*inline, *attached, *bounds), rows.list_tags(connection, holder.id))


def managed(of: store.Managed, kind: Kind) -> Iterator[Source]:
    """A managed policy, of an account or AWS's own; nothing when it is gone."""
    of_aws = aws_managed.find(of.id)
    if of_aws is not None:
        label = f"the managed policy {of_aws.arn}"
        yield Source(of_aws.document, kind, of_aws.name, of_aws.arn, label, aws_managed.OWNER, "aws-managed")
    elif of.account is not None and of.document is not None:
        arn = iam_arn(of.account, "policy", of.path, of.name)
        yield Source(of.document, kind, of.name, arn, f"the managed policy {arn}", of.account, "managed")


def gone(kind: Kind, account: str) -> Source:
    """In place of a boundary or a session's policy that is not there any more."""
    return Source(NOTHING, kind, "", "", "a policy that was deleted", account)


def _inline(of: rows.Inline, account: str) -> Source:
    """Named as the simulator names it: `user_alice_push`."""
    label = f"the inline policy {of.name} of the {of.owner_kind} {of.owner}"
    id_ = f"{of.owner_kind}_{of.owner}_{of.name}"
    owner = (of.owner_kind, of.owner)
    return Source(of.document, "identity", id_, of.name, label, account, "inline", owner)
