"""telemetry.audit.search: newest first over both series, filters, pages, and a bound on the work of one call."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from cargohold.core.clock import DAY, HOUR, SECOND
from cargohold.telemetry.audit.event import Happened, Identity, Issuer, moment, render
from cargohold.telemetry.audit.files import EVENTS, UNPROVEN, Bounds, Files
from cargohold.telemetry.audit.search import Event, Position, Query, search

NOON = 1_772_366_400_000
HERE, THERE = "123456789012", "210987654321"
SMALL = Bounds(days=90, total=1 << 30, file=4000)
ALICE = Identity("IAMUser", "AIDAALICE", f"arn:aws:iam::{HERE}:user/alice", HERE, "alice", "AKIAALICE")
BUILD = Identity(
    "AssumedRole",
    "AROADEPLOY:build",
    f"arn:aws:sts::{HERE}:assumed-role/deploy/build",
    HERE,
    "build",
    "ASIABUILD",
    Issuer("AROADEPLOY", f"arn:aws:iam::{HERE}:role/deploy", HERE, "deploy"),
)
PUSH = Happened(
    request_id="",
    action="ecr:PutImage",
    identity=ALICE,
    client="192.0.2.1",
    recipient=HERE,
    resources=(f"arn:aws:ecr:us-east-1:{HERE}:repository/demo",),
    parameters={"repositoryName": "demo"},
)


class Trail:
    """Files of events that are seconds apart, each with a number as its request's id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = {series: Files(folder, series, SMALL) for series in (EVENTS, UNPROVEN)}
        self.now = NOON
        self.count = 0

    def add(self, happened: Happened = PUSH, after: int = SECOND, **changed: Any) -> int:
        self.now += after
        self.count += 1
        event = replace(happened, request_id=str(self.count), **changed)
        series = EVENTS if event.proven else UNPROVEN
        self.files[series].append(render(event, f"e-{self.count}", self.now), moment(self.now)[:10])
        return self.count

    def pages(self, query: Query, limit: int = 10, share: int = 1 << 20) -> list[list[Event]]:
        """Every page of a search, read to its end."""
        pages: list[list[Event]] = []
        position: Position | None = {}
        while position is not None:
            found = search(self.folder, query, position, limit, share)
            assert len(found.events) <= limit
            pages.append(found.events)
            position = found.position
        return pages

    def found(self, query: Query, limit: int = 10, share: int = 1 << 20) -> list[int]:
        return [int(event["requestID"]) for page in self.pages(query, limit, share) for event in page]


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    return Trail(tmp_path / "audit")


def test_an_empty_trail_has_no_events(trail: Trail) -> None:
    """Where nothing was written yet nothing is found, and the search is at its end."""
    assert trail.pages(Query()) == [[]]


def test_events_come_newest_first_over_files_days_and_series(trail: Trail) -> None:
    """Whichever file and series an event is in, and however long a page is, its place is by its time."""
    for number in range(100):
        trail.add(after=HOUR if number % 10 == 0 else SECOND, identity=Identity() if number % 3 == 0 else ALICE)
    assert len(list(trail.folder.iterdir())) > 10
    for limit in (1, 7, 100, 1000):
        assert trail.found(Query(), limit) == list(range(100, 0, -1))


@pytest.mark.parametrize(
    "principal",
    ["deploy", "AROADEPLOY", f"arn:aws:iam::{HERE}:role/deploy", "ASIABUILD", "AROADEPLOY:build", BUILD.arn],
)
def test_a_principal_is_found_by_each_of_its_names(trail: Trail, principal: str) -> None:
    """A session is found by its own names and by those of its role, and nobody else is."""
    trail.add()
    wanted = trail.add(identity=BUILD)
    trail.add(identity=replace(BUILD, name="other", arn="x", id="AROAOTHER:x", access_key_id="ASIAX", issuer=None))
    trail.add(client=principal, user_agent=principal)
    assert trail.found(Query(principal=principal)) == [wanted]


@pytest.mark.parametrize("repository", ["demo", f"arn:aws:ecr:us-east-1:{HERE}:repository/demo"])
def test_a_repository_is_found_by_name_and_arn(trail: Trail, repository: str) -> None:
    """Only what was done to exactly this repository is found."""
    trail.add(resources=(), parameters={"repositoryName": "demo/x"})
    wanted = trail.add()
    trail.add(resources=(f"arn:aws:ecr:us-east-1:{HERE}:repository/x/demo",), parameters={})
    assert trail.found(Query(repository=repository)) == [wanted]


@pytest.mark.parametrize("action", ["PutImage", "ecr:PutImage"])
def test_an_action_is_found_with_and_without_its_service(trail: Trail, action: str) -> None:
    """The action is a whole name, and its service counts where it is given."""
    wanted = trail.add()
    trail.add(action="ecr:PutImageTagMutability")
    assert trail.found(Query(action=action)) == [wanted]
    assert trail.found(Query(action="iam:PutImage")) == []


def test_an_account_sees_what_it_caused_and_what_happened_in_it(trail: Trail) -> None:
    """Events of other accounts are not found, and those across accounts by both."""
    own = trail.add()
    stranger = replace(ALICE, account=THERE, arn=f"arn:aws:iam::{THERE}:user/bob")
    across = trail.add(identity=stranger)
    theirs = trail.add(identity=stranger, recipient=THERE, resources=(), user_agent=HERE)
    assert trail.found(Query(account=HERE)) == [across, own]
    assert trail.found(Query(account=THERE)) == [theirs, across]
    assert trail.found(Query()) == [theirs, across, own]


def test_times_are_kept_to_the_second(trail: Trail) -> None:
    """The seconds of both ends are in, and what is before and behind them is out."""
    first, second, third, _ = (trail.add() for _ in range(4))
    assert trail.found(Query(since=NOON + 1_000, until=NOON + 3_999)) == [third, second, first]
    assert trail.found(Query(since=NOON + 2_000, until=NOON + 2_000)) == [second]
    assert trail.found(Query(until=NOON)) == []
    assert trail.found(Query(since=NOON + DAY)) == []


def test_a_time_long_ago_is_found_without_reading_what_came_later(trail: Trail) -> None:
    """Files of later days are not opened, and a search ends where its time begins."""
    wanted = trail.add()
    for _ in range(3):
        trail.add(after=DAY)
    assert trail.pages(Query(until=NOON + HOUR), share=1)[0][0]["requestID"] == str(wanted)
    assert len(trail.pages(Query(since=trail.now), limit=100)) == 1


def test_only_errors(trail: Trail) -> None:
    """What succeeded is left out."""
    trail.add()
    refused = trail.add(code="AccessDeniedException", message="No.")
    trail.add()
    assert trail.found(Query(errors_only=True)) == [refused]


def test_one_call_reads_no_more_than_its_share(trail: Trail) -> None:
    """A search for what is rare stops where its share is read, and goes on from there until the end."""
    wanted = [trail.add(action="ecr:DeleteRepository")]
    for _ in range(200):
        trail.add()
    wanted.append(trail.add(action="ecr:DeleteRepository"))
    pages = trail.pages(Query(action="DeleteRepository"), share=10_000)
    assert len(pages) > 10
    assert [int(event["requestID"]) for page in pages for event in page] == wanted[::-1]


@settings(max_examples=25, deadline=None)
@given(some.lists(some.booleans(), max_size=40), some.integers(1, 9), some.integers(1, 20_000), some.sampled_from("aA"))
def test_no_event_is_lost_or_told_twice(
    tmp_path_factory: pytest.TempPathFactory, proven: Sequence[bool], limit: int, share: int, kind: str
) -> None:
    """However the trail is spread over series and a search over calls, each event that is wanted comes once."""
    trail = Trail(tmp_path_factory.mktemp("trail") / "audit")
    for each in proven:
        trail.add(action="ecr:PutImage" if each else "ecr:GetManifest", identity=ALICE if each else Identity())
    wanted = Query(action="PutImage") if kind == "a" else Query()
    expected = [number for number, each in enumerate(proven, start=1) if each or kind == "A"]
    assert sorted(trail.found(wanted, limit, share)) == expected


def test_what_is_written_meanwhile_does_not_disturb(trail: Trail) -> None:
    """The pages of a search tell what was there when it began, whatever is appended between two calls."""
    for _ in range(20):
        trail.add()
    first = search(trail.folder, Query(), {}, 5)
    assert first.position is not None
    for _ in range(20):
        trail.add(after=HOUR)
    second = search(trail.folder, Query(), first.position, 100)
    assert [int(event["requestID"]) for event in (*first.events, *second.events)] == list(range(20, 0, -1))
    assert second.position is None


def test_a_file_that_is_gone_is_passed_over(trail: Trail) -> None:
    """What was removed as too old between two calls is not missed."""
    for _ in range(30):
        trail.add(after=HOUR)
    first = search(trail.folder, Query(), {}, 1)
    assert first.position is not None
    days = sorted(trail.folder.iterdir())
    days[0].unlink()
    rest = search(trail.folder, Query(), first.position, 100)
    numbers = [int(event["requestID"]) for event in rest.events]
    assert numbers == list(range(29, min(numbers) - 1, -1))
    assert rest.position is None


def test_a_torn_line_hides_no_other(trail: Trail) -> None:
    """Where a full disk cut a line off and another process wrote behind it, that one is found all the same."""
    trail.add()
    (file,) = trail.folder.iterdir()
    with file.open("ab") as appended:
        appended.write(b'{"eventVersion":"1.11","eventTime":"2026-')
    wanted = trail.add()
    with file.open("ab") as appended:
        appended.write(b'not JSON\n{"eventVersion":"1.11"')
    assert trail.found(Query()) == [wanted, 1]


def test_a_value_cannot_pass_for_an_event(trail: Trail) -> None:
    """What a client sends as its name is data, even where it looks like the beginning of an event or a time."""
    forged = json.dumps({"eventVersion": "1.11", "eventTime": "2000-01-01T00:00:00Z"})
    number = trail.add(user_agent=f"{forged}\n{forged}", parameters={"repositoryName": forged})
    (page,) = trail.pages(Query(since=NOON, repository=forged))
    assert [event["requestID"] for event in page] == [str(number)]
