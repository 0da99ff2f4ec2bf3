"""`cargohold serve`: one flag for each setting, then the supervisor; and what to do next, once the server is ready."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import click
from pydantic import SecretStr

from cargohold.server.folder import AccessKey, Running, default_data
from cargohold.server.refusal import CannotStart
from cargohold.server.settings import FILE_NAME, Settings, load
from cargohold.telemetry import logs

WITHOUT_FLAG: Final = frozenset({"root_key"})
"""Settings that other users of the machine must not read in a list of processes."""

_SWITCHES: Final = frozenset({"dev"})


def _flags() -> list[click.Parameter]:
    return [
        click.Option(
            [f"--{name.replace('_', '-')}"],
            is_flag=name in _SWITCHES,
            default=None,
            metavar=None if name in _SWITCHES else name.rpartition("_")[2].upper(),
            help=field.description,
            show_default=default_text(name).strip("`") or None,
        )
        for name, field in Settings.model_fields.items()
        if name not in WITHOUT_FLAG
    ]


def default_text(name: str) -> str:
    """A setting's default as people read it; empty where there is none."""
    if name == "data":
        return "`~/.local/share/cargohold`"
    default = Settings.model_fields[name].default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, tuple):
        default = ",".join(default)
    return "" if default in (None, "", {}) else f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _serve(config: Path | None, **flags: Any) -> None:
    from cargohold.server import supervisor

    try:
        settings = load(flags, config)
        logs.configure(sys.stderr, settings.log_level)
        status = supervisor.serve(settings, lambda running, key: _announce(settings, running, key))
    except CannotStart as error:
        raise click.ClickException(str(error)) from None
    raise SystemExit(status)


command = click.Command(
    "serve",
    callback=_serve,
    params=[
        *_flags(),
        click.Option(
            ["--config"],
            type=click.Path(path_type=Path),
            help=f"The configuration file in TOML, in place of DIR/{FILE_NAME}.",
        ),
    ],
    help="Run the registry until it is told to stop. Each option can also stand in the environment "
    "(CARGOHOLD_PORT=5050) or in the configuration file (port = 5050).",
    short_help="Run the registry.",
)


def _announce(settings: Settings, running: Running, key: AccessKey | None) -> None:
    ready = click.style(f"Cargohold {running.version} is ready at {running.url}", bold=True)
    lines = [f"{ready} (data in {settings.data})."]
    if key is not None:
        lines += ["", *_first_key(settings, running, key)]
    if running.dev:
        lines += ["", "Development mode: the access key test with the secret test opens everything."]
    lines += ["", "In another terminal:", "", *(f"  {line}" for line in _next_steps(settings, running)), ""]
    click.echo("\n".join(lines))


def _first_key(settings: Settings, running: Running, key: AccessKey) -> list[str]:
    kept = f"Account {running.account} has an administrator now; the access key is in {settings.data / 'credentials'}"
    if not sys.stdout.isatty():
        return [f"{kept}."]
    return [
        f"{kept} and is shown this once:",
        "",
        f"  AWS_ACCESS_KEY_ID      {key.id}",
        f"  AWS_SECRET_ACCESS_KEY  {key.secret}",
    ]


def _next_steps(settings: Settings, running: Running) -> list[str]:
    program = "cargohold" if shutil.which("cargohold") else shlex.quote(str(Path(sys.argv[0]).absolute()))
    data = "" if settings.data == default_data() else f" --data {shlex.quote(str(settings.data))}"
    return [
        f'eval "$({program} env{data})"',
        "aws ecr create-repository --repository-name demo",
        "aws ecr get-login-password | docker login --username AWS --password-stdin " + running.registry,
    ]
