"""The tags of users, roles and managed policies: what they may be, and how they are changed.

Keys are the same regardless of case, and keep the case in which they were last written. Their length, characters and
how many one request may have stand in the API's model.
Source: IAM user guide, "Tags for IAM resources", rules for tagging.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection

from cargohold.core.errors import InvalidInput, LimitExceeded
from cargohold.core.paging import Page, cut
from cargohold.identity.store import tags as store

_RESERVED: Final = "aws:"
_LONGEST_PLACE: Final = 160
_DIGEST: Final = "#"
"""What no key may have in it."""


def read(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Values by key. Raises InvalidInput when a key stands there twice, regardless of case, or is AWS's own."""
    pairs = list(given)
    if len({key.lower() for key, _ in pairs}) < len(pairs):
        raise InvalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    check_keys(key for key, _ in pairs)
    return dict(pairs)


def check_keys(keys: Iterable[str]) -> None:
    """Raises InvalidInput for a key that only AWS itself may write or take away."""
    for key in keys:
        if key.lower().startswith(_RESERVED):
            raise InvalidInput(f"The tag key {key} cannot be used: keys that begin with aws: are reserved.")


def add(connection: Connection, entity_id: str, tags: Mapping[str, str], most: int) -> None:
    """Gives an entity tags beside those that it has; raises LimitExceeded when they are then more than `most`."""
    store.save_tags(connection, entity_id, tags)
    if store.count_tags(connection, entity_id) > most:
        raise LimitExceeded("The number of tags has reached the maximum limit.")


def remove(connection: Connection, entity_id: str, keys: Collection[str]) -> None:
    """Takes tags away; a key that the entity does not have is left out."""
    store.delete_tags(connection, entity_id, keys)


def page(connection: Connection, entity_id: str, after: str | None, limit: int) -> Page[tuple[str, str]]:
    """Keys and values by key, regardless of case; it ends after the last key in lower case, or what stands for it."""
    behind = _key(connection, entity_id, after or "")
    return cut(store.list_page(connection, entity_id, behind, limit + 1), limit, lambda each: _place(each[0].lower()))


def _place(folded: str) -> str:
    """A key as a Marker can hold it, which has 320 characters at the most: a long one by its digest."""
    return folded if len(json.dumps(folded)) <= _LONGEST_PLACE else _DIGEST + sha256(folded.encode()).hexdigest()


def _key(connection: Connection, entity_id: str, place: str) -> str:
    """The key that a place stands for; where it is gone, the list begins again: twice is better than not at all."""
    if not place.startswith(_DIGEST):
        return place
    held = (key.lower() for key in store.list_tags(connection, entity_id))
    return next((folded for folded in held if _place(folded) == place), "")
