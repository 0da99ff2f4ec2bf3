"""PutImageTagMutability: request and answer, sentence by sentence, and what it does to PutImage."""

from typing import Any

import pytest

from tests.bed.access import plain

ACCOUNT = "123456789012"
OTHER = "210987654321"
FILTERS = "imageTagMutabilityExclusionFilters"
MODES = ["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"]


def refusal(code: str, sentence: str) -> tuple[int, str, str]:
    """How the AWS door says no: always 400, with ECR's code and sentence."""
    return 400, code, sentence


def invalid(member: str, reason: str) -> tuple[int, str, str]:
    sentence = f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'"
    return refusal("InvalidParameterException", sentence)


def not_found(name: str) -> tuple[int, str, str]:
    sentence = f"The repository with name '{name}' does not exist in the registry with id '{ACCOUNT}'"
    return refusal("RepositoryNotFoundException", sentence)


def immutable(tag: str) -> tuple[int, str, str]:
    return refusal(
        "ImageTagAlreadyExistsException",
        f"The image tag '{tag}' already exists in the 'demo' repository "
        "and cannot be overwritten because the tag is immutable.",
    )


def wildcards(*filters: str) -> list[dict[str, str]]:
    return [{"filterType": "WILDCARD", "filter": each} for each in filters]


def setting(mode: str, *filters: str) -> dict[str, Any]:
    """The members of a request, and of an answer, that say a mode and its filters."""
    return {"imageTagMutability": mode} | ({FILTERS: wildcards(*filters)} if filters else {})


@pytest.fixture
def demo(wire: Any) -> Any:
    """A client of a registry that has an empty, mutable repository demo."""
    wire("CreateRepository", repositoryName="demo")
    return wire


def put(wire: Any, mode: str, *filters: str) -> Any:
    return wire("PutImageTagMutability", repositoryName="demo", **setting(mode, *filters))


def shown(wire: Any) -> dict[str, Any]:
    """The mode and the filters that DescribeRepositories shows."""
    (repository,) = wire("DescribeRepositories", repositoryNames=["demo"])["repositories"]
    return {member: repository[member] for member in ("imageTagMutability", FILTERS) if member in repository}


def push(wire: Any, content: str, tag: str) -> str | tuple[int, str, str]:
    """Puts an image of that content under a tag: its digest, or how it was refused."""
    manifest = wire.manifest("demo", content.encode())
    answer = wire.send("PutImage", {"repositoryName": "demo", "imageManifest": manifest, "imageTag": tag})
    return answer.body["image"]["imageId"]["imageDigest"] if answer.status == 200 else answer.refusal


def tags(wire: Any) -> dict[str, str]:
    listed = wire("ListImages", repositoryName="demo", filter={"tagStatus": "TAGGED"})["imageIds"]
    return {each["imageTag"]: each["imageDigest"] for each in listed}


@pytest.mark.parametrize(
    "given",
    [
        setting("MUTABLE"),
        setting("IMMUTABLE"),
        setting("IMMUTABLE_WITH_EXCLUSION", "latest"),
        setting("MUTABLE_WITH_EXCLUSION", "v*.*", "release-*", "*", "a", "Z" * 128),
        setting("MUTABLE_WITH_EXCLUSION", "a", "a"),
    ],
)
@pytest.mark.parametrize("registry", [{}, {"registryId": ACCOUNT}])
def test_setting_answers_what_is_set(demo: Any, given: dict[str, Any], registry: dict[str, str]) -> None:
    """PutImageTagMutability answers registry, repository, mode and filters, and DescribeRepositories repeats them."""
    answer = demo("PutImageTagMutability", repositoryName="demo", **given, **registry)
    assert answer == {"registryId": ACCOUNT, "repositoryName": "demo", **given}
    assert shown(demo) == given
    assert demo("PutImageTagMutability", repositoryName="demo", **given, **registry) == answer


def test_setting_replaces_the_whole(demo: Any) -> None:
    """Filters that are not given again are gone: other filters replace them, and a plain mode drops them."""
    put(demo, "IMMUTABLE_WITH_EXCLUSION", "dev-*", "latest")
    put(demo, "IMMUTABLE_WITH_EXCLUSION", "nightly")
    assert shown(demo) == setting("IMMUTABLE_WITH_EXCLUSION", "nightly")
    put(demo, "MUTABLE_WITH_EXCLUSION", "v*")
    assert shown(demo) == setting("MUTABLE_WITH_EXCLUSION", "v*")
    put(demo, "IMMUTABLE")
    assert shown(demo) == setting("IMMUTABLE")
    refused = demo.refused("PutImageTagMutability", repositoryName="demo", **setting("IMMUTABLE_WITH_EXCLUSION"))
    assert refused[1] == "InvalidParameterException"


def test_setting_changes_nothing_else(wire: Any) -> None:
    """The rest of the repository is as it was created, other repositories too."""
    tags = [{"Key": "k", "Value": "v"}]
    scanning = {"scanOnPush": True}
    for name in ("demo", "other"):
        wire("CreateRepository", repositoryName=name, tags=tags, imageScanningConfiguration=scanning)
    before = wire("DescribeRepositories")["repositories"]
    wire.clock.now += 1000
    put(wire, "IMMUTABLE")
    assert wire("DescribeRepositories")["repositories"] == [before[0] | setting("IMMUTABLE"), before[1]]
    assert wire("ListTagsForResource", resourceArn=before[0]["repositoryArn"]) == {"tags": tags}


REFUSED = [
    pytest.param({}, invalid("imageTagMutability", "Member must not be null"), id="no mode"),
    pytest.param(
        setting("FROZEN"),
        invalid("imageTagMutability", f"Member must satisfy enum value set: [{', '.join(MODES)}]"),
        id="unknown mode",
    ),
    *(
        pytest.param(
            setting(mode),
            invalid(
                FILTERS, f"ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as {mode}"
            ),
            id=f"{mode} without filters",
        )
        for mode in MODES[2:]
    ),
    *(
        pytest.param(
            setting(mode, "a"),
            invalid(
                FILTERS, f"ImageTagMutabilityExclusionFilters can't be set when imageTagMutability is set as {mode}"
            ),
            id=f"{mode} with filters",
        )
        for mode in MODES[:2]
    ),
    *(
        pytest.param(
            {"imageTagMutability": mode, FILTERS: []},
            invalid(FILTERS, "Member must have length greater than or equal to 1"),
            id=f"{mode} with no filter in the list",
        )
        for mode in MODES
    ),
    pytest.param(
        setting("IMMUTABLE_WITH_EXCLUSION", "a", "b", "c", "d", "e", "f"),
        invalid(FILTERS, "Member must have length less than or equal to 5"),
        id="six filters",
    ),
    pytest.param(
        setting("IMMUTABLE_WITH_EXCLUSION", "a", "b*c*d*e"),
        invalid(FILTERS, "a filter may have 2 wildcards (*) at the most"),
        id="three wildcards",
    ),
    pytest.param(
        setting("IMMUTABLE_WITH_EXCLUSION", "***"),
        invalid(FILTERS, "a filter may have 2 wildcards (*) at the most"),
        id="three wildcards in a row",
    ),
]


@pytest.mark.parametrize(("members", "expected"), REFUSED)
def test_a_setting_that_may_not_be_is_refused(
    demo: Any, members: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    """PutImageTagMutability refuses each broken rule in ECR's sentence, and the repository keeps what it had."""
    before = put(demo, "MUTABLE_WITH_EXCLUSION", "v*")
    assert demo.refused("PutImageTagMutability", repositoryName="demo", **members) == expected
    assert shown(demo).items() <= before.items()


@pytest.mark.parametrize("text", ["", "a" * 129, "a b", "a/b", "a:b", "a?", "[ab]", "é", "a\n", "a\0", "**\n"])
@pytest.mark.parametrize("operation", ["PutImageTagMutability", "CreateRepository"])
def test_a_filter_has_tag_characters(wire: Any, operation: str, text: str) -> None:
    """A filter is 1 to 128 of a tag's characters and the asterisk; anything else is InvalidParameter at the filters."""
    if operation == "PutImageTagMutability":
        wire("CreateRepository", repositoryName="demo")
    before = wire("DescribeRepositories")
    members = setting("IMMUTABLE_WITH_EXCLUSION", "good", text)
    _, code, sentence = wire.refused(operation, repositoryName="demo", **members)
    assert code == "InvalidParameterException"
    assert FILTERS in sentence
    assert wire("DescribeRepositories") == before


@pytest.mark.parametrize(
    "broken",
    [
        {"filterType": "REGEX", "filter": "a"},
        {"filter": "a"},
        {"filterType": "WILDCARD"},
        {"filterType": "WILDCARD", "filter": None},
    ],
)
def test_a_filter_is_a_wildcard(demo: Any, broken: dict[str, Any]) -> None:
    """A filter must say its type, which is WILDCARD, and its text."""
    members = {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", FILTERS: [broken]}
    refused = demo.refused("PutImageTagMutability", repositoryName="demo", **members)
    assert refused[:2] == (400, "InvalidParameterException")
    assert shown(demo) == setting("MUTABLE")


def test_only_an_own_repository_that_is_there(demo: Any) -> None:
    """A repository that is absent, deleted or in another region is RepositoryNotFound, another account's is denied."""
    for name in ("absent", "demo/other"):
        refused = demo.refused("PutImageTagMutability", repositoryName=name, **setting("IMMUTABLE"))
        assert refused == not_found(name)
    named = {"repositoryName": "demo", **setting("IMMUTABLE")}
    assert demo.send("PutImageTagMutability", named, region="eu-west-1").refusal == not_found("demo")
    refused = demo.send("PutImageTagMutability", named | {"registryId": ACCOUNT}, account=OTHER).refusal
    assert plain(refused) == refusal(
        "AccessDeniedException",
        f"User: arn:aws:iam::{OTHER}:user/administrator is not authorized to perform: ecr:PutImageTagMutability "
        f"on resource: arn:aws:ecr:us-east-1:{ACCOUNT}:repository/demo "
        "because no resource-based policy allows the ecr:PutImageTagMutability action",
    )
    assert shown(demo) == setting("MUTABLE")
    demo("DeleteRepository", repositoryName="demo")
    assert demo.refused("PutImageTagMutability", **named) == not_found("demo")


# What it does to PutImage


def test_tags_that_are_there_stay(demo: Any) -> None:
    """Setting a mode moves, adds and removes no tag and no image."""
    demo.image("demo", "one", "v1", "latest")
    demo.image("demo", "two", "latest")
    before = demo("DescribeImages", repositoryName="demo")
    for mode in MODES:
        put(demo, mode, *(["v*"] if mode.endswith("EXCLUSION") else []))
        assert demo("DescribeImages", repositoryName="demo") == before


def test_a_mode_set_between_two_pushes_holds_for_the_second(demo: Any) -> None:
    """Each push is judged by the mode at its time, for tags that were there before too."""
    push(demo, "1", "v1")
    put(demo, "IMMUTABLE")
    assert push(demo, "2", "v1") == immutable("v1")
    put(demo, "IMMUTABLE_WITH_EXCLUSION", "v*")
    third = push(demo, "3", "v1")
    put(demo, "MUTABLE_WITH_EXCLUSION", "v1")
    assert push(demo, "4", "v1") == immutable("v1")
    assert tags(demo) == {"v1": third}
    put(demo, "MUTABLE_WITH_EXCLUSION", "v2")
    fifth = push(demo, "5", "v1")
    put(demo, "MUTABLE")
    assert tags(demo) == {"v1": fifth}
    sixth = push(demo, "6", "v1")
    assert tags(demo) == {"v1": sixth}


NAMED = [
    pytest.param("latest", ["latest"], ["Latest", "latest1", "1latest", "lates"], id="an exact name"),
    pytest.param("dev-*", ["dev-", "dev-1", "dev--", "dev-x.y_z"], ["dev", "Dev-1", "xdev-1"], id="a prefix"),
    pytest.param("*-rc", ["1-rc", "a-rc-rc"], ["1-rc1", "1-RC", "rc"], id="an ending"),
    pytest.param("v*.*", ["v.", "v1.", "v1.0", "v1.0.1"], ["v", "v1", "1.0"], id="two wildcards"),
    pytest.param("*a*", ["a", "aa", "bab"], ["b", "A"], id="anywhere"),
    pytest.param("*", ["a", "_", "A.b-c"], [], id="everything"),
    pytest.param("**", ["a", "_"], [], id="everything, said twice"),
    pytest.param("1.0", ["1.0"], ["1x0", "100", "1.0.0"], id="a dot is a dot"),
    pytest.param("a*a", ["aa", "aba"], ["a", "ab"], id="the ends do not overlap"),
    pytest.param("a-*-b", ["a--b", "a-1-b"], ["a-b"], id="a wildcard for nothing"),
]


@pytest.mark.parametrize("mode", ["IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"])
@pytest.mark.parametrize(("wildcard", "named", "others"), NAMED)
def test_filters_name_tags(demo: Any, mode: str, wildcard: str, named: list[str], others: list[str]) -> None:
    """A filter names the tags that it fits whole, in capitals too, an asterisk standing for anything or nothing."""
    old = demo.image("demo", "old", *named, *others)
    put(demo, mode, "unused", wildcard)
    movable, fixed = (named, others) if mode == "IMMUTABLE_WITH_EXCLUSION" else (others, named)
    for tag in fixed:
        assert push(demo, "new", tag) == immutable(tag)
    moved = {tag: push(demo, "new", tag) for tag in movable}
    assert len(set(moved.values())) <= 1
    assert tags(demo) == dict.fromkeys(fixed, old) | moved
    assert old not in moved.values()


@pytest.mark.parametrize("mode", [("IMMUTABLE",), ("IMMUTABLE_WITH_EXCLUSION", "x"), ("MUTABLE_WITH_EXCLUSION", "*")])
def test_new_tags_and_deleted_tags_are_free(demo: Any, mode: tuple[str, ...]) -> None:
    """An immutable repository takes new tags, for images that are there too, and a tag again that was deleted."""
    put(demo, *mode)
    first = push(demo, "1", "v1")
    assert push(demo, "1", "v2") == first
    for named in ({"imageTag": "v1"}, {"imageDigest": first}):
        demo("BatchDeleteImage", repositoryName="demo", imageIds=[named])
    second = push(demo, "2", "v1")
    assert tags(demo) == {"v1": second}
    assert push(demo, "1", "v1") == immutable("v1")
