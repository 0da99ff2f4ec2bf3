"""ListImageReferrers: what points at a digest, by type and status, page by page."""

import json
from typing import Any

import pytest

from cargohold.core import digest

SUBJECT = digest.of(b"nobody pushed this")
OTHER = "210987654321"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INVALID_TOKEN = (
    400,
    "InvalidParameterException",
    "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'",
)


@pytest.fixture
def demo(wire: Any) -> Any:
    """A client of a registry with the repository demo."""
    wire("CreateRepository", repositoryName="demo")
    return wire


def push(wire: Any, number: int, kind: str, subject: str = SUBJECT, **members: Any) -> dict[str, Any]:
    """Puts a referrer, and gives what ListImageReferrers should say of it."""
    pointed = {"mediaType": MANIFEST, "digest": subject, "size": 2}
    text = wire.manifest("demo", f"{number}".encode(), subject=pointed, artifactType=kind, **members)
    wire("PutImage", repositoryName="demo", imageManifest=text)
    return {
        "digest": digest.of(text.encode()),
        "mediaType": MANIFEST,
        "artifactType": kind,
        "size": len(text),
        **{name: value for name, value in members.items() if name == "annotations"},
        "artifactStatus": "ACTIVE",
    }


def ask(wire: Any, **members: Any) -> dict[str, Any]:
    answer: dict[str, Any] = wire(
        "ListImageReferrers", repositoryName="demo", subjectId={"imageDigest": SUBJECT}, **members
    )
    return answer


def refused(wire: Any, **members: Any) -> tuple[int, str, str]:
    wanted = {"repositoryName": "demo", "subjectId": {"imageDigest": SUBJECT}} | members
    refusal: tuple[int, str, str] = wire.refused("ListImageReferrers", **wanted)
    return refusal


def test_referrers_are_told_whole(demo: Any) -> None:
    """Each referrer has its digest, types, size, status and annotations, in the order they were pushed."""
    signature = push(demo, 1, "application/vnd.example.signature", annotations={"by": "ci", "of": "app"})
    sbom = push(demo, 2, "application/spdx+json")
    push(demo, 3, "application/spdx+json", subject=digest.of(b"another subject"))
    assert ask(demo) == {"referrers": [signature, sbom]}


def test_a_config_stands_in_for_the_artifact_type(demo: Any) -> None:
    """A referrer without an artifactType of its own has its config's media type."""
    pointed = {"mediaType": MANIFEST, "digest": SUBJECT, "size": 2}
    demo("PutImage", repositoryName="demo", imageManifest=demo.manifest("demo", b"x", subject=pointed))
    (found,) = ask(demo)["referrers"]
    assert found["artifactType"] == "application/vnd.oci.image.config.v1+json"


def test_an_index_may_have_no_artifact_type(demo: Any) -> None:
    """An index that points at something and names no type has none in the list."""
    child = demo.image("demo", "child")
    (held,) = demo("BatchGetImage", repositoryName="demo", imageIds=[{"imageDigest": child}])["images"]
    listed = {"mediaType": MANIFEST, "digest": child, "size": len(held["imageManifest"])}
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [listed],
        "subject": {"mediaType": MANIFEST, "digest": SUBJECT, "size": 2},
    }
    demo("PutImage", repositoryName="demo", imageManifest=json.dumps(index))
    (found,) = ask(demo)["referrers"]
    assert "artifactType" not in found
    assert found["mediaType"] == index["mediaType"]


def test_nothing_points_at_most_things(demo: Any) -> None:
    """A digest that nobody knows has no referrers, and that is no error."""
    assert ask(demo) == {"referrers": []}


def test_types_filter(demo: Any) -> None:
    """A referrer of any one of the types is listed; no types are no filter."""
    one, two, three = (push(demo, number, kind) for number, kind in enumerate(("a/a", "b/b", "c/c")))
    assert ask(demo, filter={"artifactTypes": ["a/a", "c/c"]})["referrers"] == [one, three]
    assert ask(demo, filter={"artifactTypes": ["d/d"]})["referrers"] == []
    assert ask(demo, filter={"artifactTypes": []})["referrers"] == [one, two, three]


def test_status_filters(demo: Any) -> None:
    """Active referrers unless another status or any is asked for."""
    held = push(demo, 1, "a/a")
    demo.save_images(status="ARCHIVED")
    archived = held | {"artifactStatus": "ARCHIVED"}
    assert ask(demo)["referrers"] == []
    for status, found in {"ACTIVE": [], "ACTIVATING": [], "ARCHIVED": [archived], "ANY": [archived]}.items():
        assert ask(demo, filter={"artifactStatus": status})["referrers"] == found


@pytest.mark.parametrize("limit", [1, 2, 5, 50])
def test_pages_hold_everything_once(demo: Any, limit: int) -> None:
    """Whatever the page size, the pages hold every referrer once, in order, and the last has no token."""
    pushed = [push(demo, number, "a/a") for number in range(5)]
    answer = ask(demo, maxResults=limit)
    found = answer["referrers"]
    while "nextToken" in answer:
        assert len(answer["referrers"]) == limit
        answer = ask(demo, maxResults=limit, nextToken=answer["nextToken"])
        found += answer["referrers"]
    assert found == pushed


def test_a_page_holds_fifty(demo: Any) -> None:
    """Where maxResults is not given a page holds 50 referrers, and the token leads to the rest."""
    for number in range(51):
        push(demo, number, "a/a")
    first = ask(demo)
    assert len(first["referrers"]) == 50
    assert len(ask(demo, nextToken=first["nextToken"])["referrers"]) == 1


def test_a_token_is_good_for_one_list(demo: Any) -> None:
    """A nextToken of another subject, filter or repository, or of yesterday, is an invalid token."""
    demo("CreateRepository", repositoryName="other")
    for number in range(2):
        push(demo, number, "a/a")
    token = ask(demo, maxResults=1)["nextToken"]
    elsewhere: list[dict[str, Any]] = [
        {"subjectId": {"imageDigest": digest.of(b"another")}},
        {"repositoryName": "other"},
        {"filter": {"artifactStatus": "ANY"}},
        {"filter": {"artifactTypes": ["a/a"]}},
    ]
    for members in elsewhere:
        assert refused(demo, nextToken=token, **members) == INVALID_TOKEN
    assert len(ask(demo, nextToken=token)["referrers"]) == 1
    demo.clock.now += 24 * 3600 * 1000 + 1
    assert refused(demo, nextToken=token) == INVALID_TOKEN


@pytest.mark.parametrize(
    ("members", "member", "constraint"),
    [
        ({"maxResults": 0}, "maxResults", "Member must have value greater than or equal to 1"),
        ({"maxResults": 51}, "maxResults", "Member must have value less than or equal to 50"),
        (
            {"filter": {"artifactTypes": ["a/a"] * 6}},
            "filter.artifactTypes",
            "Member must have length less than or equal to 5",
        ),
        (
            {"filter": {"artifactTypes": ["a" * 256]}},
            "filter.artifactTypes",
            "Member must satisfy constraint: [Member must have length less than or equal to 255, "  # noqa: ISC004
            "Member must have length greater than or equal to 1]",
        ),
        (
            {"filter": {"artifactStatus": "LOST"}},
            "filter.artifactStatus",
            "Member must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]",
        ),
    ],
)
def test_limits_at_their_edge(demo: Any, members: dict[str, Any], member: str, constraint: str) -> None:
    """One more, or one less, than the model allows is refused in ECR's sentence."""
    sentence = f"Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'"
    assert refused(demo, **members) == (400, "InvalidParameterException", sentence)


def test_a_subject_is_a_digest(demo: Any) -> None:
    """A subject that is no digest, or in an algorithm that nobody here can verify, is an invalid parameter."""
    for text in ("sha256:00", "latest", "", f"md5:{'0' * 32}"):
        assert refused(demo, subjectId={"imageDigest": text})[1] == "InvalidParameterException"


def test_the_most_that_is_allowed(demo: Any) -> None:
    """Five types of 255 characters and fifty referrers a page are taken."""
    types = [f"{number}".rjust(255, "a") for number in range(5)]
    assert ask(demo, maxResults=50, filter={"artifactTypes": types}) == {"referrers": []}


def test_an_unknown_repository(wire: Any) -> None:
    """A repository that is not there is RepositoryNotFoundException, whether or not the subject is known."""
    assert refused(wire)[1] == "RepositoryNotFoundException"


def test_another_account_learns_nothing(demo: Any) -> None:
    """Who may not get images of a repository is told so, not what points at them."""
    members = {"registryId": "123456789012", "repositoryName": "demo", "subjectId": {"imageDigest": SUBJECT}}
    status, code, sentence = demo.send("ListImageReferrers", members, account=OTHER).refusal
    assert (status, code) == (400, "AccessDeniedException")
    assert "ecr:BatchGetImage" in sentence
