"""An immutable tag before both doors at once: every route that could move it, and the modes set between pushes.

Rows S6, S8 and E28 of what failed in other registries: a second way in that skipped the rule of the first.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from cargohold.core.digest import of
from cargohold.exchange import Request

from .bench import ABSENT, ACCOUNT, CONFIG, IMAGE, LAYER, OCI_MANIFEST, OTHER, Answer, Bench, manifest

SENTENCE = (
    "The image tag 'v1' already exists in the 'demo' repository and cannot be overwritten because the tag is immutable."
)
ANOTHER = manifest(CONFIG, annotations={"another": "yes"})
Put = Callable[[Bench, Any, bytes, str], tuple[int, str, str]]


def by_docker(bench: Bench, wire: Any, payload: bytes, tag: str) -> tuple[int, str, str]:
    """PUT of a manifest by tag: status, and code and sentence of a refusal."""
    answer = bench("PUT", f"/v2/demo/manifests/{tag}", payload, {"content-type": OCI_MANIFEST})
    return answer.refusal if answer.status != 201 else (201, "", "")


def by_api(bench: Bench, wire: Any, payload: bytes, tag: str) -> tuple[int, str, str]:
    """PutImage: status, and code and sentence of a refusal."""
    answer = wire.send("PutImage", {"repositoryName": "demo", "imageManifest": payload.decode(), "imageTag": tag})
    return answer.refusal if answer.status != 200 else (200, "", "")


def by_api_with_digest(bench: Bench, wire: Any, payload: bytes, tag: str) -> tuple[int, str, str]:
    """PutImage with the manifest's digest along."""
    members = {"repositoryName": "demo", "imageManifest": payload.decode(), "imageTag": tag, "imageDigest": of(payload)}
    answer = wire.send("PutImage", members)
    return answer.refusal if answer.status != 200 else (200, "", "")


def by_docker_without_a_type(bench: Bench, wire: Any, payload: bytes, tag: str) -> tuple[int, str, str]:
    """PUT of a manifest by tag in pieces, its type only in itself."""
    answer = bench("PUT", f"/v2/demo/manifests/{tag}", (payload[:10], payload[10:]))
    return answer.refusal if answer.status != 201 else (201, "", "")


def by_digest_with_a_tag(bench: Bench, wire: Any, payload: bytes, tag: str) -> tuple[int, str, str]:
    """PUT of a manifest by digest with the tag beside it, and another one."""
    url = f"/v2/demo/manifests/{of(payload)}?tag=a-new-one&tag={tag}"
    answer = bench("PUT", url, payload, {"content-type": OCI_MANIFEST})
    if answer.status == 201:
        bench("DELETE", "/v2/demo/manifests/a-new-one")
        return 201, "", ""
    return answer.refusal


BY_DOCKER = [by_docker, by_docker_without_a_type, by_digest_with_a_tag]
ROUTES = [*BY_DOCKER, by_api, by_api_with_digest]


def refused_by(put: Put) -> tuple[int, str, str]:
    """How each door says that a tag is immutable: one sentence, and the door's own code."""
    return 400, "TAG_INVALID" if put in BY_DOCKER else "ImageTagAlreadyExistsException", SENTENCE


@pytest.fixture
def fixed(bench: Bench, wire: Any) -> Bench:
    """A client of a registry whose repository demo is immutable and has an image under v1."""
    bench.create("demo", tag_mutability="IMMUTABLE")
    bench.push("demo", "v1", IMAGE)
    return bench


def held(bench: Bench, tag: str = "v1") -> bytes:
    """The manifest that the tag names at both doors."""
    return bench("GET", f"/v2/demo/manifests/{tag}").body


@pytest.mark.parametrize("put", ROUTES)
def test_s8_no_way_to_push_moves_the_tag(fixed: Bench, wire: Any, put: Put) -> None:
    """Each way to push another image under an immutable tag is refused in the same sentence, and nothing is kept."""
    assert put(fixed, wire, ANOTHER, "v1") == refused_by(put)
    assert held(fixed) == IMAGE
    assert fixed("GET", f"/v2/demo/manifests/{of(ANOTHER)}").status == 404
    assert wire("ListImages", repositoryName="demo") == {"imageIds": [{"imageDigest": of(IMAGE), "imageTag": "v1"}]}


@pytest.mark.parametrize("put", ROUTES)
def test_s8_nor_does_an_image_that_is_there(fixed: Bench, wire: Any, put: Put) -> None:
    """An image that the repository holds already, tagged or not, does not get another one's immutable tag either."""
    fixed.push("demo", of(ANOTHER), ANOTHER)
    assert put(fixed, wire, ANOTHER, "v1") == refused_by(put)
    fixed.push("demo", "v2", ANOTHER)
    assert put(fixed, wire, ANOTHER, "v1") == refused_by(put)
    assert (held(fixed), held(fixed, "v2")) == (IMAGE, ANOTHER)


@pytest.mark.parametrize("query", ["?tag=v1", "?tag=v1&tag=v2", "?tag=v2&tag=v1", "?reference=v1", "?imageTag=v1"])
def test_s8_a_digest_with_a_tag_beside_it(fixed: Bench, wire: Any, query: str) -> None:
    """A push by digest whose query names the immutable tag does not move it."""
    url = f"/v2/demo/manifests/{of(ANOTHER)}{query}"
    fixed("PUT", url, ANOTHER, {"content-type": OCI_MANIFEST})
    assert held(fixed) == IMAGE
    tags = {each.get("imageTag"): each["imageDigest"] for each in wire("ListImages", repositoryName="demo")["imageIds"]}
    assert tags["v1"] == of(IMAGE)


def test_s8_an_index_is_an_image_too(fixed: Bench, wire: Any) -> None:
    """An index does not get an image's immutable tag, nor an image an index's, whichever lists the other."""
    fixed.push_index("demo", "multi")
    index = held(fixed, "multi")
    answer = fixed("PUT", "/v2/demo/manifests/v1", index, {"content-type": json.loads(index)["mediaType"]})
    assert answer.refusal == refused_by(by_docker)
    assert by_api(fixed, wire, IMAGE, "multi")[1] == "ImageTagAlreadyExistsException"
    assert (held(fixed), held(fixed, "multi")) == (IMAGE, index)


@pytest.mark.parametrize("put", ROUTES)
def test_s6_the_tag_is_the_same_at_both_doors(bench: Bench, wire: Any, put: Put) -> None:
    """A mode set at one door holds at the other for the next push, tag by tag as its filters say."""
    bench.create("demo")
    bench.push("demo", "v1", IMAGE)

    def set_mode(mode: str, *filters: str) -> None:
        wildcards = [{"filterType": "WILDCARD", "filter": each} for each in filters]
        members = {"imageTagMutabilityExclusionFilters": wildcards} if filters else {}
        wire("PutImageTagMutability", repositoryName="demo", imageTagMutability=mode, **members)

    set_mode("MUTABLE_WITH_EXCLUSION", "v*")
    assert put(bench, wire, ANOTHER, "v1") == refused_by(put)
    set_mode("IMMUTABLE_WITH_EXCLUSION", "dev-*")
    assert put(bench, wire, ANOTHER, "v1") == refused_by(put)
    assert put(bench, wire, ANOTHER, "dev-1")[0] in (200, 201)
    assert put(bench, wire, manifest(CONFIG), "dev-1")[0] in (200, 201)
    set_mode("IMMUTABLE_WITH_EXCLUSION", "dev-*", "v1")
    assert put(bench, wire, ANOTHER, "v1")[0] in (200, 201)
    assert held(bench) == ANOTHER
    set_mode("IMMUTABLE")
    assert put(bench, wire, IMAGE, "v1") == refused_by(put)
    assert held(bench) == ANOTHER


@pytest.mark.parametrize("put", ROUTES)
@pytest.mark.parametrize("delete", ["DELETE by tag", "DELETE by digest", "BatchDeleteImage"])
def test_a_deleted_tag_is_free(fixed: Bench, wire: Any, put: Put, delete: str) -> None:
    """Immutability is against overwriting: once deleted at either door, the tag takes another image at either door."""
    if delete == "BatchDeleteImage":
        wire("BatchDeleteImage", repositoryName="demo", imageIds=[{"imageTag": "v1"}])
    else:
        reference = "v1" if delete == "DELETE by tag" else of(IMAGE)
        assert fixed("DELETE", f"/v2/demo/manifests/{reference}").status == 202
    for data in (CONFIG, LAYER):  # they went with the last image that used them
        fixed.blob("demo", data)
    assert put(fixed, wire, ANOTHER, "v1")[0] in (200, 201)
    assert held(fixed) == ANOTHER
    assert put(fixed, wire, IMAGE, "v1") == refused_by(put)


def test_the_same_image_again(fixed: Bench, wire: Any) -> None:
    """The identical image under its immutable tag: a docker push succeeds, PutImage says that it is there."""
    assert by_docker(fixed, wire, IMAGE, "v1")[0] == 201
    sentence = (
        f"Image with digest '{of(IMAGE)}' and tag 'v1' already exists in the repository with name 'demo' "
        f"in registry with id '{ACCOUNT}'"
    )
    assert by_api(fixed, wire, IMAGE, "v1") == (400, "ImageAlreadyExistsException", sentence)
    assert held(fixed) == IMAGE


@pytest.mark.parametrize("put", [by_docker, by_api])
def test_what_is_wrong_first_is_said_first(fixed: Bench, wire: Any, put: Put) -> None:
    """A manifest whose blobs are missing is refused for that, under an immutable tag too, and the tag stays."""
    document = json.loads(ANOTHER)
    document["layers"] = [{"mediaType": "x", "digest": ABSENT, "size": 1}]
    _, code, _ = put(fixed, wire, json.dumps(document).encode(), "v1")
    assert code in ("MANIFEST_BLOB_UNKNOWN", "BLOB_UPLOAD_UNKNOWN", "LayersNotFoundException")
    assert held(fixed) == IMAGE


def test_a_tag_is_immutable_in_its_repository(fixed: Bench, wire: Any) -> None:
    """The same tag in another repository, and another account's repository of the same name, have their own mode."""
    fixed.create("other")
    fixed.push("other", "v1", IMAGE)
    fixed.push("other", "v1", ANOTHER)
    wire.send("CreateRepository", {"repositoryName": "demo"}, account=OTHER)
    denied = {"repositoryName": "demo", "registryId": ACCOUNT, "imageTagMutability": "MUTABLE"}
    assert wire.send("PutImageTagMutability", denied, account=OTHER).refusal[1] == "AccessDeniedException"
    assert by_docker(fixed, wire, ANOTHER, "v1") == refused_by(by_docker)


def test_s8_docker_pushes_at_once(fixed: Bench, wire: Any) -> None:
    """Of docker pushes of different images to a free immutable tag at once one gets it, and PutImage cannot move it."""

    async def race(requests: list[Request]) -> list[Answer]:
        return await asyncio.gather(*(fixed.exchange(request) for request in requests))

    for tag in ("v2", "v3", "v4"):
        url = f"/v2/demo/manifests/{tag}"
        payloads = [manifest(CONFIG, annotations={"n": f"{tag} {number}"}) for number in range(6)]
        requests = [fixed.request("PUT", url, payload, {"content-type": OCI_MANIFEST}) for payload in payloads]
        answers = fixed.runner.run(race(requests))
        assert sorted(answer.status for answer in answers) == [201] + [400] * 5
        (winner,) = [payload for payload, answer in zip(payloads, answers, strict=True) if answer.status == 201]
        assert {answer.refusal[2] for answer in answers if answer.status == 400} == {SENTENCE.replace("v1", tag)}
        assert held(fixed, tag) == winner
        payloads.remove(winner)
        assert {by_api(fixed, wire, payload, tag)[1] for payload in payloads} == {"ImageTagAlreadyExistsException"}
        assert held(fixed, tag) == winner


def test_a_refused_push_changes_nothing(fixed: Bench, wire: Any) -> None:
    """After refused pushes the image that is there has its time, its size and its tags as before, and is alone."""
    before = wire("DescribeImages", repositoryName="demo")
    fixed.clock.now += 60_000
    wire.clock.now += 60_000
    for put in ROUTES:
        assert put(fixed, wire, ANOTHER, "v1") == refused_by(put)
    assert wire("DescribeImages", repositoryName="demo") == before
