"""The rooms, as a door sees them: made once by `server.wiring`, handed to both doors."""

from __future__ import annotations

from dataclasses import dataclass

from cargohold.access.guard import Guard
from cargohold.core.addresses import Addresses
from cargohold.core.clock import Clock
from cargohold.encryption.tokens import Tokens
from cargohold.identity.authenticate import Authenticator
from cargohold.registry.blobs import Blobs
from cargohold.registry.images import Images
from cargohold.registry.referrers import Referrers
from cargohold.registry.repositories import Repositories
from cargohold.registry.tags import Tags
from cargohold.registry.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Services:
    addresses: Addresses
    clock: Clock
    tokens: Tokens
    authenticator: Authenticator
    guard: Guard
    repositories: Repositories
    images: Images
    tags: Tags
    referrers: Referrers
    blobs: Blobs
    uploads: Uploads
