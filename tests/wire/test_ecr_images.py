"""BatchGetImage, BatchDeleteImage, ListImages and DescribeImages."""

import json
from typing import Any

import pytest

from cargohold.core import digest

ACCOUNT = "123456789012"
NOON = 1_772_366_400.0
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
CONFIG_BYTES = 37
ABSENT = digest.of(b"absent")


def refusal(code: str, sentence: str) -> tuple[int, str, str]:
    """How the AWS door says no: always 400, with ECR's code and sentence."""
    return 400, code, sentence


def invalid(member: str, reason: str) -> tuple[int, str, str]:
    sentence = f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'"
    return refusal("InvalidParameterException", sentence)


def failure(image_id: dict[str, str], code: str, reason: str) -> dict[str, Any]:
    return {"imageId": image_id, "failureCode": code, "failureReason": reason}


def not_found(**image_id: str) -> dict[str, Any]:
    return failure(image_id, "ImageNotFound", "Requested image not found")


@pytest.fixture
def demo(wire: Any) -> Any:
    """A client of a registry that has an empty repository demo."""
    wire("CreateRepository", repositoryName="demo")
    return wire


def get(wire: Any, *ids: dict[str, str], **members: Any) -> Any:
    return wire("BatchGetImage", repositoryName="demo", imageIds=list(ids), **members)


def delete(wire: Any, *ids: dict[str, str]) -> Any:
    return wire("BatchDeleteImage", repositoryName="demo", imageIds=list(ids))


def listed(wire: Any, **members: Any) -> list[tuple[str, str | None]]:
    """Digest and tag of every entry that ListImages has, sorted."""
    ids = wire("ListImages", repositoryName="demo", **members)["imageIds"]
    return sorted((each["imageDigest"], each.get("imageTag")) for each in ids)


# BatchGetImage


def test_an_image_is_got_by_tag_and_by_digest(demo: Any) -> None:
    """BatchGetImage answers the manifest verbatim under the id it was asked by, its digest always among it."""
    manifest = demo.manifest("demo", b"layer", annotations={"name": "Grüße"})
    demo("PutImage", repositoryName="demo", imageManifest=manifest, imageTag="v1")
    name = digest.of(manifest.encode())
    whole = {
        "registryId": ACCOUNT,
        "repositoryName": "demo",
        "imageManifest": manifest,
        "imageManifestMediaType": MANIFEST,
    }
    by_tag = whole | {"imageId": {"imageDigest": name, "imageTag": "v1"}}
    by_digest = whole | {"imageId": {"imageDigest": name}}
    assert get(demo, {"imageTag": "v1"}) == {"images": [by_tag], "failures": []}
    assert get(demo, {"imageDigest": name}) == {"images": [by_digest], "failures": []}
    assert get(demo, {"imageTag": "v1", "imageDigest": name}) == {"images": [by_tag], "failures": []}


def test_what_cannot_be_got_is_among_the_failures(demo: Any) -> None:
    """BatchGetImage answers 200 with a failure for each id that names no image, and the other images beside them."""
    one, two = demo.image("demo", "one", "one"), demo.image("demo", "two", "two")
    answer = get(
        demo,
        {"imageTag": "absent"},
        {"imageDigest": ABSENT},
        {},
        {"imageDigest": "sha256"},
        {"imageTag": "two"},
        {"imageTag": "one", "imageDigest": two},
    )
    assert [image["imageId"] for image in answer["images"]] == [{"imageDigest": two, "imageTag": "two"}]
    assert answer["failures"][:4] == [
        not_found(imageTag="absent"),
        not_found(imageDigest=ABSENT),
        failure({}, "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"),
        failure(
            {"imageDigest": "sha256"},
            "InvalidImageDigest",
            "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        ),
    ]
    (mismatch,) = answer["failures"][4:]
    assert mismatch["imageId"] == {"imageTag": "one", "imageDigest": two}
    assert mismatch["failureCode"] == "ImageTagDoesNotMatchDigest"
    assert one != two


def test_a_tag_that_is_none_fails(demo: Any) -> None:
    """BatchGetImage of a tag outside docker's grammar is a failure of that id alone."""
    (found,) = get(demo, {"imageTag": "a b"})["failures"]
    assert found["imageId"] == {"imageTag": "a b"}
    assert found["failureCode"] == "InvalidImageTag"


def test_accepted_media_types_select(demo: Any) -> None:
    """acceptedMediaTypes chooses among what is stored and converts nothing: what is not accepted is not found."""
    image = demo.image("demo", "content", "image")
    index = demo.index("demo", "index", image)
    both = ({"imageTag": "image"}, {"imageTag": "index"})

    def found(*accepted: str) -> list[str]:
        answer = get(demo, *both, acceptedMediaTypes=list(accepted))
        return [each["imageId"]["imageDigest"] for each in answer["images"]]

    assert found(MANIFEST, INDEX) == [image, index]
    assert found(MANIFEST) == [image]
    assert found(INDEX, DOCKER_MANIFEST) == [index]
    assert get(demo, *both, acceptedMediaTypes=[DOCKER_MANIFEST]) == {
        "images": [],
        "failures": [
            not_found(imageDigest=image, imageTag="image"),
            not_found(imageDigest=index, imageTag="index"),
        ],
    }


def test_without_accepted_media_types_an_index_is_an_index(demo: Any) -> None:
    """BatchGetImage that names no media types answers what is stored, so that a tag can be copied without a pull."""
    index = demo.index("demo", "index", demo.image("demo", "content"))
    (found,) = get(demo, {"imageTag": "index"})["images"]
    assert (found["imageId"]["imageDigest"], found["imageManifestMediaType"]) == (index, INDEX)
    demo("PutImage", repositoryName="demo", imageManifest=found["imageManifest"], imageTag="copy")
    assert (index, "copy") in listed(demo)


def test_an_image_is_the_repositorys_own(demo: Any) -> None:
    """An image of another repository is not found, even by its digest."""
    demo("CreateRepository", repositoryName="other")
    name = demo.image("other", "content", "v1")
    assert get(demo, {"imageDigest": name}) == {"images": [], "failures": [not_found(imageDigest=name)]}


# BatchDeleteImage


def test_deleting_a_tag_keeps_the_image_while_it_has_others(demo: Any) -> None:
    """BatchDeleteImage by tag removes that tag, and with the last one the image."""
    name = demo.image("demo", "content", "v1", "v2")
    assert delete(demo, {"imageTag": "v1"}) == {
        "imageIds": [{"imageDigest": name, "imageTag": "v1"}],
        "failures": [],
    }
    assert listed(demo) == [(name, "v2")]
    delete(demo, {"imageTag": "v2"})
    assert listed(demo) == []
    assert get(demo, {"imageDigest": name})["failures"] == [not_found(imageDigest=name)]


def test_deleting_by_digest_takes_every_tag(demo: Any) -> None:
    """BatchDeleteImage by digest removes the image and answers one entry for each tag that went with it."""
    name = demo.image("demo", "content", "v1", "v2")
    answer = delete(demo, {"imageDigest": name})
    assert sorted(each["imageTag"] for each in answer["imageIds"]) == ["v1", "v2"]
    assert {each["imageDigest"] for each in answer["imageIds"]} == {name}
    assert answer["failures"] == []
    assert listed(demo) == []


def test_deleting_an_untagged_image(demo: Any) -> None:
    """BatchDeleteImage of an untagged image answers its digest alone."""
    name = demo.image("demo", "content")
    assert delete(demo, {"imageDigest": name}) == {"imageIds": [{"imageDigest": name}], "failures": []}


def test_deleting_by_tag_and_digest(demo: Any) -> None:
    """BatchDeleteImage by both removes the tag only where it points at that digest."""
    one, two = demo.image("demo", "one", "one", "uno"), demo.image("demo", "two", "two")
    (mismatch,) = delete(demo, {"imageTag": "one", "imageDigest": two})["failures"]
    assert mismatch["failureCode"] == "ImageTagDoesNotMatchDigest"
    assert mismatch["imageId"] == {"imageTag": "one", "imageDigest": two}
    assert delete(demo, {"imageTag": "one", "imageDigest": one})["failures"] == []
    assert listed(demo) == sorted([(one, "uno"), (two, "two")])


def test_what_cannot_be_deleted_is_among_the_failures(demo: Any) -> None:
    """BatchDeleteImage answers 200 with a failure for each id that names no image, and deletes the others."""
    demo.image("demo", "content", "v1")
    answer = delete(demo, {"imageTag": "absent"}, {"imageDigest": ABSENT}, {}, {"imageDigest": "x"}, {"imageTag": "v1"})
    assert [each["imageTag"] for each in answer["imageIds"]] == ["v1"]
    assert answer["failures"] == [
        not_found(imageTag="absent"),
        not_found(imageDigest=ABSENT),
        failure({}, "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"),
        failure(
            {"imageDigest": "x"},
            "InvalidImageDigest",
            "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        ),
    ]


def test_an_image_in_an_index_stays(demo: Any) -> None:
    """BatchDeleteImage by digest of an image that an index lists is a failure that names the index."""
    child = demo.image("demo", "content", "child")
    index = demo.index("demo", "index", child)
    assert delete(demo, {"imageDigest": child}) == {
        "imageIds": [],
        "failures": [
            failure(
                {"imageDigest": child},
                "ImageReferencedByManifestList",
                f"Requested image referenced by manifest list: [{index}]",
            )
        ],
    }


def test_the_last_tag_of_an_image_in_an_index(demo: Any) -> None:
    """Deleting the last tag of an image that an index lists leaves the image untagged."""
    child = demo.image("demo", "content", "child")
    index = demo.index("demo", "index", child)
    assert delete(demo, {"imageTag": "child"})["failures"] == []
    assert listed(demo) == sorted([(child, None), (index, "index")])


def test_an_index_goes_before_its_images(demo: Any) -> None:
    """One call deletes an index and its images when the index is listed first; alone, the index leaves them."""
    child = demo.image("demo", "content")
    index = demo.index("demo", "index", child)
    assert delete(demo, {"imageDigest": index}, {"imageDigest": child})["failures"] == []
    assert listed(demo) == []
    child = demo.image("demo", "content")
    delete(demo, {"imageDigest": demo.index("demo", "index", child)})
    assert listed(demo) == [(child, None)]


def test_a_deleted_image_may_be_put_again(demo: Any) -> None:
    """After BatchDeleteImage the same image can be pushed anew, with its layers uploaded anew."""
    name = demo.image("demo", "content", "v1")
    delete(demo, {"imageDigest": name})
    assert demo.image("demo", "content", "v1") == name
    assert listed(demo) == [(name, "v1")]


def test_duplicates_are_tolerated(demo: Any) -> None:
    """The same id twice in one BatchDeleteImage deletes the image once."""
    name = demo.image("demo", "content")
    answer = delete(demo, {"imageDigest": name}, {"imageDigest": name})
    assert {"imageDigest": name} in answer["imageIds"]
    assert listed(demo) == []


# ListImages and DescribeImages


def test_an_entry_for_each_tag_and_each_untagged_image(demo: Any) -> None:
    """ListImages has one entry per tag and one per untagged image; its filter keeps either kind."""
    tagged, untagged = demo.image("demo", "tagged", "v1", "v2"), demo.image("demo", "untagged")
    both = sorted([(tagged, "v1"), (tagged, "v2")])
    assert listed(demo) == sorted([*both, (untagged, None)])
    assert listed(demo, filter={"tagStatus": "ANY"}) == sorted([*both, (untagged, None)])
    assert listed(demo, filter={"tagStatus": "TAGGED"}) == both
    assert listed(demo, filter={"tagStatus": "UNTAGGED"}) == [(untagged, None)]


@pytest.mark.parametrize(("operation", "items"), [("ListImages", "imageIds"), ("DescribeImages", "imageDetails")])
def test_archived_images_are_listed_when_asked_for(demo: Any, operation: str, items: str) -> None:
    """The filter's imageStatus is ACTIVE where it is not given; an archived image shows under ARCHIVED and ANY."""

    def shown() -> list[str]:
        asked = ("", "ACTIVE", "ARCHIVED", "ACTIVATING", "ANY")
        filters = {status: {"imageStatus": status} if status else {} for status in asked}
        return [each for each in asked if demo(operation, repositoryName="demo", filter=filters[each])[items]]

    demo.image("demo", "content", "v1")
    assert shown() == ["", "ACTIVE", "ANY"]
    demo.save_images(status="ARCHIVED")
    assert shown() == ["ARCHIVED", "ANY"]
    assert demo(operation, repositoryName="demo")[items] == []


def test_an_archived_image_is_described_but_not_got(demo: Any) -> None:
    """An archived image is described by its id, is a failure of BatchGetImage, and is active again once it is put."""
    name = demo.image("demo", "content", "v1")
    demo.save_images(status="ARCHIVED")
    described = {"repositoryName": "demo", "imageIds": [{"imageTag": "v1"}]}
    assert demo("DescribeImages", **described)["imageDetails"][0]["imageStatus"] == "ARCHIVED"
    (inaccessible,) = get(demo, {"imageTag": "v1"})["failures"]
    assert (inaccessible["imageId"], inaccessible["failureCode"]) == ({"imageTag": "v1"}, "ImageInaccessible")
    assert demo.image("demo", "content", "v1") == name
    assert demo("DescribeImages", **described)["imageDetails"][0]["imageStatus"] == "ACTIVE"


def test_a_recorded_pull_is_told(demo: Any) -> None:
    """DescribeImages shows when an image was last pulled, where that was recorded."""
    demo.image("demo", "content", "v1")
    demo.save_images(last_pull_at=1_772_366_400_250)
    (detail,) = demo("DescribeImages", repositoryName="demo")["imageDetails"]
    assert detail["lastRecordedPullTime"] == NOON + 0.25


def test_an_image_is_described_whole(demo: Any) -> None:
    """DescribeImages answers size, time, types, tags and status of an image, and nothing that it does not have."""
    name = demo.image("demo", "content", "v1")
    assert demo("DescribeImages", repositoryName="demo") == {
        "imageDetails": [
            {
                "registryId": ACCOUNT,
                "repositoryName": "demo",
                "imageDigest": name,
                "imageTags": ["v1"],
                "imageSizeInBytes": CONFIG_BYTES + len("content"),
                "imagePushedAt": NOON,
                "imageManifestMediaType": MANIFEST,
                "artifactMediaType": CONFIG,
                "imageStatus": "ACTIVE",
            }
        ]
    }


def test_an_untagged_image_has_no_tags_member(demo: Any) -> None:
    """DescribeImages leaves imageTags out where an image has none; it is never an empty list."""
    demo.image("demo", "content")
    (detail,) = demo("DescribeImages", repositoryName="demo", filter={"tagStatus": "UNTAGGED"})["imageDetails"]
    assert "imageTags" not in detail
    assert demo("DescribeImages", repositoryName="demo", filter={"tagStatus": "TAGGED"})["imageDetails"] == []


def test_a_referrer_names_its_subject(demo: Any) -> None:
    """DescribeImages shows the digest of a referrer's subject, and its artifactType as artifactMediaType."""
    subject = demo.image("demo", "content", "v1")
    text = demo.manifest(
        "demo",
        b"signature",
        artifactType="application/vnd.example.signature",
        subject={"mediaType": MANIFEST, "digest": subject, "size": 1},
    )
    demo("PutImage", repositoryName="demo", imageManifest=text)
    details = demo("DescribeImages", repositoryName="demo")["imageDetails"]
    (referrer,) = [each for each in details if each["imageDigest"] != subject]
    assert referrer["subjectManifestDigest"] == subject
    assert referrer["artifactMediaType"] == "application/vnd.example.signature"
    assert [each for each in details if "subjectManifestDigest" in each] == [referrer]


def test_images_are_described_by_their_ids(demo: Any) -> None:
    """DescribeImages of tags and digests answers each image once, with every tag that it has."""
    one, two = demo.image("demo", "one", "1", "uno"), demo.image("demo", "two", "2")
    ids = [{"imageTag": "1"}, {"imageDigest": two}, {"imageTag": "uno"}, {"imageTag": "2", "imageDigest": two}]
    details = demo("DescribeImages", repositoryName="demo", imageIds=ids)["imageDetails"]
    assert {each["imageDigest"]: sorted(each["imageTags"]) for each in details} == {one: ["1", "uno"], two: ["2"]}
    assert len(details) == 2


@pytest.mark.parametrize(
    ("image_id", "shown"),
    [
        pytest.param({"imageTag": "absent"}, "{imageDigest:'null', imageTag:'absent'}", id="tag"),
        pytest.param({"imageDigest": ABSENT}, f"{{imageDigest:'{ABSENT}', imageTag:'null'}}", id="digest"),
        pytest.param(
            {"imageDigest": ABSENT, "imageTag": "v1"}, f"{{imageDigest:'{ABSENT}', imageTag:'v1'}}", id="both"
        ),
    ],
)
def test_one_unknown_image_fails_the_call(demo: Any, image_id: dict[str, str], shown: str) -> None:
    """DescribeImages of a known and an unknown image is ImageNotFound, which writes null for what was not given."""
    demo.image("demo", "content", "v1")
    ids = [{"imageTag": "v1"}, image_id]
    assert demo.refused("DescribeImages", repositoryName="demo", imageIds=ids) == refusal(
        "ImageNotFoundException",
        f"The image with imageId {shown} does not exist within the repository "
        f"with name 'demo' in the registry with id '{ACCOUNT}'",
    )


@pytest.mark.parametrize(
    ("member", "value"), [("maxResults", 10), ("nextToken", "x"), ("filter", {"tagStatus": "TAGGED"})]
)
def test_describing_is_by_ids_or_by_pages(demo: Any, member: str, value: Any) -> None:
    """DescribeImages takes imageIds or paging and filter, never both."""
    demo.image("demo", "content", "v1")
    ids = [{"imageTag": "v1"}]
    assert demo.refused("DescribeImages", repositoryName="demo", imageIds=ids, **{member: value}) == invalid(
        member, "This option cannot be used when you specify images with imageIds"
    )


@pytest.mark.parametrize(
    ("image_id", "reason"),
    [
        ({}, "both tag and digest cannot be null"),
        ({"imageDigest": "x"}, "image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"),
        ({"imageTag": "a b"}, "image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'"),
    ],
)
def test_an_id_that_names_nothing_fails_the_description(demo: Any, image_id: dict[str, str], reason: str) -> None:
    """DescribeImages of an id that cannot be an image's is InvalidParameter with the reason of the failure lists."""
    assert demo.refused("DescribeImages", repositoryName="demo", imageIds=[image_id]) == invalid(
        "imageIds", f"Invalid request parameters: {reason}"
    )


def test_an_answer_has_bounds(wire_with: Any) -> None:
    """BatchGetImage of more manifests than one answer may hold is LimitExceeded; one manifest by many names is one."""
    wire = wire_with(batch_bytes=700)
    wire("CreateRepository", repositoryName="demo")
    wire.image("demo", "one", "1", "uno", "eins")
    wire.image("demo", "two", "2")
    assert len(get(wire, {"imageTag": "1"}, {"imageTag": "uno"}, {"imageTag": "eins"})["images"]) == 3
    ids = [{"imageTag": "1"}, {"imageTag": "2"}]
    refused = wire.refused("BatchGetImage", repositoryName="demo", imageIds=ids)
    assert refused[:2] == (400, "LimitExceededException")


def test_an_artifact_without_layers_is_kept(demo: Any) -> None:
    """A manifest that lists no layers is accepted, which ECR refuses: OCI artifacts need them."""
    text = demo.manifest("demo")
    assert json.loads(text)["layers"] == []
    demo("PutImage", repositoryName="demo", imageManifest=text, imageTag="artifact")
    assert get(demo, {"imageTag": "artifact"})["images"][0]["imageManifest"] == text


IDS = [{"imageTag": f"t{number}"} for number in range(101)]


@pytest.mark.parametrize("operation", ["BatchGetImage", "BatchDeleteImage", "DescribeImages"])
@pytest.mark.parametrize(("count", "bound"), [(0, "greater than or equal to 1"), (101, "less than or equal to 100")])
def test_one_to_a_hundred_images_at_once(demo: Any, operation: str, count: int, bound: str) -> None:
    """imageIds of none or of more than 100 is refused in ECR's sentence."""
    assert demo.refused(operation, repositoryName="demo", imageIds=IDS[:count]) == invalid(
        "imageIds", f"Member must have length {bound}"
    )


def test_a_hundred_images_are_named_at_once(demo: Any) -> None:
    """Each operation on imageIds takes 100 of them."""
    manifest = demo.manifest("demo", b"layer")
    for image_id in IDS[:100]:
        demo("PutImage", repositoryName="demo", imageManifest=manifest, **image_id)
    assert len(get(demo, *IDS[:100])["images"]) == 100
    assert len(demo("DescribeImages", repositoryName="demo", imageIds=IDS[:100])["imageDetails"]) == 1
    assert len(delete(demo, *IDS[:100])["imageIds"]) == 100


@pytest.mark.parametrize(
    ("operation", "members", "expected"),
    [
        pytest.param(
            "BatchGetImage",
            {"imageIds": [{"imageTag": "v1"}], "acceptedMediaTypes": []},
            invalid("acceptedMediaTypes", "Member must have length greater than or equal to 1"),
            id="no accepted types",
        ),
        pytest.param(
            "BatchGetImage",
            {"imageIds": [{"imageTag": "v1"}], "acceptedMediaTypes": ["x"] * 101},
            invalid("acceptedMediaTypes", "Member must have length less than or equal to 100"),
            id="101 accepted types",
        ),
        pytest.param(
            "ListImages",
            {"filter": {"tagStatus": "SOME"}},
            invalid("filter.tagStatus", "Member must satisfy enum value set: [TAGGED, UNTAGGED, ANY]"),
            id="unknown tagStatus",
        ),
        pytest.param(
            "DescribeImages",
            {"filter": {"imageStatus": "LOST"}},
            invalid("filter.imageStatus", "Member must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]"),
            id="unknown imageStatus",
        ),
    ],
)
def test_broken_constraints_are_refused(
    demo: Any, operation: str, members: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    """Each constraint of the model is held by the server in ECR's sentence."""
    assert demo.refused(operation, repositoryName="demo", **members) == expected


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("BatchGetImage", {"imageIds": [{"imageTag": "v1"}]}),
        ("BatchGetImage", {"imageIds": [{}]}),
        ("BatchDeleteImage", {"imageIds": [{"imageTag": "v1"}]}),
        ("ListImages", {}),
        ("DescribeImages", {}),
        ("DescribeImages", {"imageIds": [{"imageTag": "v1"}]}),
    ],
)
def test_without_a_repository_there_are_no_images(wire: Any, operation: str, members: dict[str, Any]) -> None:
    """Every image operation on a repository that does not exist is RepositoryNotFound."""
    assert wire.refused(operation, repositoryName="nowhere", **members) == refusal(
        "RepositoryNotFoundException",
        f"The repository with name 'nowhere' does not exist in the registry with id '{ACCOUNT}'",
    )


def test_an_empty_repository_lists_nothing(demo: Any) -> None:
    """Both lists of an empty repository are empty lists without a token."""
    assert demo("ListImages", repositoryName="demo") == {"imageIds": []}
    assert demo("DescribeImages", repositoryName="demo") == {"imageDetails": []}
