"""AWS's Query protocol: forms to requests, answers to XML that botocore reads."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import example, given
from hypothesis import strategies as st

from cargohold.aws import errors, query_protocol
from cargohold.aws.model import service_from
from cargohold.core.errors import AccessDenied, InvalidBody, StorageFull

NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


def operation(service: str, name: str) -> tuple[Any, Any, Any]:
    """Our service and operation, and botocore's own model of the operation."""
    document = Loader().load_service_model(service, "service-2")
    ours = service_from(service, document)
    return ours, ours.operations[name], ServiceModel(document, service).operation_model(name)


ASSUME_ROLE = operation("sts", "AssumeRole")


def decode(service: str, name: str, parameters: dict[str, str]) -> dict[str, Any]:
    ours, model, _ = operation(service, name)
    request: dict[str, Any] = query_protocol.decoder(ours, model)(parameters)
    return request


SENT = [
    pytest.param(
        "sts",
        "AssumeRole",
        {
            "RoleArn": "arn:aws:iam::123456789012:role/r",
            "RoleSessionName": "session",
            "DurationSeconds": 900,
            "Tags": [{"Key": f"k{n}", "Value": "v"} for n in range(12)],
            "TransitiveTagKeys": ["a", "b"],
            "PolicyArns": [],
        },
        id="lists of structures, in order",
    ),
    pytest.param("iam", "ListUsers", {"PathPrefix": "/a b&c=d+é/", "MaxItems": 5}, id="text that is escaped"),
    pytest.param("iam", "UpdateAccountPasswordPolicy", {"RequireSymbols": True, "HardExpiry": False}, id="booleans"),
    pytest.param("sts", "GetCallerIdentity", {}, id="nothing"),
]


@pytest.mark.parametrize(("service", "name", "request_"), SENT)
def test_a_request_of_botocore_is_read(service: str, name: str, request_: dict[str, Any]) -> None:
    """What botocore puts into a form is decoded to what it was given."""
    ours, model, botocore = operation(service, name)
    form = create_serializer("query").serialize_to_request(request_, botocore)["body"]
    parameters = query_protocol.parameters("", urlencode(form).encode())
    assert query_protocol.decoder(ours, model)(parameters) == request_


def test_maps_blobs_and_times_are_read() -> None:
    """A map comes as numbered entries, a blob as base64, a time as ISO 8601 or seconds."""
    shapes = {
        "In": {
            "type": "structure",
            "members": {name: {"shape": name} for name in ("Map", "Blob", "At", "Since", "Ratio", "Size")},
        },
        "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Size"}},
        "Text": {"type": "string"},
        "Blob": {"type": "blob"},
        "At": {"type": "timestamp"},
        "Since": {"type": "timestamp"},
        "Ratio": {"type": "double"},
        "Size": {"type": "long"},
    }
    document = {
        "metadata": {"apiVersion": "1", "protocol": "query", "endpointPrefix": "test"},
        "shapes": shapes,
        "operations": {"Do": {"name": "Do", "input": {"shape": "In"}}},
    }
    service = service_from("test", document)
    read = query_protocol.decoder(service, service.operations["Do"])
    parameters = {
        "Map.entry.2.key": "b",
        "Map.entry.2.value": "2",
        "Map.entry.1.key": "a",
        "Map.entry.1.value": "1",
        "Blob": "AP8=",
        "At": "2015-11-30T09:30:53Z",
        "Since": "1448875853.241",
        "Ratio": "0.5",
        "Size": "5000000000",
        "Other": "ignored",
    }
    assert read(parameters) == {
        "Map": {"a": 1, "b": 2},
        "Blob": b"\x00\xff",
        "At": 1_448_875_853_000,
        "Since": 1_448_875_853_241,
        "Ratio": 0.5,
        "Size": 5_000_000_000,
    }
    for bad in ({"Map.entry.1": "a"}, {"Map.entry.1.key": "a"}, {"Blob": "?"}, {"At": "yesterday"}, {"Ratio": "1e9"}):
        with pytest.raises(InvalidBody):
            read(bad)


BAD = [
    pytest.param({"Tags.member.1.Key": "a", "Tags.member.1": "b"}, id="both a text and a structure"),
    pytest.param({"Tags.member.1": "b", "Tags.member.1.Key": "a"}, id="both a structure and a text"),
    pytest.param({"Tags.1.Key": "a"}, id="a list without its members"),
    pytest.param({"Tags.member.x.Key": "a"}, id="a place that is no number"),
    pytest.param({"Tags": "a"}, id="text for a list"),
    pytest.param({"Tags.member.1": "a"}, id="text for a structure"),
    pytest.param({"RoleArn.member.1": "a"}, id="a list for text"),
    pytest.param({"DurationSeconds": "5s"}, id="text for a number"),
    pytest.param({"DurationSeconds": "2147483648"}, id="33 bits"),
    pytest.param({"DurationSeconds": "٥"}, id="a digit that is not ASCII"),
    pytest.param({".".join("a" * 40): "a"}, id="very deep"),
]


@pytest.mark.parametrize("parameters", BAD)
def test_parameters_that_cannot_be_read(parameters: dict[str, str]) -> None:
    """Parameters that do not have the shape of the model are refused."""
    with pytest.raises(InvalidBody):
        decode("sts", "AssumeRole", parameters)


FORMS = [
    pytest.param("", b"Action=A&Action=B", id="twice in the form"),
    pytest.param("Action=A", b"Action=B", id="in the URL and in the form"),
    pytest.param("", "Action=é".encode(), id="not escaped"),
    pytest.param("", b"Action=%FF", id="not UTF-8"),
    pytest.param("", b"&".join(b"a%d=" % n for n in range(10_001)), id="very many"),
]


@pytest.mark.parametrize(("query", "form"), FORMS)
def test_forms_that_cannot_be_read(query: str, form: bytes) -> None:
    """A form that could mean two things, or that is not text, is refused."""
    with pytest.raises(InvalidBody):
        query_protocol.parameters(query, form)


def test_a_signature_is_no_parameter() -> None:
    """Parameters of a presigned URL are read without those of its signature."""
    query = "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Date=20300101T000000Z&x-amz-signature=ab"
    assert query_protocol.parameters(query, b"") == {"Action": "GetCallerIdentity", "Version": "2011-06-15"}


@given(st.binary(max_size=80))
def test_any_form_is_read_or_refused(form: bytes) -> None:
    """No form raises anything but InvalidBody."""
    ours, model, _ = ASSUME_ROLE
    with suppress(InvalidBody):
        query_protocol.decoder(ours, model)(query_protocol.parameters("", form))


def test_an_answer_is_read_by_botocore() -> None:
    """Structures, lists, times and text that XML must escape come back as they were."""
    ours, model, botocore = operation("iam", "ListUsers")
    user = {
        "Path": "/<&>/",
        "UserName": "grüße",
        "UserId": "AIDA",
        "Arn": "arn",
        "CreateDate": 1_448_875_853_000,
        "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}],
    }
    body = query_protocol.encoder(ours, model)(
        {"Users": [user, user], "IsTruncated": False, "Marker": None}, "request-1"
    )
    parsed = create_parser("query").parse({"status_code": 200, "headers": {}, "body": body}, botocore.output_shape)
    expected = {**user, "CreateDate": datetime(2015, 11, 30, 9, 30, 53, tzinfo=UTC)}
    assert parsed["Users"] == [expected, expected]
    assert parsed["IsTruncated"] is False
    assert "Marker" not in parsed
    assert parsed["ResponseMetadata"]["RequestId"] == "request-1"


def test_maps_and_blobs_are_written() -> None:
    """A map goes out as entries and a blob as base64, as botocore reads them."""
    ours, model, botocore = operation("iam", "GetAccountSummary")
    body = query_protocol.encoder(ours, model)({"SummaryMap": {"Users": 3, "Roles": 4}}, "request-1")
    parsed = create_parser("query").parse({"status_code": 200, "headers": {}, "body": body}, botocore.output_shape)
    assert parsed["SummaryMap"] == {"Users": 3, "Roles": 4}
    ours, model, botocore = operation("iam", "GetCredentialReport")
    body = query_protocol.encoder(ours, model)({"Content": b"\x00\xff"}, "request-1")
    parsed = create_parser("query").parse({"status_code": 200, "headers": {}, "body": body}, botocore.output_shape)
    assert parsed["Content"] == b"\x00\xff"


def test_an_operation_without_an_answer() -> None:
    """An operation that answers nothing still tells the request's id, in its own namespace."""
    ours, model, botocore = operation("iam", "DeleteUser")
    body = query_protocol.encoder(ours, model)({}, "request-1")
    assert body.startswith(f'<DeleteUserResponse xmlns="{NAMESPACE}">'.encode())
    parsed = create_parser("query").parse({"status_code": 200, "headers": {}, "body": body}, botocore.output_shape)
    assert parsed["ResponseMetadata"]["RequestId"] == "request-1"


def test_errors_are_read_by_botocore() -> None:
    """botocore finds code, sentence, whose fault it is and the request's id."""
    denied = errors.refusal(AccessDenied("arn:<you>", "iam:ListUsers", "*", "because & so on"))
    body = query_protocol.refuse(denied, NAMESPACE, "request-1")
    parsed = create_parser("query").parse({"status_code": 403, "headers": {}, "body": body}, None)
    assert parsed["Error"] == {
        "Type": "Sender",
        "Code": "AccessDenied",
        "Message": "User: arn:<you> is not authorized to perform: iam:ListUsers on resource: * because & so on",
    }
    assert parsed["ResponseMetadata"]["RequestId"] == "request-1"
    full = query_protocol.refuse(errors.refusal(StorageFull()), NAMESPACE, "request-1")
    assert create_parser("query").parse({"status_code": 503, "headers": {}, "body": full}, None)["Error"]["Type"] == (
        "Receiver"
    )


@given(st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=["C", "Z"]), min_size=1, max_size=40))
@example("<&>\"']]>")
@example("a\r\nb\rc")
def test_any_text_survives_xml(text: str) -> None:
    """Text that a client made up comes back from the XML that quotes it as it was."""
    assert message(text) == text


@given(st.text(max_size=40))
@example("\x00\x1b\ud800\ufffe")
def test_no_text_breaks_xml(text: str) -> None:
    """Characters that XML cannot say are left out of the sentence, so that it can be read."""
    assert message(f"{text}\x00.").endswith(".")


def message(text: str) -> str:
    """The sentence that botocore reads in an error whose sentence is this text."""
    body = query_protocol.refuse(errors.refusal(InvalidBody(text)), NAMESPACE, "request-1")
    read: str = create_parser("query").parse({"status_code": 400, "headers": {}, "body": body}, None)["Error"][
        "Message"
    ]
    return read
