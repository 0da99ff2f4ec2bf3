"""Which creation template makes a repository: prefixes, scenarios, and what holds of any of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargohold.registry.creation_template import CREATE_ON_PUSH, ROOT, Template, choose, covering, forms

PART = st.text("abz019", min_size=1, max_size=3)
NAME = st.lists(PART, min_size=1, max_size=5).map("/".join)


def template(prefix: str, *scenarios: str) -> Template:
    return Template(prefix, scenarios or (CREATE_ON_PUSH,))


@pytest.mark.parametrize(
    ("name", "prefixes"),
    [
        ("app", [ROOT]),
        ("a/app", ["a", "a/", ROOT]),
        ("a/b/app", ["a/b", "a/b/", "a", "a/", ROOT]),
    ],
)
def test_covering(name: str, prefixes: list[str]) -> None:
    """The prefixes of a name are those of its folders, the deepest first, and ROOT."""
    assert covering(name) == prefixes


@given(name=NAME, prefixes=st.sets(NAME), slash=st.booleans(), root=st.booleans())
def test_the_longest_that_the_name_begins_with(name: str, prefixes: set[str], slash: bool, root: bool) -> None:
    """What is chosen is the longest prefix that the name goes on from with a slash, else ROOT, else nothing."""
    named = {forms(prefix)[slash] for prefix in prefixes} | ({ROOT} if root else set())
    chosen = choose((template(prefix) for prefix in named), name, CREATE_ON_PUSH)
    fitting = [prefix for prefix in prefixes if name.startswith(f"{prefix}/")]
    expected = forms(max(fitting, key=len))[slash] if fitting else (ROOT if root else None)
    assert (chosen and chosen.prefix) == expected


def test_another_scenario_does_not_hide_a_shorter_prefix() -> None:
    """A template that is not for the scenario is as if it were not there."""
    templates = [template("a"), template("a/b", "REPLICATION"), template(ROOT, "PULL_THROUGH_CACHE")]
    chosen = choose(templates, "a/b/app", CREATE_ON_PUSH)
    assert chosen == templates[0]
    assert choose(templates, "app", CREATE_ON_PUSH) is None
    assert choose(templates, "app", "PULL_THROUGH_CACHE") == templates[2]


def test_what_it_makes() -> None:
    """A repository has what its template says, and a template of defaults makes what CreateRepository does."""
    whole = Template(
        "a",
        (CREATE_ON_PUSH,),
        tag_mutability="MUTABLE_WITH_EXCLUSION",
        tag_mutability_filters=("v*",),
        resource_tags={"k": "v"},
        repository_policy="{}",
        lifecycle_policy="[]",
    )
    made = whole.repository("a/app")
    assert (made.name, made.tag_mutability, made.tag_mutability_filters) == ("a/app", "MUTABLE_WITH_EXCLUSION", ("v*",))
    assert (made.tags, made.policy, made.lifecycle_policy) == ({"k": "v"}, "{}", "[]")
    assert (made.encryption_type, made.kms_key, made.scan_on_push) == ("AES256", None, False)
