"""What the operations of scanning demand."""

from typing import Any

ACCOUNT = "123456789012"
REPOSITORY = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/demo"
ADVISORIES = "arn:aws:cargohold::000000000001:advisories"
RULES = f"arn:aws:cargohold::{ACCOUNT}:ignore-rules"
IMAGE = {"repositoryName": "demo", "imageId": {"imageTag": "latest"}}

ROWS: list[tuple[str, str, dict[str, Any], list[tuple[str, str]]]] = [
    ("ecr", "StartImageScan", IMAGE, [("ecr:StartImageScan", REPOSITORY)]),
    ("ecr", "DescribeImageScanFindings", IMAGE, [("ecr:DescribeImageScanFindings", REPOSITORY)]),
    (
        "ecr",
        "PutImageScanningConfiguration",
        {"repositoryName": "demo", "imageScanningConfiguration": {"scanOnPush": True}},
        [("ecr:PutImageScanningConfiguration", REPOSITORY)],
    ),
    ("ecr", "PutRegistryScanningConfiguration", {}, [("ecr:PutRegistryScanningConfiguration", "*")]),
    ("ecr", "GetRegistryScanningConfiguration", {}, [("ecr:GetRegistryScanningConfiguration", "*")]),
    (
        "ecr",
        "BatchGetRepositoryScanningConfiguration",
        {"repositoryNames": ["demo", "other", "demo"]},
        [
            ("ecr:BatchGetRepositoryScanningConfiguration", f"{REPOSITORY.removesuffix('demo')}{name}")
            for name in ("demo", "other")
        ],
    ),
    (
        "cargohold",
        "GetImageSbom",
        {"repositoryName": "demo", "imageTag": "latest", "format": "spdx"},
        [("cargohold:GetImageSbom", REPOSITORY)],
    ),
    ("cargohold", "DescribeAdvisories", {}, [("cargohold:DescribeAdvisories", ADVISORIES)]),
    ("cargohold", "UpdateAdvisories", {}, [("cargohold:UpdateAdvisories", ADVISORIES)]),
    (
        "cargohold",
        "AddIgnoreRule",
        {"vulnerability": "CVE-1-1", "reason": "x"},
        [("cargohold:AddIgnoreRule", RULES)],
    ),
    ("cargohold", "ListIgnoreRules", {}, [("cargohold:ListIgnoreRules", RULES)]),
    ("cargohold", "RemoveIgnoreRule", {"id": "x"}, [("cargohold:RemoveIgnoreRule", RULES)]),
]
