"""Roles, policies and who uses them, as IAM's shapes. Documents are answered URL-encoded (RFC 3986)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from cargohold.aws.iam import present

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cargohold.aws.shapes import iam
    from cargohold.identity.instance_profile import InstanceProfile
    from cargohold.identity.policy import Policy, PolicyName, PolicyVersion
    from cargohold.identity.role import Role


def document(text: str) -> str:
    """A policy's text, every character but letters, digits and `-._~` as the percent signs of its UTF-8."""
    return quote(text, safe="")


def role(held: Role) -> iam.Role:
    """As a list has it: without permissions boundary, last use and tags."""
    return {
        "Path": held.path,
        "RoleName": held.name,
        "RoleId": held.id,
        "Arn": held.arn,
        "CreateDate": held.created_at,
        "AssumeRolePolicyDocument": document(held.trust_policy),
        "Description": held.description,
        "MaxSessionDuration": held.longest_session,
    }


def whole_role(held: Role) -> iam.Role:
    """As GetRole has it; `RoleLastUsed` is empty where it never was."""
    shown = role(held)
    shown["PermissionsBoundary"] = present.boundary(held.boundary)
    shown["Tags"] = present.tags(held.tags.items()) or None
    shown["RoleLastUsed"] = last_used(held)
    return shown


def instance_profile(held: InstanceProfile) -> iam.InstanceProfile:
    """As a list has it: without tags."""
    return {
        "Path": held.path,
        "InstanceProfileName": held.name,
        "InstanceProfileId": held.id,
        "Arn": held.arn,
        "CreateDate": held.created_at,
        "Roles": [] if held.role is None else [_role_of_profile(held.role)],
    }


def whole_instance_profile(held: InstanceProfile) -> iam.InstanceProfile:
    """As GetInstanceProfile has it."""
    shown = instance_profile(held)
    shown["Tags"] = present.tags(held.tags.items())
    return shown


def _role_of_profile(held: Role) -> iam.Role:
    """Without its description and longest session too, as AWS shows it there."""
    shown = role(held)
    shown["Description"] = shown["MaxSessionDuration"] = None
    return shown


def last_used(held: Role) -> iam.RoleLastUsed:
    return {"LastUsedDate": held.used_at, "Region": held.used_in_region}


def policy(held: Policy) -> iam.Policy:
    """As a list has it: without description and tags."""
    return {
        "PolicyName": held.name,
        "PolicyId": held.id,
        "Arn": held.arn,
        "Path": held.path,
        "DefaultVersionId": version_id(held.default_version),
        "AttachmentCount": held.usage.attachments,
        "PermissionsBoundaryUsageCount": held.usage.boundaries,
        "IsAttachable": True,
        "CreateDate": held.created_at,
        "UpdateDate": held.updated_at,
    }


def whole_policy(held: Policy) -> iam.Policy:
    """As GetPolicy has it."""
    shown = policy(held)
    shown["Description"] = held.description
    shown["Tags"] = present.tags(held.tags.items())
    return shown


def version(held: PolicyVersion) -> iam.PolicyVersion:
    """As a list has it: without its document."""
    return {
        "VersionId": version_id(held.number),
        "IsDefaultVersion": held.default,
        "CreateDate": held.created_at,
    }


def whole_version(held: PolicyVersion) -> iam.PolicyVersion:
    return {"Document": document(held.document), **version(held)}


def version_id(number: int) -> str:
    return f"v{number}"


def attached(names: Iterable[PolicyName]) -> list[iam.AttachedPolicy]:
    return [{"PolicyName": name.name, "PolicyArn": name.arn} for name in names]


def inline(policies: Iterable[tuple[str, str]]) -> list[iam.PolicyDetail]:
    """Inline policies by their names and documents."""
    return [{"PolicyName": name, "PolicyDocument": document(text)} for name, text in policies]
