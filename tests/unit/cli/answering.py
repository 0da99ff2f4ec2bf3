"""A server that gives the answers a test has put down, and keeps what it was asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Asked:
    operation: str
    members: dict[str, Any]
    authorization: str


@dataclass
class Answering:
    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def give(self, answer: object, status: int = 200) -> None:
        """The next answer: bytes as they are, anything else as JSON."""
        self.answers.append((status, answer if isinstance(answer, bytes) else json.dumps(answer).encode()))

    def refuse(self, code: str, message: str) -> None:
        self.give({"__type": code, "message": message}, 400)


@contextmanager
def answering() -> Iterator[Answering]:
    kept = Answering()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.asked.append(
                Asked(self.headers["x-amz-target"], json.loads(body), self.headers.get("authorization", ""))
            )
            status, answer = kept.answers.pop(0)
            self.send_response(status)
            self.send_header("content-type", "application/x-amz-json-1.1")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
