"""`cargohold`: the command that holds the others. A command's module is imported when it is called."""

from __future__ import annotations

import gc
import importlib
from typing import Final

import click

from cargohold import __version__

_COMMANDS: Final = (
    "serve",
    "env",
    "accounts",
    "audit",
    "explain",
    "hosts",
    "host",
    "advisories",
    "ignore",
    "sbom",
    "images",
    "repositories",
    "lifecycle",
    "gc",
    "verify",
    "backup",
    "restore",
    "doctor",
)
"""Each is `cargohold.cli.<name>.command`."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"cargohold.cli.{cmd_name}").command
        return command


@click.group("cargohold", cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cargohold")
def group() -> None:
    """Amazon ECR that anyone can run: the same API, the same clients, the same rules."""


def main() -> None:
    """The program's entry point."""
    # Looking for garbage while modules are imported finds none and takes a tenth of the start. `serve` switches it on
    # again when all is imported; the other commands end soon.
    gc.disable()
    group()
