"""Managed policies: an account's own, and AWS's as the account sees them."""

import re

import pytest

from cargohold.database.schema.identity import identity_tag, managed_policy, policy_version
from cargohold.identity import aws_managed, policy
from cargohold.identity.entity import Named
from cargohold.identity.policies import BOTH, NewPolicy, Owner
from cargohold.identity.policy import Usage, UsedBy, Wanted, parse
from cargohold.identity.quotas import Quotas

from .home import ALLOW_ECR, HOME, NOON, OTHER, Home

READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
TASKS = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


WHICHEVER = Wanted()


def listed(home: Home, owners: tuple[Owner, ...] = BOTH, wanted: Wanted = WHICHEVER, limit: int = 100) -> list[str]:
    """Names page after page."""
    names: list[str] = []
    after = None
    while True:
        page = home.run(home.policies.page(HOME, owners, wanted, after=after, limit=limit))
        assert len(page.items) <= limit
        names += [each.name for each in page.items]
        if page.after is None:
            return names
        after = page.after


def test_a_policy_is_read_back_as_it_was_made(home: Home) -> None:
    """Name, path, description and tags come back as they were given, under an id like AWS's, with one version."""
    made = home.policy("Push", path="/team/red/", description="may push", tags={"Cost Center": "42"})
    assert re.fullmatch(r"ANPA[A-Z2-7]{17}", made.id)
    assert made.arn == f"arn:aws:iam::{HOME}:policy/team/red/Push"
    assert (made.default_version, made.created_at, made.updated_at, made.usage) == (1, NOON, NOON, Usage())
    assert home.read(made.arn) == made
    assert home.run(home.versions.get(HOME, parse(made.arn), 1)).document == ALLOW_ECR


def test_names_are_unique_regardless_of_case(home: Home) -> None:
    """A name that differs in case only is taken, under another path too; one of AWS's policies may be had twice."""
    home.policy("Push")
    taken = ("EntityAlreadyExists", "A policy called PUSH already exists. Duplicate names are not allowed.")
    assert home.refusal(home.policies.create(HOME, NewPolicy("PUSH", ALLOW_ECR, "/elsewhere/"))) == taken
    home.policy("AdministratorAccess")


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{HOME}:policy/push",
        f"arn:aws:iam::{HOME}:policy/team/Push",
        f"arn:aws:iam::{HOME}:policy/Nothing",
        f"arn:aws:iam::{OTHER}:policy/Push",
        "arn:aws:iam::aws:policy/Push",
        "arn:aws:iam::aws:policy/administratoraccess",
    ],
)
def test_an_arn_means_one_policy(home: Home, arn: str) -> None:
    """An ARN in another case, with another path, of another account or of AWS finds nothing, whatever is asked."""
    home.policy("Push")
    absent = ("NoSuchEntity", f"Policy {arn} was not found.")
    name = parse(arn)
    for work in (
        home.policies.get(HOME, name),
        home.policies.delete(HOME, name),
        home.policies.users_of(HOME, name, UsedBy(), None, 1),
        home.policies.tag(HOME, name, {"k": "v"}),
        home.policies.untag(HOME, name, ["k"]),
        home.policies.list_tags(HOME, name, None, 1),
        home.versions.create(HOME, name, ALLOW_ECR, default=True),
        home.versions.get(HOME, name, 1),
        home.versions.page(HOME, name, None, 1),
        home.versions.set_default(HOME, name, 1),
        home.versions.delete(HOME, name, 1),
    ):
        assert home.refusal(work) == absent


@pytest.mark.parametrize(
    ("arn", "sentence"),
    [
        ("longpolicynamebutnoarn", "Invalid ARN:  Could not be parsed!"),
        ("", "Invalid ARN:  Could not be parsed!"),
        (f"arn:aws:iam::{HOME}:role/Push", f"ARN arn:aws:iam::{HOME}:role/Push is not valid."),
        (f"arn:aws:ecr::{HOME}:policy/Push", f"ARN arn:aws:ecr::{HOME}:policy/Push is not valid."),
        (f"arn:aws:iam::{HOME}:policy/", f"ARN arn:aws:iam::{HOME}:policy/ is not valid."),
        ("arn:aws:iam::1:policy/Push", "ARN arn:aws:iam::1:policy/Push is not valid."),
        ("arn:aws:iam::aws:policy/a*", "ARN arn:aws:iam::aws:policy/a* is not valid."),
    ],
)
def test_what_is_no_policys_arn_is_told_so(arn: str, sentence: str) -> None:
    """Text that is no ARN, and the ARN of something else, is refused in AWS's words."""
    with pytest.raises(policy.ValidationError) as refused:
        parse(arn)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("limit", [1, 5, 13, 14, 15, 100])
def test_lists_give_the_accounts_own_then_those_of_aws(home: Home, limit: int) -> None:
    """Every policy is on one page, by name regardless of case: those of the account first."""
    home.run(home.accounts.bootstrap(OTHER))
    home.run(home.policies.create(OTHER, NewPolicy("hidden", ALLOW_ECR)))
    home.policy("zebra")
    home.policy("Ant")
    known = sorted((each.name for each in aws_managed.POLICIES.values()), key=str.lower)
    assert listed(home, limit=limit) == ["Ant", "zebra", *known]
    assert listed(home, ("account",), limit=limit) == ["Ant", "zebra"]
    assert listed(home, ("aws",), limit=limit) == known


def test_lists_below_a_path(home: Home) -> None:
    """A path prefix leaves out what does not begin with it, whatever its case, of AWS's policies too."""
    for number, path in enumerate(("/team/", "/team/red/", "/Team/", "/te%m/")):
        home.policy(f"p{number}", path=path)
    assert listed(home, wanted=Wanted("/team/")) == ["p0", "p1"]
    assert listed(home, wanted=Wanted("/te%m/")) == ["p3"]
    assert len(listed(home, wanted=Wanted("/service-role/"))) == 2


def test_lists_of_what_is_used(home: Home) -> None:
    """Whether a policy is attached, bounds somebody or does either decides on which list it is; others' use is not."""
    home.user("alice")
    home.run(home.accounts.bootstrap(OTHER))
    alice = Named(HOME, "user", "alice")
    attached, limiting, unused = (home.policy(name).arn for name in ("attached", "limiting", "unused"))
    home.run(home.attachments.attach(alice, attached))
    home.run(home.attachments.attach(alice, READ_ONLY))
    home.run(home.boundaries.put(alice, limiting))
    names = {
        way: listed(home, wanted=Wanted(used=way))
        for way in ("attached", "boundary", "either")  # type: ignore[arg-type]
    }
    assert names == {
        "attached": ["attached", "AdministratorAccess", "AmazonEC2ContainerRegistryReadOnly"],
        "boundary": ["limiting"],
        "either": ["attached", "limiting", "AdministratorAccess", "AmazonEC2ContainerRegistryReadOnly"],
    }
    assert [home.read(arn).usage for arn in (attached, limiting, unused)] == [Usage(1, 0), Usage(0, 1), Usage(0, 0)]
    # Both accounts' administrators have it.
    assert home.read(ADMINISTRATOR).usage == Usage(1, 0)


def test_who_uses_a_policy(home: Home) -> None:
    """Groups, roles and users come in this order, each once, by name; kind, use and path leave others out."""
    for name in ("Bob", "alice"):
        home.user(name, "/team/")
    home.role("deploy")
    home.run(home.groups.create(HOME, "admins", "/team/"))
    arn = home.policy("Push").arn
    kinds = {"Bob": "user", "alice": "user", "deploy": "role", "admins": "group"}
    for name, kind in kinds.items():
        home.run(home.attachments.attach(Named(HOME, kind, name), arn))  # type: ignore[arg-type]
    home.run(home.boundaries.put(Named(HOME, "user", "alice"), arn))

    def users_of(wanted: UsedBy, limit: int = 100) -> list[str]:
        names: list[str] = []
        after = None
        while True:
            page = home.run(home.policies.users_of(HOME, parse(arn), wanted, after=after, limit=limit))
            names += [each.name for each in page.items]
            if page.after is None:
                return names
            after = page.after

    for limit in (1, 2, 3, 4, 100):
        assert users_of(UsedBy(), limit) == ["admins", "deploy", "alice", "Bob"]
    assert users_of(UsedBy(kinds=("user",))) == ["alice", "Bob"]
    assert users_of(UsedBy(kinds=())) == []
    assert users_of(UsedBy(way="boundary")) == ["alice"]
    assert users_of(UsedBy(way="attached", path="/team/")) == ["admins", "alice", "Bob"]
    assert home.read(arn).usage == Usage(4, 1)


def test_who_uses_a_policy_of_aws_in_another_account_is_not_told(home: Home) -> None:
    """A policy of AWS's is used by each account's own, and by nobody else that the account learns of."""
    home.run(home.accounts.bootstrap(OTHER))
    page = home.run(home.policies.users_of(OTHER, parse(ADMINISTRATOR), UsedBy(), after=None, limit=100))
    assert [(each.account, each.name) for each in page.items] == [(OTHER, "administrator")]


def test_a_policy_in_use_is_kept(home: Home) -> None:
    """While a policy is attached, bounds somebody or has a further version it cannot be deleted."""
    home.user("alice")
    alice, arn = Named(HOME, "user", "alice"), home.policy("Push").arn
    name, in_use = parse(arn), ("DeleteConflict", "Cannot delete a policy attached to entities.")
    home.run(home.attachments.attach(alice, arn))
    assert home.refusal(home.policies.delete(HOME, name)) == in_use
    home.run(home.attachments.detach(alice, arn))
    home.run(home.boundaries.put(alice, arn))
    assert home.refusal(home.policies.delete(HOME, name)) == in_use
    home.run(home.boundaries.delete(alice))
    home.run(home.versions.create(HOME, name, ALLOW_ECR, default=False))
    versions = (
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
        "The default version is deleted with the policy."
    )
    assert home.refusal(home.policies.delete(HOME, name)) == ("DeleteConflict", versions)
    home.run(home.versions.delete(HOME, name, 2))
    home.run(home.policies.delete(HOME, name))


def test_deleting_leaves_nothing(home: Home) -> None:
    """A deleted policy's version and tags go with it; one of its name made anew is another policy."""
    arn = home.policy("Push", tags={"k": "v"}).arn
    home.run(home.policies.delete(HOME, parse(arn)))
    assert (home.rows(managed_policy), home.rows(policy_version), home.rows(identity_tag)) == (0, 0, 0)
    home.policy("push")


def test_tags(home: Home) -> None:
    """Tags are added, replaced regardless of case, listed by key and taken away; AWS's policies have none."""
    arn = home.policy("Push", tags={"Team": "red"}).arn
    name = parse(arn)
    home.run(home.policies.tag(HOME, name, {"team": "blue", "a": "1"}))
    assert home.read(arn).tags == {"a": "1", "team": "blue"}
    page = home.run(home.policies.list_tags(HOME, name, None, 1))
    assert (page.items, page.after) == ((("a", "1"),), "a")
    home.run(home.policies.untag(HOME, name, ["TEAM", "absent"]))
    assert home.run(home.policies.list_tags(HOME, name, None, 100)).items == (("a", "1"),)
    assert home.run(home.policies.list_tags(HOME, parse(READ_ONLY), None, 100)).items == ()
    assert home.refusal(home.policies.untag(HOME, name, ["aws:x"]))[0] == "InvalidInput"


def test_quota_of_tags(home: Home) -> None:
    """The tag over the quota is refused, when a policy is made and later, and leaves nothing behind."""
    home.use(Quotas(tags=2))
    arn = home.policy("Push", tags={"a": "", "b": ""}).arn
    full = ("LimitExceeded", "The number of tags has reached the maximum limit.")
    assert home.refusal(home.policies.tag(HOME, parse(arn), {"c": ""})) == full
    three = NewPolicy("Pull", ALLOW_ECR, tags={"a": "", "b": "", "c": ""})
    assert home.refusal(home.policies.create(HOME, three)) == full
    assert home.rows(managed_policy) == 1


def test_quota(home: Home) -> None:
    """The policy over the account's quota is refused, and not before."""
    home.use(Quotas(policies=2))
    home.policy("one")
    home.policy("two")
    refusal = ("LimitExceeded", "Cannot exceed quota for PoliciesPerAccount: 2")
    assert home.refusal(home.policies.create(HOME, NewPolicy("three", ALLOW_ECR))) == refusal


def test_size(home: Home) -> None:
    """A document may have 6,144 characters, white space aside, and none more."""
    longest = sized(6_144)
    home.policy("whole", longest.replace(',"', ' ,\t\r\n"'))
    too_long = ("LimitExceeded", "Cannot exceed quota for PolicySize: 6144")
    assert home.refusal(home.policies.create(HOME, NewPolicy("more", sized(6_145)))) == too_long
    name = parse(f"arn:aws:iam::{HOME}:policy/whole")
    home.run(home.versions.create(HOME, name, longest, default=False))
    assert home.refusal(home.versions.create(HOME, name, sized(6_145), default=False)) == too_long


def test_malformed(home: Home) -> None:
    """What breaks the grammar of managed policies is refused, and is no policy then."""
    for document in ("{", "[]", '{"Version": "2012-10-17"}', ALLOW_ECR.replace("2012", "2008")):
        assert home.refusal(home.policies.create(HOME, NewPolicy("p", document)))[0] == "MalformedPolicyDocument"
    assert home.rows(managed_policy) == 0


def test_every_change_ends_what_was_compiled(home: Home) -> None:
    """Whatever changes a policy that somebody may have raises the account's access version."""
    name = parse(home.policy("Push").arn)
    for work in (
        home.policies.tag(HOME, name, {"k": "v"}),
        home.policies.untag(HOME, name, ["k"]),
        home.versions.create(HOME, name, ALLOW_ECR, default=True),
        home.versions.set_default(HOME, name, 1),
        home.versions.delete(HOME, name, 2),
        home.policies.delete(HOME, name),
    ):
        before = home.version()
        home.run(work)
        assert home.version() == before + 1


def sized(characters: int) -> str:
    """A policy of as many characters, white space aside."""
    text = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*","Sid":""}}'
    return text.replace('""', '"' + "x" * (characters - len(text)) + '"')
