"""Terraform's call sequences for the resources of ECR and ECR Public: made, read back, changed, gone.

As terraform-provider-aws makes them (internal/service/ecr and ecrpublic): after each change the resource is read, a
policy is compared as JSON, and a deletion is done when the next read says that there is nothing.
"""

import json
from typing import Any, Final

import pytest

from tests.bed.place import Place
from tests.fuzz.population import lifecycle, policy

from .desk import Desk
from .successes import PUBLIC_READ, READ, REGISTRY_READ, USER

NOT_FOUND: Final = "RepositoryNotFoundException"


@pytest.fixture
def ecr(place: Place) -> Desk:
    return Desk(place, "ecr")


@pytest.fixture
def public(place: Place) -> Desk:
    return Desk(place, "ecr-public")


def described(desk: Desk, name: str) -> dict[str, Any]:
    (found,) = desk("DescribeRepositories", repositoryNames=[name])["repositories"]
    result: dict[str, Any] = found
    return result


def same(text: str, other: str) -> bool:
    return bool(json.loads(text) == json.loads(other))


def test_aws_ecr_repository(ecr: Desk) -> None:
    """Create with all its settings, read with its tags, change mutability and tags, delete with what is in it, gone."""
    name, tags = ecr.name(), [{"Key": "team", "Value": "red"}]
    created = ecr(
        "CreateRepository",
        repositoryName=name,
        imageTagMutability="MUTABLE",
        encryptionConfiguration={"encryptionType": "AES256"},
        imageScanningConfiguration={"scanOnPush": False},
        tags=tags,
    )["repository"]
    assert described(ecr, name) == created
    assert created["encryptionConfiguration"] == {"encryptionType": "AES256"}
    arn = created["repositoryArn"]
    assert ecr("ListTagsForResource", resourceArn=arn)["tags"] == tags

    exclusion = {"filterType": "WILDCARD", "filter": "dev-*"}
    changed = {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": [exclusion]}
    ecr("PutImageTagMutability", repositoryName=name, registryId=created["registryId"], **changed)
    assert described(ecr, name) | changed == described(ecr, name)
    ecr("UntagResource", resourceArn=arn, tagKeys=["team"])
    ecr("TagResource", resourceArn=arn, tags=[{"Key": "team", "Value": "blue"}])
    assert ecr("ListTagsForResource", resourceArn=arn)["tags"] == [{"Key": "team", "Value": "blue"}]

    ecr.image(name, "v1")
    unforced = {"repositoryName": name, "registryId": created["registryId"], "force": False}
    assert ecr.refused("DeleteRepository", unforced)[0] == "RepositoryNotEmptyException"
    ecr("DeleteRepository", **unforced | {"force": True})
    assert ecr.refused("DescribeRepositories", {"repositoryNames": [name]})[0] == NOT_FOUND
    assert ecr.refused("DeleteRepository", unforced)[0] == NOT_FOUND


def test_aws_ecr_repository_policy(ecr: Desk) -> None:
    """Set, read as the same JSON, replace, delete, gone; a role that is not there yet is told as Terraform expects."""
    of = {"repositoryName": ecr.repository()}
    stranger = READ | {"Principal": {"AWS": "arn:aws:iam::123456789012:role/not-yet"}}
    code, sentence = ecr.refused("SetRepositoryPolicy", {**of, "policyText": policy(stranger)})
    assert code == "InvalidParameterException"
    assert "Principal not found" in sentence
    for text in (policy(READ), policy(READ | {"Sid": "Pull", "Action": ["ecr:BatchGetImage", "ecr:ListImages"]})):
        ecr("SetRepositoryPolicy", **of, policyText=text)
        held = json.loads(ecr("GetRepositoryPolicy", **of)["policyText"])
        assert held["Statement"][0]["Action"] == json.loads(text)["Statement"][0]["Action"]
    ecr("DeleteRepositoryPolicy", **of, registryId="123456789012")
    assert ecr.refused("GetRepositoryPolicy", of)[0] == "RepositoryPolicyNotFoundException"
    assert ecr.refused("DeleteRepositoryPolicy", of)[0] == "RepositoryPolicyNotFoundException"


def test_aws_ecr_lifecycle_policy(ecr: Desk) -> None:
    """Put, read as the same JSON, replace, delete, gone; of a repository that is gone, too."""
    of = {"repositoryName": ecr.repository()}
    for text in (lifecycle(), lifecycle(countNumber=7)):
        ecr("PutLifecyclePolicy", **of, lifecyclePolicyText=text)
        assert same(ecr("GetLifecyclePolicy", **of)["lifecyclePolicyText"], text)
    ecr("DeleteLifecyclePolicy", **of, registryId="123456789012")
    assert ecr.refused("GetLifecyclePolicy", of)[0] == "LifecyclePolicyNotFoundException"
    ecr("DeleteRepository", **of)
    assert ecr.refused("DeleteLifecyclePolicy", of)[0] == NOT_FOUND


def test_aws_ecr_registry_policy(ecr: Desk) -> None:
    """Put, read, delete, gone."""
    ecr("PutRegistryPolicy", policyText=policy(REGISTRY_READ))
    held = json.loads(ecr("GetRegistryPolicy")["policyText"])
    assert [each["Effect"] for each in held["Statement"]] == ["Allow"]
    ecr("DeleteRegistryPolicy")
    assert ecr.refused("GetRegistryPolicy", {})[0] == "RegistryPolicyNotFoundException"


def test_aws_ecr_repository_creation_template(ecr: Desk) -> None:
    """Create with all its settings, read by its prefix, update, delete, gone."""
    prefix = ecr.name()
    made = {
        "prefix": prefix,
        "appliedFor": ["CREATE_ON_PUSH"],
        "description": "For teams",
        "encryptionConfiguration": {"encryptionType": "AES256"},
        "imageTagMutability": "IMMUTABLE",
        "lifecyclePolicy": lifecycle(),
        "repositoryPolicy": policy(READ),
    }
    ecr("CreateRepositoryCreationTemplate", **made)
    (held,) = ecr("DescribeRepositoryCreationTemplates", prefixes=[prefix])["repositoryCreationTemplates"]
    assert same(held.pop("lifecyclePolicy"), made.pop("lifecyclePolicy"))
    assert same(held.pop("repositoryPolicy"), made.pop("repositoryPolicy"))
    assert held | made == held
    ecr("UpdateRepositoryCreationTemplate", prefix=prefix, description="For all", appliedFor=["PULL_THROUGH_CACHE"])
    (held,) = ecr("DescribeRepositoryCreationTemplates", prefixes=[prefix])["repositoryCreationTemplates"]
    assert (held["description"], held["appliedFor"]) == ("For all", ["PULL_THROUGH_CACHE"])
    ecr("DeleteRepositoryCreationTemplate", prefix=prefix)
    # What is gone is an empty list or an error, as the provider takes either.
    answer = ecr.send("DescribeRepositoryCreationTemplates", {"prefixes": [prefix]}).document
    assert not answer.get("repositoryCreationTemplates")
    assert ecr.refused("DeleteRepositoryCreationTemplate", {"prefix": prefix})[0] == "TemplateNotFoundException"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("BASIC_SCAN_TYPE_VERSION", ["AWS_NATIVE"]),
        ("BLOB_MOUNTING", ["DISABLED", "ENABLED"]),
        ("REGISTRY_POLICY_SCOPE", ["V2"]),
    ],
)
def test_aws_ecr_account_setting(ecr: Desk, name: str, values: list[str]) -> None:
    """Put and read back; there is nothing to delete."""
    for value in values:
        assert ecr("PutAccountSetting", name=name, value=value) == {"name": name, "value": value}
        assert ecr("GetAccountSetting", name=name) == {"name": name, "value": value}


def test_aws_ecr_pull_time_update_exclusion(ecr: Desk) -> None:
    """Register, found in the list, deregister, no longer there."""
    ecr.send("DeregisterPullTimeUpdateExclusion", {"principalArn": USER})
    ecr("RegisterPullTimeUpdateExclusion", principalArn=USER)
    assert USER in ecr("ListPullTimeUpdateExclusions")["pullTimeUpdateExclusions"]
    ecr("DeregisterPullTimeUpdateExclusion", principalArn=USER)
    assert USER not in ecr("ListPullTimeUpdateExclusions")["pullTimeUpdateExclusions"]


def test_data_sources(ecr: Desk) -> None:
    """aws_ecr_image takes the newest push, aws_ecr_images lists, aws_ecr_repositories names, the token logs in."""
    name = ecr.images(2)
    images = ecr("DescribeImages", repositoryName=name, registryId="123456789012", maxResults=1000)["imageDetails"]
    assert max(images, key=lambda image: image["imagePushedAt"])["imageTags"]
    assert len(ecr("ListImages", repositoryName=name)["imageIds"]) == 2
    assert ecr("GetAuthorizationToken")["authorizationData"][0]["proxyEndpoint"].startswith("http")


def test_aws_ecrpublic_repository(public: Desk) -> None:
    """Create with catalog data and tags, read both, change the catalog data, delete, gone."""
    name, tags = public.name(), [{"Key": "team", "Value": "red"}]
    catalog = {
        "aboutText": "About",
        "architectures": ["ARM"],
        "description": "What it is",
        "operatingSystems": ["Linux"],
        "usageText": "Usage",
    }
    created = public("CreateRepository", repositoryName=name, catalogData=catalog, tags=tags)["repository"]
    assert described(public, name) == created
    held = public("GetRepositoryCatalogData", repositoryName=name, registryId=created["registryId"])["catalogData"]
    assert held | catalog == held
    assert public("ListTagsForResource", resourceArn=created["repositoryArn"])["tags"] == tags
    public("PutRepositoryCatalogData", repositoryName=name, catalogData={"description": "Changed"})
    assert public("GetRepositoryCatalogData", repositoryName=name)["catalogData"]["description"] == "Changed"
    public("DeleteRepository", repositoryName=name, registryId=created["registryId"], force=True)
    assert public.refused("DescribeRepositories", {"repositoryNames": [name]})[0] == NOT_FOUND


def test_aws_ecrpublic_repository_policy(public: Desk) -> None:
    """Set, read, delete, gone."""
    of = {"repositoryName": public.repository()}
    public("SetRepositoryPolicy", **of, policyText=policy(PUBLIC_READ))
    assert json.loads(public("GetRepositoryPolicy", **of)["policyText"])["Statement"]
    public("DeleteRepositoryPolicy", **of)
    assert public.refused("GetRepositoryPolicy", of)[0] == "RepositoryPolicyNotFoundException"
