"""Who gets what, as the doors see it: the rooms over one cellar, and the applications that serve them."""

from __future__ import annotations

import os
import tempfile
import time
from asyncio import to_thread
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import text

from cargohold.access.explanations import Explanations
from cargohold.access.guard import Guard
from cargohold.access.holdings import Holders
from cargohold.access.policy import check
from cargohold.access.rates import Rates
from cargohold.access.trust import Trust
from cargohold.aws.door import AwsDoor
from cargohold.blobstore.stores import Stores
from cargohold.core.clock import Clock, system_clock
from cargohold.database import Database
from cargohold.encryption.tokens import Tokens
from cargohold.identity import principal_names
from cargohold.identity.account_details import AccountDetails
from cargohold.identity.accounts import Accounts
from cargohold.identity.aliases import AccountAliases
from cargohold.identity.attachments import Attachments
from cargohold.identity.authenticate import Authenticator
from cargohold.identity.boundaries import Boundaries
from cargohold.identity.groups import Groups
from cargohold.identity.hosts import Hosts
from cargohold.identity.inline import InlinePolicies
from cargohold.identity.instance_profiles import InstanceProfiles
from cargohold.identity.issuer_http import IssuerHttp
from cargohold.identity.issuer_keys import IssuerKeys
from cargohold.identity.key_uses import KeyUses
from cargohold.identity.keys import AccessKeys
from cargohold.identity.oidc_providers import OidcProviders
from cargohold.identity.policies import Policies
from cargohold.identity.policy_versions import PolicyVersions
from cargohold.identity.quotas import Quotas
from cargohold.identity.roles import Roles
from cargohold.identity.sessions import Sessions
from cargohold.identity.users import Users
from cargohold.identity.web_identities import WebIdentities
from cargohold.lifecycle import policy as lifecycle
from cargohold.lifecycle.evaluations import Evaluations
from cargohold.lifecycle.preview import Previews
from cargohold.oci.door import OciDoor
from cargohold.oci.public_door import PublicDoor
from cargohold.registry.blobs import Blobs
from cargohold.registry.collection import Collections
from cargohold.registry.creation_templates import CreationTemplates, Texts
from cargohold.registry.image_archive import ImageArchive
from cargohold.registry.images import Images
from cargohold.registry.lifecycle_policies import LifecyclePolicies
from cargohold.registry.limits import Limits, of_public
from cargohold.registry.public_registries import PublicRegistries
from cargohold.registry.pull_times import PullTimes
from cargohold.registry.referrers import Referrers
from cargohold.registry.repositories import Repositories
from cargohold.registry.resource_policies import Language, ResourcePolicies
from cargohold.registry.settings import RegistrySettings
from cargohold.registry.tags import Tags
from cargohold.registry.undo import Undo
from cargohold.registry.uploads import Uploads
from cargohold.registry.verifications import Verifications
from cargohold.scanning import scans
from cargohold.scanning.advisories.source import Source
from cargohold.scanning.advisories.status import Advisories
from cargohold.scanning.ignores import IgnoreRules
from cargohold.scanning.scans import Scans
from cargohold.server.app import Application, Doors, nothing_here
from cargohold.server.health import Health
from cargohold.server.proxies import TrustedProxies
from cargohold.server.settings import Settings
from cargohold.server.wiring import Cellar, Plan, keeper
from cargohold.services import PublicRooms, Services
from cargohold.telemetry.audit.trail import Audit

POLICIES_OF_ECR: Final = Language(
    check=partial(check, kind="resource", service="ecr"), resolve=principal_names.resolve, show=principal_names.show
)
POLICIES_OF_ECR_PUBLIC: Final = replace(POLICIES_OF_ECR, check=partial(check, kind="resource", service="ecr-public"))
TEXTS_OF_TEMPLATES: Final = Texts(POLICIES_OF_ECR, lifecycle.check)


def services(plan: Plan, cellar: Cellar) -> Services:
    """The rooms, as the doors see them."""
    database, stores = cellar.database, cellar.stores
    tokens = Tokens(plan.root.derive("tokens"))
    limits, quotas = plan.settings.limits, Quotas()
    uses = KeyUses(database, system_clock)
    oidc_providers = OidcProviders(database, system_clock, quotas)
    issuers = IssuerKeys(_issuer_http(plan.settings).fetch, plan.settings.oidc_jwks, system_clock)
    return Services(
        addresses=plan.addresses,
        clock=system_clock,
        tokens=tokens,
        authenticator=Authenticator(database, plan.root, tokens, system_clock, plan.deployment.regions, uses=uses),
        guard=Guard(database, plan.root, system_clock),
        accounts=Accounts(database, plan.root, system_clock, quotas),
        aliases=AccountAliases(database),
        users=Users(database, system_clock, quotas),
        groups=Groups(database, system_clock, quotas),
        keys=AccessKeys(database, plan.root, system_clock, quotas),
        roles=Roles(database, system_clock, check, quotas),
        policies=Policies(database, system_clock, check, quotas),
        policy_versions=PolicyVersions(database, system_clock, check, quotas),
        attachments=Attachments(database, system_clock, quotas),
        inline_policies=InlinePolicies(database, system_clock, check, quotas),
        boundaries=Boundaries(database),
        instance_profiles=InstanceProfiles(database, system_clock, quotas),
        hosts=Hosts(database, plan.root, tokens, system_clock, quotas),
        trust=Trust(database, system_clock),
        holders=Holders(database),
        explanations=Explanations(database, system_clock),
        account_details=AccountDetails(database),
        sessions=Sessions(database, plan.root, tokens, system_clock, check),
        oidc_providers=oidc_providers,
        web_identities=WebIdentities(oidc_providers, issuers.find, system_clock),
        repositories=Repositories(database, system_clock, limits),
        resource_policies=ResourcePolicies(database, POLICIES_OF_ECR),
        creation_templates=CreationTemplates(database, system_clock, limits, TEXTS_OF_TEMPLATES),
        registry_settings=RegistrySettings(database),
        pull_times=PullTimes(database, system_clock, limits, principal_names.find_id),
        lifecycle_policies=LifecyclePolicies(database, lifecycle.check, system_clock),
        previews=Previews(database, system_clock),
        evaluations=Evaluations(database, system_clock),
        scans=Scans(database, system_clock),
        ignore_rules=IgnoreRules(database, system_clock),
        advisories=_advisories(plan, database),
        images=Images(database, system_clock, limits, arrived=scans.pushed),
        image_archive=ImageArchive(database, system_clock),
        undo=Undo(database, system_clock, limits),
        collections=Collections(database, system_clock, limits.collection_lease),
        tags=Tags(database),
        referrers=Referrers(database),
        blobs=Blobs(database, stores, system_clock, limits),
        uploads=Uploads(database, stores, system_clock, limits),
        verifications=Verifications(database, system_clock, plan.settings.verify_mib_per_second << 20),
        public=public_rooms(database, stores, system_clock, limits),
        audit=Audit(keeper(plan), system_clock),
        rates=_rates(plan.settings),
    )


def public_rooms(database: Database, stores: Stores, clock: Clock, limits: Limits) -> PublicRooms:
    """The rooms of public registries: rows of the same tables, by quotas of their own."""
    lower = of_public(limits)
    repositories = Repositories(database, clock, lower)
    return PublicRooms(
        registries=PublicRegistries(database, clock, lower, repositories),
        repositories=repositories,
        resource_policies=ResourcePolicies(database, POLICIES_OF_ECR_PUBLIC),
        images=Images(database, clock, lower),
        uploads=Uploads(database, stores, clock, lower),
    )


def application(plan: Plan, cellar: Cellar) -> Application:
    """What a door process serves on the port for everything."""
    return applications(plan, cellar)[0]


def applications(plan: Plan, cellar: Cellar) -> list[Application]:
    """What a door process serves: on the port for everything, and on the public registries' own where there is one."""
    rooms = services(plan, cellar)
    checks = {
        "database": partial(_database_answers, cellar.database),
        "storage": partial(to_thread, _write_and_drop, plan.folder.blobs),
    }
    health = Health(checks, rooms.uploads.count_open, rooms.collections.count_due)
    trusted = plan.settings.trusted_proxies
    proxies = TrustedProxies(trusted) if trusted else None
    public = PublicDoor(rooms)
    every = [Doors(aws=AwsDoor(rooms), oci=OciDoor(rooms, public), health=health, public=public)]
    if plan.public_port is not None:
        alone = PublicDoor(rooms, own_port=True)
        every.append(Doors(aws=nothing_here, oci=alone, health=health, public=alone))
    return [Application(doors, proxies=proxies) for doors in every]


def _advisories(plan: Plan, database: Database) -> Advisories:
    sources = [Source.parse(each) for each in plan.settings.advisories]
    return Advisories(database, plan.folder.advisories, sources, system_clock)


def _rates(settings: Settings) -> Rates | None:
    given = settings.door_rates
    return Rates(given, time.monotonic) if given else None


def _issuer_http(settings: Settings) -> IssuerHttp:
    return IssuerHttp(settings.oidc_private_issuers, settings.oidc_authorities)


async def _database_answers(database: Database) -> None:
    await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one())


def _write_and_drop(folder: Path) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".ready-", dir=folder)
    try:
        os.write(descriptor, b"ready")
    finally:
        os.close(descriptor)
        os.unlink(name)
