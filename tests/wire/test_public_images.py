"""What public repositories hold, at the AWS door: pushed in parts, listed by image and by tag, deleted."""

import json
from typing import Any

import pytest

from cargohold.core import digest

from .conftest import ACCOUNT, NOON, OTHER, Wire
from .public import MANIFEST_TYPE, Gallery

UNKNOWN_UPLOAD = "00000000-0000-4000-8000-000000000000"
MIB = 1 << 20
PUSHES: dict[str, dict[str, Any]] = {
    "BatchCheckLayerAvailability": {"layerDigests": ["sha256:" + "0" * 64]},
    "InitiateLayerUpload": {},
    "UploadLayerPart": {"uploadId": UNKNOWN_UPLOAD, "partFirstByte": 0, "partLastByte": 0, "layerPartBlob": b"x"},
    "CompleteLayerUpload": {"uploadId": UNKNOWN_UPLOAD, "layerDigests": ["sha256:" + "0" * 64]},
    "PutImage": {"imageManifest": "{}"},
}


@pytest.fixture
def hello(wire: Wire) -> Gallery:
    """ECR Public, asked by an administrator who has an empty repository hello."""
    gallery = Gallery(wire)
    gallery("CreateRepository", repositoryName="hello")
    return gallery


def test_an_image_is_pushed_and_described(hello: Gallery) -> None:
    """What the API pushed is described with its size, times, types and tags."""
    pushed = hello.image("hello", "content", "v1", "v2")
    (detail,) = hello("DescribeImages", repositoryName="hello")["imageDetails"]
    assert detail == {
        "registryId": ACCOUNT,
        "repositoryName": "hello",
        "imageDigest": pushed,
        "imageTags": ["v1", "v2"],
        "imageSizeInBytes": 37 + 7,
        "imagePushedAt": NOON / 1000,
        "imageManifestMediaType": MANIFEST_TYPE,
        "artifactMediaType": "application/vnd.oci.image.config.v1+json",
    }
    named = hello("DescribeImages", repositoryName="hello", imageIds=[{"imageTag": "v2"}])["imageDetails"]
    assert named == [detail]
    assert hello.refused("DescribeImages", repositoryName="hello", imageIds=[{"imageTag": "v3"}])[1] == (
        "ImageNotFoundException"
    )
    answer = hello.refused("DescribeImages", repositoryName="hello", imageIds=[{"imageTag": "v1"}], maxResults=1)
    assert answer[1] == "InvalidParameterException"


def test_tags_are_listed_with_their_images(hello: Gallery) -> None:
    """DescribeImageTags has a line for each tag in lexical order; an image without one has none."""
    first, second = hello.image("hello", "one", "b", "a"), hello.image("hello", "two", "c")
    hello.image("hello", "untagged")
    lines = hello("DescribeImageTags", repositoryName="hello")["imageTagDetails"]
    assert [(line["imageTag"], line["imageDetail"]["imageDigest"]) for line in lines] == [
        ("a", first),
        ("b", first),
        ("c", second),
    ]
    assert lines[0] == {
        "imageTag": "a",
        "createdAt": NOON / 1000,
        "imageDetail": {
            "imageDigest": first,
            "imageSizeInBytes": 37 + 3,
            "imagePushedAt": NOON / 1000,
            "imageManifestMediaType": MANIFEST_TYPE,
            "artifactMediaType": "application/vnd.oci.image.config.v1+json",
        },
    }


@pytest.mark.parametrize("operation", ["DescribeImages", "DescribeImageTags"])
def test_images_come_page_by_page(hello: Gallery, operation: str) -> None:
    """Pages follow each other to the end; a token is good for its own list in its own repository only."""
    for number in range(5):
        hello.image("hello", f"image {number}", f"v{number}")
    member = "imageDetails" if operation == "DescribeImages" else "imageTagDetails"
    found: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = hello(operation, repositoryName="hello", maxResults=2, **token)
        found += page[member]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert found == hello(operation, repositoryName="hello")[member]
    assert len(found) == 5
    other = "DescribeImageTags" if operation == "DescribeImages" else "DescribeImages"
    hello("CreateRepository", repositoryName="another")
    for name, repository in ((other, "hello"), (operation, "another")):
        assert hello.refused(name, repositoryName=repository, **token)[1] == "InvalidParameterException"
    assert hello.refused(operation, repositoryName="nowhere")[1] == "RepositoryNotFoundException"


def test_more_tags_than_a_window_are_all_listed(hello: Gallery) -> None:
    """A list of more tags than one read has is whole, and its pages meet without a gap."""
    manifest = hello.manifest("hello", b"content")
    tags = sorted(f"t{number}" for number in range(210))
    for tag in tags:
        hello("PutImage", repositoryName="hello", imageManifest=manifest, imageTag=tag)
    first = hello("DescribeImageTags", repositoryName="hello", maxResults=205)
    rest = hello("DescribeImageTags", repositoryName="hello", maxResults=205, nextToken=first["nextToken"])
    assert [line["imageTag"] for line in first["imageTagDetails"] + rest["imageTagDetails"]] == tags


def test_a_tag_moves(hello: Gallery) -> None:
    """Public tags are mutable: the last image that was put under one has it."""
    hello.image("hello", "one", "v1")
    second = hello.image("hello", "two", "v1")
    (line,) = hello("DescribeImageTags", repositoryName="hello")["imageTagDetails"]
    assert line["imageDetail"]["imageDigest"] == second
    manifest = hello.manifest("hello", b"two")
    answer = hello.refused("PutImage", repositoryName="hello", imageManifest=manifest, imageTag="v1")
    assert answer[1] == "ImageAlreadyExistsException"


def test_images_are_deleted(hello: Gallery) -> None:
    """BatchDeleteImage tells what is gone and why the rest is not."""
    pushed = hello.image("hello", "content", "v1")
    ids = [{"imageTag": "v1"}, {"imageTag": "v2"}]
    assert hello("BatchDeleteImage", repositoryName="hello", imageIds=ids) == {
        "imageIds": [{"imageTag": "v1", "imageDigest": pushed}],
        "failures": [
            {
                "imageId": {"imageTag": "v2"},
                "failureCode": "ImageNotFound",
                "failureReason": "Requested image not found",
            }
        ],
    }
    for wrong in ([], [{"imageTag": "v1"}] * 101):
        answer = hello.refused("BatchDeleteImage", repositoryName="hello", imageIds=wrong)
        assert answer[1] == "InvalidParameterException"
    assert hello.refused("BatchDeleteImage", repositoryName="nowhere", imageIds=ids)[1] == "RepositoryNotFoundException"


def test_the_operations_that_push_take_an_alias(hello: Gallery) -> None:
    """A registry may be named by its alias where images are pushed; one that nobody has is not found."""
    alias = hello.alias
    asked = {"repositoryName": "hello", "layerDigests": [digest.of(b"x")]}
    assert hello("BatchCheckLayerAvailability", registryId=alias, **asked)["failures"] == []
    assert hello("BatchCheckLayerAvailability", registryId=ACCOUNT, **asked)["failures"] == []
    upload = hello("InitiateLayerUpload", registryId=alias, repositoryName="hello")
    assert upload["partSize"] > 0
    for operation, members in PUSHES.items():
        answer = hello.refused(operation, registryId="nobody", repositoryName="hello", **members)
        assert answer == (400, "RegistryNotFoundException", "The registry with id 'nobody' does not exist")
        for wrong in ("a", "a" * 51):
            answer = hello.refused(operation, registryId=wrong, repositoryName="hello", **members)
            assert answer[1] == "InvalidParameterException"
    members = {"repositoryName": "hello", "imageIds": [{"imageTag": "v1"}]}
    assert len(hello("BatchDeleteImage", registryId=alias, **members)["failures"]) == 1
    absent = hello.refused("BatchDeleteImage", registryId="nobody", **members)
    assert absent[1] == "RepositoryNotFoundException"
    assert hello.refused("DescribeImages", registryId=alias, repositoryName="hello")[1] == "InvalidParameterException"


def test_an_alias_opens_nothing(hello: Gallery) -> None:
    """Whoever names a registry by its alias is judged as whoever names it by its id."""
    stranger = Gallery(hello.wire, hello.wire.keys[OTHER])
    for named in (hello.alias, ACCOUNT):
        answer = stranger.refused("InitiateLayerUpload", registryId=named, repositoryName="hello")
        assert answer[:2] == (400, "AccessDeniedException")
        assert f"arn:aws:ecr-public::{ACCOUNT}:repository/hello" in answer[2]


@pytest.mark.parametrize("operation", PUSHES)
def test_a_push_needs_its_repository(hello: Gallery, operation: str) -> None:
    """Nothing is pushed to a repository that is not there, and no template makes one."""
    answer = hello.refused(operation, repositoryName="nowhere", **PUSHES[operation])
    assert answer == (
        400,
        "RepositoryNotFoundException",
        f"The repository with name 'nowhere' does not exist in the registry with id '{ACCOUNT}'",
    )


def test_what_is_wrong_with_an_upload(hello: Gallery) -> None:
    """An unknown upload, a part out of its place, an empty one and one that is there already have ECR's errors."""
    at = {"repositoryName": "hello"}
    for name in ("UploadLayerPart", "CompleteLayerUpload"):
        assert hello.refused(name, **at, **PUSHES[name])[1] == "UploadNotFoundException"
    upload = hello("InitiateLayerUpload", **at)["uploadId"]
    part = {"uploadId": upload, "partFirstByte": 5, "partLastByte": 5, "layerPartBlob": b"x"}
    assert hello.refused("UploadLayerPart", **at, **part)[1] == "InvalidLayerPartException"
    end = {"uploadId": upload, "layerDigests": [digest.of(b"x")]}
    assert hello.refused("CompleteLayerUpload", **at, **end)[1] == "EmptyUploadException"
    hello("UploadLayerPart", **at, **part | {"partFirstByte": 0, "partLastByte": 0})
    wrong = end | {"layerDigests": [digest.of(b"y")]}
    assert hello.refused("CompleteLayerUpload", **at, **wrong)[1] == "InvalidLayerException"
    assert hello("CompleteLayerUpload", **at, **end)["layerDigest"] == digest.of(b"x")
    again = hello("InitiateLayerUpload", **at)["uploadId"]
    hello("UploadLayerPart", **at, **part | {"uploadId": again, "partFirstByte": 0, "partLastByte": 0})
    answer = hello.refused("CompleteLayerUpload", **at, **end | {"uploadId": again})
    assert answer[1] == "LayerAlreadyExistsException"


def test_a_layer_has_a_public_limit(wire_with: Any) -> None:
    """A layer of more than the limit is refused, as are parts that are not the last and too small."""
    gallery = Gallery(wire_with(layer_bytes=10))
    gallery("CreateRepository", repositoryName="hello")
    upload = gallery("InitiateLayerUpload", repositoryName="hello")["uploadId"]
    part = {"repositoryName": "hello", "uploadId": upload, "partFirstByte": 0, "partLastByte": 10}
    assert gallery.refused("UploadLayerPart", **part, layerPartBlob=b"x" * 11)[1] == "LimitExceededException"
    assert gallery("UploadLayerPart", **part | {"partLastByte": 3}, layerPartBlob=b"abcd")["lastByteReceived"] == 3
    gallery("UploadLayerPart", **part | {"partFirstByte": 4, "partLastByte": 4}, layerPartBlob=b"e")
    end = {"repositoryName": "hello", "uploadId": upload, "layerDigests": [digest.of(b"abcde")]}
    assert gallery.refused("CompleteLayerUpload", **end)[1] == "LayerPartTooSmallException"


def test_what_is_wrong_with_an_image(hello: Gallery) -> None:
    """A manifest of absent layers or images, of another digest and no manifest at all have ECR's errors."""
    put = {"repositoryName": "hello"}
    held = hello.manifest("hello", b"content")
    lacking = held.replace(digest.of(b"content"), digest.of(b"nobody has this"))
    assert hello.refused("PutImage", **put, imageManifest=lacking)[1] == "LayersNotFoundException"
    child = {"mediaType": MANIFEST_TYPE, "digest": digest.of(b"nobody has this"), "size": 15}
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [child],
    }
    answer = hello.refused("PutImage", **put, imageManifest=json.dumps(index))
    assert answer[1] == "ReferencedImagesNotFoundException"
    answer = hello.refused("PutImage", **put, imageManifest=held, imageDigest=digest.of(b"another"))
    assert answer[1] == "ImageDigestDoesNotMatchException"
    assert hello.refused("PutImage", **put, imageManifest="{}")[1] == "InvalidParameterException"


def test_a_repository_has_a_quota_of_images(wire_with: Any) -> None:
    """One image more than the quota is refused."""
    gallery = Gallery(wire_with(images_per_repository=1))
    gallery("CreateRepository", repositoryName="hello")
    gallery.image("hello", "one", "v1")
    manifest = gallery.manifest("hello", b"two")
    answer = gallery.refused("PutImage", repositoryName="hello", imageManifest=manifest)
    assert answer[1] == "LimitExceededException"
