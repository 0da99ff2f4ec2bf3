"""cli.main: the commands are there, and each costs only what it needs."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from cargohold import __version__
from cargohold.cli.main import group
from cargohold.cli.serve import WITHOUT_FLAG
from cargohold.server.settings import Settings


def test_help_lists_every_command() -> None:
    """`cargohold --help` names each command with a short sentence."""
    text = " ".join(CliRunner().invoke(group, ["--help"]).output.split())
    for line in (
        "serve Run the registry.",
        "env Print shell exports",
        "accounts Make and list accounts.",
        "audit Search the audit trail.",
        "explain Say why something is denied",
        "hosts Invite, list and revoke machines",
        "host Give this machine the role",
        "doctor Say what is wrong",
    ):
        assert line in text


def test_the_version_is_the_package_s() -> None:
    """`cargohold --version` says which one runs."""
    assert CliRunner().invoke(group, ["--version"]).output.split()[-1] == __version__


def test_an_unknown_command_is_refused() -> None:
    """A misspelt command is named, with exit status 2."""
    done = CliRunner().invoke(group, ["sevre"])
    assert done.exit_code == 2
    assert "No such command 'sevre'" in done.output


def test_serve_has_a_flag_for_every_setting() -> None:
    """Each setting but the root key, which must not stand on a command line, is a flag with its sentence."""
    text = " ".join(CliRunner().invoke(group, ["serve", "--help"], terminal_width=10_000).output.split())
    for name, field in Settings.model_fields.items():
        assert (f"--{name.replace('_', '-')} " in text) == (name not in WITHOUT_FLAG)
        assert name in WITHOUT_FLAG or (field.description or "") in text


@pytest.mark.parametrize(
    ("command", "absent"),
    [
        ("env", ("pydantic", "sqlalchemy", "granian", "asyncio")),
        ("accounts", ("pydantic", "sqlalchemy", "granian", "botocore")),
        ("audit", ("pydantic", "sqlalchemy", "granian", "botocore")),
        ("explain", ("pydantic", "sqlalchemy", "granian", "botocore")),
        ("hosts", ("pydantic", "sqlalchemy", "granian", "botocore")),
        ("host", ("pydantic", "sqlalchemy", "granian", "botocore", "aiohttp")),
        ("doctor", ("sqlalchemy", "granian")),
    ],
)
def test_a_command_imports_only_what_it_needs(command: str, absent: tuple[str, ...]) -> None:
    """A shell prompt that runs `cargohold env` does not wait for a database library."""
    script = (
        "import sys\n"
        "from cargohold.cli.main import group\n"
        f"group.get_command(None, {command!r})\n"
        f"assert not [name for name in {absent!r} if name in sys.modules]\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
