"""All users, groups, roles and policies of an account, with all that hangs on each.

Source: IAM API reference, "GetAccountAuthorizationDetails".
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from sqlalchemy import Connection

from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.identity import aws_managed, policies, policy_names, principal_names
from cargohold.identity.entity import Entity, Kind
from cargohold.identity.instance_profile import InstanceProfile
from cargohold.identity.policies import Behind
from cargohold.identity.policy import Policy, PolicyName, PolicyVersion, Wanted
from cargohold.identity.role import Role
from cargohold.identity.store import details, entities, instance_profiles, roles

Part = Literal["user", "group", "role", "account policy", "aws policy"]

EVERYTHING: Final[Collection[Part]] = ("user", "group", "role", "account policy", "aws policy")

LARGEST_PAGE: Final = 100
"""Items on one page, however many are asked for: AWS may give fewer than that, too."""

_KINDS: Final[Sequence[Kind]] = ("user", "group", "role")


@dataclass(frozen=True, slots=True)
class EntityDetail:
    """A user, group or role with all that hangs on it."""

    entity: Entity
    inline: Sequence[tuple[str, str]]
    """Names and documents."""
    attached: Sequence[PolicyName]
    boundary: str | None
    """The ARN of a managed policy."""
    tags: Sequence[tuple[str, str]]
    groups: Sequence[str]
    """Names; a user's."""
    role: Role | None
    instance_profiles: Sequence[InstanceProfile] = ()
    """Those that hold the role."""


@dataclass(frozen=True, slots=True)
class PolicyDetail:
    """A managed policy with its usage and versions."""

    policy: Policy
    versions: Sequence[PolicyVersion]


Detail = EntityDetail | PolicyDetail
_Item = Entity | Policy


class AccountDetails:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, account: str, parts: Collection[Part], after: str | None, limit: int) -> Page[Detail]:
        """Up to `limit` details: users, groups, roles, the account's policies, then those of AWS's that it uses."""
        limit = min(limit, LARGEST_PAGE)

        def work(connection: Connection) -> Page[Detail]:
            found = cut(_list(connection, account, parts, Behind(after or "", limit + 1)), limit, _key)
            return Page(tuple(_detailed(connection, account, found.items)), found.after)

        return await self._database.read(work)


def _key(item: _Item) -> str:
    """The items' order: by what they are, then by name regardless of case."""
    if isinstance(item, Entity):
        return f"{_KINDS.index(item.kind)}/{item.name.lower()}"
    return f"{len(_KINDS)}/{policies.key(item)}"


def _list(connection: Connection, account: str, parts: Collection[Part], behind: Behind) -> list[_Item]:
    section, _, after = behind.after.partition("/")
    begun = int(section or 0)
    found: list[_Item] = []
    for number, kind in enumerate(_KINDS):
        if kind in parts and number >= begun:
            name = after if number == begun else ""
            found += entities.list_entities(connection, account, kind, name, behind.limit - len(found))
    rest = Behind(after if begun == len(_KINDS) else "", behind.limit - len(found))
    if "account policy" in parts:
        found += policies.list_policies(connection, account, ["account"], Wanted(), rest)
    if "aws policy" in parts:
        found += policies.list_policies(connection, account, ["aws"], Wanted(used="either"), rest)
    return found[: behind.limit]


def _detailed(connection: Connection, account: str, items: Sequence[_Item]) -> list[Detail]:
    people = [item for item in items if isinstance(item, Entity)]
    managed = [item for item in items if isinstance(item, Policy)]
    return [*_of_entities(connection, account, people), *_of_policies(connection, managed)]


def _of_entities(connection: Connection, account: str, found: Sequence[Entity]) -> list[EntityDetail]:
    ids = [each.id for each in found]
    inline, attached = details.list_inline(connection, ids), details.list_attached(connection, ids)
    boundaries, tags = details.list_boundaries(connection, ids), details.list_tags(connection, ids)
    groups = details.list_groups(connection, ids)
    named = {policy_id for each in attached.values() for policy_id in each} | set(boundaries.values())
    names = policy_names.list_names(connection, named)
    known = {each.id: each for each in roles.list_of_ids(connection, account, ids)}
    profiles = instance_profiles.list_of_roles(connection, list(known))
    show = partial(principal_names.show, connection)
    return [
        EntityDetail(
            entity=each,
            inline=inline.get(each.id, ()),
            attached=sorted((names[of] for of in attached.get(each.id, ())), key=lambda name: name.name.lower()),
            boundary=names[boundaries[each.id]].arn if each.id in boundaries else None,
            tags=tags.get(each.id, ()),
            groups=groups.get(each.id, ()),
            role=known[each.id].shown(show) if each.id in known else None,
            instance_profiles=[
                replace(profile, role=known[of].shown(show)) for of, profile in profiles if of == each.id
            ],
        )
        for each in found
    ]


def _of_policies(connection: Connection, found: Sequence[Policy]) -> list[PolicyDetail]:
    versions = details.list_versions(connection, [each.id for each in found])
    return [PolicyDetail(each, versions.get(each.id) or _of_aws(each)) for each in found]


def _of_aws(listed: Policy) -> list[PolicyVersion]:
    known = aws_managed.find(listed.id)
    return [] if known is None else [policies.newest(known)]
