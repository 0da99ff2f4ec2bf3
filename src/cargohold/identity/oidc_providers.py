"""The OpenID Connect providers of accounts: whose tokens may be exchanged for a role's session.

Deleting one ends every session that was given for one of its tokens.
Source: IAM API reference, the operations on OpenIDConnectProvider; IAM user guide, "IAM and AWS STS quotas".
"""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import EntityAlreadyExists, LimitExceeded, NoSuchEntity
from cargohold.core.paging import Page
from cargohold.database import Database
from cargohold.identity import store, tags
from cargohold.identity.oidc_provider import Provider, arn_of, check_thumbprints, read_url
from cargohold.identity.quotas import Quotas
from cargohold.identity.store import oidc
from cargohold.identity.store import tags as tag_store

MOST_PROVIDERS: Final = 100
"""Of one account."""
MOST_CLIENT_IDS: Final = 100
"""Of one provider."""


@dataclass(frozen=True, slots=True)
class NewProvider:
    """What CreateOpenIDConnectProvider is asked for."""

    url: str
    client_ids: Sequence[str] = ()
    thumbprints: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


class OidcProviders:
    """A provider is named by its account and its URL without `https://`; what there is none of raises NoSuchEntity."""

    def __init__(self, database: Database, clock: Clock, quotas: Quotas) -> None:
        self._database = database
        self._clock = clock
        self._quotas = quotas

    async def create(self, account: str, new: NewProvider) -> Provider:
        """Raises InvalidInput, EntityAlreadyExists and LimitExceeded."""
        check_thumbprints(new.thumbprints)
        _check_client_ids(new.client_ids)
        made = Provider(
            id=f"OIDC{secrets.token_hex(12)}",
            account=account,
            url=read_url(new.url),
            client_ids=list(dict.fromkeys(new.client_ids)),
            thumbprints=[each.lower() for each in new.thumbprints],
            created_at=self._clock(),
            tags=new.tags,
        )

        def work(connection: Connection) -> Provider:
            store.bump(connection, account)
            if oidc.count_providers(connection, account) >= MOST_PROVIDERS:
                raise LimitExceeded.quota("OpenIdConnectProvidersPerAccount", MOST_PROVIDERS)
            if not oidc.add_provider(connection, made):
                raise EntityAlreadyExists(f"Provider with url {new.url} already exists.")
            tags.add(connection, made.id, new.tags, self._quotas.tags)
            return made

        return await self._database.write(work)

    async def get(self, account: str, url: str) -> Provider:
        """The provider with its tags."""

        def work(connection: Connection) -> Provider:
            found = _get(connection, account, url)
            return replace(found, tags=tag_store.list_tags(connection, found.id))

        return await self._database.read(work)

    async def find(self, account: str, url: str) -> Provider | None:
        """The provider, without its tags."""
        return await self._database.read(partial(oidc.find_provider, account=account, url=url))

    async def list(self, account: str) -> Sequence[Provider]:
        """All of the account's, without their tags."""
        return await self._database.read(partial(oidc.list_providers, account=account))

    async def delete(self, account: str, url: str) -> None:
        """Ends the provider and every session that rests on it."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            oidc.delete_provider(connection, _get(connection, account, url).id)

        await self._database.write(work)

    async def add_client_id(self, account: str, url: str, client_id: str) -> None:
        """One that is there already stays there once; raises LimitExceeded."""

        def changed(provider: Provider) -> Mapping[str, Sequence[str]]:
            client_ids = list(dict.fromkeys([*provider.client_ids, client_id]))
            _check_client_ids(client_ids)
            return {"client_ids": client_ids}

        await self._change(account, url, changed)

    async def remove_client_id(self, account: str, url: str, client_id: str) -> None:
        """One that is not there is left out. Sessions that were given for it stay."""

        def changed(provider: Provider) -> Mapping[str, Sequence[str]]:
            return {"client_ids": [each for each in provider.client_ids if each != client_id]}

        await self._change(account, url, changed)

    async def set_thumbprints(self, account: str, url: str, thumbprints: Sequence[str]) -> None:
        """Puts others in place of all; raises InvalidInput."""
        check_thumbprints(thumbprints)
        await self._change(account, url, lambda _: {"thumbprints": [each.lower() for each in thumbprints]})

    async def tag(self, account: str, url: str, given: Mapping[str, str]) -> None:
        """Adds tags; a key that it has, regardless of case, is replaced. Raises LimitExceeded."""

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            tags.add(connection, _get(connection, account, url).id, given, self._quotas.tags)

        await self._database.write(work)

    async def untag(self, account: str, url: str, keys: Collection[str]) -> None:
        """A key that it does not have is left out. Raises InvalidInput."""
        tags.check_keys(keys)

        def work(connection: Connection) -> None:
            store.bump(connection, account)
            tags.remove(connection, _get(connection, account, url).id, keys)

        await self._database.write(work)

    async def list_tags(self, account: str, url: str, after: str | None, limit: int) -> Page[tuple[str, str]]:
        """Keys and values by key."""

        def work(connection: Connection) -> Page[tuple[str, str]]:
            return tags.page(connection, _get(connection, account, url).id, after, limit)

        return await self._database.read(work)

    async def _change(self, account: str, url: str, changed: Callable[[Provider], Mapping[str, Sequence[str]]]) -> None:
        def work(connection: Connection) -> None:
            store.bump(connection, account)
            found = _get(connection, account, url)
            oidc.save_lists(connection, found.id, **changed(found))

        await self._database.write(work)


def _get(connection: Connection, account: str, url: str) -> Provider:
    found = oidc.find_provider(connection, account, url)
    if found is None:
        raise NoSuchEntity(f"OpenIDConnect Provider not found for arn {arn_of(account, url)}")
    return found


def _check_client_ids(client_ids: Sequence[str]) -> None:
    if len(client_ids) > MOST_CLIENT_IDS:
        raise LimitExceeded.quota("ClientIdsPerOpenIdConnectProvider", MOST_CLIENT_IDS)
