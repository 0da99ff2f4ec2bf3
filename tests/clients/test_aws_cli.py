"""The aws command line: what it prints, and the sentences that it shows when it is refused."""

import json
from collections.abc import Callable

import pytest

from .bed.images import make_speaker
from .bed.programs import Client
from .bed.server import ACCOUNT, Server
from .bed.wire import Wire


def _refusal(code: str, operation: str) -> str:
    return f"An error occurred ({code}) when calling the {operation} operation: "


def test_the_caller_is_the_administrator(aws: Client) -> None:
    """`aws sts get-caller-identity` names the account and its administrator."""
    shown = json.loads(aws("sts", "get-caller-identity").out)
    assert shown["Account"] == ACCOUNT
    assert shown["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/administrator"
    assert shown["UserId"].startswith("AIDA")


def test_repositories_are_listed_over_pages(aws: Client, make_repository: Callable[..., str]) -> None:
    """`aws ecr describe-repositories` follows the pages, whatever their size."""
    names = {make_repository() for _ in range(5)}
    query = ("--query", "repositories[].repositoryName", "--output", "json", "--page-size", "2")
    listed = json.loads(aws("ecr", "describe-repositories", *query).out)
    assert names <= set(listed)
    assert len(listed) == len(set(listed))


def test_images_are_listed_over_pages(aws: Client, wire: Wire, repository: str) -> None:
    """`aws ecr list-images` shows so many items as it is asked for, and goes on from its token."""
    image = make_speaker("listed")
    wire.push(repository, "t0", image)
    for number in range(1, 5):
        wire.push_manifest(repository, f"t{number}", image.manifest, image.media_type)
    paging = ("--repository-name", repository, "--max-items", "3", "--page-size", "2", "--output", "json")
    first = json.loads(aws("ecr", "list-images", *paging).out)
    second = json.loads(aws("ecr", "list-images", *paging, "--starting-token", first["NextToken"]).out)
    assert "NextToken" not in second
    tags = [each["imageTag"] for each in [*first["imageIds"], *second["imageIds"]]]
    assert sorted(tags) == ["t0", "t1", "t2", "t3", "t4"]


def test_a_repository_is_made_only_once(aws: Client, repository: str) -> None:
    """A second `create-repository` of the same name is refused in ECR's sentence."""
    assert (
        _refusal("RepositoryAlreadyExistsException", "CreateRepository")
        + f"The repository with name '{repository}' already exists in the registry with id '{ACCOUNT}'"
    ) in aws.refused("ecr", "create-repository", "--repository-name", repository)


def test_a_name_that_is_not_allowed_is_refused(aws: Client) -> None:
    """A repository name that breaks ECR's pattern is refused by the server, with the pattern."""
    shown = aws.refused("ecr", "create-repository", "--repository-name", "Not/Allowed")
    assert _refusal("InvalidParameterException", "CreateRepository") in shown
    assert (
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression" in shown
    )


def test_a_repository_with_images_is_kept(aws: Client, wire: Wire, repository: str) -> None:
    """`delete-repository` of a repository that holds images needs `--force`."""
    wire.push(repository, "held", make_speaker("held"))
    shown = aws.refused("ecr", "delete-repository", "--repository-name", repository)
    assert (
        _refusal("RepositoryNotEmptyException", "DeleteRepository")
        + f"The repository with name '{repository}' in registry with id '{ACCOUNT}' "
        "cannot be deleted because it still contains images"
    ) in shown
    deleted = json.loads(aws("ecr", "delete-repository", "--repository-name", repository, "--force").out)
    assert deleted["repository"]["repositoryName"] == repository
    assert _refusal("RepositoryNotFoundException", "DescribeImages") in aws.refused(
        "ecr", "describe-images", "--repository-name", repository
    )


def test_a_missing_image_is_named(aws: Client, repository: str) -> None:
    """`describe-images` of a tag that does not exist prints it as ECR does."""
    shown = aws.refused("ecr", "describe-images", "--repository-name", repository, "--image-ids", "imageTag=none")
    assert (
        _refusal("ImageNotFoundException", "DescribeImages")
        + f"The image with imageId {{imageDigest:'null', imageTag:'none'}} does not exist within the repository "
        f"with name '{repository}' in the registry with id '{ACCOUNT}'"
    ) in shown


def test_another_account_is_denied_before_existence(aws: Client) -> None:
    """Naming the registry of another account is AccessDenied, whether its repository exists or not."""
    shown = aws.refused("ecr", "list-images", "--registry-id", "210987654321", "--repository-name", "theirs")
    assert (
        _refusal("AccessDeniedException", "ListImages")
        + f"User: arn:aws:iam::{ACCOUNT}:user/administrator is not authorized to perform: ecr:ListImages on resource: "
        "arn:aws:ecr:us-east-1:210987654321:repository/theirs because no resource-based policy allows the "
        "ecr:ListImages action"
    ) in shown


@pytest.mark.parametrize(
    ("changed", "code", "sentence"),
    [
        (
            {"AWS_SECRET_ACCESS_KEY": "wrong"},
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided.",
        ),
        (
            {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"},
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
    ],
)
def test_a_wrong_key_proves_nothing(aws: Client, changed: dict[str, str], code: str, sentence: str) -> None:
    """A wrong secret and an unknown key are each refused in AWS's words."""
    stranger = Client(aws.command, aws.environment | changed)
    shown = stranger.refused("ecr", "describe-repositories")
    assert _refusal(code, "DescribeRepositories") + sentence in shown


def test_the_password_logs_docker_in(aws: Client, docker: Client, server: Server) -> None:
    """`aws ecr get-login-password` prints a password that `docker login` accepts."""
    password = aws("ecr", "get-login-password").out
    assert password.count("\n") == 1
    shown = docker("login", "--username", "AWS", "--password-stdin", server.host, given=password.strip().encode())
    assert "Login Succeeded" in shown.out


def test_nobody_learns_anything_unsigned(aws: Client) -> None:
    """A request that nobody signed is refused."""
    unsigned = Client([*aws.command, "--no-sign-request"], aws.environment)
    assert "Missing Authentication Token" in unsigned.refused("ecr", "describe-repositories")


def test_tags_are_made_immutable_and_movable_again(aws: Client, wire: Wire, repository: str) -> None:
    """`aws ecr put-image-tag-mutability` sets mode and filters as a whole, and the next push is judged by them."""
    old, new = make_speaker("old"), make_speaker("new")
    for tag in ("v1", "dev-1"):
        wire.push(repository, tag, old)
    put = ("ecr", "put-image-tag-mutability", "--repository-name", repository, "--image-tag-mutability")
    filters = ("--image-tag-mutability-exclusion-filters", "filterType=WILDCARD,filter=dev-*")
    shown = json.loads(aws(*put, "IMMUTABLE_WITH_EXCLUSION", *filters, "--output", "json").out)
    assert shown == {
        "registryId": ACCOUNT,
        "repositoryName": repository,
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}],
    }
    wire.push(repository, "dev-1", new)
    headers = {"Content-Type": new.media_type}
    refused = wire.ask("PUT", f"/v2/{repository}/manifests/v1", new.manifest, headers)
    assert [error["code"] for error in refused.errors] == ["TAG_INVALID"]
    assert (wire.manifest(repository, "v1"), wire.manifest(repository, "dev-1")) == (old.manifest, new.manifest)
    assert "imageTagMutabilityExclusionFilters" not in json.loads(aws(*put, "MUTABLE", "--output", "json").out)
    wire.push(repository, "v1", new)
    sentence = (
        "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: "
        "'ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as MUTABLE_WITH_EXCLUSION'"
    )
    refusal = _refusal("InvalidParameterException", "PutImageTagMutability") + sentence
    assert refusal in aws.refused(*put, "MUTABLE_WITH_EXCLUSION")


def test_a_repository_is_tagged(aws: Client, make_repository: Callable[..., str]) -> None:
    """`aws ecr tag-resource`, `untag-resource` and `list-tags-for-resource` work as ECR's user guide shows them."""
    name = make_repository(tags=[{"Key": "team", "Value": "devs"}])
    arn = ("--resource-arn", f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{name}")
    aws("ecr", "tag-resource", *arn, "--tags", "Key=stack,Value=dev", "Key=key 2,Value=", "Key=team,Value=ops")
    aws("ecr", "untag-resource", *arn, "--tag-keys", "stack", "absent")
    listed = json.loads(aws("ecr", "list-tags-for-resource", *arn, "--output", "json").out)
    assert listed == {"tags": [{"Key": "key 2", "Value": ""}, {"Key": "team", "Value": "ops"}]}
    refusal = _refusal("InvalidParameterException", "ListTagsForResource")
    sentence = "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'"
    assert refusal + sentence in aws.refused("ecr", "list-tags-for-resource", "--resource-arn", name)
