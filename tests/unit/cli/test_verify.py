"""`cargohold verify`: what it asks for, what it prints, and how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cargohold.cli.main import group

from .answering import Answering, answering

BEGUN = {
    "startedAt": 1_772_366_400.0,
    "bytesPerSecond": 1 << 20,
    "totalBlobs": 2,
    "totalBytes": 4096,
    "verifiedBlobs": 0,
    "verifiedBytes": 0,
    "damagedBlobs": 0,
    "repairedBlobs": 0,
}
ENDED = BEGUN | {"endedAt": 1_772_366_401.0, "verifiedBlobs": 2, "verifiedBytes": 4096}
DAMAGED = {
    "digest": f"sha256:{'a' * 64}",
    "size": 1536,
    "reason": "wrong bytes",
    "foundAt": 1_772_366_400.5,
    "repositories": ["arn:aws:ecr:us-east-1:123456789012:repository/team/app"],
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Answering]:
    with answering() as kept:
        monkeypatch.setenv("AWS_ENDPOINT_URL", kept.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.setattr("cargohold.cli.verify.LOOK_SECONDS", 0)
        yield kept


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(group, ["verify", *map(str, arguments)])


def operations(server: Answering) -> list[str]:
    return [each.operation.partition(".")[2] for each in server.asked]


def test_it_waits_for_the_end(server: Answering) -> None:
    """It starts one at the rate that is given, asks until it has ended, and says what was read."""
    server.give({"verification": BEGUN})
    server.give({"verification": BEGUN | {"verifiedBlobs": 1}, "damagedBlobCount": 0})
    server.give({"verification": ENDED, "damagedBlobCount": 0})
    server.give({"verification": ENDED, "damagedBlobCount": 0})
    done = run("--mib-per-second", 3)
    assert done.exit_code == 0, done.output
    assert done.output == "Verified: 2 of 2 blobs, 4.0 KiB of 4.0 KiB; 0 newly found damaged.\n"
    assert server.asked[0].members == {"bytesPerSecond": 3 << 20}
    assert operations(server) == ["StartVerification", *["DescribeVerification"] * 3]


def test_damage_is_told_and_ends_with_1(server: Answering) -> None:
    """Each damaged blob has a line with its reason and repositories, and a script learns of it by the status."""
    server.give({"verification": ENDED, "damagedBlobCount": 2})
    server.give({"damagedBlobs": [DAMAGED], "nextToken": "more"})
    server.give({"damagedBlobs": [DAMAGED]})
    done = run("--status")
    assert done.exit_code == 1
    assert done.output.splitlines()[1] == f"{DAMAGED['digest']}  wrong bytes  1.5 KiB  team/app"
    assert done.output.splitlines()[3].startswith("Damaged: 2. Push")
    assert server.asked[2].members == {"nextToken": "more"}


def test_json_is_whole(server: Answering) -> None:
    """A script gets the verification and every damaged blob."""
    server.give({"verification": ENDED, "damagedBlobCount": 1})
    server.give({"damagedBlobs": [DAMAGED]})
    told = json.loads(run("--status", "--json").output)
    assert told["verification"]["verifiedBlobs"] == 2
    assert [each["digest"] for each in told["damagedBlobs"]] == [DAMAGED["digest"]]


@pytest.mark.parametrize(("option", "asked"), [("--stop", "StopVerification"), ("--detach", "StartVerification")])
def test_it_need_not_wait(server: Answering, option: str, asked: str) -> None:
    """Stopping and detaching ask once, and say how far it is."""
    server.give({"verification": BEGUN})
    server.give({"verification": BEGUN, "damagedBlobCount": 0})
    done = run(option)
    assert done.exit_code == 0, done.output
    assert done.output == "Running: 0 of 2 blobs, 0 bytes of 4.0 KiB verified.\n"
    assert operations(server) == [asked, "DescribeVerification"]


def test_nothing_was_ever_verified(server: Answering) -> None:
    """Before the first verification there is nothing to tell."""
    server.give({"damagedBlobCount": 0})
    assert run("--status").output == "No verification was ever started.\n"


def test_only_one_way_at_a_time(server: Answering) -> None:
    """What contradicts itself asks nothing."""
    assert run("--stop", "--status").exit_code == 2
    assert server.asked == []
