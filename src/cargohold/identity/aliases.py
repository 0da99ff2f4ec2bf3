"""An account's alias: a name for it that no other account of the deployment has. An account has one at the most.

Source: IAM user guide, "Create, delete, and list an AWS account alias".
"""

import re
from typing import Final

from sqlalchemy import Connection

from cargohold.core.errors import EntityAlreadyExists, NoSuchEntity, ValidationError
from cargohold.database import Database
from cargohold.identity import store
from cargohold.identity.store import accounts

_ALIAS: Final = re.compile(r"(?![0-9]{12}$)[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]")


def check(alias: str) -> None:
    """Raises ValidationError unless this could be an alias; 12 digits are an account's id."""
    if _ALIAS.fullmatch(alias) is None:
        raise ValidationError(
            "An account's alias is 3 to 63 lower-case letters, digits and single hyphens, and no account's id."
        )


class AccountAliases:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, account: str) -> str | None:
        """The account's alias."""
        return await self._database.read(lambda connection: accounts.find_alias(connection, account))

    async def set(self, account: str, alias: str) -> None:
        """Gives the account this alias in place of its own.

        Raises ValidationError, and EntityAlreadyExists when another account has it.
        """
        check(alias)

        def work(connection: Connection) -> None:
            store.hold(connection, account)
            if not accounts.save_alias(connection, account, alias):
                raise EntityAlreadyExists(f"The account alias {alias} already exists.")

        await self._database.write(work)

    async def delete(self, account: str, alias: str) -> None:
        """Raises NoSuchEntity unless it is the account's."""

        def work(connection: Connection) -> None:
            store.hold(connection, account)
            if accounts.find_alias(connection, account) != alias:
                raise NoSuchEntity(f"The account alias {alias} cannot be found.")
            accounts.delete_alias(connection, account)

        await self._database.write(work)
