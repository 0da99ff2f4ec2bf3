"""Names that PostgreSQL cannot store, NUL bytes and halves of characters, through the AWS door on both engines."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Wire

APP = "arn:aws:ecr:us-east-1:123456789012:repository/app"
DIGEST = "sha256:" + "a" * 64
PART = {"partFirstByte": 0, "partLastByte": 0, "layerPartBlob": b"x"}


def manifest(**members: Any) -> str:
    """The text of a manifest whose members, escaped, hold what they are given."""
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": DIGEST, "size": 1}
    media_type = "application/vnd.oci.image.manifest.v1+json"
    document = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": []}
    return json.dumps(document | members)


CASES: dict[str, Callable[[str], tuple[str, dict[str, Any]]]] = {
    "repository": lambda bad: ("DescribeRepositories", {"repositoryNames": [bad]}),
    "new repository": lambda bad: ("CreateRepository", {"repositoryName": bad}),
    "resource tag": lambda bad: (
        "CreateRepository",
        {"repositoryName": "new", "tags": [{"Key": bad, "Value": bad}]},
    ),
    "KMS key": lambda bad: (
        "CreateRepository",
        {"repositoryName": "new", "encryptionConfiguration": {"encryptionType": "AES256", "kmsKey": bad}},
    ),
    "token": lambda bad: ("DescribeRepositories", {"nextToken": bad}),
    "ARN": lambda bad: ("TagResource", {"resourceArn": APP + bad, "tags": [{"Key": "k", "Value": "v"}]}),
    "key to untag": lambda bad: ("UntagResource", {"resourceArn": APP, "tagKeys": [bad]}),
    "value to tag": lambda bad: ("TagResource", {"resourceArn": APP, "tags": [{"Key": "k", "Value": bad}]}),
    "filter": lambda bad: (
        "PutImageTagMutability",
        {
            "repositoryName": "app",
            "imageTagMutability": "MUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": bad}],
        },
    ),
    "tag to read": lambda bad: ("BatchGetImage", {"repositoryName": "app", "imageIds": [{"imageTag": bad}]}),
    "digest to read": lambda bad: ("BatchGetImage", {"repositoryName": "app", "imageIds": [{"imageDigest": bad}]}),
    "tag to describe": lambda bad: ("DescribeImages", {"repositoryName": "app", "imageIds": [{"imageTag": bad}]}),
    "tag to delete": lambda bad: ("BatchDeleteImage", {"repositoryName": "app", "imageIds": [{"imageTag": bad}]}),
    "layer": lambda bad: ("BatchCheckLayerAvailability", {"repositoryName": "app", "layerDigests": [bad]}),
    "layer to download": lambda bad: ("GetDownloadUrlForLayer", {"repositoryName": "app", "layerDigest": bad}),
    "upload": lambda bad: ("UploadLayerPart", {"repositoryName": "app", "uploadId": bad, **PART}),
    "upload to complete": lambda bad: (
        "CompleteLayerUpload",
        {"repositoryName": "app", "uploadId": bad, "layerDigests": [DIGEST]},
    ),
    "tag to put": lambda bad: (
        "PutImage",
        {"repositoryName": "app", "imageManifest": manifest(), "imageTag": bad},
    ),
    "media type": lambda bad: (
        "PutImage",
        {"repositoryName": "app", "imageManifest": manifest(), "imageManifestMediaType": bad},
    ),
    "artifact type": lambda bad: (
        "PutImage",
        {"repositoryName": "app", "imageManifest": manifest(artifactType=bad)},
    ),
    "subject": lambda bad: (
        "PutImage",
        {
            "repositoryName": "app",
            "imageManifest": manifest(subject={"mediaType": bad, "digest": f"sha256:{bad}", "size": 1}),
        },
    ),
}


@pytest.mark.parametrize("bad", ["a\0b", "a\ud800b"], ids=["NUL", "half a character"])
@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_stored_is_no_fault_of_ours(wire: Wire, case: str, bad: str) -> None:
    """It is refused, or told to be unknown, wherever a text may stand; nothing breaks and nothing is kept."""
    wire("CreateRepository", repositoryName="app")
    operation, members = CASES[case](bad)
    answer = wire.send(operation, members)
    if operation.startswith("Batch") and answer.status == 200:
        assert answer.body["failures"]
    else:
        assert answer.status == 400
    assert [each["repositoryName"] for each in wire("DescribeRepositories")["repositories"]] == ["app"]
    assert wire("ListTagsForResource", resourceArn=APP)["tags"] == []
    assert wire("ListImages", repositoryName="app")["imageIds"] == []
