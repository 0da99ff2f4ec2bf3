"""TagResource, UntagResource and ListTagsForResource: request and answer, sentence by sentence."""

from typing import Any

import pytest

from tests.bed.access import plain

ACCOUNT = "123456789012"
OTHER = "210987654321"
DEMO = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/demo"

OPERATIONS: list[tuple[str, dict[str, Any]]] = [
    ("TagResource", {"tags": [{"Key": "k", "Value": "v"}]}),
    ("UntagResource", {"tagKeys": ["k"]}),
    ("ListTagsForResource", {}),
]


def refusal(code: str, sentence: str) -> tuple[int, str, str]:
    """How the AWS door says no: always 400, with ECR's code and sentence."""
    return 400, code, sentence


def invalid(member: str, reason: str) -> tuple[int, str, str]:
    sentence = f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'"
    return refusal("InvalidParameterException", sentence)


def bad_tag(sentence: str) -> tuple[int, str, str]:
    return refusal("InvalidTagParameterException", sentence)


TOO_MANY = refusal(
    "TooManyTagsException", "The list of tags on the repository is over the limit. The maximum number of tags is 50"
)


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture
def demo(wire: Any) -> Any:
    """A client of a registry that has an empty repository demo without resource tags."""
    wire("CreateRepository", repositoryName="demo")
    return wire


def tag(wire: Any, **tags: str) -> Any:
    return wire("TagResource", resourceArn=DEMO, tags=pairs(tags))


def listed(wire: Any) -> Any:
    return wire("ListTagsForResource", resourceArn=DEMO)


def test_a_repository_without_tags(demo: Any) -> None:
    """ListTagsForResource of a repository without tags is an empty list, not a missing one."""
    assert listed(demo) == {"tags": []}


def test_tags_of_creation_are_listed(wire: Any) -> None:
    """The ARN that CreateRepository answers leads to the tags that it was given, as Terraform reads them back."""
    made = wire("CreateRepository", repositoryName="demo", tags=pairs({"env": "prod", "Cost Center": ""}))
    arn = made["repository"]["repositoryArn"]
    assert wire("ListTagsForResource", resourceArn=arn) == {"tags": pairs({"Cost Center": "", "env": "prod"})}


def test_tagging_merges(demo: Any) -> None:
    """TagResource answers nothing, adds its tags to those that are there, and gives a key that is there a new value."""
    assert tag(demo, b="1", c="1") == {}
    assert tag(demo, c="2", a="2", B="2") == {}
    assert listed(demo) == {"tags": pairs({"B": "2", "a": "2", "b": "1", "c": "2"})}
    assert demo("TagResource", resourceArn=DEMO, tags=[]) == {}
    assert listed(demo) == listed(demo) == {"tags": pairs({"B": "2", "a": "2", "b": "1", "c": "2"})}


def test_untagging(demo: Any) -> None:
    """UntagResource answers nothing and removes the keys that are there; the others it passes over in silence."""
    tag(demo, a="1", b="1", c="1")
    assert demo("UntagResource", resourceArn=DEMO, tagKeys=["b", "b", "B", "absent", "c"]) == {}
    assert listed(demo) == {"tags": pairs({"a": "1"})}
    assert demo("UntagResource", resourceArn=DEMO, tagKeys=["absent"]) == {}
    assert demo("UntagResource", resourceArn=DEMO, tagKeys=[]) == {}
    assert listed(demo) == {"tags": pairs({"a": "1"})}


def test_tags_are_the_repositorys_own(demo: Any) -> None:
    """Neither a repository below it by name nor a later one of the same name has a repository's resource tags."""
    demo("CreateRepository", repositoryName="demo/child")
    tag(demo, k="v")
    assert demo("ListTagsForResource", resourceArn=f"{DEMO}/child") == {"tags": []}
    demo("DeleteRepository", repositoryName="demo")
    demo("CreateRepository", repositoryName="demo")
    assert listed(demo) == {"tags": []}


def test_tags_change_nothing_else(demo: Any) -> None:
    """Resource tags are no image tags and are not part of the repository's description."""
    demo.image("demo", "content", "v1")
    before = demo("DescribeRepositories"), demo("DescribeImages", repositoryName="demo")
    tag(demo, v1="v", v2="v")
    demo("UntagResource", resourceArn=DEMO, tagKeys=["v1"])
    assert (demo("DescribeRepositories"), demo("DescribeImages", repositoryName="demo")) == before


def test_fifty_tags_are_the_most(demo: Any) -> None:
    """A repository takes fifty tags and no fifty-first, all at once or one by one, and a refusal changes nothing."""
    many = {f"k{number:02}": "v" for number in range(51)}
    assert demo.refused("TagResource", resourceArn=DEMO, tags=pairs(many)) == TOO_MANY
    assert listed(demo) == {"tags": []}
    del many["k50"]
    tag(demo, **many)
    full = {"tags": pairs(many)}
    assert listed(demo) == full
    assert demo.refused("TagResource", resourceArn=DEMO, tags=pairs({"k00": "changed", "more": "v"})) == TOO_MANY
    assert listed(demo) == full
    tag(demo, k00="changed")
    demo("UntagResource", resourceArn=DEMO, tagKeys=["k49"])
    tag(demo, more="v")
    assert len(listed(demo)["tags"]) == 50
    refused = demo.refused("UntagResource", resourceArn=DEMO, tagKeys=[f"k{number}" for number in range(51)])
    assert refused == TOO_MANY
    assert len(listed(demo)["tags"]) == 50
    demo("UntagResource", resourceArn=DEMO, tagKeys=[each["Key"] for each in listed(demo)["tags"]])
    assert listed(demo) == {"tags": []}


KEY_LENGTH = "A tag's key must have 1 to 128 characters"
KEY_CHARACTERS = "A tag's key may have letters, numbers, spaces and _ . : / = + - @ only"
BAD_KEYS = [
    pytest.param("", KEY_LENGTH, id="empty key"),
    pytest.param("k" * 129, KEY_LENGTH, id="key too long"),
    pytest.param("a,b", KEY_CHARACTERS, id="comma in the key"),
    pytest.param("<script>", KEY_CHARACTERS, id="markup in the key"),
    pytest.param("a\n", KEY_CHARACTERS, id="line end in the key"),
    pytest.param("a\0b", KEY_CHARACTERS, id="NUL in the key"),
    pytest.param("aws:k", "The tag key 'aws:k' may not be set: what begins with aws: is reserved", id="reserved key"),
    pytest.param("AWS:k", "The tag key 'AWS:k' may not be set: what begins with aws: is reserved", id="AWS:"),
]


@pytest.mark.parametrize(("key", "sentence"), BAD_KEYS)
def test_a_key_that_may_not_be_is_refused(demo: Any, key: str, sentence: str) -> None:
    """Wherever a key is given, one that no tag may have is InvalidTagParameter, and nothing is changed."""
    tag(demo, here="v")
    tags = pairs({"good": "v", key: "v"})
    assert demo.refused("TagResource", resourceArn=DEMO, tags=tags) == bad_tag(sentence)
    assert demo.refused("UntagResource", resourceArn=DEMO, tagKeys=["here", key]) == bad_tag(sentence)
    assert demo.refused("CreateRepository", repositoryName="other", tags=tags) == bad_tag(sentence)
    assert listed(demo) == {"tags": pairs({"here": "v"})}


BAD_VALUES = [
    pytest.param("v" * 257, "A tag's value may have 256 characters at the most", id="value too long"),
    pytest.param(
        "a;b", "A tag's value may have letters, numbers, spaces and _ . : / = + - @ only", id="semicolon in the value"
    ),
    pytest.param(
        "aws:v", "The tag value 'aws:v' may not be set: what begins with aws: is reserved", id="reserved value"
    ),
]


@pytest.mark.parametrize(("value", "sentence"), BAD_VALUES)
def test_a_value_that_may_not_be_is_refused(demo: Any, value: str, sentence: str) -> None:
    """A value that no tag may have is InvalidTagParameter, and nothing is changed."""
    tags = pairs({"good": "v", "k": value})
    assert demo.refused("TagResource", resourceArn=DEMO, tags=tags) == bad_tag(sentence)
    assert demo.refused("CreateRepository", repositoryName="other", tags=tags) == bad_tag(sentence)
    assert listed(demo) == {"tags": []}


def test_a_key_stands_once_in_a_request(demo: Any) -> None:
    """One key twice in a request is InvalidTagParameter; keys that differ in a capital are two."""
    tags = pairs({"k": "1"}) + pairs({"k": "1"})
    refused = demo.refused("TagResource", resourceArn=DEMO, tags=tags)
    assert refused == bad_tag("Duplicate tag keys are not allowed")
    tag(demo, k="1", K="2")
    assert listed(demo) == {"tags": pairs({"K": "2", "k": "1"})}


def test_every_script_and_sign(demo: Any) -> None:
    """Letters, numbers and spaces of any script and the eight signs come back as they were given, at full length."""
    tags = {"_.:/=+-@": "_.:/=+-@", "Kosten Stelle ß": "½ ٣", "名前": "é" * 256, "é" * 128: ""}
    tag(demo, **tags)
    assert listed(demo) == {"tags": pairs(dict(sorted(tags.items())))}


@pytest.mark.parametrize(
    ("operation", "members", "expected"),
    [
        ("TagResource", {"resourceArn": DEMO}, invalid("tags", "Member must not be null")),
        ("TagResource", {"tags": []}, invalid("resourceArn", "Member must not be null")),
        (
            "TagResource",
            {"resourceArn": DEMO, "tags": [{"Key": "k", "Value": None}]},
            invalid("tags.1.member.value", "Member must not be null"),
        ),
        (
            "TagResource",
            {"resourceArn": DEMO, "tags": [{"key": "k", "value": "v"}]},
            invalid("tags.1.member.key", "Member must not be null"),
        ),
        ("UntagResource", {"resourceArn": DEMO}, invalid("tagKeys", "Member must not be null")),
        ("UntagResource", {"tagKeys": ["k"]}, invalid("resourceArn", "Member must not be null")),
        ("ListTagsForResource", {}, invalid("resourceArn", "Member must not be null")),
    ],
)
def test_required_members(demo: Any, operation: str, members: dict[str, Any], expected: tuple[int, str, str]) -> None:
    """What a request must have is asked for by name; Key and Value have capitals."""
    assert demo.refused(operation, **members) == expected
    assert listed(demo) == {"tags": []}


@pytest.mark.parametrize(("operation", "members"), OPERATIONS)
@pytest.mark.parametrize(
    "arn",
    [
        "",
        "demo",
        "arn:aws:ecr:us-east-1",
        f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/",
        f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/*",
        f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/Demo",
        f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/demo\n",
        f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/demo/../demo",
        f"arn:aws:ecr:us-east-1:{ACCOUNT}:demo",
        f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/demo",
        f"arn:aws-cn:ecr:us-east-1:{ACCOUNT}:repository/demo",
        f"arn:aws:ecs:us-east-1:{ACCOUNT}:repository/demo",
        f"arn:aws:ecr-public::{ACCOUNT}:repository/demo",
        "arn:aws:ecr:us-east-1:12345678901:repository/demo",
        "arn:aws:ecr:us-east-1::repository/demo",
        "a" * 1_000_000,
    ],
)
def test_what_is_no_repositorys_arn_is_refused(demo: Any, operation: str, members: dict[str, Any], arn: str) -> None:
    """A resourceArn that is not the ARN of a repository of this partition, service and region is an Invalid ARN."""
    assert demo.refused(operation, resourceArn=arn, **members) == invalid("resourceArn", "Invalid ARN")


@pytest.mark.parametrize(("operation", "members"), OPERATIONS)
def test_an_absent_repository(demo: Any, operation: str, members: dict[str, Any]) -> None:
    """The ARN of a repository that is not there, or not any more, is RepositoryNotFound."""
    demo("CreateRepository", repositoryName="gone")
    demo("DeleteRepository", repositoryName="gone")
    for name in ("absent", "gone", "demo/child"):
        arn = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{name}"
        assert demo.refused(operation, resourceArn=arn, **members) == refusal(
            "RepositoryNotFoundException",
            f"The repository with name '{name}' does not exist in the registry with id '{ACCOUNT}'",
        )


@pytest.mark.parametrize(("operation", "members"), OPERATIONS)
def test_another_accounts_repository_is_closed(demo: Any, operation: str, members: dict[str, Any]) -> None:
    """The ARN of another account's repository is denied in one sentence, whether there is such a repository or not."""
    tag(demo, here="v")
    for name in ("demo", "absent"):
        arn = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{name}"
        assert plain(demo.send(operation, {"resourceArn": arn, **members}, account=OTHER).refusal) == refusal(
            "AccessDeniedException",
            f"User: arn:aws:iam::{OTHER}:user/administrator is not authorized to perform: ecr:{operation} "
            f"on resource: {arn} because no resource-based policy allows the ecr:{operation} action",
        )
    assert listed(demo) == {"tags": pairs({"here": "v"})}


def test_a_region_has_its_own(demo: Any) -> None:
    """A repository is tagged in its region, and its namesake in another region stays as it is."""
    european = DEMO.replace("us-east-1", "eu-west-1")
    demo.send("CreateRepository", {"repositoryName": "demo"}, region="eu-west-1")
    demo.send("TagResource", {"resourceArn": european, "tags": pairs({"k": "v"})}, region="eu-west-1")
    answer = demo.send("ListTagsForResource", {"resourceArn": european}, region="eu-west-1")
    assert answer.body == {"tags": pairs({"k": "v"})}
    assert listed(demo) == {"tags": []}
    wrong = demo.send("ListTagsForResource", {"resourceArn": DEMO}, region="eu-west-1")
    assert wrong.refusal == invalid("resourceArn", "Invalid ARN")


def test_another_accounts_namesake_is_another(demo: Any) -> None:
    """Each account tags its own repository of a name."""
    foreign = DEMO.replace(ACCOUNT, OTHER)
    demo.send("CreateRepository", {"repositoryName": "demo"}, account=OTHER)
    demo.send("TagResource", {"resourceArn": foreign, "tags": pairs({"k": "v"})}, account=OTHER)
    assert demo.send("ListTagsForResource", {"resourceArn": foreign}, account=OTHER).body == {"tags": pairs({"k": "v"})}
    assert listed(demo) == {"tags": []}
