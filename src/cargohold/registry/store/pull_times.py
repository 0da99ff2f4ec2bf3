"""Statements on when images are pulled, and on whose pulls are not recorded."""

from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, exists, func, or_, select, update

from cargohold.core.arn import Registry
from cargohold.database.locking import insert
from cargohold.database.prepared import Prepared
from cargohold.database.schema.registry import image, pull_time_exclusion, registry, repository
from cargohold.registry.store.repositories import add_registry

exclusion = pull_time_exclusion


class Pull(NamedTuple):
    """That somebody pulled an image."""

    image_id: int
    entity_id: str
    """Of the user, or of the role whose session it was; empty of who is nobody."""


_OF_REGISTRY: Final = (
    select(registry.c.id)
    .where(
        registry.c.account == bindparam("account"),
        registry.c.region == bindparam("region"),
        registry.c.kind == bindparam("kind"),
    )
    .scalar_subquery()
)
_EXCLUDED: Final = (
    exists()
    .where(
        repository.c.id == image.c.repository_id,
        exclusion.c.registry_id == repository.c.registry_id,
        exclusion.c.entity_id == bindparam("entity"),
    )
    .correlate(image)
)
_SAVE: Final = Prepared(
    update(image)
    .where(
        image.c.id == bindparam("pulled"),
        or_(image.c.last_pull_at.is_(None), image.c.last_pull_at <= bindparam("before")),
        ~_EXCLUDED,
    )
    .values(last_pull_at=bindparam("now"))
)
_HOLD: Final = select(registry.c.id).where(registry.c.id == bindparam("of")).with_for_update(key_share=True)
_COUNT: Final = select(func.count()).where(exclusion.c.registry_id == bindparam("of"))
_ADD: Final = insert(exclusion).on_conflict_do_nothing().returning(exclusion.c.entity_id)
_DELETE: Final = (
    delete(exclusion)
    .where(exclusion.c.registry_id == _OF_REGISTRY, exclusion.c.arn == bindparam("named"))
    .returning(exclusion.c.entity_id)
)
_DELETE_FORMER: Final = delete(exclusion).where(
    exclusion.c.registry_id == bindparam("of"),
    exclusion.c.arn == bindparam("named"),
    exclusion.c.entity_id != bindparam("entity"),
)
_PAGE: Final = (
    select(exclusion.c.arn)
    .where(exclusion.c.registry_id == _OF_REGISTRY, exclusion.c.arn > bindparam("after"))
    .order_by(exclusion.c.arn)
    .limit(bindparam("limit"))
)


def save_pull(connection: Connection, pull: Pull, now: int, before: int) -> bool:
    """Whether it was written: not for who is excluded, nor where a pull behind `before` is recorded already."""
    values = {"pulled": pull.image_id, "entity": pull.entity_id, "now": now, "before": before}
    return _SAVE.change(connection, values) > 0


def hold(connection: Connection, of: Registry) -> int:
    """The registry's id; nobody else adds to what is counted against its quotas until the transaction ends."""
    registry_id = add_registry(connection, of)
    connection.execute(_HOLD, {"of": registry_id}).all()
    return registry_id


def count_exclusions(connection: Connection, registry_id: int) -> int:
    return int(connection.execute(_COUNT, {"of": registry_id}).scalar_one())


def add_exclusion(connection: Connection, registry_id: int, entity_id: str, arn: str, now: int) -> bool:
    """Whether it was added: not where there is one already. One of who had the ARN before goes."""
    connection.execute(_DELETE_FORMER, {"of": registry_id, "named": arn, "entity": entity_id})
    values = {"registry_id": registry_id, "entity_id": entity_id, "arn": arn, "created_at": now}
    return connection.execute(_ADD, values).one_or_none() is not None


def delete_exclusion(connection: Connection, of: Registry, arn: str) -> bool:
    """Whether there was one."""
    return connection.execute(_DELETE, {**_named(of), "named": arn}).one_or_none() is not None


def list_exclusions(connection: Connection, of: Registry, after: str, limit: int) -> list[str]:
    """Up to `limit` ARNs in their order, behind the ARN `after`."""
    return list(connection.execute(_PAGE, {**_named(of), "after": after, "limit": limit}).scalars())


def _named(of: Registry) -> dict[str, str]:
    return {"account": of.account, "region": of.region, "kind": of.kind}
