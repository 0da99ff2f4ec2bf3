"""Referrers at the door: what points at a manifest, filtered and page by page."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from cargohold.core.arn import Registry
from cargohold.core.digest import of
from cargohold.core.manifest import MAXIMUM_BYTES
from cargohold.registry import referrers

from .bench import (
    ABSENT,
    CONFIG,
    IMAGE,
    LAYER,
    OCI_INDEX,
    OCI_MANIFEST,
    OTHER,
    REGION,
    Answer,
    Bench,
    manifest,
)

SUBJECT = {"mediaType": OCI_MANIFEST, "digest": of(IMAGE), "size": len(IMAGE)}
URL = f"/v2/demo/referrers/{of(IMAGE)}"
SBOM, SIGNATURE = "application/vnd.example.sbom.v1+json", "application/vnd.example.signature"


def artifact(number: int, kind: str | None = SBOM, **members: Any) -> bytes:
    """A manifest that points at the image; the number makes it another one."""
    named = {} if kind is None else {"artifactType": kind}
    return manifest(CONFIG, **({"subject": SUBJECT, "annotations": {"number": str(number)}} | named | members))


def push(bench: Bench, payload: bytes, reference: str | None = None) -> Answer:
    kind = json.loads(payload)["mediaType"]
    answer = bench("PUT", f"/v2/demo/manifests/{reference or of(payload)}", payload, {"content-type": kind})
    assert answer.status == 201, answer.body
    return answer


def digests(answer: Answer) -> list[str]:
    assert (answer.status, answer.headers["content-type"]) == (200, OCI_INDEX)
    return [descriptor["digest"] for descriptor in answer.json["manifests"]]


def pages(bench: Bench, url: str) -> list[list[str]]:
    """Every page, as a client finds it that follows the Links."""
    found = []
    while url:
        answer = bench("GET", url)
        found.append(digests(answer))
        url = answer.headers.get("link", "").partition(">")[0].lstrip("<")
    return found


@pytest.fixture
def demo(bench: Bench) -> Bench:
    """A client of a registry with one repository, which holds blobs and no image."""
    bench.create("demo")
    for data in (CONFIG, LAYER):
        bench.blob("demo", data)
    return bench


@pytest.mark.parametrize("subject", [ABSENT, of(b"", "sha512")])
def test_nothing_points_at_what_nobody_knows(demo: Bench, subject: str) -> None:
    """For any well-formed digest there is an index, an empty one where nothing points at it."""
    answer = demo("GET", f"/v2/demo/referrers/{subject}")
    assert (answer.status, answer.headers["content-type"]) == (200, OCI_INDEX)
    assert answer.json == {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    assert "link" not in answer.headers
    assert "oci-filters-applied" not in answer.headers


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        (f"/v2/gone/referrers/{ABSENT}", (404, "NAME_UNKNOWN")),
        (f"/v2/gone/referrers/{ABSENT}?n=0", (404, "NAME_UNKNOWN")),
        ("/v2/demo/referrers/latest", (400, "DIGEST_INVALID")),
        ("/v2/demo/referrers/sha256:abc", (400, "DIGEST_INVALID")),
        (f"{URL}?n=-1", (400, "PAGINATION_NUMBER_INVALID")),
        (f"{URL}?n=abc", (400, "PAGINATION_NUMBER_INVALID")),
        (f"{URL}?nextToken=abc", (400, "UNSUPPORTED")),
        (f"{URL}?nextToken=", (400, "UNSUPPORTED")),
    ],
)
def test_what_is_refused(demo: Bench, url: str, refusal: tuple[int, str]) -> None:
    """An unknown repository, a malformed digest, page size or page token is refused with the code of that thing."""
    assert demo("GET", url).refusal[:2] == refusal


def test_descriptors_say_what_points(demo: Bench) -> None:
    """Each referrer comes with type, digest, size, artifact type and annotations, in the order they were pushed."""
    plain = artifact(1, None)
    typed = artifact(2, SBOM, annotations={"created": "today", "ü": "\u2603"})
    listed = json.dumps(
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "subject": SUBJECT, "artifactType": SIGNATURE}
    ).encode()
    bare = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "subject": SUBJECT}).encode()
    for payload in (plain, typed, listed, bare):
        push(demo, payload)
    assert demo("GET", URL).json["manifests"] == [
        {
            "mediaType": OCI_MANIFEST,
            "digest": of(plain),
            "size": len(plain),
            "artifactType": "application/vnd.oci.image.config.v1+json",
            "annotations": {"number": "1"},
        },
        {
            "mediaType": OCI_MANIFEST,
            "digest": of(typed),
            "size": len(typed),
            "artifactType": SBOM,
            "annotations": {"created": "today", "ü": "\u2603"},
        },
        {"mediaType": OCI_INDEX, "digest": of(listed), "size": len(listed), "artifactType": SIGNATURE},
        {"mediaType": OCI_INDEX, "digest": of(bare), "size": len(bare)},
    ]


@pytest.mark.parametrize("annotations", [None, [], "text", {"a": 1, "b": None, "c": {}}, {"lone": "\ud800"}])
def test_strange_annotations_break_no_list(demo: Bench, annotations: object) -> None:
    """Whatever a manifest has in the place of annotations, the list of referrers is a list of referrers."""
    payload = artifact(1, SBOM, annotations=annotations)
    push(demo, payload)
    assert digests(demo("GET", URL)) == [of(payload)]


@pytest.mark.parametrize("asked", [quote(SBOM, safe=""), SBOM])
def test_a_filter_is_applied_and_said(demo: Bench, asked: str) -> None:
    """`artifactType` leaves one type, escaped or not, and the answer says that it was filtered."""
    wanted, other = artifact(1, SBOM), artifact(2, SIGNATURE)
    for payload in (wanted, other):
        push(demo, payload)
    answer = demo("GET", f"{URL}?artifactType={asked}")
    assert (digests(answer), answer.headers["oci-filters-applied"]) == ([of(wanted)], "artifactType")
    assert digests(demo("GET", f"{URL}?artifactType=nothing/such")) == []
    unfiltered = demo("GET", f"{URL}?artifactType=")
    assert digests(unfiltered) == [of(wanted), of(other)]
    assert "oci-filters-applied" not in unfiltered.headers


def test_pages_are_followed_by_their_links(demo: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Following relative Links gives each referrer once, filtered or not, however few rows one read gives."""
    monkeypatch.setattr(referrers, "WINDOW", 3)
    sboms = [artifact(number, SBOM) for number in range(8)]
    signatures = [artifact(number, SIGNATURE) for number in range(8)]
    for pair in zip(sboms, signatures, strict=True):
        for payload in pair:
            push(demo, payload)
    everything = [of(payload) for pair in zip(sboms, signatures, strict=True) for payload in pair]
    assert pages(demo, f"{URL}?n=5") == [everything[:5], everything[5:10], everything[10:15], everything[15:]]
    assert pages(demo, f"{URL}?n=8") == [everything[:8], everything[8:]]
    expected = [of(payload) for payload in sboms]
    assert pages(demo, f"{URL}?n=4&artifactType={quote(SBOM)}") == [expected[:4], expected[4:]]
    assert pages(demo, f"{URL}?n=0") == [[]]
    assert pages(demo, URL) == [everything]


def test_a_page_has_a_hundred(demo: Bench) -> None:
    """Without `n` a page has a hundred referrers and a Link to the rest."""
    pushed = [of(payload) for payload in (artifact(number) for number in range(101)) if push(demo, payload)]
    assert pages(demo, URL) == [pushed[:100], pushed[100:]]


def test_a_page_is_no_longer_than_a_manifest(demo: Bench) -> None:
    """Annotations of several megabytes come page by page, one referrer a page at the least."""
    large = [artifact(number, SBOM, annotations={"a": str(number) + "a" * (MAXIMUM_BYTES // 3)}) for number in range(4)]
    largest = artifact(9, SBOM, annotations={"a": "a" * (MAXIMUM_BYTES - 2000)})
    for payload in (largest, *large):
        push(demo, payload)
    assert [len(page) for page in pages(demo, URL)] == [1, 2, 2]


def test_a_page_token_is_good_for_one_list(demo: Bench) -> None:
    """The token of a Link opens no other subject's and no other repository's list, and no changed one is taken."""
    for number in range(2):
        push(demo, artifact(number))
    demo.create("other")
    link = demo("GET", f"{URL}?n=1").headers["link"]
    token = link.partition("nextToken=")[2].partition(">")[0]
    assert demo("GET", f"{URL}?n=1&nextToken={token}").status == 200
    for url in (f"/v2/demo/referrers/{ABSENT}", f"/v2/other/referrers/{of(IMAGE)}"):
        assert demo("GET", f"{url}?nextToken={token}").refusal[:2] == (400, "UNSUPPORTED")
    assert demo("GET", f"{URL}?nextToken={token[:-1]}").refusal[:2] == (400, "UNSUPPORTED")


def test_what_is_deleted_between_two_pages_is_missed(demo: Bench) -> None:
    """A referrer that is deleted while somebody pages is on no later page, and nothing else is lost."""
    payloads = [artifact(number) for number in range(4)]
    for payload in payloads:
        push(demo, payload)
    first = demo("GET", f"{URL}?n=2")
    for gone in (payloads[1], payloads[2]):
        assert demo("DELETE", f"/v2/demo/manifests/{of(gone)}").status == 202
    url = first.headers["link"].partition(">")[0].lstrip("<")
    assert digests(demo("GET", url)) == [of(payloads[3])]
    assert digests(demo("GET", URL)) == [of(payloads[0]), of(payloads[3])]


def test_a_subject_may_come_and_go(demo: Bench) -> None:
    """Referrers are listed before their subject is pushed, while it is there, and after it was deleted."""
    payload = artifact(1)
    push(demo, payload)
    assert digests(demo("GET", URL)) == [of(payload)]
    push(demo, IMAGE)
    assert digests(demo("GET", URL)) == [of(payload)]
    assert demo("DELETE", f"/v2/demo/manifests/{of(IMAGE)}").status == 202
    assert digests(demo("GET", URL)) == [of(payload)]
    assert demo("GET", f"/v2/demo/manifests/{of(payload)}").body == payload


def test_a_push_says_its_subject(demo: Bench) -> None:
    """OCI-Subject answers every push of a manifest with a subject, by tag, by digest or again, and no other push."""
    payload = artifact(1)
    for reference in (of(payload), "v1", "v1"):
        assert push(demo, payload, reference).headers["oci-subject"] == of(IMAGE)
    assert "oci-subject" not in push(demo, IMAGE).headers


def test_a_subject_in_sha512(demo: Bench) -> None:
    """A subject is the digest that the manifest gives, in its algorithm."""
    subject = of(IMAGE, "sha512")
    payload = artifact(1, subject=SUBJECT | {"digest": subject})
    assert push(demo, payload, of(payload, "sha512")).headers["oci-subject"] == subject
    assert digests(demo("GET", f"/v2/demo/referrers/{subject}")) == [of(payload, "sha512")]
    assert digests(demo("GET", URL)) == []


def test_s7_referrers_are_their_repositorys(demo: Bench) -> None:
    """S7: what points at a digest in one repository is listed in no other, and to no other account."""
    there = Registry(OTHER, REGION)
    demo.create("other")
    demo.create("demo", there)
    push(demo, artifact(1))
    assert digests(demo("GET", f"/v2/other/referrers/{of(IMAGE)}")) == []
    assert demo.as_(None)("GET", URL).status == 401
    assert demo.as_(demo.token(OTHER))("GET", URL).refusal[:2] == (403, "DENIED")
    neighbour = demo.as_(demo.token(OTHER), f"{OTHER}.dkr.ecr.{REGION}.localhost:5050")
    assert digests(neighbour("GET", URL)) == []
