"""server.certificates: TLS files that cannot be used are refused in words, before anybody connects."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from cargohold.server.certificates import check_certificate, expiry
from cargohold.server.refusal import CannotStart


class Pair(NamedTuple):
    certificate: Path
    key: Path


Make = Callable[..., Pair]


def refusal(certificate: Path, key: Path) -> str:
    with pytest.raises(CannotStart) as caught:
        check_certificate(certificate, key)
    return str(caught.value)


def test_a_pair_that_belongs_together_is_accepted(certificate: Make) -> None:
    """A certificate and its key need nothing more; neither does no TLS at all."""
    check_certificate(*certificate())
    check_certificate(None, None)


def test_a_key_of_another_certificate_is_refused(certificate: Make) -> None:
    """The sentence names both files."""
    first, second = certificate(), certificate()
    assert refusal(first.certificate, second.key) == (
        f"The TLS key {second.key} does not belong to the certificate {first.certificate}."
    )


def test_a_missing_file_is_named(certificate: Make, tmp_path: Path) -> None:
    """A path that leads nowhere is in the sentence."""
    assert refusal(tmp_path / "none.pem", certificate().key) == (
        f"The TLS file {tmp_path}/none.pem cannot be read: No such file or directory."
    )


def test_a_passphrase_is_not_asked_for(certificate: Make) -> None:
    """A protected key is refused instead of stopping at a question on the terminal."""
    pair = certificate(passphrase=b"hunter2")
    assert refusal(*pair) == f"The TLS key {pair.key} is protected by a passphrase: give one that is not."


def test_a_file_that_is_no_certificate_is_refused(certificate: Make) -> None:
    """Swapped or damaged files are named."""
    pair = certificate()
    assert "are not a certificate and its key in PEM" in refusal(pair.key, pair.certificate)


def test_expiry_is_read_from_the_certificate(certificate: Make) -> None:
    """The end of validity is the certificate's own."""
    left = expiry(certificate(days=10).certificate) - datetime.now(UTC)
    assert timedelta(days=9, hours=23) < left <= timedelta(days=10)
