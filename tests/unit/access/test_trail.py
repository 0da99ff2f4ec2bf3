"""access.trail: what an event says of who asked, as far as the request came."""

from typing import Any, cast

import pytest

from cargohold.access.context import Surroundings
from cargohold.access.demand import Demand
from cargohold.access.guard import Admission
from cargohold.access.trail import Trail
from cargohold.core.arn import Registry
from cargohold.core.errors import AccessDenied
from cargohold.identity.principals import Principal, Session
from cargohold.telemetry.audit.event import Happened, Identity, Issuer
from cargohold.telemetry.audit.trail import Audit

HERE, THERE = "123456789012", "210987654321"
HOME = Registry(HERE, "us-east-1")
ALICE = Principal("AIDAALICE", f"arn:aws:iam::{HERE}:user/staff/alice", HERE, "user", "alice")
SESSION = f"arn:aws:sts::{HERE}:assumed-role/deploy/build"
BUILD = Principal(
    "AROADEPLOY:build",
    SESSION,
    HERE,
    "assumed-role",
    "build",
    entity_id="AROADEPLOY",
    entity_arn=f"arn:aws:iam::{HERE}:role/ci/deploy",
)


class Kept:
    """An audit that keeps its events."""

    def __init__(self) -> None:
        self.events: list[Happened] = []

    def write(self, happened: Happened) -> None:
        self.events.append(happened)


def trail(**known: Any) -> Trail:
    return Trail("r-1", Surroundings("192.0.2.1", user_agent="docker/29"), access_key_id="AKIAX", **known)


def told(of: Trail, code: str = "") -> Happened:
    kept = Kept()
    of.record(cast(Audit, kept), code)
    (event,) = kept.events
    return event


def test_a_user_is_told_as_an_iam_user() -> None:
    """A user is told with id, ARN, account, name and key."""
    one = trail()
    one.admit(Admission(ALICE, {}, {}))
    assert told(one).identity == Identity("IAMUser", "AIDAALICE", ALICE.arn, HERE, "alice", "AKIAX")


def test_a_role_s_session_is_told_with_its_role_and_its_beginning() -> None:
    """A session names the role that it is of, and when it was issued."""
    one = trail()
    session = Session("ASIAX", "assumed-role", HERE, "AROADEPLOY", "build", {}, (), None, 1000, 2000)
    one.admit(Admission(BUILD, {}, {}, session))
    issuer = Issuer("AROADEPLOY", BUILD.entity_arn, HERE, "deploy")
    expected = Identity("AssumedRole", "AROADEPLOY:build", SESSION, HERE, "build", "AKIAX", issuer, 1000)
    assert told(one).identity == expected


@pytest.mark.parametrize(
    ("arn", "kind", "name"),
    [
        (ALICE.arn, "IAMUser", "alice"),
        (SESSION, "AssumedRole", "build"),
        (f"arn:aws:sts::{HERE}:federated-user/bob", "FederatedUser", "bob"),
    ],
)
def test_who_is_denied_at_the_guard_is_told_by_the_arn(arn: str, kind: str, name: str) -> None:
    """The guard admits nobody when it denies; its error says who it was."""
    one = trail()
    denied = AccessDenied(arn, "ecr:PutImage", "*", "because")
    denied.principal_id = "AIDA-or-AROA"
    one.deny(denied)
    event = told(one, "AccessDeniedException")
    assert event.identity == Identity(kind, "AIDA-or-AROA", arn, HERE, name, "AKIAX")
    assert event.proven


def test_nobody_proven_has_no_name() -> None:
    """Before the guard's word there is a key at the most, and the event is not among those of proven callers."""
    event = told(trail(), "UNAUTHORIZED")
    assert event.identity == Identity(access_key_id="AKIAX")
    assert not event.proven
    assert event.action == "cargohold:UnknownOperation"


def test_an_event_belongs_to_the_account_it_happened_in() -> None:
    """Across accounts it is the resource's account; where no resource is named, the caller's."""
    one, other = trail(), trail()
    one.ask([Demand("ecr:PutImage", Registry(THERE, "us-east-1"), "demo")])
    for each in (one, other):
        each.admit(Admission(ALICE, {}, {}))
    assert told(one).recipient == THERE
    assert told(one).resources == (f"arn:aws:ecr:us-east-1:{THERE}:repository/demo",)
    assert told(other).recipient == HERE


def test_a_read_is_told_until_it_is_admitted_and_when_it_is_denied_afterwards() -> None:
    """What comes no further than the guard is told; a read that was let in is not, unless it is denied later."""
    read, write = trail(is_event=False), trail()
    assert read.is_told
    for each in (read, write):
        each.admit(Admission(ALICE, {}, {}))
    assert (read.is_told, write.is_told) == (False, True)
    read.deny(AccessDenied(ALICE.arn, "ecr:BatchGetImage", "*", "because"))
    assert read.is_told
    assert told(read).identity.id == "AIDAALICE"
