"""When an image was last pulled: what counts, how often it is written, and whose pulls are not."""

from typing import Any

import pytest

from cargohold.core.arn import Registry
from cargohold.core.clock import DAY, HOUR
from cargohold.core.errors import StorageBusy
from cargohold.core.reference import Reference
from cargohold.identity import registry_token
from cargohold.identity.principals import Credential
from cargohold.registry.limits import Limits
from cargohold.registry.pull_times import PullTimes
from tests.bed.access import trusting
from tests.wire.conftest import NOON, Wire
from tests.wire.query import client

from .bench import ACCOUNT, ARM_IMAGE, IMAGE, INDEX, OCI_INDEX, REGION, Bench, of

ANY = {"accept": "*/*"}
FULL = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryFullAccess"


@pytest.fixture
def bench(wire: Wire) -> Bench:
    """The administrator's client of the registry that `wire` is one of too, with an image demo:v1."""
    keys = {account: key.access_key_id for account, key in wire.keys.items()}
    made = Bench(wire.services, wire.runner, wire.clock, keys)
    made = made.as_(made.token())
    made.create("demo")
    made.push("demo", "v1", IMAGE)
    return made


def pulled(wire: Wire, digest: str = of(IMAGE)) -> float | None:
    """The image's lastRecordedPullTime in milliseconds, once everything is written down."""
    wire.runner.run(wire.services.pull_times.settled())
    (image,) = wire("DescribeImages", repositoryName="demo", imageIds=[{"imageDigest": digest}])["imageDetails"]
    found = image.get("lastRecordedPullTime")
    return None if found is None else found * 1_000


def pull(bench: Bench, reference: str = "v1", method: str = "GET", **headers: str) -> None:
    assert bench(method, f"/v2/demo/manifests/{reference}", headers=headers).status == 200


def test_a_pull_is_recorded(wire: Wire, bench: Bench) -> None:
    """A GET of a manifest, by tag or by digest, is a pull; an image that nobody pulled has no such time."""
    assert pulled(wire) is None
    wire.clock.now += HOUR
    pull(bench)
    assert pulled(wire) == NOON + HOUR
    wire.clock.now += 2 * DAY
    pull(bench.as_(bench.token()), of(IMAGE))
    assert pulled(wire) == NOON + HOUR + 2 * DAY


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("HEAD", "manifests/v1"),
        ("HEAD", f"manifests/{of(IMAGE)}"),
        ("GET", "tags/list"),
        ("GET", f"referrers/{of(IMAGE)}"),
    ],
)
def test_looking_is_no_pull(wire: Wire, bench: Bench, method: str, path: str) -> None:
    """HEAD and lists tell what is there, and record nothing."""
    assert bench(method, f"/v2/demo/{path}").status == 200
    wire("DescribeImages", repositoryName="demo")
    assert pulled(wire) is None


def test_the_api_pulls_too(wire: Wire, bench: Bench) -> None:
    """BatchGetImage is a pull of each image that it answers with, and of no other."""
    bench.push("demo", "arm", ARM_IMAGE)
    ids = [{"imageTag": "v1"}, {"imageTag": "absent"}]
    wire("BatchGetImage", repositoryName="demo", imageIds=ids)
    assert pulled(wire) == NOON
    assert pulled(wire, of(ARM_IMAGE)) is None
    accepted = {"imageIds": [{"imageTag": "arm"}], "acceptedMediaTypes": [OCI_INDEX]}
    assert wire("BatchGetImage", repositoryName="demo", **accepted)["images"] == []
    assert pulled(wire, of(ARM_IMAGE)) is None


def test_what_is_answered_is_what_is_pulled(wire: Wire, bench: Bench) -> None:
    """A pull of an index is the index's; where the client gets an image of it instead, that image's."""
    bench.push_index("demo", "all")
    pull(bench, "all", accept=OCI_INDEX)
    assert pulled(wire, of(INDEX)) == NOON
    assert pulled(wire) is None
    wire.clock.now += HOUR
    pull(bench, "all", accept="application/vnd.oci.image.manifest.v1+json")
    assert pulled(wire) == NOON + HOUR
    assert pulled(wire, of(INDEX)) == NOON
    assert pulled(wire, of(ARM_IMAGE)) is None


class CountedDatabase:
    """Counts what is written, and refuses it while it is told to."""

    def __init__(self, database: Any) -> None:
        self.database = database
        self.writes = 0
        self.busy = False

    async def write(self, work: Any) -> Any:
        self.writes += 1
        if self.busy:
            raise StorageBusy
        return await self.database.write(work)


def counted(wire: Wire, bench: Bench) -> tuple[Bench, CountedDatabase, PullTimes]:
    """The client of another process, and what that one writes of pull times."""
    database: Any = CountedDatabase(wire.database)
    times = PullTimes(database, wire.clock, Limits(), lambda *_: None)
    return bench.with_services(pull_times=times), database, times


def test_it_is_written_once_a_day(wire: Wire, bench: Bench) -> None:
    """Pulls within a day of the recorded one write nothing, through whichever process they come."""
    pull(bench)
    assert pulled(wire) == NOON
    other, database, times = counted(wire, bench)
    for hours in (1, 2, 8):
        wire.clock.now += hours * HOUR
        pull(other)
        pull(bench)
    assert pulled(wire) == NOON
    assert database.writes == 0
    wire.clock.now = NOON + DAY - 1
    other = other.as_(bench.token())
    pull(other)
    assert pulled(wire) == NOON
    assert database.writes == 0
    wire.clock.now = NOON + DAY
    other = other.as_(bench.token())
    for _ in range(5):
        pull(other)
    wire.runner.run(times.settled())
    assert pulled(wire) == NOON + DAY
    assert database.writes == 1


def test_pulls_are_written_together(wire: Wire, bench: Bench) -> None:
    """What is pulled while something is written waits, and goes in one transaction."""
    bench.push_index("demo", "all")
    other, database, times = counted(wire, bench)

    async def pulls() -> None:
        for _ in range(3):
            for reference in ("all", of(IMAGE), of(ARM_IMAGE)):
                await other.exchange(other.request("GET", f"/v2/demo/manifests/{reference}", b"", ANY))
        await times.settled()

    wire.runner.run(pulls())
    assert [pulled(wire, each) for each in (of(INDEX), of(IMAGE), of(ARM_IMAGE))] == [NOON] * 3
    assert database.writes <= 3


def test_a_pull_does_not_fail_for_it(wire: Wire, bench: Bench) -> None:
    """While nothing can be written pulls succeed without being recorded, and a pull an hour later is."""
    other, database, times = counted(wire, bench)
    database.busy = True
    pull(other)
    wire.runner.run(times.settled())
    assert pulled(wire) is None
    database.busy = False
    wire.clock.now += HOUR
    pull(other)
    wire.runner.run(times.settled())
    assert pulled(wire) == NOON + HOUR


def test_two_processes_write_one_time(wire: Wire, bench: Bench) -> None:
    """Of two processes that pull at once with the same row before them the later keeps what the other wrote."""
    _, database, times = counted(wire, bench)
    registry = Registry(ACCOUNT, REGION)
    target = wire.runner.run(wire.services.resource_policies.find_target(registry, "demo"))
    found = wire.runner.run(wire.services.images.get(target, Reference(tag="v1")))

    async def record() -> None:
        times.record(found.id, None, "AIDA", NOON)
        await times.settled()
        wire.services.pull_times.record(found.id, None, "AIDA", NOON + HOUR)

    wire.runner.run(record())
    assert pulled(wire) == NOON
    assert database.writes == 1


def as_key(wire: Wire, bench: Bench, key_id: str) -> Bench:
    """The client who logged in with this key."""
    return bench.as_(registry_token.issue(wire.services.tokens, Credential(key_id), REGION, wire.clock()).password)


def test_an_excluded_user(wire: Wire, bench: Bench) -> None:
    """The pulls of an excluded user are not recorded, those of others are, and his own again when he is included."""
    iam = client(wire, "iam")
    iam("CreateUser", UserName="scanner")
    iam("AttachUserPolicy", UserName="scanner", PolicyArn=FULL)
    arn = f"arn:aws:iam::{ACCOUNT}:user/scanner"
    scanner = as_key(wire, bench, iam.new_key("scanner").access_key_id)
    wire("RegisterPullTimeUpdateExclusion", principalArn=arn)
    pull(scanner)
    assert pulled(wire) is None
    pull(bench)
    assert pulled(wire) == NOON
    wire("DeregisterPullTimeUpdateExclusion", principalArn=arn)
    wire.clock.now += DAY
    scanner = as_key(wire, bench, iam.new_key("scanner").access_key_id)
    pull(scanner)
    assert pulled(wire) == NOON + DAY


def test_an_excluded_role(wire: Wire, bench: Bench) -> None:
    """What a role's sessions pull is the role's."""
    iam = client(wire, "iam")
    iam("CreateRole", RoleName="scanner", AssumeRolePolicyDocument=trusting({"AWS": ACCOUNT}))
    iam("AttachRolePolicy", RoleName="scanner", PolicyArn=FULL)
    arn = f"arn:aws:iam::{ACCOUNT}:role/scanner"
    session = client(wire, "sts")("AssumeRole", RoleArn=arn, RoleSessionName="nightly")["Credentials"]
    scanner = as_key(wire, bench, session["AccessKeyId"])
    wire("RegisterPullTimeUpdateExclusion", principalArn=arn)
    pull(scanner)
    assert pulled(wire) is None
    wire("DeregisterPullTimeUpdateExclusion", principalArn=arn)
    wire.clock.now += HOUR
    pull(scanner)
    assert pulled(wire) == NOON + HOUR


def test_a_user_made_anew_is_not_excluded(wire: Wire, bench: Bench) -> None:
    """An exclusion is of the user who had the name then, not of the name."""
    iam = client(wire, "iam")
    iam("CreateUser", UserName="scanner")
    wire("RegisterPullTimeUpdateExclusion", principalArn=f"arn:aws:iam::{ACCOUNT}:user/scanner")
    iam("DeleteUser", UserName="scanner")
    iam("CreateUser", UserName="scanner")
    iam("AttachUserPolicy", UserName="scanner", PolicyArn=FULL)
    pull(as_key(wire, bench, iam.new_key("scanner").access_key_id))
    assert pulled(wire) == NOON
