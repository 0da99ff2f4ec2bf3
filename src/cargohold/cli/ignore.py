"""`cargohold ignore`: findings that a registry leaves out of its counts, and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cargohold.cli.remote import asking, data_option


@click.group("ignore", short_help="Leave findings out of the counts, with a reason.")
def command() -> None:
    """Ignore rules: findings that are still shown, with the rule that hides them, and counted no more."""


@command.command("add")
@click.argument("vulnerability")
@click.option("--reason", required=True, help="Why: shown to whoever looks at the rules.")
@click.option("--package", help="Only in packages of this name; * and ? are wildcards, here and below.")
@click.option("--path", help="Only where this file of the image shows the package.")
@click.option("--repository", help="Only in repositories of this name.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Until the beginning of this day (UTC).")
@data_option
def add(vulnerability: str, until: datetime | None, data: Path | None, **given: str | None) -> None:
    """Leave VULNERABILITY (CVE-2024-1234, or a wildcard) out of the counts."""
    wanted: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if until is not None:
        wanted["expiresAt"] = until.replace(tzinfo=UTC)
    with asking(data) as client:
        rule = client.add_ignore_rule(vulnerability=vulnerability, **wanted)["rule"]
    click.echo(f"Rule {rule['id']} is in force; scans that are there are counted anew.")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the rules as JSON.")
@data_option
def list_rules(data: Path | None, *, as_json: bool) -> None:
    """List all rules: id, until when, what they hide, and why."""
    with asking(data) as client:
        rules = client.list_ignore_rules()["rules"]
    if as_json:
        click.echo(json.dumps(rules, indent=2, default=datetime.isoformat))
    elif rules:
        click.echo("\n".join(map(_line, rules)))


@command.command("remove")
@click.argument("rule_id", metavar="ID")
@data_option
def remove(rule_id: str, data: Path | None) -> None:
    """End a rule: what it hid counts again."""
    with asking(data) as client:
        client.remove_ignore_rule(id=rule_id)
    click.echo(f"Rule {rule_id} is gone; scans that are there are counted anew.")


def _line(rule: dict[str, Any]) -> str:
    until = rule["expiresAt"].astimezone(UTC).strftime("%Y-%m-%d") if "expiresAt" in rule else "for good  "
    where = " ".join(f"{key}={rule[key]}" for key in ("package", "path", "repository") if rule[key] != "*")
    return "  ".join(part for part in (rule["id"], until, rule["vulnerability"], where, rule["reason"]) if part)
