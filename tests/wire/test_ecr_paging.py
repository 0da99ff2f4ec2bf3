"""maxResults and nextToken of DescribeRepositories, ListImages and DescribeImages."""

from collections.abc import Callable
from typing import Any

import pytest

OTHER = "210987654321"


def refusal(code: str, sentence: str) -> tuple[int, str, str]:
    """How the AWS door says no: always 400, with ECR's code and sentence."""
    return 400, code, sentence


INVALID_TOKEN = refusal(
    "InvalidParameterException",
    "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'",
)


def pages(wire: Any, operation: str, items: str, **members: Any) -> list[list[Any]]:
    """Every page of a list, in order, read as a client reads it."""
    answer = wire(operation, **members)
    found = [answer[items]]
    while "nextToken" in answer:
        answer = wire(operation, **members, nextToken=answer["nextToken"])
        found.append(answer[items])
    return found


def repositories(wire: Any, count: int) -> None:
    for number in range(count):
        wire("CreateRepository", repositoryName=f"r{number:03}")


def images(wire: Any, count: int) -> None:
    """Tagged images t000 … in the repository demo, and as many untagged ones."""
    wire("CreateRepository", repositoryName="demo")
    for number in range(count):
        wire.image("demo", f"tagged {number}", f"t{number:03}")
        wire.image("demo", f"untagged {number}")


LISTS = [
    pytest.param("DescribeRepositories", {}, repositories, "repositories", 7, id="DescribeRepositories"),
    pytest.param("ListImages", {"repositoryName": "demo"}, images, "imageIds", 14, id="ListImages"),
    pytest.param("DescribeImages", {"repositoryName": "demo"}, images, "imageDetails", 14, id="DescribeImages"),
]


@pytest.mark.parametrize(("operation", "members", "furnish", "items", "total"), LISTS)
@pytest.mark.parametrize("limit", [1, 3, 7, 14, 1000])
def test_every_item_is_on_one_page(
    wire: Any,
    operation: str,
    members: dict[str, Any],
    furnish: Callable[[Any, int], None],
    items: str,
    total: int,
    limit: int,
) -> None:
    """Whatever the page size, the pages hold every item once, are full but for the last, and the last has no token."""
    furnish(wire, 7)
    found = pages(wire, operation, items, maxResults=limit, **members)
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert len(found) == -(-total // limit)
    flat = [str(item) for page in found for item in page]
    assert len(flat) == len(set(flat)) == total


@pytest.mark.parametrize(("operation", "members", "furnish", "items", "total"), LISTS)
@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (0, "Member must have value greater than or equal to 1"),
        (1001, "Member must have value less than or equal to 1000"),
    ],
)
def test_page_sizes_have_bounds(
    wire: Any,
    operation: str,
    members: dict[str, Any],
    furnish: Callable[[Any, int], None],
    items: str,
    total: int,
    limit: int,
    sentence: str,
) -> None:
    """maxResults below 1 or above 1000 is refused in ECR's sentence."""
    del items, total
    furnish(wire, 1)
    assert wire.refused(operation, maxResults=limit, **members) == refusal(
        "InvalidParameterException",
        f"Invalid parameter at 'maxResults' failed to satisfy constraint: '{sentence}'",
    )


def test_a_page_holds_a_hundred_by_default(wire: Any) -> None:
    """Where maxResults is not given, a page holds 100 items and the token leads to the rest."""
    repositories(wire, 101)
    assert [len(page) for page in pages(wire, "DescribeRepositories", "repositories")] == [100, 1]
    manifest = wire.manifest("r000", b"layer")
    for number in range(101):
        wire("PutImage", repositoryName="r000", imageManifest=manifest, imageTag=f"t{number:03}")
    assert [len(page) for page in pages(wire, "ListImages", "imageIds", repositoryName="r000")] == [100, 1]


def test_a_full_last_page_has_no_token(wire: Any) -> None:
    """The page that ends exactly at the last item carries no nextToken."""
    repositories(wire, 4)
    assert [len(page) for page in pages(wire, "DescribeRepositories", "repositories", maxResults=2)] == [2, 2]


def test_what_is_made_between_pages_disturbs_nothing(wire: Any) -> None:
    """A list read while repositories come and go shows each that stayed exactly once."""
    repositories(wire, 4)
    first = wire("DescribeRepositories", maxResults=2)
    wire("DeleteRepository", repositoryName=first["repositories"][-1]["repositoryName"])
    wire("CreateRepository", repositoryName="aaa")
    rest = wire("DescribeRepositories", maxResults=10, nextToken=first["nextToken"])
    assert [each["repositoryName"] for each in rest["repositories"]] == ["r002", "r003"]


def changed(token: str, at: int) -> str:
    """The token with one character replaced by another."""
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


def test_a_changed_token_is_refused(wire: Any) -> None:
    """A nextToken in which any one character was changed, cut off or added is an invalid token."""
    repositories(wire, 2)
    token = wire("DescribeRepositories", maxResults=1)["nextToken"]
    forged = [changed(token, at) for at in (*range(0, len(token), 7), len(token) - 1)]
    for text in (*forged, token[:-1], token + "A", token + "=", "", "x", "a.b", "é", "." * 5000):
        assert wire.refused("DescribeRepositories", nextToken=text) == INVALID_TOKEN


def test_a_token_opens_only_its_own_list(wire: Any) -> None:
    """A nextToken of another operation, repository, filter, region or account is an invalid token."""
    images(wire, 2)
    wire("CreateRepository", repositoryName="other")
    token = wire("ListImages", repositoryName="demo", maxResults=1)["nextToken"]
    assert "imageIds" in wire("ListImages", repositoryName="demo", nextToken=token)
    foreign: list[tuple[str, dict[str, Any]]] = [
        ("DescribeRepositories", {}),
        ("DescribeImages", {"repositoryName": "demo"}),
        ("ListImages", {"repositoryName": "other"}),
        ("ListImages", {"repositoryName": "demo", "filter": {"tagStatus": "TAGGED"}}),
        ("ListImages", {"repositoryName": "demo", "filter": {"imageStatus": "ANY"}}),
    ]
    for operation, members in foreign:
        assert wire.refused(operation, nextToken=token, **members) == INVALID_TOKEN


def test_a_token_opens_only_its_own_registry(wire: Any) -> None:
    """A nextToken from one region or account is an invalid token in every other."""
    repositories(wire, 2)
    token = wire("DescribeRepositories", maxResults=1)["nextToken"]
    for elsewhere in ({"region": "eu-west-1"}, {"account": OTHER}):
        assert wire.send("DescribeRepositories", {"nextToken": token}, **elsewhere).refusal == INVALID_TOKEN


def test_the_page_size_may_change_on_the_way(wire: Any) -> None:
    """A nextToken is good with another maxResults than the one it was issued under."""
    repositories(wire, 5)
    token = wire("DescribeRepositories", maxResults=1)["nextToken"]
    rest = wire("DescribeRepositories", maxResults=100, nextToken=token)
    assert [each["repositoryName"] for each in rest["repositories"]] == ["r001", "r002", "r003", "r004"]
    assert "nextToken" not in rest


@pytest.mark.parametrize(("operation", "members", "furnish", "items", "total"), LISTS)
def test_a_token_is_good_for_a_day(
    wire: Any,
    operation: str,
    members: dict[str, Any],
    furnish: Callable[[Any, int], None],
    items: str,
    total: int,
) -> None:
    """A nextToken opens its list for 24 hours, and is an invalid token a moment later."""
    del total
    furnish(wire, 2)
    token = wire(operation, maxResults=1, **members)["nextToken"]
    wire.clock.now += 24 * 3600 * 1000
    assert wire(operation, nextToken=token, **members)[items]
    wire.clock.now += 1
    assert wire.refused(operation, nextToken=token, **members) == INVALID_TOKEN


@pytest.mark.parametrize(
    "token",
    ["' OR 1=1 --", '{"after":""}', "%", "_", "\\", "$ne", "a.b.c", "🚀", "../../etc", "eyJhZnRlciI6IiJ9.AAAA", "[]"],
)
@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("DescribeRepositories", {}),
        ("ListImages", {"repositoryName": "demo"}),
        ("DescribeImages", {"repositoryName": "demo"}),
        ("ListImageReferrers", {"repositoryName": "demo", "subjectId": {"imageDigest": "sha256:" + "0" * 64}}),
    ],
)
def test_s20_tokens_are_ours(wire: Any, operation: str, members: dict[str, Any], token: str) -> None:
    """S20: a nextToken is never read as part of a statement: whatever we did not issue is an invalid token."""
    wire("CreateRepository", repositoryName="demo")
    assert wire.refused(operation, nextToken=token, **members) == INVALID_TOKEN
