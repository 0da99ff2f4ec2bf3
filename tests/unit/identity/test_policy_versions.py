"""The versions of managed policies."""

import pytest

from cargohold.identity.policy import PolicyName, PolicyVersion, parse
from cargohold.identity.quotas import Quotas

from .home import ALLOW_ECR, HOME, NOON, Home

DENY_ECR = ALLOW_ECR.replace("Allow", "Deny")
READ_ONLY = parse("arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly")


@pytest.fixture
def name(home: Home) -> PolicyName:
    """A policy with one version."""
    return parse(home.policy("Push").arn)


def add(home: Home, name: PolicyName, *, default: bool = False) -> PolicyVersion:
    return home.run(home.versions.create(HOME, name, DENY_ECR, default=default))


def held(home: Home, name: PolicyName) -> list[tuple[int, bool]]:
    """Numbers, and which is in force."""
    page = home.run(home.versions.page(HOME, name, None, 100))
    return [(each.number, each.default) for each in page.items]


def test_a_version_is_in_force_when_it_is_asked_to_be(home: Home, name: PolicyName) -> None:
    """A version is added beside the one in force, or takes its place; each is read back as it was written."""
    home.now += 1_000
    assert add(home, name) == PolicyVersion(2, DENY_ECR, default=False, created_at=NOON + 1_000)
    assert held(home, name) == [(2, False), (1, True)]
    assert add(home, name, default=True).default
    assert held(home, name) == [(3, True), (2, False), (1, False)]
    assert home.run(home.versions.get(HOME, name, 3)).document == DENY_ECR
    assert home.run(home.versions.get(HOME, name, 1)) == PolicyVersion(1, ALLOW_ECR, default=False, created_at=NOON)
    changed = home.read(name.arn)
    assert (changed.default_version, changed.created_at, changed.updated_at) == (3, NOON, NOON + 1_000)


def test_another_version_is_put_in_force(home: Home, name: PolicyName) -> None:
    """Any version may become the one in force, and back."""
    add(home, name)
    for number in (2, 1, 1):
        home.run(home.versions.set_default(HOME, name, number))
        assert [each for each, default in held(home, name) if default] == [number]


def test_a_policy_has_five_versions(home: Home, name: PolicyName) -> None:
    """The sixth version is refused until one is deleted, and no number is given twice."""
    for _ in range(4):
        add(home, name)
    sentence = (
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing "
        "version."
    )
    assert home.refusal(home.versions.create(HOME, name, DENY_ECR, default=True)) == ("LimitExceeded", sentence)
    home.run(home.versions.delete(HOME, name, 5))
    assert add(home, name).number == 6
    assert [number for number, _ in held(home, name)] == [6, 4, 3, 2, 1]


def test_the_version_in_force_stays(home: Home, name: PolicyName) -> None:
    """Only a version that is not in force can be deleted."""
    add(home, name, default=True)
    refusal = ("DeleteConflict", "Cannot delete the default version of a policy.")
    assert home.refusal(home.versions.delete(HOME, name, 2)) == refusal
    home.run(home.versions.delete(HOME, name, 1))
    assert held(home, name) == [(2, True)]


def test_a_version_that_is_not_there(home: Home, name: PolicyName) -> None:
    """A number that the policy does not have is told with the policy's ARN."""
    refusal = ("NoSuchEntity", f"Policy {name.arn} version v2 does not exist or is not attachable.")
    for work in (
        home.versions.get(HOME, name, 2),
        home.versions.set_default(HOME, name, 2),
        home.versions.delete(HOME, name, 2),
    ):
        assert home.refusal(work) == refusal


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages(home: Home, limit: int) -> None:
    """Every version is on one page, the newest first, also when there are more than nine."""
    home.use(Quotas(policy_versions=12))
    name = parse(home.policy("Many").arn)
    for _ in range(10):
        add(home, name)
    found: list[int] = []
    after = None
    while True:
        page = home.run(home.versions.page(HOME, name, after, limit))
        found += [each.number for each in page.items]
        if page.after is None:
            break
        after = page.after
    assert found == list(range(11, 0, -1))


def test_those_of_aws_have_their_newest_version(home: Home) -> None:
    """A policy of AWS's has the version that is in force, and nobody adds to it, changes or deletes it."""
    assert held(home, READ_ONLY) == [(3, True)]
    assert home.run(home.versions.get(HOME, READ_ONLY, 3)).number == 3
    absent = ("NoSuchEntity", f"Policy {READ_ONLY.arn} was not found.")
    for work in (
        home.versions.create(HOME, READ_ONLY, ALLOW_ECR, default=True),
        home.versions.set_default(HOME, READ_ONLY, 3),
        home.versions.delete(HOME, READ_ONLY, 3),
        home.policies.delete(HOME, READ_ONLY),
        home.policies.tag(HOME, READ_ONLY, {"k": "v"}),
    ):
        assert home.refusal(work) == absent


def test_malformed(home: Home, name: PolicyName) -> None:
    """A version that breaks the grammar is refused, and none is added."""
    assert home.refusal(home.versions.create(HOME, name, "{", default=True))[0] == "MalformedPolicyDocument"
    assert held(home, name) == [(1, True)]
