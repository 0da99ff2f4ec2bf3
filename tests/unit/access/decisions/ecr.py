"""What ECR's user guide says: repository policies, registry policies, tags, and the managed policies."""

from typing import Final

from tests.unit.access.decisions.row import ABROAD, ANYBODY, HOME, Row, allow, deny, session, to, user

REPOSITORY: Final = "Private repository policy examples in Amazon ECR"
VERSUS: Final = "Repository policies vs IAM policies"
REGISTRY: Final = "Private registry policy examples for Amazon ECR"
TAGS: Final = "Using Tag-Based Access Control"
MANAGED: Final = "AWS managed policies for Amazon Elastic Container Registry"
IDENTITY: Final = "Amazon Elastic Container Registry Identity-based policy examples"

PUSHER: Final = user("push-pull-user-1")
FAR_PULLER: Final = user("pull-user-1", ABROAD)
REPO: Final = f"arn:aws:ecr:us-east-1:{HOME}:repository/my-repo"

_PULL: Final = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
_PUSH: Final = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
]
_USERS: Final = [allow([*_PULL, *_PUSH], "*", principal=to(PUSHER.arn, user("push-pull-user-2").arn))]
_ACCOUNT_PUSHES: Final = [allow(_PUSH, "*", principal=to(f"arn:aws:iam::{ABROAD}:root"))]
_MAY_ALL: Final = [allow("ecr:*")]
_ADDRESSES: Final = [
    deny(
        "ecr:*",
        "*",
        principal="*",
        condition={
            "NotIpAddress": {"aws:SourceIp": "54.240.143.188/32"},
            "IpAddress": {"aws:SourceIp": "54.240.143.0/24"},
        },
    ),
    allow("ecr:*", "*", principal="*", condition={"IpAddress": {"aws:SourceIp": "54.240.143.0/24"}}),
]
_CODEBUILD: Final = [
    allow(
        _PULL,
        "*",
        principal={"Service": "codebuild.amazonaws.com"},
        condition={
            "ArnLike": {"aws:SourceArn": f"arn:aws:codebuild:us-east-1:{HOME}:project/p"},
            "StringEquals": {"aws:SourceAccount": HOME},
        },
    )
]
_SERVICE: Final = {"aws:PrincipalServiceName": "codebuild.amazonaws.com", "aws:SourceAccount": HOME}
_ORGANISATION: Final = [allow(_PULL, "*", principal="*", condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})]
_REPLICATION: Final = [
    allow(
        ["ecr:CreateRepository", "ecr:ReplicateImage"],
        [f"arn:aws:ecr:us-west-2:{HOME}:repository/*"],
        principal=to(f"arn:aws:iam::{ABROAD}:root"),
    )
]
_PRODUCTION: Final = [allow(_PULL), deny(_PULL, condition={"StringEquals": {"ecr:ResourceTag/environment": "prod"}})]
_DEVELOPMENT: Final = [allow("ecr:CreateRepository", condition={"StringEquals": {"aws:RequestTag/environment": "dev"}})]
_READ_ONLY: Final = [
    allow(
        [
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:GetRepositoryPolicy",
            "ecr:DescribeRepositories",
            "ecr:ListImages",
            "ecr:DescribeImages",
            "ecr:BatchGetImage",
        ]
    )
]
_ONE_REPOSITORY: Final = [allow(["ecr:GetAuthorizationToken"]), allow("ecr:*", REPO)]


def _row(page: str, says: str, allowed: bool, action: str, who: object = PUSHER, on: str = REPO, **more: object) -> Row:
    return Row(page, says, allowed, f"ecr:{action}", on, who, **more)  # type: ignore[arg-type]


ROWS: Final = (
    _row(REPOSITORY, "one of the users pushes", True, "PutImage", resource=_USERS),
    _row(REPOSITORY, "one of the users pulls", True, "BatchGetImage", resource=_USERS),
    _row(REPOSITORY, "another user does not", False, "PutImage", user("other"), resource=_USERS),
    _row(REPOSITORY, "what the policy does not name", False, "DeleteRepository", resource=_USERS),
    _row(
        REPOSITORY,
        "the other account pushes",
        True,
        "PutImage",
        FAR_PULLER,
        resource=_ACCOUNT_PUSHES,
        identity=_MAY_ALL,
    ),
    _row(
        REPOSITORY,
        "the other account does not pull",
        False,
        "BatchGetImage",
        FAR_PULLER,
        resource=_ACCOUNT_PUSHES,
        identity=_MAY_ALL,
    ),
    _row(REPOSITORY, "a token needs the user's own policy", False, "GetAuthorizationToken", on="*"),
    _row(
        REPOSITORY,
        "deny with the explicit address",
        False,
        "PutImage",
        resource=_ADDRESSES,
        identity=_MAY_ALL,
        context={"aws:SourceIp": "54.240.143.9"},
    ),
    _row(
        REPOSITORY, "the one address", True, "PutImage", resource=_ADDRESSES, context={"aws:SourceIp": "54.240.143.188"}
    ),
    _row(
        REPOSITORY,
        "an address of neither range",
        False,
        "PutImage",
        resource=_ADDRESSES,
        context={"aws:SourceIp": "198.51.100.1"},
    ),
    _row(
        REPOSITORY,
        "the service for its project",
        True,
        "BatchGetImage",
        ANYBODY,
        resource=_CODEBUILD,
        context={**_SERVICE, "aws:SourceArn": f"arn:aws:codebuild:us-east-1:{HOME}:project/p"},
    ),
    _row(
        REPOSITORY,
        "the service for another project",
        False,
        "BatchGetImage",
        ANYBODY,
        resource=_CODEBUILD,
        context={**_SERVICE, "aws:SourceArn": f"arn:aws:codebuild:us-east-1:{HOME}:project/q"},
    ),
    _row(
        REPOSITORY,
        "the organisation's principals",
        True,
        "BatchGetImage",
        FAR_PULLER,
        resource=_ORGANISATION,
        identity=_MAY_ALL,
        context={"aws:PrincipalOrgID": "o-1"},
    ),
    _row(
        REPOSITORY,
        "a principal without the organisation",
        False,
        "BatchGetImage",
        FAR_PULLER,
        resource=_ORGANISATION,
        identity=_MAY_ALL,
    ),
    _row(VERSUS, "the user's policy alone allows", True, "BatchGetImage", identity=_MAY_ALL),
    _row(VERSUS, "only the owning account by default", False, "BatchGetImage", FAR_PULLER, identity=_MAY_ALL),
    _row(
        VERSUS, "either denies", False, "BatchGetImage", identity=_MAY_ALL, resource=[deny(_PULL, None, principal="*")]
    ),
    _row(
        VERSUS,
        "no Resource: the repository it is set on",
        True,
        "BatchGetImage",
        resource=[allow(_PULL, None, principal=to(PUSHER.arn))],
    ),
    _row(
        REGISTRY,
        "another account replicates",
        True,
        "ReplicateImage",
        FAR_PULLER,
        f"arn:aws:ecr:us-west-2:{HOME}:repository/x",
        resource=_REPLICATION,
        identity=_MAY_ALL,
    ),
    _row(
        REGISTRY,
        "not into another region",
        False,
        "ReplicateImage",
        FAR_PULLER,
        f"arn:aws:ecr:us-east-1:{HOME}:repository/x",
        resource=_REPLICATION,
        identity=_MAY_ALL,
    ),
    _row(
        REGISTRY,
        "and does not pull",
        False,
        "BatchGetImage",
        FAR_PULLER,
        f"arn:aws:ecr:us-west-2:{HOME}:repository/x",
        resource=_REPLICATION,
        identity=_MAY_ALL,
    ),
    _row(
        TAGS,
        "a repository created with the tag",
        True,
        "CreateRepository",
        identity=_DEVELOPMENT,
        context={"aws:RequestTag/environment": "dev"},
    ),
    _row(
        TAGS,
        "with another tag",
        False,
        "CreateRepository",
        identity=_DEVELOPMENT,
        context={"aws:RequestTag/environment": "prod"},
    ),
    _row(TAGS, "without a tag", False, "CreateRepository", identity=_DEVELOPMENT),
    _row(
        TAGS,
        "pulls unless tagged prod",
        True,
        "BatchGetImage",
        identity=_PRODUCTION,
        context={"ecr:ResourceTag/environment": "dev"},
    ),
    _row(TAGS, "pulls where there is no tag", True, "BatchGetImage", identity=_PRODUCTION),
    _row(
        TAGS,
        "does not pull what is tagged prod",
        False,
        "BatchGetImage",
        identity=_PRODUCTION,
        context={"ecr:ResourceTag/environment": "prod"},
    ),
    _row(MANAGED, "ReadOnly pulls", True, "BatchGetImage", identity=_READ_ONLY),
    _row(MANAGED, "ReadOnly gets a token", True, "GetAuthorizationToken", on="*", identity=_READ_ONLY),
    _row(MANAGED, "ReadOnly does not push", False, "InitiateLayerUpload", identity=_READ_ONLY),
    _row(MANAGED, "FullAccess does all", True, "DeleteRepository", identity=_MAY_ALL),
    _row(IDENTITY, "one repository", True, "PutImage", identity=_ONE_REPOSITORY),
    _row(IDENTITY, "another repository", False, "PutImage", on=f"{REPO}-2", identity=_ONE_REPOSITORY),
    _row(
        IDENTITY,
        "the same name in another region",
        False,
        "PutImage",
        on=REPO.replace("east", "west"),
        identity=_ONE_REPOSITORY,
    ),
    _row(IDENTITY, "a role's session", True, "PutImage", session("ci", "run-1"), identity=_ONE_REPOSITORY),
)
