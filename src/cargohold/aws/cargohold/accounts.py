"""CreateAccount and ListAccounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cargohold.access.demand import Demand
from cargohold.aws.cargohold.demands import on_accounts
from cargohold.aws.ecr.paging import listing
from cargohold.aws.operation import Call, Scope, operation
from cargohold.core.arn import root_arn
from cargohold.identity.accounts import ADMINISTRATOR

if TYPE_CHECKING:
    from cargohold.aws.shapes.cargohold import (
        Account,
        CreateAccountRequest,
        CreateAccountResponse,
        ListAccountsRequest,
        ListAccountsResponse,
    )
    from cargohold.identity import account


def _create_demands(scope: Scope, request: CreateAccountRequest) -> Sequence[Demand]:
    return (on_accounts("cargohold:CreateAccount", scope, request.get("accountId", "*")),)


@operation("CreateAccount", _create_demands)
async def create_account(call: Call, request: CreateAccountRequest) -> CreateAccountResponse:
    """The account, and the key of its administrator, which is told this once."""
    made = await call.services.accounts.create(request.get("alias"), request.get("accountId"))
    return {
        "account": _account(made.account),
        "accessKey": {
            "userName": ADMINISTRATOR,
            "accessKeyId": made.key.access_key_id,
            "secretAccessKey": made.key.secret_access_key,
        },
    }


def _list_demands(scope: Scope, _: ListAccountsRequest) -> Sequence[Demand]:
    return (on_accounts("cargohold:ListAccounts", scope),)


@operation("ListAccounts", _list_demands)
async def list_accounts(call: Call, request: ListAccountsRequest) -> ListAccountsResponse:
    """One page of the deployment's accounts, by their ids."""
    wanted = listing(call, "ListAccounts", request, call.services.addresses.default)
    page = await call.services.accounts.list(wanted.after, wanted.limit)
    return {"accounts": [_account(each) for each in page.items], "nextToken": wanted.next_token(page.after)}


def _account(of: account.Account) -> Account:
    return {"accountId": of.id, "alias": of.alias, "arn": root_arn(of.id), "createdAt": of.created_at}
