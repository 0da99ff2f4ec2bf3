"""GetImageSbom, and AddIgnoreRule, ListIgnoreRules, RemoveIgnoreRule: what a registry leaves out of its counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from cargohold.access.demand import Demand
from cargohold.aws.cargohold.demands import on_ignore_rules
from cargohold.aws.ecr.demands import on_repository, own_registry
from cargohold.aws.operation import Call, Scope, operation
from cargohold.registry.image import ImageId
from cargohold.scanning.ignores import NewRule

if TYPE_CHECKING:
    from cargohold.aws.shapes import cargohold as shapes
    from cargohold.scanning.ignore import IgnoreRule
    from cargohold.scanning.sbom import Format


@operation("GetImageSbom", on_repository("cargohold:GetImageSbom"))
async def get_image_sbom(call: Call, request: shapes.GetImageSbomRequest) -> shapes.GetImageSbomResponse:
    """The document as one string, so that its bytes are the same wherever it is asked for."""
    from cargohold.scanning import sbom  # its library is needed by nothing else a door does

    target, form = call.target(request), cast("Format", request["format"])
    named = ImageId(request.get("imageTag"), request.get("imageDigest"))
    image, scan, inventory = await call.services.scans.inventory(target, named)
    uri = f"{call.services.addresses.host(target.registry)}/{target.name}"
    subject = sbom.Subject(uri, image.digest, scan.completed_at or scan.requested_at)
    document = json.dumps(sbom.bill(form, subject, inventory), indent=1)
    return {"imageDigest": image.digest, "format": form, "document": document}


def _add_demands(scope: Scope, _: shapes.AddIgnoreRuleRequest) -> Sequence[Demand]:
    return (on_ignore_rules("cargohold:AddIgnoreRule", scope),)


@operation("AddIgnoreRule", _add_demands)
async def add_ignore_rule(call: Call, request: shapes.AddIgnoreRuleRequest) -> shapes.AddIgnoreRuleResponse:
    """What is not said matches everything."""
    new = NewRule(
        vulnerability=request["vulnerability"],
        package=request.get("package") or "*",
        path=request.get("path") or "*",
        repository=request.get("repository") or "*",
        reason=request["reason"],
        created_by=call.admission.principal.arn,
        expires_at=request.get("expiresAt"),
    )
    return {"rule": _shown(await call.services.ignore_rules.add(own_registry(call), new))}


def _list_demands(scope: Scope, _: shapes.ListIgnoreRulesRequest) -> Sequence[Demand]:
    return (on_ignore_rules("cargohold:ListIgnoreRules", scope),)


@operation("ListIgnoreRules", _list_demands)
async def list_ignore_rules(call: Call, _: shapes.ListIgnoreRulesRequest) -> shapes.ListIgnoreRulesResponse:
    """All of them at once: there are no more than 500."""
    return {"rules": [_shown(each) for each in await call.services.ignore_rules.list(own_registry(call))]}


def _remove_demands(scope: Scope, _: shapes.RemoveIgnoreRuleRequest) -> Sequence[Demand]:
    return (on_ignore_rules("cargohold:RemoveIgnoreRule", scope),)


@operation("RemoveIgnoreRule", _remove_demands)
async def remove_ignore_rule(call: Call, request: shapes.RemoveIgnoreRuleRequest) -> shapes.RemoveIgnoreRuleResponse:
    await call.services.ignore_rules.remove(own_registry(call), request["id"])
    return {}


def _shown(rule: IgnoreRule) -> shapes.IgnoreRule:
    return {
        "id": rule.id,
        "vulnerability": rule.vulnerability,
        "package": rule.package,
        "path": rule.path,
        "repository": rule.repository,
        "reason": rule.reason,
        "createdBy": rule.created_by,
        "createdAt": rule.created_at,
        "expiresAt": rule.expires_at,
    }
