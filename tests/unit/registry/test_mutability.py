"""Tag mutability, without a database."""

import time
from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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
        ("MUTABLE_WITH_EXCLUSION", ("RC*",), "rc1", True),
        ("MUTABLE_WITH_EXCLUSION", ("**",), "", False),
        ("MUTABLE_WITH_EXCLUSION", ("ab*ba",), "aba", True),
        ("MUTABLE_WITH_EXCLUSION", ("ab*ba",), "abba", False),
        ("MUTABLE_WITH_EXCLUSION", ("a*b*a",), "aba", False),
        ("MUTABLE_WITH_EXCLUSION", ("a*b*b",), "ab", True),
        ("IMMUTABLE", ("*",), "anything", False),
        ("MUTABLE", ("*",), "anything", True),
    ],
)
def test_may_overwrite(mode: str, filters: tuple[str, ...], tag: str, expected: bool) -> None:
    """A filter turns its mode round for the tags that it names, `*` being the only character with a meaning."""
    assert may_overwrite(mode, filters, tag) is expected


_FEW = st.text(alphabet="ab", max_size=8)
_WILDCARDS = st.lists(_FEW, min_size=1, max_size=3).map("*".join) | st.text(
    alphabet="abcXYZ019._-*", min_size=1, max_size=128
).filter(lambda text: text.count("*") <= 2)


@given(wildcard=_WILDCARDS, tag=_FEW | st.text(alphabet="abcXYZ019._-", max_size=128))
@example(wildcard="*", tag="")
@example(wildcard="a*a", tag="a")
def test_a_star_is_what_it_is_in_a_shell(wildcard: str, tag: str) -> None:
    """A filter names a tag exactly where a file name's pattern with no other wildcard than `*` would."""
    expected = fnmatchcase(tag, wildcard)
    assert may_overwrite("IMMUTABLE_WITH_EXCLUSION", [wildcard], tag) is expected
    assert may_overwrite("MUTABLE_WITH_EXCLUSION", ["never", wildcard], tag) is (not expected and tag != "never")


@given(parts=st.lists(_FEW, min_size=1, max_size=3), between=st.lists(_FEW, min_size=2, max_size=2))
def test_what_a_filter_was_made_for_it_names(parts: list[str], between: list[str]) -> None:
    """Whatever stands in the places of its wildcards, a filter names the tag."""
    tag = parts[0] + "".join(gap + part for gap, part in zip(between, parts[1:], strict=False))
    assert may_overwrite("IMMUTABLE_WITH_EXCLUSION", ["*".join(parts)], tag)


@pytest.mark.parametrize(
    ("wildcard", "tag"),
    [
        ("*{n}*", "{n}b"),
        ("*a*ab", "{n}"),
        ("*a*b", "{n}c"),
        ("a*" + "a" * 63 + "b*a", "{n}"),
        ("*a" * 40 + "*b*", "{n}"),
    ],
)
def test_time_is_linear(wildcard: str, tag: str) -> None:
    """A tag of a million characters is held against the worst of filters in a moment, where trying takes hours."""
    long = "a" * 1_000_000
    began = time.process_time()
    may_overwrite("MUTABLE_WITH_EXCLUSION", [wildcard.format(n=long)], tag.format(n=long))
    assert time.process_time() - began < 1


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
