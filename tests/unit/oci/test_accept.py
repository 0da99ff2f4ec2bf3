"""oci.accept: media types in headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cargohold.core.manifest import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from cargohold.oci.accept import accepts, media_type


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", True),
        ("*/*", True),
        ("application/*", True),
        (OCI_INDEX, True),
        (OCI_INDEX.upper(), True),
        (f"{OCI_MANIFEST}, {OCI_INDEX}", True),
        (f"{OCI_MANIFEST},{OCI_INDEX};q=0.5", True),
        (f"{OCI_MANIFEST}, */*;q=0.1", True),
        (OCI_MANIFEST, False),
        (f"{OCI_MANIFEST}, {DOCKER_MANIFEST}, {DOCKER_LIST}", False),
        (f"{OCI_INDEX};q=0, */*", False),
        (f"{OCI_INDEX}; q=0.0", False),
        ("text/*", False),
        ("application/json", False),
    ],
)
def test_the_most_specific_entry_decides(header: str, accepted: bool) -> None:
    """An Accept header takes a type by its name, else by its family, else by everything, and q=0 refuses."""
    assert accepts(header, OCI_INDEX) is accepted


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (OCI_MANIFEST, OCI_MANIFEST),
        (f"{OCI_MANIFEST}; charset=utf-8", OCI_MANIFEST),
        (f" {OCI_MANIFEST} ;x=y;z", OCI_MANIFEST),
        ("", None),
        (";charset=utf-8", None),
    ],
)
def test_parameters_are_no_part_of_a_media_type(header: str, kind: str | None) -> None:
    """A Content-Type counts without its parameters, and an empty one is none."""
    assert media_type(header) == kind


@given(some.text())
def test_no_header_is_too_strange(header: str) -> None:
    """Whatever is sent as Accept or Content-Type is read without failing."""
    accepts(header, OCI_INDEX)
    media_type(header)
