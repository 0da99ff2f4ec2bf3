"""core.reference: names of repositories and tags."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.core import reference
from cargohold.core.errors import InvalidDigest, InvalidParameter

NAMES = ["ab", "a/b", "team/web-app", "a__b", "a---b", "a.b_c", "1", "a" * 256]
BAD_NAMES = ["", "A", "a..b", "a___b", "/a", "a/", "a//b", "-a", "a-", "a b", "ä", "a/../b", "a%2fb", "a\n", "a" * 257]


@pytest.mark.parametrize("name", NAMES[:-2] + NAMES[-1:])
def test_names_that_ecr_accepts(name: str) -> None:
    """A name by ECR's grammar, nested or not, is a repository's name."""
    assert reference.parse_repository_name(name) == name


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_ecr_refuses(name: str) -> None:
    """A name outside the grammar or its lengths is refused in ECR's words."""
    with pytest.raises(InvalidParameter, match="Invalid parameter at 'repositoryName' failed to satisfy constraint"):
        reference.parse_repository_name(name)


@given(st.text(alphabet="ab0._-/", min_size=2, max_size=14))
def test_the_linear_pattern_means_the_same_as_ecrs(text: str) -> None:
    """Our pattern accepts exactly what ECR's own pattern accepts."""
    theirs = re.fullmatch(reference.REPOSITORY_NAME_PATTERN, text) is not None
    assert reference.is_repository_name(text) == theirs


def test_a_hostile_name_is_refused_at_once() -> None:
    """A name made to send a pattern backtracking is refused in linear time."""
    began = time.perf_counter()
    assert not reference.is_repository_name("a-" * 127 + "!")
    assert not reference.is_repository_name("a" * 255 + "!")
    assert time.perf_counter() - began < 0.1


def test_a_reference_is_a_tag_or_a_digest() -> None:
    """A colon makes a reference a digest; without one it is a tag."""
    digest = "sha256:" + "0" * 64
    assert reference.parse_reference("v1.0").tag == "v1.0"
    assert reference.parse_reference(digest).digest == digest
    assert str(reference.parse_reference(digest)) == digest


@pytest.mark.parametrize("text", ["", "-v", ".v", "a" * 129, "a/b", "ä", "a b"])
def test_bad_tags_are_refused(text: str) -> None:
    """A tag outside docker's grammar is refused."""
    with pytest.raises(InvalidParameter, match="imageTag"):
        reference.parse_reference(text)


def test_a_bad_digest_is_not_taken_for_a_tag() -> None:
    """Text with a colon is never a tag."""
    with pytest.raises(InvalidDigest):
        reference.parse_reference("sha256:abc")
