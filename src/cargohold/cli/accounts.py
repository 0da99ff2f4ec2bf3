"""`cargohold accounts`: makes and lists the accounts of a deployment, and gets back into one."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cargohold.cli import recover
from cargohold.cli.remote import asking, data_option, whole


@click.group("accounts", short_help="Make and list accounts.")
def command() -> None:
    """Make and list the deployment's accounts, which takes a permission in its first one; get back into one."""


command.add_command(recover.command)


@command.command("create")
@click.option("--alias", help="A name for the account that no other account has.")
@click.option("--id", "account_id", help="The account's 12 digits; random ones where it is not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@data_option
def create(alias: str | None, account_id: str | None, data: Path | None, *, as_json: bool) -> None:
    """Make an account with an administrator, whose access key is shown this once."""
    asked = {"alias": alias, "accountId": account_id}
    with asking(data) as client:
        given = {name: value for name, value in asked.items() if value is not None}
        made = whole(client.create_account(**given), "accessKey")
    click.echo(_json({"account": made["account"], "accessKey": made["accessKey"]}) if as_json else _made(made))


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the accounts as JSON.")
@data_option
def list_accounts(data: Path | None, *, as_json: bool) -> None:
    """List all accounts: the id, when it was made, and the alias."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    with asking(data) as client:
        while True:
            page = whole(client.list_accounts(**token), "accounts")
            found += page["accounts"]
            if "nextToken" not in page:
                break
            token = {"nextToken": page["nextToken"]}
    click.echo(_json(found) if as_json else "\n".join(map(_line, found)))


@command.command("public-alias")
@click.argument("alias")
@click.option("--id", "account_id", help="The account's 12 digits; the caller's own where they are not given.")
@data_option
def public_alias(alias: str, account_id: str | None, data: Path | None) -> None:
    """Give an account's public registry a name: public repositories are pulled from HOST/ALIAS/REPOSITORY then."""
    owner = {} if account_id is None else {"accountId": account_id}
    with asking(data) as client:
        made = whole(client.create_registry_alias(alias=alias, **owner), "aliases")
    click.echo(
        f"Public repositories are pulled from {made['registryUri']}/<repository>; {', '.join(made['aliases'])} work."
    )


def _made(made: dict[str, Any]) -> str:
    account, key = made["account"], made["accessKey"]
    alias = f" ({account['alias']})" if "alias" in account else ""
    return "\n".join(
        (
            f"Account {account['accountId']}{alias} has an administrator now; the access key is shown this once:",
            "",
            f"  AWS_ACCESS_KEY_ID      {key['accessKeyId']}",
            f"  AWS_SECRET_ACCESS_KEY  {key['secretAccessKey']}",
        )
    )


def _line(account: dict[str, Any]) -> str:
    made = account["createdAt"].strftime("%Y-%m-%d %H:%M:%SZ")
    return f"{account['accountId']}  {made}  {account.get('alias', '')}".rstrip()


def _json(value: object) -> str:
    return json.dumps(value, indent=2, default=_moment)


def _moment(value: datetime) -> str:
    return value.isoformat()
