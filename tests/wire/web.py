"""What tests of web identities share: the role that a workflow of GitHub's may take, asked for without a signature."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from cargohold.exchange import Message, Request
from tests.bed.issuer import AUDIENCE, GITHUB, claims, key_set, signed

from .conftest import ACCOUNT, Wire
from .query import Query, model
from .sts import ROLE, Bureau, opened, policy

HOST = GITHUB.removeprefix("https://")
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{HOST}"
DENIED = (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
KEYS = ("rsa", "p256", "p384", "p521", "ed", "weak")


def federated(*providers: str, **conditions: Any) -> str:
    """A trust policy for tokens of providers."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": list(providers) or PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    return policy({**statement, "Condition": conditions} if conditions else statement)


ONE_REPOSITORY = {
    "StringEquals": {f"{HOST}:aud": AUDIENCE},
    "StringLike": {f"{HOST}:sub": "repo:octo/hold:*"},
}


@dataclass(frozen=True)
class Workflow:
    """A job with tokens of GitHub's."""

    wire: Wire
    bureau: Bureau

    def token(self, key: str = "rsa", algorithm: str = "RS256", **changed: Any) -> str:
        return signed(claims(self.wire.clock.now, **changed), key, algorithm)

    def send(self, token: str, **members: Any) -> tuple[int, dict[str, Any]]:
        """Status and parsed answer of AssumeRoleWithWebIdentity, which nobody signs."""
        given = {"RoleArn": ROLE, "RoleSessionName": "night", "WebIdentityToken": token, **members}
        known = model("sts").operation_model("AssumeRoleWithWebIdentity")
        form = create_serializer("query", include_validation=False).serialize_to_request(given, known)["body"]
        reply = self.wire.runner.run(self.wire.door(unsigned(urlencode(form).encode())))
        assert isinstance(reply.body, bytes)
        answer = {"status_code": reply.status, "headers": {}, "body": reply.body}
        parsed: dict[str, Any] = create_parser("query").parse(answer, known.output_shape)
        return reply.status, parsed

    def assume(self, token: str | None = None, **members: Any) -> dict[str, Any]:
        status, parsed = self.send(self.token() if token is None else token, **members)
        assert status == 200, parsed
        return parsed

    def session(self, **members: Any) -> Query:
        """STS asked by the session."""
        return self.bureau.by(self.bureau.sts, self.assume(**members))

    def refused(self, token: str, **members: Any) -> tuple[int, str, str]:
        status, parsed = self.send(token, **members)
        assert status != 200, parsed
        return status, parsed["Error"]["Code"], parsed["Error"]["Message"]


def unsigned(body: bytes, query: str = "") -> Request:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop(0)

    headers = {"content-type": "application/x-www-form-urlencoded", "host": "localhost:5050"}
    return Request("POST", "/", query, headers, "http", "127.0.0.1", "request-1", receive)


def begun(wire: Wire, trust: str | None = None, *policies: str) -> Workflow:
    """An account with GitHub as its provider, and a role that one repository's workflows may take."""
    bureau = opened(wire)
    wire.issuers.documents[GITHUB] = key_set(*KEYS)
    bureau.iam("CreateOpenIDConnectProvider", Url=GITHUB, ClientIDList=[AUDIENCE])
    bureau.role("puller", federated(**ONE_REPOSITORY) if trust is None else trust, *policies)
    return Workflow(wire, bureau)
