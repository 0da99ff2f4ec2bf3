"""Quotas of IAM, with AWS's defaults.

Source: IAM user guide, "IAM and AWS STS quotas". AWS counts the characters of a policy without its white space.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quotas:
    """What one account may hold; tests make others."""

    users: int = 5_000
    groups: int = 300
    roles: int = 1_000
    policies: int = 1_500
    instance_profiles: int = 1_000
    hosts: int = 5_000
    """Ours: AWS has none that is like it."""
    access_keys: int = 2
    """Of one user."""
    groups_per_user: int = 10
    attached_policies: int = 10
    """Managed ones, of one user, group or role."""
    policy_versions: int = 5
    """Of one managed policy."""
    tags: int = 50
    """Of one user, role or policy."""
    policy_characters: int = 6_144
    """Of one version of a managed policy."""
    user_policy_characters: int = 2_048
    """Of all inline policies of one user taken together."""
    group_policy_characters: int = 5_120
    role_policy_characters: int = 10_240
    trust_policy_characters: int = 2_048
