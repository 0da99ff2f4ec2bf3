"""One blob in several repositories: mounted, deleted from one, pushed again; nobody gets it through the wrong one."""

import asyncio
import json
from dataclasses import replace as with_values
from typing import Any

import pytest

from cargohold.access.demand import Demand
from cargohold.access.evaluate import Decision
from cargohold.access.guard import Admission, Guard
from cargohold.core.arn import Registry
from cargohold.core.digest import of
from cargohold.registry.blobs import CANDIDATES

from .bench import ABSENT, CONFIG, HERE, IMAGE, LAYER, OTHER, REGION, Bench, manifest

DIGEST = of(LAYER)
MOUNT = f"/v2/mine/blobs/uploads/?mount={DIGEST}"


class Selective:
    """A guard that gives what is demanded, and of what is optional only what is about some repositories."""

    def __init__(self, guard: Guard, *readable: str) -> None:
        self._guard = guard
        self._readable = readable
        self.asked: list[Demand] = []

    async def require(self, credential: Any, demands: Any, optional: Any = (), surroundings: Any = None) -> Admission:
        self.asked += optional
        admission = await self._guard.require(credential, demands, optional, surroundings)
        decided = {demand: Decision(demand.repository in self._readable) for demand in admission.optional}
        return with_values(admission, optional=decided)


def guarded(bench: Bench, *readable: str) -> tuple[Bench, Selective]:
    guard = Selective(bench.services.guard, *readable)
    return bench.with_services(guard=guard), guard


@pytest.fixture
def shared(bench: Bench) -> Bench:
    """A client of a registry where `first` and `second` hold the layer, and `mine` does not."""
    for name in ("first", "second", "mine"):
        bench.create(name)
    for name in ("first", "second"):
        bench.blob(name, LAYER)
    return bench


def test_s7_a_mount_from_anywhere_takes_what_may_be_read(shared: Bench) -> None:
    """S7: without a source the guard judges each repository that holds the blob, and one that is allowed is enough."""
    client, guard = guarded(shared, "second")
    assert client("POST", MOUNT).status == 201
    assert guard.asked == [Demand("ecr:GetDownloadUrlForLayer", HERE, name) for name in ("first", "second")]
    assert shared("GET", f"/v2/mine/blobs/{DIGEST}").body == LAYER


def test_s7_a_mount_from_anywhere_takes_nothing_else(shared: Bench) -> None:
    """S7: who may read none of the repositories that hold the blob learns no more than when nobody holds it."""
    client, _ = guarded(shared, "mine", "gone")
    refused, missing = client("POST", MOUNT), client("POST", MOUNT.replace(DIGEST, ABSENT))
    assert (refused.status, refused.headers.keys(), refused.body) == (202, missing.headers.keys(), missing.body)
    assert shared("HEAD", f"/v2/mine/blobs/{DIGEST}").status == 404


def test_s7_a_source_that_is_named_is_the_only_one(shared: Bench) -> None:
    """S7: a mount that names a source takes nothing from another one, readable or not."""
    client, guard = guarded(shared, "second")
    assert client("POST", f"{MOUNT}&from=first").status == 202
    assert client("POST", f"{MOUNT}&from=../second").status == 202
    assert [demand.repository for demand in guard.asked] == ["first"]


def test_s7_a_mount_from_anywhere_stays_within_its_registry(bench: Bench) -> None:
    """S7: another account, another region and a deleted repository are no source, whatever they hold."""
    bench.create("mine")
    bench.create("mine", Registry(OTHER, REGION))
    bench.create("mine", Registry(HERE.account, "eu-west-1"))
    neighbour = bench.as_(bench.token(OTHER), f"{OTHER}.dkr.ecr.{REGION}.localhost:5050")
    abroad = bench.as_(bench.token(region="eu-west-1"), f"{HERE.account}.dkr.ecr.eu-west-1.localhost:5050")
    for client in (neighbour, abroad):
        client.blob("mine", LAYER)
    assert bench("POST", MOUNT).status == 202


@pytest.mark.parametrize("query", [f"?mount={DIGEST}", f"?mount={DIGEST}&from=first"])
def test_mounting_can_be_switched_off(shared: Bench, query: str) -> None:
    """While BLOB_MOUNTING is off a mount is an ordinary upload, but for a blob that is there already; then it works."""

    def switch(value: str) -> None:
        shared.runner.run(shared.services.registry_settings.put(HERE, "BLOB_MOUNTING", value))

    switch("DISABLED")
    assert shared("POST", f"/v2/mine/blobs/uploads/{query}").status == 202
    assert shared("HEAD", f"/v2/mine/blobs/{DIGEST}").status == 404
    assert shared("POST", f"/v2/first/blobs/uploads/{query}").status == 201
    switch("ENABLED")
    assert shared("POST", f"/v2/mine/blobs/uploads/{query}").status == 201
    switch("DISABLED")
    assert shared("GET", f"/v2/mine/blobs/{DIGEST}").body == LAYER


def test_a_mount_from_anywhere_looks_at_a_few(bench: Bench) -> None:
    """However many repositories hold a blob, a bounded number of them is asked about, the oldest first."""
    for number in range(CANDIDATES + 5):
        bench.create(f"r{number:02}")
        bench.blob(f"r{number:02}", LAYER)
    bench.create("mine")
    client, guard = guarded(bench, f"r{CANDIDATES - 1:02}")
    assert client("POST", MOUNT).status == 201
    assert [demand.repository for demand in guard.asked] == [f"r{number:02}" for number in range(CANDIDATES)]


def test_e5_what_was_deleted_is_stored_again(shared: Bench) -> None:
    """E5: a blob that a repository held once is really stored when it is pushed again (distribution #4868)."""
    for _ in range(2):
        for name in ("first", "second"):
            assert shared("DELETE", f"/v2/{name}/blobs/{DIGEST}").status == 202
            assert shared("HEAD", f"/v2/{name}/blobs/{DIGEST}").status == 404
            assert shared("POST", f"/v2/{name}/blobs/uploads/?mount={DIGEST}&from={name}").status == 202
        for name in ("first", "second"):
            shared.blob(name, LAYER)
            assert shared("GET", f"/v2/{name}/blobs/{DIGEST}").body == LAYER


def test_s5_a_deleted_blob_stays_deleted(shared: Bench) -> None:
    """S5: deleted from one repository a blob is gone there, however often others that hold it are asked."""
    assert shared("DELETE", f"/v2/first/blobs/{DIGEST}").status == 202
    for _ in range(2):
        assert shared("GET", f"/v2/second/blobs/{DIGEST}").body == LAYER
        assert shared("GET", f"/v2/first/blobs/{DIGEST}").refusal[:2] == (404, "BLOB_UNKNOWN")
        assert shared("DELETE", f"/v2/first/blobs/{DIGEST}").refusal[:2] == (404, "BLOB_UNKNOWN")


def test_e9_a_blob_goes_with_its_last_image(shared: Bench) -> None:
    """E9: a blob can be fetched until the last image of the repository that uses it is deleted (zot #1733)."""
    other = manifest(CONFIG, LAYER, annotations={"another": "yes"})
    for payload in (IMAGE, other):
        shared.push("first", of(payload), payload)
    assert shared("DELETE", f"/v2/first/blobs/{DIGEST}").refusal[:2] == (405, "UNSUPPORTED")
    for payload, status in ((IMAGE, 200), (other, 404)):
        assert shared("DELETE", f"/v2/first/manifests/{of(payload)}").status == 202
        for blob in (DIGEST, of(CONFIG)):
            assert shared("GET", f"/v2/first/blobs/{blob}").status == status
    assert shared("GET", f"/v2/second/blobs/{DIGEST}").body == LAYER


def test_e26_one_blob_pushed_by_many_at_once(bench: Bench) -> None:
    """E26: identical 1 KiB layers pushed in parallel to one repository all succeed (Gitea #19586, #31426)."""
    bench.create("demo")
    data = b"x" * 1024
    image = manifest(data, data)

    async def push(number: int) -> list[int]:
        answers = [await bench.exchange(bench.request("POST", "/v2/demo/blobs/uploads/", b"", {}))]
        location = answers[0].headers["location"]
        answers.append(await bench.exchange(bench.request("PATCH", location, data, {})))
        answers.append(await bench.exchange(bench.request("PUT", f"{location}?digest={of(data)}", b"", {})))
        answers.append(await bench.exchange(bench.request("PUT", f"/v2/demo/manifests/v{number}", image, {})))
        return [answer.status for answer in answers]

    async def all_of_them() -> list[list[int]]:
        return await asyncio.gather(*(push(number) for number in range(16)))

    assert bench.runner.run(all_of_them()) == [[202, 202, 201, 201]] * 16
    assert bench("GET", f"/v2/demo/blobs/{of(data)}").body == data
    assert len(bench("GET", "/v2/demo/tags/list").json["tags"]) == 16


def test_e29_what_docker_pushed_has_size_and_type(bench: Bench, wire: Any) -> None:
    """E29: an image that came through /v2/ is described with its layers' bytes and its artifact type, as PutImage's."""
    bench.create("demo")
    bench.push("demo", "v1", IMAGE)
    artifact = json.loads(IMAGE) | {"artifactType": "application/vnd.example.thing"}
    bench.push("demo", "v2", json.dumps(artifact).encode())
    bench.push_index("demo", "multi")
    details = wire("DescribeImages", repositoryName="demo")["imageDetails"]
    found = {
        detail["imageTags"][0]: (detail["imageSizeInBytes"], detail.get("artifactMediaType"))
        for detail in details
        if "imageTags" in detail
    }
    size = len(CONFIG) + len(LAYER)
    assert found == {
        "v1": (size, "application/vnd.oci.image.config.v1+json"),
        "v2": (size, "application/vnd.example.thing"),
        "multi": (size, None),
    }
