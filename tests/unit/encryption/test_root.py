"""The root key: made once, kept private, and what is sealed under it opens nowhere else."""

import base64
import hmac
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.core.errors import Corrupt
from cargohold.encryption.root import Root, RootKeyUnusable

MATERIAL = bytes(range(32))
ROOT = Root(MATERIAL)
KEPT = "012b1829b9d41e01b39cdde022afc9deb8fc0483e9a921e3384c839452cad6eab9b6ac3b9d"


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_sealed_opens_in_its_context_only(plain: bytes, context: str) -> None:
    """The same context gives the bytes back, any other says that they are damaged."""
    sealed = ROOT.seal(plain, context)
    assert ROOT.open(sealed, context) == plain
    with pytest.raises(Corrupt):
        ROOT.open(sealed, context + "x")


def test_sealing_hides_and_never_repeats() -> None:
    """The plain bytes do not show, and sealing the same twice gives different bytes."""
    one, other = ROOT.seal(b"secret" * 10, "key"), ROOT.seal(b"secret" * 10, "key")
    assert b"secret" not in one
    assert one != other
    assert len(one) == 1 + 12 + 60 + 16


@given(st.data())
def test_changed_bytes_do_not_open(data: st.DataObject) -> None:
    """One flipped bit anywhere, or a missing end, is found out."""
    sealed = bytearray(ROOT.seal(b"secret", "key"))
    place = data.draw(st.integers(0, 8 * len(sealed) - 1))
    with pytest.raises(Corrupt):
        ROOT.open(bytes(sealed[: place // 8]), "key")
    sealed[place // 8] ^= 1 << place % 8
    with pytest.raises(Corrupt):
        ROOT.open(bytes(sealed), "key")


def test_another_root_opens_nothing() -> None:
    """What one deployment sealed is closed to another."""
    with pytest.raises(Corrupt):
        Root(bytes(32)).open(ROOT.seal(b"secret", "key"), "key")


def test_derived_keys_differ_by_purpose_and_last() -> None:
    """One purpose has one key of 32 bytes for good; another purpose, and another root, have others."""
    assert ROOT.derive("tokens") == Root(MATERIAL).derive("tokens")
    keys = {ROOT.derive("tokens"), ROOT.derive("urls"), ROOT.derive(""), Root(bytes(32)).derive("tokens"), MATERIAL}
    assert len(keys) == 5
    assert {len(key) for key in keys} == {32}


def test_what_was_sealed_and_derived_before_still_serves() -> None:
    """The format of the first version: HKDF-SHA256 of the key, and a sealed text that was kept from then."""
    extracted = hmac.digest(bytes(32), MATERIAL, "sha256")
    assert ROOT.derive("tokens") == hmac.digest(extracted, b"cargohold derive tokens\x01", "sha256")
    assert ROOT.open(bytes.fromhex(KEPT), "access_key AKIA") == b"a secret"


def test_a_root_key_is_made_once(tmp_path: Path) -> None:
    """The first start writes 64 hexadecimal digits that only the owner may read; later ones read them."""
    path = tmp_path / "root.key"
    sealed = Root.load(path).seal(b"secret", "key")
    assert re.fullmatch(r"[0-9a-f]{64}\n", path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Root.load(path).open(sealed, "key") == b"secret"
    assert [file.name for file in tmp_path.iterdir()] == ["root.key"]


def test_two_deployments_have_different_keys(tmp_path: Path) -> None:
    """Each key is fresh."""
    assert Root.load(tmp_path / "one").derive("p") != Root.load(tmp_path / "other").derive("p")


def test_a_new_key_is_durable_before_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file and its folder are synced: nothing is ever sealed under a key that a power cut takes away."""
    synced: list[bool] = []
    sync = os.fsync

    def recorded(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    Root.load(tmp_path / "root.key")
    assert synced == [False, True]


LOADING = """
import sys
from pathlib import Path
from cargohold.encryption.root import Root
sys.stdin.readline()
print(Root.load(Path(sys.argv[1])).derive("p").hex())
"""


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    """However many make the key at the same time, all go on with the same one."""
    path = tmp_path / "root.key"
    command = [sys.executable, "-c", LOADING, str(path)]
    processes = [subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) for _ in range(4)]
    assert {process.communicate("\n")[0] for process in processes} == {Root.load(path).derive("p").hex() + "\n"}


GIVEN = [
    MATERIAL.hex(),
    MATERIAL.hex().upper(),
    f"  {MATERIAL.hex()}\n",
    base64.b64encode(MATERIAL).decode(),
    base64.urlsafe_b64encode(MATERIAL).decode(),
    base64.b64encode(MATERIAL).decode().rstrip("="),
]


@pytest.mark.parametrize("given_key", GIVEN)
def test_a_key_may_come_from_outside(tmp_path: Path, given_key: str) -> None:
    """A key that is given, in hexadecimal or base64, is used, and no file is made."""
    assert Root.load(tmp_path / "root.key", given_key).derive("p") == ROOT.derive("p")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "hush" * 3, "h" * 64, "0" * 62, base64.b64encode(bytes(31)).decode(), "é" * 64])
def test_a_malformed_key_is_refused_and_never_shown(tmp_path: Path, text: str) -> None:
    """What is not 32 bytes is refused, given or in the file, in a sentence that does not repeat it."""
    path = tmp_path / "root.key"
    path.touch(mode=0o600)
    path.write_text(text)
    for given_key in (text, None):
        with pytest.raises(RootKeyUnusable) as caught:
            Root.load(path, given_key)
        assert caught.value.__cause__ is None
        assert not text or text not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    """The sentence says how to put it right."""
    path = tmp_path / "root.key"
    Root.load(path)
    path.chmod(mode)
    with pytest.raises(RootKeyUnusable, match=f"chmod 600 {path}"):
        Root.load(path)


def test_a_root_does_not_show_itself() -> None:
    """Neither repr nor str holds key material."""
    for shown in (repr(ROOT), str(ROOT)):
        assert MATERIAL.hex() not in shown
        assert repr(MATERIAL) not in shown
