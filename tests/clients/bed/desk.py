"""The tables of every operation, asked of a real server: what furnishes a request goes there over HTTP."""

import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cargohold.aws import model
from tests.bed.place import Answer, Caller
from tests.wire.every.desk import Desk

from .server import Server


@dataclass(frozen=True)
class Connection:
    """One connection to a server, with its administrator's key."""

    http: http.client.HTTPConnection
    host: str
    credentials: Credentials

    def send(self, service: str, operation: str, body: bytes, caller: Caller) -> Answer:
        known = model.load(service)
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": self.host,
            "x-amz-target": f"{known.target_prefix}.{operation}",
        }
        request = AWSRequest(method="POST", url=f"http://{self.host}/", data=body, headers=headers)
        SigV4Auth(self.credentials, known.signing_name, caller.region).add_auth(request)
        self.http.request("POST", "/", body, dict(request.headers.items()))
        response = self.http.getresponse()
        return Answer(response.status, response.read())


@contextmanager
def desk(server: Server, service: str) -> Iterator[Desk]:
    """A desk at a server."""
    known = server.environment()
    credentials = Credentials(known["AWS_ACCESS_KEY_ID"], known["AWS_SECRET_ACCESS_KEY"])
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as opened:
        yield Desk(Connection(opened, server.host, credentials), service)
