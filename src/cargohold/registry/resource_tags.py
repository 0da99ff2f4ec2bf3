"""What the resource tags of a repository may be: how many, which keys and which values. Pure.

Source: Amazon ECR user guide, "Tagging a private repository", tag restrictions; the characters as other APIs of AWS
write them down: letters, separators and numbers of Unicode, and a few signs.
"""

from collections.abc import Collection, Mapping
from typing import Final
from unicodedata import category

from cargohold.core.errors import InvalidTagParameter, TooManyTags
from cargohold.registry.limits import Limits

_KEY_LENGTH: Final = 128
_VALUE_LENGTH: Final = 256
_RESERVED: Final = "aws:"
_SIGNS: Final = frozenset("_.:/=+-@")
_CLASSES: Final = frozenset("LZN")
"""Letters, separators and numbers, by the first letter of Unicode's categories."""


def check(tags: Mapping[str, str], limits: Limits) -> None:
    """Raises TooManyTags or InvalidTagParameter unless a repository without tags could be given these."""
    check_keys(tags, limits)
    for value in tags.values():
        if len(value) > _VALUE_LENGTH:
            raise InvalidTagParameter(f"A tag's value may have {_VALUE_LENGTH} characters at the most")
        _check_text("value", value)


def check_keys(keys: Collection[str], limits: Limits) -> None:
    """Raises TooManyTags or InvalidTagParameter unless these, each once, could be the keys of a repository's tags."""
    if len(keys) > limits.resource_tags:
        raise TooManyTags
    for key in keys:
        if not 1 <= len(key) <= _KEY_LENGTH:
            raise InvalidTagParameter(f"A tag's key must have 1 to {_KEY_LENGTH} characters")
        _check_text("key", key)


def _check_text(part: str, text: str) -> None:
    if not all(character in _SIGNS or category(character)[0] in _CLASSES for character in text):
        raise InvalidTagParameter(f"A tag's {part} may have letters, numbers, spaces and _ . : / = + - @ only")
    if text.lower().startswith(_RESERVED):
        raise InvalidTagParameter(f"The tag {part} '{text}' may not be set: what begins with aws: is reserved")
