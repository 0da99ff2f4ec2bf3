"""The clients: wrk for what has no body, sockets of our own for what has one. They spend as little CPU as they can."""

import asyncio
import hashlib
import itertools
import json
import os
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .processes import Meter, Server, program

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONNECTIONS = 16
_PIECE = 32 << 10
"""Bytes in one piece of a chunked body: what docker sends."""


class Failed(Exception):
    """A server answered what it should not have."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one scenario. `rate` is per second, times are in milliseconds, `cpu` is seconds per `rate`'s unit."""

    rate: float
    p50: float
    p99: float
    cpu: float
    peak: float
    """MiB"""


def ask(server: Server, path: str, seconds: float) -> Sample:
    """GETs a path over and over from CONNECTIONS connections."""
    headers = {"Accept": MANIFEST} | server.headers
    options = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    script = str(Path(__file__).with_name("wrk.lua"))
    command = [program("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}", "-s", script, *options]
    with Meter(server) as meter:
        ran = subprocess.run(
            [*command, f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True, check=True
        )
    line = next(line for line in ran.stdout.splitlines() if line.startswith("FOUND"))
    requests, duration, failures, p50, p99 = map(float, line.split()[1:])
    if failures or not requests:
        raise Failed(f"{failures:.0f} of {requests:.0f} requests for {path} failed at {server.name}")
    return Sample(requests / duration, p50, p99, meter.cpu / requests, meter.peak)


class Connection:
    """One kept connection that sends a request and reads its answer; the answer's body is dropped."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._socket = socket.create_connection(("127.0.0.1", server.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(1 << 20)

    def send(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict[str, str], int]:
        """Status, headers and the length of the body that came."""
        self._socket.sendall(_head(self._server, method, path, kind, f"Content-Length: {len(body)}") + body)
        return self._answer()

    def send_pieces(self, method: str, path: str, pieces: Iterator[bytes]) -> tuple[int, dict[str, str], int]:
        """As `send`, with a body of chunks, whose length the server is not told."""
        self._socket.sendall(_head(self._server, method, path, "", "Transfer-Encoding: chunked"))
        for piece in pieces:
            self._socket.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        self._socket.sendall(b"0\r\n\r\n")
        return self._answer()

    def close(self) -> None:
        self._socket.close()

    def _answer(self) -> tuple[int, dict[str, str], int]:
        came = b""
        while b"\r\n\r\n" not in came:
            more = self._socket.recv(1 << 16)
            if not more:
                raise Failed(f"{self._server.name} closed the connection")
            came += more
        head, _, rest = came.partition(b"\r\n\r\n")
        status, headers = _parsed(head)
        length, left = int(headers.get("content-length", "0")), 0
        left = length - len(rest)
        while left > 0:
            got = self._socket.recv_into(self._buffer, min(left, len(self._buffer)))
            if not got:
                raise Failed(f"{self._server.name} closed the connection")
            left -= got
        return status, headers, length


@dataclass(frozen=True, slots=True)
class Pushed:
    """A large push: the bytes as one request, and the request that ends it."""

    upload: Sample
    final: Sample
    path: str


def push_large(server: Server, repository: str, size: int) -> Pushed:
    """POST, a PATCH in chunks, PUT: as docker pushes a layer. The content is new each time."""
    block = os.urandom(1 << 20)
    stamps = [number.to_bytes(8, "big") + block[8:] for number in range(size >> 20)]
    digest = hashlib.sha256()
    for stamp in stamps:
        digest.update(stamp)
    name = f"sha256:{digest.hexdigest()}"
    pieces = (stamp[at : at + _PIECE] for stamp in stamps for at in range(0, len(stamp), _PIECE))
    connection = Connection(server)
    with Meter(server) as meter:
        location = _location(connection.send("POST", f"/v2/{repository}/blobs/uploads/"))
        began = time.perf_counter()
        answered = connection.send_pieces("PATCH", location, pieces)
        sent = time.perf_counter()
        _created(connection.send("PUT", _with_digest(_location(answered), name)))
        ended = time.perf_counter()
    connection.close()
    mib, whole, last = size / (1 << 20), (ended - began) * 1e3, (ended - sent) * 1e3
    return Pushed(
        Sample(mib / (ended - began), whole, whole, meter.cpu / mib, meter.peak),
        Sample(1e3 / last, last, last, meter.cpu, meter.peak),
        f"/v2/{repository}/blobs/{name}",
    )


def pull_large(server: Server, path: str) -> Sample:
    """GETs one large blob on one connection."""
    connection = Connection(server)
    with Meter(server) as meter:
        began = time.perf_counter()
        status, _, length = connection.send("GET", path)
        seconds = time.perf_counter() - began
    connection.close()
    if status != 200 or not length:
        raise Failed(f"{status} for {path} at {server.name}")
    mib = length / (1 << 20)
    return Sample(mib / seconds, seconds * 1e3, seconds * 1e3, meter.cpu / mib, meter.peak)


def push_images(server: Server, repositories: Sequence[str], clients: int, seconds: float) -> Sample:
    """Small images, by several clients in turn of the repositories; the times are those of one image."""
    with Meter(server) as meter:
        times, took = asyncio.run(_push_images(server, repositories, clients, seconds))
    ordered = sorted(times)
    p99 = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return Sample(len(ordered) / took, statistics.median(ordered), p99, meter.cpu / len(ordered), meter.peak)


def push_image(server: Server, repository: str, tag: str) -> tuple[str, str]:
    """One small image; its manifest's digest and its layer's."""
    layer, config, manifest = _small_image(tag)

    async def push() -> None:
        client = await _Client.connect(server)
        await client.push(repository, tag, (config, layer), manifest)
        client.close()

    asyncio.run(push())
    return _digest(manifest), _digest(layer)


async def _push_images(
    server: Server, repositories: Sequence[str], clients: int, seconds: float
) -> tuple[list[float], float]:
    connected = [await _Client.connect(server) for _ in range(clients)]
    began = time.perf_counter()
    until = began + seconds
    runs = await asyncio.gather(
        *(
            _push_until(client, repositories[number % len(repositories)], until)
            for number, client in enumerate(connected)
        )
    )
    took = time.perf_counter() - began
    for client in connected:
        client.close()
    return list(itertools.chain.from_iterable(runs)), took


async def _push_until(client: "_Client", repository: str, until: float) -> list[float]:
    times: list[float] = []
    while (began := time.perf_counter()) < until:
        tag = os.urandom(8).hex()
        layer, config, manifest = _small_image(tag)
        await client.push(repository, tag, (config, layer), manifest)
        times.append((time.perf_counter() - began) * 1e3)
    return times


class _Client:
    """A connection as Connection is, beside others on a loop."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, server: Server) -> "_Client":
        return cls(server, *await asyncio.open_connection("127.0.0.1", server.port))

    def close(self) -> None:
        self._writer.close()

    async def push(self, repository: str, tag: str, blobs: Sequence[bytes], manifest: bytes) -> None:
        """HEAD, POST, PATCH and PUT for each blob, then PUT of the manifest: what docker asks for."""
        for blob in blobs:
            digest = _digest(blob)
            status, _, _ = await self.send("HEAD", f"/v2/{repository}/blobs/{digest}")
            if status != 404:
                raise Failed(f"{status} for HEAD of a new blob at {self._server.name}")
            location = _location(await self.send("POST", f"/v2/{repository}/blobs/uploads/"))
            location = _location(await self.send("PATCH", location, blob))
            _created(await self.send("PUT", _with_digest(location, digest)))
        _created(await self.send("PUT", f"/v2/{repository}/manifests/{tag}", manifest, MANIFEST))

    async def send(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict[str, str], int]:
        self._writer.write(_head(self._server, method, path, kind, f"Content-Length: {len(body)}") + body)
        status, headers = _parsed(await self._reader.readuntil(b"\r\n\r\n"))
        length = 0 if method == "HEAD" else int(headers.get("content-length", "0"))
        if length:
            await self._reader.readexactly(length)
        return status, headers, length


def _head(server: Server, method: str, path: str, kind: str, framing: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{server.port}", framing]
    lines += [f"{name}: {value}" for name, value in server.headers.items()]
    lines.append(f"Content-Type: {kind or 'application/octet-stream'}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    fields = (line.partition(":") for line in lines)
    return int(first.split(" ", 2)[1]), {name.lower(): value.strip() for name, _, value in fields}


def _location(answered: tuple[int, Mapping[str, str], int]) -> str:
    status, headers, _ = answered
    if status != 202:
        raise Failed(f"{status} for an upload")
    location = headers["location"]
    return location[location.index("/v2/") :]


def _created(answered: tuple[int, Mapping[str, str], int]) -> None:
    if answered[0] != 201:
        raise Failed(f"{answered[0]} for what should have been made")


def _with_digest(location: str, digest: str) -> str:
    return f"{location}{'&' if '?' in location else '?'}digest={digest}"


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _small_image(seed: str) -> tuple[bytes, bytes, bytes]:
    """Layer, config and manifest of an image that nobody has yet."""
    layer = os.urandom(1024)
    config = json.dumps({"architecture": "amd64", "os": "linux", "created_by": seed}).encode()
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [_descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    }
    return layer, config, json.dumps(document).encode()


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest(data), "size": len(data)}
