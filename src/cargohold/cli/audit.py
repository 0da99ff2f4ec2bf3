"""`cargohold audit`: what was done and refused, newest first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cargohold.cli.remote import asking, data_option, whole

if TYPE_CHECKING:
    from botocore.client import BaseClient

PAGE: Final = 1000

_AGO: Final = re.compile(r"(\d{1,6})([mhdw])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType[datetime]):
    """A time: `2h` ago (m, h, d, w), or as ISO 8601 has it, in UTC where no zone is given."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        if ago := _AGO.fullmatch(value):
            return _before_now(int(ago[1]), _UNITS[ago[2]])
        try:
            given = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is neither a time, such as 2026-11-28T02:15, nor how long ago, such as 2h", param, ctx
            )
        return given if given.tzinfo else given.replace(tzinfo=UTC)


@click.command("audit", short_help="Search the audit trail.")
@click.option("--principal", help="Who: an ARN, a user's or role's name, a unique id, or an access key's id.")
@click.option("--repository", help="On what: a repository's name or ARN.")
@click.option("--action", help="Did what: PutImage, or ecr:PutImage.")
@click.option("--since", type=Moment(), help="From then on: 2h, 3d, 2026-11-28, 2026-11-28T02:15.")
@click.option("--until", type=Moment(), help="Until then.")
@click.option("--errors", is_flag=True, help="Only what was refused or failed.")
@click.option("--account", help="Of this account; the caller's own where it is not given.")
@click.option("--all-accounts", is_flag=True, help="Of all accounts.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="How many at the most.")
@click.option("--json", "as_json", is_flag=True, help="Print each whole event as a line of JSON, as CloudTrail has it.")
@data_option
def command(data: Path | None, *, limit: int, as_json: bool, all_accounts: bool, errors: bool, **asked: Any) -> None:
    """Search the audit trail of the server that answers, newest first: every change and every refusal is in it."""
    if all_accounts and asked["account"]:
        raise click.UsageError("Give --account or --all-accounts, not both.")
    members = {
        "principal": asked["principal"],
        "repository": asked["repository"],
        "action": asked["action"],
        "startTime": asked["since"],
        "endTime": asked["until"],
        "errorsOnly": errors or None,
        "accountId": "*" if all_accounts else asked["account"],
    }
    wanted = {name: value for name, value in members.items() if value is not None}
    with asking(data) as client:
        for event in _events(client, wanted, limit):
            click.echo(event["event"] if as_json else line(event))


def _events(client: BaseClient, wanted: dict[str, Any], limit: int) -> Iterator[dict[str, Any]]:
    """Up to `limit` events, page after page; a page without any does not end a search."""
    token: dict[str, str] = {}
    while limit > 0:
        page = whole(client.search_audit(maxResults=min(PAGE, limit), **wanted, **token), "events")
        yield from page["events"]
        limit -= len(page["events"])
        if "nextToken" not in page:
            return
        token = {"nextToken": page["nextToken"]}


def line(event: dict[str, Any]) -> str:
    """An event as people read it: when, who, what, how it ended, on what, from where."""
    when = event["eventTime"].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    resources = [_short(arn, event.get("accountId", "")) for arn in event.get("resources", ())]
    parts = (
        when,
        _short(event.get("principal", "-"), event.get("accountId", "")),
        event["action"],
        event.get("errorCode", "ok"),
        ",".join(resources) or "-",
        event.get("sourceIpAddress", "-"),
    )
    return "  ".join(printable(part) for part in parts)


def _short(arn: str, account: str) -> str:
    """What an ARN names, without what the account it is told in says already."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return arn
    return parts[5] if parts[4] == account else f"{parts[4]}:{parts[5]}"


def printable(text: str) -> str:
    """Without what would steer a terminal: a client's own words may be in it."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _before_now(count: int, unit: str) -> datetime:
    return datetime.now(UTC) - timedelta(**{unit: count})
