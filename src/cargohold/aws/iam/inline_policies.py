"""Operations on the inline policies of users, groups and roles; each is there once for each of the three."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cargohold.aws.iam import present_policies
from cargohold.aws.iam.attachments import MEMBERS, named, on
from cargohold.aws.iam.paging import listing
from cargohold.aws.operation import Call, Operation, operation

if TYPE_CHECKING:
    from cargohold.aws.iam.empty import Empty
    from cargohold.aws.shapes.iam import ListRolePoliciesResponse
    from cargohold.identity.entity import Kind


def _put(kind: Kind) -> Operation:
    name = f"Put{kind.title()}Policy"

    @operation(name, on(kind, f"iam:{name}"))
    async def put(call: Call, request: Mapping[str, Any]) -> Empty:
        whose = named(call, kind, request)
        await call.services.inline_policies.put(whose, request["PolicyName"], request["PolicyDocument"])
        return {}

    return put


def _get(kind: Kind) -> Operation:
    name = f"Get{kind.title()}Policy"

    @operation(name, on(kind, f"iam:{name}"))
    async def get(call: Call, request: Mapping[str, Any]) -> Mapping[str, str]:
        """Whose policy it is, its name and its document, as it was written."""
        text = await call.services.inline_policies.get(named(call, kind, request), request["PolicyName"])
        return {
            MEMBERS[kind]: request[MEMBERS[kind]],
            "PolicyName": request["PolicyName"],
            "PolicyDocument": present_policies.document(text),
        }

    return get


def _delete(kind: Kind) -> Operation:
    name = f"Delete{kind.title()}Policy"

    @operation(name, on(kind, f"iam:{name}"))
    async def delete(call: Call, request: Mapping[str, Any]) -> Empty:
        await call.services.inline_policies.delete(named(call, kind, request), request["PolicyName"])
        return {}

    return delete


def _list(kind: Kind) -> Operation:
    name = f"List{kind.title()}Policies"

    @operation(name, on(kind, f"iam:{name}"))
    async def list_inline(call: Call, request: Mapping[str, Any]) -> ListRolePoliciesResponse:
        """Names alone; managed policies are listed elsewhere."""
        whose = named(call, kind, request)
        wanted = listing(call, name, request, whose.name.lower())
        page = await call.services.inline_policies.page(whose, wanted.after, wanted.limit)
        return {"PolicyNames": list(page.items), **wanted.end(page.after)}

    return list_inline


put_user_policy: Final = _put("user")
put_group_policy: Final = _put("group")
put_role_policy: Final = _put("role")
get_user_policy: Final = _get("user")
get_group_policy: Final = _get("group")
get_role_policy: Final = _get("role")
delete_user_policy: Final = _delete("user")
delete_group_policy: Final = _delete("group")
delete_role_policy: Final = _delete("role")
list_user_policies: Final = _list("user")
list_group_policies: Final = _list("group")
list_role_policies: Final = _list("role")
