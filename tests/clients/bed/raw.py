"""A client that sends whatever it is told, byte for byte, and stops where it is told."""

import base64
import socket
from typing import Self


class Raw:
    """One TCP connection to a server on this machine."""

    def __init__(self, port: int, password: str | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._host = f"Host: localhost:{port}\r\n"
        token = base64.b64encode(f"AWS:{password}".encode()).decode()
        self._authorization = f"Authorization: Basic {token}\r\n" if password is not None else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def head(self, line: bytes, *headers: str) -> None:
        """Sends a request's head with Host, the login and those headers."""
        rest = f"{self._host}{self._authorization}" + "".join(f"{header}\r\n" for header in headers)
        self.send(line + b" HTTP/1.1\r\n" + rest.encode() + b"\r\n")

    def stop_sending(self) -> None:
        """Tells the server that nothing more comes, and goes on reading."""
        self._socket.shutdown(socket.SHUT_WR)

    def status(self) -> int:
        """The status of the next answer, its body left unread; 0 when the server hangs up without one."""
        received = b""
        while b"\r\n" not in received:
            piece = self._socket.recv(4096)
            if not piece:
                return 0
            received += piece
        return int(received.split(b" ")[1])

    def hangs_up(self) -> bool:
        """Reads until the server closes the connection; False when it does not for a minute."""
        try:
            while self._socket.recv(4096):
                pass
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        return True
