"""The deployment's one secret: every other key is derived from it, and secrets in the database are sealed under it.

It is 32 bytes, in DIR/root.key (64 hexadecimal digits, readable by its owner only) or given from outside. Whoever
copies the database without it can read no secret in it.
"""

import base64
import binascii
import os
import secrets
import stat
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cargohold.core.errors import Corrupt

_SIZE: Final = 32
_FORMAT: Final = b"\x01"
"""First byte of what is sealed: AES-256-GCM, then 12 bytes of nonce, then ciphertext and tag."""
_NONCE: Final = 12


class RootKeyUnusable(Exception):
    """There is a root key, but it must not or cannot be used; the sentence never holds the key."""


class Root:
    """Seals, opens and derives. Its parts never show in a repr."""

    __slots__ = ("_material", "_sealer")

    def __init__(self, material: bytes) -> None:
        if len(material) != _SIZE:
            raise RootKeyUnusable(f"A root key is {_SIZE} bytes long, this one has {len(material)}.")
        self._material = material
        self._sealer = AESGCM(self._expanded("cargohold seal"))

    @classmethod
    def load(cls, path: Path, given: str | None = None) -> Self:
        """The key given (hexadecimal or base64), else the one in the file, which is made when it is not there.

        Raises RootKeyUnusable when the key is malformed, or others may read the file.
        """
        if given is not None:
            return cls(_parsed(given, "The root key that was given"))
        if not path.exists():
            _create(path)
        return cls(_parsed(_read(path), f"The root key in {path}"))

    def seal(self, plain: bytes, context: str) -> bytes:
        """The bytes encrypted; they open only in the same context, such as the row that they belong to."""
        nonce = os.urandom(_NONCE)
        return _FORMAT + nonce + self._sealer.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The plain bytes; raises Corrupt when they were changed, belong elsewhere or are of another root."""
        nonce, ciphertext = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        if sealed[:1] != _FORMAT or len(nonce) != _NONCE:
            raise Corrupt
        try:
            return self._sealer.decrypt(nonce, ciphertext, context.encode())
        except InvalidTag as error:
            raise Corrupt from error

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose; the same one on every start."""
        return self._expanded(f"cargohold derive {purpose}")

    def _expanded(self, info: str) -> bytes:
        return HKDF(SHA256(), _SIZE, salt=None, info=info.encode()).derive(self._material)


def _parsed(text: str, name: str) -> bytes:
    text = text.strip()
    try:
        if len(text) == 2 * _SIZE:
            return bytes.fromhex(text)
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        raise RootKeyUnusable(f"{name} is neither hexadecimal nor base64.") from None


def _read(path: Path) -> str:
    with path.open() as file:
        mode = os.fstat(file.fileno()).st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise RootKeyUnusable(f"Others than its owner may use the root key in {path}. Run: chmod 600 {path}")
        return file.read(1024)


def _create(path: Path) -> None:
    """Writes a fresh key beside, then links it in place: of several processes one wins, and all read the same key."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(_SIZE) + "\n")
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        _sync_folder(path.parent)
    finally:
        draft.unlink()


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
