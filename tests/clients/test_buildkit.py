"""BuildKit's build cache in a registry: the requests that it sends, in plain HTTP, with its media types.

Sources: moby/buildkit cache/remotecache (export.go, import.go) and containerd's remotes/docker pusher and fetcher. With
`image-manifest=true,oci-mediatypes=true` the cache is an image manifest, which is the form that ECR takes; without, it
is an index whose entries are layers.
"""

import json

import pytest
from botocore.client import BaseClient

from .bed.images import DOCKER_INDEX, DOCKER_LAYER, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, digest_of, make_speaker, noise
from .bed.wire import Answer, Wire

_CACHE = "application/vnd.buildkit.cacheconfig.v0"
_WITHDRAWN = "application/vnd.oci.artifact.manifest.v1+json"
_LAYERS = (noise(200_000), noise(70_001))


def cache_config() -> bytes:
    """BuildKit's own account of what a cache holds: its layers, and the build steps that made them."""
    layers = [
        {"blob": digest_of(layer), "parent": number - 1, "annotations": {"mediaType": OCI_LAYER, "size": len(layer)}}
        for number, layer in enumerate(_LAYERS)
    ]
    records = [{"digest": digest_of(b"step"), "layers": [{"layer": 1, "createdAt": "2026-01-01T00:00:00Z"}]}]
    return json.dumps({"layers": layers, "records": records}, separators=(",", ":")).encode()


def descriptor(media_type: str, data: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}


def cache_image(config: bytes) -> bytes:
    """The cache as an image manifest."""
    layers = [descriptor(OCI_LAYER, layer) for layer in _LAYERS]
    image = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(_CACHE, config), "layers": layers}
    return json.dumps(image, separators=(",", ":")).encode()


def cache_index(config: bytes, media_type: str) -> bytes:
    """The cache as an index: its layers and its configuration stand where an index lists manifests."""
    layer_type = OCI_LAYER if media_type == OCI_INDEX else DOCKER_LAYER
    listed = [*(descriptor(layer_type, layer) for layer in _LAYERS), descriptor(_CACHE, config)]
    index = {"schemaVersion": 2, "mediaType": media_type, "manifests": listed}
    return json.dumps(index, separators=(",", ":")).encode()


def push_blob(wire: Wire, repository: str, blob: bytes, media_type: str) -> None:
    """As containerd's pusher: a HEAD, a POST, and everything in one PUT whose answer must tell the digest."""
    digest = digest_of(blob)
    accept = {"Accept": f"{media_type}, */*"}
    if wire.ask("HEAD", f"/v2/{repository}/blobs/{digest}", headers=accept).status == 200:
        return
    location = wire.begin(repository)
    done = wire.want(201, "PUT", f"{location}?digest={digest}", blob, Content_Type="application/octet-stream")
    assert done.headers["Docker-Content-Digest"] == digest


def push_manifest(wire: Wire, repository: str, tag: str, manifest: bytes, media_type: str) -> Answer:
    """As containerd's pusher: a HEAD of the tag, and a PUT of what is not there in these bytes."""
    path = f"/v2/{repository}/manifests/{tag}"
    wire.ask("HEAD", path, headers={"Accept": f"{media_type}, */*"})
    return wire.ask("PUT", path, manifest, {"Content-Type": media_type})


def export(wire: Wire, repository: str, tag: str, manifest: bytes, media_type: str) -> Answer:
    """Sends layers, configuration and manifest in BuildKit's order."""
    for layer in _LAYERS:
        push_blob(wire, repository, layer, OCI_LAYER)
    push_blob(wire, repository, cache_config(), _CACHE)
    return push_manifest(wire, repository, tag, manifest, media_type)


def fetch(wire: Wire, path: str, media_type: str, start: int = 0) -> bytes:
    """As containerd's fetcher: a GET, from an offset where it goes on."""
    ranges = {"Range": f"bytes={start}-"} if start else {}
    answer = wire.ask("GET", path, headers={"Accept": f"{media_type}, */*", **ranges})
    assert answer.status == (206 if start else 200)
    return answer.body


def test_a_cache_image_comes_back(wire: Wire, ecr: BaseClient, repository: str) -> None:
    """A cache in the form of an image is pushed, found by its tag, and imported byte for byte."""
    manifest, config = cache_image(cache_config()), cache_config()
    assert export(wire, repository, "cache", manifest, OCI_MANIFEST).status == 201
    head = wire.want(200, "HEAD", f"/v2/{repository}/manifests/cache", Accept=f"{OCI_MANIFEST}, {OCI_INDEX}, */*")
    assert head.headers["Docker-Content-Digest"] == digest_of(manifest)
    assert head.headers["Content-Type"] == OCI_MANIFEST
    assert int(head.headers["Content-Length"]) == len(manifest)
    assert fetch(wire, f"/v2/{repository}/manifests/{digest_of(manifest)}", OCI_MANIFEST) == manifest
    blobs = f"/v2/{repository}/blobs"
    assert fetch(wire, f"{blobs}/{digest_of(config)}", _CACHE) == config
    for layer in _LAYERS:
        assert fetch(wire, f"{blobs}/{digest_of(layer)}", OCI_LAYER) == layer
        assert fetch(wire, f"{blobs}/{digest_of(layer)}", OCI_LAYER, start=65536) == layer[65536:]
    [detail] = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert (detail["imageManifestMediaType"], detail["artifactMediaType"]) == (OCI_MANIFEST, _CACHE)
    assert detail["imageSizeInBytes"] == len(config) + sum(map(len, _LAYERS))


def test_a_cache_is_replaced_beside_the_image_that_it_built(wire: Wire, ecr: BaseClient, repository: str) -> None:
    """A second build moves the cache's tag, which leaves the first cache untagged and the built image as it was."""
    image = make_speaker("built with a cache")
    wire.push(repository, "v1", image)
    first, second = cache_image(cache_config()), cache_image(cache_config()) + b"\n"
    for manifest in (first, second):
        assert export(wire, repository, "cache", manifest, OCI_MANIFEST).status == 201
        assert wire.manifest(repository, "cache") == manifest
    details = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert {each["imageDigest"]: each.get("imageTags") for each in details} == {
        image.digest: ["v1"],
        digest_of(first): None,
        digest_of(second): ["cache"],
    }


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_INDEX])
def test_a_cache_index_is_refused(wire: Wire, ecr: BaseClient, repository: str, media_type: str) -> None:
    """A cache in the form of an index, whose entries are no images, is refused in a sentence that names them."""
    refused = export(wire, repository, "cache", cache_index(cache_config(), media_type), media_type)
    assert refused.status == 404
    [error] = refused.errors
    assert error["code"] == "MANIFEST_BLOB_UNKNOWN"
    assert f"required for pushing image into repository with name '{repository}'" in error["message"]
    for entry in (*_LAYERS, cache_config()):
        assert digest_of(entry) in error["message"]
    assert wire.ask("GET", f"/v2/{repository}/manifests/cache").status == 404
    assert ecr.describe_images(repositoryName=repository)["imageDetails"] == []
    assert export(wire, repository, "cache", cache_image(cache_config()), OCI_MANIFEST).status == 201


def test_the_withdrawn_artifact_manifest_is_refused(wire: Wire, repository: str) -> None:
    """The artifact manifest, which OCI withdrew and BuildKit once sent for attestations, is refused by its name."""
    document = {"mediaType": _WITHDRAWN, "artifactType": _CACHE, "blobs": [descriptor(OCI_LAYER, _LAYERS[0])]}
    push_blob(wire, repository, _LAYERS[0], OCI_LAYER)
    refused = push_manifest(wire, repository, "v1", json.dumps(document).encode(), _WITHDRAWN)
    assert refused.status == 400
    [error] = refused.errors
    assert error["code"] == "MANIFEST_INVALID"
    assert f"unsupported manifest media type {_WITHDRAWN}" in error["message"]
