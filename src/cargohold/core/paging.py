"""A page of a longer list: its items, and the key after which the next page begins."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: tuple[T, ...]
    after: str | None = None
    """The last item's key when there are more, else None."""
