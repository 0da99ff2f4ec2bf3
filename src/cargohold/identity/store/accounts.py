"""Statements on accounts, their aliases, and what is counted of a whole account."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import BindParameter, Connection, Integer, bindparam, delete, func, select, update

from cargohold.database.locking import insert
from cargohold.database.schema.identity import (
    account,
    account_alias,
    instance_profile,
    managed_policy,
    policy_version,
    principal,
    user_group,
)
from cargohold.identity.account import Account


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of each an account has."""

    users: int
    roles: int
    groups: int
    policies: int
    policy_versions: int
    instance_profiles: int


_OF: Final[BindParameter[str]] = bindparam("of")
_ADD: Final = insert(account).on_conflict_do_nothing().returning(account.c.id)
_HOLD: Final = select(account.c.id).where(account.c.id == _OF).with_for_update(key_share=True)
_BUMP: Final = update(account).where(account.c.id == _OF).values(access_version=account.c.access_version + 1)
_ACCOUNTS: Final = select(account.c.id, account_alias.c.alias, account.c.created_at).outerjoin(
    account_alias, account_alias.c.account_id == account.c.id
)
_PAGE: Final = (
    _ACCOUNTS.where(account.c.id > bindparam("after")).order_by(account.c.id).limit(bindparam("limit", type_=Integer))
)
_ALIAS: Final = select(account_alias.c.alias).where(account_alias.c.account_id == _OF)
_ADD_ALIAS: Final = insert(account_alias).on_conflict_do_nothing().returning(account_alias.c.account_id)
_DELETE_ALIAS: Final = delete(account_alias).where(account_alias.c.account_id == _OF)
_COUNT: Final = select(
    select(func.count()).where(principal.c.account_id == _OF, principal.c.kind == "user").scalar_subquery(),
    select(func.count()).where(principal.c.account_id == _OF, principal.c.kind == "role").scalar_subquery(),
    select(func.count()).where(user_group.c.account_id == _OF).scalar_subquery(),
    select(func.count()).where(managed_policy.c.account_id == _OF).scalar_subquery(),
    select(func.count())
    .select_from(policy_version.join(managed_policy, managed_policy.c.id == policy_version.c.policy_id))
    .where(managed_policy.c.account_id == _OF)
    .scalar_subquery(),
    select(func.count()).where(instance_profile.c.account_id == _OF).scalar_subquery(),
)


def add_account(connection: Connection, account_id: str, now: int) -> bool:
    """Whether the account was not there yet; of two that add it at once, one does."""
    values = {"id": account_id, "created_at": now, "access_version": 0}
    return connection.execute(_ADD, values).first() is not None


def list_page(connection: Connection, after: str, limit: int) -> list[Account]:
    """Up to `limit` accounts by id, behind the id `after`."""
    return [Account(*row) for row in connection.execute(_PAGE, {"after": after, "limit": limit})]


def hold(connection: Connection, account_id: str) -> None:
    """Nobody else changes what IAM holds of the account before the transaction ends."""
    connection.execute(_HOLD, {"of": account_id}).all()


def bump(connection: Connection, account_id: str) -> None:
    """Raises the account's access version: what any process compiled of its policies ends with this transaction.

    It holds the account too.
    """
    connection.execute(_BUMP, {"of": account_id})


def find_alias(connection: Connection, account_id: str) -> str | None:
    return connection.execute(_ALIAS, {"of": account_id}).scalar_one_or_none()


def save_alias(connection: Connection, account_id: str, alias: str) -> bool:
    """Gives the account this alias in place of its own; False when another account has it."""
    connection.execute(_DELETE_ALIAS, {"of": account_id})
    return connection.execute(_ADD_ALIAS, {"account_id": account_id, "alias": alias}).first() is not None


def delete_alias(connection: Connection, account_id: str) -> None:
    connection.execute(_DELETE_ALIAS, {"of": account_id})


def count_all(connection: Connection, account_id: str) -> Counted:
    """What the account has, counted in one statement."""
    return Counted(*connection.execute(_COUNT, {"of": account_id}).one())
