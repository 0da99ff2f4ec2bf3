"""Statements on OpenID Connect providers and the sessions that rest on them."""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select, update

from cargohold.database.locking import for_share, insert
from cargohold.database.schema.federation import oidc_provider, web_session
from cargohold.database.schema.identity import identity_tag, session
from cargohold.identity.oidc_provider import Provider

_COLUMNS: Final = (
    oidc_provider.c.id,
    oidc_provider.c.account_id,
    oidc_provider.c.url,
    oidc_provider.c.client_ids,
    oidc_provider.c.thumbprints,
    oidc_provider.c.created_at,
)
_OF: Final = oidc_provider.c.account_id == bindparam("of")
_FIND: Final = select(*_COLUMNS).where(_OF, oidc_provider.c.url == bindparam("at"))
_LIST: Final = select(*_COLUMNS).where(_OF).order_by(oidc_provider.c.url)
_COUNT: Final = select(func.count()).select_from(oidc_provider).where(_OF)
_ADD: Final = insert(oidc_provider).on_conflict_do_nothing().returning(oidc_provider.c.id)
_SHARE: Final = for_share(select(oidc_provider.c.id).where(oidc_provider.c.id == bindparam("provider")))
_LOCK: Final = select(oidc_provider.c.id).where(oidc_provider.c.id == bindparam("provider")).with_for_update()
_SESSIONS: Final = select(web_session.c.session_id).where(web_session.c.provider_id == bindparam("provider"))
_DELETE_PARTS: Final = (
    delete(session).where(session.c.id.in_(_SESSIONS)),
    delete(identity_tag).where(identity_tag.c.entity_id == bindparam("provider")),
    delete(oidc_provider).where(oidc_provider.c.id == bindparam("provider")),
)
_ADD_SESSION: Final = insert(web_session)


def find_provider(connection: Connection, account: str, url: str) -> Provider | None:
    """Without its tags; `url` is the issuer without `https://`."""
    row = connection.execute(_FIND, {"of": account, "at": url}).one_or_none()
    return None if row is None else _provider(row)


def list_providers(connection: Connection, account: str) -> list[Provider]:
    """All of the account's by URL, without their tags; a quota bounds them."""
    return [_provider(row) for row in connection.execute(_LIST, {"of": account})]


def count_providers(connection: Connection, account: str) -> int:
    return int(connection.execute(_COUNT, {"of": account}).scalar_one())


def add_provider(connection: Connection, new: Provider) -> bool:
    """Adds a provider without its tags; False when the account has one of that URL."""
    values = {
        "id": new.id,
        "account_id": new.account,
        "url": new.url,
        "client_ids": json.dumps(list(new.client_ids)),
        "thumbprints": json.dumps(list(new.thumbprints)),
        "created_at": new.created_at,
    }
    return connection.execute(_ADD, values).first() is not None


def save_lists(connection: Connection, provider_id: str, **lists: Sequence[str]) -> None:
    """Changes `client_ids`, `thumbprints` or both."""
    values = {name: json.dumps(list(each)) for name, each in lists.items()}
    connection.execute(update(oidc_provider).where(oidc_provider.c.id == provider_id).values(values))


def delete_provider(connection: Connection, provider_id: str) -> None:
    """The provider with its tags and every session that rests on it; none begins meanwhile."""
    connection.execute(_LOCK, {"provider": provider_id}).all()
    for statement in _DELETE_PARTS:
        connection.execute(statement, {"provider": provider_id})


def hold_provider(connection: Connection, provider_id: str) -> bool:
    """Holds the provider against deletion until the transaction ends; False when it is gone."""
    return connection.execute(_SHARE, {"provider": provider_id}).first() is not None


def add_web_session(connection: Connection, session_id: str, provider_id: str, subject: str, audience: str) -> None:
    """Says of a session on which provider's word it rests."""
    values = {"session_id": session_id, "provider_id": provider_id, "subject": subject, "audience": audience}
    connection.execute(_ADD_SESSION, values)


def _provider(row: Sequence[Any]) -> Provider:
    id_, account, url, client_ids, thumbprints, created_at = row
    return Provider(id_, account, url, json.loads(client_ids), json.loads(thumbprints), created_at)
