"""core.digest: what is a digest and what is not."""

import hashlib

import pytest

from cargohold.core import digest
from cargohold.core.errors import InvalidDigest

SHA256 = "sha256:" + "a" * 64
SHA512 = "sha512:" + "0" * 128


@pytest.mark.parametrize("text", [SHA256, SHA512])
def test_registered_algorithms_are_accepted(text: str) -> None:
    """A digest of either registered algorithm is taken as it is written."""
    assert digest.parse(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "A" * 64,
        "sha512:" + "a" * 64,
        "md5:" + "a" * 32,
        "sha256:../../../../etc/passwd",
        SHA256 + "\n",
        "a" * 64,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """Text that cannot be verified as a digest is refused, whatever it looks like."""
    with pytest.raises(InvalidDigest):
        digest.parse(text)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_of_hashes_the_bytes(algorithm: str) -> None:
    """The digest of bytes is the algorithm's hash of them, and names its algorithm."""
    made = digest.of(b"cargo", algorithm)
    assert made == f"{algorithm}:{hashlib.new(algorithm, b'cargo').hexdigest()}"
    assert digest.algorithm(made) == algorithm
    assert digest.same(made, digest.parse(made))
    assert not digest.same(made, digest.of(b"hold", algorithm))
