"""A page of a longer list: its items, and the key after which the next page begins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: tuple[T, ...]
    after: str | None = None
    """The last item's key when there are more, else None."""


def cut(found: Sequence[T], limit: int, key: Callable[[T], str]) -> Page[T]:
    """The page of what was read up to one more than its limit."""
    items = tuple(found[:limit])
    return Page(items, key(items[-1]) if len(found) > limit else None)
