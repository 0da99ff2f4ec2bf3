"""Statements on tags."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select, update

from cargohold.database.locking import insert
from cargohold.database.prepared import Prepared
from cargohold.database.schema.registry import tag

_ADD_NEW: Final = Prepared(insert(tag).on_conflict_do_nothing().returning(tag.c.image_id))
_FIND: Final = select(tag.c.image_id).where(
    tag.c.repository_id == bindparam("repository_id"), tag.c.name == bindparam("name")
)
_LOCK: Final = _FIND.with_for_update()
_MOVE: Final = (
    update(tag)
    .where(tag.c.repository_id == bindparam("of"), tag.c.name == bindparam("named"))
    .values(image_id=bindparam("to"), updated_at=bindparam("now"))
)
_OF_IMAGE: Final = select(tag.c.name).where(tag.c.image_id == bindparam("image_id")).order_by(tag.c.name)
_OF_IMAGES: Final = (
    select(tag.c.image_id, tag.c.name)
    .where(tag.c.image_id.in_(bindparam("images", expanding=True)))
    .order_by(tag.c.name)
)
_PAGE: Final = (
    select(tag.c.name)
    .where(tag.c.repository_id == bindparam("repository_id"), tag.c.name > bindparam("after"))
    .order_by(tag.c.name)
    .limit(bindparam("limit"))
)
_COUNT: Final = Prepared(select(func.count()).where(tag.c.image_id == bindparam("image_id")))
_DELETE: Final = (
    delete(tag)
    .where(tag.c.repository_id == bindparam("of"), tag.c.name == bindparam("named"))
    .returning(tag.c.image_id)
)
_DELETE_OF_IMAGE: Final = delete(tag).where(tag.c.image_id == bindparam("of"))


def get_locked(connection: Connection, repository_id: int, name: str) -> int:
    """The id of the image that a tag, which is there, names and will name until the transaction ends."""
    return int(connection.execute(_LOCK, {"repository_id": repository_id, "name": name}).scalar_one())


def list_page(connection: Connection, repository_id: int, after: str, limit: int) -> list[str]:
    """Up to `limit` tags in lexical order, behind the tag `after`."""
    values = {"repository_id": repository_id, "after": after, "limit": limit}
    return list(connection.execute(_PAGE, values).scalars())


def list_of_image(connection: Connection, image_id: int) -> list[str]:
    """An image's tags in lexical order."""
    return list(connection.execute(_OF_IMAGE, {"image_id": image_id}).scalars())


def list_of_images(connection: Connection, images: Sequence[int]) -> dict[int, list[str]]:
    """Tags in lexical order, by image; an image without tags is missing."""
    found: dict[int, list[str]] = {}
    for image_id, name in connection.execute(_OF_IMAGES, {"images": images}):
        found.setdefault(image_id, []).append(name)
    return found


def count_of_image(connection: Connection, image_id: int) -> int:
    row = _COUNT.first(connection, {"image_id": image_id})
    return 0 if row is None else int(row[0])


def save_tag(connection: Connection, repository_id: int, name: str, image_id: int, now: int) -> None:
    """Puts a tag, which is there, on another image."""
    connection.execute(_MOVE, {"of": repository_id, "named": name, "to": image_id, "now": now})


def add_tag(connection: Connection, repository_id: int, name: str, image_id: int, now: int) -> bool:
    """Puts a new tag on an image; False when the tag is there already, on whatever image."""
    return _ADD_NEW.first(connection, _values(repository_id, name, image_id, now)) is not None


def delete_tag(connection: Connection, repository_id: int, name: str) -> int | None:
    """The id of the image that had the tag; None when there was no such tag."""
    found: int | None = connection.execute(_DELETE, {"of": repository_id, "named": name}).scalar_one_or_none()
    return found


def delete_of_image(connection: Connection, image_id: int) -> None:
    connection.execute(_DELETE_OF_IMAGE, {"of": image_id})


def _values(repository_id: int, name: str, image_id: int, now: int) -> dict[str, object]:
    return {"repository_id": repository_id, "name": name, "image_id": image_id, "created_at": now, "updated_at": now}
