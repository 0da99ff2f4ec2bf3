"""Every list is read to its end by pages of any size, and its tokens are good for it alone and for a day."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from cargohold.aws import model
from tests.bed.place import OTHER, Caller, Place, yesterday

from .desk import Desk
from .successes import SUCCESSES, Request
from .test_successes import EVERY

COUNT: Final = 3


def _images(desk: Desk) -> Request:
    return {"repositoryName": desk.images(COUNT)}


def _repositories(desk: Desk) -> Request:
    for _ in range(COUNT):
        desk.repository()
    return {}


def _templates(desk: Desk) -> Request:
    for _ in range(COUNT):
        desk("CreateRepositoryCreationTemplate", **SUCCESSES["ecr"]["CreateRepositoryCreationTemplate"](desk))
    return {}


def _exclusions(desk: Desk) -> Request:
    desk.send("RegisterPullTimeUpdateExclusion", SUCCESSES["ecr"]["RegisterPullTimeUpdateExclusion"](desk))
    return {}


def _referrers(desk: Desk) -> Request:
    repository = desk.repository()
    subject = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": desk.image(repository), "size": 1}
    for number in range(COUNT):
        desk.image(repository, content=b"referrer %d" % number, subject=subject)
    return {"repositoryName": repository, "subjectId": {"imageDigest": subject["digest"]}}


LISTS: Final[Mapping[str, tuple[str, Callable[[Desk], Request], int]]] = {
    "DescribeImageTags": ("imageTagDetails", _images, COUNT),
    "DescribeImages": ("imageDetails", _images, COUNT),
    "DescribeRegistries": ("registries", lambda _: {}, 1),
    "DescribeRepositories": ("repositories", _repositories, COUNT),
    "DescribeRepositoryCreationTemplates": ("repositoryCreationTemplates", _templates, COUNT),
    "ListImageReferrers": ("referrers", _referrers, COUNT),
    "ListImages": ("imageIds", _images, COUNT),
    "ListPullTimeUpdateExclusions": ("pullTimeUpdateExclusions", _exclusions, 1),
}
"""Of each list: the member that has its items, what furnishes it, and the least that it then has."""

ELSEWHERE: Final = {
    "DescribeImageScanFindings": "its items come from the worker: tests/wire/test_ecr_scanning.py",
    "GetLifecyclePolicyPreview": "its items come from the worker: tests/clients/test_every_command.py",
}
"""Lists that are read to their ends in a test of their own."""

PAGED: Final = [
    (service, operation)
    for service, operation in EVERY
    if "nextToken" in model.load(service).shapes[model.load(service).operations[operation].input or ""]["members"]
]
LISTED: Final = [(service, operation) for service, operation in PAGED if operation not in ELSEWHERE]


def test_every_list_has_its_row() -> None:
    """An operation that takes a nextToken is in the table, or has a test of its own."""
    assert {operation for _, operation in PAGED} <= set(LISTS) | set(ELSEWHERE)


@pytest.mark.parametrize(("service", "operation"), LISTED)
@pytest.mark.parametrize("size", [1, 2, 50])
def test_every_list_to_its_end(place: Place, service: str, operation: str, size: int) -> None:
    """The pages hold every item once, are full but for the last, and the last has no token."""
    desk = Desk(place, service)
    items, furnish, least = LISTS[operation]
    request = furnish(desk)
    pages = list(_pages(desk, operation, request | {"maxResults": size}, items))
    found = [json.dumps(item, sort_keys=True) for page in pages for item in page]
    assert len(found) == len(set(found)) >= least
    assert all(len(page) == size for page in pages[:-1])
    assert len(pages[-1]) <= size


@pytest.mark.parametrize(("service", "operation"), [each for each in LISTED if LISTS[each[1]][2] > 1])
def test_a_token_is_of_its_list(place: Place, service: str, operation: str) -> None:
    """A token of another account, another list, an earlier day, or none of ours is InvalidParameterException."""
    desk, request = Desk(place, service), LISTS[operation][1](Desk(place, service))

    def token(of: Desk, name: str) -> str:
        given = request if of is desk and name == operation else LISTS[name][1](of)
        found: str = of(name, **given, maxResults=1)["nextToken"]
        return found

    with yesterday(place):
        late = token(desk, operation)
    own = token(desk, operation)
    other = "DescribeRepositories" if operation != "DescribeRepositories" else "DescribeImages"
    theirs = token(Desk(place, service, Caller(OTHER)), operation)
    for bad in (late, theirs, token(desk, other), own[:-1], own + "A", own.swapcase(), "", "\0", "é", "a" * 10_000):
        answer = desk.send(operation, request | {"nextToken": bad, "maxResults": 1})
        assert (answer.status, answer.document["__type"]) == (400, "InvalidParameterException"), bad
    assert desk(operation, **request, nextToken=own)


@pytest.mark.parametrize(("service", "operation"), PAGED)
def test_names_and_pages_are_not_asked_for_together(place: Place, service: str, operation: str) -> None:
    """A request that says which items it wants takes no page of them."""
    known = model.load(service)
    members = known.shapes[known.operations[operation].input or ""]["members"]
    named = next((each for each in ("imageIds", "repositoryNames", "prefixes") if each in members), None)
    desk = Desk(place, service)
    request = SUCCESSES[service][operation](desk)
    if named is None:
        # A list of everything: any page size that the model allows is good.
        desk(operation, **request, maxResults=1)
        return
    wanted = {named: [{"imageTag": "v1"}] if named == "imageIds" else ["absent"]}
    for page in ({"maxResults": 1}, {"nextToken": "token"}):
        assert desk.refused(operation, request | wanted | page)[0] == "InvalidParameterException"


def _pages(desk: Desk, operation: str, request: Request, items: str) -> Any:
    """The items of each page, until there is no token."""
    token: dict[str, str] = {}
    while True:
        answer = desk(operation, **request, **token)
        yield answer[items]
        if "nextToken" not in answer:
            return
        token = {"nextToken": answer["nextToken"]}
