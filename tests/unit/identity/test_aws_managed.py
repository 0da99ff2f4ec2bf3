"""AWS's own managed policies, which every account sees under their ARNs."""

import json
import re

import pytest

from cargohold.access.policy import check
from cargohold.identity import aws_managed
from cargohold.identity.aws_managed import AwsManagedPolicy

NAMES = {
    "AdministratorAccess",
    "AmazonEC2ContainerRegistryFullAccess",
    "AmazonEC2ContainerRegistryPowerUser",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonElasticContainerRegistryPublicFullAccess",
    "AmazonElasticContainerRegistryPublicPowerUser",
    "AmazonElasticContainerRegistryPublicReadOnly",
    "IAMFullAccess",
    "IAMReadOnlyAccess",
    "service-role/AmazonEC2ContainerServiceforEC2Role",
    "service-role/AmazonECSTaskExecutionRolePolicy",
}

every = pytest.mark.parametrize("policy", aws_managed.POLICIES.values(), ids=lambda policy: policy.name)


def actions(name: str) -> list[str]:
    """What a policy allows on everything, statement by statement."""
    policy = aws_managed.by_arn(f"arn:aws:iam::aws:policy/{name}")
    assert policy is not None
    statements = json.loads(policy.document)["Statement"]
    given = [each["Action"] for each in statements if "Condition" not in each]
    return [action for each in given for action in (each if isinstance(each, list) else [each])]


def test_all_have_their_arns() -> None:
    """Each policy that is told of stands under AWS's account, some under a path, and no other does."""
    arns = {policy.arn for policy in aws_managed.POLICIES.values()}
    assert arns == {f"arn:aws:iam::aws:policy/{name}" for name in NAMES}


@every
def test_a_policy_is_found_by_id_and_by_arn(policy: AwsManagedPolicy) -> None:
    """Its id is like AWS's; by it and by the ARN the policy is found, and by neither in another case."""
    assert re.fullmatch(r"ANPA[A-Z0-9]{17}", policy.id)
    assert aws_managed.find(policy.id) is policy
    assert aws_managed.by_arn(policy.arn) is policy
    assert aws_managed.find(policy.id.lower()) is aws_managed.by_arn(policy.arn.lower()) is None


@every
def test_a_policy_is_one(policy: AwsManagedPolicy) -> None:
    """Its document keeps to the grammar of managed policies, and it was not changed before it was made."""
    check(policy.document, "managed")
    assert policy.created_at <= policy.updated_at


def test_what_a_pull_needs_is_in_those_that_pull() -> None:
    """Every policy for pulling from private registries allows what docker pull asks for; none of them pushes."""
    for name in ("PullOnly", "ReadOnly", "PowerUser"):
        allowed = actions(f"AmazonEC2ContainerRegistry{name}")
        assert {"ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"} <= set(allowed)
        assert ("ecr:PutImage" in allowed) is (name == "PowerUser")
        assert "ecr:DeleteRepository" not in allowed


def test_administrators_may_do_everything() -> None:
    """AdministratorAccess allows every action, under the id that AWS gave it."""
    assert actions("AdministratorAccess") == ["*"]
    policy = aws_managed.find("ANPAIWMBCKSKIEE64ZLYK")
    assert policy is not None
    assert policy.name == "AdministratorAccess"
