"""What a start decides once, and what holds files and connections: the one place that names the backends."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cargohold.blobstore.filesystem import FilesystemBlobStore
from cargohold.blobstore.stores import Stores
from cargohold.core.addresses import Addresses
from cargohold.core.clock import system_clock
from cargohold.core.errors import Unavailable
from cargohold.database import Database, migrate, online_copy
from cargohold.database.sqlite import SQLite
from cargohold.encryption.root import Root, RootKeyUnusable
from cargohold.identity.accounts import Accounts, NewKey
from cargohold.server.folder import AccessKey, DataFolder, Deployment
from cargohold.server.refusal import CannotStart
from cargohold.server.settings import Settings
from cargohold.telemetry.audit.files import FOLDER_MODE
from cargohold.telemetry.audit.trail import Folder, Keeper, Stream

ANOTHER_ROOT: Final = (
    "The database's secrets are sealed with another root key: give that one as CARGOHOLD_ROOT_KEY or with "
    "--root-key-file. The server that was started first has it in its data folder."
)


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


def stores_of(folder: DataFolder) -> Stores:
    """The blob stores of a data folder, made where they are missing."""
    return Stores(FilesystemBlobStore(folder.blobs), FilesystemBlobStore(folder.archive))


def keeper(plan: Plan) -> Keeper:
    """Where the audit trail goes."""
    return audit_folder(plan) if plan.settings.audit == "file" else Stream(sys.stdout.fileno())


def audit_folder(plan: Plan) -> Folder:
    """The audit trail's files, where it is kept in files."""
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
