"""The condition keys that a policy asks for, spelled as it spells them: of its variables and of its conditions. Pure.

Sources: IAM API reference, "GetContextKeysForCustomPolicy"; IAM User Guide, "IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cargohold.access import grammar

_VARIABLE: Final = re.compile(r"\$\{([^{}*?$][^{}]*)\}")
_VARIABLES_SINCE: Final = "2012-10-17"


def context_keys(text: str) -> list[tuple[str, ...]]:
    """The keys of each statement of a policy that can be read, in the order in which it asks for them."""
    document = json.loads(text)
    written = document.get("Statement")
    blocks = written if isinstance(written, list) else [written]
    variables = document.get("Version") == _VARIABLES_SINCE
    return [tuple(once(_keys(block, variables=variables))) for block in blocks]


def once(keys: Iterable[str]) -> list[str]:
    """Each key as it is spelled first; case does not tell keys apart."""
    spelled: dict[str, str] = {}
    for key in keys:
        spelled.setdefault(key.lower(), key)
    return list(spelled.values())


def _keys(block: Mapping[str, Any], *, variables: bool) -> Iterator[str]:
    if variables:
        yield from _in_texts(grammar.texts(block.get("Resource", block.get("NotResource", []))))
    for keys in (block.get("Condition") or {}).values():
        for key, values in keys.items():
            yield key
            if variables:
                yield from _in_texts(grammar.texts(values))


def _in_texts(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for name in _VARIABLE.findall(text):
            yield name.partition(",")[0].strip()
