"""What ECR Public's operations demand, on ARNs without a region: rows of the table in test_demands_aws.py."""

from collections.abc import Sequence
from typing import Any

ACCOUNT = "123456789012"
OTHER = "210987654321"
DIGEST = "sha256:" + "0" * 64
UPLOAD = "00000000-0000-4000-8000-000000000000"
DEMO = f"arn:aws:ecr-public::{ACCOUNT}:repository/demo"
ANOTHERS = f"arn:aws:ecr-public::{OTHER}:repository/demo"
REGISTRY = f"arn:aws:ecr-public::{ACCOUNT}:registry/{ACCOUNT}"

Row = tuple[str, str, dict[str, Any], list[tuple[str, str]]]

ON_DEMO: dict[str, dict[str, Any]] = {
    "BatchCheckLayerAvailability": {"layerDigests": [DIGEST]},
    "BatchDeleteImage": {"imageIds": [{"imageTag": "latest"}]},
    "CompleteLayerUpload": {"uploadId": UPLOAD, "layerDigests": [DIGEST]},
    "DeleteRepository": {},
    "DeleteRepositoryPolicy": {},
    "DescribeImageTags": {},
    "DescribeImages": {},
    "GetRepositoryCatalogData": {},
    "GetRepositoryPolicy": {},
    "InitiateLayerUpload": {},
    "PutImage": {"imageManifest": "{}"},
    "PutRepositoryCatalogData": {"catalogData": {}},
    "SetRepositoryPolicy": {"policyText": "{}"},
    "UploadLayerPart": {"uploadId": UPLOAD, "partFirstByte": 0, "partLastByte": 0, "layerPartBlob": "eA=="},
}


def _on(name: str, resource: str, /, **members: Any) -> Row:
    return ("ecr-public", name, members, [(f"ecr-public:{name}", resource)])


ROWS: Sequence[Row] = [
    *(_on(name, DEMO, repositoryName="demo", **members) for name, members in ON_DEMO.items()),
    *(_on(name, ANOTHERS, repositoryName="demo", registryId=OTHER, **members) for name, members in ON_DEMO.items()),
    (
        "ecr-public",
        "GetAuthorizationToken",
        {},
        [("ecr-public:GetAuthorizationToken", "*"), ("sts:GetServiceBearerToken", "*")],
    ),
    _on("CreateRepository", DEMO, repositoryName="demo"),
    (
        "ecr-public",
        "CreateRepository",
        {"repositoryName": "demo", "tags": [{"Key": "k"}]},
        [("ecr-public:CreateRepository", DEMO), ("ecr-public:TagResource", DEMO)],
    ),
    _on("DescribeRepositories", f"arn:aws:ecr-public::{ACCOUNT}:repository/*"),
    _on("DescribeRepositories", DEMO, repositoryNames=["demo"]),
    _on("DescribeRegistries", REGISTRY),
    _on("GetRegistryCatalogData", REGISTRY),
    _on("PutRegistryCatalogData", REGISTRY, displayName="Us"),
    _on("TagResource", DEMO, resourceArn=DEMO, tags=[{"Key": "k", "Value": "v"}]),
    _on("UntagResource", DEMO, resourceArn=DEMO, tagKeys=["k"]),
    _on("ListTagsForResource", ANOTHERS, resourceArn=ANOTHERS),
]
