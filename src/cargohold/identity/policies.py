"""Managed policies: an account's own and AWS's, what they are attached to, and their tags.

Source: IAM API reference, "CreatePolicy", "GetPolicy", "ListPolicies", "DeletePolicy", "ListEntitiesForPolicy".
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Literal

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.identity import aws_managed, policy, store, tags
from cargohold.identity.aws_managed import AwsManagedPolicy
from cargohold.identity.entity import Entity
from cargohold.identity.policy import Policy, PolicyName, PolicyVersion, Usage, UsedBy, Validator, Wanted, Way
from cargohold.identity.quotas import Quotas
from cargohold.identity.store import policies as policy_store
from cargohold.identity.store import tags as tag_store
from cargohold.identity.store import usage
from cargohold.identity.unique_id import new_id

Owner = Literal["account", "aws"]

BOTH: Final[tuple[Owner, ...]] = ("account", "aws")


@dataclass(frozen=True, slots=True)
class NewPolicy:
    """A policy as CreatePolicy describes it."""

    name: str
    document: str
    path: str = "/"
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class Policies:
    def __init__(self, database: Database, clock: Clock, check: Validator, quotas: Quotas) -> None:
        self._database = database
        self._clock = clock
        self._check = check
        self._quotas = quotas

    async def create(self, account: str, new: NewPolicy) -> Policy:
        """A policy of the account with its first version, attached to nobody.

        Raises LimitExceeded, MalformedPolicyDocument and EntityAlreadyExists.
        """
        check_document(new.document, self._check, self._quotas)
        now = self._clock()
        made = Policy(
            id=new_id("ANPA"),
            account=account,
            path=new.path,
            name=new.name,
            description=new.description,
            default_version=1,
            created_at=now,
            updated_at=now,
            tags=new.tags,
        )
        await self._database.write(partial(self._add, made=made, document=new.document))
        return made

    async def get(self, account: str, name: PolicyName) -> Policy:
        """A policy with its usage in the account and its tags; raises NoSuchEntity."""

        def work(connection: Connection) -> Policy:
            found = get(connection, account, name)
            used = usage.count_usage(connection, account, [found.id])
            held = tag_store.list_tags(connection, found.id)
            return replace(found, usage=used.get(found.id, Usage()), tags=held)

        return await self._database.read(work)

    async def page(
        self, account: str, owners: Collection[Owner], wanted: Wanted, after: str | None, limit: int
    ) -> Page[Policy]:
        """Up to `limit` policies with their usage in the account: its own by name, then AWS's."""

        def work(connection: Connection) -> list[Policy]:
            return list_policies(connection, account, owners, wanted, Behind(after or "", limit + 1))

        return cut(await self._database.read(work), limit, key)

    async def delete(self, account: str, name: PolicyName) -> None:
        """Deletes a policy with its only version; raises NoSuchEntity, and DeleteConflict while it is in use."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            found = get_own(connection, account, name)
            if usage.count_usage(connection, account, [found.id]):
                raise DeleteConflict("Cannot delete a policy attached to entities.")
            if len(policy_store.list_versions(connection, found.id)) > 1:
                raise DeleteConflict(
                    "This policy has more than one version. Before you delete a policy, you must delete the policy's "
                    "versions. The default version is deleted with the policy."
                )
            policy_store.delete_policy(connection, found.id)

        await self._database.write(work)

    async def users_of(
        self, account: str, name: PolicyName, wanted: UsedBy, after: str | None, limit: int
    ) -> Page[Entity]:
        """Up to `limit` groups, roles and users, in this order, that use a policy; raises NoSuchEntity."""
        kind, _, folded = (after or "").partition("/")

        def work(connection: Connection) -> Sequence[Entity]:
            found = get(connection, account, name)
            behind = usage.Slice(limit + 1, (kind, folded))
            return usage.list_users_of(connection, found.id, account, wanted, behind)

        return cut(await self._database.read(work), limit, lambda each: f"{each.kind}/{each.name.lower()}")

    async def tag(self, account: str, name: PolicyName, given: Mapping[str, str]) -> None:
        """Adds tags; a key that the policy has, regardless of case, is replaced. Raises NoSuchEntity, LimitExceeded."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            tags.add(connection, get_own(connection, account, name).id, given, self._quotas.tags)

        await self._database.write(work)

    async def untag(self, account: str, name: PolicyName, keys: Collection[str]) -> None:
        """Takes tags away; a key that the policy does not have is left out. Raises NoSuchEntity and InvalidInput."""
        tags.check_keys(keys)

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            tags.remove(connection, get_own(connection, account, name).id, keys)

        await self._database.write(work)

    async def list_tags(self, account: str, name: PolicyName, after: str | None, limit: int) -> Page[tuple[str, str]]:
        """Keys and values by key. Raises NoSuchEntity."""

        def work(connection: Connection) -> Page[tuple[str, str]]:
            return tags.page(connection, get(connection, account, name).id, after, limit)

        return await self._database.read(work)

    def _add(self, connection: Connection, made: Policy, document: str) -> None:
        store.hold(connection, made.account)
        if policy_store.count_policies(connection, made.account) >= self._quotas.policies:
            raise LimitExceeded.quota("PoliciesPerAccount", self._quotas.policies)
        if not policy_store.add_policy(connection, made, document):
            raise EntityAlreadyExists(f"A policy called {made.name} already exists. Duplicate names are not allowed.")
        tags.add(connection, made.id, made.tags, self._quotas.tags)


@dataclass(frozen=True, slots=True)
class Behind:
    """A part of a list: up to `limit` behind a key."""

    after: str
    limit: int


def check_document(document: str, check: Validator, quotas: Quotas) -> None:
    """Raises LimitExceeded and MalformedPolicyDocument unless it may be a version of a managed policy."""
    if policy.size(document) > quotas.policy_characters:
        raise LimitExceeded.quota("PolicySize", quotas.policy_characters)
    check(document, "managed")


def get(connection: Connection, account: str, name: PolicyName) -> Policy:
    """A policy of the account or of AWS's, without its usage and tags; raises NoSuchEntity."""
    if name.account == aws_managed.OWNER:
        known = aws_managed.by_arn(name.arn)
        if known is None:
            raise name.missing
        return policy.of_aws(known, Usage())
    return get_own(connection, account, name)


def get_own(connection: Connection, account: str, name: PolicyName) -> Policy:
    """A policy that the account may change; raises NoSuchEntity."""
    found = policy_store.find_policy(connection, name) if name.account == account else None
    if found is None:
        raise name.missing
    return found


def newest(known: AwsManagedPolicy) -> PolicyVersion:
    """The one version of a policy of AWS's that is kept."""
    return PolicyVersion(known.version, known.document, default=True, created_at=known.updated_at)


def key(listed: Policy) -> str:
    """What a list of policies is ordered by: the account's own, then AWS's, by name regardless of case."""
    return f"{'aws' if listed.account == aws_managed.OWNER else 'account'}/{listed.name.lower()}"


def list_policies(
    connection: Connection, account: str, owners: Collection[Owner], wanted: Wanted, behind: Behind
) -> list[Policy]:
    """Policies with their usage in the account, in the order of `key`."""
    owner, _, name = behind.after.partition("/")
    found: list[Policy] = []
    if "account" in owners and owner != "aws":
        found = _with_usage(
            connection, account, policy_store.list_page(connection, account, wanted, name, behind.limit)
        )
    if "aws" in owners and len(found) < behind.limit:
        known = [policy.of_aws(each, Usage()) for each in aws_managed.POLICIES.values()]
        counted = _with_usage(connection, account, sorted(known, key=key))
        found += [each for each in counted if key(each) > behind.after and _is_wanted(each, wanted)]
    return found[: behind.limit]


def _with_usage(connection: Connection, account: str, found: Sequence[Policy]) -> list[Policy]:
    used = usage.count_usage(connection, account, [each.id for each in found])
    return [replace(each, usage=used.get(each.id, Usage())) for each in found]


def _is_wanted(listed: Policy, wanted: Wanted) -> bool:
    return listed.path.startswith(wanted.path) and (wanted.used is None or _is_used(listed.usage, wanted.used))


def _is_used(counted: Usage, way: Way) -> bool:
    if way == "either":
        return counted != Usage()
    return bool(counted.attachments if way == "attached" else counted.boundaries)
