"""Statements on tags."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select

from cargohold.database.locking import insert
from cargohold.database.prepared import Prepared
from cargohold.database.schema.registry import tag

_ADD: Final = insert(tag)
_ADD_NEW: Final = Prepared(_ADD.on_conflict_do_nothing().returning(tag.c.image_id))
_ADD_OR_MOVE: Final = Prepared(
    _ADD.on_conflict_do_update(
        index_elements=[tag.c.repository_id, tag.c.name],
        set_={"image_id": _ADD.excluded.image_id, "updated_at": _ADD.excluded.updated_at},
        where=tag.c.image_id != _ADD.excluded.image_id,
    ).returning(tag.c.image_id)
)
_FIND: Final = select(tag.c.image_id).where(
    tag.c.repository_id == bindparam("repository_id"), tag.c.name == bindparam("name")
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
_DELETE: Final = delete(tag).where(tag.c.repository_id == bindparam("of"), tag.c.name == bindparam("named"))
_DELETE_OF_IMAGE: Final = delete(tag).where(tag.c.image_id == bindparam("of"))


def find_tag(connection: Connection, repository_id: int, name: str) -> int | None:
    """The id of the image that a tag names."""
    found: int | None = connection.execute(_FIND, {"repository_id": repository_id, "name": name}).scalar_one_or_none()
    return found


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


def save_tag(connection: Connection, repository_id: int, name: str, image_id: int, now: int) -> bool:
    """Puts a tag on an image, wherever it was before; False when it was on that image already."""
    return _ADD_OR_MOVE.first(connection, _values(repository_id, name, image_id, now)) is not None


def add_tag(connection: Connection, repository_id: int, name: str, image_id: int, now: int) -> bool:
    """Puts a new tag on an image; False when the tag is there already, on whatever image."""
    return _ADD_NEW.first(connection, _values(repository_id, name, image_id, now)) is not None


def delete_tag(connection: Connection, repository_id: int, name: str) -> bool:
    """False when there was no such tag."""
    return connection.execute(_DELETE, {"of": repository_id, "named": name}).rowcount > 0


def delete_of_image(connection: Connection, image_id: int) -> None:
    connection.execute(_DELETE_OF_IMAGE, {"of": image_id})


def _values(repository_id: int, name: str, image_id: int, now: int) -> dict[str, object]:
    return {"repository_id": repository_id, "name": name, "image_id": image_id, "created_at": now, "updated_at": now}
