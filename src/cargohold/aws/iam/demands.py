"""What IAM's operations need: an action on a user, group, role or policy that the request names, or on `*`.

An operation that needs anything else says so beside itself.
Source: AWS service authorization reference, "Actions, resources, and condition keys for AWS Identity and Access
Management".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from cargohold.access.demand import Demand, Entity, Facts
from cargohold.aws.operation import Scope
from cargohold.core.arn import PARTITION, Registry, iam_arn
from cargohold.identity.aws_managed import OWNER

REGION: Final = "us-east-1"
"""Where IAM is, whichever region else is served."""

Kind = Literal["user", "group", "role", "policy", "instance-profile"]
Needs = Callable[[Scope, Any], Sequence[Demand]]

_MEMBERS: Final[Mapping[Kind, str]] = {
    "user": "UserName",
    "group": "GroupName",
    "role": "RoleName",
    "instance-profile": "InstanceProfileName",
}
_OF_AWS: Final = f"arn:{PARTITION}:iam::{OWNER}:"
_POLICY_ARN: Final = re.compile(rf"arn:{PARTITION}:iam::([0-9]{{12}}):policy(/(?:.+/)?)([^/]+)")


def on_anything(action: str) -> Needs:
    """Demands an action that knows no resource but `*`."""
    return lambda scope, request: (Demand(action, account(scope), facts=facts(request)),)


def on_user(action: str) -> Needs:
    """Demands the action on the user of the request's `UserName`; on the caller's own where there is none."""
    return _on("user", action)


def on_group(action: str) -> Needs:
    """Demands the action on the group of the request's `GroupName`."""
    return _on("group", action)


def on_role(action: str) -> Needs:
    """Demands the action on the role of the request's `RoleName`."""
    return _on("role", action)


def on_instance_profile(action: str) -> Needs:
    """Demands the action on the instance profile of the request's `InstanceProfileName`."""
    return _on("instance-profile", action)


def on_policy(action: str) -> Needs:
    """Demands the action on the managed policy of the request's `PolicyArn`, whoever's it is."""

    def demands(scope: Scope, request: Any) -> Sequence[Demand]:
        arn = request["PolicyArn"]
        parts = _POLICY_ARN.fullmatch(arn)
        if parts is None:
            return (Demand(action, account(scope), arn=arn, facts=facts(request)),)
        entity = Entity("policy", parts[3], parts[2])
        return (Demand(action, Registry(parts[1], REGION), entity=entity, facts=facts(request)),)

    return demands


def on_own_policy(action: str) -> Needs:
    """As on_policy, for what changes a policy: those that AWS wrote are AWS's to change, whatever a caller may do."""
    needs = on_policy(action)

    def demands(scope: Scope, request: Any) -> Sequence[Demand]:
        arn: str = request["PolicyArn"]
        if arn.startswith(_OF_AWS):
            return (Demand(action, Registry(OWNER, REGION), arn=arn, facts=facts(request)),)
        return needs(scope, request)

    return demands


def on_access_key(action: str) -> Needs:
    """Demands the action on the user whose access key the request's `AccessKeyId` is."""

    def demands(scope: Scope, request: Any) -> Sequence[Demand]:
        return (Demand(action, account(scope), entity=Entity("user", "", key=request["AccessKeyId"])),)

    return demands


def under_path(kind: Kind, action: str) -> Needs:
    """Demands an action that lists what is under the request's `PathPrefix`: on its ARN without a name, as AWS does."""

    def demands(scope: Scope, request: Any) -> Sequence[Demand]:
        here = account(scope)
        return (Demand(action, here, arn=iam_arn(here.account, kind, request.get("PathPrefix", "/"), "")),)

    return demands


def on_new(kind: Kind, create: str, tag: str = "", member: str | None = None) -> Needs:
    """Demands an action on what is made under the request's `Path`, and the one that tags it where it gets `Tags`."""
    named = member or _MEMBERS[kind]

    def demands(scope: Scope, request: Any) -> Sequence[Demand]:
        entity = Entity(kind, request[named], request.get("Path", "/"), new=True)
        actions = (create, tag) if request.get("Tags") else (create,)
        return [Demand(action, account(scope), entity=entity, facts=facts(request)) for action in actions]

    return demands


def account(scope: Scope) -> Registry:
    """Where what IAM holds of the caller's account is."""
    return Registry(scope.account, REGION)


def facts(request: Mapping[str, Any]) -> Facts:
    """The context keys that a request fills: its tags and their keys, the policy it attaches, the boundary it sets."""
    tags = request.get("Tags", ())
    keys = tuple(request.get("TagKeys", ())) or tuple(tag["Key"] for tag in tags)
    found: list[tuple[str, str | tuple[str, ...]]] = [(f"aws:RequestTag/{tag['Key']}", tag["Value"]) for tag in tags]
    if keys:
        found.append(("aws:TagKeys", keys))
    if "PolicyArn" in request:
        found.append(("iam:PolicyARN", request["PolicyArn"]))
    if "PermissionsBoundary" in request:
        found.append(("iam:PermissionsBoundary", request["PermissionsBoundary"]))
    return tuple(found)


def _on(kind: Kind, action: str) -> Needs:
    member = _MEMBERS[kind]

    def demands(scope: Scope, request: Any) -> Sequence[Demand]:
        entity = Entity(kind, request.get(member, ""))
        return (Demand(action, account(scope), entity=entity, facts=facts(request)),)

    return demands
