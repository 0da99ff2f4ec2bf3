"""A way back in for an account whose administrators are all locked out, or have lost their keys.

On AWS that is the account's root user, whom no policy of the account limits. Here it is whoever holds the data folder
and the root key; nothing at a door comes here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import NoSuchEntity
from cargohold.database import Database
from cargohold.encryption.root import Root
from cargohold.identity import keys, policy_names, store
from cargohold.identity.access_key import ACTIVE, DEVELOPMENT_KEY, AccessKey, NewKey
from cargohold.identity.accounts import ADMINISTRATOR, ADMINISTRATOR_ACCESS
from cargohold.identity.entity import Entity
from cargohold.identity.quotas import Quotas
from cargohold.identity.store import groups, inline, principals, usage, users
from cargohold.identity.store import keys as key_store
from cargohold.identity.unique_id import new_id

_ALL = 1000
"""More than any quota lets a user have of one thing."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken from the administrator, because it limited or might have limited what he may do."""

    boundary: str | None
    """An ARN."""
    policies: tuple[str, ...]
    """ARNs of managed policies; those that still exist are only detached."""
    inline_policies: tuple[tuple[str, str], ...]
    """Names and documents, which are kept nowhere else."""
    groups: tuple[str, ...]
    key: str | None
    """The id of the oldest inactive access key, where it had to make room."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The administrator's new key, and how he came to it."""

    user_id: str
    made: bool
    """Whether there was no administrator."""
    key: NewKey
    removed: Removed
    other_keys: tuple[AccessKey, ...]
    """What else opens the account as him, now that he may do everything again."""


class Recovery:
    def __init__(self, database: Database, root: Root, clock: Clock, quotas: Quotas) -> None:
        self._database = database
        self._root = root
        self._clock = clock
        self._quotas = quotas

    async def recover(self, account: str, keep: Callable[[NewKey], None] | None = None) -> Recovered:
        """Gives the account's administrator AdministratorAccess, nothing beside it, and a new key.

        The user is made where he is missing. Where he has as many keys as a user may have, the oldest inactive one
        makes room; where all are active, the new one comes on top, so that nothing that works stops. It is in force on
        the next request. `keep` writes the key down before it is committed. Raises NoSuchEntity for the account.
        """
        key, user_id, now = keys.new_key(), new_id("AIDA"), self._clock()

        def work(connection: Connection) -> Recovered:
            if not principals.list_accounts(connection, [account]):
                raise NoSuchEntity(f"There is no account {account}.")
            store.bump(connection, account)
            found = users.find_user_id(connection, account, ADMINISTRATOR)
            if found is None:
                users.add_user(connection, Entity(user_id, account, "user", "/", ADMINISTRATOR, now))
            user = found or user_id
            users.lock(connection, user)
            removed = self._freed(connection, user)
            usage.add_attachment(connection, user, ADMINISTRATOR_ACCESS, now)
            others = _keys(connection, user)
            keys.save(connection, self._root, key, user, now)
            if keep is not None:
                keep(key)
            return Recovered(user, found is None, key, removed, tuple(others))

        return await self._database.write(work)

    def _freed(self, connection: Connection, user: str) -> Removed:
        """Takes all from the user that gives or limits."""
        return Removed(
            _without_boundary(connection, user),
            _without_policies(connection, user),
            _without_inline(connection, user),
            _without_groups(connection, user),
            self._without_a_key(connection, user),
        )

    def _without_a_key(self, connection: Connection, user: str) -> str | None:
        held = _keys(connection, user)
        spare = sorted((each for each in held if each.status != ACTIVE), key=lambda each: (each.created_at, each.id))
        if len(held) < self._quotas.access_keys or not spare:
            return None
        key_store.delete_key(connection, spare[0].id)
        return spare[0].id


def _keys(connection: Connection, user: str) -> list[AccessKey]:
    return [each for each in key_store.list_page(connection, user, "", _ALL) if each.id != DEVELOPMENT_KEY]


def _without_boundary(connection: Connection, user: str) -> str | None:
    bound = usage.find_boundary(connection, user)
    usage.delete_boundary(connection, user)
    return None if bound is None else _arns(connection, [bound])[0]


def _without_policies(connection: Connection, user: str) -> tuple[str, ...]:
    attached = [each for each in usage.list_attached(connection, user) if each != ADMINISTRATOR_ACCESS]
    for each in attached:
        usage.delete_attachment(connection, user, each)
    return _arns(connection, attached)


def _arns(connection: Connection, ids: list[str]) -> tuple[str, ...]:
    """Names of policies; the id of one that is gone."""
    named = policy_names.list_names(connection, ids)
    return tuple(sorted(named[each].arn if each in named else each for each in ids))


def _without_inline(connection: Connection, user: str) -> tuple[tuple[str, str], ...]:
    names = inline.list_names(connection, user)
    found = tuple((name, inline.find_inline(connection, user, name) or "") for name in names)
    for name in names:
        inline.delete_inline(connection, user, name)
    return found


def _without_groups(connection: Connection, user: str) -> tuple[str, ...]:
    joined = groups.list_of_user(connection, user, "", _ALL)
    for each in joined:
        groups.delete_member(connection, each.id, user)
    return tuple(each.name for each in joined)
