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
    asked: list[bool] = []

    def no_passphrase() -> str:
        asked.append(True)
        return ""

    try:
        # Without a function OpenSSL would ask on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=no_passphrase)
    except ssl.SSLError as error:
        if asked:
            raise CannotStart(f"The TLS key {key} is protected by a passphrase: give one that is not.") from None
        if error.reason == "KEY_VALUES_MISMATCH":
            raise CannotStart(f"The TLS key {key} does not belong to the certificate {certificate}.") from None
        raise CannotStart(f"The TLS files {certificate} and {key} are not a certificate and its key in PEM.") from None


def expiry(certificate: Path) -> datetime:
    """When the first certificate of a PEM file ends; raises ValueError when there is none."""
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc.astimezone(UTC)
