"""What the rooms give, as IAM's shapes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cargohold.aws.shapes.iam import AccessKeyMetadata, AttachedPermissionsBoundary, Group, Tag, User
    from cargohold.identity.access_key import AccessKey
    from cargohold.identity.entity import Entity


def user(entity: Entity) -> User:
    """As a list has it: without tags and permissions boundary."""
    return {
        "Path": entity.path,
        "UserName": entity.name,
        "UserId": entity.id,
        "Arn": entity.arn,
        "CreateDate": entity.created_at,
    }


def group(entity: Entity) -> Group:
    return {
        "Path": entity.path,
        "GroupName": entity.name,
        "GroupId": entity.id,
        "Arn": entity.arn,
        "CreateDate": entity.created_at,
    }


def tags(pairs: Iterable[tuple[str, str]]) -> list[Tag]:
    return [{"Key": key, "Value": value} for key, value in pairs]


def boundary(arn: str | None) -> AttachedPermissionsBoundary | None:
    """A permissions boundary by its policy's ARN."""
    return None if arn is None else {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}


def access_key(key: AccessKey, user_name: str) -> AccessKeyMetadata:
    return {"UserName": user_name, "AccessKeyId": key.id, "Status": key.status, "CreateDate": key.created_at}
