"""The answer of an operation that has none."""

from typing import TypedDict


class Empty(TypedDict):
    """Without members: the answer's metadata is all of it."""
