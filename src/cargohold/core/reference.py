"""Names of repositories and tags, and the reference that is one or the other of tag and digest.

Sources: OCI distribution-spec 1.1 "Pulling manifests" (grammar of `<name>` and of a tag), ECR's API reference
(repositoryName: 2 to 256 characters and its pattern), that of ECR Public (2 to 205 characters; registry aliases).
"""

import re
from dataclasses import dataclass
from typing import Final

from cargohold.core import digest
from cargohold.core.digest import Digest
from cargohold.core.errors import InvalidParameter

REPOSITORY_NAME_PATTERN: Final = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*"
"""ECR's own pattern (botocore's model), quoted by its error sentence."""

TAG_PATTERN: Final = r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"

# The same language as REPOSITORY_NAME_PATTERN, written so that it matches in linear time.
_SEPARATED = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_REPOSITORY_NAME = re.compile(rf"{_SEPARATED}(?:/{_SEPARATED})*")
_TAG = re.compile(TAG_PATTERN)
_WORDS = r"[a-z0-9]+(?:[._-][a-z0-9]+)*"
_PUBLIC_REPOSITORY_NAME = re.compile(rf"{_WORDS}(?:/{_WORDS})*")
_ALIAS = re.compile(r"[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*")


def is_repository_name(text: str) -> bool:
    return 2 <= len(text) <= 256 and _REPOSITORY_NAME.fullmatch(text) is not None


def is_public_repository_name(text: str) -> bool:
    """Whether a public repository could have the name: fewer separators than a private one's, and none doubled."""
    return 2 <= len(text) <= 205 and _PUBLIC_REPOSITORY_NAME.fullmatch(text) is not None


def is_alias(text: str) -> bool:
    """Whether a public registry could be addressed by that word."""
    return 2 <= len(text) <= 50 and _ALIAS.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    return _TAG.fullmatch(text) is not None


def parse_repository_name(text: str) -> str:
    """The text as a private repository's name; raises InvalidParameter in ECR's words."""
    if not 2 <= len(text) <= 256:
        bound, limit = ("greater", 2) if len(text) < 2 else ("less", 256)
        raise InvalidParameter("repositoryName", f"Member must have length {bound} than or equal to {limit}")
    if _REPOSITORY_NAME.fullmatch(text) is None:
        raise InvalidParameter("repositoryName", f"must satisfy regular expression '{REPOSITORY_NAME_PATTERN}'")
    return text


@dataclass(frozen=True, slots=True)
class Reference:
    """What names a manifest inside a repository: a tag or a digest, exactly one of them."""

    tag: str | None = None
    digest: Digest | None = None

    def __str__(self) -> str:
        return self.digest or self.tag or ""


def parse_reference(text: str) -> Reference:
    """A digest when it holds a colon, else a tag; raises InvalidDigest or InvalidParameter."""
    if ":" in text:
        return Reference(digest=digest.parse(text))
    if _TAG.fullmatch(text) is None:
        raise InvalidParameter("imageTag", f"must satisfy regular expression '{TAG_PATTERN}'")
    return Reference(tag=text)
