"""`cargohold env`: what a shell needs so that AWS's own tools talk to the running server."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from cargohold.cli.reach import DATA, local
from cargohold.server.folder import AccessKey, Running

_UNSET = ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
"""What would win over the exports, or be sent along with them."""


@click.command("env", short_help="Print shell exports for the running server.")
@click.option("--data", type=click.Path(path_type=Path), envvar=DATA, help="The server's data folder.")
def command(data: Path | None) -> None:
    """Print shell exports for the running server: eval "$(cargohold env)"."""
    found = local(data)
    click.echo("\n".join(_lines(found.running, found.key)))


def _lines(running: Running, key: AccessKey) -> list[str]:
    exports = {
        "AWS_ENDPOINT_URL": running.url,
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_DEFAULT_REGION": running.region,
        "AWS_REGION": running.region,
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in exports.items()] + [f"unset {' '.join(_UNSET)}"]
    # The last line, so that eval without quotes, which joins the lines, loses nothing behind it.
    return [*lines, f"# public repositories: aws ecr-public --region us-east-1; {running.public}/<alias>/<repository>"]
