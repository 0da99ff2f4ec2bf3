"""The rooms, as a door sees them: made once by `server.wiring`, handed to both doors."""

from __future__ import annotations

from dataclasses import dataclass

from cargohold.access.guard import Guard
from cargohold.core.addresses import Addresses
from cargohold.core.clock import Clock
from cargohold.encryption.tokens import Tokens
from cargohold.identity.accounts import Accounts
from cargohold.identity.aliases import AccountAliases
from cargohold.identity.authenticate import Authenticator
from cargohold.identity.groups import Groups
from cargohold.identity.keys import AccessKeys
from cargohold.identity.sessions import Sessions
from cargohold.identity.users import Users
from cargohold.registry.blobs import Blobs
from cargohold.registry.images import Images
from cargohold.registry.referrers import Referrers
from cargohold.registry.repositories import Repositories
from cargohold.registry.tags import Tags
from cargohold.registry.uploads import Uploads
from cargohold.telemetry.audit.trail import Audit


@dataclass(frozen=True, slots=True)
class Services:
    addresses: Addresses
    clock: Clock
    tokens: Tokens
    authenticator: Authenticator
    guard: Guard
    accounts: Accounts
    aliases: AccountAliases
    users: Users
    groups: Groups
    keys: AccessKeys
    sessions: Sessions
    repositories: Repositories
    images: Images
    tags: Tags
    referrers: Referrers
    blobs: Blobs
    uploads: Uploads
    audit: Audit
