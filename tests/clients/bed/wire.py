"""The distribution protocol in plain HTTP, for what no client does at will: to stop in the middle, to stream 10 GiB."""

import base64
import http.client
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from .images import DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Image, digest_of

_ACCEPT = ", ".join((OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX))


class Unexpected(Exception):
    """An answer with another status than the protocol's."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def errors(self) -> list[dict[str, str]]:
        return list(json.loads(self.body)["errors"])


class Wire:
    """One connection to one registry; not for several threads. `host` is sent as Host, the address is 127.0.0.1."""

    def __init__(self, port: int, password: str, host: str | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._host = host or f"localhost:{port}"
        token = base64.b64encode(f"AWS:{password}".encode()).decode()
        self._authorization = f"Basic {token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def local_port(self) -> int:
        """The port of our end of the connection, which has to be open."""
        assert self._connection.sock is not None
        return int(self._connection.sock.getsockname()[1])

    def close(self) -> None:
        self._connection.close()

    def ask(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Sends one request and reads the whole answer; an iterable body is sent in chunks of unknown number."""
        response = self.open(method, path, body, headers)
        return Answer(response.status, response.headers, response.read())

    def open(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPResponse:
        """Sends one request; the caller reads the body."""
        all_headers = {"Host": self._host, "Authorization": self._authorization, "Accept": _ACCEPT} | (headers or {})
        chunked = body is not None and not isinstance(body, bytes)
        if chunked:
            all_headers["Transfer-Encoding"] = "chunked"
        self._connection.request(method, path, body=body, headers=all_headers, encode_chunked=chunked)
        return self._connection.getresponse()

    def want(
        self, status: int, method: str, path: str, body: bytes | Iterable[bytes] | None = None, **headers: str
    ) -> Answer:
        """As `ask`; raises Unexpected for another status. Header names have _ for -."""
        answer = self.ask(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        if answer.status != status:
            raise Unexpected(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        return answer

    def begin(self, repository: str) -> str:
        """Begins an upload; returns its location."""
        return _location(self.want(202, "POST", f"/v2/{repository}/blobs/uploads/", b""))

    def append(self, location: str, body: bytes | Iterable[bytes], **headers: str) -> str:
        """Sends one PATCH; returns the next location."""
        return _location(self.want(202, "PATCH", location, body, Content_Type="application/octet-stream", **headers))

    def finish(self, location: str, digest: str, body: bytes = b"") -> None:
        """Ends an upload."""
        separator = "&" if "?" in location else "?"
        self.want(201, "PUT", f"{location}{separator}digest={digest}", body)

    def push_blob(self, repository: str, blob: bytes, *, streamed: bool = False) -> None:
        """Pushes one blob, in the final PUT or in a PATCH before it."""
        location = self.begin(repository)
        if streamed:
            location = self.append(location, _pieces(blob))
        self.finish(location, digest_of(blob), b"" if streamed else blob)

    def push_manifest(self, repository: str, reference: str, manifest: bytes, media_type: str) -> Answer:
        return self.want(201, "PUT", f"/v2/{repository}/manifests/{reference}", manifest, Content_Type=media_type)

    def push(self, repository: str, reference: str, image: Image) -> None:
        """Pushes every blob of an image, then its manifest."""
        for blob in image.blobs.values():
            self.push_blob(repository, blob)
        self.push_manifest(repository, reference, image.manifest, image.media_type)

    def manifest(self, repository: str, reference: str) -> bytes:
        return self.want(200, "GET", f"/v2/{repository}/manifests/{reference}").body

    def blob(self, repository: str, digest: str) -> bytes:
        return self.want(200, "GET", f"/v2/{repository}/blobs/{digest}").body


def _pieces(blob: bytes, size: int = 65536) -> Iterable[bytes]:
    return (blob[start : start + size] for start in range(0, len(blob), size))


def _location(answer: Answer) -> str:
    """The path of a Location header; it may be relative or absolute."""
    location = answer.headers["Location"]
    return location if location.startswith("/") else "/" + location.split("/", 3)[3]
