"""What the TLS files say, before the server or `doctor` rely on them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

from cargohold.server.refusal import CannotStart


def check_certificate(certificate: Path | None, key: Path | None) -> None:
    """Returns when there is no certificate, or it and its key can be used; raises CannotStart with what is wrong."""
    if certificate is None or key is None:
        return
    for file in (certificate, key):
        try:
            file.read_bytes()
        except OSError as error:
            raise CannotStart(f"The TLS file {file} cannot be read: {error.strerror}.") from None
    try:
        # An empty passphrase instead of a question on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except ssl.SSLError as error:
        raise CannotStart(_reason(error, certificate, key)) from None


def expiry(certificate: Path) -> datetime:
    """When the first certificate of a PEM file ends; raises ValueError when there is none."""
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc.astimezone(UTC)


def _reason(error: ssl.SSLError, certificate: Path, key: Path) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"The TLS key {key} does not belong to the certificate {certificate}."
    if error.reason in ("BAD_DECRYPT", "BAD_PASSWORD_READ"):
        return f"The TLS key {key} is protected by a passphrase: give one that is not."
    return f"The TLS files {certificate} and {key} are not a certificate and its key in PEM."
