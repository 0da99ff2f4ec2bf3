"""Content digests: `<algorithm>:<hex>`.

Source: OCI image-spec, descriptor.md, "Digests". The two registered algorithms are known; text of another
algorithm is well formed but cannot be verified, so it is refused.
"""

import hashlib
import hmac
import re
from typing import Final, NewType

from cargohold.core.errors import InvalidDigest

Digest = NewType("Digest", str)

HEX_LENGTH: Final = {"sha256": 64, "sha512": 128}

_FORM = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


def parse(text: str) -> Digest:
    """The text as a digest; raises InvalidDigest when it is not one that can be verified."""
    if _FORM.fullmatch(text) is None:
        raise InvalidDigest(text)
    return Digest(text)


def is_digest(text: str) -> bool:
    return _FORM.fullmatch(text) is not None


def of(data: bytes, algorithm: str = "sha256") -> Digest:
    """The digest of some bytes."""
    return Digest(f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}")


def algorithm(digest: Digest) -> str:
    return digest.partition(":")[0]


def same(one: str, other: str) -> bool:
    """Compares two digests in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
