"""Statements on whom policies of resources name: users, roles and accounts, by name and by id."""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, select

from cargohold.database.schema.identity import account, principal


class Named(NamedTuple):
    """A user or role that lives."""

    id: str
    account: str
    kind: str
    path: str
    name: str


_LIST: Final = select(principal.c.id, principal.c.account_id, principal.c.kind, principal.c.path, principal.c.name)
_BY_NAME: Final = _LIST.where(
    principal.c.account_id.in_(bindparam("accounts", expanding=True)),
    principal.c.folded_name.in_(bindparam("names", expanding=True)),
)
_BY_ID: Final = _LIST.where(principal.c.id.in_(bindparam("ids", expanding=True)))
_ACCOUNTS: Final = select(account.c.id).where(account.c.id.in_(bindparam("ids", expanding=True)))


def list_by_name(connection: Connection, accounts: Collection[str], names: Collection[str]) -> list[Named]:
    """Users and roles of any of the names, regardless of case, in any of the accounts."""
    values = {"accounts": sorted(accounts), "names": sorted({name.lower() for name in names})}
    return _named(connection.execute(_BY_NAME, values))


def list_by_id(connection: Connection, ids: Collection[str]) -> list[Named]:
    """Those of the ids that live."""
    return _named(connection.execute(_BY_ID, {"ids": sorted(ids)}))


def list_accounts(connection: Connection, ids: Collection[str]) -> set[str]:
    """Those of the ids that are accounts of this deployment."""
    return set(connection.execute(_ACCOUNTS, {"ids": sorted(ids)}).scalars())


def _named(rows: Any) -> list[Named]:
    return [Named(*row) for row in rows]
