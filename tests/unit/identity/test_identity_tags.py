"""Tags of users, and of whatever else of IAM has tags."""

import pytest

from cargohold.core.errors import InvalidInput
from cargohold.identity import tags
from cargohold.identity.quotas import Quotas

from .home import HOME, Home


def held(home: Home) -> dict[str, str]:
    return dict(home.run(home.users.list_tags(HOME, "alice", None, 100)).items)


def test_tags_are_added(home: Home) -> None:
    """New keys stand beside the old, and a key that is there gets the new value."""
    home.user("alice", tags={"team": "red", "stage": "dev"})
    version = home.version()
    home.run(home.users.tag(HOME, "alice", {"stage": "prod", "owner": ""}))
    assert held(home) == {"owner": "", "stage": "prod", "team": "red"}
    assert home.version() > version


def test_keys_are_the_same_regardless_of_case(home: Home) -> None:
    """A key that differs in case replaces the old one, and shows as it was last written."""
    home.user("alice", tags={"Straße": "a", "team": "red"})
    home.run(home.users.tag(HOME, "alice", {"STRAßE": "b", "TEAM": "blue"}))
    assert held(home) == {"STRAßE": "b", "TEAM": "blue"}
    home.run(home.users.untag(HOME, "alice", ["Team"]))
    assert held(home) == {"STRAßE": "b"}


def test_a_key_given_twice() -> None:
    """Two tags whose keys differ in case only are refused together."""
    with pytest.raises(InvalidInput, match=r"Duplicate tag keys found\. Please note that Tag keys are case insensit"):
        tags.read([("Team", "red"), ("team", "blue")])
    assert tags.read([("a", "1"), ("b", "1")]) == {"a": "1", "b": "1"}


@pytest.mark.parametrize("key", ["aws:", "aws:team", "AWS:Team"])
def test_reserved_keys(home: Home, key: str) -> None:
    """What AWS keeps for itself is neither written nor taken away."""
    home.user("alice")
    with pytest.raises(InvalidInput, match="reserved"):
        tags.read([(key, "v")])
    assert home.refusal(home.users.untag(HOME, "alice", [key]))[0] == "InvalidInput"
    assert tags.read([("awsome", "v")]) == {"awsome": "v"}


def test_quota(home: Home) -> None:
    """The last tag is written; one more is refused, and none of its request is kept."""
    home.use(Quotas(tags=3))
    home.user("alice", tags={"a": "1", "b": "1"})
    home.run(home.users.tag(HOME, "alice", {"c": "1"}))
    home.run(home.users.tag(HOME, "alice", {"A": "2"}))
    full = ("LimitExceeded", "The number of tags has reached the maximum limit.")
    assert home.refusal(home.users.tag(HOME, "alice", {"b": "2", "d": "1"})) == full
    assert held(home) == {"A": "2", "b": "1", "c": "1"}


def test_pages(home: Home) -> None:
    """Tags are listed by key regardless of case, page after page."""
    home.user("alice", tags={"b": "1", "A": "2", "c": "3"})
    first = home.run(home.users.list_tags(HOME, "alice", None, 2))
    assert (first.items, first.after) == ((("A", "2"), ("b", "1")), "b")
    second = home.run(home.users.list_tags(HOME, "alice", first.after, 2))
    assert (second.items, second.after) == ((("c", "3"),), None)
