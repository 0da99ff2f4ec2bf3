"""Who gets what: the one place that chooses between our own classes and names the backends."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from asyncio import to_thread
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from cargohold.blobstore.filesystem import FilesystemBlobStore
from cargohold.blobstore.stores import Stores
from cargohold.core.addresses import Addresses
from cargohold.core.clock import HOUR, MINUTE, SECOND, Clock, system_clock
from cargohold.core.errors import Unavailable
from cargohold.database import Database, migrate, online_copy
from cargohold.database.sqlite import SQLite
from cargohold.encryption.root import Root, RootKeyUnusable
from cargohold.encryption.tokens import Tokens
from cargohold.identity import principal_names
from cargohold.identity import tasks as identity_tasks
from cargohold.identity.account_details import AccountDetails
from cargohold.identity.accounts import Accounts, NewKey
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
from cargohold.jobs.queue import Queue, Task
from cargohold.jobs.schedule import Periodic
from cargohold.lifecycle import policy as lifecycle
from cargohold.lifecycle import preview
from cargohold.lifecycle.evaluate import Evaluator
from cargohold.lifecycle.evaluations import Evaluations
from cargohold.lifecycle.preview import Previews
from cargohold.oci.door import OciDoor
from cargohold.oci.public_door import PublicDoor
from cargohold.registry import events, tasks
from cargohold.registry.archive_tasks import ArchiveTasks
from cargohold.registry.blob_moves import Mover
from cargohold.registry.blobs import Blobs
from cargohold.registry.collection import COLLECT_TASK, Collections, Collector
from cargohold.registry.creation_templates import CreationTemplates, Texts
from cargohold.registry.image_archive import ACTIVATE_TASK, ARCHIVE_TASK, ImageArchive
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
from cargohold.registry.verifier import STEP_EVERY, Verifier
from cargohold.scanning import scans
from cargohold.scanning.ignores import IgnoreRules
from cargohold.scanning.scans import Scans
from cargohold.server import scanning
from cargohold.server.app import Application, Doors, nothing_here
from cargohold.server.folder import AccessKey, DataFolder, Deployment
from cargohold.server.health import Health
from cargohold.server.proxies import TrustedProxies
from cargohold.server.refusal import CannotStart
from cargohold.server.settings import Settings
from cargohold.services import PublicRooms, Services
from cargohold.telemetry.audit.files import FOLDER_MODE
from cargohold.telemetry.audit.trail import Audit, Folder, Keeper, Stream

JOBS_EVERY = SECOND // 5
"""Milliseconds between looks for jobs that are due, when the last look found none."""
JOBS_AT_ONCE = 2
"""Jobs that the worker does side by side: a large image that moves to the archive delays no scan."""
REAP_EVERY = MINUTE
"""Milliseconds between looks for expired uploads; they live for a day."""
EVALUATE_EVERY = 5 * SECOND
"""Milliseconds between looks for lifecycle policies that are due; each is once a day."""
REAP_SESSIONS_EVERY = HOUR
"""Milliseconds between looks for sessions that are over, and so are their registry tokens."""
COLLECT_EVERY = 10 * SECOND
"""Milliseconds between looks for what is to be purged and collected, when the last look found nothing."""
SWEEP_EVERY = HOUR
"""Milliseconds between looks for archived images whose blobs nothing else needs any more."""
PRUNE_EVERY = HOUR
"""Milliseconds between looks for what was kept long enough: audit files, events, jobs that were given up."""

ANOTHER_ROOT: Final = (
    "The database's secrets are sealed with another root key: give that one as CARGOHOLD_ROOT_KEY or with "
    "--root-key-file. The server that was started first has it in its data folder."
)
POLICIES_OF_ECR: Final = Language(
    check=partial(check, kind="resource", service="ecr"), resolve=principal_names.resolve, show=principal_names.show
)
POLICIES_OF_ECR_PUBLIC: Final = replace(POLICIES_OF_ECR, check=partial(check, kind="resource", service="ecr-public"))
TEXTS_OF_TEMPLATES: Final = Texts(POLICIES_OF_ECR, lifecycle.check)


@dataclass(frozen=True, slots=True)
class Plan:
    """What every process of one start has in common. Made by the supervisor, read after the fork."""

    settings: Settings
    folder: DataFolder
    deployment: Deployment
    root: Root
    port: int
    public_port: int | None = None
    """The public registries' own; None where they have none."""

    @property
    def addresses(self) -> Addresses:
        return Addresses(
            account=self.deployment.account,
            region=self.deployment.regions[0],
            regions=frozenset(self.deployment.regions),
            domain=self.settings.domain,
            port=self.port,
            secure=self.settings.secure,
            public_port=self.public_port,
        )


@dataclass(frozen=True, slots=True)
class Cellar:
    """What holds files and connections of one process."""

    database: Database
    stores: Stores

    async def close(self) -> None:
        await self.database.close()


def prepare(
    settings: Settings, folder: DataFolder, deployment: Deployment, port: int, public_port: int | None = None
) -> Plan:
    """Brings the data folder to what this version needs, before any other process runs; raises CannotStart."""
    root = _root(settings, folder)
    folder.recognise(root.derive("recognise")[:8].hex())
    try:
        upgrade(settings, folder)
        stores_of(folder)
        if settings.audit == "file":
            folder.audit.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except migrate.DatabaseUnusable as error:
        raise CannotStart(str(error)) from None
    except OSError as error:
        raise CannotStart(f"{error.filename} cannot be written: {error.strerror}.") from None
    except Unavailable as error:
        name = folder.database if settings.database_url is None else "on PostgreSQL"
        raise CannotStart(f"The database {name} cannot be used: {error}.") from None
    return Plan(settings, folder, deployment, root, port, public_port)


async def first_start(plan: Plan) -> AccessKey | None:
    """Makes the account and its administrator's key where they are missing, and sets the development key.

    The key is in the credentials file before the account is in the database. None when the account is there already.
    """

    def keep(key: NewKey) -> None:
        plan.folder.keep_credentials(AccessKey(key.access_key_id, key.secret_access_key))

    database = _database(plan)
    try:
        accounts = Accounts(database, plan.root, system_clock)
        made = await accounts.bootstrap(plan.deployment.account, keep)
        if not await accounts.has_our_root(plan.deployment.account):
            raise CannotStart(ANOTHER_ROOT)
        await accounts.set_development_key(plan.deployment.account, enabled=plan.settings.dev)
    except Unavailable as error:
        raise CannotStart(f"The account's first key cannot be kept: {error}.") from None
    finally:
        await database.close()
    return None if made is None else AccessKey(made.access_key_id, made.secret_access_key)


def reopen(settings: Settings, folder: DataFolder) -> Plan:
    """What the last start on this folder had, for work beside a server or without one; changes nothing.

    Raises CannotStart, for any but the folder's owner and without its root key too.
    """
    deployment = folder.for_its_owner()
    if settings.root_key is None and settings.root_key_file is None and not folder.root_key.exists():
        raise CannotStart(f"There is no root key in {folder.root_key}: give it as CARGOHOLD_ROOT_KEY or a file.")
    root = _root(settings, folder)
    folder.recognise(root.derive("recognise")[:8].hex())
    try:
        _require_head(settings, folder)
    except (migrate.DatabaseUnusable, Unavailable) as error:
        raise CannotStart(str(error)) from None
    return Plan(settings, folder, deployment, root, settings.port)


def cellar(plan: Plan) -> Cellar:
    """Opened in the process that uses it, after the fork."""
    return Cellar(_database(plan), stores_of(plan.folder))


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
        advisories=scanning.advisories(plan, cellar),
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
        audit=Audit(_keeper(plan), system_clock),
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


def periodic(plan: Plan, cellar: Cellar) -> Sequence[Sequence[Periodic]]:
    """What the worker process does: rows of tasks, each row beside the others, so that a long one delays no others."""
    queue = Queue(cellar.database, jobs(plan, cellar), system_clock)
    hands = [[Periodic("jobs", JOBS_EVERY, queue.run)] for _ in range(JOBS_AT_ONCE)]
    return [*hands, scanning.periodic(plan, cellar), _upkeep(plan, cellar, queue)]


def _upkeep(plan: Plan, cellar: Cellar, queue: Queue) -> Sequence[Periodic]:
    """What keeps the registry tidy."""
    reap = partial(tasks.reap_uploads, cellar.database, cellar.stores, system_clock)
    reap_sessions = partial(identity_tasks.reap_sessions, cellar.database, system_clock)
    reap_moves = Mover(cellar.database, cellar.stores, system_clock).reap
    prune_events = partial(events.prune, cellar.database, system_clock)
    work = [
        Periodic("reap uploads", REAP_EVERY, reap),
        Periodic("reap moves", REAP_EVERY, reap_moves),
        Periodic("collect", COLLECT_EVERY, _collector(plan, cellar).run),
        Periodic("sweep the archive", SWEEP_EVERY, _archive(cellar).sweep),
        Periodic("reap sessions", REAP_SESSIONS_EVERY, reap_sessions),
        Periodic("evaluate lifecycle policies", EVALUATE_EVERY, _evaluator(plan, cellar).run),
        Periodic("prune lifecycle previews", PRUNE_EVERY, Previews(cellar.database, system_clock).prune),
        Periodic("prune jobs", PRUNE_EVERY, queue.prune),
        Periodic("verify blobs", STEP_EVERY, Verifier(cellar.database, cellar.stores, system_clock).run),
        Periodic("prune events", PRUNE_EVERY, prune_events),
    ]
    if plan.settings.audit == "file":
        prune = partial(_audit_folder(plan).prune, system_clock)
        work.append(Periodic("prune the audit trail", PRUNE_EVERY, prune))
    return work


def jobs(plan: Plan, cellar: Cellar) -> Mapping[str, Task]:
    """The tasks of the job queue, by the names under which rooms ask for them."""
    archive = _archive(cellar)
    return {
        ARCHIVE_TASK: archive.archive,
        ACTIVATE_TASK: archive.activate,
        COLLECT_TASK: _collector(plan, cellar).work,
        preview.TASK: Previews(cellar.database, system_clock).do,
        **scanning.jobs(plan, cellar),
    }


def _evaluator(plan: Plan, cellar: Cellar) -> Evaluator:
    audit = Audit(_keeper(plan), system_clock)
    return Evaluator(cellar.database, audit, system_clock, plan.settings.limits.collection_lease)


def _collector(plan: Plan, cellar: Cellar) -> Collector:
    return Collector(cellar.database, cellar.stores, system_clock, plan.settings.limits.collection_lease)


def _archive(cellar: Cellar) -> ArchiveTasks:
    mover = Mover(cellar.database, cellar.stores, system_clock)
    return ArchiveTasks(cellar.database, mover, system_clock)


def _rates(settings: Settings) -> Rates | None:
    given = settings.door_rates
    return Rates(given, time.monotonic) if given else None


def _issuer_http(settings: Settings) -> IssuerHttp:
    return IssuerHttp(settings.oidc_private_issuers, settings.oidc_authorities)


def stores_of(folder: DataFolder) -> Stores:
    """The blob stores of a data folder, made where they are missing."""
    return Stores(FilesystemBlobStore(folder.blobs), FilesystemBlobStore(folder.archive))


def _keeper(plan: Plan) -> Keeper:
    return _audit_folder(plan) if plan.settings.audit == "file" else Stream(sys.stdout.fileno())


def _audit_folder(plan: Plan) -> Folder:
    return Folder(plan.folder.audit, plan.settings.audit_keep_days, plan.settings.audit_keep_mib << 20)


def beside(settings: Settings, folder: DataFolder) -> Deployment:
    """As `reopen`, for work that opens no secret and so needs no root key. Raises CannotStart."""
    deployment = folder.for_its_owner()
    try:
        _require_head(settings, folder)
    except (migrate.DatabaseUnusable, Unavailable) as error:
        raise CannotStart(str(error)) from None
    return deployment


def copy_rows(folder: DataFolder, to: Path) -> None:
    """Writes one moment of a data folder's SQLite database into a new file, while a server uses it."""
    online_copy.copy(folder.database, to)


def rows_of(settings: Settings, file: Path) -> Database:
    """The database in that file; PostgreSQL's where the settings name one."""
    if settings.database_url is None:
        return SQLite.open(file)
    from cargohold.database.postgresql import PostgreSQL

    return PostgreSQL.open(settings.database_url, settings.database_connections)


def upgrade(settings: Settings, folder: DataFolder) -> None:
    """Brings the database to this version's schema, from any earlier one."""
    if settings.database_url is None:
        migrate.upgrade(folder.database)
        return
    from cargohold.database import migrate_postgresql  # its driver is imported only where it is used

    migrate_postgresql.upgrade(settings.database_url, settings.connections)


def _require_head(settings: Settings, folder: DataFolder) -> None:
    if settings.database_url is None:
        migrate.require_head(folder.database)
        return
    from cargohold.database import migrate_postgresql

    migrate_postgresql.require_head(settings.database_url)


def examine_database(settings: Settings) -> str | None:
    """PostgreSQL's database and where it is, when it could be used; None for the data folder's. Raises CannotStart."""
    if settings.database_url is None:
        return None
    from cargohold.database import migrate_postgresql

    try:
        return migrate_postgresql.examine(settings.database_url, settings.connections)
    except (migrate.DatabaseUnusable, Unavailable) as error:
        raise CannotStart(str(error)) from None


def _database(plan: Plan) -> Database:
    return rows_of(plan.settings, plan.folder.database)


def _root(settings: Settings, folder: DataFolder) -> Root:
    """The root key: from outside where it is given, else the data folder's."""
    try:
        given = settings.root_key.get_secret_value() if settings.root_key else None
        if settings.root_key_file is not None:
            given = settings.root_key_file.read_text("ascii")
        return Root.load(folder.root_key, given)
    except RootKeyUnusable as error:
        raise CannotStart(str(error)) from None
    except UnicodeDecodeError:
        raise CannotStart(f"The root key in {settings.root_key_file} is neither hexadecimal nor base64.") from None
    except OSError as error:
        raise CannotStart(f"The root key in {error.filename} cannot be read: {error.strerror}.") from None


async def _database_answers(database: Database) -> None:
    await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one())


def _write_and_drop(folder: Path) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".ready-", dir=folder)
    try:
        os.write(descriptor, b"ready")
    finally:
        os.close(descriptor)
        os.unlink(name)
