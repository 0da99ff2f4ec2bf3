"""Operations on access keys. A request that names no user is about the caller's own keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargohold.aws.iam import present
from cargohold.aws.iam.caller import user_name
from cargohold.aws.iam.demands import on_access_key, on_user
from cargohold.aws.iam.paging import listing
from cargohold.aws.operation import Call, operation
from cargohold.core.errors import NoSuchEntity, ValidationError
from cargohold.identity.access_key import ACTIVE, INACTIVE

if TYPE_CHECKING:
    from cargohold.aws.iam.empty import Empty
    from cargohold.aws.shapes.iam import (
        AccessKeyLastUsed,
        CreateAccessKeyRequest,
        CreateAccessKeyResponse,
        DeleteAccessKeyRequest,
        GetAccessKeyLastUsedRequest,
        GetAccessKeyLastUsedResponse,
        ListAccessKeysRequest,
        ListAccessKeysResponse,
        UpdateAccessKeyRequest,
    )

_NEVER = "N/A"


@operation("CreateAccessKey", on_user("iam:CreateAccessKey"))
async def create_access_key(call: Call, request: CreateAccessKeyRequest) -> CreateAccessKeyResponse:
    """The only answer that holds the secret."""
    user, key, new = await call.services.keys.create(call.scope.account, user_name(call, request))
    return {
        "AccessKey": {
            "UserName": user.name,
            "AccessKeyId": key.id,
            "Status": key.status,
            "SecretAccessKey": new.secret_access_key,
            "CreateDate": key.created_at,
        }
    }


@operation("UpdateAccessKey", on_user("iam:UpdateAccessKey"))
async def update_access_key(call: Call, request: UpdateAccessKeyRequest) -> Empty:
    status = request["Status"]
    if status not in (ACTIVE, INACTIVE):
        raise ValidationError(f"The status {status} cannot be set: an access key is {ACTIVE} or {INACTIVE}.")
    name = user_name(call, request)
    await call.services.keys.set_status(call.scope.account, name, request["AccessKeyId"], status)
    return {}


@operation("DeleteAccessKey", on_user("iam:DeleteAccessKey"))
async def delete_access_key(call: Call, request: DeleteAccessKeyRequest) -> Empty:
    await call.services.keys.delete(call.scope.account, user_name(call, request), request["AccessKeyId"])
    return {}


@operation("ListAccessKeys", on_user("iam:ListAccessKeys"))
async def list_access_keys(call: Call, request: ListAccessKeysRequest) -> ListAccessKeysResponse:
    name = user_name(call, request)
    wanted = listing(call, "ListAccessKeys", request, name.lower())
    user, page = await call.services.keys.page(call.scope.account, name, wanted.after, wanted.limit)
    return {
        "AccessKeyMetadata": [present.access_key(each, user.name) for each in page.items],
        **wanted.end(page.after),
    }


@operation("GetAccessKeyLastUsed", on_access_key("iam:GetAccessKeyLastUsed"))
async def get_access_key_last_used(call: Call, request: GetAccessKeyLastUsedRequest) -> GetAccessKeyLastUsedResponse:
    """Whose key it is, and its last use; a use may show up to 15 minutes late."""
    key_id = request["AccessKeyId"]
    use = await call.services.keys.find_use(call.scope.account, key_id)
    if use is None:
        raise NoSuchEntity(f"The Access Key with id {key_id} cannot be found.")
    used: AccessKeyLastUsed = {"ServiceName": use.service or _NEVER, "Region": use.region or _NEVER}
    if use.used_at is not None:
        used["LastUsedDate"] = use.used_at
    return {"UserName": use.user, "AccessKeyLastUsed": used}
