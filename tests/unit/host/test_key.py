"""The host's key: who may read it, and what is said when it cannot be used."""

import os
import stat
from pathlib import Path

import pytest

from cargohold.host import key as keys
from cargohold.host.key import HostUnusable

from .conftest import KEY


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """The key comes back as it was saved, from a file of mode 0600 in a folder of mode 0700."""
    folder = tmp_path / "host"
    keys.save(folder, KEY)
    assert keys.load(folder) == KEY
    assert stat.S_IMODE((folder / keys.FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == [keys.FILE]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """A key that others may use is not used, and the sentence says how to mend it."""
    keys.save(tmp_path, KEY)
    path = tmp_path / keys.FILE
    path.chmod(0o640)
    with pytest.raises(HostUnusable) as caught:
        keys.load(tmp_path)
    assert str(caught.value) == f"Others than its owner may use {path}. Run: chmod 600 {path}"


def test_a_machine_that_has_not_joined(tmp_path: Path) -> None:
    """Without a key the sentence says what to run."""
    with pytest.raises(HostUnusable, match=r"has not joined\. Run: cargohold host join URL TOKEN"):
        keys.load(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": "x"}', "null"])
def test_what_is_no_key(tmp_path: Path, text: str) -> None:
    """A file of something else is named, and not quoted."""
    keys.write_private(tmp_path / keys.FILE, text)
    with pytest.raises(HostUnusable) as caught:
        keys.load(tmp_path)
    assert str(caught.value) == f"{tmp_path / keys.FILE} is not a host's key."


def test_no_secret_shows() -> None:
    """A key that is printed does not tell its secret."""
    assert KEY.secret_access_key not in repr(KEY)


def test_the_container_token_is_made_once(tmp_path: Path) -> None:
    """The token is random, stays, is its owner's alone, and its file has no line break that an SDK would send."""
    token = keys.container_token(tmp_path)
    path = tmp_path / keys.CONTAINER_TOKEN
    assert keys.container_token(tmp_path) == token == path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.container_token(tmp_path / "other") != token


def test_a_folder_that_cannot_be_written_is_told_before_a_token_is_used(tmp_path: Path) -> None:
    """A path below a file is no folder."""
    (tmp_path / "file").touch()
    with pytest.raises(HostUnusable, match="cannot be kept in"):
        keys.check_writable(tmp_path / "file" / "host")
    keys.check_writable(tmp_path / "host")
    assert os.listdir(tmp_path / "host") == []
