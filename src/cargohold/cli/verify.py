"""`cargohold verify`: has the server hash every blob again, and says which are damaged."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cargohold.cli.remote import asking, data_option, whole

if TYPE_CHECKING:
    from botocore.client import BaseClient

LOOK_SECONDS: Final = 0.5
"""How often the server is asked how far it is."""

_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB")


@click.command("verify", short_help="Hash every blob again and report what is damaged.")
@click.option(
    "--mib-per-second", "rate", type=click.IntRange(1), help="How fast to read; the server's setting if not given."
)
@click.option("--detach", is_flag=True, help="Start it and do not wait; the server's worker goes on by itself.")
@click.option("--status", is_flag=True, help="Only say how far it is and what is damaged.")
@click.option("--stop", is_flag=True, help="End the running verification where it is.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@data_option
def command(rate: int | None, data: Path | None, *, detach: bool, status: bool, stop: bool, as_json: bool) -> None:
    """Read every stored blob and compare it with its digest.

    Damaged blobs go into quarantine: they are there for nobody until the same bytes are pushed again, which repairs
    them. The exit status is 1 when there are any. The server's worker does it, also when this command is ended, and
    goes on with it after a restart.
    """
    if detach + status + stop > 1:
        raise click.UsageError("Give one of --detach, --status and --stop.")
    with asking(data) as client:
        if stop:
            client.stop_verification()
        elif not status:
            asked = {} if rate is None else {"bytesPerSecond": rate << 20}
            begun = whole(client.start_verification(**asked), "verification")["verification"]
            if not detach:
                _watch(client, begun, quiet=as_json)
        found = whole(client.describe_verification(), "damagedBlobCount")
        damaged = list(_damaged(client)) if found["damagedBlobCount"] else []
    last = found.get("verification")
    click.echo(_json(last, damaged) if as_json else "\n".join(_lines(last, damaged)))
    if damaged:
        raise click.exceptions.Exit(1)


def _watch(client: BaseClient, verification: dict[str, Any], *, quiet: bool) -> None:
    """Returns when it has ended; draws how far it is, where a person looks on."""
    import sys

    shown = sys.stderr.isatty() and not quiet
    total = max(verification["totalBytes"], 1)
    with click.progressbar(length=total, label="verifying", file=sys.stderr, hidden=not shown) as bar:
        done = 0
        while True:
            bar.update(verification["verifiedBytes"] - done)
            done = verification["verifiedBytes"]
            if "endedAt" in verification:
                return
            time.sleep(LOOK_SECONDS)
            verification = client.describe_verification()["verification"]


def _damaged(client: BaseClient) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = client.list_damaged_blobs(**token)
        yield from page["damagedBlobs"]
        if "nextToken" not in page:
            return
        token = {"nextToken": page["nextToken"]}


def _lines(last: dict[str, Any] | None, damaged: list[dict[str, Any]]) -> Iterator[str]:
    if last is None:
        yield "No verification was ever started."
    else:
        yield _summary(last)
    for each in damaged:
        yield f"{each['digest']}  {each['reason']}  {size(each['size'])}  {' '.join(map(_name, each['repositories']))}"
    if damaged:
        yield f"Damaged: {len(damaged)}. Push an image that has them again, and they are whole."


def _summary(last: dict[str, Any]) -> str:
    done, total = last["verifiedBlobs"], last["totalBlobs"]
    read = f"{done} of {total} blobs, {size(last['verifiedBytes'])} of {size(last['totalBytes'])}"
    if "endedAt" not in last:
        return f"Running: {read} verified."
    stopped = "" if done == total else " It was stopped, or blobs went meanwhile."
    repaired = f" {last['repairedBlobs']} are whole again." if last["repairedBlobs"] else ""
    return f"Verified: {read}; {last['damagedBlobs']} newly found damaged.{repaired}{stopped}"


def _name(arn: str) -> str:
    return arn.partition(":repository/")[2]


def size(count: int) -> str:
    """Bytes as people read them."""
    size, unit = float(count), 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if unit == 0 else f"{size:.1f} {_UNITS[unit]}"


def _json(last: dict[str, Any] | None, damaged: list[dict[str, Any]]) -> str:
    return json.dumps({"verification": last, "damagedBlobs": damaged}, indent=2, default=lambda each: each.isoformat())
