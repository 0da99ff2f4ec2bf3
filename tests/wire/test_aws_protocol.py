"""The AWS door's two protocols, as botocore speaks them and byte for byte."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse, HeadersDict
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.session import Session

from cargohold.aws.door import AwsDoor
from cargohold.core.clock import HOUR, system_clock
from cargohold.exchange import Message, Reply, Request

ACCOUNT = "123456789012"
ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:user/administrator"
TARGET = "AmazonEC2ContainerRegistry_V20150921."
STS = "https://sts.amazonaws.com/doc/2011-06-15/"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"
WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


SESSION = Session()
"""Keeps botocore's own models from being read again for every client."""


class Raw(NamedTuple):
    """The body of a response, as botocore reads it from a connection."""

    body: bytes

    def stream(self) -> Iterator[bytes]:
        yield self.body


class Client:
    """Sends what botocore made to a door in this process, without a network between them."""

    def __init__(self, wire: Any) -> None:
        wire.clock.now = system_clock()
        self.wire = wire
        self.door = AwsDoor(wire.services)
        self.key = wire.keys[ACCOUNT]

    def of(self, service: str, region: str = "us-east-1", **given: Any) -> BaseClient:
        """botocore's own client of a service, signing with the administrator's key or the one that is given."""
        arguments = {
            "aws_access_key_id": self.key.access_key_id,
            "aws_secret_access_key": self.key.secret_access_key,
            "endpoint_url": "http://localhost:5050",
            "config": Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        } | given
        client = SESSION.create_client(service, region_name=region, **arguments)
        client.meta.events.register_last("before-send", self._send)
        return client

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Reply:
        parts = urlsplit(url)
        messages: list[Message] = [{"type": "http.request", "body": body}]

        async def receive() -> Message:
            return messages.pop(0)

        head = {"host": parts.netloc, **{name.lower(): value for name, value in headers.items()}}
        request = Request(method, parts.path or "/", parts.query, head, "http", "127.0.0.1", "request-1", receive)
        reply: Reply = self.wire.runner.run(self.door(request))
        return reply

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        headers = {
            name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()
        }
        body = request.body or b""
        reply = self.send(request.method, request.url, headers, body.encode() if isinstance(body, str) else body)
        assert isinstance(reply.body, bytes)
        return AWSResponse(request.url, reply.status, HeadersDict(reply.headers), Raw(reply.body))

    def signed(
        self, service: str, headers: dict[str, str], body: bytes, method: str = "POST", query: str = ""
    ) -> Reply:
        """The reply to a request that is made by hand and signed by botocore."""
        url = f"http://localhost:5050/{query}"
        request = AWSRequest(method=method, url=url, data=body, headers=headers)
        credentials = Credentials(self.key.access_key_id, self.key.secret_access_key)
        SigV4Auth(credentials, service, "us-east-1").add_auth(request)
        return self.send(method, url, dict(request.headers.items()), body)


@pytest.fixture
def client(wire: Any) -> Client:
    return Client(wire)


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[int, str, str]:
    """Status, code and sentence of a call that must fail."""
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    response = refusal.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def test_a_caller_learns_who_they_are(client: Client) -> None:
    """botocore reads the caller's account, ARN and unique id from XML, and the request's id beside them."""
    answer = client.of("sts").get_caller_identity()
    assert (answer["Account"], answer["Arn"]) == (ACCOUNT, ADMINISTRATOR)
    assert re.fullmatch("AIDA[A-Z0-9]{16,17}", answer["UserId"])
    assert answer["ResponseMetadata"]["RequestId"] == "request-1"


def test_the_whole_of_an_answer_in_xml(client: Client) -> None:
    """GetCallerIdentity's answer is AWS's XML and nothing else."""
    user = client.of("sts").get_caller_identity()["UserId"]
    reply = client.signed("sts", {"content-type": FORM}, WHO)
    assert reply.headers == [("content-type", "text/xml")]
    assert (
        reply.body
        == (
            f'<GetCallerIdentityResponse xmlns="{STS}"><GetCallerIdentityResult><UserId>{user}</UserId>'
            f"<Account>{ACCOUNT}</Account><Arn>{ADMINISTRATOR}</Arn></GetCallerIdentityResult>"
            "<ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
        ).encode()
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_presigned_identity_may_be_sent_by_anybody(client: Client, method: str) -> None:
    """A presigned GetCallerIdentity, with a header of its own signed, proves to a third party who made it."""
    request = AWSRequest(
        method=method,
        url="http://localhost:5050/?Action=GetCallerIdentity&Version=2011-06-15",
        headers={"x-k8s-aws-id": "cluster"},
    )
    credentials = Credentials(client.key.access_key_id, client.key.secret_access_key)
    SigV4QueryAuth(credentials, "sts", "us-east-1", expires=60).add_auth(request)
    reply = client.send(method, request.url, {"x-k8s-aws-id": "cluster"})
    assert reply.status == 200
    assert ADMINISTRATOR.encode() in reply.body
    other = client.send(method, request.url, {"x-k8s-aws-id": "another"})
    assert (other.status, other.code) == (403, "SignatureDoesNotMatch")
    client.wire.clock.now += HOUR
    late = client.send(method, request.url, {"x-k8s-aws-id": "cluster"})
    assert (late.status, late.code) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(("signed", "sent"), [("GET", "GET"), (None, "POST")])
def test_a_presigned_url_of_botocore(client: Client, signed: str | None, sent: str) -> None:
    """The URL that botocore's client presigns, for GET or for POST by itself, is answered to whoever gets it."""
    url = client.of("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod=signed)
    assert dict(parse_qsl(urlsplit(url).query))["Action"] == "GetCallerIdentity"
    assert client.send(sent, url, {}).status == 200


def test_errors_are_botocores_exceptions(client: Client) -> None:
    """An error of ECR's model is raised as the exception that botocore has for it, with ECR's sentence."""
    ecr = client.of("ecr")
    ecr.create_repository(repositoryName="demo")
    with pytest.raises(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName="demo")
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException) as refusal:
        ecr.describe_repositories(repositoryNames=["other"])
    assert refusal.value.response["Error"]["Message"] == (
        f"The repository with name 'other' does not exist in the registry with id '{ACCOUNT}'"
    )
    assert refused(ecr.create_repository) == (
        400,
        "InvalidParameterException",
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'Member must not be null'",
    )


def test_pages_are_turned_by_botocore(client: Client) -> None:
    """botocore's paginator follows our tokens to the end."""
    ecr = client.of("ecr")
    names = [f"demo-{number}" for number in range(5)]
    for name in names:
        ecr.create_repository(repositoryName=name)
    pages = list(ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["repositories"]) for page in pages] == [2, 2, 1]
    assert sorted(each["repositoryName"] for page in pages for each in page["repositories"]) == names


def test_a_region_is_the_signatures(client: Client) -> None:
    """The same names are other repositories in another region that is served."""
    client.of("ecr", "eu-west-1").create_repository(repositoryName="demo")
    found = client.of("ecr", "eu-west-1").describe_repositories()["repositories"]
    assert [each["repositoryArn"] for each in found] == [f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/demo"]
    assert client.of("ecr").describe_repositories()["repositories"] == []


def test_a_region_that_is_not_served(client: Client) -> None:
    """A region that the deployment does not serve is refused at both wires."""
    status, code, sentence = refused(client.of("ecr", "ap-south-1").describe_repositories)
    assert (status, code) == (400, "InvalidSignatureException")
    assert sentence.startswith("Credential should be scoped to a valid region")
    assert refused(client.of("sts", "ap-south-1").get_caller_identity)[:2] == (403, "SignatureDoesNotMatch")


UNPROVEN = [
    pytest.param(
        {"aws_secret_access_key": "wrong"},
        (400, "InvalidSignatureException", WRONG_SIGNATURE),
        (403, "SignatureDoesNotMatch", WRONG_SIGNATURE),
        id="wrong secret",
    ),
    pytest.param(
        {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"},
        (400, "UnrecognizedClientException", "The security token included in the request is invalid."),
        (403, "InvalidClientTokenId", "The security token included in the request is invalid."),
        id="unknown key",
    ),
    pytest.param(
        {"aws_session_token": "token"},
        (400, "UnrecognizedClientException", "The security token included in the request is invalid."),
        (403, "InvalidClientTokenId", "The security token included in the request is invalid."),
        id="a session that there is not",
    ),
]


@pytest.mark.parametrize(("credentials", "json", "query"), UNPROVEN)
def test_the_unproven(
    client: Client, credentials: dict[str, str], json: tuple[int, str, str], query: tuple[int, str, str]
) -> None:
    """Each wire has its own code and status for the same doubt about who asks."""
    assert refused(client.of("ecr", **credentials).describe_repositories) == json
    assert refused(client.of("sts", **credentials).get_caller_identity) == query


def test_nobody(client: Client) -> None:
    """A request without a signature is answered on its own wire, with its id where XML has a place for it."""
    reply = client.send("POST", "http://localhost:5050/", {"x-amz-target": f"{TARGET}ListImages"}, b"{}")
    assert (reply.status, reply.headers) == (400, [("content-type", "application/x-amz-json-1.1")])
    assert reply.body == b'{"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}'
    reply = client.send("POST", "http://localhost:5050/", {"content-type": FORM}, WHO)
    assert (reply.status, reply.headers) == (403, [("content-type", "text/xml")])
    assert reply.body == (
        b'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        b"<Code>MissingAuthenticationToken</Code><Message>Missing Authentication Token</Message></Error>"
        b"<RequestId>request-1</RequestId></ErrorResponse>"
    )


def test_what_is_not_built(client: Client) -> None:
    """An operation that AWS has and Cargohold has not yet is named by the error, at both wires."""
    sentence = "The operation {} is not built into this version of Cargohold yet"
    assert refused(client.of("ecr").get_signing_configuration) == (
        400,
        "UnsupportedOperationException",
        sentence.format("GetSigningConfiguration"),
    )
    assert refused(client.of("sts").get_delegated_access_token, TradeInToken="token") == (
        400,
        "UnsupportedOperation",
        sentence.format("GetDelegatedAccessToken"),
    )


UNKNOWN = [
    pytest.param(b"Action=Rest&Version=2011-06-15", "Rest for version 2011-06-15", id="unknown operation"),
    pytest.param(b"Action=ListQueues&Version=2012-11-05", "ListQueues for version 2012-11-05", id="unknown service"),
    pytest.param(b"Action=GetCallerIdentity", "GetCallerIdentity for version NO_VERSION_SPECIFIED", id="no version"),
    pytest.param(b"", " for version NO_VERSION_SPECIFIED", id="nothing"),
]


@pytest.mark.parametrize(("form", "named"), UNKNOWN)
def test_unknown_actions(client: Client, form: bytes, named: str) -> None:
    """A form that names no operation of ours is an InvalidAction that names what it asked for."""
    reply = client.signed("sts", {"content-type": FORM}, form)
    assert (reply.status, reply.code, reply.operation) == (400, "InvalidAction", "")
    assert f"<Message>Could not find operation {named}</Message>".encode() in reply.body


def test_parameters_may_be_in_the_url(client: Client) -> None:
    """A GET whose header is signed names its operation in the URL; one that names it twice is refused."""
    query = f"?{WHO.decode()}"
    assert client.signed("sts", {}, b"", method="GET", query=query).status == 200
    twice = client.signed("sts", {"content-type": FORM}, WHO, query=query)
    assert (twice.status, twice.code) == (400, "MalformedQueryString")


BODIES = [
    pytest.param(b"{", "The request's body is not valid JSON", id="not JSON"),
    pytest.param(b'{"maxResults":"1"}', "STRING_VALUE can not be converted to an Integer", id="wrong type"),
    pytest.param(
        b'{"repositoryNames":["UPPER"]}',
        "Invalid parameter at 'repositoryNames' failed to satisfy constraint: 'Member must satisfy constraint: "
        "[Member must have length less than or equal to 256, Member must have length greater than or equal to 2, "
        r"Member must satisfy regular expression pattern: [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
        r"(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*]'",
        id="an item of a list",
    ),
]


@pytest.mark.parametrize(("body", "sentence"), BODIES)
def test_bodies_that_say_nothing(client: Client, body: bytes, sentence: str) -> None:
    """A signed body that is no request of the model's is told what is wrong with it."""
    headers = {"x-amz-target": f"{TARGET}DescribeRepositories", "content-type": "application/x-amz-json-1.1"}
    reply = client.signed("ecr", headers, body)
    assert reply.status == 400
    assert reply.code == ("InvalidParameterException" if b"UPPER" in body else "SerializationException")
    assert isinstance(reply.body, bytes)
    assert sentence.replace("\\", "\\\\") in reply.body.decode()


def test_a_signature_for_another_service(client: Client) -> None:
    """A signature that is scoped to another service opens nothing."""
    headers = {"x-amz-target": f"{TARGET}DescribeRepositories"}
    reply = client.signed("sts", headers, b"{}")
    assert (reply.status, reply.code) == (400, "InvalidSignatureException")
