"""The AWS door's table of errors, held against the tree of errors and against ECR's model."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
from botocore.loaders import Loader
from botocore.parsers import create_parser

from cargohold.aws import errors, model
from cargohold.aws.door import AwsDoor
from cargohold.core import errors as core
from cargohold.core.errors import CargoholdError
from cargohold.exchange import Message, Request
from cargohold.telemetry import logs
from tests.bed.codes import COMMON

HEADER = (
    "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20300101/us-east-1/ecr/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64
)

SECRET = "what a database says of a row"


def leaves() -> list[type[CargoholdError]]:
    """The classes of the tree that are raised: those without a class below them."""
    kinds = [kind for kind in vars(core).values() if isinstance(kind, type) and issubclass(kind, CargoholdError)]
    return [kind for kind in kinds if not any(other is not kind and issubclass(other, kind) for other in kinds)]


@pytest.mark.parametrize("kind", leaves(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_row(kind: type[CargoholdError]) -> None:
    """Each error that can be raised has a code at the AWS door."""
    assert kind in errors.TABLE


def modelled(service: str) -> dict[str, dict[str, Any]]:
    """The errors of a service's model, by the names of their shapes, with what the model says of their wire."""
    shapes = Loader(extra_search_paths=[str(model.OURS)]).load_service_model(service, "service-2")["shapes"]
    return {name: shape.get("error", {}) for name, shape in shapes.items() if shape.get("exception")}


def test_codes_are_those_of_aws() -> None:
    """Each JSON code is an error of a model of those that are served, or one that every AWS service has."""
    names = {name for service in model.VERSIONS for name in modelled(service)}
    assert {row.json for row in errors.TABLE.values()} <= names | COMMON


@pytest.mark.parametrize("service", ["iam", "sts"])
def test_query_codes_are_those_of_the_model(service: str) -> None:
    """An error that a Query service's model has is given its code and its status there."""
    for row in errors.TABLE.values():
        wire = modelled(service).get(row.json)
        if wire is not None and row.json not in COMMON:
            assert (row.query, row.query_status) == (wire["code"], wire["httpStatusCode"])


def test_only_our_own_faults_are_500() -> None:
    """A JSON error is 400, but for ServerException, which stands for all faults of ours and only for them."""
    for kind, row in errors.TABLE.items():
        ours = issubclass(kind, core.Unavailable)
        assert row.json_status == (500 if ours else 400), kind
        assert (row.json == "ServerException") == ours, kind
        assert row.ours == ours, kind


def answer(headers: dict[str, str], body: bytes) -> Any:
    """What the door answers when a room fails in a way that nobody foresaw."""

    class Broken:
        async def signed(self, *_: object) -> object:
            raise RuntimeError(SECRET)

        head = signed

    messages: list[Message] = [{"type": "http.request", "body": body}]

    async def receive() -> Message:
        return messages.pop(0)

    trail = SimpleNamespace(write=lambda _: None)
    door = AwsDoor(cast(Any, SimpleNamespace(authenticator=Broken(), audit=trail)))
    head = {"authorization": HEADER, "x-amz-date": "20300101T000000Z", "host": "localhost", **headers}
    return asyncio.run(door(Request("POST", "/", "", head, "http", "127.0.0.1", "request-1", receive)))


def test_what_nobody_foresaw_tells_nothing_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected exception becomes a ServerException without any detail, and the log says where it was raised."""
    # A command that another test ran in this process may have sent the log elsewhere.
    monkeypatch.setattr(logs, "_bound", None)
    structlog.reset_defaults()
    reply = answer({"x-amz-target": "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"}, b"{}")
    assert (reply.status, reply.operation, reply.code) == (500, "ecr:DescribeRepositories", "ServerException")
    assert json.loads(reply.body) == {"__type": "ServerException", "message": errors.UNEXPECTED.message}
    logged = capsys.readouterr().out
    assert "RuntimeError" in logged
    assert "request-1" in logged
    assert "in signed" in logged
    assert SECRET not in logged


def test_what_nobody_foresaw_tells_nothing_query() -> None:
    """An unexpected exception becomes an InternalFailure that holds the request's id and no detail."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    reply = answer(form, b"Action=GetCallerIdentity&Version=2011-06-15")
    assert (reply.status, reply.operation, reply.code) == (500, "sts:GetCallerIdentity", "InternalFailure")
    parsed = create_parser("query").parse({"status_code": 500, "headers": {}, "body": reply.body}, None)
    assert parsed["Error"] == {"Type": "Receiver", "Code": "InternalFailure", "Message": errors.UNEXPECTED.message}
    assert parsed["ResponseMetadata"]["RequestId"] == "request-1"
