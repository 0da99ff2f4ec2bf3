"""Names that PostgreSQL cannot store, NUL bytes and broken UTF-8, through the OCI door on both engines."""

import pytest

from .bench import IMAGE, Bench

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize("bad", ["a%00b", "a%ffb", "a%ED%A0%80b"])
@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/v2/app/manifests/BAD"),
        ("GET", "/v2/BAD/manifests/latest"),
        ("PUT", "/v2/app/manifests/BAD"),
        ("DELETE", "/v2/app/manifests/BAD"),
        ("HEAD", "/v2/app/blobs/sha256:BAD"),
        ("GET", f"/v2/app/blobs/{DIGEST}BAD"),
        ("DELETE", "/v2/app/blobs/sha256:BAD"),
        ("POST", "/v2/app/blobs/uploads/?digest=sha256:BAD"),
        ("POST", f"/v2/app/blobs/uploads/?mount={DIGEST}&from=BAD"),
        ("POST", "/v2/app/blobs/uploads/?mount=sha256:BAD&from=app"),
        ("GET", "/v2/app/blobs/uploads/BAD"),
        ("PATCH", "/v2/app/blobs/uploads/BAD"),
        ("PUT", f"/v2/app/blobs/uploads/BAD?digest={DIGEST}"),
        ("DELETE", "/v2/app/blobs/uploads/BAD"),
        ("GET", "/v2/app/tags/list?last=BAD"),
        ("GET", "/v2/_catalog?last=BAD"),
        ("GET", "/v2/app/referrers/sha256:BAD"),
        ("GET", f"/v2/app/referrers/{DIGEST}?artifactType=BAD"),
    ],
)
def test_what_cannot_be_stored_is_no_fault_of_ours(bench: Bench, method: str, url: str, bad: str) -> None:
    """It is refused, or told to be unknown, wherever a name may stand, and what is there stays as it is."""
    bench.create("app")
    bench.push("app", "latest", IMAGE)
    assert bench(method, url.replace("BAD", bad)).status < 500
    assert bench("GET", "/v2/app/manifests/latest").body == IMAGE
    assert bench("GET", "/v2/app/tags/list").json["tags"] == ["latest"]
