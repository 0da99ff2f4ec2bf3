"""The OCI door's error table is complete, and says only what the specification and ECR know."""

import re
from collections.abc import Iterator

import pytest

from cargohold.core import errors
from cargohold.core.errors import CargoholdError, CredentialsRequired, InvalidParameter
from cargohold.oci.errors import TABLE, refusal

SPECIFICATION = {
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "UNAUTHORIZED",
    "DENIED",
    "UNSUPPORTED",
    "TOOMANYREQUESTS",
}
DOCKER = {"TAG_INVALID", "RANGE_INVALID", "PAGINATION_NUMBER_INVALID", "UNAVAILABLE", "UNKNOWN"}


def leaves(kind: type[CargoholdError]) -> Iterator[type[CargoholdError]]:
    """The classes below `kind` that nothing is derived from: those that are raised."""
    for child in kind.__subclasses__():
        yield from leaves(child)
    if not kind.__subclasses__():
        yield kind


LEAVES = sorted(
    {kind for kind in leaves(CargoholdError) if kind.__module__ == errors.__name__}, key=lambda kind: kind.__name__
)


def test_every_error_has_a_row() -> None:
    """Each class that can be raised has its status and code, and no row stands for a class that cannot."""
    assert set(TABLE) == set(LEAVES)


@pytest.mark.parametrize("kind", LEAVES)
def test_every_row_is_well_formed(kind: type[CargoholdError]) -> None:
    """Statuses are refusals or faults, as the class says, and codes are known to clients."""
    status, code = TABLE[kind]
    assert code in SPECIFICATION | DOCKER
    assert re.fullmatch("[A-Z_]+", code)
    assert (status >= 500) is issubclass(kind, errors.Unavailable)
    assert (status in (401, 403)) is (issubclass(kind, errors.Unauthorized) or kind is errors.LimitExceeded)


def test_only_who_is_not_proven_is_challenged() -> None:
    """401 asks for other credentials, so it is given only where others would help."""
    challenged = {kind for kind, row in TABLE.items() if row.status == 401}
    assert challenged == {CredentialsRequired, errors.InvalidRegistryToken}


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ("repositoryName", "NAME_INVALID"),
        ("imageTag", "TAG_INVALID"),
        ("n", "PAGINATION_NUMBER_INVALID"),
        ("Content-Range", "BLOB_UPLOAD_INVALID"),
        ("anything", "UNSUPPORTED"),
    ],
)
def test_a_parameter_has_its_own_code(member: str, code: str) -> None:
    """What is wrong with a name, a tag, a page size or a chunk is told by the code of that thing."""
    assert refusal(InvalidParameter(member, "must be otherwise")) == (400, code)
