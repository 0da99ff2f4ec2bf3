"""An account's alias: a name for it that no other account of the deployment has. An account has one at the most.

Source: IAM user guide, "Create, delete, and list an AWS account alias".
"""

from sqlalchemy import Connection

from cargohold.core.errors import EntityAlreadyExists, NoSuchEntity
from cargohold.database import Database
from cargohold.identity import store
from cargohold.identity.store import accounts


class AccountAliases:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, account: str) -> str | None:
        """The account's alias."""
        return await self._database.read(lambda connection: accounts.find_alias(connection, account))

    async def set(self, account: str, alias: str) -> None:
        """Gives the account this alias in place of its own. Raises EntityAlreadyExists when another account has it."""

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
