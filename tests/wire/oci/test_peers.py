"""What failed in other registries, each row as a test at this door. S: vulnerabilities; E: outages from fixed bugs."""

import asyncio
import gzip
import json
from dataclasses import replace as with_values
from typing import Any
from urllib.parse import quote

import pytest

from cargohold.access.demand import Demand
from cargohold.access.evaluate import Decision
from cargohold.access.guard import Admission, Guard
from cargohold.core.arn import Registry
from cargohold.core.digest import of
from cargohold.core.manifest import MAXIMUM_BYTES
from cargohold.core.paging import Page
from cargohold.oci.tags import MAXIMUM_PAGE

from .bench import (
    ABSENT,
    ARM_IMAGE,
    CONFIG,
    HERE,
    IMAGE,
    INDEX,
    LAYER,
    OCI_INDEX,
    OCI_MANIFEST,
    OTHER,
    REGION,
    Bench,
    descriptor,
    manifest,
)

LISTS = ("/v2/_catalog", "/v2/demo/tags/list")


class WithoutOptions:
    """A guard that gives what is demanded, and nothing that is optional."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def require(self, credential: Any, demands: Any, optional: Any = (), surroundings: Any = None) -> Admission:
        admission = await self._guard.require(credential, demands, optional, surroundings)
        refused: dict[Demand, Decision] = {demand: Decision(False) for demand in admission.optional}
        return with_values(admission, optional=refused)


@pytest.mark.parametrize("n", [str(2**31), str(2**63), "9" * 5000, "1001"])
@pytest.mark.parametrize("url", LISTS)
def test_s2_a_huge_page_is_a_page(bench: Bench, url: str, n: str) -> None:
    """However large `n` is, no more than a page is read or allocated."""
    asked: list[int] = []

    class Counting:
        async def page(self, _of: object, _after: str | None, limit: int) -> Page[Any]:
            asked.append(limit)
            return Page(())

    bench.create("demo")
    counting: Any = Counting()
    answer = bench.with_services(tags=counting, repositories=counting)("GET", f"{url}?n={n}")
    assert (answer.status, asked) == (200, [MAXIMUM_PAGE])


@pytest.mark.parametrize("n", ["-1", "abc", "", "1.5", "0x10", "٣", "1e3", "%00", "+1"])
@pytest.mark.parametrize("url", LISTS)
def test_s2_what_is_no_number_is_refused(bench: Bench, url: str, n: str) -> None:
    """A page size that is negative or no number is refused as such."""
    bench.create("demo")
    assert bench("GET", f"{url}?n={n}").refusal[:2] == (400, "PAGINATION_NUMBER_INVALID")


@pytest.mark.parametrize("last", ["%00", "a%0Ab", "%ff", "x" * 1000])
@pytest.mark.parametrize("url", LISTS)
def test_s2_what_can_be_no_name_begins_no_page(bench: Bench, url: str, last: str) -> None:
    """A `last` that no list can hold is refused before a database is asked."""
    bench.create("demo")
    assert bench("GET", f"{url}?last={last}").refusal[0] == 400


@pytest.mark.parametrize("length", ["declared", "streamed"])
def test_s1_a_manifest_has_a_largest_size(bench: Bench, length: str) -> None:
    """A manifest of 4 MiB and a byte is refused with 413, and no more than that is read of a larger one."""
    bench.create("demo")
    body = b" " * (MAXIMUM_BYTES + 1)
    if length == "declared":
        answer = bench("PUT", "/v2/demo/manifests/v1", body)
        assert answer.request.received == 0
    else:
        answer = bench("PUT", "/v2/demo/manifests/v1", [b" " * 1_000_000] * 50)
        assert answer.request.received < MAXIMUM_BYTES + 2_000_000
    assert answer.refusal[:2] == (413, "SIZE_INVALID")


@pytest.mark.parametrize(
    "body", [gzip.compress(IMAGE), b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"", b"null", b"[]", b'"x"']
)
def test_s1_a_manifest_that_is_none_is_refused(bench: Bench, body: bytes) -> None:
    """Compressed, deep, empty and other JSON is refused as a manifest."""
    bench.create("demo")
    answer = bench("PUT", "/v2/demo/manifests/v1", body, {"content-type": OCI_MANIFEST, "content-encoding": "gzip"})
    assert answer.refusal[:2] == (400, "MANIFEST_INVALID")


def test_s7_a_blob_is_read_through_a_repository_that_holds_it(bench: Bench) -> None:
    """Whoever knows a digest cannot read it through another repository, another account or without a name."""
    there = Registry(OTHER, REGION)
    bench.create("mine")
    bench.create("yours")
    bench.create("mine", there)
    digest = bench.blob("mine", LAYER)
    for method in ("GET", "HEAD"):
        assert bench(method, f"/v2/mine/blobs/{digest}").status == 200
        assert bench(method, f"/v2/yours/blobs/{digest}").refusal[:2] == (404, "BLOB_UNKNOWN")
        assert bench.as_(None)(method, f"/v2/mine/blobs/{digest}").status == 401
        assert bench.as_(bench.token(OTHER))(method, f"/v2/mine/blobs/{digest}").refusal[:2] == (403, "DENIED")
        neighbour = bench.as_(bench.token(OTHER), f"{OTHER}.dkr.ecr.{REGION}.localhost:5050")
        assert neighbour(method, f"/v2/mine/blobs/{digest}").refusal[:2] == (404, "BLOB_UNKNOWN")


def test_s7_a_manifest_is_read_through_its_repository(bench: Bench) -> None:
    """An image's digest opens nothing in another repository, and its tag neither."""
    bench.create("mine")
    bench.create("yours")
    digest = bench.push("mine", "v1", IMAGE)
    for reference in (digest, "v1"):
        assert bench("GET", f"/v2/yours/manifests/{reference}").refusal[:2] == (404, "MANIFEST_UNKNOWN")


def test_s7_a_manifest_cannot_reach_for_anothers_blobs(bench: Bench) -> None:
    """Naming blobs of another repository in a manifest does not make them readable."""
    bench.create("mine")
    bench.create("yours")
    bench.push("mine", "v1", IMAGE)
    answer = bench("PUT", "/v2/yours/manifests/v1", IMAGE, {"content-type": OCI_MANIFEST})
    assert answer.refusal[:2] == (404, "MANIFEST_BLOB_UNKNOWN")
    assert bench("GET", f"/v2/yours/blobs/{of(LAYER)}").status == 404


def test_s7_a_mount_needs_the_right_to_read_its_source(bench: Bench) -> None:
    """Who may not download from the source gets an ordinary upload, exactly as when the blob is not there."""
    bench.create("mine")
    bench.create("yours")
    digest = bench.blob("yours", LAYER)
    guard: Any = WithoutOptions(bench.services.guard)
    refused = bench.with_services(guard=guard)("POST", f"/v2/mine/blobs/uploads/?mount={digest}&from=yours")
    missing = bench("POST", f"/v2/mine/blobs/uploads/?mount={ABSENT}&from=yours")
    assert (refused.status, refused.headers.keys(), refused.body) == (202, missing.headers.keys(), missing.body)
    assert bench("HEAD", f"/v2/mine/blobs/{digest}").status == 404
    assert bench("POST", f"/v2/mine/blobs/uploads/?mount={digest}&from=yours").status == 201
    assert bench("HEAD", f"/v2/mine/blobs/{digest}").status == 200


def test_s7_a_mount_stays_within_its_registry(bench: Bench) -> None:
    """The source of a mount is a repository of the same registry, whatever another account has under that name."""
    there = Registry(OTHER, REGION)
    bench.create("mine")
    bench.create("source", there)
    neighbour = bench.as_(bench.token(OTHER), f"{OTHER}.dkr.ecr.{REGION}.localhost:5050")
    digest = neighbour.blob("source", LAYER)
    assert bench("POST", f"/v2/mine/blobs/uploads/?mount={digest}&from=source").status == 202


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_s10_an_upload_is_its_repositorys(bench: Bench, method: str) -> None:
    """Through another repository, by another account or by nobody an upload is neither seen, written nor cancelled."""
    bench.create("mine")
    bench.create("yours")
    upload = bench.upload("mine", LAYER[:5])
    query = f"?digest={of(LAYER)}" if method == "PUT" else ""
    for client, name, status in (
        (bench, "yours", 404),
        (bench, "gone", 404),
        (bench.as_(bench.token(OTHER)), "mine", 403),
        (bench.as_(None), "mine", 401),
    ):
        answer = client(method, f"/v2/{name}/blobs/uploads/{upload}{query}", LAYER[5:])
        assert answer.status == status
    assert bench("GET", f"/v2/mine/blobs/uploads/{upload}").headers["range"] == "0-4"


def test_s10_upload_ids_are_not_guessable(bench: Bench) -> None:
    """Upload ids are random and share no more than a UUID's form."""
    bench.create("mine")
    ids = {bench.upload("mine") for _ in range(8)}
    assert len({text[:8] for text in ids}) == 8
    assert all(len(text) == 36 and text[14] == "4" for text in ids)


DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
BOTH = json.loads(INDEX) | {
    "layers": [descriptor("application/x", LAYER)],
    "config": descriptor("application/x", CONFIG),
}


@pytest.mark.parametrize(
    ("content_type", "document"),
    [
        (OCI_INDEX, json.loads(IMAGE)),
        (OCI_MANIFEST, json.loads(INDEX)),
        (DOCKER_MANIFEST, json.loads(IMAGE)),
        (OCI_INDEX, BOTH),
        (OCI_MANIFEST, BOTH),
        (OCI_MANIFEST, BOTH | {"mediaType": OCI_MANIFEST}),
        (OCI_INDEX, json.loads(manifest(CONFIG, LAYER, manifests=[])) | {"mediaType": OCI_INDEX}),
        (OCI_MANIFEST, json.loads(manifest(CONFIG, LAYER, manifests=[]))),
        ("application/json", json.loads(IMAGE)),
        ("application/vnd.oci.artifact.manifest.v1+json", {"schemaVersion": 2}),
    ],
)
def test_s25_a_manifest_is_one_thing(bench: Bench, content_type: str, document: dict[str, Any]) -> None:
    """A manifest whose body and Content-Type disagree, or that is image and index at once, is refused."""
    bench.create("demo")
    bench.push_index("demo", "seed")
    body = json.dumps(document).encode()
    answer = bench("PUT", "/v2/demo/manifests/v1", body, {"content-type": content_type})
    assert answer.refusal[:2] == (400, "MANIFEST_INVALID")


def test_s25_what_comes_out_is_what_went_in(bench: Bench) -> None:
    """Whatever a client asks for in Accept, type, digest and bytes of an answer belong together."""
    bench.create("demo")
    bench.push_index("demo", "multi")
    kinds = {of(IMAGE): OCI_MANIFEST, of(ARM_IMAGE): OCI_MANIFEST, of(INDEX): OCI_INDEX}
    for accept in ("", "*/*", OCI_INDEX, OCI_MANIFEST, DOCKER_MANIFEST, "application/json"):
        answer = bench("GET", "/v2/demo/manifests/multi", headers={"accept": accept})
        digest = answer.headers["docker-content-digest"]
        assert of(answer.body) == digest
        assert kinds[digest] == answer.headers["content-type"] == answer.json["mediaType"]


STRANGE = [
    "..",
    "../..",
    "../../etc/passwd",
    "%2e%2e%2f",
    "a1%2fb1",
    "%00",
    "a1%00",
    "ünïcode",
    "%F0%9F%90%B3",
    "a1//b1",
    "/a1",
    "a1/",
    "A1",
    "a" * 300,
    "a1\\b1",
    "sha256:../../x",
    "sha256:" + "A" * 64,
    "sha256:" + "a" * 63,
    "md5:" + "a" * 32,
    "sha256:",
    ":",
    "-",
    ".",
    "%",
    "%zz",
    "*",
    "_catalog",
    "x'; DROP TABLE blob; --",
]


@pytest.mark.parametrize("strange", STRANGE)
def test_s26_nothing_strange_gets_through(bench: Bench, strange: str) -> None:
    """Traversal, escapes, NUL, unicode and overlong text in every place of every path is refused, never a fault."""
    bench.create("demo")
    paths = [
        f"/v2/{strange}",
        f"/v2/{strange}/tags/list",
        f"/v2/{strange}/manifests/v1",
        f"/v2/{strange}/blobs/{ABSENT}",
        f"/v2/{strange}/blobs/uploads/",
        f"/v2/demo/manifests/{strange}",
        f"/v2/demo/blobs/{strange}",
        f"/v2/demo/blobs/uploads/{strange}",
        f"/v2/demo/blobs/uploads/{strange}?digest={quote(strange)}",
    ]
    for path in paths:
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "POST"):
            status = bench(method, path, b"{}").status
            assert status in (400, 404, 405) or (path == "/v2/_catalog" and status == 200)


def test_s26_digests_in_queries_are_digests(bench: Bench) -> None:
    """Only a digest ends an upload, is mounted or pushed at once, whatever else stands in its place."""
    bench.create("demo")
    upload = bench.upload("demo", LAYER)
    for strange in STRANGE:
        text = quote(strange)
        assert bench("PUT", f"/v2/demo/blobs/uploads/{upload}?digest={text}").refusal[:2] == (400, "DIGEST_INVALID")
        assert bench("POST", f"/v2/demo/blobs/uploads/?digest={text}").refusal[:2] == (400, "DIGEST_INVALID")
        assert bench("POST", f"/v2/demo/blobs/uploads/?mount={text}&from=demo").refusal[:2] == (400, "DIGEST_INVALID")
        assert bench("POST", f"/v2/demo/blobs/uploads/?mount={ABSENT}&from={text}").status == 202


SPOOFED = {
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "gopher",
    "x-forwarded-prefix": "/evil",
    "x-forwarded-for": "6.6.6.6",
    "forwarded": "host=evil.example;proto=gopher",
    "x-original-url": "/v2/evil/",
    "x-rewrite-url": "/v2/evil/",
}


def test_s27_no_header_reaches_a_location(bench: Bench) -> None:
    """Locations and Links are paths, whatever a client or proxy says about hosts, schemes and prefixes."""
    bench.create("demo")
    bench.push("demo", "a", IMAGE)
    bench.push("demo", "b", IMAGE)
    begun = bench("POST", "/v2/demo/blobs/uploads/", headers=SPOOFED)
    location = begun.headers["location"]
    upload = location.rpartition("/")[2]
    assert location == f"/v2/demo/blobs/uploads/{upload}"
    assert bench("PATCH", location, LAYER, SPOOFED).headers["location"] == location
    ended = bench("PUT", f"{location}?digest={of(LAYER)}", headers=SPOOFED)
    assert ended.headers["location"] == f"/v2/demo/blobs/{of(LAYER)}"
    put = bench("PUT", "/v2/demo/manifests/c", IMAGE, SPOOFED)
    assert put.headers["location"] == f"/v2/demo/manifests/{of(IMAGE)}"
    assert bench("GET", "/v2/demo/tags/list?n=1", headers=SPOOFED).headers["link"].startswith("</v2/demo/tags/list?")


@pytest.mark.parametrize(
    "host", ["localhost:1", "LOCALHOST", "127.0.0.1:80", "[::1]:5050", "localhost:5050, evil.example"]
)
def test_s27_the_realm_is_the_registrys_own(bench: Bench, host: str) -> None:
    """The challenge names the registry as it is configured, not as the client called it."""
    answer = bench.as_(None, host)("GET", "/v2/", headers=SPOOFED)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="http://localhost:5050/",service="ecr.amazonaws.com"'


@pytest.mark.parametrize("host", ["evil.example", "", "localhost.evil.example", f"1.dkr.ecr.{REGION}.localhost", "a@b"])
def test_s27_another_host_is_refused_in_words(bench: Bench, host: str) -> None:
    """A host that is none of ours is refused, even with a good token, and the refusal names it."""
    answer = bench.as_(bench.password, host)("GET", "/v2/")
    assert answer.refusal == (400, "UNSUPPORTED", f"Could not resolve registry id from host {host}")


def test_e1_a_tag_is_not_its_neighbours(bench: Bench) -> None:
    """`v1` is listed and found for itself only, beside `v1.0` and `v1-alpine` (distribution #4898)."""
    bench.create("demo")
    bench.push("demo", "v1.0", IMAGE)
    bench.push("demo", "v1-alpine", IMAGE)
    assert bench("GET", "/v2/demo/tags/list").json["tags"] == ["v1-alpine", "v1.0"]
    assert bench("GET", "/v2/demo/manifests/v1").status == 404
    bench.push("demo", "v1", IMAGE)
    assert bench("GET", "/v2/demo/tags/list").json["tags"] == ["v1", "v1-alpine", "v1.0"]
    assert bench("GET", "/v2/demo/tags/list?last=v1").json["tags"] == ["v1-alpine", "v1.0"]


def test_e2_a_repository_is_not_its_neighbours(bench: Bench) -> None:
    """`a1/b1` is listed for itself only, beside `a1/b1-c1` and `a1/b1/c1` (distribution #4904)."""
    for name in ("a1/b1/c1", "a1/b1-c1"):
        bench.create(name)
    assert bench("GET", "/v2/a1/b1/tags/list").refusal[:2] == (404, "NAME_UNKNOWN")
    assert bench("GET", "/v2/_catalog").json == {"repositories": ["a1/b1-c1", "a1/b1/c1"]}


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize("n", ["", "n=1&", "n=2&", "n=1000&"])
def test_e3_behind_the_last_there_is_nothing(bench: Bench, url: str, n: str) -> None:
    """The page behind the last name is empty and has no Link (distribution #4931)."""
    bench.create("demo")
    bench.push("demo", "v1", IMAGE)
    answer = bench("GET", f"{url}?{n}last=zzz")
    assert answer.status == 200
    assert [value for value in answer.json.values() if isinstance(value, list)] == [[]]
    assert "link" not in answer.headers


def test_e3_every_name_is_on_one_page(bench: Bench) -> None:
    """Following the Links gives each tag once and in order."""
    bench.create("demo")
    for tag in "cabed":
        bench.push("demo", tag, IMAGE)
    seen: list[str] = []
    url = "/v2/demo/tags/list?n=2"
    while url:
        answer = bench("GET", url)
        seen += answer.json["tags"]
        url = answer.headers.get("link", "").partition(">")[0].lstrip("<")
    assert seen == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("form", ["0-{}", "0-{}/*", "bytes 0-{}/*", "bytes=0-{}"])
def test_e4_a_chunk_may_name_its_range_as_http_does(bench: Bench, form: str) -> None:
    """Content-Range is read with and without a unit and a total (distribution #4892)."""
    bench.create("demo")
    upload = bench.upload("demo")
    answer = bench("PATCH", f"/v2/demo/blobs/uploads/{upload}", LAYER, {"content-range": form.format(len(LAYER) - 1)})
    assert (answer.status, answer.headers["range"]) == (202, f"0-{len(LAYER) - 1}")


def test_e8_a_refused_mount_leads_to_a_plain_upload(bench: Bench) -> None:
    """The Location after a mount that did not happen has no query, and the push goes on there (zot #573, #574)."""
    bench.create("demo")
    begun = bench("POST", f"/v2/demo/blobs/uploads/?mount={of(LAYER)}&from=a1%2Fb1")
    location = begun.headers["location"]
    assert begun.status == 202
    assert not {"?", "&", "%"} & set(location)
    assert bench("PATCH", location, LAYER).status == 202
    assert bench("PUT", f"{location}?digest={of(LAYER)}").status == 201


def test_e18_an_upload_goes_on_where_it_broke_off(bench: Bench) -> None:
    """After a connection breaks, the status says how far the bytes came, and the push goes on from there (#2634)."""
    bench.create("demo")
    upload = bench.upload("demo")
    url = f"/v2/demo/blobs/uploads/{upload}"
    broken = bench.request("PATCH", url, [LAYER[:5], b""], {})
    pieces = [{"type": "http.request", "body": LAYER[:5], "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return pieces.pop(0)

    broken.receive = receive
    assert bench.runner.run(bench.exchange(broken)).refusal[:2] == (400, "SIZE_INVALID")
    status = bench("GET", url)
    assert (status.status, status.headers["range"]) == (204, "0-4")
    assert bench("PATCH", url, LAYER[3:], {"content-range": f"3-{len(LAYER) - 1}"}).status == 416
    assert bench("PATCH", url, LAYER[5:], {"content-range": f"5-{len(LAYER) - 1}"}).headers["range"] == "0-11"
    assert bench("PUT", f"{url}?digest={of(LAYER)}").status == 201
    assert bench("GET", f"/v2/demo/blobs/{of(LAYER)}").body == LAYER


def test_e28_a_docker_push_keeps_to_immutability(bench: Bench) -> None:
    """What PutImage would refuse on an immutable tag, PUT refuses too, and the tag stays where it was."""
    bench.create("fixed", tag_mutability="IMMUTABLE")
    bench.push("fixed", "v1", IMAGE)
    answer = bench("PUT", "/v2/fixed/manifests/v1", manifest(CONFIG), {"content-type": OCI_MANIFEST})
    assert answer.refusal[:2] == (400, "TAG_INVALID")
    assert bench("GET", "/v2/fixed/manifests/v1").body == IMAGE


def test_e39_no_accept_header_gets_what_is_stored(bench: Bench) -> None:
    """Without an Accept header a manifest comes as it was pushed, index or not."""
    bench.create("demo")
    bench.push_index("demo", "multi")
    bench.push("demo", "v1", IMAGE)
    for tag, stored, kind in (("multi", INDEX, OCI_INDEX), ("v1", IMAGE, OCI_MANIFEST)):
        answer = bench("GET", f"/v2/demo/manifests/{tag}")
        assert (answer.body, answer.headers["content-type"]) == (stored, kind)


def test_e40_a_location_takes_a_query(bench: Bench) -> None:
    """A client that glues `?digest=` to a Location is understood."""
    bench.create("demo")
    for method, body in (("POST", b""), ("PATCH", LAYER), ("GET", b"")):
        if method == "POST":
            location = bench("POST", "/v2/demo/blobs/uploads/").headers["location"]
        else:
            location = bench(method, location, body).headers["location"]
        assert "?" not in location
    assert bench("PUT", location + "?digest=" + of(LAYER)).status == 201


def test_two_writers_of_one_upload_do_not_mix(bench: Bench) -> None:
    """While one request writes to an upload a second is refused, and the first one's bytes are the blob."""
    bench.create("demo")
    url = f"/v2/demo/blobs/uploads/{bench.upload('demo')}"
    first = bench.request("PATCH", url, [LAYER[:5], LAYER[5:]], {})
    second = bench.request("PATCH", url, [b"other bytes"], {})
    take, waiting, going = first.receive, asyncio.Event(), asyncio.Event()

    async def receive() -> Any:
        waiting.set()
        await going.wait()
        return await take()

    first.receive = receive

    async def both() -> tuple[Any, Any]:
        writing = asyncio.ensure_future(bench.exchange(first))
        await waiting.wait()
        refused = await bench.exchange(second)
        going.set()
        return await writing, refused

    written, refused = bench.runner.run(both())
    assert (written.status, written.headers["range"]) == (202, "0-11")
    assert refused.refusal[:2] == (409, "BLOB_UPLOAD_INVALID")
    assert bench("PUT", f"{url}?digest={of(LAYER)}").status == 201


def test_a_wrong_blob_in_one_request_leaves_no_upload(bench: Bench) -> None:
    """A single-request push that fails is forgotten at once."""
    bench.create("demo")
    assert bench("POST", f"/v2/demo/blobs/uploads/?digest={ABSENT}", LAYER).status == 400
    assert bench.runner.run(bench.services.uploads.count_open()) == 0


def test_the_registry_says_where_it_is(bench: Bench) -> None:
    """Another account's registry challenges with its own address, in its own region."""
    answer = bench.as_(None, f"{OTHER}.dkr.ecr.eu-west-1.localhost:5050")("GET", "/v2/demo/tags/list")
    realm = f"http://{OTHER}.dkr.ecr.eu-west-1.localhost:5050/"
    assert answer.headers["www-authenticate"] == f'Basic realm="{realm}",service="ecr.amazonaws.com"'
    assert HERE.account not in str(answer.headers)
