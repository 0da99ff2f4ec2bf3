"""PutImage: ECR's decision table, what a manifest needs, and every refusal."""

import json
from typing import Any

import pytest

from cargohold.core import digest
from cargohold.core.arn import Registry, Target
from cargohold.core.errors import InvalidManifest
from cargohold.registry.images import Push

ACCOUNT = "123456789012"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"
ABSENT = digest.of(b"absent")


def refusal(code: str, sentence: str) -> tuple[int, str, str]:
    """How the AWS door says no: always 400, with ECR's code and sentence."""
    return 400, code, sentence


def invalid(member: str, reason: str) -> tuple[int, str, str]:
    sentence = f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'"
    return refusal("InvalidParameterException", sentence)


def already_there(name: str, tag: str) -> tuple[int, str, str]:
    return refusal(
        "ImageAlreadyExistsException",
        f"Image with digest '{name}' and tag '{tag}' already exists "
        f"in the repository with name 'demo' in registry with id '{ACCOUNT}'",
    )


def immutable(tag: str) -> tuple[int, str, str]:
    return refusal(
        "ImageTagAlreadyExistsException",
        f"The image tag '{tag}' already exists in the 'demo' repository "
        "and cannot be overwritten because the tag is immutable.",
    )


@pytest.fixture
def demo(wire: Any) -> Any:
    """A client of a registry that has an empty, mutable repository demo."""
    wire("CreateRepository", repositoryName="demo")
    return wire


def put(wire: Any, manifest: str, **members: Any) -> Any:
    return wire("PutImage", repositoryName="demo", imageManifest=manifest, **members)


def refused(wire: Any, manifest: str, **members: Any) -> Any:
    return wire.refused("PutImage", repositoryName="demo", imageManifest=manifest, **members)


def tags(wire: Any) -> dict[str, str]:
    """Each tag of the repository demo with the digest that it points at."""
    ids = wire("ListImages", repositoryName="demo", filter={"tagStatus": "TAGGED"})["imageIds"]
    return {each["imageTag"]: each["imageDigest"] for each in ids}


def test_a_put_image_is_answered_whole(demo: Any) -> None:
    """PutImage answers the image's ids and the manifest, character by character as it was sent."""
    manifest = demo.manifest("demo", b"layer", annotations={"name": "Grüße, 世界"})
    spaced = " " + manifest + "\n"
    assert put(demo, spaced, imageTag="v1") == {
        "image": {
            "registryId": ACCOUNT,
            "repositoryName": "demo",
            "imageId": {"imageDigest": digest.of(spaced.encode()), "imageTag": "v1"},
            "imageManifest": spaced,
            "imageManifestMediaType": MANIFEST,
        }
    }


def test_without_a_tag_an_image_is_untagged(demo: Any) -> None:
    """PutImage without imageTag stores the image under its digest alone."""
    manifest = demo.manifest("demo", b"layer")
    assert put(demo, manifest)["image"]["imageId"] == {"imageDigest": digest.of(manifest.encode())}
    assert tags(demo) == {}


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_digest_may_be_given_along(demo: Any, algorithm: str) -> None:
    """PutImage with the manifest's own digest succeeds, in either algorithm."""
    manifest = demo.manifest("demo", b"layer")
    name = digest.of(manifest.encode(), algorithm)
    assert put(demo, manifest, imageDigest=name, imageTag="v1")["image"]["imageId"]["imageTag"] == "v1"


def test_a_wrong_digest_is_refused(demo: Any) -> None:
    """PutImage with a digest that the manifest does not have is ImageDigestDoesNotMatch, and stores nothing."""
    manifest = demo.manifest("demo", b"layer")
    calculated = digest.of(manifest.encode())
    assert refused(demo, manifest, imageDigest=ABSENT, imageTag="v1") == refusal(
        "ImageDigestDoesNotMatchException",
        f"Image digest {ABSENT} does not match the digest calculated {calculated}",
    )
    assert demo("ListImages", repositoryName="demo") == {"imageIds": []}


@pytest.mark.parametrize("text", ["sha256", "sha256:xyz", "sha256:abc", "md5:" + "0" * 32])
def test_a_digest_that_is_none_is_refused(demo: Any, text: str) -> None:
    """PutImage with an imageDigest that cannot be a manifest's digest is a client's error, and stores nothing."""
    answer = refused(demo, demo.manifest("demo", b"layer"), imageDigest=text)
    assert answer[:2] in [(400, "InvalidParameterException"), (400, "ImageDigestDoesNotMatchException")]
    assert demo("ListImages", repositoryName="demo") == {"imageIds": []}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32-le", "utf-8-sig"])
def test_a_manifest_is_utf_8(demo: Any, encoding: str) -> None:
    """A manifest in another encoding, as only the other door could bring it, is refused: no answer could carry it."""
    payload = demo.manifest("demo", b"layer").encode(encoding)
    target = Target(Registry(ACCOUNT, "us-east-1"), "demo", 1)
    push = Push(payload, MANIFEST, "v1", None, "arn:aws:iam::123456789012:user/administrator", "accept")
    with pytest.raises(InvalidManifest, match="Invalid JSON syntax"):
        demo.runner.run(demo.services.images.put(target, push))


# The decision table: the manifest is there or not, the tag is free, on this image or on another


def test_the_same_image_and_tag_again(demo: Any) -> None:
    """The identical manifest under the tag it has is ImageAlreadyExists."""
    manifest = demo.manifest("demo", b"layer")
    put(demo, manifest, imageTag="v1")
    assert refused(demo, manifest, imageTag="v1") == already_there(digest.of(manifest.encode()), "v1")


def test_the_same_image_without_a_tag_again(demo: Any) -> None:
    """The identical manifest without a tag is ImageAlreadyExists, with the word null for the tag."""
    manifest = demo.manifest("demo", b"layer")
    put(demo, manifest, imageTag="v1")
    assert refused(demo, manifest) == already_there(digest.of(manifest.encode()), "null")


def test_a_new_tag_for_an_image_that_is_there(demo: Any) -> None:
    """The identical manifest under a new tag adds the tag, and the image keeps the time of its push."""
    manifest = demo.manifest("demo", b"layer")
    put(demo, manifest, imageTag="v1")
    before = demo("DescribeImages", repositoryName="demo")["imageDetails"]
    demo.clock.now += 60_000
    put(demo, manifest, imageTag="v2")
    (after,) = demo("DescribeImages", repositoryName="demo")["imageDetails"]
    assert sorted(after["imageTags"]) == ["v1", "v2"]
    assert after["imagePushedAt"] == before[0]["imagePushedAt"]


def test_a_tag_moves_to_another_image(demo: Any) -> None:
    """In a mutable repository another manifest takes the tag, and the old image stays, untagged."""
    old = demo.image("demo", "old", "latest")
    new = demo.image("demo", "new", "latest")
    assert tags(demo) == {"latest": new}
    untagged = demo("ListImages", repositoryName="demo", filter={"tagStatus": "UNTAGGED"})["imageIds"]
    assert untagged == [{"imageDigest": old}]


def test_a_tag_moves_to_an_image_that_is_there(demo: Any) -> None:
    """In a mutable repository the tag of one image may be put on another one that has tags of its own."""
    demo.image("demo", "old", "latest")
    new = demo.image("demo", "new", "v2")
    put(demo, demo.manifest("demo", b"new"), imageTag="latest")
    assert tags(demo) == {"latest": new, "v2": new}


def wildcards(*filters: str) -> dict[str, Any]:
    return {"imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": each} for each in filters]}


@pytest.mark.parametrize(
    ("settings", "fixed", "movable"),
    [
        pytest.param({"imageTagMutability": "IMMUTABLE"}, ["v1", "latest"], [], id="IMMUTABLE"),
        pytest.param(
            {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", **wildcards("dev-*", "latest")},
            ["v1", "dev", "latest-1"],
            ["dev-", "dev-1", "latest"],
            id="IMMUTABLE_WITH_EXCLUSION",
        ),
        pytest.param(
            {"imageTagMutability": "MUTABLE_WITH_EXCLUSION", **wildcards("v*.*")},
            ["v1.0", "v."],
            ["v1", "latest"],
            id="MUTABLE_WITH_EXCLUSION",
        ),
    ],
)
def test_an_immutable_tag_stays(wire: Any, settings: dict[str, Any], fixed: list[str], movable: list[str]) -> None:
    """Each mutability mode keeps the tags that it says from another manifest, and lets the others move."""
    wire("CreateRepository", repositoryName="demo", **settings)
    old = wire.image("demo", "old", *fixed, *movable)
    manifest = wire.manifest("demo", b"new")
    for tag in fixed:
        assert refused(wire, manifest, imageTag=tag) == immutable(tag)
    for tag in movable:
        put(wire, manifest, imageTag=tag)
    new = digest.of(manifest.encode())
    assert tags(wire) == dict.fromkeys(fixed, old) | dict.fromkeys(movable, new)


def test_the_same_image_on_an_immutable_tag(wire: Any) -> None:
    """The identical manifest on its immutable tag is ImageAlreadyExists, as on ECR's API."""
    wire("CreateRepository", repositoryName="demo", imageTagMutability="IMMUTABLE")
    name = wire.image("demo", "content", "v1")
    assert refused(wire, wire.manifest("demo", b"content"), imageTag="v1") == already_there(name, "v1")


def test_an_immutable_tag_is_free_once_deleted(wire: Any) -> None:
    """Immutability is against overwriting, not against deleting: a deleted tag may be given to another image."""
    wire("CreateRepository", repositoryName="demo", imageTagMutability="IMMUTABLE")
    wire.image("demo", "old", "v1")
    wire("BatchDeleteImage", repositoryName="demo", imageIds=[{"imageTag": "v1"}])
    new = wire.image("demo", "new", "v1")
    assert tags(wire) == {"v1": new}


# What a manifest needs


def test_every_layer_must_be_there(demo: Any) -> None:
    """A manifest whose layers or config the repository does not hold is LayersNotFound, and names them."""
    document = json.loads(demo.manifest("demo", b"layer"))
    document["layers"].append({"mediaType": "x", "digest": ABSENT, "size": 6})
    assert refused(demo, json.dumps(document), imageTag="v1") == refusal(
        "LayersNotFoundException",
        f"Layers with digests '[{ABSENT}]' required for pushing image into repository "
        f"with name 'demo' in the registry with id '{ACCOUNT}' do not exist",
    )
    document = json.loads(demo.manifest("demo", b"layer"))
    document["config"]["digest"] = ABSENT
    assert refused(demo, json.dumps(document))[1] == "LayersNotFoundException"
    assert demo("ListImages", repositoryName="demo") == {"imageIds": []}


def test_another_repositorys_layers_do_not_count(demo: Any) -> None:
    """A layer that only another repository holds is not found."""
    demo("CreateRepository", repositoryName="other")
    manifest = demo.manifest("other", b"layer")
    answer = refused(demo, manifest)
    assert answer[1] == "LayersNotFoundException"
    assert digest.of(b"layer") in answer[2]


def test_foreign_layers_may_be_absent(demo: Any) -> None:
    """A layer that is at URLs elsewhere need not be in the repository."""
    document = json.loads(demo.manifest("demo", b"layer"))
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    document["layers"].append({"mediaType": foreign, "digest": ABSENT, "size": 6, "urls": ["https://example.com/l"]})
    put(demo, json.dumps(document), imageTag="v1")


def test_every_child_of_an_index_must_be_there(demo: Any) -> None:
    """An index that lists an image which the repository does not hold is ReferencedImagesNotFound, and names it."""
    index = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [{"mediaType": MANIFEST, "digest": ABSENT, "size": 100}],
    }
    assert refused(demo, json.dumps(index), imageTag="v1") == refusal(
        "ReferencedImagesNotFoundException",
        f"Images with digests '[{ABSENT}]' required for pushing image into repository "
        f"with name 'demo' in the registry with id '{ACCOUNT}' do not exist",
    )


def test_an_index_of_images_is_put(demo: Any) -> None:
    """An index whose images are there is stored, and is as large as its largest image."""
    small = demo.image("demo", "small")
    large = demo.image("demo", "large and wide")
    index = demo.index("demo", "multi", small, large)
    sizes = {
        each["imageDigest"]: each["imageSizeInBytes"]
        for each in demo("DescribeImages", repositoryName="demo")["imageDetails"]
    }
    assert sizes[index] == sizes[large] > sizes[small] > 0


def test_a_media_type_may_come_beside_the_manifest(demo: Any) -> None:
    """A manifest without mediaType is stored verbatim under imageManifestMediaType, and without either is refused."""
    document = json.loads(demo.manifest("demo", b"layer"))
    del document["mediaType"]
    bare = json.dumps(document)
    assert refused(demo, bare)[:2] == (400, "InvalidParameterException")
    image = put(demo, bare, imageManifestMediaType=MANIFEST)["image"]
    assert (image["imageManifest"], image["imageManifestMediaType"]) == (bare, MANIFEST)


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        pytest.param("not json", "Invalid JSON syntax", id="no JSON"),
        pytest.param("[]", "Invalid JSON syntax", id="no object"),
        pytest.param("\ufeff{}", "Invalid JSON syntax", id="byte order mark"),
        pytest.param('{"schemaVersion": 1}', "must have schemaVersion 2", id="schema 1"),
        pytest.param('{"schemaVersion": 2, "mediaType": "\\ud800"}', "mediaType must be a string", id="half a pair"),
        pytest.param('{"schemaVersion": 2, "mediaType": "a\\u0000"}', "mediaType must be a string", id="NUL"),
    ],
)
def test_a_manifest_that_is_none_is_refused(demo: Any, manifest: str, reason: str) -> None:
    """What cannot be read as a manifest is InvalidParameter at ImageManifest, as ECR spells the member there."""
    assert refused(demo, manifest) == invalid("ImageManifest", reason)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param(
            {"imageManifest": ""},
            invalid("imageManifest", "Member must have length greater than or equal to 1"),
            id="empty manifest",
        ),
        pytest.param(
            {"imageManifest": "x" * 4_194_305},
            invalid("imageManifest", "Member must have length less than or equal to 4194304"),
            id="manifest too long",
        ),
        pytest.param(
            {"imageManifest": "é" * 4_194_304},
            invalid("ImageManifest", "Member must have length less than or equal to 4194304"),
            id="manifest too long in bytes",
        ),
        pytest.param({}, invalid("imageManifest", "Member must not be null"), id="no manifest"),
        pytest.param(
            {"imageManifest": "{}", "imageTag": ""},
            invalid("imageTag", "Member must have length greater than or equal to 1"),
            id="empty tag",
        ),
        pytest.param(
            {"imageManifest": "{}", "imageTag": "a" * 301},
            invalid("imageTag", "Member must have length less than or equal to 300"),
            id="tag too long for the model",
        ),
    ],
)
def test_broken_constraints_are_refused(demo: Any, members: dict[str, Any], expected: tuple[int, str, str]) -> None:
    """Each constraint of the model is held by the server in ECR's sentence."""
    assert demo.refused("PutImage", repositoryName="demo", **members) == expected


@pytest.mark.parametrize("tag", ["a" * 129, ".dot", "-dash", "a b", "a/b", "a:b", "é", "latest\n"])
def test_a_tag_that_docker_could_not_use_is_refused(demo: Any, tag: str) -> None:
    """A tag outside docker's grammar is InvalidParameter at imageTag."""
    answer = refused(demo, demo.manifest("demo", b"layer"), imageTag=tag)
    assert answer == invalid("imageTag", "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'")
    assert demo("ListImages", repositoryName="demo") == {"imageIds": []}


def test_the_longest_tag(demo: Any) -> None:
    """A tag of 128 characters is taken."""
    name = demo.image("demo", "content", "a" * 128)
    assert tags(demo) == {"a" * 128: name}


def test_without_a_repository_nothing_is_put(demo: Any) -> None:
    """PutImage into a repository that does not exist is RepositoryNotFound."""
    manifest = demo.manifest("demo", b"layer")
    assert demo.refused("PutImage", repositoryName="nowhere", imageManifest=manifest) == refusal(
        "RepositoryNotFoundException",
        f"The repository with name 'nowhere' does not exist in the registry with id '{ACCOUNT}'",
    )


def test_the_quota_of_images_holds(wire_with: Any) -> None:
    """The last image within the quota is put, a further tag of it too, and the next image is LimitExceeded."""
    wire = wire_with(images_per_repository=2)
    wire("CreateRepository", repositoryName="demo")
    wire.image("demo", "one", "one")
    wire.image("demo", "two", "two", "zwei")
    answer = refused(wire, wire.manifest("demo", b"three"), imageTag="three")
    assert answer[:2] == (400, "LimitExceededException")
    assert set(tags(wire)) == {"one", "two", "zwei"}


def test_the_quota_of_tags_holds(wire_with: Any) -> None:
    """The last tag within an image's quota is added, the next one is LimitExceeded."""
    wire = wire_with(tags_per_image=2)
    wire("CreateRepository", repositoryName="demo")
    wire.image("demo", "one", "1", "2")
    answer = refused(wire, wire.manifest("demo", b"one"), imageTag="3")
    assert answer[:2] == (400, "LimitExceededException")
    assert set(tags(wire)) == {"1", "2"}
