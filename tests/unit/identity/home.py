"""IAM's rooms on a real database, with one account in it and a clock that stands still until a test moves it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, func, insert, select

from cargohold.access.policy import check
from cargohold.core.errors import CargoholdError
from cargohold.database import Database
from cargohold.database.schema.identity import account, inline_policy, policy_attachment, session
from cargohold.encryption.root import Root
from cargohold.identity.account_details import AccountDetails
from cargohold.identity.accounts import Accounts, NewKey
from cargohold.identity.aliases import AccountAliases
from cargohold.identity.attachments import Attachments
from cargohold.identity.boundaries import Boundaries
from cargohold.identity.groups import Groups
from cargohold.identity.inline import InlinePolicies
from cargohold.identity.key_uses import KeyUses
from cargohold.identity.keys import AccessKeys
from cargohold.identity.policies import NewPolicy, Policies
from cargohold.identity.policy import Policy, parse
from cargohold.identity.policy_versions import PolicyVersions
from cargohold.identity.quotas import Quotas
from cargohold.identity.role import NewRole, Role
from cargohold.identity.roles import Roles
from cargohold.identity.users import NewUser, User, Users

T = TypeVar("T")

HOME = "123456789012"
OTHER = "210987654321"
NOON = 1_767_268_800_000
ROOT = Root(b"r" * 32)


ALLOW_ECR = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]}'
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}'
)


class Home:
    """The rooms, and short ways to fill them and to look behind them."""

    def __init__(self, database: Database, runner: asyncio.Runner) -> None:
        self.database = database
        self.runner = runner
        self.now = NOON
        self.use(Quotas())

    def use(self, quotas: Quotas) -> None:
        """Puts other quotas below the rooms."""
        self.accounts = Accounts(self.database, ROOT, self.clock, quotas)
        self.aliases = AccountAliases(self.database)
        self.users = Users(self.database, self.clock, quotas)
        self.groups = Groups(self.database, self.clock, quotas)
        self.keys = AccessKeys(self.database, ROOT, self.clock, quotas)
        self.uses = KeyUses(self.database, self.clock)
        self.roles = Roles(self.database, self.clock, check, quotas)
        self.policies = Policies(self.database, self.clock, check, quotas)
        self.versions = PolicyVersions(self.database, self.clock, check, quotas)
        self.attachments = Attachments(self.database, self.clock, quotas)
        self.inline = InlinePolicies(self.database, self.clock, check, quotas)
        self.boundaries = Boundaries(self.database)
        self.details = AccountDetails(self.database)

    def clock(self) -> int:
        return self.now

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def refusal(self, work: Coroutine[Any, Any, object]) -> tuple[str, str]:
        """The class and the sentence of the error that this must raise."""
        try:
            self.run(work)
        except CargoholdError as error:
            return type(error).__name__, str(error)
        raise AssertionError("nothing was refused")

    def user(self, name: str, path: str = "/", **options: Any) -> User:
        return self.run(self.users.create(HOME, NewUser(name, path, **options)))

    def key(self, user: str) -> NewKey:
        return self.run(self.keys.create(HOME, user))[2]

    def role(self, name: str, trust: str = "", **options: Any) -> Role:
        """A role that ECS's tasks may take, or whom `trust` says."""
        return self.run(self.roles.create(HOME, NewRole(name, trust or TRUST, **options)))

    def policy(self, name: str, document: str = "", **options: Any) -> Policy:
        """A managed policy of the account that allows all of ECR, or what `document` says."""
        return self.run(self.policies.create(HOME, NewPolicy(name, document or ALLOW_ECR, **options)))

    def read(self, arn: str) -> Policy:
        """A managed policy as the account sees it now."""
        return self.run(self.policies.get(HOME, parse(arn)))

    def rows(self, table: Table) -> int:
        return self.run(self.database.read(lambda it: it.execute(select(func.count()).select_from(table)).scalar_one()))

    def version(self, of: str = HOME) -> int:
        """The account's access version."""
        asked = select(account.c.access_version).where(account.c.id == of)
        return self.run(self.database.read(lambda connection: int(connection.execute(asked).scalar_one())))

    def attach(self, entity_id: str) -> None:
        """A managed policy, as the room of policies writes it."""
        self._add(policy_attachment, entity_id=entity_id, policy_id="ANPA", created_at=self.now)

    def put_policy(self, entity_id: str) -> None:
        """An inline policy, likewise."""
        self._add(inline_policy, entity_id=entity_id, name="p", document="{}", created_at=self.now)

    def begin_session(self, session_id: str, user_id: str, key_id: str | None) -> None:
        """A session, as STS writes it."""
        texts = {"policy_ids": "[]", "tags": "{}", "transitive_tags": "[]", "name": "s", "kind": "session"}
        times = {"issued_at": self.now, "expires_at": self.now + 1}
        values = {"id": session_id, "principal_id": user_id, "access_key_id": key_id, "sealed_secret": b"s"}
        self._add(session, **values, **texts, **times)

    def _add(self, table: Table, **values: Any) -> None:
        def work(connection: Connection) -> None:
            connection.execute(insert(table).values(**values))

        self.run(self.database.write(work))
