"""Text: what can be kept as it is in every database, and be told again in every encoding."""

import re
from typing import Final

NOT_TEXT: Final = "must be text without NUL and without half a surrogate pair"
"""The constraint as ECR's sentences word one."""

_UNSOUND = re.compile("[\0\ud800-\udfff]")


def is_sound(text: str) -> bool:
    """Whether a text can be stored and answered: no half of a surrogate pair, no NUL, both of which JSON can escape."""
    return _UNSOUND.search(text) is None
