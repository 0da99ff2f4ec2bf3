"""Statements on accounts and their aliases."""

from typing import Final

from sqlalchemy import Connection, bindparam, update

from cargohold.database.locking import insert
from cargohold.database.schema.identity import account

_ADD: Final = insert(account).on_conflict_do_nothing().returning(account.c.id)
_BUMP: Final = (
    update(account).where(account.c.id == bindparam("of")).values(access_version=account.c.access_version + 1)
)


def add_account(connection: Connection, account_id: str, now: int) -> bool:
    """Whether the account was not there yet; of two that add it at once, one does."""
    values = {"id": account_id, "created_at": now, "access_version": 0}
    return connection.execute(_ADD, values).first() is not None


def bump(connection: Connection, account_id: str) -> None:
    """Raises the account's access version: what any process compiled of its policies ends with this transaction.

    Nobody else who changes the account's access goes on before the transaction ends.
    """
    connection.execute(_BUMP, {"of": account_id})
