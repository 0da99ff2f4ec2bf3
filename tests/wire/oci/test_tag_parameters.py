"""A manifest pushed by its digest with tags in the query, as the version of the specification after 1.1 has it."""

import pytest

from cargohold.core.digest import of

from .bench import ABSENT, CONFIG, IMAGE, LAYER, OCI_MANIFEST, Bench, manifest

URL = f"/v2/demo/manifests/{of(IMAGE)}"
TYPE = {"content-type": OCI_MANIFEST}
ANOTHER = manifest(CONFIG)


def tags(bench: Bench) -> list[str]:
    listed: list[str] = bench("GET", "/v2/demo/tags/list").json["tags"]
    return listed


@pytest.fixture
def demo(bench: Bench) -> Bench:
    bench.create("demo")
    for data in (CONFIG, LAYER):
        bench.blob("demo", data)
    return bench


def test_every_tag_is_put(demo: Bench) -> None:
    """Each tag of the query is on the image, and the answer names them once each in the order they were given."""
    answer = demo("PUT", f"{URL}?tag=v2&tag=v1&other=x&tag=v2", IMAGE, TYPE)
    assert (answer.status, answer.headers["oci-tag"]) == (201, "v2, v1")
    assert tags(demo) == ["v1", "v2"]
    assert all(demo("GET", f"/v2/demo/manifests/{tag}").body == IMAGE for tag in tags(demo))


def test_a_digest_in_sha512_gets_tags_only_so(demo: Bench) -> None:
    """A tag in the query is on the image under the digest that was given, in its algorithm."""
    digest = of(IMAGE, "sha512")
    assert demo("PUT", f"/v2/demo/manifests/{digest}?tag=v1", IMAGE, TYPE).status == 201
    assert demo("GET", "/v2/demo/manifests/v1").headers["docker-content-digest"] == digest


def test_a_push_by_tag_has_one_tag(demo: Bench) -> None:
    """Beside a tag in the path those in the query mean nothing, and the answer names none."""
    answer = demo("PUT", "/v2/demo/manifests/v1?tag=v2", IMAGE, TYPE)
    assert answer.status == 201
    assert "oci-tag" not in answer.headers
    assert tags(demo) == ["v1"]


@pytest.mark.parametrize("strange", ["", "-v", "a/b", "%00", "x" * 129, "%C3%BC", ABSENT])
def test_one_tag_that_is_none_refuses_all(demo: Bench, strange: str) -> None:
    """What can be no tag is refused before anything is stored."""
    answer = demo("PUT", f"{URL}?tag=v1&tag={strange}", IMAGE, TYPE)
    assert answer.refusal[:2] == (400, "TAG_INVALID")
    assert tags(demo) == []
    assert demo("GET", URL).status == 404


def test_s8_one_immutable_tag_refuses_all(bench: Bench) -> None:
    """S8: when one of the tags may not move, none does and the image is not kept; on the identical image all may."""
    bench.create("demo", tag_mutability="IMMUTABLE")
    bench.push("demo", "fixed", IMAGE)
    refused = bench("PUT", f"/v2/demo/manifests/{of(ANOTHER)}?tag=new&tag=fixed", ANOTHER, TYPE)
    assert refused.refusal[:2] == (400, "TAG_INVALID")
    assert tags(bench) == ["fixed"]
    assert bench("GET", f"/v2/demo/manifests/{of(ANOTHER)}").status == 404
    assert bench("PUT", f"{URL}?tag=new&tag=fixed", IMAGE, TYPE).status == 201
    assert tags(bench) == ["fixed", "new"]


def test_an_image_has_so_many_tags(bench_with: object) -> None:
    """More tags than an image may have are refused together."""
    bench: Bench = bench_with(tags_per_image=2)  # type: ignore[operator]
    bench.create("demo")
    for data in (CONFIG, LAYER):
        bench.blob("demo", data)
    assert bench("PUT", f"{URL}?tag=a&tag=b&tag=c", IMAGE, TYPE).refusal[:2] == (403, "DENIED")
    assert tags(bench) == []
    assert bench("PUT", f"{URL}?tag=a&tag=b", IMAGE, TYPE).status == 201
