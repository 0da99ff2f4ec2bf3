"""Bad input gets a clear error and loses nothing: what was there before is there after it, and the client can go on."""

import asyncio
from typing import Any

import pytest

from cargohold import exchange
from cargohold.core.arn import Registry
from cargohold.core.digest import of
from cargohold.exchange import Message
from cargohold.oci.routes import ROUTES

from .bench import ABSENT, IMAGE, LAYER, OCI_MANIFEST, OTHER, REGION, Bench

CALLS = [(method, route.path) for route in ROUTES for method in route.methods]


def url_of(path: str, upload: str, name: str = "demo") -> str:
    places = {"<name>": name, "<digest>": of(LAYER), "<reference>": "v1", "<id>": upload}
    for place, value in places.items():
        path = path.replace(place, value)
    return path


@pytest.mark.parametrize(("method", "path"), CALLS, ids=[f"{method} {path}" for method, path in CALLS])
def test_s16_e27_a_private_repository_is_private_on_every_verb(bench: Bench, method: str, path: str) -> None:
    """S16, E27: nobody and another account get nothing on any verb, and do not learn whether a repository exists."""
    bench.create("demo")
    bench.push("demo", "v1", IMAGE)
    upload = bench.upload("demo", LAYER[:5])
    url, absent = url_of(path, upload), url_of(path, upload, "gone")
    nobody, neighbour = bench.as_(None), bench.as_(bench.token(OTHER))
    for client, status in ((nobody, 401), (neighbour, 200 if path == "/v2/" else 403)):
        there, not_there = client(method, url, b"x"), client(method, absent, b"x")
        assert (there.status, not_there.status) == (status, status)
        said, said_of_absent = (answer.body.partition(b". Encoded")[0] for answer in (there, not_there))
        assert said.replace(b"demo", b"gone") == said_of_absent
        assert IMAGE not in there.body
        assert LAYER not in there.body
    assert bench("GET", f"/v2/demo/blobs/uploads/{upload}").headers["range"] == "0-4"
    assert bench("GET", "/v2/demo/manifests/v1").body == IMAGE


def test_s16_a_token_opens_its_own_account(bench: Bench) -> None:
    """S16: one account's token reads nothing of another's repository of the same name, in either direction."""
    bench.create("demo")
    bench.create("demo", Registry(OTHER, REGION))
    there = f"{OTHER}.dkr.ecr.{REGION}.localhost:5050"
    neighbour = bench.as_(bench.token(OTHER), there)
    bench.push("demo", "v1", IMAGE)
    assert neighbour("GET", "/v2/demo/manifests/v1").refusal[:2] == (404, "MANIFEST_UNKNOWN")
    assert neighbour.as_(neighbour.token(OTHER), bench.host)("GET", "/v2/demo/manifests/v1").status == 403
    assert bench.as_(bench.token(), there)("GET", "/v2/demo/tags/list").status == 403


@pytest.mark.parametrize("body", [b"", LAYER[5:7]])
def test_a_wrong_digest_loses_nothing(bench: Bench, body: bytes) -> None:
    """After a final PUT with a wrong digest the upload goes on with all its bytes, and ends with the right digest."""
    bench.create("demo")
    url = f"/v2/demo/blobs/uploads/{bench.upload('demo', LAYER[:5])}"
    assert bench("PUT", f"{url}?digest={ABSENT}", body).refusal[:2] == (400, "DIGEST_INVALID")
    held = 5 + len(body)
    assert bench("GET", url).headers["range"] == f"0-{held - 1}"
    assert bench("PUT", f"{url}?digest={of(LAYER)}", LAYER[held:]).status == 201
    assert bench("GET", f"/v2/demo/blobs/{of(LAYER)}").body == LAYER


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize(
    ("content_range", "status", "code"),
    [
        ("6-12", 416, "RANGE_INVALID"),
        ("0-6", 416, "RANGE_INVALID"),
        ("4-10", 416, "RANGE_INVALID"),
        (f"{2**62}-{2**62 + 6}", 400, "BLOB_UPLOAD_INVALID"),
        ("5-10", 400, "SIZE_INVALID"),
        ("5-12", 400, "SIZE_INVALID"),
        ("11-5", 400, "BLOB_UPLOAD_INVALID"),
        ("-5-1", 400, "BLOB_UPLOAD_INVALID"),
        ("5-", 400, "BLOB_UPLOAD_INVALID"),
        ("bytes */12", 400, "BLOB_UPLOAD_INVALID"),
        ("5-11,12-13", 400, "BLOB_UPLOAD_INVALID"),
        ("\x00", 400, "BLOB_UPLOAD_INVALID"),
        ("", 400, "BLOB_UPLOAD_INVALID"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_chunk_in_the_wrong_place_loses_nothing(
    bench: Bench, method: str, content_range: str, status: int, code: str, streamed: bool
) -> None:
    """A Content-Range with a gap, an overlap, another length or rubbish is refused, and the upload goes on."""
    bench.create("demo")
    url = f"/v2/demo/blobs/uploads/{bench.upload('demo', LAYER[:5])}"
    end = f"{url}?digest={of(LAYER)}"
    body = (LAYER[5:8], LAYER[8:]) if streamed else LAYER[5:]
    refused = bench(method, end if method == "PUT" else url, body, {"content-range": content_range})
    assert refused.refusal[:2] == (status, code)
    if status == 416:
        assert (refused.headers["range"], refused.headers["location"]) == ("0-4", url)
    assert bench("GET", url).headers["range"] == "0-4"
    assert bench("PUT", end, LAYER[5:], {"content-range": "5-11"}).status == 201


@pytest.mark.parametrize("every", [0.01, 10.0])
def test_s28_a_client_that_stalls_or_drips_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, every: float
) -> None:
    """S28: a client that sends a byte now and then, or none any more, is refused in time, and goes on where it was."""
    monkeypatch.setattr(exchange, "IDLE_SECONDS", 0.1)
    bench.create("demo")
    url, data = f"/v2/demo/blobs/uploads/{bench.upload('demo')}", LAYER * 100
    dripping = bench.request("PATCH", url, data, {"content-length": str(len(data))})
    sizes = iter([5] + [1] * len(data))
    sent = 0

    async def receive() -> Any:
        nonlocal sent
        if sent:
            await asyncio.sleep(every)
        begin, sent = sent, sent + next(sizes)
        return {"type": "http.request", "body": data[begin:sent], "more_body": True}

    dripping.receive = receive
    assert bench.runner.run(bench.exchange(dripping)).refusal[:2] == (400, "SIZE_INVALID")
    assert bench("GET", url).headers["range"] == f"0-{sent - 1}"
    assert (sent == 5) is (every > 1)
    assert bench("PUT", f"{url}?digest={of(data)}", data[sent:]).status == 201
    assert bench("GET", f"/v2/demo/blobs/{of(data)}").body == data


def test_s28_a_manifest_that_stops_is_not_stored(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """S28: half a manifest is none, also when its client closes the connection or falls silent after it."""
    monkeypatch.setattr(exchange, "IDLE_SECONDS", 0.05)
    bench.create("demo")
    bench.push("demo", "v1", IMAGE)
    for ending in ("close", "silence"):
        half = bench.request(
            "PUT", "/v2/demo/manifests/v1", b"", {"content-type": OCI_MANIFEST, "content-length": "99"}
        )
        messages: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}]

        async def receive(messages: Any = messages, ending: str = ending) -> Any:
            if messages:
                return messages.pop()
            if ending == "silence":
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        half.receive = receive
        assert bench.runner.run(bench.exchange(half)).refusal[:2] == (400, "SIZE_INVALID")
        assert bench("GET", "/v2/demo/manifests/v1").body == IMAGE


def test_e38_proxies_may_change_slashes_and_framing(bench: Bench) -> None:
    """E38: a trailing slash that a proxy added or took, and bodies that it re-chunked, change nothing (#2225)."""
    bench.create("demo")
    for path in ("/v2", "/v2/", "/v2/_catalog", "/v2/_catalog/"):
        assert bench("GET", path).status == 200
    for path in ("/v2/demo/blobs/uploads", "/v2/demo/blobs/uploads/"):
        location = bench("POST", path, (b"",)).headers["location"]
        assert bench("PATCH", location, (LAYER[:5], b"", LAYER[5:])).headers["range"] == "0-11"
        assert bench("PUT", f"{location}?digest={of(LAYER)}", (b"",)).status == 201
    bench.blob("demo", IMAGE)
    assert bench("POST", f"/v2/demo/blobs/uploads?digest={of(LAYER)}", (LAYER[:5], LAYER[5:])).status == 201
