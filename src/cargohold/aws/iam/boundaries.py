"""Operations on the permissions boundaries of users and roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cargohold.aws.iam.attachments import named, on
from cargohold.aws.operation import Call, Operation, operation

if TYPE_CHECKING:
    from cargohold.aws.iam.empty import Empty
    from cargohold.identity.entity import Kind


def _put(kind: Kind) -> Operation:
    name = f"Put{kind.title()}PermissionsBoundary"

    @operation(name, on(kind, f"iam:{name}"))
    async def put(call: Call, request: Mapping[str, Any]) -> Empty:
        await call.services.boundaries.put(named(call, kind, request), request["PermissionsBoundary"])
        return {}

    return put


def _delete(kind: Kind) -> Operation:
    name = f"Delete{kind.title()}PermissionsBoundary"

    @operation(name, on(kind, f"iam:{name}"))
    async def delete(call: Call, request: Mapping[str, Any]) -> Empty:
        """Lifts the boundary; where there is none, nothing is done."""
        await call.services.boundaries.delete(named(call, kind, request))
        return {}

    return delete


put_user_permissions_boundary: Final = _put("user")
put_role_permissions_boundary: Final = _put("role")
delete_user_permissions_boundary: Final = _delete("user")
delete_role_permissions_boundary: Final = _delete("role")
