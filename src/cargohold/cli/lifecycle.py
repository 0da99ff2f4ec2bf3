"""`cargohold lifecycle`: carries lifecycle policies out now, shows what they would do, and how they stand."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cargohold.cli.remote import asking, data_option, whole

if TYPE_CHECKING:
    from botocore.client import BaseClient

LOOK_SECONDS: Final = 0.5
"""How often the server is asked how far it is."""

Evaluation = dict[str, Any]

_json_option: Final[Callable[..., Any]] = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("lifecycle", short_help="Carry lifecycle policies out now, and see how they stand.")
def command() -> None:
    """Carry lifecycle policies out now, and see how they stand.

    The server's worker evaluates each policy soon after it was put, and then once a day, without being asked.
    """


@command.command("status")
@click.argument("repository", required=False)
@_json_option
@data_option
def status(repository: str | None, data: Path | None, *, as_json: bool) -> None:
    """Show the evaluation of REPOSITORY's policy, or of every policy: when, how many images went, and what failed."""
    with asking(data) as client:
        found = _evaluations(client, repository)
    _print(found, as_json=as_json)


@command.command("run")
@click.argument("repository", required=False)
@click.option("--dry-run", is_flag=True, help="Only say which images would go; nothing is done to any.")
@_json_option
@data_option
def run(repository: str | None, data: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Carry out the policy of REPOSITORY now, or all of them. Exits with 1 where one failed.

    The server's worker does it, and goes on when this command is ended.
    """
    with asking(data) as client:
        names = [repository] if repository else [each["repositoryName"] for each in _evaluations(client, None)]
        if not dry_run:
            found = _carried_out(client, names, repository, quiet=as_json)
    if dry_run:
        _preview(names, data, as_json=as_json)
        return
    _print(found, as_json=as_json)
    if any(each["status"] == "FAILED" for each in found):
        raise click.exceptions.Exit(1)


def _carried_out(
    client: BaseClient, names: Sequence[str], repository: str | None, *, quiet: bool
) -> Sequence[Evaluation]:
    """Asks for the evaluations, and returns them when the last one has ended."""
    for name in names:
        whole(client.start_lifecycle_evaluation(repositoryName=name), "evaluation")
    shown = sys.stderr.isatty() and not quiet
    with click.progressbar(length=1, label="evaluating", file=sys.stderr, hidden=not shown) as bar:
        while True:
            found = [each for each in _evaluations(client, repository) if each["repositoryName"] in names]
            bar.length = max(1, sum(each["plannedImageCount"] for each in found))
            bar.update(sum(map(_done, found)) - bar.pos)
            if all(each["status"] in ("DONE", "FAILED") for each in found):
                return found
            time.sleep(LOOK_SECONDS)


def _done(evaluation: Evaluation) -> int:
    return int(evaluation["expiredImageCount"] + evaluation["transitionedImageCount"])


def _preview(names: Sequence[str], data: Path | None, *, as_json: bool) -> None:
    """Previews, one repository after the other, by ECR's own operations."""
    with asking(data, "ecr") as client:
        previews = [_previewed(client, name) for name in names]
    if as_json:
        click.echo(_json(previews))
        return
    for name, preview in zip(names, previews, strict=True):
        for line in _preview_lines(name, preview):
            click.echo(line)


def _previewed(client: BaseClient, name: str) -> dict[str, Any]:
    """The whole preview of a repository's own policy: its status, and every image that would go."""
    whole(client.start_lifecycle_policy_preview(repositoryName=name), "status")
    while (page := client.get_lifecycle_policy_preview(repositoryName=name))["status"] == "IN_PROGRESS":
        time.sleep(LOOK_SECONDS)
    results = list(page["previewResults"])
    while "nextToken" in page:
        page = client.get_lifecycle_policy_preview(repositoryName=name, nextToken=page["nextToken"])
        results += page["previewResults"]
    return {"repositoryName": name, "status": page["status"], "previewResults": results}


def _preview_lines(name: str, preview: dict[str, Any]) -> Iterator[str]:
    results = preview["previewResults"]
    if preview["status"] != "COMPLETE":
        yield f"{name}: the preview is {preview['status']}."
        return
    expiring = sum(each["action"]["type"] == "EXPIRE" for each in results)
    yield f"{name}: {expiring} would expire, {len(results) - expiring} would go to the archive."
    for each in results:
        action, rule = each["action"]["type"].lower(), each["appliedRulePriority"]
        yield f"  {action}  rule {rule}  {each['imageDigest']}  {' '.join(each['imageTags'])}".rstrip()


def _evaluations(client: BaseClient, repository: str | None) -> list[Evaluation]:
    if repository is not None:
        answer = whole(client.list_lifecycle_evaluations(repositoryName=repository), "evaluations")
        return list(answer["evaluations"])
    found: list[Evaluation] = []
    token: dict[str, str] = {}
    while True:
        page = whole(client.list_lifecycle_evaluations(maxResults=1000, **token), "evaluations")
        found += page["evaluations"]
        if "nextToken" not in page:
            return found
        token = {"nextToken": page["nextToken"]}


def _print(found: Sequence[Evaluation], *, as_json: bool) -> None:
    if as_json:
        click.echo(_json(found))
        return
    for each in found:
        click.echo(_line(each))


def _line(of: Evaluation) -> str:
    last = of["lastEvaluatedAt"].strftime("%Y-%m-%d %H:%M:%SZ") if "lastEvaluatedAt" in of else "never"
    counted = f"{of['expiredImageCount']} expired, {of['transitionedImageCount']} archived"
    reason = f"  {of['failureReason']}" if "failureReason" in of else ""
    return f"{of['status']:<7}  {last:<20}  {of['repositoryName']}  {counted}{reason}"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, default=_moment)


def _moment(value: datetime) -> str:
    return value.isoformat()
