"""A large blob: neither its size nor its last request costs memory or time."""

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from .bed.images import noise
from .bed.memory import MemoryWatch
from .bed.server import Server, password_of
from .bed.wire import Wire

_MIB = 1024 * 1024
_MEMORY = 200 * _MIB
_LAST_PUT = 1.0


class Stream:
    """So many bytes that differ in every MiB; counts and hashes what it gave."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.digest = hashlib.sha256()
        self._block = noise(_MIB)

    def __iter__(self) -> Iterator[bytes]:
        for number in range(self.size // _MIB):
            piece = number.to_bytes(8, "big") + self._block[8:]
            self.digest.update(piece)
            yield piece


@pytest.mark.slow
def test_a_large_blob_costs_little(own_server: Server, long: bool) -> None:
    """E22: a streamed blob keeps the server under 200 MiB, its last PUT under a second, and comes back whole."""
    size = (10 * 1024 if long else 256) * _MIB
    if shutil.disk_usage(own_server.data.parent).free < 2 * size:
        pytest.fail(f"this test needs {2 * size // _MIB} MiB of free disk", pytrace=False)
    own_server.start()
    with closing(own_server.client("ecr")) as ecr:
        ecr.create_repository(repositoryName="large")
        password = password_of(ecr)
    with MemoryWatch(own_server.processes()) as memory, Wire(own_server.port, password) as wire:
        digest, pushed, last = _push(wire, Stream(size))
        pulled = _pull(wire, digest, size)
    print(f"\n{size // _MIB} MiB: pushed at {size / pushed / _MIB:.0f} MiB/s, last PUT {last * 1000:.0f} ms,")
    print(f"pulled at {size / pulled / _MIB:.0f} MiB/s; all processes held at most {memory.peak // _MIB} MiB,")
    print(f"each of them at most (shared pages counted again) {[peak // _MIB for peak in memory.peaks]} MiB")
    assert last < _LAST_PUT
    assert 0 < memory.peak < _MEMORY
    assert max(memory.peaks) < _MEMORY


def _push(wire: Wire, stream: Stream) -> tuple[str, float, float]:
    """Pushes in one PATCH and an empty PUT; returns the digest, the seconds of the whole and of the PUT."""
    begun = time.monotonic()
    location = wire.append(wire.begin("large"), stream)
    digest = f"sha256:{stream.digest.hexdigest()}"
    before_last = time.monotonic()
    wire.finish(location, digest)
    ended = time.monotonic()
    return digest, ended - begun, ended - before_last


def _pull(wire: Wire, digest: str, size: int) -> float:
    """Pulls a blob, which must be whole; returns the seconds."""
    begun, seen, received = time.monotonic(), hashlib.sha256(), 0
    response = wire.open("GET", f"/v2/large/blobs/{digest}")
    assert response.status == 200
    while piece := response.read(_MIB):
        seen.update(piece)
        received += len(piece)
    assert (received, f"sha256:{seen.hexdigest()}") == (size, digest)
    return time.monotonic() - begun
