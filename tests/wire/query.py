"""A client of the AWS door's Query services: requests and answers are botocore's own encoding of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from cargohold.exchange import Message, Request
from cargohold.identity.accounts import NewKey

from .conftest import ACCOUNT, Wire

GLOBAL = "us-east-1"


@cache
def model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@dataclass(frozen=True)
class Query:
    """A client of one service, signing with one key. Calling it sends an operation that must succeed."""

    wire: Wire
    service: str
    key: NewKey
    session_token: str | None = None
    region: str = GLOBAL

    def __call__(self, operation: str, **members: Any) -> dict[str, Any]:
        status, parsed = self.send(operation, members)
        assert status == 200, parsed
        return {name: value for name, value in parsed.items() if name != "ResponseMetadata"}

    def refused(self, operation: str, **members: Any) -> tuple[int, str, str]:
        """Status, code and sentence of an operation that must fail."""
        status, parsed = self.send(operation, members)
        assert status != 200, parsed
        assert parsed["Error"]["Type"] == "Sender"
        return status, parsed["Error"]["Code"], parsed["Error"]["Message"]

    def every(self, operation: str, result: str, **members: Any) -> list[Any]:
        """What a listing gives, page after page to its end; each page but the last says that there is more."""
        found: list[Any] = []
        marker: dict[str, str] = {}
        while True:
            answer = self(operation, **members, **marker)
            found += answer[result]
            assert answer["IsTruncated"] == ("Marker" in answer)
            if not answer["IsTruncated"]:
                return found
            marker = {"Marker": answer["Marker"]}

    def by(self, key: NewKey, session_token: str | None = None) -> "Query":
        """The same service, asked with another key."""
        return replace(self, key=key, session_token=session_token)

    def by_new_user(self, name: str, **members: Any) -> "Query":
        """The same service, asked by a user that is made for it, without policies."""
        self("CreateUser", UserName=name, **members)
        return self.by(self.new_key(name))

    def new_key(self, user: str) -> NewKey:
        made = self("CreateAccessKey", UserName=user)["AccessKey"]
        return NewKey(made["AccessKeyId"], made["SecretAccessKey"])

    def send(self, operation: str, members: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and parsed answer, a refusal's too."""
        known = model(self.service).operation_model(operation)
        form = create_serializer("query", include_validation=False).serialize_to_request(dict(members), known)["body"]
        reply = self.wire.runner.run(self.wire.door(self._request(urlencode(form).encode())))
        assert isinstance(reply.body, bytes)
        answer = {"status_code": reply.status, "headers": {}, "body": reply.body}
        parsed: dict[str, Any] = create_parser("query").parse(answer, known.output_shape)
        return reply.status, parsed

    def _request(self, body: bytes) -> Request:
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "host": "localhost:5050"}
        request = AWSRequest(method="POST", url="http://localhost:5050/", data=body, headers=headers)
        now = datetime.fromtimestamp(self.wire.clock.now / 1000, UTC).replace(tzinfo=None)
        credentials = Credentials(self.key.access_key_id, self.key.secret_access_key, self.session_token)
        with patch("botocore.auth.get_current_datetime", lambda *_, **__: now):
            SigV4Auth(credentials, self.service, self.region).add_auth(request)
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return messages.pop(0)

        lower = {name.lower(): value for name, value in request.headers.items()}
        return Request("POST", "/", "", lower, "http", "127.0.0.1", "request-1", receive)


def client(wire: Wire, service: str, account: str = ACCOUNT) -> Query:
    """A client that signs with the key of the account's administrator."""
    return Query(wire, service, wire.keys[account])
