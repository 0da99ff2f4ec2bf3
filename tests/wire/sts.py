"""What tests of STS share: IAM and STS asked by the administrator, and sessions that ask at both doors."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cargohold.exchange import Message, Request
from cargohold.identity.accounts import NewKey
from cargohold.oci.door import OciDoor

from .conftest import ACCOUNT, REGION, Answer, Wire
from .query import Query, client

ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:user/administrator"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/puller"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/puller/night"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
POWER_USER = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
INVALID_TOKEN = (403, "InvalidClientTokenId", "The security token included in the request is invalid.")
EXPIRED = (403, "ExpiredToken", "The security token included in the request is expired")


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusting(*principals: str, action: Any = "sts:AssumeRole", **more: Any) -> str:
    """A trust policy."""
    return policy({"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": action, **more})


ALL_OF_STS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]


def tags(**given: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


def denied(who: str, action: str, resource: str) -> tuple[int, str, str]:
    return 403, "AccessDenied", f"User: {who} is not authorized to perform: {action} on resource: {resource}"


@dataclass(frozen=True)
class Bureau:
    """IAM and STS of the account, asked by its administrator, and a client of ECR that signs with any session."""

    wire: Wire
    iam: Query
    sts: Query

    def role(self, name: str = "puller", trust: str | None = None, *policies: str, **options: Any) -> str:
        """Makes a role that trusts the account, unless it is said otherwise; gives its ARN."""
        document = trusting(ACCOUNT, action=ALL_OF_STS) if trust is None else trust
        made = self.iam("CreateRole", RoleName=name, AssumeRolePolicyDocument=document, **options)["Role"]
        for arn in policies:
            self.iam("AttachRolePolicy", RoleName=name, PolicyArn=arn)
        return str(made["Arn"])

    def user(self, name: str, *statements: Mapping[str, Any]) -> Query:
        """STS asked by a new user who may do this."""
        made = self.iam.by_new_user(name)
        if statements:
            self.iam("PutUserPolicy", UserName=name, PolicyName="may", PolicyDocument=policy(*statements))
        return self.sts.by(made.key)

    def assume(self, arn: str = ROLE, name: str = "night", by: Query | None = None, **options: Any) -> Query:
        """STS asked by a session of the role."""
        return self.by(by or self.sts, (by or self.sts)("AssumeRole", RoleArn=arn, RoleSessionName=name, **options))

    def by(self, sts: Query, answer: Mapping[str, Any]) -> Query:
        issued = answer["Credentials"]
        return sts.by(NewKey(issued["AccessKeyId"], issued["SecretAccessKey"]), issued["SessionToken"])

    def refused(self, by: Query | None = None, arn: str = ROLE, name: str = "night", **options: Any) -> Any:
        """How AssumeRole is refused; of a denial the sentence without the encoded message."""
        status, code, sentence = (by or self.sts).refused("AssumeRole", RoleArn=arn, RoleSessionName=name, **options)
        return status, code, sentence.partition(". Encoded authorization failure message: ")[0]

    def ecr(self, by: Query, operation: str, **members: Any) -> Answer:
        body = json.dumps(members).encode()
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": "localhost:5050",
            "x-amz-target": f"AmazonEC2ContainerRegistry_V20150921.{operation}",
        }
        request = AWSRequest("POST", "http://localhost:5050/", headers=headers, data=body)
        self._sign(SigV4Auth(_credentials(by), "ecr", REGION), request)
        reply = self.wire.runner.run(self.wire.door(_received("POST", "", dict(request.headers.items()), body)))
        assert isinstance(reply.body, bytes)
        return Answer(reply.status, json.loads(reply.body))

    def presigned(self, by: Query, query: str, expires: int) -> Request:
        request = AWSRequest("GET", f"http://localhost:5050/?{query}", headers={"host": "localhost:5050"})
        self._sign(SigV4QueryAuth(_credentials(by), "sts", REGION, expires=expires), request)
        return _received("GET", request.url.partition("?")[2], {"host": "localhost:5050"}, b"")

    def get(self, path: str, password: str) -> tuple[int, bytes]:
        """GET at the OCI door with a registry's password."""
        proof = base64.b64encode(f"AWS:{password}".encode()).decode()
        request = _received("GET", "", {"host": "localhost:5050", "authorization": f"Basic {proof}"}, b"", path)
        reply = self.wire.runner.run(OciDoor(self.wire.services)(request))
        return reply.status, reply.body if isinstance(reply.body, bytes) else b""

    def password(self, by: Query) -> str:
        answer = self.ecr(by, "GetAuthorizationToken")
        assert answer.status == 200, answer.body
        return base64.b64decode(answer.body["authorizationData"][0]["authorizationToken"]).decode().split(":")[1]

    def read(self, statement: Any) -> Any:
        return self.wire.runner.run(self.wire.database.read(lambda connection: connection.execute(statement).all()))

    def write(self, statement: Any) -> None:
        self.wire.runner.run(self.wire.database.write(lambda connection: connection.execute(statement)))

    def _sign(self, signer: Any, request: AWSRequest) -> None:
        now = datetime.fromtimestamp(self.wire.clock.now / 1000, UTC).replace(tzinfo=None)
        with patch("botocore.auth.get_current_datetime", lambda *_, **__: now):
            signer.add_auth(request)


def _credentials(by: Query) -> Credentials:
    return Credentials(by.key.access_key_id, by.key.secret_access_key, by.session_token)


def _received(method: str, query: str, headers: dict[str, str], body: bytes, path: str = "/") -> Request:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop(0)

    lower = {name.lower(): value for name, value in headers.items()}
    return Request(method, path, query, lower, "http", "127.0.0.1", "request-1", receive)


def opened(wire: Wire) -> Bureau:
    return Bureau(wire, client(wire, "iam"), client(wire, "sts"))
