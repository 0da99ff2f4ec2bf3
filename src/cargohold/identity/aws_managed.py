"""AWS's own managed policies, under their own ARNs and ids: they belong to no account and have no rows.

Those are here that ECR's users meet: for ECR, ECR Public and what pulls from them, for everything and for IAM. Names,
ids, dates and documents are AWS's, each in its newest version; the versions before it are not kept.
Sources: "AWS managed policies for Amazon Elastic Container Registry" and "… Public", "AWS managed policies for Amazon
ECS" and the AWS Managed Policy Reference Guide.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cargohold.core.arn import iam_arn

OWNER: Final = "aws"
"""What stands in their ARNs where the others have an account."""


@dataclass(frozen=True, slots=True)
class AwsManagedPolicy:
    """A policy that AWS wrote; times are epoch milliseconds."""

    id: str
    path: str
    name: str
    description: str
    version: int
    created_at: int
    updated_at: int
    document: str

    @property
    def arn(self) -> str:
        return iam_arn(OWNER, "policy", self.path, self.name)


def find(policy_id: str) -> AwsManagedPolicy | None:
    """The policy of that id (ANPA…)."""
    return POLICIES.get(policy_id)


def by_arn(arn: str) -> AwsManagedPolicy | None:
    """The policy of that ARN, whose letters count in their case, as on AWS."""
    return _BY_ARN.get(arn)


def _allow(actions: str | list[str], conditions: Mapping[str, Any] | None = None, on: Any = "*") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": on}
    return statement if conditions is None else {**statement, "Condition": conditions}


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=4)


def _moment(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1000


def _policy(
    identity: tuple[str, str], description: str, version: int, dates: tuple[str, str], *statements: dict[str, Any]
) -> AwsManagedPolicy:
    """A policy by its id and its name with its path; `dates` says when it was made and when last changed."""
    policy_id, full_name = identity
    path, _, name = full_name.rpartition("/")
    made, changed = (_moment(date) for date in dates)
    return AwsManagedPolicy(policy_id, f"{path}/", name, description, version, made, changed, _document(*statements))


_PULL = [
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
]
_READ = [
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:GetRepositoryPolicy",
    "ecr:DescribeRepositories",
    "ecr:ListImages",
    "ecr:DescribeImages",
    "ecr:BatchGetImage",
    "ecr:GetLifecyclePolicy",
    "ecr:GetLifecyclePolicyPreview",
    "ecr:ListTagsForResource",
    "ecr:DescribeImageScanFindings",
]
_PUSH = ["InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"]
_READ_PUBLIC = [
    "ecr-public:GetAuthorizationToken",
    "sts:GetServiceBearerToken",
    "ecr-public:BatchCheckLayerAvailability",
    "ecr-public:GetRepositoryPolicy",
    "ecr-public:DescribeRepositories",
    "ecr-public:DescribeRegistries",
    "ecr-public:DescribeImages",
    "ecr-public:DescribeImageTags",
    "ecr-public:GetRepositoryCatalogData",
    "ecr-public:GetRegistryCatalogData",
]
_LOG = ["logs:CreateLogStream", "logs:PutLogEvents"]
_CONTAINER_INSTANCE = [
    "ec2:DescribeTags",
    "ecs:CreateCluster",
    "ecs:DeregisterContainerInstance",
    "ecs:DiscoverPollEndpoint",
    "ecs:Poll",
    "ecs:RegisterContainerInstance",
    "ecs:StartTelemetrySession",
    "ecs:UpdateContainerInstancesState",
    "ecs:Submit*",
    *_PULL,
    *_LOG,
]
_ORGANIZATIONS = [
    "organizations:DescribeAccount",
    "organizations:DescribeOrganization",
    "organizations:DescribeOrganizationalUnit",
    "organizations:DescribePolicy",
    "organizations:ListChildren",
    "organizations:ListParents",
    "organizations:ListPoliciesForTarget",
    "organizations:ListRoots",
    "organizations:ListPolicies",
    "organizations:ListTargetsForPolicy",
]
_IAM_READ = [
    "iam:GenerateCredentialReport",
    "iam:GenerateServiceLastAccessedDetails",
    "iam:Get*",
    "iam:List*",
    "iam:SimulateCustomPolicy",
    "iam:SimulatePrincipalPolicy",
]

_ALL: Final = (
    _policy(
        ("ANPAIWMBCKSKIEE64ZLYK", "/AdministratorAccess"),
        "Provides full access to AWS services and resources.",
        1,
        ("2015-02-06T18:39:46Z", "2015-02-06T18:39:46Z"),
        _allow("*"),
    ),
    _policy(
        ("ANPAI7XKCFMBPM3QQRRVQ", "/IAMFullAccess"),
        "Provides full access to IAM via the AWS Management Console.",
        2,
        ("2015-02-06T18:40:38Z", "2019-06-21T19:40:00Z"),
        _allow(["iam:*", *_ORGANIZATIONS]),
    ),
    _policy(
        ("ANPAJKSO7NDY4T57MWDSQ", "/IAMReadOnlyAccess"),
        "Provides read only access to IAM via the AWS Management Console.",
        4,
        ("2015-02-06T18:40:39Z", "2018-01-25T19:11:27Z"),
        _allow(_IAM_READ),
    ),
    _policy(
        ("ANPAIESRL7KD7IIVF6V4W", "/AmazonEC2ContainerRegistryFullAccess"),
        "Provides administrative access to Amazon ECR resources",
        3,
        ("2015-12-21T17:06:48Z", "2020-12-05T00:04:19Z"),
        _allow(["ecr:*", "cloudtrail:LookupEvents"]),
        _allow(
            ["iam:CreateServiceLinkedRole"],
            {"StringEquals": {"iam:AWSServiceName": ["replication.ecr.amazonaws.com"]}},
        ),
    ),
    _policy(
        ("ANPAJDNE5PIHROIBGGDDW", "/AmazonEC2ContainerRegistryPowerUser"),
        "Provides full access to Amazon EC2 Container Registry repositories, but does not allow repository deletion or "
        "policy changes.",
        3,
        ("2015-12-21T17:05:33Z", "2019-12-10T20:48:08Z"),
        _allow([*_READ, *(f"ecr:{action}" for action in _PUSH)]),
    ),
    _policy(
        ("ANPAIFYZPA37OOHVIH7KQ", "/AmazonEC2ContainerRegistryReadOnly"),
        "Provides read-only access to Amazon EC2 Container Registry repositories.",
        3,
        ("2015-12-21T17:04:15Z", "2019-12-10T20:56:32Z"),
        _allow(_READ),
    ),
    _policy(
        ("ANPAZKAPJZG4ACPA6HO4Q", "/AmazonEC2ContainerRegistryPullOnly"),
        "This policy grants pull access to the images in Amazon EC2 Container Registry.",
        1,
        ("2024-10-04T16:58:49Z", "2024-10-04T16:58:49Z"),
        _allow(
            [
                "ecr:GetAuthorizationToken",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
                "ecr:BatchImportUpstreamImage",
            ]
        ),
    ),
    _policy(
        ("ANPAZKAPJZG4F2SFMTI3G", "/AmazonElasticContainerRegistryPublicFullAccess"),
        "Provides administrative access to Amazon ECR Public resources",
        1,
        ("2020-12-01T17:25:52Z", "2020-12-01T17:25:52Z"),
        _allow(["ecr-public:*", "sts:GetServiceBearerToken"]),
    ),
    _policy(
        ("ANPAZKAPJZG4P6F7N3OP7", "/AmazonElasticContainerRegistryPublicPowerUser"),
        "Provides full access to Amazon ECR Public repositories, but does not allow repository deletion or policy "
        "changes.",
        1,
        ("2020-12-01T16:16:54Z", "2020-12-01T16:16:54Z"),
        _allow([*_READ_PUBLIC, *(f"ecr-public:{action}" for action in _PUSH)]),
    ),
    _policy(
        ("ANPAZKAPJZG4AD7UYLF25", "/AmazonElasticContainerRegistryPublicReadOnly"),
        "Provides read-only access to Amazon ECR Public repositories.",
        1,
        ("2020-12-01T17:27:04Z", "2020-12-01T17:27:04Z"),
        _allow(_READ_PUBLIC),
    ),
    _policy(
        ("ANPAJLYJCVHC7TQHCSQDS", "/service-role/AmazonEC2ContainerServiceforEC2Role"),
        "Default policy for the Amazon EC2 Role for Amazon EC2 Container Service.",
        10,
        ("2015-03-19T18:45:18Z", "2026-02-12T17:59:52Z"),
        _allow(_CONTAINER_INSTANCE),
        _allow(
            "ecs:TagResource",
            {"StringEquals": {"ecs:CreateAction": ["CreateCluster", "RegisterContainerInstance"]}},
        ),
        _allow(
            ["ecs:ListTagsForResource"],
            on=["arn:aws:ecs:*:*:task/*/*", "arn:aws:ecs:*:*:container-instance/*/*"],
        ),
    ),
    _policy(
        ("ANPAJG4T4G4PV56DE72PY", "/service-role/AmazonECSTaskExecutionRolePolicy"),
        "Provides access to other AWS service resources that are required to run Amazon ECS tasks",
        1,
        ("2017-11-16T18:48:22Z", "2017-11-16T18:48:22Z"),
        _allow([*_PULL, *_LOG]),
    ),
)

POLICIES: Final[Mapping[str, AwsManagedPolicy]] = {policy.id: policy for policy in _ALL}
"""All of them by their ids."""

_BY_ARN: Final[Mapping[str, AwsManagedPolicy]] = {policy.arn: policy for policy in _ALL}
