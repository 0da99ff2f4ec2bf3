"""Operations on what no user has here: passwords, MFA devices, certificates, SSH keys, credentials of other services.

Tools ask for them before they delete a user, so they answer what is true: that there is nothing. A user that is not
there is told as such, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.iam.caller import user_name
from cargohold.aws.iam.demands import account, on_anything, on_user
from cargohold.aws.iam.paging import WHOLE
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.arn import iam_arn
from cargohold.core.errors import NoSuchEntity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cargohold.aws.iam.empty import Empty
    from cargohold.aws.shapes.iam import (
        DeleteLoginProfileRequest,
        GetLoginProfileRequest,
        GetLoginProfileResponse,
        ListMFADevicesRequest,
        ListMFADevicesResponse,
        ListServiceSpecificCredentialsRequest,
        ListServiceSpecificCredentialsResponse,
        ListSigningCertificatesRequest,
        ListSigningCertificatesResponse,
        ListSSHPublicKeysRequest,
        ListSSHPublicKeysResponse,
        ListVirtualMFADevicesRequest,
        ListVirtualMFADevicesResponse,
    )


async def _require_user(call: Call, request: Mapping[str, object]) -> str:
    """The name of the user meant, as it is written; raises NoSuchEntity."""
    return (await call.services.users.require(call.scope.account, user_name(call, request))).name


@operation("GetLoginProfile", on_user("iam:GetLoginProfile"))
async def get_login_profile(call: Call, request: GetLoginProfileRequest) -> GetLoginProfileResponse:
    raise _no_login_profile(await _require_user(call, request))


@operation("DeleteLoginProfile", on_user("iam:DeleteLoginProfile"))
async def delete_login_profile(call: Call, request: DeleteLoginProfileRequest) -> Empty:
    raise _no_login_profile(await _require_user(call, request))


@operation("ListMFADevices", on_user("iam:ListMFADevices"))
async def list_mfa_devices(call: Call, request: ListMFADevicesRequest) -> ListMFADevicesResponse:
    await _require_user(call, request)
    return {"MFADevices": [], **WHOLE}


def _on_mfa_devices(scope: Scope, _: ListVirtualMFADevicesRequest) -> Sequence[Demand]:
    here = account(scope)
    return (Demand("iam:ListVirtualMFADevices", here, arn=iam_arn(here.account, "mfa", "/", "")),)


@operation("ListVirtualMFADevices", _on_mfa_devices)
async def list_virtual_mfa_devices(_: Call, __: ListVirtualMFADevicesRequest) -> ListVirtualMFADevicesResponse:
    return {"VirtualMFADevices": [], **WHOLE}


@operation("ListSSHPublicKeys", on_user("iam:ListSSHPublicKeys"))
async def list_ssh_public_keys(call: Call, request: ListSSHPublicKeysRequest) -> ListSSHPublicKeysResponse:
    await _require_user(call, request)
    return {"SSHPublicKeys": [], **WHOLE}


@operation("ListSigningCertificates", on_user("iam:ListSigningCertificates"))
async def list_signing_certificates(
    call: Call, request: ListSigningCertificatesRequest
) -> ListSigningCertificatesResponse:
    await _require_user(call, request)
    return {"Certificates": [], **WHOLE}


def _of_user_or_all(scope: Scope, request: ListServiceSpecificCredentialsRequest) -> Sequence[Demand]:
    on = on_anything if request.get("AllUsers") else on_user
    return on("iam:ListServiceSpecificCredentials")(scope, request)


@operation("ListServiceSpecificCredentials", _of_user_or_all)
async def list_service_specific_credentials(
    call: Call, request: ListServiceSpecificCredentialsRequest
) -> ListServiceSpecificCredentialsResponse:
    if not request.get("AllUsers"):
        await _require_user(call, request)
    return {"ServiceSpecificCredentials": [], **WHOLE}


def _no_login_profile(user: str) -> NoSuchEntity:
    return NoSuchEntity(f"Login Profile for User {user} cannot be found.")
