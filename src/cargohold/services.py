"""The rooms, as a door sees them: made once by `server.wiring`, handed to both doors."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cargohold.access.explanations import Explanations
from cargohold.access.guard import Guard
from cargohold.access.holdings import Holders
from cargohold.access.rates import Rates
from cargohold.access.trust import Trust
from cargohold.core.addresses import Addresses
from cargohold.core.clock import Clock
from cargohold.encryption.tokens import Tokens
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
from cargohold.identity.keys import AccessKeys
from cargohold.identity.oidc_providers import OidcProviders
from cargohold.identity.policies import Policies
from cargohold.identity.policy_versions import PolicyVersions
from cargohold.identity.roles import Roles
from cargohold.identity.sessions import Sessions
from cargohold.identity.users import Users
from cargohold.identity.web_identities import WebIdentities
from cargohold.lifecycle.evaluations import Evaluations
from cargohold.lifecycle.preview import Previews
from cargohold.registry.blobs import Blobs
from cargohold.registry.collection import Collections
from cargohold.registry.creation_templates import CreationTemplates
from cargohold.registry.image_archive import ImageArchive
from cargohold.registry.images import Images
from cargohold.registry.lifecycle_policies import LifecyclePolicies
from cargohold.registry.public_registries import PublicRegistries
from cargohold.registry.pull_times import PullTimes
from cargohold.registry.referrers import Referrers
from cargohold.registry.repositories import Repositories
from cargohold.registry.resource_policies import ResourcePolicies
from cargohold.registry.settings import RegistrySettings
from cargohold.registry.tags import Tags
from cargohold.registry.undo import Undo
from cargohold.registry.uploads import Uploads
from cargohold.registry.verifications import Verifications
from cargohold.scanning.advisories.status import Advisories
from cargohold.scanning.ignores import IgnoreRules
from cargohold.scanning.scans import Scans
from cargohold.telemetry.audit.trail import Audit


@dataclass(frozen=True, slots=True)
class PublicRooms:
    """The rooms of public registries, by their own quotas and with policies of their own service."""

    registries: PublicRegistries
    repositories: Repositories
    resource_policies: ResourcePolicies
    images: Images
    uploads: Uploads


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
    roles: Roles
    policies: Policies
    policy_versions: PolicyVersions
    attachments: Attachments
    inline_policies: InlinePolicies
    boundaries: Boundaries
    instance_profiles: InstanceProfiles
    hosts: Hosts
    trust: Trust
    holders: Holders
    explanations: Explanations
    account_details: AccountDetails
    sessions: Sessions
    oidc_providers: OidcProviders
    web_identities: WebIdentities
    repositories: Repositories
    resource_policies: ResourcePolicies
    creation_templates: CreationTemplates
    registry_settings: RegistrySettings
    pull_times: PullTimes
    lifecycle_policies: LifecyclePolicies
    previews: Previews
    evaluations: Evaluations
    scans: Scans
    ignore_rules: IgnoreRules
    advisories: Advisories
    images: Images
    image_archive: ImageArchive
    undo: Undo
    collections: Collections
    tags: Tags
    referrers: Referrers
    blobs: Blobs
    uploads: Uploads
    public: PublicRooms
    verifications: Verifications
    audit: Audit
    rates: Rates | None = None
    """None where requests are not limited."""


def of_public(services: Services) -> Services:
    """The rooms as they are for public registries: handlers are the same for both kinds."""
    rooms = services.public
    return replace(
        services,
        repositories=rooms.repositories,
        resource_policies=rooms.resource_policies,
        images=rooms.images,
        uploads=rooms.uploads,
    )
