"""Every table, so that Alembic sees them all. Times are epoch milliseconds; a digest carries its algorithm.

registry ─ registry_policy, registry_setting, pull_time_exclusion, creation_template, registry_alias, registry_catalog
   └──< repository ─< image ─< tag                 domain ─< blob ─ blob_move, blob_damage
                 │           ├──< image_blob >───────────────────┤
                 │           └──< image_reference (parent, child)│
                 ├──< repository_blob (the right to read) >──────┤
                 │  image ─ image_deletion                       └── collection_queue
                 ├──< resource_tag, repository_catalog, lifecycle_policy, lifecycle_preview ─< lifecycle_preview_result
                 └──< upload                                         verification
account ─< principal ─< access_key ─ access_key_use              event ─< job
   │           ├─ role  ├──< session
   │           ├─ permissions_boundary
   │           └──< group_member >── user_group >── account
   ├── account_alias
   ├──< managed_policy ─< policy_version
   ├──< oidc_provider ─< web_session ─ session
   └──< instance_profile ─ instance_profile_role ── principal (a role)
                   └──< host_invitation             host ── principal (of kind host)
   inline_policy, policy_attachment (to a managed policy, AWS's own too) and identity_tag name their entity by its id
"""

from sqlalchemy import MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

from cargohold.database.schema import (  # noqa: E402
    federation,
    identity,
    jobs,
    keeping,
    lifecycle,
    public,
    registry,
    scanning,
)

__all__ = ["federation", "identity", "jobs", "keeping", "lifecycle", "metadata", "public", "registry", "scanning"]
