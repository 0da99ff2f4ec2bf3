"""SHA-256 that can be put aside: the same digest as hashlib's, however it is cut, on machines that can and cannot."""

import ctypes
import ctypes.util
import hashlib
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.blobstore import hashing
from cargohold.blobstore.hashing import Hasher


def expected(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def _no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose libcrypto has not got the functions."""
    monkeypatch.setattr(hashing, "_library", None)


needs_library = pytest.mark.skipif(hashing._library is None, reason="this machine's libcrypto cannot export a state")

PIECES = st.lists(st.binary(max_size=200), max_size=12)


def hashed(pieces: list[bytes]) -> Iterator[tuple[Hasher, bytes]]:
    """A hasher after each piece, with everything it has seen."""
    hasher, seen = Hasher(), b""
    for piece in pieces:
        hasher.update(piece)
        seen += piece
        yield hasher, seen


@given(PIECES)
def test_the_digest_at_every_point_is_hashlibs(pieces: list[bytes]) -> None:
    """Asking for the digest does not end the hashing, and each answer is right."""
    assert Hasher().digest() == expected(b"")
    for hasher, seen in hashed(pieces):
        assert hasher.digest() == expected(seen)
        assert hasher.digest() == expected(seen)


@needs_library
@given(PIECES)
def test_hashing_that_is_put_aside_goes_on_the_same(pieces: list[bytes]) -> None:
    """Taken up again from its state after every piece, hashing ends in hashlib's digest."""
    hasher = Hasher()
    for piece in pieces:
        hasher.update(piece)
        resumed = Hasher.resume(hasher.state())
        assert resumed is not None
        hasher = resumed
    assert hasher.digest() == expected(b"".join(pieces))


@needs_library
@pytest.mark.parametrize("length", [0, 1, 55, 56, 63, 64, 65, 127, 128, (1 << 20) + 17])
def test_the_state_is_the_standards_own(length: int) -> None:
    """A state is the eight words, the count of bits and the bytes of the open block; it ends nothing."""
    data = bytes(number % 251 for number in range(length))
    hasher = Hasher()
    hasher.update(data)
    state = hasher.state()
    assert state is not None
    assert int.from_bytes(state[32:40]) == 8 * length
    assert state[40:] == data[length - length % 64 :]
    if length == 128:
        assert state[:32] == compressed(data)
    hasher.update(b"more")
    assert hasher.digest() == expected(data + b"more")


def compressed(data: bytes) -> bytes:
    """FIPS 180-4's state after whole blocks, computed by hand."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, n))]
    k = [int(p ** (1 / 3) % 1 * 2**32) for p in primes]
    h = [int(p**0.5 % 1 * 2**32) for p in primes[:8]]
    for start in range(0, len(data), 64):
        h = round_of(h, k, data[start : start + 64])
    return b"".join(word.to_bytes(4) for word in h)


def round_of(h: list[int], k: list[int], block: bytes) -> list[int]:
    def turned(x: int, n: int) -> int:
        return (x >> n | x << (32 - n)) & 0xFFFFFFFF

    w = [int.from_bytes(block[i : i + 4]) for i in range(0, 64, 4)]
    for i in range(16, 64):
        low = turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ w[i - 15] >> 3
        high = turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ w[i - 2] >> 10
        w.append((w[i - 16] + low + w[i - 7] + high) & 0xFFFFFFFF)
    a, b, c, d, e, f, g, z = h
    for i in range(64):
        one = z + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + (e & f ^ ~e & g) + k[i] + w[i]
        two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, z = (one + two) & 0xFFFFFFFF, a, b, c, (d + one) & 0xFFFFFFFF, e, f, g
    return [(x + y) & 0xFFFFFFFF for x, y in zip(h, (a, b, c, d, e, f, g, z), strict=True)]


@needs_library
def test_counts_beyond_four_gibibits_are_kept() -> None:
    """The count of bits is one number of 64 bits: a state behind 10 GiB resumes with the same count."""
    size = 10 << 30
    state = bytes(32) + (8 * size).to_bytes(8)
    hasher = Hasher.resume(state)
    assert hasher is not None
    assert hasher.state() == state
    hasher.update(b"x" * 70)
    later = hasher.state()
    assert later is not None
    assert int.from_bytes(later[32:40]) == 8 * (size + 70)


@needs_library
@pytest.mark.parametrize(
    "state", [b"", bytes(39), bytes(32) + (8).to_bytes(8), bytes(32) + (9).to_bytes(8) + b"x", bytes(41)]
)
def test_what_is_no_state_is_not_resumed(state: bytes) -> None:
    """Bytes of a wrong length give nothing to go on from, rather than a wrong digest."""
    assert Hasher.resume(state) is None


def test_no_state_is_not_resumed() -> None:
    """Where nothing was kept there is nothing to go on from."""
    assert Hasher.resume(None) is None


@pytest.mark.usefixtures("_no_library")
def test_a_machine_that_cannot_export_still_hashes() -> None:
    """Without libcrypto's functions the digests are the same, and the state is None."""
    for hasher, seen in hashed([b"one", b"", b"two" * 100]):
        assert hasher.digest() == expected(seen)
        assert hasher.state() is None


@needs_library
def test_a_machine_that_cannot_export_cannot_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state from another machine is left alone, so that the bytes are hashed again."""
    hasher = Hasher()
    hasher.update(b"elsewhere")
    state = hasher.state()
    monkeypatch.setattr(hashing, "_library", None)
    assert Hasher.resume(state) is None


# Choosing the library


def test_a_library_that_is_not_there_is_not_used() -> None:
    """A name that cannot be loaded, and a library without the functions, are passed over."""
    assert hashing._usable("libnothing.so.0") is None
    assert hashing._usable(ctypes.util.find_library("c") or "libc.so.6") is None


@needs_library
@pytest.mark.parametrize("fault", ["update", "final", "init"])
def test_a_library_that_hashes_otherwise_is_not_used(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """A library whose functions do not do what SHA-256 does is found out on import."""
    real = hashing._LibCrypto

    def broken(name: str) -> hashing._LibCrypto:
        library = real(name)
        setattr(library, fault, lambda *_: 1)
        return library

    assert hashing._library is not None
    monkeypatch.setattr(hashing, "_LibCrypto", broken)
    assert hashing._found() is None


@needs_library
def test_a_library_with_a_larger_context_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that writes beyond the 112 bytes that are known is not trusted."""
    real = hashing._LibCrypto

    def larger(name: str) -> hashing._LibCrypto:
        library = real(name)
        init = library.init

        def writing_beyond(context: ctypes.Array[ctypes.c_char]) -> None:
            init(context)
            context[120] = b"\0"

        library.init = writing_beyond  # type: ignore[assignment]
        return library

    monkeypatch.setattr(hashing, "_LibCrypto", larger)
    assert hashing._found() is None


@needs_library
def test_others_run_while_bytes_are_hashed() -> None:
    """Hashing a large piece lets other threads run."""
    data, counted, done = bytes(64 << 20), [0], threading.Event()

    def counting() -> None:
        while not done.is_set():
            counted[0] += 1

    thread = threading.Thread(target=counting)
    thread.start()
    hasher = Hasher()
    hasher.update(b"")
    before = counted[0]
    hasher.update(data)
    during = counted[0] - before
    done.set()
    thread.join()
    assert during > 1_000
