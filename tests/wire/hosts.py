"""What tests of hosts share: a role in an instance profile, and hosts that joined and ask for its credentials."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cargohold.exchange import Message, Request
from cargohold.identity.accounts import NewKey

from .conftest import ACCOUNT, REGION, Answer, Wire
from .query import Query
from .sts import READ_ONLY, Bureau, opened, policy

EC2 = "ec2.amazonaws.com"
REFUSED = (
    400,
    "InvalidJoinTokenException",
    "The join token is wrong, used already or too old: invite the host once more",
)
GONE = (400, "UnrecognizedClientException", "The security token included in the request is invalid.")


def trusting_service(service: str = EC2, **more: Any) -> str:
    return policy({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **more})


@dataclass(frozen=True)
class Host:
    """A host that joined."""

    id: str
    key: NewKey


@dataclass(frozen=True)
class Yard:
    """The service of our own, asked by anybody."""

    wire: Wire
    bureau: Bureau

    def __call__(self, operation: str, by: NewKey | None = None, **members: Any) -> dict[str, Any]:
        answer = self.send(operation, members, by or self.wire.keys[ACCOUNT])
        assert answer.status == 200, answer.body
        return answer.body

    def refused(self, operation: str, by: NewKey | None = None, **members: Any) -> tuple[int, str, str]:
        """Status, code and sentence of an operation that must fail."""
        answer = self.send(operation, members, by or self.wire.keys[ACCOUNT])
        assert answer.status != 200, answer.body
        status, code, sentence = answer.refusal
        if code == "AccessDeniedException":
            sentence = sentence.partition(" Encoded authorization failure message: ")[0].removesuffix(".")
        return status, code, sentence

    def send(self, operation: str, members: Mapping[str, Any], by: NewKey | None) -> Answer:
        """An operation signed with a key, or by nobody."""
        body = json.dumps(members).encode()
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": "localhost:5050",
            "x-amz-target": f"Cargohold_V20261101.{operation}",
        }
        request = AWSRequest("POST", "http://localhost:5050/", data=body, headers=headers)
        now = datetime.fromtimestamp(self.wire.clock.now / 1000, UTC).replace(tzinfo=None)
        if by is not None:
            with patch("botocore.auth.get_current_datetime", lambda *_, **__: now):
                key = Credentials(by.access_key_id, by.secret_access_key)
                SigV4Auth(key, "cargohold", REGION).add_auth(request)
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return messages.pop(0)

        sent = {name.lower(): value for name, value in request.headers.items()}
        got = Request("POST", "/", "", sent, "http", "127.0.0.1", "request-1", receive)
        reply = self.wire.runner.run(self.wire.door(got))
        assert isinstance(reply.body, bytes)
        return Answer(reply.status, json.loads(reply.body))

    def profile(self, name: str = "web", trust: str | None = None) -> None:
        """Makes a role that may read ECR, and an instance profile of the same name that holds it."""
        self.bureau.role(name, trust or trusting_service(), READ_ONLY)
        self.bureau.iam("CreateInstanceProfile", InstanceProfileName=name)
        self.bureau.iam("AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=name)

    def invite(self, profile: str = "web", **members: Any) -> str:
        return str(self("InviteHost", instanceProfileName=profile, **members)["joinToken"])

    def join(self, token: str, name: str = "box") -> Host:
        answer = self.send("JoinHost", {"joinToken": token, "hostName": name}, None)
        assert answer.status == 200, answer.body
        key = NewKey(answer.body["accessKeyId"], answer.body["secretAccessKey"])
        return Host(answer.body["host"]["hostId"], key)

    def cannot_join(self, token: str, **members: Any) -> tuple[int, str, str]:
        return self.send("JoinHost", {"joinToken": token, **members}, None).refusal

    def host(self, name: str = "box", profile: str = "web") -> Host:
        return self.join(self.invite(profile), name)

    def credentials(self, host: Host) -> Query:
        """STS, asked by a session that the host fetches."""
        given = self("GetHostCredentials", host.key, hostId=host.id)["credentials"]
        key = NewKey(given["accessKeyId"], given["secretAccessKey"])
        return self.bureau.sts.by(key, given["sessionToken"])

    def no_credentials(self, host: Host) -> tuple[int, str, str]:
        return self.refused("GetHostCredentials", host.key, hostId=host.id)


def yard(wire: Wire) -> Yard:
    return Yard(wire, opened(wire))
