"""Statements on users."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, select

from cargohold.database.locking import insert
from cargohold.database.schema.identity import principal


@dataclass(frozen=True, slots=True)
class User:
    """A user as it is stored; times are epoch milliseconds."""

    id: str
    account: str
    path: str
    name: str
    administrator: bool
    created_at: int


_FIND_ID: Final = select(principal.c.id).where(
    principal.c.account_id == bindparam("account"),
    principal.c.kind == "user",
    principal.c.folded_name == bindparam("name"),
)


def find_user_id(connection: Connection, account_id: str, name: str) -> str | None:
    """The id of a user; names are the same regardless of case."""
    return connection.execute(_FIND_ID, {"account": account_id, "name": name.lower()}).scalar_one_or_none()


def add_user(connection: Connection, user: User) -> None:
    connection.execute(
        insert(principal).values(
            id=user.id,
            account_id=user.account,
            kind="user",
            path=user.path,
            name=user.name,
            folded_name=user.name.lower(),
            administrator=user.administrator,
            created_at=user.created_at,
        )
    )
