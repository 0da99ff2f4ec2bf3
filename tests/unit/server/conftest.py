"""Fixtures: log lines as operators would read them, and certificates."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from cargohold.telemetry import logs

Lines = Callable[[], list[dict[str, Any]]]


class Pair(NamedTuple):
    """A certificate's file and its key's."""

    certificate: Path
    key: Path


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Where every log line of the test goes; the process's own set-up is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    written = io.StringIO()
    monkeypatch.setattr(logs, "_bound", None)
    logs.configure(written, "info")
    yield written
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers, root.level = handlers, level


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    """Reads what was logged so far."""
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


class MakeCertificate(Protocol):
    def __call__(self, name: str = "localhost", *, days: int = 90, passphrase: bytes | None = None) -> Pair: ...


@pytest.fixture
def certificate(tmp_path: Path) -> MakeCertificate:
    """Makes a certificate that signs itself, and its key; both in PEM."""

    def make(name: str = "localhost", *, days: int = 90, passphrase: bytes | None = None) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        signed = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now + timedelta(days=min(days, 0) - 1))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        hidden = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        stem = f"{name}-{signed.serial_number}"
        pair = Pair(tmp_path / f"{stem}.pem", tmp_path / f"{stem}.key")
        pair.certificate.write_bytes(signed.public_bytes(Encoding.PEM))
        pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
        return pair

    return make
