"""Verifications on the wire: how one is begun, watched and stopped, and what it found."""

from typing import Any

import pytest
from sqlalchemy import update

from cargohold.database.schema.registry import blob
from cargohold.registry.verification import RATE
from cargohold.registry.verifier import Verifier

from .conftest import ACCOUNT, NOON, OTHER, REGION, Wire
from .test_cargohold import Ours, user

LAYER = b"a layer of the verification's own"


@pytest.fixture
def operator(wire: Wire) -> Ours:
    """The administrator of the deployment's first account."""
    return Ours(wire, wire.keys[ACCOUNT])


def push(wire: Wire, *layers: bytes) -> list[str]:
    """Uploads layers; their digests."""
    wire("CreateRepository", repositoryName="kept")
    return [wire.layer("kept", layer) for layer in layers]


def lose(wire: Wire) -> None:
    """Has the database name bytes for every blob that are in no store."""
    wire.runner.run(
        wire.database.write(lambda connection: connection.execute(update(blob).values(generation="0" * 32)))
    )


def work(wire: Wire) -> None:
    """What the worker does, until there is nothing left to do."""
    wire.runner.run(Verifier(wire.database, wire.services.uploads._stores, wire.clock).run())


def test_a_verification_from_beginning_to_end(operator: Ours) -> None:
    """It is told what it covers, then what it found; what is damaged is listed with its repositories."""
    (digest,) = push(operator.wire, LAYER)
    assert operator("DescribeVerification") == {"damagedBlobCount": 0}
    begun = operator("StartVerification")["verification"]
    assert begun == {
        "startedAt": NOON / 1000,
        "bytesPerSecond": RATE,
        "totalBlobs": 1,
        "totalBytes": len(LAYER),
        "verifiedBlobs": 0,
        "verifiedBytes": 0,
        "damagedBlobs": 0,
        "repairedBlobs": 0,
    }
    lose(operator.wire)
    work(operator.wire)
    described = operator("DescribeVerification")
    assert described["damagedBlobCount"] == 1
    ended = {"endedAt": NOON / 1000, "verifiedBlobs": 1, "verifiedBytes": len(LAYER), "damagedBlobs": 1}
    assert described["verification"] == begun | ended
    (found,) = operator("ListDamagedBlobs")["damagedBlobs"]
    assert found["repositories"] == [f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/kept"]
    assert (found["digest"], found["reason"], found["size"]) == (digest, "missing", len(LAYER))


def test_one_runs_at_a_time(operator: Ours) -> None:
    """Starting it again answers with the one that runs, at the rate at which it runs."""
    first = operator("StartVerification", bytesPerSecond=1)["verification"]
    operator.wire.clock.now += 1000
    assert operator("StartVerification", bytesPerSecond=2)["verification"] == first
    assert operator("StopVerification")["verification"] == first | {"endedAt": NOON / 1000 + 1}
    assert operator("StopVerification")["verification"] == first | {"endedAt": NOON / 1000 + 1}


def test_nothing_to_stop(operator: Ours) -> None:
    """Stopping what never began answers with nothing."""
    assert operator("StopVerification") == {}


def test_damaged_blobs_come_in_pages(operator: Ours) -> None:
    """Every page has what was asked for, and the last one no token."""
    wanted = push(operator.wire, *(bytes([number]) for number in range(3)))
    operator("StartVerification")
    lose(operator.wire)
    work(operator.wire)
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = operator("ListDamagedBlobs", maxResults=2, **token)
        found += [each["digest"] for each in page["damagedBlobs"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert found == wanted
    assert operator.refused("ListDamagedBlobs", nextToken="made up")[1] == "InvalidParameterException"


@pytest.mark.parametrize("name", ["StartVerification", "StopVerification", "DescribeVerification", "ListDamagedBlobs"])
def test_the_store_is_the_first_accounts(wire: Wire, name: str) -> None:
    """Another account's administrator and a user without the right are denied on the deployment's store."""
    store = f"arn:aws:cargohold::{ACCOUNT}:storage"
    assert Ours(wire, wire.keys[OTHER]).denied(name) == store
    assert user(wire, "nobody").denied(name) == store
    assert user(wire, "operator", f"cargohold:{name}", resource=store).send(name, {})[0] == 200


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_is_at_least_a_byte(operator: Ours, rate: Any) -> None:
    """A rate that would never end is refused, and nothing begins."""
    assert operator.refused("StartVerification", bytesPerSecond=rate)[1] == "ValidationException"
    assert operator("DescribeVerification") == {"damagedBlobCount": 0}
