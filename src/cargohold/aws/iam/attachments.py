"""Operations that attach managed policies to users, groups and roles; each is there once for each of the three."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cargohold.aws.iam import present_policies
from cargohold.aws.iam.demands import Needs, on_group, on_role, on_user
from cargohold.aws.iam.paging import listing
from cargohold.aws.operation import Call, Operation, operation
from cargohold.identity.entity import Kind, Named

if TYPE_CHECKING:
    from cargohold.aws.iam.empty import Empty
    from cargohold.aws.shapes.iam import ListAttachedRolePoliciesResponse

MEMBERS: Final[Mapping[Kind, str]] = {"user": "UserName", "group": "GroupName", "role": "RoleName"}
"""The member that names whose policies an operation is about."""


def on(kind: Kind, action: str) -> Needs:
    """Demands the action on the user, group or role that the request names."""
    return {"user": on_user, "group": on_group, "role": on_role}[kind](action)


def named(call: Call, kind: Kind, request: Mapping[str, Any]) -> Named:
    return Named(call.scope.account, kind, request[MEMBERS[kind]])


def _attach(kind: Kind) -> Operation:
    name = f"Attach{kind.title()}Policy"

    @operation(name, on(kind, f"iam:{name}"))
    async def attach(call: Call, request: Mapping[str, Any]) -> Empty:
        await call.services.attachments.attach(named(call, kind, request), request["PolicyArn"])
        return {}

    return attach


def _detach(kind: Kind) -> Operation:
    name = f"Detach{kind.title()}Policy"

    @operation(name, on(kind, f"iam:{name}"))
    async def detach(call: Call, request: Mapping[str, Any]) -> Empty:
        await call.services.attachments.detach(named(call, kind, request), request["PolicyArn"])
        return {}

    return detach


def _list(kind: Kind) -> Operation:
    name = f"ListAttached{kind.title()}Policies"

    @operation(name, on(kind, f"iam:{name}"))
    async def list_attached(call: Call, request: Mapping[str, Any]) -> ListAttachedRolePoliciesResponse:
        whose, prefix = named(call, kind, request), request.get("PathPrefix", "/")
        wanted = listing(call, name, request, whose.name.lower(), prefix)
        page = await call.services.attachments.page(whose, prefix, wanted.after, wanted.limit)
        return {"AttachedPolicies": present_policies.attached(page.items), **wanted.end(page.after)}

    return list_attached


attach_user_policy: Final = _attach("user")
attach_group_policy: Final = _attach("group")
attach_role_policy: Final = _attach("role")
detach_user_policy: Final = _detach("user")
detach_group_policy: Final = _detach("group")
detach_role_policy: Final = _detach("role")
list_attached_user_policies: Final = _list("user")
list_attached_group_policies: Final = _list("group")
list_attached_role_policies: Final = _list("role")
