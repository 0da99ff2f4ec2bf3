"""Statements on customer-managed policies and their versions."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Integer, Select, bindparam, delete, exists, func, or_, select, update

from cargohold.database.locking import insert
from cargohold.database.schema.identity import (
    identity_tag,
    managed_policy,
    permissions_boundary,
    policy_attachment,
    policy_version,
)
from cargohold.identity.policy import Policy, PolicyName, PolicyVersion, Wanted, Way

_COLUMNS: Final = (
    managed_policy.c.id,
    managed_policy.c.account_id,
    managed_policy.c.path,
    managed_policy.c.name,
    managed_policy.c.description,
    managed_policy.c.default_version,
    managed_policy.c.created_at,
    managed_policy.c.updated_at,
)
_OF_ACCOUNT: Final = select(*_COLUMNS).where(managed_policy.c.account_id == bindparam("of"))
_FIND: Final = _OF_ACCOUNT.where(
    managed_policy.c.folded_name == bindparam("folded"),
    managed_policy.c.name == bindparam("called"),
    managed_policy.c.path == bindparam("under"),
)
_PAGE: Final = (
    _OF_ACCOUNT.where(
        managed_policy.c.folded_name > bindparam("after"),
        func.substr(managed_policy.c.path, 1, bindparam("size", type_=Integer)) == bindparam("prefix"),
    )
    .order_by(managed_policy.c.folded_name)
    .limit(bindparam("limit", type_=Integer))
)
_ATTACHED: Final = exists().where(policy_attachment.c.policy_id == managed_policy.c.id)
_LIMITING: Final = exists().where(permissions_boundary.c.policy_id == managed_policy.c.id)
_PAGES: Final[Mapping[Way | None, Select[Any]]] = {
    None: _PAGE,
    "attached": _PAGE.where(_ATTACHED),
    "boundary": _PAGE.where(_LIMITING),
    "either": _PAGE.where(or_(_ATTACHED, _LIMITING)),
}
_NAMES: Final = select(
    managed_policy.c.id, managed_policy.c.account_id, managed_policy.c.path, managed_policy.c.name
).where(managed_policy.c.id.in_(bindparam("policies", expanding=True)))
_COUNT: Final = select(func.count()).where(managed_policy.c.account_id == bindparam("of"))
_ADD: Final = insert(managed_policy).on_conflict_do_nothing().returning(managed_policy.c.id)
_SET_DEFAULT: Final = (
    update(managed_policy)
    .where(managed_policy.c.id == bindparam("policy"))
    .values(default_version=bindparam("number"), updated_at=bindparam("now"))
)
_NEXT_VERSION: Final = (
    update(managed_policy)
    .where(managed_policy.c.id == bindparam("policy"))
    .values(latest_version=managed_policy.c.latest_version + 1, updated_at=bindparam("now"))
    .returning(managed_policy.c.latest_version)
)
_VERSIONS: Final = (
    select(
        policy_version.c.version,
        policy_version.c.document,
        policy_version.c.version == managed_policy.c.default_version,
        policy_version.c.created_at,
    )
    .join(managed_policy, managed_policy.c.id == policy_version.c.policy_id)
    .where(policy_version.c.policy_id == bindparam("policy"))
)
_FIND_VERSION: Final = _VERSIONS.where(policy_version.c.version == bindparam("number"))
_LIST_VERSIONS: Final = _VERSIONS.order_by(policy_version.c.version.desc())
_DELETE_VERSION: Final = (
    delete(policy_version)
    .where(policy_version.c.policy_id == bindparam("policy"), policy_version.c.version == bindparam("number"))
    .returning(policy_version.c.version)
)
_DELETE_PARTS: Final = (
    delete(policy_version).where(policy_version.c.policy_id == bindparam("policy")),
    delete(identity_tag).where(identity_tag.c.entity_id == bindparam("policy")),
    delete(managed_policy).where(managed_policy.c.id == bindparam("policy")),
)


def find_policy(connection: Connection, name: PolicyName) -> Policy | None:
    """The policy of exactly that ARN, whose letters count in their case; its usage and tags are not read."""
    values = {"of": name.account, "folded": name.name.lower(), "called": name.name, "under": name.path}
    row = connection.execute(_FIND, values).one_or_none()
    return None if row is None else Policy(*row)


def get_policy(connection: Connection, name: PolicyName) -> Policy:
    """As find_policy; raises NoSuchEntity."""
    found = find_policy(connection, name)
    if found is None:
        raise name.missing
    return found


def list_page(connection: Connection, account: str, wanted: Wanted, after: str, limit: int) -> list[Policy]:
    """Up to `limit` policies by name, regardless of case, behind the folded name `after`."""
    values = {
        "of": account,
        "prefix": wanted.path,
        "size": len(wanted.path),
        "after": after,
        "limit": limit,
    }
    return [Policy(*row) for row in connection.execute(_PAGES[wanted.used], values)]


def list_names(connection: Connection, policy_ids: Collection[str]) -> dict[str, PolicyName]:
    """How policies are named, by their ids."""
    rows = connection.execute(_NAMES, {"policies": list(policy_ids)})
    return {row[0]: PolicyName(*row[1:]) for row in rows}


def count_policies(connection: Connection, account: str) -> int:
    return int(connection.execute(_COUNT, {"of": account}).scalar_one())


def add_policy(connection: Connection, policy: Policy, document: str) -> bool:
    """Adds a policy with its first version; False when its name is taken, in whichever case."""
    values: dict[str, Any] = {
        "id": policy.id,
        "account_id": policy.account,
        "path": policy.path,
        "name": policy.name,
        "folded_name": policy.name.lower(),
        "description": policy.description,
        "default_version": 1,
        "latest_version": 1,
        "created_at": policy.created_at,
        "updated_at": policy.updated_at,
    }
    if connection.execute(_ADD, values).first() is None:
        return False
    _add_version(connection, policy.id, PolicyVersion(1, document, True, policy.created_at))
    return True


def add_version(connection: Connection, policy_id: str, document: str, default: bool, now: int) -> PolicyVersion:
    """Adds a version under a number that the policy never had."""
    number: int = connection.execute(_NEXT_VERSION, {"policy": policy_id, "now": now}).scalar_one()
    made = PolicyVersion(number, document, default, now)
    _add_version(connection, policy_id, made)
    if default:
        save_default(connection, policy_id, number, now)
    return made


def save_default(connection: Connection, policy_id: str, number: int, now: int) -> None:
    connection.execute(_SET_DEFAULT, {"policy": policy_id, "number": number, "now": now})


def find_version(connection: Connection, policy_id: str, number: int) -> PolicyVersion | None:
    row = connection.execute(_FIND_VERSION, {"policy": policy_id, "number": number}).one_or_none()
    return None if row is None else PolicyVersion(row[0], row[1], bool(row[2]), row[3])


def list_versions(connection: Connection, policy_id: str) -> list[PolicyVersion]:
    """All of them, the newest first."""
    rows = connection.execute(_LIST_VERSIONS, {"policy": policy_id})
    return [PolicyVersion(row[0], row[1], bool(row[2]), row[3]) for row in rows]


def delete_version(connection: Connection, policy_id: str, number: int) -> bool:
    """Whether there was one."""
    return connection.execute(_DELETE_VERSION, {"policy": policy_id, "number": number}).first() is not None


def delete_policy(connection: Connection, policy_id: str) -> None:
    """The policy with its versions and tags."""
    for statement in _DELETE_PARTS:
        connection.execute(statement, {"policy": policy_id})


def _add_version(connection: Connection, policy_id: str, version: PolicyVersion) -> None:
    values = {
        "policy_id": policy_id,
        "version": version.number,
        "document": version.document,
        "created_at": version.created_at,
    }
    connection.execute(insert(policy_version).values(values))
