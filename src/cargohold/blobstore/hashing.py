"""SHA-256 that can be put aside and taken up again, by this process or another.

hashlib keeps its state to itself, so where the machine's libcrypto still offers SHA256_Init/Update/Final (deprecated,
and exported by every OpenSSL so far) they are called with a context of our own. Its 112 bytes are eight words, a bit
count, up to 64 bytes of the last block, and how many of those are used. What is exported does not depend on the
machine: the words and the count in big-endian order, then the used bytes. Both ways release the GIL.

Sources: OpenSSL, include/openssl/sha.h (SHA256_CTX); FIPS 180-4 §6.2.
"""

import _hashlib
import ctypes
import hashlib
import struct
from typing import Final

from cargohold.core.digest import Digest

_CONTEXT: Final = struct.Struct("=8III64sII")
"""SHA256_CTX: h[8], Nl and Nh (the bit count's low and high half), data, num, md_len."""
_EXPORTED: Final = struct.Struct(">8IQ")
_BLOCK: Final = 64
_ROOM: Final = 256
"""Bytes that a context gets; more than any libcrypto uses, and the test on import looks at how many it does."""


class _LibCrypto:
    """The three functions of one library. Raises OSError or AttributeError when it has not got them."""

    def __init__(self, library: str) -> None:
        functions = ctypes.CDLL(library)
        self.init = functions.SHA256_Init
        self.update = functions.SHA256_Update
        self.final = functions.SHA256_Final
        self.init.argtypes = [ctypes.c_void_p]
        self.update.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        self.final.argtypes = [ctypes.c_char_p, ctypes.c_void_p]


class Hasher:
    """SHA-256 of bytes that arrive in pieces. One thread at a time."""

    __slots__ = ("_context", "_plain")

    def __init__(self) -> None:
        self._context = ctypes.create_string_buffer(_ROOM)
        self._plain = None if _library else hashlib.sha256()
        if _library:
            _library.init(self._context)

    @classmethod
    def resume(cls, state: bytes | None) -> "Hasher | None":
        """A hasher that goes on from `state`; None where there is none, or this machine cannot take it up."""
        if state is None or _library is None or len(state) < _EXPORTED.size:
            return None
        *words, bits = _EXPORTED.unpack_from(state)
        tail = state[_EXPORTED.size :]
        if bits % 8 or len(tail) != bits // 8 % _BLOCK:
            return None
        hasher = cls()
        _CONTEXT.pack_into(hasher._context, 0, *words, bits & 0xFFFFFFFF, bits >> 32, tail, len(tail), 32)
        return hasher

    def update(self, data: bytes) -> None:
        if self._plain is not None:
            self._plain.update(data)
        elif _library is not None:
            _library.update(self._context, data, len(data))

    def digest(self) -> Digest:
        """The digest of everything so far; more may follow."""
        if self._plain is not None:
            return Digest(f"sha256:{self._plain.hexdigest()}")
        return Digest(f"sha256:{_finished(self._context.raw).hex()}")

    def state(self) -> bytes | None:
        """From what `resume` goes on, 40 to 103 bytes; None where this machine cannot export it."""
        if self._plain is not None:
            return None
        *words, low, high, block, used, _ = _CONTEXT.unpack_from(self._context)
        return _EXPORTED.pack(*words, high << 32 | low) + bytes(block[:used])


def _finished(context: bytes) -> bytes:
    copy = ctypes.create_string_buffer(context, _ROOM)
    result = ctypes.create_string_buffer(32)
    if _library is not None:
        _library.final(result, copy)
    return result.raw


def _usable(library: str) -> _LibCrypto | None:
    """The library when it hashes as hashlib does, keeps to 112 bytes, and goes on from a context that we wrote."""
    try:
        functions = _LibCrypto(library)
    except (OSError, AttributeError):
        return None
    sample = bytes(range(256)) * 3
    beyond = b"\xa5" * (_ROOM - _CONTEXT.size)
    context = ctypes.create_string_buffer(bytes(_CONTEXT.size) + beyond, _ROOM)
    functions.init(context)
    functions.update(context, sample[:100], 100)
    if context.raw[_CONTEXT.size :] != beyond:
        return None
    resumed = ctypes.create_string_buffer(_ROOM)
    _CONTEXT.pack_into(resumed, 0, *_CONTEXT.unpack_from(context))
    functions.update(resumed, sample[100:], len(sample) - 100)
    result = ctypes.create_string_buffer(32)
    functions.final(result, resumed)
    return functions if result.raw == hashlib.sha256(sample).digest() else None


def _found() -> _LibCrypto | None:
    """The library that Python's own hashlib is linked to, else one by its versioned name."""
    names = [getattr(_hashlib, "__file__", None), "libcrypto.so.3", "libcrypto.3.dylib"]
    candidates = (_usable(name) for name in names if name)
    return next((library for library in candidates if library is not None), None)


_library = _found()
