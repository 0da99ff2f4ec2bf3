"""What the audit trail says of the OCI door: pushes in ECR's own words, and everything that was refused."""

import asyncio
from typing import Any

import pytest

from cargohold.core.digest import of
from cargohold.exchange import Message, Request
from cargohold.oci.door import OciDoor
from tests.bed.trail import events

from .bench import ACCOUNT, CONFIG, HERE, IMAGE, LAYER, OCI_MANIFEST, OTHER, Bench

TYPED = {"content-type": OCI_MANIFEST}


def told(bench: Bench) -> list[dict[str, Any]]:
    return events(bench.services.audit.folder)


def short(bench: Bench) -> list[tuple[str, Any, Any]]:
    """Name, parameters without what is the same in all, and answer of every event."""
    found = []
    for event in told(bench):
        parameters = event["requestParameters"]
        assert parameters.pop("registryId") == ACCOUNT
        assert parameters.pop("repositoryName") == "demo"
        assert [resource["ARN"] for resource in event["resources"]] == [HERE.repository_arn("demo")]
        assert (event["eventSource"], event["readOnly"], event["recipientAccountId"]) == (
            "ecr.amazonaws.com",
            False,
            ACCOUNT,
        )
        found.append((event["eventName"], parameters, event["responseElements"]))
    return found


def test_a_push_is_told_as_ecr_tells_it(bench: Bench) -> None:
    """A push is InitiateLayerUpload, UploadLayerPart, CompleteLayerUpload and PutImage, with ids and digests."""
    bench.create("demo")
    for data in (CONFIG, LAYER):
        upload = bench.upload("demo", data)
        bench("PUT", f"/v2/demo/blobs/uploads/{upload}?digest={of(data)}")
    bench("HEAD", f"/v2/demo/blobs/{of(LAYER)}")
    bench("PUT", "/v2/demo/manifests/v1", IMAGE, TYPED)
    image = {"imageId": {"imageDigest": of(IMAGE), "imageTag": "v1"}}
    assert short(bench) == [
        *_events_of_blob(bench, CONFIG, 0),
        *_events_of_blob(bench, LAYER, 1),
        ("PutImage", {"imageTag": "v1"}, {"image": image}),
    ]


def _events_of_blob(bench: Bench, data: bytes, number: int) -> list[tuple[str, Any, Any]]:
    begun = [event for event in told(bench) if event["eventName"] == "InitiateLayerUpload"]
    upload = begun[number]["responseElements"]["uploadId"]
    return [
        ("InitiateLayerUpload", {}, {"uploadId": upload}),
        ("UploadLayerPart", {"uploadId": upload}, {"uploadId": upload}),
        ("CompleteLayerUpload", {"uploadId": upload, "layerDigest": of(data)}, {"layerDigest": of(data)}),
    ]


def test_one_request_that_does_it_all_is_told_by_its_end(bench: Bench) -> None:
    """A blob in one request is a CompleteLayerUpload, and so is what a mount does, which says where it came from."""
    bench.create("demo")
    bench.blob("demo", LAYER)
    bench.create("other")
    mounted = bench("POST", f"/v2/other/blobs/uploads/?mount={of(LAYER)}&from=demo")
    assert mounted.status == 201
    whole, mount = told(bench)
    assert whole["eventName"] == "CompleteLayerUpload"
    assert whole["responseElements"] == {"layerDigest": of(LAYER)}
    assert mount["requestParameters"]["from"] == "demo"
    assert mount["responseElements"] == {"layerDigest": of(LAYER)}


def test_what_is_removed_is_told(bench: Bench) -> None:
    """Manifests are removed as by BatchDeleteImage; what ECR has no operation for has the route's name."""
    bench.create("demo")
    upload = bench.upload("demo")
    bench("DELETE", f"/v2/demo/blobs/uploads/{upload}")
    bench("DELETE", f"/v2/demo/blobs/{of(b'absent')}")
    bench("DELETE", "/v2/demo/manifests/v1")
    assert [(name, parameters) for name, parameters, _ in short(bench)][1:] == [
        ("DeleteUpload", {"uploadId": upload}),
        ("DeleteBlob", {"layerDigest": of(b"absent")}),
        ("BatchDeleteImage", {"imageTag": "v1"}),
    ]
    assert [event.get("errorCode") for event in told(bench)] == [None, None, "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"]


def test_asking_for_the_challenge_is_no_event(bench: Bench) -> None:
    """Clients begin by asking /v2/ without credentials: that is no failed attempt. Wrong credentials are one."""
    nobody = bench.as_(None)
    assert nobody("GET", "/v2/").status == 401
    assert told(bench) == []
    assert bench.as_(f"{bench.password}x")("GET", "/v2/").status == 401
    (event,) = told(bench)
    assert (event["errorCode"], event["userIdentity"]) == ("UNAUTHORIZED", {"type": "Unknown"})


def test_a_denial_names_its_principal_and_what_was_asked(bench: Bench) -> None:
    """A denied read is told with who it was, by ARN, id and key."""
    bench.create("demo")
    bench.as_(bench.token(OTHER))("GET", "/v2/demo/manifests/v1")
    (event,) = told(bench)
    who = event["userIdentity"]
    assert who.pop("principalId").startswith("AIDA")
    assert who == {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{OTHER}:user/administrator",
        "accountId": OTHER,
        "accessKeyId": bench.keys[OTHER],
        "userName": "administrator",
    }
    assert (event["eventName"], event["readOnly"], event["errorCode"]) == ("BatchGetImage", True, "DENIED")
    assert event["errorMessage"].startswith(f"User: arn:aws:iam::{OTHER}:user/administrator is not authorized")
    assert event["recipientAccountId"] == ACCOUNT


def test_a_push_that_the_server_gave_up_is_told(bench: Bench) -> None:
    """A request that is cut off half-way has its event too."""
    bench.create("demo")
    upload = bench.upload("demo")

    async def story() -> None:
        began = asyncio.Event()

        async def receive() -> Message:
            began.set()
            await asyncio.Event().wait()
            raise AssertionError

        asked = bench.request("PATCH", f"/v2/demo/blobs/uploads/{upload}", b"half", {})
        request = Request("PATCH", asked.path, "", asked.headers, "http", "127.0.0.1", "cut-off", receive)
        task = asyncio.create_task(OciDoor(bench.services)(request))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    bench.runner.run(story())
    event = told(bench)[-1]
    assert (event["requestID"], event["eventName"], event["errorCode"]) == ("cut-off", "UploadLayerPart", "Unfinished")
    assert event["requestParameters"]["uploadId"] == upload


def test_an_encoded_message_is_kept_whole(bench: Bench) -> None:
    """What a denial says can be decoded from the trail too: the sentence is not cut."""
    bench.create("demo")
    name = "a" * 200
    answer = bench.as_(bench.token(OTHER))("DELETE", f"/v2/{name}/manifests/v1")
    assert told(bench)[-1]["errorMessage"] == answer.refusal[2]
