"""CreateRepository, DescribeRepositories and DeleteRepository: request and answer, sentence by sentence."""

from dataclasses import replace
from typing import Any, NoReturn

import pytest

from cargohold.aws.door import AwsDoor
from cargohold.core.errors import StorageFull
from tests.bed.access import plain

ACCOUNT = "123456789012"
OTHER = "210987654321"
NOON = 1_772_366_400.0

NAME_PATTERN = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*"


def refusal(code: str, sentence: str) -> tuple[int, str, str]:
    """How the AWS door says no: always 400, with ECR's code and sentence."""
    return 400, code, sentence


def described(name: str, **differences: Any) -> dict[str, Any]:
    """A repository as ECR shows it, made at noon with every default."""
    return {
        "repositoryArn": f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{name}",
        "registryId": ACCOUNT,
        "repositoryName": name,
        "repositoryUri": f"localhost:5050/{name}",
        "createdAt": NOON,
        "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": False},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    } | differences


def wildcards(*filters: str) -> list[dict[str, str]]:
    return [{"filterType": "WILDCARD", "filter": each} for each in filters]


def invalid(member: str, reason: str) -> tuple[int, str, str]:
    sentence = f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'"
    return refusal("InvalidParameterException", sentence)


def not_found(name: str, registry: str = ACCOUNT) -> tuple[int, str, str]:
    sentence = f"The repository with name '{name}' does not exist in the registry with id '{registry}'"
    return 400, "RepositoryNotFoundException", sentence


CREATED = [
    pytest.param({"repositoryName": "demo"}, described("demo"), id="defaults"),
    pytest.param({"repositoryName": "ab"}, described("ab"), id="the shortest name"),
    pytest.param({"repositoryName": "a" * 256}, described("a" * 256), id="the longest name"),
    pytest.param({"repositoryName": "a__b/c---d/e.f"}, described("a__b/c---d/e.f"), id="every separator"),
    pytest.param({"repositoryName": "demo", "registryId": ACCOUNT}, described("demo"), id="own registry, named"),
    pytest.param(
        {"repositoryName": "demo", "imageTagMutability": "IMMUTABLE"},
        described("demo", imageTagMutability="IMMUTABLE"),
        id="immutable",
    ),
    pytest.param(
        {
            "repositoryName": "demo",
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": wildcards("dev-*", "*-rc*"),
        },
        described(
            "demo",
            imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
            imageTagMutabilityExclusionFilters=wildcards("dev-*", "*-rc*"),
        ),
        id="immutable but for some",
    ),
    pytest.param(
        {
            "repositoryName": "demo",
            "imageTagMutability": "MUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": wildcards("a", "b", "c", "d", "e" * 128),
        },
        described(
            "demo",
            imageTagMutability="MUTABLE_WITH_EXCLUSION",
            imageTagMutabilityExclusionFilters=wildcards("a", "b", "c", "d", "e" * 128),
        ),
        id="as many and as long filters as may be",
    ),
    pytest.param(
        {"repositoryName": "demo", "imageScanningConfiguration": {"scanOnPush": True}},
        described("demo", imageScanningConfiguration={"scanOnPush": True}),
        id="scan on push",
    ),
    pytest.param(
        {"repositoryName": "demo", "imageScanningConfiguration": {}}, described("demo"), id="empty scan configuration"
    ),
    pytest.param(
        {"repositoryName": "demo", "encryptionConfiguration": {"encryptionType": "AES256"}},
        described("demo"),
        id="encryption as by default",
    ),
    pytest.param(
        {"repositoryName": "demo", "tags": [{"Key": "k" * 128, "Value": "v" * 256}, {"Key": "empty", "Value": ""}]},
        described("demo"),
        id="resource tags at their limits",
    ),
    pytest.param(
        {"repositoryName": "demo", "tags": [{"Key": f"k{n}", "Value": "v"} for n in range(50)]},
        described("demo"),
        id="fifty resource tags",
    ),
]


@pytest.mark.parametrize(("request_", "repository"), CREATED)
def test_creating_answers_the_repository(wire: Any, request_: dict[str, Any], repository: dict[str, Any]) -> None:
    """CreateRepository answers the whole repository, and DescribeRepositories repeats it."""
    assert wire("CreateRepository", **request_) == {"repository": repository}
    listed = wire("DescribeRepositories", repositoryNames=[request_["repositoryName"]])
    assert listed == {"repositories": [repository]}


REFUSED = [
    pytest.param({}, invalid("repositoryName", "Member must not be null"), id="no name"),
    pytest.param(
        {"repositoryName": "a"},
        invalid("repositoryName", "Member must have length greater than or equal to 2"),
        id="name too short",
    ),
    pytest.param(
        {"repositoryName": "a" * 257},
        invalid("repositoryName", "Member must have length less than or equal to 256"),
        id="name too long",
    ),
    pytest.param(
        {"repositoryName": "Demo"},
        invalid("repositoryName", f"must satisfy regular expression '{NAME_PATTERN}'"),
        id="capital in the name",
    ),
    pytest.param(
        {"repositoryName": "demo\n"},
        invalid("repositoryName", f"must satisfy regular expression '{NAME_PATTERN}'"),
        id="line end in the name",
    ),
    pytest.param(
        {"repositoryName": "demo", "registryId": "12345678901"},
        invalid("registryId", "must satisfy regular expression '[0-9]{12}'"),
        id="registryId of eleven digits",
    ),
    pytest.param(
        {"repositoryName": "demo", "imageTagMutability": "SOMETIMES"},
        invalid(
            "imageTagMutability",
            "Member must satisfy enum value set: "
            "[MUTABLE, IMMUTABLE, IMMUTABLE_WITH_EXCLUSION, MUTABLE_WITH_EXCLUSION]",
        ),
        id="unknown mutability",
    ),
    pytest.param(
        {"repositoryName": "demo", "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"},
        invalid(
            "imageTagMutabilityExclusionFilters",
            "ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as "
            "IMMUTABLE_WITH_EXCLUSION",
        ),
        id="exclusion without filters",
    ),
    pytest.param(
        {
            "repositoryName": "demo",
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [],
        },
        invalid("imageTagMutabilityExclusionFilters", "Member must have length greater than or equal to 1"),
        id="empty filters",
    ),
    pytest.param(
        {
            "repositoryName": "demo",
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": wildcards("a", "b", "c", "d", "e", "f"),
        },
        invalid("imageTagMutabilityExclusionFilters", "Member must have length less than or equal to 5"),
        id="six filters",
    ),
    pytest.param(
        {"repositoryName": "demo", "tags": [{"Key": f"k{n}", "Value": "v"} for n in range(51)]},
        refusal(
            "TooManyTagsException",
            "The list of tags on the repository is over the limit. The maximum number of tags is 50",
        ),
        id="fifty-one resource tags",
    ),
]


@pytest.mark.parametrize(("request_", "expected"), REFUSED)
def test_a_repository_that_may_not_be_is_refused(
    wire: Any, request_: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    """CreateRepository refuses each broken constraint in ECR's sentence, and makes nothing."""
    assert wire.refused("CreateRepository", **request_) == expected
    assert wire("DescribeRepositories") == {"repositories": []}


REFUSED_CODES = [
    pytest.param(
        {"imageTagMutability": "MUTABLE", "imageTagMutabilityExclusionFilters": wildcards("a")},
        "InvalidParameterException",
        id="filters on a plain mode",
    ),
    pytest.param(
        {
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": wildcards("a" * 129),
        },
        "InvalidParameterException",
        id="filter too long",
    ),
    pytest.param(
        {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": wildcards("a b")},
        "InvalidParameterException",
        id="filter with a space",
    ),
    pytest.param(
        {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": wildcards("***")},
        "InvalidParameterException",
        id="three asterisks",
    ),
    pytest.param(
        {
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{"filterType": "REGEX", "filter": "a"}],
        },
        "InvalidParameterException",
        id="unknown filter type",
    ),
    pytest.param({"encryptionConfiguration": {}}, "InvalidParameterException", id="encryption without a type"),
    pytest.param(
        {"encryptionConfiguration": {"encryptionType": "ROT13"}}, "InvalidParameterException", id="unknown encryption"
    ),
    pytest.param({"encryptionConfiguration": {"encryptionType": "KMS"}}, "KmsException", id="KMS"),
    pytest.param(
        {"encryptionConfiguration": {"encryptionType": "AES256", "kmsKey": "alias/k"}},
        "InvalidParameterException",
        id="a key without KMS",
    ),
    pytest.param(
        {"encryptionConfiguration": {"encryptionType": "KMS_DSSE", "kmsKey": "alias/k"}}, "KmsException", id="KMS_DSSE"
    ),
    pytest.param({"tags": [{"Key": "", "Value": "v"}]}, "InvalidTagParameterException", id="empty key"),
    pytest.param({"tags": [{"Key": "k" * 129, "Value": "v"}]}, "InvalidTagParameterException", id="key too long"),
    pytest.param({"tags": [{"Key": "k", "Value": "v" * 257}]}, "InvalidTagParameterException", id="value too long"),
    pytest.param({"tags": [{"Key": "aws:k", "Value": "v"}]}, "InvalidTagParameterException", id="reserved prefix"),
    pytest.param(
        {"tags": [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]},
        "InvalidTagParameterException",
        id="one key twice",
    ),
    pytest.param({"tags": [{"Key": "k"}]}, "InvalidParameterException", id="tag without a value"),
]


@pytest.mark.parametrize(("members", "code"), REFUSED_CODES)
def test_each_broken_rule_has_its_code(wire: Any, members: dict[str, Any], code: str) -> None:
    """CreateRepository answers 400 with the code that ECR's model has for the broken rule, and makes nothing."""
    assert wire.refused("CreateRepository", repositoryName="demo", **members)[:2] == (400, code)
    assert wire("DescribeRepositories") == {"repositories": []}


def test_a_kms_error_names_itself(wire: Any) -> None:
    """KmsException carries the member kmsError, as its shape in ECR's model has it."""
    encryption = {"encryptionType": "KMS"}
    answer = wire.send("CreateRepository", {"repositoryName": "demo", "encryptionConfiguration": encryption})
    assert answer.body["kmsError"] == "KmsNotSupported"


def test_a_name_is_taken_once(wire: Any) -> None:
    """CreateRepository is not idempotent: the same name again is RepositoryAlreadyExists, whatever else it asks for."""
    wire("CreateRepository", repositoryName="demo")
    again = wire.refused("CreateRepository", repositoryName="demo", imageTagMutability="IMMUTABLE")
    assert again == refusal(
        "RepositoryAlreadyExistsException",
        f"The repository with name 'demo' already exists in the registry with id '{ACCOUNT}'",
    )
    assert wire("DescribeRepositories") == {"repositories": [described("demo")]}


def test_the_quota_of_repositories_holds(wire_with: Any) -> None:
    """The last repository within the quota is made, the next one is LimitExceeded, and deleting one makes room."""
    wire = wire_with(repositories=2)
    wire("CreateRepository", repositoryName="one")
    wire("CreateRepository", repositoryName="two")
    assert wire.refused("CreateRepository", repositoryName="three")[:2] == (400, "LimitExceededException")
    wire("DeleteRepository", repositoryName="one")
    wire("CreateRepository", repositoryName="three")


def test_registries_are_apart(wire: Any) -> None:
    """Each region and each account has names of its own, and each repository its registry's address and ARN."""
    wire("CreateRepository", repositoryName="demo")
    european = wire.send("CreateRepository", {"repositoryName": "demo"}, region="eu-west-1").body["repository"]
    assert european["repositoryArn"] == f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/demo"
    assert european["repositoryUri"] == f"{ACCOUNT}.dkr.ecr.eu-west-1.localhost:5050/demo"
    foreign = wire.send("CreateRepository", {"repositoryName": "demo"}, account=OTHER).body["repository"]
    assert foreign["repositoryArn"] == f"arn:aws:ecr:us-east-1:{OTHER}:repository/demo"
    assert foreign["repositoryUri"] == f"{OTHER}.dkr.ecr.us-east-1.localhost:5050/demo"
    assert wire("DescribeRepositories") == {"repositories": [described("demo")]}


def test_another_accounts_registry_is_closed(wire: Any) -> None:
    """registryId names another account's registry, and without a policy of that account everything there is denied."""
    for operation in ("CreateRepository", "DeleteRepository", "InitiateLayerUpload", "ListImages"):
        assert plain(wire.refused(operation, repositoryName="demo", registryId=OTHER)) == refusal(
            "AccessDeniedException",
            f"User: arn:aws:iam::{ACCOUNT}:user/administrator is not authorized to perform: ecr:{operation} "
            f"on resource: arn:aws:ecr:us-east-1:{OTHER}:repository/demo "
            f"because no resource-based policy allows the ecr:{operation} action",
        )


def test_describing_by_name_keeps_the_order(wire: Any) -> None:
    """DescribeRepositories answers the repositories that were named, once each, and no nextToken."""
    for name in ("one", "two", "three"):
        wire("CreateRepository", repositoryName=name)
    named = wire("DescribeRepositories", repositoryNames=["three", "one", "three"])
    assert named == {"repositories": [described("three"), described("one")]}


def test_one_unknown_name_fails_the_call(wire: Any) -> None:
    """DescribeRepositories of a known and an unknown name is RepositoryNotFound for the unknown one."""
    wire("CreateRepository", repositoryName="demo")
    assert wire.refused("DescribeRepositories", repositoryNames=["demo", "nowhere"]) == not_found("nowhere")


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param(
            {"repositoryNames": ["demo"], "maxResults": 10},
            invalid("maxResults", "This option cannot be used when you specify repositories with repositoryNames"),
            id="names and maxResults",
        ),
        pytest.param(
            {"repositoryNames": ["demo"], "nextToken": "x"},
            invalid("nextToken", "This option cannot be used when you specify repositories with repositoryNames"),
            id="names and nextToken",
        ),
        pytest.param(
            {"repositoryNames": []},
            invalid("repositoryNames", "Member must have length greater than or equal to 1"),
            id="no names",
        ),
        pytest.param(
            {"repositoryNames": [f"r{n}" for n in range(101)]},
            invalid("repositoryNames", "Member must have length less than or equal to 100"),
            id="101 names",
        ),
    ],
)
def test_describing_is_by_names_or_by_pages(wire: Any, members: dict[str, Any], expected: tuple[int, str, str]) -> None:
    """DescribeRepositories takes 1 to 100 names or paging, never both."""
    wire("CreateRepository", repositoryName="demo")
    assert wire.refused("DescribeRepositories", **members) == expected


def test_a_hundred_names_are_described(wire: Any) -> None:
    """DescribeRepositories takes as many names as ECR does."""
    names = [f"r{n:03}" for n in range(100)]
    for name in names:
        wire("CreateRepository", repositoryName=name)
    named = wire("DescribeRepositories", repositoryNames=names)["repositories"]
    assert [repository["repositoryName"] for repository in named] == names


def test_deleting_answers_what_was_deleted(wire: Any) -> None:
    """DeleteRepository answers the repository, after which it is not found and its name is free."""
    wire("CreateRepository", repositoryName="demo")
    assert wire("DeleteRepository", repositoryName="demo") == {"repository": described("demo")}
    assert wire.refused("DescribeRepositories", repositoryNames=["demo"]) == not_found("demo")
    assert wire.refused("DeleteRepository", repositoryName="demo") == not_found("demo")
    wire.clock.now += 1_500
    created = wire("CreateRepository", repositoryName="demo")["repository"]
    assert created == described("demo", createdAt=NOON + 1.5)


def test_images_keep_a_repository_unless_forced(wire: Any) -> None:
    """DeleteRepository refuses while there are images, tagged or not, and with force takes them along."""
    wire("CreateRepository", repositoryName="demo")
    wire.image("demo", "one", "latest")
    for members in ({}, {"force": False}):
        assert wire.refused("DeleteRepository", repositoryName="demo", **members) == refusal(
            "RepositoryNotEmptyException",
            f"The repository with name 'demo' in registry with id '{ACCOUNT}' "
            "cannot be deleted because it still contains images",
        )
    wire("DeleteRepository", repositoryName="demo", force=True)
    wire("CreateRepository", repositoryName="demo")
    assert wire("ListImages", repositoryName="demo") == {"imageIds": []}


def test_layers_alone_do_not_keep_a_repository(wire: Any) -> None:
    """DeleteRepository succeeds where only layers and an unfinished upload are left."""
    wire("CreateRepository", repositoryName="demo")
    wire.layer("demo", b"layer")
    wire("InitiateLayerUpload", repositoryName="demo")
    wire("DeleteRepository", repositoryName="demo")


class Full:
    """Repositories on a disk that is full."""

    async def create(self, registry: object, new: object) -> NoReturn:
        del registry, new
        raise StorageFull


def test_a_full_disk_is_our_own_fault(wire: Any) -> None:
    """Where the machine fails, an operation is a ServerException with 500, which SDKs try again."""
    broken = replace(wire, door=AwsDoor(replace(wire.services, repositories=Full())))
    assert broken.refused("CreateRepository", repositoryName="demo") == (
        500,
        "ServerException",
        "The registry's storage is full",
    )
