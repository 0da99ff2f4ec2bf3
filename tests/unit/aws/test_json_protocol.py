"""AWS JSON 1.1: bodies to requests, answers to bodies that botocore reads."""

import json
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from cargohold.aws import errors, json_protocol, model
from cargohold.core.errors import InvalidBody, InvalidLayerPart, KmsUnsupported, LayerPartTooSmall

ECR = model.load("ecr")
BOTOCORE = ServiceModel(Loader().load_service_model("ecr", "service-2"), "ecr")


def decode(operation: str, body: bytes) -> dict[str, Any]:
    return json_protocol.decoder(ECR, ECR.operations[operation])(body)


def encode(operation: str, answer: dict[str, Any]) -> bytes:
    return json_protocol.encoder(ECR, ECR.operations[operation])(answer, "request-1")


def read_by_botocore(operation: str, status: int, body: bytes) -> dict[str, Any]:
    response = {"status_code": status, "headers": {"x-amzn-requestid": "request-1"}, "body": body}
    shape = BOTOCORE.operation_model(operation).output_shape
    parsed: dict[str, Any] = create_parser("json").parse(response, shape)
    return parsed


def test_a_request_of_botocore_is_read() -> None:
    """What botocore serialises is decoded to what it was given, blobs as bytes."""
    given_ = {
        "repositoryName": "demo",
        "uploadId": "u",
        "partFirstByte": 5_000_000_000,
        "partLastByte": 5_000_000_003,
        "layerPartBlob": b"\x00\xff\x7f\x80",
    }
    request = create_serializer("json").serialize_to_request(given_, BOTOCORE.operation_model("UploadLayerPart"))
    assert decode("UploadLayerPart", request["body"]) == given_


def test_null_and_unknown_members_are_left_out() -> None:
    """A member that is null or that the model does not know is as if it were not there."""
    body = b'{"repositoryName":"demo","registryId":null,"since":"2030","tags":[{"Key":"a","Value":null,"x":1}]}'
    assert decode("CreateRepository", body) == {"repositoryName": "demo", "tags": [{"Key": "a"}]}


def test_an_empty_body_is_an_empty_request() -> None:
    """An operation without required members may be called without a body."""
    assert decode("DescribeRepositories", b"") == {}


BAD = [
    pytest.param("CreateRepository", b"{", "not valid JSON", id="cut off"),
    pytest.param("CreateRepository", b"\xff\xfe\xfd", "not valid JSON", id="not text"),
    pytest.param("CreateRepository", b"[" * 100_000, "not valid JSON", id="very deep"),
    pytest.param("DescribeRepositories", b'{"maxResults":NaN}', "not valid JSON", id="not a number"),
    pytest.param("DescribeRepositories", b'{"maxResults":' + b"9" * 5000 + b"}", "not valid JSON", id="endless number"),
    pytest.param("CreateRepository", b"[]", "Start of list found where not expected", id="a list for a request"),
    pytest.param("CreateRepository", b"null", "NULL_VALUE can not be converted to a Structure", id="null"),
    pytest.param(
        "CreateRepository", b'{"repositoryName":5}', "NUMBER_VALUE can not be converted to a String", id="number"
    ),
    pytest.param(
        "CreateRepository",
        b'{"repositoryName":{}}',
        "Start of structure or map found where not expected.",
        id="structure for a string",
    ),
    pytest.param("CreateRepository", b'{"repositoryName":"\\ud800"}', "not valid Unicode", id="half a surrogate pair"),
    pytest.param(
        "CreateRepository", b'{"repositoryName":"a","tags":{}}', "Start of structure", id="structure for a list"
    ),
    pytest.param(
        "GetAuthorizationToken", b'{"registryIds":[null]}', "NULL_VALUE can not be converted", id="null in a list"
    ),
    pytest.param(
        "DescribeRepositories",
        b'{"maxResults":"5"}',
        "STRING_VALUE can not be converted to an Integer",
        id="text for an integer",
    ),
    pytest.param(
        "DescribeRepositories", b'{"maxResults":true}', "TRUE_VALUE can not be converted", id="boolean for an integer"
    ),
    pytest.param("DescribeRepositories", b'{"maxResults":1.5}', "NUMBER_VALUE can not be", id="half an integer"),
    pytest.param("DescribeRepositories", b'{"maxResults":2147483648}', "out of its range", id="33 bits"),
    pytest.param("DescribeRepositories", b'{"maxResults":1e999}', "NUMBER_VALUE can not be", id="infinite"),
    pytest.param(
        "DeleteRepository",
        b'{"repositoryName":"demo","force":"yes"}',
        "STRING_VALUE can not be converted to a Boolean",
        id="text for a boolean",
    ),
    pytest.param("UploadLayerPart", b'{"layerPartBlob":"a"}', "not valid base64", id="base64 cut off"),
    pytest.param("UploadLayerPart", b'{"layerPartBlob":"YW Jj"}', "not valid base64", id="base64 with a space"),
    pytest.param("UploadLayerPart", '{"layerPartBlob":"YWJjé"}'.encode(), "not valid base64", id="base64 not ASCII"),
    pytest.param("UploadLayerPart", b'{"layerPartBlob":7}', "can not be converted to a Blob", id="number for a blob"),
]


@pytest.mark.parametrize(("operation", "body", "sentence"), BAD)
def test_bodies_that_cannot_be_read(operation: str, body: bytes, sentence: str) -> None:
    """A body that is not JSON, or has a value of another type than the model's, is refused as such."""
    with pytest.raises(InvalidBody, match=sentence):
        decode(operation, body)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """No body raises anything but InvalidBody."""
    with suppress(InvalidBody):
        assert isinstance(decode("CreateRepository", body), dict)


@pytest.mark.parametrize("size", [0, 1, 196_607, 196_608, 196_609, 589_824, 700_000])
def test_large_blobs_are_whole(size: int) -> None:
    """A blob of any size is decoded to exactly its bytes, and refused when its padding stands in its middle."""
    blob = bytes(range(256)) * (size // 256 + 1)
    text = b64encode(blob[:size]).decode()
    assert decode("UploadLayerPart", json.dumps({"layerPartBlob": text}).encode()) == {"layerPartBlob": blob[:size]}
    broken = f"{'A' * (2**18 - 1)}={text}A==="
    with pytest.raises(InvalidBody):
        decode("UploadLayerPart", json.dumps({"layerPartBlob": broken}).encode())


def test_whole_floats_are_integers() -> None:
    """A number written with a fraction of zero is an integer, as some JSON writers write them."""
    assert decode("DescribeRepositories", b'{"maxResults":5.0}') == {"maxResults": 5}


def test_timestamps_become_milliseconds() -> None:
    """Seconds with a fraction are read as milliseconds, and refused beyond the calendar."""
    shapes = {"In": {"type": "structure", "members": {"at": {"shape": "T"}}}, "T": {"type": "timestamp"}}
    document = {
        "metadata": {"apiVersion": "1", "protocol": "json", "endpointPrefix": "test"},
        "shapes": shapes,
        "operations": {"At": {"name": "At", "input": {"shape": "In"}}},
    }
    service = model.service_from("test", document)
    read = json_protocol.decoder(service, service.operations["At"])
    assert read(b'{"at":1448875853.241}') == {"at": 1_448_875_853_241}
    for bad in (b'{"at":1e12}', b'{"at":"2015-11-30"}', b'{"at":1e999}'):
        with pytest.raises(InvalidBody):
            read(bad)


def test_an_answer_is_read_by_botocore() -> None:
    """Timestamps go out as seconds with milliseconds, None goes out not at all, an empty list stays."""
    body = encode(
        "DescribeImages",
        {
            "imageDetails": [
                {
                    "repositoryName": "demo",
                    "imageTags": [],
                    "imageSizeInBytes": 2**40,
                    "imagePushedAt": 1_448_875_853_241,
                    "artifactMediaType": None,
                }
            ],
            "nextToken": None,
        },
    )
    assert b'"imagePushedAt":1448875853.241' in body
    parsed = read_by_botocore("DescribeImages", 200, body)
    assert parsed["imageDetails"] == [
        {
            "repositoryName": "demo",
            "imageTags": [],
            "imageSizeInBytes": 2**40,
            "imagePushedAt": datetime(2015, 11, 30, 9, 30, 53, 241_000, tzinfo=UTC),
        }
    ]
    assert "nextToken" not in parsed


def test_maps_and_text_are_written_as_they_are() -> None:
    """Maps keep their keys, and text beyond ASCII goes out as UTF-8."""
    referrer = {
        "digest": "sha256:a",
        "mediaType": "m",
        "size": 1,
        "annotations": {"org.example": "grüße 🚢"},
    }
    parsed = read_by_botocore("ListImageReferrers", 200, encode("ListImageReferrers", {"referrers": [referrer]}))
    assert parsed["referrers"] == [referrer]


def test_half_a_character_is_written_as_json_can() -> None:
    """Text that is no Unicode, as a policy's Sid may be, is written so that it is read again as it is."""
    encode = json_protocol.encoder(ECR, ECR.operations["GetRepositoryPolicy"])
    text = "\ud800 \\ \U0001f600 é"
    assert json.loads(encode({"policyText": text}, "")) == {"policyText": text}


def test_a_member_that_the_model_does_not_know_is_a_bug() -> None:
    """An answer with a misspelled member is not sent."""
    with pytest.raises(KeyError, match="imageDetail"):
        encode("DescribeImages", {"imageDetail": []})


def test_errors_carry_their_modelled_members() -> None:
    """botocore finds code, sentence and the members that the model adds to an error."""
    error = errors.refusal(InvalidLayerPart("demo", "123456789012", "upload-1", expected=10, given=7))
    parsed = read_by_botocore("UploadLayerPart", 400, json_protocol.refuse(error))
    assert parsed["Error"]["Code"] == "InvalidLayerPartException"
    assert "10" in parsed["Error"]["Message"]
    body = json.loads(json_protocol.refuse(error))
    assert (body["registryId"], body["repositoryName"], body["uploadId"], body["lastValidByteReceived"]) == (
        "123456789012",
        "demo",
        "upload-1",
        9,
    )
    kms = json.loads(json_protocol.refuse(errors.refusal(KmsUnsupported())))
    assert (kms["__type"], kms["kmsError"]) == ("KmsException", "KmsNotSupported")


def test_no_byte_received_is_not_a_byte() -> None:
    """Before the first part there is no last valid byte, so the member is left out."""
    body = json_protocol.refuse(errors.refusal(InvalidLayerPart("demo", "1", "u", expected=0, given=7)))
    assert "lastValidByteReceived" not in json.loads(body)
    assert set(json.loads(json_protocol.refuse(errors.refusal(LayerPartTooSmall())))) == {"__type", "message"}
