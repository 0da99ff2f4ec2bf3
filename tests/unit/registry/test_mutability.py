"""Tag mutability, without a database."""

import pytest

from cargohold.core.errors import InvalidParameter
from cargohold.registry.mutability import MODES, check, may_overwrite

FILTERS = "imageTagMutabilityExclusionFilters"
TITLE = "ImageTagMutabilityExclusionFilters"


@pytest.mark.parametrize(
    ("mode", "filters", "tag", "expected"),
    [
        ("MUTABLE", (), "latest", True),
        ("IMMUTABLE", (), "latest", False),
        ("IMMUTABLE_WITH_EXCLUSION", ("latest",), "latest", True),
        ("IMMUTABLE_WITH_EXCLUSION", ("latest",), "latest2", False),
        ("IMMUTABLE_WITH_EXCLUSION", ("latest",), "Latest", False),
        ("IMMUTABLE_WITH_EXCLUSION", ("dev-*", "nightly*"), "nightly", True),
        ("IMMUTABLE_WITH_EXCLUSION", ("dev-*",), "dev-", True),
        ("IMMUTABLE_WITH_EXCLUSION", ("dev-*",), "dev", False),
        ("IMMUTABLE_WITH_EXCLUSION", ("*",), "anything", True),
        ("MUTABLE_WITH_EXCLUSION", ("v*",), "v1", False),
        ("MUTABLE_WITH_EXCLUSION", ("v*",), "xv1", True),
        ("MUTABLE_WITH_EXCLUSION", ("*-release",), "1-release", False),
        ("MUTABLE_WITH_EXCLUSION", ("*-release",), "1-release2", True),
        ("MUTABLE_WITH_EXCLUSION", ("v*.*",), "v1.2.3", False),
        ("MUTABLE_WITH_EXCLUSION", ("v*.*",), "v12", True),
        ("MUTABLE_WITH_EXCLUSION", ("1.0",), "1x0", True),
    ],
)
def test_may_overwrite(mode: str, filters: tuple[str, ...], tag: str, expected: bool) -> None:
    """A filter turns its mode round for the tags that it names, `*` being the only character with a meaning."""
    assert may_overwrite(mode, filters, tag) is expected


@pytest.mark.parametrize("mode", MODES)
def test_modes(mode: str) -> None:
    """Each mode is accepted with the filters that it needs: none, or one to five."""
    most = ("a*b*c", "_", "1.0-*", "x" * 128, "Z")
    check(mode, most if mode.endswith("_WITH_EXCLUSION") else ())


@pytest.mark.parametrize(
    ("mode", "filters", "member", "reason"),
    [
        ("immutable", (), "imageTagMutability", f"Member must satisfy enum value set: [{', '.join(MODES)}]"),
        (
            "IMMUTABLE_WITH_EXCLUSION",
            (),
            FILTERS,
            f"{TITLE} can't be null when imageTagMutability is set as IMMUTABLE_WITH_EXCLUSION",
        ),
        (
            "MUTABLE_WITH_EXCLUSION",
            (),
            FILTERS,
            "ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as MUTABLE_WITH_EXCLUSION",
        ),
        (
            "MUTABLE",
            ("a",),
            FILTERS,
            "ImageTagMutabilityExclusionFilters can't be set when imageTagMutability is set as MUTABLE",
        ),
        (
            "IMMUTABLE",
            ("a",),
            FILTERS,
            "ImageTagMutabilityExclusionFilters can't be set when imageTagMutability is set as IMMUTABLE",
        ),
        ("MUTABLE_WITH_EXCLUSION", tuple("abcdef"), FILTERS, "Member must have length less than or equal to 5"),
        ("MUTABLE_WITH_EXCLUSION", ("a/b",), FILTERS, "must satisfy regular expression '^[0-9a-zA-Z._*-]{1,128}$'"),
        ("MUTABLE_WITH_EXCLUSION", ("a\n",), FILTERS, "must satisfy regular expression '^[0-9a-zA-Z._*-]{1,128}$'"),
        ("MUTABLE_WITH_EXCLUSION", ("",), FILTERS, "must satisfy regular expression '^[0-9a-zA-Z._*-]{1,128}$'"),
        ("MUTABLE_WITH_EXCLUSION", ("x" * 129,), FILTERS, "must satisfy regular expression '^[0-9a-zA-Z._*-]{1,128}$'"),
        ("MUTABLE_WITH_EXCLUSION", ("a*b*c*",), FILTERS, "a filter may have 2 wildcards (*) at the most"),
    ],
)
def test_refused(mode: str, filters: tuple[str, ...], member: str, reason: str) -> None:
    """A mode that ECR does not know, or filters that do not fit the mode, are refused in ECR's words."""
    with pytest.raises(InvalidParameter) as refused:
        check(mode, filters)
    assert str(refused.value) == f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'"
