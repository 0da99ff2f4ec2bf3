"""Ways back in that no policy can shut: on the data folder and the database themselves, beside a server or without one.

They are for whoever holds the root key. Each is written to the audit trail as the account's root user's deed, who is
the one to do such things on AWS.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from cargohold.core.arn import Registry, root_arn, user_arn
from cargohold.core.clock import system_clock
from cargohold.core.errors import NotFound, Unavailable
from cargohold.identity.accounts import ADMINISTRATOR, NewKey
from cargohold.identity.quotas import Quotas
from cargohold.identity.recovery import Recovered, Recovery
from cargohold.server import wiring
from cargohold.server.folder import AccessKey, DataFolder
from cargohold.server.refusal import CannotStart
from cargohold.server.rooms import services
from cargohold.server.settings import Settings
from cargohold.services import Services
from cargohold.telemetry.audit.event import Happened, Identity

AGENT: Final = "cargohold accounts recover"
"""As events have it: where the user agent and the address of a request would be."""


@dataclass(frozen=True, slots=True)
class Administrator:
    """The administrator of an account, who may do everything again."""

    account: str
    recovered: Recovered
    kept: bool
    """Whether the folder's credentials file holds the key, as it does for the folder's own account."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository or registry without its policy."""

    name: str
    """`repository demo` or `registry`, with account and region."""
    policy: str


@dataclass(frozen=True, slots=True)
class _House:
    plan: wiring.Plan
    cellar: wiring.Cellar
    rooms: Services

    def registry(self, account: str | None, region: str | None) -> Registry:
        """The account's in the region, each the folder's own where none is given; raises CannotStart."""
        deployment = self.plan.deployment
        if region is not None and region not in deployment.regions:
            raise CannotStart(f"The region {region} is not served here; {', '.join(deployment.regions)} is.")
        return Registry(account or deployment.account, region or deployment.regions[0])

    def tell(self, action: str, account: str, resources: tuple[str, ...], **parameters: object) -> None:
        arn = root_arn(account)
        happened = Happened(
            request_id=str(uuid4()),
            action=action,
            identity=Identity("Root", account, arn, account),
            client=AGENT,
            user_agent=AGENT,
            region=self.plan.deployment.regions[0],
            recipient=account,
            resources=resources,
            parameters=parameters,
        )
        self.rooms.audit.write(happened)


async def recover_administrator(settings: Settings, account: str | None) -> Administrator:
    """Gives the administrator of an account, of the folder's own where none is given, all power and a new key.

    Raises CannotStart.
    """
    async with _opened(settings, account) as house:
        own, folder = house.plan.deployment.account, house.plan.folder
        account = account or own

        def keep(key: NewKey) -> None:
            folder.keep_credentials(AccessKey(key.access_key_id, key.secret_access_key))

        recovery = Recovery(house.cellar.database, house.plan.root, system_clock, Quotas())
        done = await recovery.recover(account, keep if account == own else None)
        told = {"accountId": account, "userName": ADMINISTRATOR, "accessKeyId": done.key.access_key_id}
        house.tell("cargohold:RecoverAccount", account, (user_arn(account, "/", ADMINISTRATOR),), **told)
    return Administrator(account, done, account == own)


async def open_repository(settings: Settings, account: str | None, region: str | None, name: str) -> Opened:
    """Removes a repository's policy. Raises CannotStart."""
    async with _opened(settings, account) as house:
        registry, policies = house.registry(account, region), house.rooms.resource_policies
        policy = await policies.delete_repository_policy(await policies.find_target(registry, name))
        told = {"registryId": registry.account, "repositoryName": name}
        house.tell("ecr:DeleteRepositoryPolicy", registry.account, (registry.repository_arn(name),), **told)
    return Opened(f"repository {name} of account {registry.account} in {registry.region}", policy)


async def open_registry(settings: Settings, account: str | None, region: str | None) -> Opened:
    """Removes a registry's policy. Raises CannotStart."""
    async with _opened(settings, account) as house:
        registry = house.registry(account, region)
        policy = await house.rooms.resource_policies.delete_registry_policy(registry)
        house.tell("ecr:DeleteRegistryPolicy", registry.account, (), registryId=registry.account)
    return Opened(f"registry of account {registry.account} in {registry.region}", policy)


@asynccontextmanager
async def _opened(settings: Settings, account: str | None) -> AsyncIterator[_House]:
    """The rooms over the folder's database, for who proves by the root key that he may; raises CannotStart."""
    plan = wiring.reopen(settings, DataFolder(settings.data))
    cellar = wiring.cellar(plan)
    try:
        found = services(plan, cellar)
        for each in {plan.deployment.account, account or plan.deployment.account}:
            if not await found.accounts.has_our_root(each):
                raise CannotStart(wiring.ANOTHER_ROOT)
        yield _House(plan, cellar, found)
    except NotFound as error:
        raise CannotStart(str(error)) from None
    except Unavailable as error:
        raise CannotStart(f"The database cannot be used: {error}.") from None
    finally:
        await cellar.close()
