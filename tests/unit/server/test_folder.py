"""server.folder: one server per folder, files that only their owner reads, and what a folder remembers."""

import configparser
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cargohold.server.folder import AccessKey, DataFolder, Deployment, Running
from cargohold.server.refusal import CannotStart

DEFAULT = Deployment("123456789012", ("us-east-1",))
RUNNING = Running(
    url="http://localhost:5050",
    registry="localhost:5050",
    pid=1,
    host="127.0.0.1",
    port=5050,
    account="123456789012",
    region="us-east-1",
    dev=False,
    version="0.1.0",
)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "deep" / "data")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_is_made_for_its_owner_only(folder: DataFolder) -> None:
    """A missing folder is made with its parents, and nobody else can enter it."""
    with folder.locked():
        assert mode(folder.path) == 0o700
        assert mode(folder.lock_file) == 0o600


def test_a_folder_in_use_is_refused_with_the_process(folder: DataFolder) -> None:
    """A second server on the folder is told which process has it."""
    with folder.locked():
        assert folder.user() == os.getpid()
        with pytest.raises(CannotStart) as caught, folder.locked():
            pytest.fail("two servers share a folder")
        assert str(caught.value) == f"The data folder {folder.path} is in use by process {os.getpid()}."
    assert folder.user() is None


def test_a_killed_server_leaves_no_lock(folder: DataFolder) -> None:
    """After kill -9 the folder can be used at once, and no server counts as running."""
    script = (
        "import sys, os, signal; from pathlib import Path; from cargohold.server.folder import *\n"
        "folder = DataFolder(Path(sys.argv[1]))\n"
        "with folder.locked():\n"
        f"    folder.announce({RUNNING!r})\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(folder.path)], check=False).returncode == -9
    assert (folder.path / "run" / "server.json").exists()
    assert folder.running() is None
    with folder.locked():
        assert not (folder.path / "run" / "server.json").exists()


def test_a_path_that_cannot_be_a_folder_is_refused(tmp_path: Path) -> None:
    """A file in the folder's place is named, with the reason."""
    file = tmp_path / "data"
    file.write_text("")
    with pytest.raises(CannotStart, match=f"The data folder {file} cannot be used: Not a directory"):
        DataFolder(file).locked().__enter__()


def test_a_running_server_is_found_while_it_is_announced(folder: DataFolder) -> None:
    """A folder says where its server is reached from announce to withdraw."""
    with folder.locked():
        assert folder.running() is None
        folder.announce(RUNNING)
        assert folder.running() == RUNNING
        folder.withdraw()
        assert folder.running() is None


def test_credentials_are_written_as_aws_reads_them(folder: DataFolder) -> None:
    """The file has AWS's format and is its owner's alone, whatever the umask; the key is read back."""
    before = os.umask(0)
    try:
        with folder.locked():
            folder.keep_credentials(AccessKey("AKIAEXAMPLE", "wJalr%XUtn/F+="))
    finally:
        os.umask(before)
    assert mode(folder.credentials) == 0o600
    parser = configparser.RawConfigParser()
    parser.read(folder.credentials)
    assert dict(parser["default"]) == {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "wJalr%XUtn/F+="}
    assert folder.access_key() == AccessKey("AKIAEXAMPLE", "wJalr%XUtn/F+=")
    assert [path.name for path in folder.path.glob(".credentials*")] == []


def test_a_secret_is_in_no_repr() -> None:
    """An access key that ends up in a message by mistake shows its id only."""
    assert "wJalr" not in repr(AccessKey("AKIAEXAMPLE", "wJalr"))


@pytest.mark.parametrize("text", ["", "[other]\naws_access_key_id = a", "[default]\naws_access_key_id = a", "garbage"])
def test_credentials_that_hold_no_key_are_no_key(text: str, folder: DataFolder) -> None:
    """A file that somebody emptied or changed gives no key."""
    with folder.locked():
        folder.credentials.write_text(text)
    assert folder.access_key() is None


def test_a_folder_remembers_account_and_regions(folder: DataFolder) -> None:
    """What the first start was given counts for later starts that say nothing."""
    with folder.locked():
        first = folder.remember("111122223333", ("eu-west-1", "eu-central-1"), DEFAULT)
        assert first == Deployment("111122223333", ("eu-west-1", "eu-central-1"))
        assert folder.remember(None, None, DEFAULT) == first
        assert folder.remember("111122223333", None, DEFAULT) == first
        wider = folder.remember(None, ("eu-west-1", "us-east-1"), DEFAULT)
        assert wider == Deployment("111122223333", ("eu-west-1", "us-east-1"))
        assert folder.remembered() == wider


def test_the_default_is_remembered_too(folder: DataFolder) -> None:
    """A folder that was started without settings keeps the defaults of that day."""
    with folder.locked():
        assert folder.remember(None, None, DEFAULT) == DEFAULT
        assert folder.remember(None, None, Deployment("999999999999", ("eu-west-1",))) == DEFAULT


def test_another_account_is_refused(folder: DataFolder) -> None:
    """A folder does not change its account, which would make every image seem gone."""
    with folder.locked():
        folder.remember("111122223333", None, DEFAULT)
        with pytest.raises(CannotStart) as caught:
            folder.remember("444455556666", None, DEFAULT)
    assert str(caught.value) == (
        f"The data folder {folder.path} belongs to account 111122223333: start it without --account, "
        "or take another --data folder for account 444455556666."
    )


@pytest.mark.parametrize("text", ["", "{}", '{"account": 1}', "[1]"])
def test_a_damaged_memory_is_refused(text: str, folder: DataFolder) -> None:
    """A folder whose memory is unreadable is not started as if it were new."""
    with folder.locked():
        (folder.path / "deployment.json").write_text(text)
        with pytest.raises(CannotStart, match=r"deployment\.json is damaged"):
            folder.remember(None, None, DEFAULT)


def test_another_root_key_is_refused(folder: DataFolder) -> None:
    """A folder whose secrets another key sealed is not started, so that nobody is told that their key is wrong."""
    with folder.locked():
        folder.recognise("0123456789abcdef")
        folder.recognise("0123456789abcdef")
        with pytest.raises(CannotStart, match="The root key is not the one that secrets in"):
            folder.recognise("fedcba9876543210")
