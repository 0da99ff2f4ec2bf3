"""A layer's bytes, unpacked as they are read: gzip, zstd or plain, whatever the manifest calls them.

Nothing is written to disk, and no piece is larger than PIECE, however well the layer is compressed.
"""

import io
import zlib
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Final, Protocol, cast

import zstandard
from isal import igzip, isal_zlib

from cargohold.scanning.limits import Allowance, ScanFailed

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE: Final = 1 << 20
_BROKEN: Final = (OSError, EOFError, zlib.error, isal_zlib.IsalError, zstandard.ZstdError)
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_WINDOW: Final = 1 << 27
"""The largest window of zstd that is accepted, which is its own limit without `--ultra --long`."""


class Source(Protocol):
    """Bytes to be read, as a file gives them."""

    def read(self, size: int = -1, /) -> bytes: ...


class Unpacked:
    """What a layer holds once decompressed; reading it counts against the allowance and raises ScanFailed."""

    def __init__(self, source: Source, allowance: Allowance) -> None:
        whole = _Peeked(source)
        self._read = _reader(whole)
        self._allowance = allowance

    def read(self) -> bytes:
        """The next piece, of at most PIECE bytes; empty at the end."""
        try:
            piece = self._read(PIECE)
        except _BROKEN as error:  # type: ignore[misc]
            raise ScanFailed(f"The image has a layer that cannot be decompressed: {error}.") from error
        self._allowance.count_bytes(len(piece))
        return piece


class _Peeked(io.RawIOBase):
    """A source whose first bytes are looked at before they are read."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._kept = b""
        while len(self._kept) < len(_ZSTD) and (more := source.read(PIECE)):
            self._kept += more
        self.head = self._kept[: len(_ZSTD)]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """As io.RawIOBase has it, which makes `read` of it."""
        room = memoryview(buffer)
        piece = self._kept or self._source.read(len(room))
        taken, self._kept = piece[: len(room)], piece[len(room) :]
        room[: len(taken)] = taken
        return len(taken)


def _reader(whole: _Peeked) -> Callable[[int], bytes]:
    if whole.head.startswith(_GZIP):
        return cast(Callable[[int], bytes], igzip.open(whole, "rb").read)  # type: ignore[no-untyped-call]
    if whole.head.startswith(_ZSTD):
        unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        return unpacker.stream_reader(cast(IO[bytes], whole), read_size=PIECE, read_across_frames=True).read
    return whole.read
