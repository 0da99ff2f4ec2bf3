"""The OCI door as one table: what is stored and what is sent, what comes back. Read it to learn the protocol."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from cargohold.core.digest import of

from .bench import ABSENT, ACCOUNT, ARM_IMAGE, CONFIG, IMAGE, INDEX, LAYER, OCI_INDEX, OCI_MANIFEST, Bench, manifest

Stored = Callable[[Bench], str | None]

LAYER_DIGEST, IMAGE_DIGEST, INDEX_DIGEST, ARM_DIGEST = of(LAYER), of(IMAGE), of(INDEX), of(ARM_IMAGE)
JSON = "application/json; charset=utf-8"


def repository(name: str, **options: Any) -> Stored:
    return lambda bench: bench.create(name, **options)


def blob(name: str, data: bytes) -> Stored:
    return lambda bench: bench.blob(name, data)


def image(name: str, *tags: str) -> Stored:
    def store(bench: Bench) -> None:
        for tag in tags or (IMAGE_DIGEST,):
            bench.push(name, tag, IMAGE)

    return store


def index(name: str, tag: str) -> Stored:
    return lambda bench: bench.push_index(name, tag)


def upload(name: str, data: bytes | None = None) -> Stored:
    return lambda bench: bench.upload(name, data)


@dataclass(frozen=True)
class Case:
    """`{upload}` in the URL and in headers is the id of the upload that was stored last."""

    description: str
    method: str
    url: str
    status: int
    stored: tuple[Stored, ...] = ()
    sent: dict[str, str] = field(default_factory=dict)
    body: bytes | tuple[bytes, ...] = b""
    headers: dict[str, str] = field(default_factory=dict)
    reply: bytes | dict[str, Any] | None = None
    error: tuple[str, str] | None = None


DEMO = repository("demo")

CASES = [
    # Version check and lists
    Case("the version check", "GET", "/v2/", 200, reply=b""),
    Case("the version check without its slash", "GET", "/v2", 200, reply=b""),
    Case("the version check by HEAD", "HEAD", "/v2/", 200),
    Case(
        "no repositories",
        "GET",
        "/v2/_catalog",
        200,
        reply={"repositories": []},
        headers={"content-type": "application/json"},
    ),
    Case(
        "repositories in order",
        "GET",
        "/v2/_catalog",
        200,
        stored=(repository("b1/c1"), repository("b1-c1"), repository("a1")),
        reply={"repositories": ["a1", "b1-c1", "b1/c1"]},
    ),
    Case(
        "a page of repositories, its Link relative and escaped",
        "GET",
        "/v2/_catalog?n=1&last=a1",
        200,
        stored=(repository("a1"), repository("b1/c1"), repository("d1")),
        reply={"repositories": ["b1/c1"]},
        headers={"link": '</v2/_catalog?n=1&last=b1%2Fc1>; rel="next"'},
    ),
    Case(
        "no tags",
        "GET",
        "/v2/demo/tags/list",
        200,
        stored=(DEMO,),
        reply={"name": "demo", "tags": []},
        headers={"content-type": "application/json"},
    ),
    Case("tags of a repository that is not there", "GET", "/v2/gone/tags/list", 404, error=("NAME_UNKNOWN", "'gone'")),
    Case(
        "no tag wanted of a repository that is not there",
        "GET",
        "/v2/gone/tags/list?n=0",
        404,
        error=("NAME_UNKNOWN", "'gone'"),
    ),
    Case(
        "tags in order, images without one not among them",
        "GET",
        "/v2/demo/tags/list",
        200,
        stored=(DEMO, index("demo", "b"), image("demo", "c", "a")),
        reply={"name": "demo", "tags": ["a", "b", "c"]},
    ),
    Case(
        "a page of tags",
        "GET",
        "/v2/demo/tags/list?n=1&last=a",
        200,
        stored=(DEMO, image("demo", "a", "b", "c")),
        reply={"name": "demo", "tags": ["b"]},
        headers={"link": '</v2/demo/tags/list?n=1&last=b>; rel="next"'},
    ),
    Case(
        "a page that holds all there is has no Link",
        "GET",
        "/v2/demo/tags/list?n=2",
        200,
        stored=(DEMO, image("demo", "a", "b")),
        reply={"name": "demo", "tags": ["a", "b"]},
        headers={"link": "absent"},
    ),
    Case(
        "an empty page has no Link",
        "GET",
        "/v2/demo/tags/list?n=0",
        200,
        stored=(DEMO, image("demo", "a")),
        reply={"name": "demo", "tags": []},
        headers={"link": "absent"},
    ),
    Case(
        "a last that was deleted since",
        "GET",
        "/v2/demo/tags/list?last=aa",
        200,
        stored=(DEMO, image("demo", "a", "b")),
        reply={"name": "demo", "tags": ["b"]},
    ),
    # Manifests
    Case(
        "a manifest by tag",
        "GET",
        "/v2/demo/manifests/v1",
        200,
        stored=(DEMO, image("demo", "v1")),
        reply=IMAGE,
        headers={
            "content-type": OCI_MANIFEST,
            "docker-content-digest": IMAGE_DIGEST,
            "content-length": str(len(IMAGE)),
            "etag": f'"{IMAGE_DIGEST}"',
        },
    ),
    Case(
        "a manifest by digest",
        "GET",
        f"/v2/demo/manifests/{IMAGE_DIGEST}",
        200,
        stored=(DEMO, image("demo", "v1")),
        reply=IMAGE,
        headers={"content-type": OCI_MANIFEST, "docker-content-digest": IMAGE_DIGEST},
    ),
    Case(
        "a manifest by HEAD",
        "HEAD",
        "/v2/demo/manifests/v1",
        200,
        stored=(DEMO, image("demo", "v1")),
        headers={
            "content-type": OCI_MANIFEST,
            "docker-content-digest": IMAGE_DIGEST,
            "content-length": str(len(IMAGE)),
        },
    ),
    Case(
        "a manifest that the client has",
        "GET",
        "/v2/demo/manifests/v1",
        304,
        stored=(DEMO, image("demo", "v1")),
        sent={"if-none-match": f'"{IMAGE_DIGEST}"'},
        reply=b"",
        headers={"docker-content-digest": IMAGE_DIGEST},
    ),
    Case(
        "a manifest that the client has another of",
        "GET",
        "/v2/demo/manifests/v1",
        200,
        stored=(DEMO, image("demo", "v1")),
        sent={"if-none-match": f'"{ABSENT}"'},
        reply=IMAGE,
    ),
    Case(
        "an index by tag",
        "GET",
        "/v2/demo/manifests/multi",
        200,
        stored=(DEMO, index("demo", "multi")),
        sent={"accept": f"{OCI_MANIFEST}, {OCI_INDEX}"},
        reply=INDEX,
        headers={"content-type": OCI_INDEX, "docker-content-digest": INDEX_DIGEST},
    ),
    Case(
        "an index for a client that reads no index: its linux/amd64 image",
        "GET",
        "/v2/demo/manifests/multi",
        200,
        stored=(DEMO, index("demo", "multi")),
        sent={"accept": OCI_MANIFEST},
        reply=IMAGE,
        headers={"content-type": OCI_MANIFEST, "docker-content-digest": IMAGE_DIGEST},
    ),
    Case(
        "an index by digest is never anything else",
        "GET",
        f"/v2/demo/manifests/{INDEX_DIGEST}",
        200,
        stored=(DEMO, index("demo", "multi")),
        sent={"accept": OCI_MANIFEST},
        reply=INDEX,
        headers={"content-type": OCI_INDEX},
    ),
    Case(
        "an index for a client that reads neither it nor its images",
        "GET",
        "/v2/demo/manifests/multi",
        200,
        stored=(DEMO, index("demo", "multi")),
        sent={"accept": "application/json"},
        reply=INDEX,
    ),
    Case(
        "an image for a client that reads another type: nothing is converted",
        "GET",
        "/v2/demo/manifests/v1",
        200,
        stored=(DEMO, image("demo", "v1")),
        sent={"accept": "application/vnd.docker.distribution.manifest.v2+json"},
        reply=IMAGE,
        headers={"content-type": OCI_MANIFEST},
    ),
    Case(
        "a manifest of a repository that is not there",
        "GET",
        "/v2/gone/manifests/v1",
        404,
        error=("NAME_UNKNOWN", f"The repository with name 'gone' does not exist in the registry with id '{ACCOUNT}'"),
        headers={"content-type": JSON},
    ),
    Case(
        "a tag that is not there",
        "GET",
        "/v2/demo/manifests/v2",
        404,
        stored=(DEMO, image("demo", "v1")),
        error=("MANIFEST_UNKNOWN", "Requested image not found"),
    ),
    Case(
        "a digest that is not there",
        "HEAD",
        f"/v2/demo/manifests/{ABSENT}",
        404,
        stored=(DEMO,),
        error=("MANIFEST_UNKNOWN", "Requested image not found"),
    ),
    Case(
        "what can be no tag is not there",
        "GET",
        "/v2/demo/manifests/.INVALID_MANIFEST_NAME",
        404,
        stored=(DEMO,),
        error=("MANIFEST_UNKNOWN", "Requested image not found"),
    ),
    Case(
        "what can be no digest",
        "GET",
        "/v2/demo/manifests/sha256:abc",
        400,
        stored=(DEMO,),
        error=("DIGEST_INVALID", "sha256:abc"),
    ),
    Case(
        "a manifest is put under a tag",
        "PUT",
        "/v2/demo/manifests/v1",
        201,
        stored=(DEMO, blob("demo", CONFIG), blob("demo", LAYER)),
        sent={"content-type": OCI_MANIFEST},
        body=IMAGE,
        reply=b"",
        headers={"location": f"/v2/demo/manifests/{IMAGE_DIGEST}", "docker-content-digest": IMAGE_DIGEST},
    ),
    Case(
        "a manifest is put under its digest, its type with a parameter",
        "PUT",
        f"/v2/demo/manifests/{IMAGE_DIGEST}",
        201,
        stored=(DEMO, blob("demo", CONFIG), blob("demo", LAYER)),
        sent={"content-type": f"{OCI_MANIFEST}; charset=utf-8"},
        body=(IMAGE[:10], IMAGE[10:]),
        headers={"docker-content-digest": IMAGE_DIGEST},
    ),
    Case(
        "a manifest is put without a type, as it says its own",
        "PUT",
        "/v2/demo/manifests/v1",
        201,
        stored=(DEMO, blob("demo", CONFIG), blob("demo", LAYER)),
        body=IMAGE,
    ),
    Case(
        "the same image again on an immutable tag",
        "PUT",
        "/v2/fixed/manifests/v1",
        201,
        stored=(repository("fixed", tag_mutability="IMMUTABLE"), image("fixed", "v1")),
        sent={"content-type": OCI_MANIFEST},
        body=IMAGE,
        headers={"docker-content-digest": IMAGE_DIGEST},
    ),
    Case(
        "another image on an immutable tag",
        "PUT",
        "/v2/fixed/manifests/v1",
        400,
        stored=(repository("fixed", tag_mutability="IMMUTABLE"), image("fixed", "v1")),
        sent={"content-type": OCI_MANIFEST},
        body=manifest(CONFIG),
        error=(
            "TAG_INVALID",
            (
                "The image tag 'v1' already exists in the 'fixed' repository "
                "and cannot be overwritten because the tag is immutable."
            ),
        ),
    ),
    Case(
        "a manifest under another's digest",
        "PUT",
        f"/v2/demo/manifests/{ABSENT}",
        400,
        stored=(DEMO, blob("demo", CONFIG), blob("demo", LAYER)),
        sent={"content-type": OCI_MANIFEST},
        body=IMAGE,
        error=("DIGEST_INVALID", f"Image digest {ABSENT} does not match the digest calculated {IMAGE_DIGEST}"),
    ),
    Case(
        "a manifest whose layer is missing",
        "PUT",
        "/v2/demo/manifests/v1",
        404,
        stored=(DEMO, blob("demo", CONFIG)),
        sent={"content-type": OCI_MANIFEST},
        body=IMAGE,
        error=(
            "MANIFEST_BLOB_UNKNOWN",
            (
                f"Layers with digests '[{LAYER_DIGEST}]' required for pushing image into repository "
                f"with name 'demo' in the registry with id '{ACCOUNT}' do not exist"
            ),
        ),
    ),
    Case(
        "an index whose images are missing",
        "PUT",
        "/v2/demo/manifests/multi",
        404,
        stored=(DEMO, image("demo", "v1")),
        sent={"content-type": OCI_INDEX},
        body=INDEX,
        error=(
            "MANIFEST_BLOB_UNKNOWN",
            (
                f"Images with digests '[{ARM_DIGEST}]' required for pushing image into repository "
                f"with name 'demo' in the registry with id '{ACCOUNT}' do not exist"
            ),
        ),
    ),
    Case(
        "a manifest that is no JSON",
        "PUT",
        "/v2/demo/manifests/v1",
        400,
        stored=(DEMO,),
        sent={"content-type": OCI_MANIFEST},
        body=b"{",
        error=(
            "MANIFEST_INVALID",
            "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
        ),
    ),
    Case(
        "a manifest under what can be no tag",
        "PUT",
        "/v2/demo/manifests/-v1",
        400,
        stored=(DEMO,),
        sent={"content-type": OCI_MANIFEST},
        body=IMAGE,
        error=("TAG_INVALID", "Invalid parameter at 'imageTag'"),
    ),
    Case(
        "a manifest for a repository that is not there",
        "PUT",
        "/v2/gone/manifests/v1",
        404,
        sent={"content-type": OCI_MANIFEST},
        body=IMAGE,
        error=("NAME_UNKNOWN", "'gone'"),
    ),
    Case(
        "a tag is deleted", "DELETE", "/v2/demo/manifests/v1", 202, stored=(DEMO, image("demo", "v1", "v2")), reply=b""
    ),
    Case(
        "a tag that is not there is not deleted",
        "DELETE",
        "/v2/demo/manifests/v2",
        404,
        stored=(DEMO, image("demo", "v1")),
        error=("MANIFEST_UNKNOWN", "Requested image not found"),
    ),
    Case(
        "an image is deleted", "DELETE", f"/v2/demo/manifests/{IMAGE_DIGEST}", 202, stored=(DEMO, image("demo", "v1"))
    ),
    Case(
        "an image that an index lists is not deleted",
        "DELETE",
        f"/v2/demo/manifests/{IMAGE_DIGEST}",
        405,
        stored=(DEMO, index("demo", "multi")),
        error=("UNSUPPORTED", f"Requested image referenced by manifest list: [{INDEX_DIGEST}]"),
    ),
    Case(
        "a method that manifests do not have",
        "POST",
        "/v2/demo/manifests/v1",
        405,
        error=("UNSUPPORTED", "POST"),
        headers={"allow": "GET, HEAD, PUT, DELETE"},
    ),
    # Blobs
    Case(
        "a blob",
        "GET",
        f"/v2/demo/blobs/{LAYER_DIGEST}",
        200,
        stored=(DEMO, blob("demo", LAYER)),
        reply=LAYER,
        headers={
            "content-type": "application/octet-stream",
            "docker-content-digest": LAYER_DIGEST,
            "content-length": str(len(LAYER)),
            "accept-ranges": "bytes",
            "etag": f'"{LAYER_DIGEST}"',
        },
    ),
    Case(
        "a blob by HEAD",
        "HEAD",
        f"/v2/demo/blobs/{LAYER_DIGEST}",
        200,
        stored=(DEMO, blob("demo", LAYER)),
        reply=b"",
        headers={"docker-content-digest": LAYER_DIGEST, "content-length": str(len(LAYER))},
    ),
    Case(
        "a blob by an escaped digest",
        "GET",
        f"/v2/demo/blobs/{LAYER_DIGEST.replace(':', '%3A')}",
        200,
        stored=(DEMO, blob("demo", LAYER)),
        reply=LAYER,
    ),
    Case("an empty blob", "GET", f"/v2/demo/blobs/{of(b'')}", 200, stored=(DEMO, blob("demo", b"")), reply=b""),
    Case(
        "a blob that the client has",
        "GET",
        f"/v2/demo/blobs/{LAYER_DIGEST}",
        304,
        stored=(DEMO, blob("demo", LAYER)),
        sent={"if-none-match": f'"{LAYER_DIGEST}"'},
        reply=b"",
    ),
    Case(
        "a part of a blob",
        "GET",
        f"/v2/demo/blobs/{LAYER_DIGEST}",
        206,
        stored=(DEMO, blob("demo", LAYER)),
        sent={"range": "bytes=7-9"},
        reply=b"lay",
        headers={"content-range": "bytes 7-9/12", "content-length": "3", "docker-content-digest": LAYER_DIGEST},
    ),
    Case(
        "the rest of a blob",
        "GET",
        f"/v2/demo/blobs/{LAYER_DIGEST}",
        206,
        stored=(DEMO, blob("demo", LAYER)),
        sent={"range": "bytes=7-"},
        reply=b"layer",
        headers={"content-range": "bytes 7-11/12"},
    ),
    Case(
        "the end of a blob",
        "GET",
        f"/v2/demo/blobs/{LAYER_DIGEST}",
        206,
        stored=(DEMO, blob("demo", LAYER)),
        sent={"range": "bytes=-2", "if-range": f'"{LAYER_DIGEST}"'},
        reply=b"er",
        headers={"content-range": "bytes 10-11/12"},
    ),
    Case(
        "a part of another blob: the whole",
        "GET",
        f"/v2/demo/blobs/{LAYER_DIGEST}",
        200,
        stored=(DEMO, blob("demo", LAYER)),
        sent={"range": "bytes=0-1", "if-range": '"another"'},
        reply=LAYER,
    ),
    Case(
        "several parts of a blob: the whole",
        "GET",
        f"/v2/demo/blobs/{LAYER_DIGEST}",
        200,
        stored=(DEMO, blob("demo", LAYER)),
        sent={"range": "bytes=0-1,3-4"},
        reply=LAYER,
    ),
    Case(
        "a part behind the end of a blob",
        "GET",
        f"/v2/demo/blobs/{LAYER_DIGEST}",
        416,
        stored=(DEMO, blob("demo", LAYER)),
        sent={"range": "bytes=12-"},
        headers={"content-range": "bytes */12"},
        error=("RANGE_INVALID", "12 bytes"),
    ),
    Case(
        "a blob that is not there",
        "GET",
        f"/v2/demo/blobs/{ABSENT}",
        404,
        stored=(DEMO,),
        error=(
            "BLOB_UNKNOWN",
            (
                f"The layer with digest '{ABSENT}' does not exist within the repository "
                f"with name 'demo' in the registry with id '{ACCOUNT}'"
            ),
        ),
    ),
    Case(
        "a blob of a repository that is not there",
        "HEAD",
        f"/v2/gone/blobs/{LAYER_DIGEST}",
        404,
        error=("NAME_UNKNOWN", "'gone'"),
    ),
    Case("no digest", "GET", "/v2/demo/blobs/latest", 400, stored=(DEMO,), error=("DIGEST_INVALID", "latest")),
    Case(
        "a blob that no image uses is deleted",
        "DELETE",
        f"/v2/demo/blobs/{LAYER_DIGEST}",
        202,
        stored=(DEMO, blob("demo", LAYER)),
        reply=b"",
    ),
    Case(
        "a blob that an image uses is not deleted",
        "DELETE",
        f"/v2/demo/blobs/{LAYER_DIGEST}",
        405,
        stored=(DEMO, image("demo", "v1")),
        error=(
            "UNSUPPORTED",
            (
                f"The layer with digest '{LAYER_DIGEST}' in the repository with name 'demo' in the registry "
                f"with id '{ACCOUNT}' cannot be deleted because an image uses it"
            ),
        ),
    ),
    Case(
        "a blob that is not there is not deleted",
        "DELETE",
        f"/v2/demo/blobs/{LAYER_DIGEST}",
        404,
        stored=(DEMO, repository("other"), blob("other", LAYER)),
        error=("BLOB_UNKNOWN", "'demo'"),
    ),
    # Uploads
    Case(
        "an upload begins",
        "POST",
        "/v2/demo/blobs/uploads/",
        202,
        stored=(DEMO,),
        reply=b"",
        headers={"range": "0-0", "content-length": "0"},
    ),
    Case(
        "an upload for a repository that is not there",
        "POST",
        "/v2/gone/blobs/uploads/",
        404,
        error=("NAME_UNKNOWN", f"The repository with name 'gone' does not exist in the registry with id '{ACCOUNT}'"),
    ),
    Case(
        "a blob in one request",
        "POST",
        f"/v2/demo/blobs/uploads/?digest={LAYER_DIGEST}",
        201,
        stored=(DEMO,),
        body=LAYER,
        headers={"location": f"/v2/demo/blobs/{LAYER_DIGEST}", "docker-content-digest": LAYER_DIGEST},
    ),
    Case(
        "a blob in one request that is another",
        "POST",
        f"/v2/demo/blobs/uploads/?digest={ABSENT}",
        400,
        stored=(DEMO,),
        body=LAYER,
        error=("DIGEST_INVALID", "None of the provided layer digests match the calculated layer digest"),
    ),
    Case(
        "a blob streamed",
        "PATCH",
        "/v2/demo/blobs/uploads/{upload}",
        202,
        stored=(DEMO, upload("demo")),
        body=(LAYER[:5], LAYER[5:]),
        reply=b"",
        headers={"range": "0-11", "location": "/v2/demo/blobs/uploads/{upload}", "docker-upload-uuid": "{upload}"},
    ),
    Case(
        "a chunk in its place",
        "PATCH",
        "/v2/demo/blobs/uploads/{upload}",
        202,
        stored=(DEMO, upload("demo", LAYER[:5])),
        sent={"content-range": "5-11"},
        body=LAYER[5:],
        headers={"range": "0-11"},
    ),
    Case(
        "a chunk out of order",
        "PATCH",
        "/v2/demo/blobs/uploads/{upload}",
        416,
        stored=(DEMO, upload("demo", LAYER[:5])),
        sent={"content-range": "6-11"},
        body=LAYER[6:],
        error=("RANGE_INVALID", ""),
        headers={"range": "0-4", "location": "/v2/demo/blobs/uploads/{upload}"},
    ),
    Case(
        "a chunk that is longer than it says",
        "PATCH",
        "/v2/demo/blobs/uploads/{upload}",
        400,
        stored=(DEMO, upload("demo")),
        sent={"content-range": "0-4"},
        body=LAYER,
        error=("SIZE_INVALID", "The Content-Range gives 5 bytes, but the body has 12"),
    ),
    Case(
        "a chunk that says nothing clear",
        "PATCH",
        "/v2/demo/blobs/uploads/{upload}",
        400,
        stored=(DEMO, upload("demo")),
        sent={"content-range": "from here on"},
        body=LAYER,
        error=("BLOB_UPLOAD_INVALID", "Content-Range"),
    ),
    Case(
        "how far an upload is",
        "GET",
        "/v2/demo/blobs/uploads/{upload}",
        204,
        stored=(DEMO, upload("demo", LAYER)),
        reply=b"",
        headers={"range": "0-11", "location": "/v2/demo/blobs/uploads/{upload}", "docker-upload-uuid": "{upload}"},
    ),
    Case(
        "an upload ends",
        "PUT",
        f"/v2/demo/blobs/uploads/{{upload}}?digest={LAYER_DIGEST}",
        201,
        stored=(DEMO, upload("demo", LAYER)),
        reply=b"",
        headers={"location": f"/v2/demo/blobs/{LAYER_DIGEST}", "docker-content-digest": LAYER_DIGEST},
    ),
    Case(
        "an upload ends with all its bytes",
        "PUT",
        f"/v2/demo/blobs/uploads/{{upload}}?digest={LAYER_DIGEST.replace(':', '%3A')}",
        201,
        stored=(DEMO, upload("demo")),
        body=(LAYER,),
        headers={"docker-content-digest": LAYER_DIGEST},
    ),
    Case(
        "an upload ends with its last chunk",
        "PUT",
        f"/v2/demo/blobs/uploads/{{upload}}?digest={LAYER_DIGEST}",
        201,
        stored=(DEMO, upload("demo", LAYER[:5])),
        sent={"content-range": "5-11"},
        body=LAYER[5:],
    ),
    Case(
        "an upload ends with a chunk out of order",
        "PUT",
        f"/v2/demo/blobs/uploads/{{upload}}?digest={LAYER_DIGEST}",
        416,
        stored=(DEMO, upload("demo", LAYER[:5])),
        sent={"content-range": "0-11"},
        body=LAYER,
        error=("RANGE_INVALID", ""),
        headers={"range": "0-4"},
    ),
    Case(
        "an upload ends without a byte",
        "PUT",
        f"/v2/demo/blobs/uploads/{{upload}}?digest={of(b'')}",
        201,
        stored=(DEMO, upload("demo")),
        headers={"docker-content-digest": of(b"")},
    ),
    Case(
        "an upload ends as another blob",
        "PUT",
        f"/v2/demo/blobs/uploads/{{upload}}?digest={ABSENT}",
        400,
        stored=(DEMO, upload("demo", LAYER)),
        error=("DIGEST_INVALID", "None of the provided layer digests match the calculated layer digest"),
    ),
    Case(
        "an upload ends without a digest",
        "PUT",
        "/v2/demo/blobs/uploads/{upload}",
        400,
        stored=(DEMO, upload("demo", LAYER)),
        error=("DIGEST_INVALID", "Invalid parameter at 'digest'"),
    ),
    Case(
        "a streamed chunk that is longer than it says",
        "PATCH",
        "/v2/demo/blobs/uploads/{upload}",
        400,
        stored=(DEMO, upload("demo", LAYER[:5])),
        sent={"content-range": "5-8"},
        body=(LAYER[5:7], LAYER[7:]),
        error=("SIZE_INVALID", "The Content-Range gives 4 bytes, but the body has more"),
    ),
    Case(
        "a streamed chunk that is shorter than it says",
        "PATCH",
        "/v2/demo/blobs/uploads/{upload}",
        400,
        stored=(DEMO, upload("demo", LAYER[:5])),
        sent={"content-range": "5-99"},
        body=(LAYER[5:7], LAYER[7:]),
        error=("SIZE_INVALID", "The Content-Range gives 95 bytes, but the body has 7"),
    ),
    Case(
        "an upload is forgotten", "DELETE", "/v2/demo/blobs/uploads/{upload}", 204, stored=(DEMO, upload("demo", LAYER))
    ),
    Case(
        "an upload that is not there",
        "PATCH",
        "/v2/demo/blobs/uploads/00000000-0000-0000-0000-000000000000",
        404,
        stored=(DEMO,),
        body=LAYER,
        error=("BLOB_UPLOAD_UNKNOWN", "Upload with id '00000000-0000-0000-0000-000000000000' could not be found"),
    ),
    Case(
        "what can be no upload",
        "GET",
        "/v2/demo/blobs/uploads/..%2f..%00",
        404,
        stored=(DEMO,),
        error=("BLOB_UPLOAD_UNKNOWN", "could not be found"),
    ),
    # Mounts
    Case(
        "a blob is mounted",
        "POST",
        f"/v2/demo/blobs/uploads/?mount={LAYER_DIGEST}&from=other",
        201,
        stored=(DEMO, repository("other"), image("other", "v1")),
        headers={"location": f"/v2/demo/blobs/{LAYER_DIGEST}", "docker-content-digest": LAYER_DIGEST},
    ),
    Case(
        "a blob that its source does not have",
        "POST",
        f"/v2/demo/blobs/uploads/?mount={ABSENT}&from=other",
        202,
        stored=(DEMO, repository("other")),
        headers={"range": "0-0"},
    ),
    Case(
        "a mount from a repository that is not there",
        "POST",
        f"/v2/demo/blobs/uploads/?mount={LAYER_DIGEST}&from=gone",
        202,
        stored=(DEMO,),
        headers={"range": "0-0"},
    ),
    Case(
        "a mount from wherever it is",
        "POST",
        f"/v2/demo/blobs/uploads/?mount={LAYER_DIGEST}",
        201,
        stored=(DEMO, repository("other"), image("other", "v1")),
        headers={"location": f"/v2/demo/blobs/{LAYER_DIGEST}", "docker-content-digest": LAYER_DIGEST},
    ),
    Case(
        "a mount from wherever it is, which is nowhere",
        "POST",
        f"/v2/demo/blobs/uploads/?mount={ABSENT}",
        202,
        stored=(DEMO, repository("other"), image("other", "v1")),
        headers={"range": "0-0"},
    ),
    Case(
        "a mount of what is there already",
        "POST",
        f"/v2/demo/blobs/uploads/?mount={LAYER_DIGEST}&from=gone",
        201,
        stored=(DEMO, blob("demo", LAYER)),
    ),
    Case(
        "a mount of what can be no digest",
        "POST",
        "/v2/demo/blobs/uploads/?mount=latest&from=other",
        400,
        stored=(DEMO,),
        error=("DIGEST_INVALID", "latest"),
    ),
    Case(
        "a mount from what can be no repository",
        "POST",
        f"/v2/demo/blobs/uploads/?mount={LAYER_DIGEST}&from=../other",
        202,
        stored=(DEMO,),
    ),
    Case(
        "a mount into a repository that is not there",
        "POST",
        f"/v2/gone/blobs/uploads/?mount={LAYER_DIGEST}&from=other",
        404,
        stored=(repository("other"), image("other", "v1")),
        error=("NAME_UNKNOWN", "'gone'"),
    ),
    # What is not there at all
    Case("another path", "GET", "/v2/demo", 404, error=("UNSUPPORTED", "There is nothing at /v2/demo")),
    Case("what can be no repository", "GET", "/v2/Demo/tags/list", 400, error=("NAME_INVALID", "repositoryName")),
]


@pytest.mark.parametrize("case", CASES, ids=[case.description for case in CASES])
def test_calls(bench: Bench, case: Case) -> None:
    """What comes back is what the table says."""
    upload_id = ""
    for store in case.stored:
        upload_id = store(bench) or upload_id
    answer = bench(case.method, case.url.replace("{upload}", upload_id), case.body, case.sent)
    assert answer.status == case.status, answer.body
    for name, value in case.headers.items():
        assert answer.headers.get(name, "absent") == value.replace("{upload}", upload_id), name
    if case.error is None:
        assert answer.code == ""
    else:
        status, code, sentence = answer.refusal
        assert (status, code) == (case.status, case.error[0])
        assert case.error[1] in sentence
    if case.reply is not None:
        assert (answer.json if isinstance(case.reply, dict) else answer.body) == case.reply
