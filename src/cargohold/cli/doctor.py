"""`cargohold doctor`: says in words what is wrong with a set-up, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from cargohold.server.checks import Finding, findings
from cargohold.server.refusal import CannotStart
from cargohold.server.settings import load

_COLOURS: Final = {"ok": "green", "note": "yellow", "wrong": "red"}


@click.command("doctor", short_help="Say what is wrong with a set-up.")
@click.option("--data", type=click.Path(path_type=Path), help="The server's data folder.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file that the server reads.")
def command(data: Path | None, config: Path | None) -> None:
    """Say in words what is wrong with a set-up; the exit status is 1 when something is."""
    try:
        settings = load({"data": data}, config)
    except CannotStart as error:
        _show(Finding("wrong", str(error)))
        raise SystemExit(1) from None
    wrong = 0
    for finding in findings(settings):
        _show(finding)
        wrong += finding.mark == "wrong"
    raise SystemExit(1 if wrong else 0)


def _show(finding: Finding) -> None:
    click.echo(click.style(f"{finding.mark:<6}", fg=_COLOURS[finding.mark]) + finding.sentence)
    for line in finding.lines:
        click.echo(f"          {line}")
