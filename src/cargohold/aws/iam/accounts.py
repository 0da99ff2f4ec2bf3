"""Operations on the account as a whole: its alias, and what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargohold.aws.iam.demands import on_anything
from cargohold.aws.iam.paging import WHOLE
from cargohold.aws.operation import Call, operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargohold.aws.iam.empty import Empty
    from cargohold.aws.shapes.iam import (
        CreateAccountAliasRequest,
        DeleteAccountAliasRequest,
        GetAccountSummaryResponse,
        ListAccountAliasesRequest,
        ListAccountAliasesResponse,
    )
    from cargohold.identity.accounts import Counted
    from cargohold.identity.quotas import Quotas


@operation("CreateAccountAlias", on_anything("iam:CreateAccountAlias"))
async def create_account_alias(call: Call, request: CreateAccountAliasRequest) -> Empty:
    """In place of the one that the account had."""
    await call.services.aliases.set(call.scope.account, request["AccountAlias"])
    return {}


@operation("ListAccountAliases", on_anything("iam:ListAccountAliases"))
async def list_account_aliases(call: Call, _: ListAccountAliasesRequest) -> ListAccountAliasesResponse:
    alias = await call.services.aliases.find(call.scope.account)
    return {"AccountAliases": [] if alias is None else [alias], **WHOLE}


@operation("DeleteAccountAlias", on_anything("iam:DeleteAccountAlias"))
async def delete_account_alias(call: Call, request: DeleteAccountAliasRequest) -> Empty:
    await call.services.aliases.delete(call.scope.account, request["AccountAlias"])
    return {}


@operation("GetAccountSummary", on_anything("iam:GetAccountSummary"))
async def get_account_summary(call: Call, _: Mapping[str, object]) -> GetAccountSummaryResponse:
    """What is counted, and the quotas; what there is none of here is 0."""
    counted = await call.services.accounts.count(call.scope.account)
    return {"SummaryMap": {**_counts(counted), **_quotas(call.services.accounts.quotas)}}


def _counts(counted: Counted) -> dict[str, int]:
    return {
        "Users": counted.users,
        "Groups": counted.groups,
        "Roles": counted.roles,
        "Policies": counted.policies,
        "PolicyVersionsInUse": counted.policy_versions,
        "InstanceProfiles": counted.instance_profiles,
        "Providers": 0,
        "ServerCertificates": 0,
        "MFADevices": 0,
        "MFADevicesInUse": 0,
        "AccountMFAEnabled": 0,
        "AccountPasswordPresent": 0,
        "AccountAccessKeysPresent": 0,
        "AccountSigningCertificatesPresent": 0,
    }


def _quotas(quotas: Quotas) -> dict[str, int]:
    return {
        "UsersQuota": quotas.users,
        "GroupsQuota": quotas.groups,
        "RolesQuota": quotas.roles,
        "PoliciesQuota": quotas.policies,
        "InstanceProfilesQuota": quotas.instance_profiles,
        "GroupsPerUserQuota": quotas.groups_per_user,
        "AccessKeysPerUserQuota": quotas.access_keys,
        "AttachedPoliciesPerUserQuota": quotas.attached_policies,
        "AttachedPoliciesPerGroupQuota": quotas.attached_policies,
        "AttachedPoliciesPerRoleQuota": quotas.attached_policies,
        "VersionsPerPolicyQuota": quotas.policy_versions,
        "PolicySizeQuota": quotas.policy_characters,
        "UserPolicySizeQuota": quotas.user_policy_characters,
        "GroupPolicySizeQuota": quotas.group_policy_characters,
        "RolePolicySizeQuota": quotas.role_policy_characters,
        "AssumeRolePolicySizeQuota": quotas.trust_policy_characters,
    }
