"""A database with accounts, users, roles and repositories, and the guard on it, for the tests of the access room."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, update

from cargohold.access.context import Surroundings
from cargohold.access.demand import Demand
from cargohold.access.guard import Admission, Guard
from cargohold.core.arn import Registry
from cargohold.core.clock import HOUR
from cargohold.database import Database
from cargohold.database.schema.identity import (
    access_key,
    account,
    group_member,
    identity_tag,
    inline_policy,
    managed_policy,
    permissions_boundary,
    policy_attachment,
    policy_version,
    principal,
    role,
    session,
    user_group,
)
from cargohold.database.schema.registry import registry, registry_policy, repository, resource_tag
from cargohold.encryption.root import Root
from cargohold.identity.principals import Credential

T = TypeVar("T")

HOME = Registry("123456789012", "eu-central-1")
WEST = replace(HOME, region="eu-west-1")
PUBLIC = replace(HOME, kind="public")
ABROAD = Registry("210987654321", "eu-central-1")
EMPTY = replace(HOME, region="us-east-1")
IAM = EMPTY

ADMINISTRATOR = Credential("AKIAADMINISTRATOR")
USER = Credential("AKIAUSER")
FOREIGNER = Credential("AKIAFOREIGNER")
PULL, PUSH = "ecr:BatchGetImage", "ecr:PutImage"
GET_BLOB = "ecr:GetDownloadUrlForLayer"
ADMINISTRATOR_ACCESS = "ANPAIWMBCKSKIEE64ZLYK"
NOW = 1_772_366_400_000
"""2026-03-01T12:00:00Z"""

REPOSITORIES = {
    1: (HOME, "app"),
    2: (HOME, "team/app"),
    3: (WEST, "app"),
    4: (PUBLIC, "app"),
    5: (ABROAD, "app"),
    6: (ABROAD, "theirs"),
}
REGISTRIES = {of: number for number, of in enumerate((HOME, WEST, PUBLIC, ABROAD), 1)}
ROOT = Root(bytes(32))


def statement(effect: str, action: str | list[str], resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def granting(principal_: Any, action: str | list[str], effect: str = "Allow", **more: Any) -> str:
    """A repository's policy of one statement."""
    return document({"Effect": effect, "Principal": principal_, "Action": action, **more})


def trusting(principal_: Any, **more: Any) -> str:
    return granting(principal_, "sts:AssumeRole", **more)


class CountedDatabase:
    """Counts what the guard reads."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reads = 0

    async def read(self, work: Callable[[Connection], T]) -> T:
        self.reads += 1
        return await self.database.read(work)


class House:
    """Asks the guard, and writes what IAM's operations write: each change raises the access version of its account."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.counted = CountedDatabase(database)
        self.now = NOW
        self.guard = self.process()

    def process(self) -> Guard:
        """The guard of another process on the same database."""
        return Guard(self.counted, ROOT, lambda: self.now)  # type: ignore[arg-type]

    def require(
        self,
        credential: Credential,
        demands: Sequence[Demand],
        optional: Sequence[Demand] = (),
        surroundings: Surroundings | None = None,
    ) -> Admission:
        seen = surroundings or Surroundings("192.0.2.1", secure=True, user_agent="test")
        return asyncio.run(self.guard.require(credential, demands, optional, seen))

    def allows(self, credential: Credential, *demands: Demand, surroundings: Surroundings | None = None) -> bool:
        """Whether all the demands are met."""
        admission = self.require(credential, (), demands, surroundings)
        return all(admission.allows(demand) for demand in demands)

    def write(self, *statements: Any, bump: str | None = HOME.account) -> None:
        def work(connection: Connection) -> None:
            for each in statements:
                connection.execute(each)
            if bump is not None:
                raised = update(account).values(access_version=account.c.access_version + 1)
                connection.execute(raised.where(account.c.id == bump))

        asyncio.run(self.database.write(work))

    def inline(self, entity: str, name: str, *statements: Mapping[str, Any]) -> None:
        """Gives a user, role or group a policy of its own."""
        values = {"entity_id": entity, "name": name, "document": document(*statements), "created_at": 0}
        self.write(insert(inline_policy).values(values))

    def managed(self, name: str, *statements: Mapping[str, Any], path: str = "/") -> str:
        """Makes a customer-managed policy and gives its id."""
        id_ = f"ANPA{name.upper()}"
        columns = {"id": id_, "account_id": HOME.account, "path": path, "name": name, "folded_name": name.lower()}
        versions = {"default_version": 1, "latest_version": 1, "created_at": 0, "updated_at": 0}
        self.write(
            insert(managed_policy).values(columns | versions),
            insert(policy_version).values(policy_id=id_, version=1, document=document(*statements), created_at=0),
        )
        return id_

    def attach(self, entity: str, policy_id: str) -> None:
        self.write(insert(policy_attachment).values(entity_id=entity, policy_id=policy_id, created_at=0))

    def bound(self, entity: str, policy_id: str) -> None:
        self.write(insert(permissions_boundary).values(principal_id=entity, policy_id=policy_id))

    def group(self, name: str, *members: str, path: str = "/") -> str:
        id_ = f"AGPA{name.upper()}"
        columns = {"id": id_, "account_id": HOME.account, "path": path, "name": name, "folded_name": name.lower()}
        joined = [insert(group_member).values(group_id=id_, principal_id=member) for member in members]
        self.write(insert(user_group).values(columns | {"created_at": 0}), *joined)
        return id_

    def tag(self, entity: str, **tags: str) -> None:
        rows = [
            {"entity_id": entity, "folded_key": key.lower(), "key": key, "value": value} for key, value in tags.items()
        ]
        self.write(insert(identity_tag).values(rows))

    def role(self, name: str, trust: str, path: str = "/") -> str:
        id_ = f"AROA{name.upper()}"
        self.write(
            insert(principal).values(person(id_, HOME.account, path, name, "role")),
            insert(role).values(principal_id=id_, trust_policy=trust, longest_session=3600),
        )
        return id_

    def session(self, entity: str, **columns: Any) -> Credential:
        """A session; by default one of a role, under the name of `ci`."""
        values = {
            "id": f"ASIA{len(entity)}{entity}",
            "kind": "assumed-role",
            "principal_id": entity,
            "name": "ci",
            "sealed_secret": b"",
            "policy_ids": "[]",
            "tags": "{}",
            "transitive_tags": "[]",
            "issued_at": NOW - HOUR,
            "expires_at": NOW + HOUR,
        }
        self.write(insert(session).values(values | columns), bump=None)
        return Credential(str((values | columns)["id"]))

    def repository_policy(self, number: int, policy: str | None) -> None:
        self.write(update(repository).where(repository.c.id == number).values(policy=policy), bump=None)

    def registry_policy(self, of: Registry, policy: str) -> None:
        self.write(insert(registry_policy).values(registry_id=REGISTRIES[of], policy=policy), bump=None)

    def resource_tags(self, number: int, **tags: str) -> None:
        rows = [{"repository_id": number, "key": key, "value": value} for key, value in tags.items()]
        self.write(insert(resource_tag).values(rows), bump=None)


def person(id_: str, account_id: str, path: str, name: str, kind: str = "user") -> dict[str, Any]:
    named = {"id": id_, "account_id": account_id, "kind": kind, "path": path, "name": name}
    return named | {"folded_name": name.lower(), "created_at": 0}


def furnish(connection: Connection) -> None:
    """Two accounts, with an administrator, a plain user and a foreigner, and repositories in several registries."""
    for of in (HOME, ABROAD):
        connection.execute(insert(account).values(id=of.account, created_at=0, access_version=0))
    users = (("administrator", HOME, "/staff/"), ("user", HOME, "/staff/"), ("foreigner", ABROAD, "/"))
    for name, of, path in users:
        id_ = f"AIDA{name.upper()}"
        key = {"id": f"AKIA{name.upper()}", "principal_id": id_, "sealed_secret": b"", "status": "Active"}
        connection.execute(insert(principal).values(person(id_, of.account, path, name)))
        connection.execute(insert(access_key).values(key | {"created_at": 0}))
        if name != "user":
            attached = {"entity_id": id_, "policy_id": ADMINISTRATOR_ACCESS, "created_at": 0}
            connection.execute(insert(policy_attachment).values(attached))
    for of, number in REGISTRIES.items():
        connection.execute(insert(registry).values(id=number, account=of.account, region=of.region, kind=of.kind))
    for number, (of, name) in REPOSITORIES.items():
        connection.execute(
            insert(repository).values(
                id=number,
                registry_id=REGISTRIES[of],
                name=name,
                state="active",
                created_at=0,
                tag_mutability="MUTABLE",
                tag_mutability_filters="[]",
                scan_on_push=False,
                encryption_type="AES256",
            )
        )


def plain(refusal: tuple[int, str, str]) -> tuple[int, str, str]:
    """A denial's status, code and sentence without the encoded message at its end, which is another one each time."""
    status, code, sentence = refusal
    sentence, told, message = sentence.partition(". Encoded authorization failure message: ")
    assert told
    assert message
    return status, code, sentence
