"""Operations on the settings of an account's registry: GetAccountSetting, PutAccountSetting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cargohold.access.demand import Demand
from cargohold.aws.ecr.demands import own_registry
from cargohold.aws.operation import Call, Scope, operation

if TYPE_CHECKING:
    from cargohold.aws.shapes.ecr import (
        GetAccountSettingRequest,
        GetAccountSettingResponse,
        PutAccountSettingRequest,
        PutAccountSettingResponse,
    )


def _on_setting(action: str) -> Callable[[Scope, Any], Sequence[Demand]]:
    """Demands the action in the caller's own registry; policies may ask which setting it is about."""

    def demands(scope: Scope, request: Any) -> Sequence[Demand]:
        return (Demand(action, own_registry(scope), facts=(("ecr:AccountSetting", request["name"]),)),)

    return demands


@operation("GetAccountSetting", _on_setting("ecr:GetAccountSetting"))
async def get_account_setting(call: Call, request: GetAccountSettingRequest) -> GetAccountSettingResponse:
    """The setting's value, its default where nobody put one."""
    name = request["name"]
    return {"name": name, "value": await call.services.registry_settings.get(own_registry(call), name)}


@operation("PutAccountSetting", _on_setting("ecr:PutAccountSetting"))
async def put_account_setting(call: Call, request: PutAccountSettingRequest) -> PutAccountSettingResponse:
    name, value = request["name"], request["value"]
    await call.services.registry_settings.put(own_registry(call), name, value)
    return {"name": name, "value": value}
