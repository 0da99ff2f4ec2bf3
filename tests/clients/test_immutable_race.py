"""Immutable tags on a server of two processes: requests over connections of which each process holds its own."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .bed.images import OCI_CONFIG, OCI_MANIFEST, digest_of
from .bed.server import REGION, Server, password_of
from .bed.wire import Wire

_CONFIG = b'{"architecture":"amd64","os":"linux"}'
_EACH = 4  # connections to each process
_MOST = 200  # connections that are opened until each has so many
_TAGS = 15
_TARGET = "AmazonEC2ContainerRegistry_V20150921"


@dataclass(frozen=True)
class Api:
    """One connection for operations of the AWS door, each signed."""

    wire: Wire
    host: str
    key: Credentials

    def __call__(self, operation: str, **members: object) -> tuple[int, dict[str, Any]]:
        body = json.dumps(members).encode()
        headers = {"X-Amz-Target": f"{_TARGET}.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        request = AWSRequest("POST", f"http://{self.host}/", headers=headers, data=body)
        SigV4Auth(self.key, "ecr", REGION).add_auth(request)
        answer = self.wire.ask("POST", "/", body, dict(request.headers.items()))
        return answer.status, json.loads(answer.body)


@dataclass(frozen=True)
class Bed:
    """A repository `demo`, and for each door process the connections that it holds."""

    server: Server
    doors: tuple[tuple[Wire, ...], ...]
    key: Credentials

    def api(self, wire: Wire) -> Api:
        return Api(wire, self.server.host, self.key)


@pytest.fixture
def bed(own_server: Server) -> Iterator[Bed]:
    """A server of two door processes with an empty, immutable repository that holds the blob of every manifest."""
    own_server.start("--workers", "2")
    ecr = own_server.client("ecr")
    ecr.create_repository(repositoryName="demo", imageTagMutability="IMMUTABLE")
    password = password_of(ecr)
    ecr.close()
    known = own_server.environment()
    with ExitStack() as open_wires:
        doors = _door_processes(own_server)
        assert len(doors) == 2
        wires = _connected(own_server, doors, password, open_wires)
        wires[0][0].push_blob("demo", _CONFIG)
        yield Bed(own_server, wires, Credentials(known["AWS_ACCESS_KEY_ID"], known["AWS_SECRET_ACCESS_KEY"]))


def _door_processes(server: Server) -> list[int]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    return [line["process"] for line in lines if line["event"] == "process started" and line["role"] == "door"]


def _connected(server: Server, doors: list[int], password: str, wires: ExitStack) -> tuple[tuple[Wire, ...], ...]:
    """As many connections to each process; which one a connection goes to is the kernel's choice."""
    held: dict[int, list[Wire]] = {door: [] for door in doors}
    for _ in range(_MOST):
        wire = wires.enter_context(Wire(server.port, password))
        wire.want(200, "GET", "/v2/")
        held[_holder(server.port, wire.local_port, doors)].append(wire)
        if all(len(each) >= _EACH for each in held.values()):
            return tuple(tuple(each[:_EACH]) for each in held.values())
    pytest.fail(f"of {_MOST} connections one process got fewer than {_EACH}")


def _holder(port: int, client_port: int, processes: list[int]) -> int:
    """The process that holds the server's end of a connection."""
    ends = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    (inode,) = (end[9] for end in ends if (end[1], end[2]) == (f"0100007F:{port:04X}", f"0100007F:{client_port:04X}"))
    (holder,) = (
        process
        for process in processes
        if any(_target(link) == f"socket:[{inode}]" for link in Path(f"/proc/{process}/fd").iterdir())
    )
    return holder


def _target(link: Path) -> str:
    """Where a link of /proc leads; empty when it is gone by now."""
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""


def _manifest(content: str) -> bytes:
    config = {"mediaType": OCI_CONFIG, "digest": digest_of(_CONFIG), "size": len(_CONFIG)}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    return json.dumps(document | {"annotations": {"content": content}}).encode()


def _by_docker(wire: Wire, tag: str, manifest: bytes) -> tuple[bool, str]:
    """Whether PUT of a manifest gets the tag, and the sentence of a refusal."""
    answer = wire.ask("PUT", f"/v2/demo/manifests/{tag}", manifest, {"Content-Type": OCI_MANIFEST})
    return answer.status == 201, "" if answer.status == 201 else answer.errors[0]["message"]


def _by_api(api: Api, tag: str, manifest: bytes) -> tuple[bool, str]:
    """Whether PutImage gets the tag, and the sentence of a refusal."""
    status, body = api("PutImage", repositoryName="demo", imageTag=tag, imageManifest=manifest.decode())
    return status == 200, body.get("message", "")


def _immutable(tag: str) -> str:
    return (
        f"The image tag '{tag}' already exists in the 'demo' repository "
        "and cannot be overwritten because the tag is immutable."
    )


def test_s8_one_of_many_pushes_wins(bed: Bed) -> None:
    """Of different images pushed at once to one immutable tag, at both doors of both processes, exactly one gets it."""
    racers: list[Callable[[str, bytes], tuple[bool, str]]] = []
    for wires in bed.doors:
        racers += [partial(_by_docker, wire) for wire in wires[::2]]
        racers += [partial(_by_api, bed.api(wire)) for wire in wires[1::2]]
    start = threading.Barrier(len(racers))
    kept = set()

    def run(number: int, tag: str) -> tuple[bool, str]:
        start.wait(60)
        return racers[number](tag, _manifest(f"{tag} {number}"))

    with ThreadPoolExecutor(len(racers)) as pool:
        for tag in (f"v{number}" for number in range(_TAGS)):
            results = list(pool.map(run, range(len(racers)), [tag] * len(racers)))
            winners = [number for number, (won, _) in enumerate(results) if won]
            assert len(winners) == 1, results
            assert [sentence for won, sentence in results if not won] == [_immutable(tag)] * (len(racers) - 1)
            kept.add(digest_of(_manifest(f"{tag} {winners[0]}")))
            for wires in bed.doors:
                assert wires[0].manifest("demo", tag) == _manifest(f"{tag} {winners[0]}")
    status, described = bed.api(bed.doors[0][0])("DescribeImages", repositoryName="demo")
    assert status == 200
    assert {image["imageDigest"] for image in described["imageDetails"]} == kept


def test_a_mode_set_at_one_process_holds_at_the_other(bed: Bed) -> None:
    """The push after PutImageTagMutability has answered is judged by the new mode, whichever process answered it."""
    for turn in range(10):
        here, there = (wires[0] for wires in (bed.doors if turn % 2 else reversed(bed.doors)))
        mutable = {"repositoryName": "demo", "imageTagMutability": "MUTABLE"}
        assert bed.api(here)("PutImageTagMutability", **mutable)[0] == 200
        assert _by_docker(there, "latest", _manifest(f"{turn}")) == (True, "")
        immutable = {"repositoryName": "demo", "imageTagMutability": "IMMUTABLE"}
        assert bed.api(there)("PutImageTagMutability", **immutable)[0] == 200
        assert _by_docker(here, "latest", _manifest("other")) == (False, _immutable("latest"))
        assert _by_api(bed.api(here), "latest", _manifest("other")) == (False, _immutable("latest"))
        assert here.manifest("demo", "latest") == _manifest(f"{turn}")
