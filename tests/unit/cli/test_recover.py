"""cli.recover: what it prints, and what it refuses, in plain words."""

import asyncio
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cargohold.cli.main import group
from cargohold.core.arn import Registry
from cargohold.server import rooms, wiring
from cargohold.server.folder import DataFolder, Deployment
from cargohold.server.settings import Settings

ACCOUNT = "123456789012"
SHUT = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "ecr:*"}}'


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A folder that a server was started on, and has ended."""
    made = DataFolder(tmp_path / "data")
    with made.locked():
        deployment = made.remember(None, None, Deployment(ACCOUNT, ("eu-west-1", "us-east-1")))
        asyncio.run(wiring.first_start(wiring.prepare(Settings(data=made.path), made, deployment, 5050)))
    return made


def recover(folder: DataFolder, *options: str) -> Result:
    return CliRunner().invoke(group, ["accounts", "recover", "--data", str(folder.path), *options])


def refusal(folder: DataFolder, *options: str) -> str:
    done = recover(folder, *options)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    return done.stderr.removeprefix("Error: ").strip()


def shut(folder: DataFolder) -> None:
    """Gives the registry in us-east-1 a policy that denies everything."""

    async def work() -> None:
        plan = wiring.reopen(Settings(data=folder.path), folder)
        cellar = wiring.cellar(plan)
        found, registry = rooms.services(plan, cellar), Registry(ACCOUNT, "us-east-1")
        await found.resource_policies.put_registry_policy(registry, SHUT, lambda _: True)
        await cellar.close()

    asyncio.run(work())


def test_the_key_is_printed_and_kept(folder: DataFolder) -> None:
    """The new key stands in the answer once and in the credentials file; the other one is named, without its secret."""
    before = folder.access_key()
    done = recover(folder)
    after = folder.access_key()
    assert done.exit_code == 0, done.output
    assert before is not None
    assert after is not None
    assert after != before
    assert done.stdout.count(after.secret) == 1
    assert f"  {before.id}  Active\n" in done.stdout
    assert before.secret not in done.stdout
    assert "Taken from the user" not in done.stdout
    assert folder.credentials.stat().st_mode & 0o777 == 0o600
    (trail,) = folder.audit.iterdir()
    event = trail.read_text()
    assert after.id in event
    assert after.secret not in event


def test_a_registry_s_policy_is_removed_in_the_region_that_is_named(folder: DataFolder) -> None:
    """What is removed is printed; where there is none, or the region is not served, a sentence says so."""
    shut(folder)
    assert refusal(folder, "--registry").startswith("Registry policy does not exist")
    done = recover(folder, "--registry", "--region", "us-east-1")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"The registry of account {ACCOUNT} in us-east-1 has no policy any more.")
    assert '"Deny"' in done.stdout
    sentence = "The region eu-north-1 is not served here; eu-west-1, us-east-1 is."
    assert refusal(folder, "--registry", "--region", "eu-north-1") == sentence


def test_an_account_that_is_not_there_is_named(folder: DataFolder) -> None:
    """No account is made by a mistyped id, and the credentials file stays."""
    before = folder.access_key()
    assert refusal(folder, "--account", "210987654321") == "There is no account 210987654321."
    assert folder.access_key() == before


def test_a_folder_that_no_server_used_is_refused(tmp_path: Path) -> None:
    """A mistyped folder is not made."""
    folder = DataFolder(tmp_path / "none")
    assert refusal(folder).startswith(f"No server was ever started on the data folder {folder.path}")
    assert not folder.path.exists()


def test_a_folder_of_somebody_else_is_refused(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that root wrote into it the server could not use."""
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    assert refusal(folder).startswith(f"The data folder {folder.path} belongs to another user")


def test_a_database_that_is_not_there_is_not_made(folder: DataFolder) -> None:
    """An empty one would look like a recovered account."""
    for file in folder.path.glob("cargohold.db*"):
        file.unlink()
    assert refusal(folder).startswith(f"{folder.database} is not at this version's schema")
    assert not folder.database.exists()


def test_options_that_do_not_go_together_are_refused(folder: DataFolder) -> None:
    """One thing at a time."""
    assert recover(folder, "--registry", "--repository", "demo").exit_code == 2
    assert recover(folder, "--region", "us-east-1").exit_code == 2
