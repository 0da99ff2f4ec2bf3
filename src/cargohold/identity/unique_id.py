"""AWS's unique ids: four letters that say what it is of, then random ones, never given twice.

Source: IAM user guide, "IAM identifiers", unique identifiers.
"""

import secrets
from typing import Final, Literal

Prefix = Literal["AKIA", "ASIA", "AIDA", "AROA", "AGPA", "ANPA", "AIPA"]
"""An access key, a session's; a user, role, group, managed policy, instance profile."""

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_KEYS: Final = frozenset({"AKIA", "ASIA"})


def new_id(prefix: Prefix) -> str:
    """A new id: 20 characters of an access key, 21 of all else; 80 and 85 random bits."""
    length = 16 if prefix in _KEYS else 17
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))
