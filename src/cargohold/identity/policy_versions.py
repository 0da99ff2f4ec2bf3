"""The versions of managed policies: up to five documents, of which one is in force.

Source: IAM user guide, "Versioning IAM policies".
"""

from functools import partial

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import DeleteConflict, LimitExceeded, NoSuchEntity
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.identity import aws_managed, store
from cargohold.identity.policies import check_document, get_own, newest
from cargohold.identity.policy import PolicyName, PolicyVersion, Validator
from cargohold.identity.quotas import Quotas
from cargohold.identity.store import policies


class PolicyVersions:
    def __init__(self, database: Database, clock: Clock, check: Validator, quotas: Quotas) -> None:
        self._database = database
        self._clock = clock
        self._check = check
        self._quotas = quotas

    async def create(self, account: str, name: PolicyName, document: str, *, default: bool) -> PolicyVersion:
        """A further version, in force where `default` says so.

        Raises LimitExceeded, MalformedPolicyDocument and NoSuchEntity.
        """
        check_document(document, self._check, self._quotas)
        now, most = self._clock(), self._quotas.policy_versions

        def work(connection: Connection) -> PolicyVersion:
            store.bump(connection, account)
            found = get_own(connection, account, name)
            if len(policies.list_versions(connection, found.id)) >= most:
                raise LimitExceeded(
                    f"A managed policy can have up to {most} versions. Before you create a new version, you must "
                    "delete an existing version."
                )
            return policies.add_version(connection, found.id, document, default, now)

        return await self._database.write(work)

    async def get(self, account: str, name: PolicyName, number: int) -> PolicyVersion:
        """Raises NoSuchEntity. Of AWS's policies there is the newest version only."""
        for version in await self._database.read(partial(list_versions, account=account, name=name)):
            if version.number == number:
                return version
        raise _missing(name, number)

    async def page(self, account: str, name: PolicyName, after: str | None, limit: int) -> Page[PolicyVersion]:
        """Up to `limit` versions, the newest first; raises NoSuchEntity."""
        found = await self._database.read(partial(list_versions, account=account, name=name))
        behind = [each for each in found if after is None or each.number < int(after)]
        return cut(behind, limit, lambda each: str(each.number))

    async def set_default(self, account: str, name: PolicyName, number: int) -> None:
        """Puts a version in force; raises NoSuchEntity."""
        now = self._clock()

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            found = get_own(connection, account, name)
            if policies.find_version(connection, found.id, number) is None:
                raise _missing(name, number)
            policies.save_default(connection, found.id, number, now)

        await self._database.write(work)

    async def delete(self, account: str, name: PolicyName, number: int) -> None:
        """Raises NoSuchEntity, and DeleteConflict for the version that is in force."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            found = get_own(connection, account, name)
            if number == found.default_version:
                raise DeleteConflict("Cannot delete the default version of a policy.")
            if not policies.delete_version(connection, found.id, number):
                raise _missing(name, number)

        await self._database.write(work)


def list_versions(connection: Connection, account: str, name: PolicyName) -> list[PolicyVersion]:
    """All versions, the newest first; raises NoSuchEntity."""
    known = aws_managed.by_arn(name.arn)
    if known is not None:
        return [newest(known)]
    return policies.list_versions(connection, get_own(connection, account, name).id)


def _missing(name: PolicyName, number: int) -> NoSuchEntity:
    return NoSuchEntity(f"Policy {name.arn} version v{number} does not exist or is not attachable.")
