"""`cargohold accounts recover`: a way back in, on the data folder itself, for who was locked out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cargohold.cli.audit import printable

if TYPE_CHECKING:
    from cargohold.server.recovery import Administrator, Opened
    from cargohold.server.settings import Settings


@click.command("recover", short_help="Get back into an account, with the root key.")
@click.option("--account", help="The account's 12 digits; the data folder's own where it is not given.")
@click.option("--repository", help="Remove this repository's policy, and do nothing else.")
@click.option("--registry", is_flag=True, help="Remove the registry's policy, and do nothing else.")
@click.option("--region", help="Where the repository or registry is; the folder's first region where it is not given.")
@click.option("--data", type=click.Path(path_type=Path), help="The data folder.")
@click.option("--database", help="As `cargohold serve` has it: sqlite, or a URL of PostgreSQL.")
@click.option("--root-key-file", type=click.Path(path_type=Path), help="A file with the root key.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file that the server reads.")
def command(
    account: str | None,
    repository: str | None,
    region: str | None,
    config: Path | None,
    *,
    registry: bool,
    **flags: object,
) -> None:
    """Give an account's administrator all power and a new access key, which is shown this once.

    It works on the data folder and the database, whether a server runs or not, for the user who owns the folder and
    has the root key; a running server obeys from its next request on. Whatever else was attached to the user
    `administrator` is taken off. With --repository or --registry it removes that policy instead.
    """
    if repository and registry:
        raise click.UsageError("Give --repository or --registry, not both.")
    if region and not (repository or registry):
        raise click.UsageError("--region goes with --repository or --registry.")
    from cargohold.server import recovery
    from cargohold.server.refusal import CannotStart
    from cargohold.server.settings import load

    try:
        settings: Settings = load(flags, config)
        if repository:
            lines = _opened(asyncio.run(recovery.open_repository(settings, account, region, repository)))
        elif registry:
            lines = _opened(asyncio.run(recovery.open_registry(settings, account, region)))
        else:
            lines = _recovered(asyncio.run(recovery.recover_administrator(settings, account)), settings)
    except CannotStart as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(lines))


def _opened(opened: Opened) -> Iterator[str]:
    yield f"The {opened.name} has no policy any more. This one was removed:"
    yield ""
    yield from map(printable, opened.policy.splitlines())


def _recovered(administrator: Administrator, settings: Settings) -> Iterator[str]:
    done = administrator.recovered
    how = "was made and may" if done.made else "may"
    yield f"The user administrator of account {administrator.account} {how} do everything, with this access key."
    kept = f"It is in {settings.data / 'credentials'} too, and is" if administrator.kept else "It is"
    yield f"{kept} shown this once:"
    yield ""
    yield f"  AWS_ACCESS_KEY_ID      {done.key.access_key_id}"
    yield f"  AWS_SECRET_ACCESS_KEY  {done.key.secret_access_key}"
    if taken := list(_taken(administrator)):
        yield from ("", "Taken from the user:", "", *(f"  {line}" for line in taken))
    if done.other_keys:
        yield ""
        yield "Its other access keys; delete what nobody should hold any more (aws iam delete-access-key):"
        yield ""
        yield from (f"  {each.id}  {each.status}" for each in done.other_keys)


def _taken(administrator: Administrator) -> Iterator[str]:
    removed = administrator.recovered.removed
    if removed.boundary:
        yield f"permissions boundary  {removed.boundary}"
    yield from (f"managed policy        {arn}" for arn in removed.policies)
    yield from (f"membership            {name}" for name in removed.groups)
    if removed.key:
        yield f"inactive access key   {removed.key}"
    for name, document in removed.inline_policies:
        yield f"inline policy         {name}: {printable(' '.join(document.split()))}"
