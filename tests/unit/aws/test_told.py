"""aws.told: of a request and its answer the audit trail learns names, and never what may be secret."""

from typing import Any

import pytest

from cargohold.aws import model
from cargohold.aws.told import NAMES, told, told_of_error
from cargohold.telemetry.audit.event import LONGEST_ARN, MOST_ITEMS

SECRET = "".join(("wJalrXUtnFEMI", "K7MDENG"))

NEVER = (
    "secret",
    "token",
    "password",
    "document",
    "policytext",
    "signature",
    "manifest",
    "blob",
    "certificate",
    "privatekey",
    "encodedmessage",
    "samlassertion",
    "externalid",
)
"""What no member may have in its name that is told."""


def test_names_ids_and_digests_are_told() -> None:
    """Plain members are told wherever they stand, in CloudTrail's spelling."""
    members = {
        "UserName": "alice",
        "repositoryName": "demo",
        "imageIds": [{"imageTag": "v1"}, {"imageDigest": "sha256:0"}],
        "force": True,
        "partLastByte": 7,
        "tags": [{"Key": "team", "Value": "red"}],
        "tagKeys": ["team"],
        "nothing": None,
    }
    assert told(members) == {
        "userName": "alice",
        "repositoryName": "demo",
        "imageIds": [{"imageTag": "v1"}, {"imageDigest": "sha256:0"}],
        "force": True,
        "partLastByte": 7,
        "tagKeys": ["team"],
    }


def test_secrets_and_documents_are_not() -> None:
    """S30: what is not known to be plain is left out, however deep it stands."""
    answer = {
        "AccessKey": {"AccessKeyId": "AKIAX", "SecretAccessKey": SECRET, "Status": "Active"},
        "Credentials": {"AccessKeyId": "ASIAX", "SecretAccessKey": SECRET, "SessionToken": SECRET},
        "PolicyDocument": SECRET,
        "policyText": SECRET,
        "authorizationData": [{"authorizationToken": SECRET, "proxyEndpoint": "http://localhost"}],
        "layerPartBlob": SECRET.encode(),
        "userName": SECRET.encode(),
    }
    assert told(answer) == {
        "accessKey": {"accessKeyId": "AKIAX", "status": "Active"},
        "credentials": {"accessKeyId": "ASIAX"},
    }


def test_what_is_told_is_bounded() -> None:
    """Neither a long text nor a long list nor a deep structure makes an event large."""
    deep: dict[str, Any] = {"userName": "end"}
    for _ in range(10):
        deep = {"inner": deep}
    assert told({"userName": "x" * 9_000, "tagKeys": ["k"] * 500, "deep": deep}) == {
        "userName": "x" * LONGEST_ARN,
        "tagKeys": ["k"] * MOST_ITEMS,
    }


@pytest.mark.parametrize("service", model.VERSIONS)
def test_no_told_name_is_sensitive_in_any_model(service: str) -> None:
    """What a model calls sensitive is never told, under whatever name."""
    shapes = model.load(service).shapes
    for shape in shapes.values():
        for name, part in shape.get("members", {}).items():
            small = name[:1].lower() + name[1:]
            assert not (small in NAMES and shapes[part["shape"]].get("sensitive")), (service, name)


def test_no_told_name_sounds_secret() -> None:
    """The list of what is told holds no name of a secret, a token or a document."""
    known_good = {"subjectFromWebIdentityToken"}
    assert not [name for name in NAMES - known_good for word in NEVER if word in name.lower()]


@pytest.mark.parametrize(
    ("sentence", "without"),
    [
        ("The user with name alice cannot be found.", "The user with name alice cannot be found."),
        (
            f"1 validation error detected: Value '{SECRET}' at 'userName' failed to satisfy constraint: x",
            "1 validation error detected: Value at 'userName' failed to satisfy constraint: x",
        ),
        (
            f"2 validation errors detected: Value '{SECRET}' at 'a' failed; Value '{SECRET}\n' at 'b' failed",
            "2 validation errors detected: Value at 'b' failed",
        ),
        (f"Value '{SECRET}' at 'x' {SECRET}' at 'userName' failed", "Value at 'userName' failed"),
    ],
)
def test_a_sentence_quotes_no_value(sentence: str, without: str) -> None:
    """S30: what a client sent by mistake where a name belongs is not kept because it was refused."""
    assert told_of_error(sentence) == without
