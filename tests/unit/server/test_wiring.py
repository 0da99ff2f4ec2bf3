"""server.wiring: what a start is refused for, and that what needs a room gets it."""

import asyncio
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from cargohold.core.errors import StorageFull
from cargohold.server import rooms, upkeep, wiring
from cargohold.server.folder import AccessKey, DataFolder, Deployment
from cargohold.server.refusal import CannotStart
from cargohold.server.settings import Settings

DEPLOYMENT = Deployment("123456789012", ("us-east-1",))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    made = DataFolder(tmp_path / "data")
    with made.locked():
        yield made


def plan(folder: DataFolder, **values: object) -> wiring.Plan:
    settings = Settings(**{"data": folder.path} | values)  # type: ignore[arg-type]
    return wiring.prepare(settings, folder, DEPLOYMENT, 5050)


def refusal(folder: DataFolder, **values: object) -> str:
    with pytest.raises(CannotStart) as caught:
        plan(folder, **values)
    return str(caught.value)


def test_a_root_key_that_others_may_read_is_refused(folder: DataFolder) -> None:
    """The sentence has the line that mends it."""
    plan(folder)
    folder.root_key.chmod(0o644)
    assert refusal(folder).endswith(f"Run: chmod 600 {folder.root_key}")


def test_a_root_key_that_is_none_is_refused_without_showing_it(folder: DataFolder) -> None:
    """A key that is too short or not text is refused, and is not in the sentence."""
    assert refusal(folder, root_key="c0ffee") == "A root key is 32 bytes long, this one has 4."
    sentence = refusal(folder, root_key="not hexadecimal!")
    assert sentence.startswith("The root key that was given is neither")
    assert "not hexadecimal!" not in sentence


def test_a_root_key_file_is_read(folder: DataFolder, tmp_path: Path) -> None:
    """A key from a file outside counts, and none is made in the folder."""
    file = tmp_path / "key"
    assert refusal(folder, root_key_file=file) == f"The root key in {file} cannot be read: No such file or directory."
    file.write_bytes(b"\xff" * 64)
    assert refusal(folder, root_key_file=file) == f"The root key in {file} is neither hexadecimal nor base64."
    file.write_text("5eed" * 16 + "\n")
    from_file = plan(folder, root_key_file=file)
    assert from_file.root.derive("x") == plan(folder, root_key="5eed" * 16).root.derive("x")
    assert not folder.root_key.exists()


def test_the_first_start_keeps_the_key_it_made(folder: DataFolder) -> None:
    """The administrator's key is returned once, and is in the credentials file from then on."""
    made = asyncio.run(wiring.first_start(plan(folder)))
    assert isinstance(made, AccessKey)
    assert folder.access_key() == made
    assert stat.S_IMODE(folder.credentials.stat().st_mode) == 0o600
    assert asyncio.run(wiring.first_start(plan(folder))) is None
    assert folder.access_key() == made


def test_the_first_start_leaves_no_thread(folder: DataFolder) -> None:
    """The supervisor forks after it, and a fork would keep a thread's locks without the thread."""
    made = plan(folder)
    before = threading.enumerate()
    asyncio.run(wiring.first_start(made))
    assert threading.enumerate() == before


def test_the_worker_reaps_uploads(folder: DataFolder) -> None:
    """The worker's tasks run against the cellar they were made with, and find nothing on an empty folder."""

    async def run() -> dict[str, int]:
        made = plan(folder)
        cellar = wiring.cellar(made)
        found = {task.name: await task.run() for row in upkeep.periodic(made, cellar) for task in row}
        await cellar.close()
        return found

    found = asyncio.run(run())
    assert {"jobs", "reap uploads", "reap sessions", "prune the audit trail"} <= set(found)
    assert set(found.values()) == {0}


def test_addresses_are_those_of_the_settings(folder: DataFolder) -> None:
    """The registry's name, port and scheme come from settings and folder."""
    made = plan(folder, domain="registry.example.com")
    assert made.addresses.url(made.addresses.default) == "http://registry.example.com:5050"


def test_a_database_that_is_none_is_refused(folder: DataFolder) -> None:
    """A file that SQLite cannot read is named."""
    folder.database.write_bytes(b"this is no database" * 1000)
    assert refusal(folder).startswith(f"The database {folder.database} cannot be used: ")


def test_a_blob_folder_that_cannot_be_made_is_refused(folder: DataFolder) -> None:
    """A file where the blobs should be is named."""
    folder.blobs.write_text("")
    assert str(folder.blobs) in refusal(folder)


def test_a_full_disk_at_the_first_start_is_told(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for the first key there is no account yet, and the sentence says why."""

    async def full(*_: object) -> None:
        raise StorageFull

    made = plan(folder)
    monkeypatch.setattr("cargohold.identity.accounts.Accounts.bootstrap", full)
    with pytest.raises(CannotStart, match="The registry's storage is full"):
        asyncio.run(wiring.first_start(made))


async def _audit_folder(folder: DataFolder, **values: object) -> Path | None:
    made = plan(folder, **values)
    cellar = wiring.cellar(made)
    kept = rooms.services(made, cellar).audit.folder
    await cellar.close()
    return kept


def test_the_audit_trail_is_in_the_data_folder(folder: DataFolder) -> None:
    """Its folder is there before anything is served, and only its owner enters it."""
    assert asyncio.run(_audit_folder(folder)) == folder.audit
    assert stat.S_IMODE(folder.audit.stat().st_mode) == 0o700


def test_the_audit_trail_can_go_to_standard_output(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --audit stdout there is no folder, and nothing of it for the worker to prune."""
    monkeypatch.setattr(wiring, "sys", SimpleNamespace(stdout=SimpleNamespace(fileno=lambda: 1)))
    assert asyncio.run(_audit_folder(folder, audit="stdout")) is None
    assert not folder.audit.exists()

    async def tasks() -> list[str]:
        made = plan(folder, audit="stdout")
        cellar = wiring.cellar(made)
        names = [task.name for row in upkeep.periodic(made, cellar) for task in row]
        await cellar.close()
        return names

    assert "prune the audit trail" not in asyncio.run(tasks())
