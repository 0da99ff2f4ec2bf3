"""`cargohold hosts`: invites machines to be hosts, lists them, and ends them."""

from __future__ import annotations

import json
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cargohold.cli.remote import asking, data_option


@click.group("hosts", short_help="Invite, list and revoke machines that have a role.")
def command() -> None:
    """Invite, list and revoke hosts: machines that have the role of an instance profile."""


@command.command("invite")
@click.option("--instance-profile", "profile", required=True, metavar="NAME", help="Whose role the host will have.")
@click.option("--name", help="The host's name; the machine says its own where none is given.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@data_option
def invite(profile: str, name: str | None, data: Path | None, *, as_json: bool) -> None:
    """Make a join token: good for one machine, for ten minutes, shown this once."""
    named = {} if name is None else {"hostName": name}
    with asking(data) as client:
        made = client.invite_host(instanceProfileName=profile, **named)
        url = client.meta.endpoint_url
    shown = {key: made[key] for key in ("joinToken", "expiresAt", "instanceProfileArn")}
    click.echo(_json({**shown, "url": url}) if as_json else _invited(made, url))


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the hosts as JSON.")
@data_option
def list_hosts(data: Path | None, *, as_json: bool) -> None:
    """List all hosts: id, when it joined, when it last asked, its instance profile and its name."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    with asking(data) as client:
        while True:
            page = client.list_hosts(**token)
            found += page["hosts"]
            if "nextToken" not in page:
                break
            token = {"nextToken": page["nextToken"]}
    if as_json:
        click.echo(_json(found))
    elif found:
        click.echo("\n".join(map(_line, found)))


@command.command("revoke")
@click.argument("host")
@data_option
def revoke(host: str, data: Path | None) -> None:
    """End a HOST, by its name or id: its key and all credentials that it fetched are refused from now on."""
    with asking(data) as client:
        ended = client.revoke_host(host=host)["host"]
    click.echo(f"{ended['hostName']} ({ended['hostId']}) is no host any more.")


def _invited(made: dict[str, Any], url: str) -> str:
    until = made["expiresAt"].strftime("%H:%M:%SZ")
    return "\n".join(
        (
            f"Run this on the machine before {until}; the token is good for one machine and shown this once:",
            "",
            f"  cargohold host join {shlex.quote(url)} {made['joinToken']}",
        )
    )


def _line(host: dict[str, Any]) -> str:
    joined = host["joinedAt"].strftime("%Y-%m-%d %H:%M:%SZ")
    used = host["lastUsedAt"].strftime("%Y-%m-%d %H:%M:%SZ") if "lastUsedAt" in host else "never"
    profile = host.get("instanceProfileArn", "-").rpartition("/")[2]
    return f"{host['hostId']}  {joined}  {used:<20}  {profile}  {host['hostName']}"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, default=_moment)


def _moment(value: datetime) -> str:
    return value.isoformat()
