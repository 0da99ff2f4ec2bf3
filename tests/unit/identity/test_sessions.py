"""Sessions on each database: what is issued, what ends them, and when they are forgotten."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from cargohold.access.policy import check
from cargohold.core.clock import HOUR, MINUTE, SECOND
from cargohold.core.errors import InvalidParameterValue, MalformedPolicyDocument, UnknownCredential, ValidationError
from cargohold.database.schema.identity import (
    access_key,
    access_key_use,
    managed_policy,
    principal,
    role,
    session,
)
from cargohold.encryption.tokens import Tokens
from cargohold.identity import sessions, tasks
from cargohold.identity.accounts import NewKey
from cargohold.identity.session_request import Wanted
from cargohold.identity.sessions import Issued, Sessions
from cargohold.identity.store import sessions as store

from .home import HOME, NOON, OTHER, ROOT, Home

TOKENS = Tokens(ROOT.derive("tokens"))
PULLER = "AROAPULLER"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}'
READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"


class Bureau:
    """The room of sessions in a home with a role, and looks behind it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.sessions = Sessions(home.database, ROOT, TOKENS, home.clock, check)
        self.write(
            insert(principal).values(
                id="AROAPULLER",
                account_id=HOME,
                kind="role",
                path="/team/",
                name="Puller",
                folded_name="puller",
                created_at=NOON,
            ),
            insert(role).values(principal_id="AROAPULLER", trust_policy="{}", longest_session=2 * 3600),
            insert(managed_policy).values(
                id="ANPAOWN",
                account_id=HOME,
                path="/",
                name="own",
                folded_name="own",
                default_version=1,
                latest_version=1,
                created_at=NOON,
                updated_at=NOON,
            ),
        )

    def write(self, *statements: Any) -> None:
        def work(connection: Any) -> None:
            for statement in statements:
                connection.execute(statement)

        self.home.run(self.home.database.write(work))

    def assume(self, wanted: Wanted | None = None, role: str = PULLER, caller: Any = None) -> Issued:
        issued = self.home.run(self.sessions.assume(role, wanted or Wanted("night"), caller))
        assert issued is not None
        return issued

    def stored(self, session_id: str) -> store.StoredSession | None:
        return self.home.run(self.home.database.read(lambda connection: store.find_session(connection, session_id)))

    def row(self) -> Any:
        """The one session's row."""
        return self.home.run(self.home.database.read(lambda connection: connection.execute(select(session)).one()))


@pytest.fixture
def bureau(home: Home) -> Bureau:
    return Bureau(home)


@pytest.fixture
def key(home: Home) -> NewKey:
    home.user("alice")
    return home.key("alice")


def test_a_role_session(bureau: Bureau) -> None:
    """AssumeRole's session is a row of the role with a sealed secret, and its token names that row until it is over."""
    issued = bureau.assume(Wanted("night", 900))
    made = issued.session
    assert made.id.startswith("ASIA")
    assert len(made.id) == 20
    assert (made.kind, made.account, made.principal_id, made.name) == ("assumed-role", HOME, "AROAPULLER", "night")
    assert (made.issued_at, made.expires_at) == (NOON, NOON + 900 * SECOND)
    assert (issued.role_name, issued.packed_size) == ("Puller", None)
    stored = bureau.stored(made.id)
    assert stored is not None
    assert stored.session == made
    assert ROOT.open(stored.sealed_secret, made.id).decode() == issued.secret_access_key
    assert sessions.read(TOKENS, issued.token, made.id) == made.expires_at


def test_nothing_secret_shows(bureau: Bureau) -> None:
    """Neither what was issued nor what is stored shows a secret or a token when it is printed."""
    issued = bureau.assume()
    stored = bureau.stored(issued.session.id)
    for shown in (repr(issued), repr(stored)):
        assert issued.secret_access_key not in shown
        assert issued.token not in shown
        assert "sealed" not in shown
    claims, _, _ = issued.token.partition(".")
    assert issued.secret_access_key not in claims


def test_policies_and_tags_are_kept(bureau: Bureau) -> None:
    """The session policy, the managed ones by id, tags and source identity stand in the row."""
    arns = (f"arn:aws:iam::{HOME}:policy/own", READ_ONLY)
    wanted = Wanted("s", policy=POLICY, policy_arns=arns, tags=(("a", "1"), ("b", "2")), transitive_tags=("b",))
    issued = bureau.assume(wanted)
    row = bureau.row()
    own, of_aws = json.loads(row.policy_ids)
    assert (row.policy, own, row.access_key_id) == (POLICY, "ANPAOWN", None)
    assert of_aws.startswith("ANPA")
    assert (json.loads(row.tags), json.loads(row.transitive_tags)) == ({"a": "1", "b": "2"}, ["b"])
    assert issued.packed_size is not None


def test_a_chain_hands_on(bureau: Bureau) -> None:
    """A session that another one asks for has its transitive tags and its source identity."""
    first = bureau.assume(Wanted("s", tags=(("a", "1"), ("b", "2")), transitive_tags=("b",), source_identity="bob"))
    second = bureau.assume(Wanted("t", tags=(("c", "3"),)), caller=first.session).session
    assert (second.tags, second.transitive_tags) == ({"b": "2", "c": "3"}, ("b",))
    assert second.source_identity == "bob"


def test_no_such_role(bureau: Bureau) -> None:
    """There is a session only of a role that is there: not of one whose id is gone, and not of a user."""
    user_id = bureau.home.user("alice").entity.id
    for role_id in ("AROAGONE", user_id):
        assert bureau.home.run(bureau.sessions.assume(role_id, Wanted("s"), None)) is None
    assert bureau.home.rows(session) == 0


@pytest.mark.parametrize(
    ("wanted", "error", "sentence"),
    [
        (Wanted("s", 7201), ValidationError, "exceeds the MaxSessionDuration"),
        (Wanted("s", policy="{"), MalformedPolicyDocument, "."),
        (Wanted("s", policy='{"Statement":[{"Effect":"Maybe"}]}'), MalformedPolicyDocument, "."),
        (Wanted("s", tags=(("a", "1"), ("A", "1"))), InvalidParameterValue, "Duplicate tag keys"),
        (Wanted("s", policy_arns=("arn:aws:iam::123456789012:role/own",)), ValidationError, "is not valid"),
        (Wanted("s", policy_arns=(f"arn:aws:iam::{OTHER}:policy/own",)), ValidationError, "does not exist"),
        (Wanted("s", policy_arns=(f"arn:aws:iam::{HOME}:policy/absent",)), ValidationError, "does not exist"),
        (Wanted("s", policy_arns=("arn:aws:iam::aws:policy/Absent",)), ValidationError, "does not exist"),
    ],
)
def test_refused(bureau: Bureau, wanted: Wanted, error: type[Exception], sentence: str) -> None:
    """What a session may not be is refused, and leaves no row behind."""
    with pytest.raises(error, match=sentence):
        bureau.assume(wanted)
    assert bureau.home.rows(session) == 0


def test_a_users_session(bureau: Bureau, key: NewKey) -> None:
    """GetSessionToken's session is of the user and of the key that asked, and lives twelve hours by default."""
    made = bureau.home.run(bureau.sessions.of_user(key.access_key_id, None)).session
    assert (made.kind, made.name, made.account) == ("session", "alice", HOME)
    assert made.principal_id.startswith("AIDA")
    assert made.expires_at == NOON + 12 * HOUR
    assert bureau.row().access_key_id == key.access_key_id
    assert bureau.home.run(bureau.sessions.of_user(key.access_key_id, 129_600)).session.expires_at == NOON + 36 * HOUR


def test_a_key_that_is_gone_begins_no_session(bureau: Bureau, key: NewKey) -> None:
    """A key that was deleted after the guard looked at it gets no session."""
    bureau.write(delete(access_key))
    with pytest.raises(UnknownCredential):
        bureau.home.run(bureau.sessions.of_user(key.access_key_id, None))


def test_s9_a_users_session_ends_with_its_key(bureau: Bureau, key: NewKey) -> None:
    """A session that a key asked for is not found while the key is inactive, and not any more once it is deleted."""
    made = bureau.home.run(bureau.sessions.of_user(key.access_key_id, None)).session
    assert bureau.stored(made.id) is not None
    bureau.write(update(access_key).where(access_key.c.id == key.access_key_id).values(status="Inactive"))
    assert bureau.stored(made.id) is None
    bureau.write(update(access_key).where(access_key.c.id == key.access_key_id).values(status="Active"))
    assert bureau.stored(made.id) is not None
    bureau.home.run(bureau.home.keys.delete(HOME, "alice", key.access_key_id))
    assert bureau.home.rows(session) == 0


def test_whose_a_key_is(bureau: Bureau, key: NewKey) -> None:
    """The account of a user's key and of a session's is told, and of any other text none."""
    of = bureau.sessions.account_of
    made = bureau.assume().session
    assert [bureau.home.run(of(each)) for each in (key.access_key_id, made.id)] == [HOME, HOME]
    bureau.write(update(access_key).values(status="Inactive"))
    assert bureau.home.run(of(key.access_key_id)) == HOME
    for unknown in ("AKIAUNKNOWNUNKNOWN00", "ASIAUNKNOWNUNKNOWN00", ""):
        assert bureau.home.run(of(unknown)) is None


@pytest.mark.parametrize("size", [0, 1, 500, 1023, 1024, 3333, 4093, 4094, 4095, 4096])
def test_a_token_as_long_as_asked(bureau: Bureau, size: int) -> None:
    """A token is under 1 KiB, or at least as long as asked and then at most two characters longer; it is still read."""
    issued = bureau.assume(Wanted("s", token_size=size))
    assert size <= len(issued.token) <= max(1023 if size < 1024 else 0, size + 2)
    assert len(issued.token) <= 4096
    assert sessions.read(TOKENS, issued.token, issued.session.id) == issued.session.expires_at


def test_reaping(bureau: Bureau) -> None:
    """A session's row goes twelve hours after its end, when its last registry token is over, the oldest first."""
    first, second = bureau.assume(Wanted("a", 900)).session, bureau.assume(Wanted("b", 1800)).session

    def reap(limit: int = 1000) -> int:
        return bureau.home.run(tasks.reap_sessions(bureau.home.database, bureau.home.clock, limit))

    bureau.home.now = first.expires_at + 12 * HOUR - 1
    assert reap() == 0
    bureau.home.now += 1
    assert reap() == 1
    assert (bureau.stored(first.id), bureau.stored(second.id) is not None) == (None, True)
    third = bureau.assume(Wanted("c", 900)).session
    bureau.home.now = third.expires_at + 12 * HOUR
    assert [reap(1), reap(1), reap(1)] == [1, 1, 0]


def test_a_roles_use_is_written_down_seldom(bureau: Bureau) -> None:
    """The time and region of a role's use are written down, and those of the next one a quarter of an hour later."""

    def use(region: str) -> tuple[Any, ...]:
        async def once() -> None:
            bureau.home.uses.record_role("AROAPULLER", region)
            await bureau.home.uses.settled()

        bureau.home.run(once())
        asked = select(role.c.used_at, role.c.used_in_region)
        return tuple(bureau.home.run(bureau.home.database.read(lambda connection: connection.execute(asked).one())))

    assert use("eu-west-1") == (NOON, "eu-west-1")
    bureau.home.now += 15 * MINUTE - 1
    assert use("us-east-1") == (NOON, "eu-west-1")
    bureau.home.now += 1
    assert use("us-east-1") == (NOON + 15 * MINUTE, "us-east-1")
    assert bureau.home.rows(access_key_use) == 0


def test_a_role_that_is_deleted_meanwhile_gets_no_session(bureau: Bureau, beside: Home) -> None:
    """Sessions that are asked for while their role is deleted by another process are refused or go with it."""
    home = bureau.home

    def gone(connection: Any) -> None:
        connection.execute(select(principal.c.id).where(principal.c.id == "AROAPULLER").with_for_update()).all()
        store.delete_of_principal(connection, "AROAPULLER")
        connection.execute(delete(role))
        connection.execute(delete(principal).where(principal.c.id == "AROAPULLER"))

    async def both() -> list[Any]:
        asking: Callable[[int], Any] = lambda n: bureau.sessions.assume(PULLER, Wanted(f"s{n}"), None)  # noqa: E731
        return await asyncio.gather(*map(asking, range(10)), beside.database.write(gone), *map(asking, range(10, 20)))

    answers = home.run(both())
    assert home.rows(session) == 0
    assert len([each for each in answers if each is None or isinstance(each, Issued)]) == 21
