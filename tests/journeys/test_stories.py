"""Stories through both doors of a real server, told by AWS's SDK and by plain HTTP."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.clients.bed.images import Image, digest_of, make_image, make_index, make_layer
from tests.clients.bed.server import Server
from tests.clients.bed.wire import Wire


def image(content: str) -> Image:
    return make_image([make_layer({"content": content.encode()}), make_layer({"more": b"more" * 1000})], ["/content"])


def codes(wire: Wire, path: str) -> tuple[int, str]:
    """Status and error code of what is not to be had any more."""
    answer = wire.ask("GET", path)
    return answer.status, answer.errors[0]["code"]


def refusal(operation: Callable[..., Any], **members: Any) -> str:
    with pytest.raises(ClientError) as caught:
        operation(**members)
    return str(caught.value.response["Error"]["Code"])


def test_the_life_of_an_image(ecr: BaseClient, wire: Wire, name: str) -> None:
    """Created, pushed, described, tagged anew, pulled and deleted; each step is seen through the other door."""
    ecr.create_repository(repositoryName=name, tags=[{"Key": "team", "Value": "hold"}])
    assert wire.want(200, "GET", "/v2/").status == 200
    pushed = image("first")
    wire.push(name, "v1", pushed)

    (described,) = ecr.describe_images(repositoryName=name)["imageDetails"]
    assert (described["imageDigest"], described["imageTags"]) == (pushed.digest, ["v1"])
    assert described["imageSizeInBytes"] == sum(len(blob) for blob in pushed.blobs.values())
    (got,) = ecr.batch_get_image(repositoryName=name, imageIds=[{"imageTag": "v1"}])["images"]
    assert got["imageManifest"].encode() == pushed.manifest

    ecr.put_image(repositoryName=name, imageManifest=got["imageManifest"], imageTag="v2")
    assert wire.manifest(name, "v2") == pushed.manifest
    for digest, blob in pushed.blobs.items():
        assert wire.blob(name, digest) == blob
    assert json.loads(wire.want(200, "GET", f"/v2/{name}/tags/list").body)["tags"] == ["v1", "v2"]

    removed = ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "v1"}])
    assert removed["imageIds"] == [{"imageDigest": pushed.digest, "imageTag": "v1"}]
    assert codes(wire, f"/v2/{name}/manifests/v1") == (404, "MANIFEST_UNKNOWN")
    assert wire.manifest(name, "v2") == pushed.manifest
    assert refusal(ecr.delete_repository, repositoryName=name) == "RepositoryNotEmptyException"

    wire.want(202, "DELETE", f"/v2/{name}/manifests/{pushed.digest}")
    assert ecr.list_images(repositoryName=name)["imageIds"] == []
    assert codes(wire, f"/v2/{name}/manifests/v2") == (404, "MANIFEST_UNKNOWN")
    assert refusal(ecr.describe_images, repositoryName=name, imageIds=[{"imageTag": "v2"}]) == "ImageNotFoundException"

    ecr.delete_repository(repositoryName=name)
    assert codes(wire, f"/v2/{name}/tags/list") == (404, "NAME_UNKNOWN")
    assert refusal(ecr.describe_repositories, repositoryNames=[name]) == "RepositoryNotFoundException"


def test_parts_of_the_api_are_pulled_by_the_protocol(ecr: BaseClient, wire: Wire, name: str) -> None:
    """Layers that came in parts, and an image of PutImage, are pulled, mounted elsewhere and listed by an index."""
    other = f"{name}/other"
    for each in (name, other):
        ecr.create_repository(repositoryName=each)
    pushed = image("by the API")
    for digest, blob in pushed.blobs.items():
        upload = ecr.initiate_layer_upload(repositoryName=name)["uploadId"]
        part = {"partFirstByte": 0, "partLastByte": len(blob) - 1, "layerPartBlob": blob}
        ecr.upload_layer_part(repositoryName=name, uploadId=upload, **part)
        ecr.complete_layer_upload(repositoryName=name, uploadId=upload, layerDigests=[digest])
    ecr.put_image(repositoryName=name, imageManifest=pushed.manifest.decode(), imageTag="api")
    assert wire.manifest(name, pushed.digest) == pushed.manifest

    for digest, blob in pushed.blobs.items():
        wire.want(201, "POST", f"/v2/{other}/blobs/uploads/?mount={digest}&from={name}", b"")
        assert wire.blob(other, digest) == blob
    wire.push_manifest(other, pushed.digest, pushed.manifest, pushed.media_type)
    index = make_index([pushed])
    wire.push_manifest(other, "all", index, "application/vnd.oci.image.index.v1+json")
    found = ecr.describe_images(repositoryName=other, imageIds=[{"imageTag": "all"}])["imageDetails"]
    assert [each["imageDigest"] for each in found] == [digest_of(index)]
    failed = ecr.batch_delete_image(repositoryName=other, imageIds=[{"imageDigest": pushed.digest}])["failures"]
    assert [each["failureCode"] for each in failed] == ["ImageReferencedByManifestList"]

    ecr.delete_repository(repositoryName=name, force=True)
    assert wire.manifest(other, "all") == index
    for digest, blob in pushed.blobs.items():
        assert wire.blob(other, digest) == blob


def test_a_tag_that_is_made_immutable_stays(ecr: BaseClient, wire: Wire, name: str) -> None:
    """What the API sets holds at both doors at once: the same image again is no change, another one is refused."""
    ecr.create_repository(repositoryName=name)
    first, second = image("first"), image("second")
    wire.push(name, "stable", first)
    ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="IMMUTABLE")
    wire.push(name, "stable", first)
    wire.push(name, second.digest, second)
    answer = wire.ask("PUT", f"/v2/{name}/manifests/stable", second.manifest, {"Content-Type": second.media_type})
    assert (answer.status, answer.errors[0]["code"]) == (400, "TAG_INVALID")
    assert wire.manifest(name, "stable") == first.manifest
    moving = {"repositoryName": name, "imageManifest": second.manifest.decode(), "imageTag": "stable"}
    assert refusal(ecr.put_image, **moving) == "ImageTagAlreadyExistsException"
    ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="MUTABLE")
    ecr.put_image(**moving)
    assert wire.manifest(name, "stable") == second.manifest


def test_many_clients_push_at_once(ecr: BaseClient, wires: Callable[[], Wire], name: str) -> None:
    """Eight clients that share layers and a tag all succeed, and every image is whole afterwards."""
    ecr.create_repository(repositoryName=name)
    images = [image(f"client {number % 3}") for number in range(8)]

    def push(number: int) -> None:
        wire = wires()
        wire.push(name, f"v{number}", images[number])
        wire.push_manifest(name, "latest", images[number].manifest, images[number].media_type)

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(push, range(8)))
    reader = wires()
    assert reader.manifest(name, "latest") in {each.manifest for each in images}
    tags = json.loads(reader.want(200, "GET", f"/v2/{name}/tags/list").body)["tags"]
    assert tags == ["latest", *(f"v{number}" for number in range(8))]
    for number, each in enumerate(images):
        assert reader.manifest(name, f"v{number}") == each.manifest
        for digest, blob in each.blobs.items():
            assert reader.blob(name, digest) == blob
    described = ecr.describe_images(repositoryName=name)["imageDetails"]
    assert {each["imageDigest"] for each in described} == {each.digest for each in images}


def test_an_upload_goes_on_at_any_door(ecr: BaseClient, wires: Callable[[], Wire], name: str) -> None:
    """Every request of one upload may be answered by another process; bytes and digest are the same."""
    ecr.create_repository(repositoryName=name)
    blob = b"".join(b"piece %d " % number * 500 for number in range(8))
    location, start = wires().begin(name), 0
    for end in range(len(blob) // 8, len(blob) + 1, len(blob) // 8):
        location = wires().append(location, blob[start:end], Content_Range=f"{start}-{end - 1}")
        assert wires().want(204, "GET", location).headers["Range"] == f"0-{end - 1}"
        start = end
    wires().finish(location, digest_of(blob), blob[start:])
    assert wires().blob(name, digest_of(blob)) == blob
    layer = ecr.batch_check_layer_availability(repositoryName=name, layerDigests=[digest_of(blob)])["layers"][0]
    assert (layer["layerAvailability"], layer["layerSize"]) == ("AVAILABLE", len(blob))


def test_metrics_and_health_are_those_of_all_processes(server: Server, wire: Wire) -> None:
    """The server is ready, and counts its requests whichever process answered them."""
    assert json.loads(wire.want(200, "GET", "/readyz").body) == {"database": "ok", "storage": "ok"}
    assert b"cargohold_open_uploads 0.0" in wire.want(200, "GET", "/metrics").body
    assert "error" not in {
        json.loads(line)["level"]
        for line in server.log.read_text().splitlines(keepends=True)
        if line[:1] == "{" and line[-1:] == "\n"
    }
