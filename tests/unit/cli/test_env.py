"""cli.env: exports that a shell can eval, or a sentence and exit status 1."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cargohold.cli.env import command
from cargohold.server.folder import AccessKey, DataFolder, Running

RUNNING = Running(
    *("http://localhost:5050", "localhost:5050", 1, "127.0.0.1", 5050, "123456789012", "eu-west-1", False, "0.1.0"),
    public="localhost:5051",
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """The folder of a server that runs."""
    made = DataFolder(tmp_path / "it's data")
    with made.locked():
        made.announce(RUNNING)
        made.keep_credentials(AccessKey("AKIAEXAMPLE", "a/b+c=$(exit 3)'\""))
        yield made


def printed(folder: DataFolder) -> str:
    done = CliRunner().invoke(command, ["--data", str(folder.path)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_shell_gets_the_running_server_s_values(folder: DataFolder) -> None:
    """After eval the variables hold exactly what the server and the credentials file say, and older ones are gone."""
    script = (
        f"{printed(folder)}\n"
        'printf "%s\\n" "$AWS_ENDPOINT_URL" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" '
        '"$AWS_DEFAULT_REGION" "$AWS_REGION" "${AWS_SESSION_TOKEN-unset}" "${AWS_PROFILE-unset}"'
    )
    before = {"PATH": "/usr/bin:/bin", "AWS_SESSION_TOKEN": "old", "AWS_PROFILE": "work", "AWS_REGION": "old"}
    done = subprocess.run(["sh", "-eu", "-c", script], env=before, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "http://localhost:5050",
        "AKIAEXAMPLE",
        "a/b+c=$(exit 3)'\"",
        "eu-west-1",
        "eu-west-1",
        "unset",
        "unset",
    ]


def test_the_public_registries_are_named_in_a_remark(folder: DataFolder) -> None:
    """Where public repositories are is the last line, which no shell obeys, with quotes around it or without."""
    assert "localhost:5051/<alias>/<repository>" in printed(folder).splitlines()[-1]
    script = 'eval $(cat); printf "%s" "$AWS_REGION"'
    done = subprocess.run(
        ["sh", "-eu", "-c", script], input=printed(folder), capture_output=True, text=True, check=True
    )
    assert done.stdout == "eu-west-1"


def test_without_a_server_there_is_a_sentence(tmp_path: Path) -> None:
    """Nothing is exported from a folder that no server uses; the next command to type is there."""
    done = CliRunner().invoke(command, ["--data", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"Error: No server runs on the data folder {tmp_path}/none. Start one: cargohold serve --data {tmp_path}/none\n"
    )


def test_the_folder_can_come_from_the_environment(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """CARGOHOLD_DATA is --data."""
    monkeypatch.setenv("CARGOHOLD_DATA", str(folder.path))
    assert "AKIAEXAMPLE" in CliRunner().invoke(command, []).stdout


def test_the_default_folder_is_the_user_s(tmp_path: Path) -> None:
    """Without any setting the user's data home is looked at."""
    assert f"{tmp_path}/share/cargohold" in CliRunner().invoke(command, []).stderr


def test_lost_credentials_are_a_sentence(folder: DataFolder) -> None:
    """A key that is not in the folder cannot be exported."""
    folder.credentials.unlink()
    done = CliRunner().invoke(command, ["--data", str(folder.path)])
    assert done.exit_code == 1
    assert "holds no access key" in done.stderr


def test_in_development_mode_the_known_key_serves(folder: DataFolder) -> None:
    """Without a credentials file, development mode exports test/test."""
    folder.credentials.unlink()
    folder.announce(replace(RUNNING, dev=True))
    assert "export AWS_ACCESS_KEY_ID=test\nexport AWS_SECRET_ACCESS_KEY=test\n" in printed(folder)
