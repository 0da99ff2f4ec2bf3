"""Principals in the policies of resources: kept by id, shown by ARN."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, update

from cargohold.core.errors import PrincipalNotFound
from cargohold.database import Database
from cargohold.database.schema.identity import account, principal
from cargohold.identity import principal_names
from tests.bed.access import person
from tests.bed.engines import Engine, Place

HOME, ABROAD = "123456789012", "210987654321"
USER = f"arn:aws:iam::{HOME}:user/staff/Ann"
ROLE = f"arn:aws:iam::{HOME}:role/Deploy"
SESSION = f"arn:aws:sts::{HOME}:assumed-role/Deploy/ci"


@pytest.fixture
def database(engine: Engine, place: Place) -> Iterator[Database]:
    def furnish(connection: Connection) -> None:
        for of in (HOME, ABROAD):
            connection.execute(insert(account).values(id=of, created_at=0, access_version=0))
        rows = [
            person("AIDAANN", HOME, "/staff/", "Ann"),
            person("AROADEPLOY", HOME, "/", "Deploy", "role"),
            person("AIDATHEIRS", ABROAD, "/", "Ann"),
        ]
        connection.execute(insert(principal), rows)

    with engine.borrowed(place) as borrowed:
        asyncio.run(borrowed.write(furnish))
        yield borrowed


def policy(*principals: Any, element: str = "Principal") -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", element: each, "Action": "ecr:*"} for each in principals]})


def run(database: Database, work: Callable[[Connection, str], str], document: str) -> str:
    return asyncio.run(database.read(lambda connection: work(connection, document)))


def named(document: str) -> list[Any]:
    return [
        block.get("Principal", block.get("NotPrincipal", {})).get("AWS") for block in json.loads(document)["Statement"]
    ]


@pytest.mark.parametrize("element", ["Principal", "NotPrincipal"])
def test_users_roles_and_sessions_are_kept_by_id(database: Database, element: str) -> None:
    """ARNs of users, roles and their sessions become ids, alone and in lists, and are read back as they were."""
    given = policy({"AWS": USER}, {"AWS": [ROLE, SESSION, "*"]}, element=element)
    stored = run(database, principal_names.resolve, given)
    assert named(stored) == ["AIDAANN", ["AROADEPLOY", "AROADEPLOY:ci", "*"]]
    assert json.loads(run(database, principal_names.show, stored)) == json.loads(given)


@pytest.mark.parametrize(
    "element",
    [
        "*",
        {"AWS": "*"},
        {"AWS": HOME},
        {"AWS": f"arn:aws:iam::{ABROAD}:root"},
        {"AWS": f"arn:aws:sts::{HOME}:federated-user/bob"},
        {"Service": "lambda.amazonaws.com"},
        {"Federated": "cognito-identity.amazonaws.com"},
        {"CanonicalUser": "0" * 64},
    ],
)
def test_what_is_kept_as_given(database: Database, element: Any) -> None:
    """Accounts, everybody, services and federated identities stay as they are written, to the letter."""
    given = policy(element)
    assert run(database, principal_names.resolve, given) == given
    assert run(database, principal_names.show, given) == given


@pytest.mark.parametrize(
    "name",
    [
        f"arn:aws:iam::{HOME}:user/Ann",
        f"arn:aws:iam::{HOME}:user/staff/ann",
        f"arn:aws:iam::{HOME}:user/staff/Bob",
        f"arn:aws:iam::{HOME}:role/Ann",
        f"arn:aws:iam::{ABROAD}:role/Deploy",
        f"arn:aws:iam::{HOME}:user/staff/*",
        f"arn:aws:iam::{HOME}:group/staff",
        f"arn:aws:sts::{HOME}:assumed-role/Absent/ci",
        f"arn:aws:sts::{HOME}:assumed-role/Ann/ci",
        "arn:aws:iam::000000000000:root",
        "000000000000",
        "arn:aws:sts::000000000000:federated-user/bob",
        "AIDAABSENT",
        "AROAABSENT:ci",
        "somebody",
        "",
    ],
)
def test_who_does_not_exist(database: Database, name: str) -> None:
    """A principal that is not there is named by the error, also beside others that are."""
    with pytest.raises(PrincipalNotFound) as missing:
        run(database, principal_names.resolve, policy({"AWS": [USER, name]}))
    assert missing.value.principal == name


def test_a_statement_that_stands_alone(database: Database) -> None:
    """A policy whose Statement is no list is read the same way."""
    given = json.dumps({"Statement": {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "ecr:*"}})
    stored = run(database, principal_names.resolve, given)
    assert json.loads(stored)["Statement"]["Principal"] == {"AWS": "AIDAANN"}


def test_a_condition_is_left_alone(database: Database) -> None:
    """An ARN that stands elsewhere than as a principal is nobody's name."""
    block = {"Effect": "Allow", "Principal": {"AWS": USER}, "Condition": {"ArnEquals": {"aws:PrincipalArn": USER}}}
    stored = json.loads(run(database, principal_names.resolve, json.dumps({"Statement": [block]})))
    assert stored["Statement"][0]["Condition"] == block["Condition"]


def test_who_is_gone_shows_as_an_id(database: Database) -> None:
    """The id of a deleted user shows as such, may not be written again, and a new user of its name is somebody else."""
    stored = run(database, principal_names.resolve, policy({"AWS": [USER, ROLE]}))

    def replace(connection: Connection) -> None:
        connection.execute(delete(principal).where(principal.c.id == "AIDAANN"))
        connection.execute(insert(principal).values(person("AIDANEW", HOME, "/staff/", "Ann")))

    asyncio.run(database.write(replace))
    shown = run(database, principal_names.show, stored)
    assert named(shown) == [["AIDAANN", ROLE]]
    with pytest.raises(PrincipalNotFound, match="Principal not found"):
        run(database, principal_names.resolve, shown)


def test_who_was_renamed_shows_under_the_new_name(database: Database) -> None:
    """A user that was renamed or moved keeps what it was given, and shows by its ARN of today."""
    stored = run(database, principal_names.resolve, policy({"AWS": USER}))
    moved = update(principal).where(principal.c.id == "AIDAANN").values(path="/", name="Anna", folded_name="anna")
    asyncio.run(database.write(lambda connection: connection.execute(moved) and None))
    assert named(run(database, principal_names.show, stored)) == [f"arn:aws:iam::{HOME}:user/Anna"]
