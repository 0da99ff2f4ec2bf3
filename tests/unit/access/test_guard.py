"""The guard, on a database: what it finds, whom it lets through, and what ends when."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from cargohold.access import denial
from cargohold.access.demand import Demand, Entity
from cargohold.core.arn import Registry, Target
from cargohold.core.errors import AccessDenied, CredentialsRequired, RepositoryNotFound, UnknownCredential
from cargohold.database.schema.identity import (
    access_key,
    group_member,
    inline_policy,
    managed_policy,
    policy_attachment,
    policy_version,
    principal,
    role,
    session,
)
from cargohold.database.schema.registry import repository
from cargohold.identity.principals import ANONYMOUS, Credential, DownloadLimit
from tests.bed.access import (
    ABROAD,
    ADMINISTRATOR,
    EMPTY,
    FOREIGNER,
    GET_BLOB,
    HOME,
    IAM,
    NOW,
    PUBLIC,
    PULL,
    PUSH,
    REPOSITORIES,
    ROOT,
    USER,
    WEST,
    House,
    document,
    furnish,
    granting,
    statement,
    trusting,
)
from tests.bed.engines import Engine, Place

APP = Demand(PULL, HOME, "app")
USER_ARN = "arn:aws:iam::123456789012:user/staff/user"


@pytest.fixture(scope="session")
def furnished(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = engine.make(tmp_path_factory.mktemp("furnished"))

    async def work() -> None:
        database = engine.open(place)
        await database.write(furnish)
        await database.close()

    asyncio.run(work())
    return place


@pytest.fixture
def house(engine: Engine, furnished: Place, tmp_path: Path) -> Iterator[House]:
    place = engine.copy(furnished, tmp_path)
    with engine.borrowed(place) as database:
        yield House(database)
    engine.drop(place)


@pytest.mark.parametrize(("number", "named"), REPOSITORIES.items())
def test_one_repository(house: House, number: int, named: tuple[Registry, str]) -> None:
    """A repository is found in the registry that is named, and in no other that has one of the same name."""
    of, name = named
    optional = (Demand(PULL, of, name),)
    assert house.require(ADMINISTRATOR, (), optional).target(of, name) == Target(of, name, number)


def test_many_repositories(house: House) -> None:
    """Repositories of several registries are found each in its own, beside ones that do not exist."""
    named = [*REPOSITORIES.values(), (HOME, "absent"), (HOME, "theirs"), (EMPTY, "app"), (HOME, "app")]
    admission = house.require(ADMINISTRATOR, (), [Demand(PULL, of, name) for of, name in named])
    found = {name: target.id for name, target in admission.targets.items()}
    assert found == {
        **{name: number for number, name in REPOSITORIES.items()},
        (HOME, "absent"): None,
        (HOME, "theirs"): None,
        (EMPTY, "app"): None,
    }


@pytest.mark.parametrize("of", [HOME, EMPTY])
def test_absent_repository(house: House, of: Registry) -> None:
    """Who may ask is let through to a repository that does not exist, and the room says so."""
    target = house.require(ADMINISTRATOR, (Demand(PULL, of, "absent"),)).target(of, "absent")
    assert target == Target(of, "absent", None)
    with pytest.raises(RepositoryNotFound, match=f"The repository with name 'absent' .* with id '{of.account}'"):
        _ = target.existing


@pytest.mark.parametrize("names", [("app",), ("app", "team/app")])
def test_deleted_repository(house: House, names: tuple[str, ...]) -> None:
    """A deleted repository is not there, however many are asked for."""
    house.write(update(repository).where(repository.c.id == 1).values(state="deleted", deleted_at=1))
    admission = house.require(ADMINISTRATOR, [Demand(PULL, HOME, name) for name in names])
    assert admission.target(HOME, "app").id is None


@pytest.mark.parametrize("names", [(), ("app",), ("app", "team/app", "absent"), tuple(f"r{i}" for i in range(100))])
def test_one_read(house: House, names: tuple[str, ...]) -> None:
    """Whatever a request names, the guard reads once, and once more when the caller's access was changed."""
    demands = [Demand(PULL, HOME, name) for name in names]
    for reads in (2, 3, 4):
        house.require(ADMINISTRATOR, demands)
        assert house.counted.reads == reads
    house.write()
    house.require(ADMINISTRATOR, demands)
    assert house.counted.reads == 6


def test_principal(house: House) -> None:
    """The admission names a user by its ARN, with its tags."""
    house.tag("AIDAADMINISTRATOR", team="red")
    who = house.require(ADMINISTRATOR, ()).principal
    assert who.arn == who.entity_arn == "arn:aws:iam::123456789012:user/staff/administrator"
    assert (who.id, who.entity_id) == ("AIDAADMINISTRATOR", "AIDAADMINISTRATOR")
    assert (who.account, who.kind, who.name, who.tags) == (HOME.account, "user", "administrator", {"team": "red"})


@pytest.mark.parametrize("demands", [(), (APP,), (Demand(PULL, PUBLIC, "app"),)])
def test_anonymous(house: House, demands: Sequence[Demand]) -> None:
    """Nobody gets anything without a name."""
    with pytest.raises(CredentialsRequired):
        house.require(ANONYMOUS, demands)


@pytest.mark.parametrize("name", ["app", "absent"])
def test_s24_denied(house: House, name: str) -> None:
    """Who may not is refused in AWS's words, whether or not the repository exists."""
    with pytest.raises(AccessDenied) as refusal:
        house.require(USER, (Demand(PUSH, HOME, name),))
    assert str(refusal.value).partition(". Encoded")[0] == (
        f"User: {USER_ARN} is not authorized to perform: ecr:PutImage "
        f"on resource: arn:aws:ecr:eu-central-1:123456789012:repository/{name} "
        "because no identity-based policy allows the ecr:PutImage action"
    )


def test_denied_in_another_account(house: House) -> None:
    """An administrator has no power in another account, and is told that no policy there gives it."""
    with pytest.raises(AccessDenied) as refusal:
        house.require(ADMINISTRATOR, (Demand(PULL, ABROAD, "theirs"),))
    assert (
        str(refusal.value)
        .partition(". Encoded")[0]
        .endswith(
            "on resource: arn:aws:ecr:eu-central-1:210987654321:repository/theirs "
            "because no resource-based policy allows the ecr:BatchGetImage action"
        )
    )


def test_the_encoded_message(house: House) -> None:
    """The error ends in a short message that tells, when opened, who asked what, why not and what was looked at."""
    house.inline("AIDAUSER", "own", statement("Allow", PULL), statement("Deny", "ecr:*", Sid="NotFromThere", **FROM))
    with pytest.raises(AccessDenied) as refusal:
        house.require(USER, (APP,))
    sentence, _, message = str(refusal.value).partition(". Encoded authorization failure message: ")
    assert sentence.endswith("with an explicit deny in an identity-based policy")
    assert message == refusal.value.encoded
    assert len(message) < 600
    told = denial.open(ROOT, message)
    assert (told.principal_id, told.principal_arn, told.account) == ("AIDAUSER", USER_ARN, HOME.account)
    assert (told.action, told.resource) == (PULL, HOME.repository_arn("app"))
    assert (told.explicit_deny, told.missing, told.conditions) == (True, None, {"aws:sourceip": "192.0.2.1"})
    assert [(each.policy, each.kind, each.sid, each.index, each.effect) for each in told.matched] == [
        ("own", "identity", "NotFromThere", 1, "Deny"),
        ("own", "identity", None, 0, "Allow"),
    ]


FROM = {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}


def test_every_demand_counts(house: House) -> None:
    """One demand that is not met refuses the whole request."""
    demands = (APP, Demand(PULL, HOME, "team/app"), Demand(PULL, ABROAD, "app"))
    with pytest.raises(AccessDenied, match="210987654321:repository/app"):
        house.require(ADMINISTRATOR, demands)


def test_optional_powers(house: House) -> None:
    """An optional power that is missing refuses nothing, and is said to be missing."""
    mine, theirs = Demand(GET_BLOB, HOME, "team/app"), Demand(GET_BLOB, ABROAD, "app")
    admission = house.require(ADMINISTRATOR, (Demand(PUSH, HOME, "app"),), (mine, theirs))
    assert admission.allows(mine)
    assert not admission.allows(theirs)
    assert admission.target(HOME, "team/app").id == 2


def test_unasked_power(house: House) -> None:
    """A power that the guard was not asked for is never taken for given."""
    admission = house.require(ADMINISTRATOR, (Demand(PUSH, HOME, "app"),))
    with pytest.raises(KeyError):
        admission.allows(Demand(PUSH, HOME, "app"))


@pytest.mark.parametrize(
    "statements",
    [
        (update(access_key).values(status="Inactive"),),
        (delete(access_key),),
        (delete(access_key), delete(principal)),
    ],
    ids=["key switched off", "key deleted", "principal deleted"],
)
@pytest.mark.parametrize("names", [(), ("app",), ("app", "team/app")])
def test_credential_that_ended(house: House, statements: Sequence[object], names: tuple[str, ...]) -> None:
    """S9: A registry token dies with its key or principal, at the next request."""
    token = replace(ADMINISTRATOR, region=HOME.region, issued_at=1)
    demands = [Demand(PULL, HOME, name) for name in names]
    house.require(token, demands)
    house.write(*statements, bump=None)
    with pytest.raises(UnknownCredential):
        house.require(token, demands)


def test_s23_an_unknown_credential_is_told_nothing_else(house: House) -> None:
    """A credential that is gone learns that, and not what it may not do."""
    for key_id in ("AKIANOBODY", "ASIANOBODY", ""):
        with pytest.raises(UnknownCredential):
            house.require(Credential(key_id), (Demand(PULL, ABROAD, "app"),))


def test_registry_token_elsewhere(house: House) -> None:
    """A registry token has no power in another region, although its principal has."""
    demands = (Demand(PULL, WEST, "app"),)
    house.require(ADMINISTRATOR, demands)
    with pytest.raises(AccessDenied, match="because no session policy allows"):
        house.require(replace(ADMINISTRATOR, region=HOME.region), demands)


def test_download(house: House) -> None:
    """A presigned download gets the blobs of its repository and nothing else."""
    download = replace(ADMINISTRATOR, region=HOME.region, limit=DownloadLimit(HOME, "app"))
    assert house.require(download, (Demand(GET_BLOB, HOME, "app"),)).target(HOME, "app").id == 1
    for demand in (Demand(GET_BLOB, HOME, "team/app"), APP, Demand("ecr:GetAuthorizationToken", HOME)):
        with pytest.raises(AccessDenied, match="because no session policy allows"):
            house.require(download, (demand,))


def test_download_does_not_outlive_its_issuers_power(house: House) -> None:
    """A presigned download is refused once its principal may not download."""
    download = replace(USER, region=HOME.region, limit=DownloadLimit(HOME, "app"))
    with pytest.raises(AccessDenied, match="because no identity-based policy allows"):
        house.require(download, (Demand(GET_BLOB, HOME, "app"),))


# What a principal holds


def test_policies_of_every_place_count(house: House) -> None:
    """Inline and attached policies, the user's and its groups', a customer's and AWS's, all give what they allow."""
    actions = ["ecr:GetAuthorizationToken", PULL, PUSH, "ecr:ListImages", "ecr:DeleteRepository", "ecr:DescribeImages"]

    def allowed() -> list[str]:
        return [action for action in actions if house.allows(USER, Demand(action, HOME, "app"))]

    assert allowed() == []
    house.inline("AIDAUSER", "own", statement("Allow", PULL))
    assert allowed() == [PULL]
    house.attach("AIDAUSER", house.managed("Push", statement("Allow", PUSH)))
    assert allowed() == [PULL, PUSH]
    group = house.group("builders", "AIDAUSER")
    house.inline(group, "theirs", statement("Allow", "ecr:ListImages"))
    assert allowed() == [PULL, PUSH, "ecr:ListImages"]
    house.attach(group, house.managed("Clean", statement("Allow", "ecr:DeleteRepository")))
    assert allowed() == [PULL, PUSH, "ecr:ListImages", "ecr:DeleteRepository"]
    house.attach("AIDAUSER", "ANPAIWMBCKSKIEE64ZLYK")
    assert allowed() == actions


def test_s9_what_is_taken_away_is_gone_at_the_next_request(house: House) -> None:
    """S9: Detaching, leaving a group, deleting a policy and another default version end a power, in every process."""
    others = [house.process() for _ in range(2)]
    policy_id = house.managed("Pull", statement("Allow", PULL))
    group = house.group("readers")

    def allowed() -> list[bool]:
        found = []
        for guard in (house.guard, *others):
            house.guard = guard
            found.append(house.allows(USER, APP))
        return found

    ways = [
        (
            insert(policy_attachment).values(entity_id="AIDAUSER", policy_id=policy_id, created_at=0),
            delete(policy_attachment).where(policy_attachment.c.entity_id == "AIDAUSER"),
        ),
        (
            insert(inline_policy).values(
                entity_id="AIDAUSER", name="p", document=document(statement("Allow", PULL)), created_at=0
            ),
            delete(inline_policy),
        ),
        (insert(group_member).values(group_id=group, principal_id="AIDAUSER"), delete(group_member)),
        (
            insert(policy_version).values(
                policy_id=policy_id, version=2, document=document(statement("Allow", PUSH)), created_at=0
            ),
            update(managed_policy).values(default_version=2),
        ),
    ]
    house.attach(group, policy_id)
    for number, (give, take) in enumerate(ways):
        if number == 3:
            house.attach("AIDAUSER", policy_id)
        house.write(give)
        assert allowed() == [True] * 3, number
        house.write(take)
        assert allowed() == [False] * 3, number


def test_a_boundary(house: House) -> None:
    """A permissions boundary bounds what policies give, and one that is gone leaves nothing."""
    house.bound("AIDAADMINISTRATOR", house.managed("Edge", statement("Allow", PULL)))
    house.require(ADMINISTRATOR, (APP,))
    with pytest.raises(AccessDenied, match="because no permissions boundary allows the ecr:PutImage action"):
        house.require(ADMINISTRATOR, (Demand(PUSH, HOME, "app"),))
    house.write(delete(policy_version), delete(managed_policy))
    with pytest.raises(AccessDenied, match="because no permissions boundary allows the ecr:BatchGetImage action"):
        house.require(ADMINISTRATOR, (APP,))


def test_an_explicit_deny_names_its_policy(house: House) -> None:
    """A managed policy that denies is named by its ARN."""
    house.attach("AIDAADMINISTRATOR", house.managed("NoPulls", statement("Deny", PULL), path="/limits/"))
    with pytest.raises(AccessDenied) as refusal:
        house.require(ADMINISTRATOR, (APP,))
    assert (
        str(refusal.value)
        .partition(". Encoded")[0]
        .endswith("with an explicit deny in an identity-based policy: arn:aws:iam::123456789012:policy/limits/NoPulls")
    )


# Sessions


def test_a_role_session(house: House) -> None:
    """A role's session has its own ARN and id, the role's policies, and the role's tags with its own before them."""
    house.role("Deploy", trusting("*"), "/ci/")
    house.inline("AROADEPLOY", "pull", statement("Allow", PULL))
    house.tag("AROADEPLOY", Team="red", stage="prod")
    credential = house.session("AROADEPLOY", tags='{"team": "blue"}', transitive_tags='["team"]', source_identity="ann")
    admission = house.require(credential, (APP,))
    who = admission.principal
    assert who.arn == "arn:aws:sts::123456789012:assumed-role/Deploy/ci"
    assert (who.id, who.kind, who.name) == ("AROADEPLOY:ci", "assumed-role", "ci")
    assert (who.entity_id, who.entity_arn) == ("AROADEPLOY", "arn:aws:iam::123456789012:role/ci/Deploy")
    assert who.tags == {"stage": "prod", "team": "blue"}
    assert admission.session is not None
    assert admission.session.inherited == {"team": "blue"}
    assert (admission.session.source_identity, admission.session.kind) == ("ann", "assumed-role")
    with pytest.raises(AccessDenied, match="User: arn:aws:sts::123456789012:assumed-role/Deploy/ci is not"):
        house.require(credential, (Demand(PUSH, HOME, "app"),))


def test_session_policies(house: House) -> None:
    """S17: A session is bounded by the policies that it began with, inline and managed, also in a registry token."""
    house.role("Deploy", trusting("*"))
    house.attach("AROADEPLOY", "ANPAIWMBCKSKIEE64ZLYK")
    managed = house.managed("Push", statement("Allow", PUSH))
    pulls = document(statement("Allow", PULL))
    sessions = {
        "plain": house.session("AROADEPLOY", id="ASIA1"),
        "inline": house.session("AROADEPLOY", id="ASIA2", policy=pulls),
        "managed": house.session("AROADEPLOY", id="ASIA3", policy_ids=f'["{managed}"]'),
        "both": house.session("AROADEPLOY", id="ASIA4", policy=pulls, policy_ids=f'["{managed}"]'),
        "gone": house.session("AROADEPLOY", id="ASIA5", policy_ids='["ANPAGONE"]'),
    }
    actions = [PULL, PUSH, "ecr:ListImages"]
    for of in (None, HOME.region):
        found = {
            name: [
                action
                for action in actions
                if house.allows(replace(one, region=of, issued_at=of and NOW), Demand(action, HOME, "app"))
            ]
            for name, one in sessions.items()
        }
        assert found == {"plain": actions, "inline": [PULL], "managed": [PUSH], "both": [PULL, PUSH], "gone": []}


def test_a_boundary_holds_in_a_registry_token(house: House) -> None:
    """S17: A role's boundary bounds its sessions, and the registry tokens that they got."""
    house.role("Deploy", trusting("*"))
    house.attach("AROADEPLOY", "ANPAIWMBCKSKIEE64ZLYK")
    house.bound("AROADEPLOY", house.managed("Edge", statement("Allow", PULL)))
    token = replace(house.session("AROADEPLOY"), region=HOME.region, issued_at=NOW)
    assert house.allows(token, APP)
    assert not house.allows(token, Demand(PUSH, HOME, "app"))


def test_sessions_of_users(house: House) -> None:
    """A user's session is the user, but does not reach IAM; a federated user has what both it and the user may."""
    of_user = house.session("AIDAADMINISTRATOR", id="ASIA1", kind="session", access_key_id="AKIAADMINISTRATOR")
    federated = house.session(
        "AIDAADMINISTRATOR", id="ASIA2", kind="federated-user", name="bob", policy=document(statement("Allow", PULL))
    )
    bare = house.session("AIDAADMINISTRATOR", id="ASIA3", kind="federated-user", name="eve")
    who = house.require(of_user, (APP,)).principal
    assert (who.kind, who.arn) == ("user", "arn:aws:iam::123456789012:user/staff/administrator")
    list_users = Demand("iam:ListUsers", IAM)
    assert house.allows(ADMINISTRATOR, list_users)
    assert not house.allows(of_user, list_users)
    assert house.allows(of_user, Demand("sts:AssumeRole", IAM, entity=Entity("role", "r"))) is False
    who = house.require(federated, (APP,)).principal
    assert (who.kind, who.id, who.arn) == (
        "federated-user",
        "123456789012:bob",
        "arn:aws:sts::123456789012:federated-user/bob",
    )
    assert not house.allows(federated, Demand(PUSH, HOME, "app"))
    assert not house.allows(bare, APP)


@pytest.mark.parametrize(
    "statements",
    [
        (delete(session),),
        (update(access_key).values(status="Inactive"),),
        (delete(session), delete(access_key)),
        (delete(session), delete(access_key), delete(principal).where(principal.c.id == "AIDAADMINISTRATOR")),
    ],
    ids=["session deleted", "key switched off", "key deleted", "principal deleted"],
)
def test_what_ends_a_session(house: House, statements: Sequence[object]) -> None:
    """S9: A session that is deleted, or whose key or principal ends, ends with its registry tokens at once."""
    credential = house.session("AIDAADMINISTRATOR", kind="session", access_key_id="AKIAADMINISTRATOR")
    token = replace(credential, region=HOME.region, issued_at=NOW)
    house.require(token, (APP,))
    house.write(*statements, bump=None)
    with pytest.raises(UnknownCredential):
        house.require(token, (APP,))


def test_a_registry_token_outlives_its_session(house: House) -> None:
    """A registry token is good for its twelve hours, although the session that got it expired before."""
    house.role("Deploy", trusting("*"))
    house.attach("AROADEPLOY", "ANPAIWMBCKSKIEE64ZLYK")
    token = replace(house.session("AROADEPLOY", expires_at=NOW - 1), region=HOME.region, issued_at=NOW - 1000)
    house.require(token, (APP,))


# Policies of resources


def test_a_repository_policy_lets_others_in(house: House) -> None:
    """Across accounts a repository's policy and the caller's own policies must both allow; nothing else is opened."""
    house.repository_policy(1, granting({"AWS": ABROAD.account}, [PULL, PUSH]))
    assert house.allows(FOREIGNER, APP, Demand(PUSH, HOME, "app"))
    for elsewhere in (Demand(PULL, HOME, "team/app"), Demand(PULL, WEST, "app"), Demand("ecr:ListImages", HOME, "app")):
        assert not house.allows(FOREIGNER, elsewhere)
    house.write(delete(policy_attachment).where(policy_attachment.c.entity_id == "AIDAFOREIGNER"), bump=ABROAD.account)
    with pytest.raises(AccessDenied, match="because no identity-based policy allows the ecr:BatchGetImage action"):
        house.require(FOREIGNER, (APP,))


def test_a_repository_policy_gives_and_takes_at_home(house: House) -> None:
    """In its own account a repository's policy lets a user in by its id alone, and keeps an administrator out."""
    house.repository_policy(1, granting({"AWS": "AIDAUSER"}, PULL))
    assert house.allows(USER, APP)
    assert not house.allows(USER, Demand(PULL, HOME, "team/app"))
    house.repository_policy(1, granting({"AWS": "AIDASOMEBODY"}, PULL))
    assert not house.allows(USER, APP)
    house.repository_policy(1, granting("*", PULL, "Deny"))
    with pytest.raises(AccessDenied, match="with an explicit deny in a resource-based policy"):
        house.require(ADMINISTRATOR, (APP,))


def test_a_registry_policy_is_asked_at_every_request(house: House) -> None:
    """A registry's policy denies and allows in all its repositories, in the token's operation too, and nowhere else."""
    denies = {"Effect": "Deny", "Principal": "*", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    team = HOME.repository_arn("team/*")
    allows = {"Effect": "Allow", "Principal": {"AWS": ABROAD.account}, "Action": PULL, "Resource": team}
    house.registry_policy(HOME, document(denies, allows))
    token = Demand("ecr:GetAuthorizationToken", HOME)
    assert not house.allows(ADMINISTRATOR, token)
    assert house.allows(ADMINISTRATOR, replace(token, registry=WEST))
    assert house.allows(FOREIGNER, Demand(PULL, HOME, "team/app"))
    assert house.allows(FOREIGNER, Demand(PULL, HOME, "team/absent"))
    assert not house.allows(FOREIGNER, APP)
    both = house.require(FOREIGNER, (), (Demand(PULL, HOME, "team/app"), APP))
    assert [both.optional[demand].allowed for demand in both.optional] == [True, False]


def test_no_repository_policy_gives_a_token(house: House) -> None:
    """GetAuthorizationToken is not given by any repository's policy, for it is asked of no repository."""
    house.repository_policy(1, granting("*", "ecr:*"))
    assert house.allows(USER, APP)
    assert not house.allows(USER, Demand("ecr:GetAuthorizationToken", HOME))


def test_resource_tags(house: House) -> None:
    """A policy may ask for a repository's resource tags, one repository or many, and an absent one has none."""
    condition = {"StringEquals": {"ecr:ResourceTag/env": "dev", "aws:ResourceTag/Env": "dev"}}
    house.inline("AIDAUSER", "dev", statement("Allow", PULL, Condition=condition))
    house.resource_tags(1, Env="dev", x="\"'{}\\")
    house.resource_tags(2, Env="prod")
    demands = [Demand(PULL, HOME, name) for name in ("app", "team/app", "absent")]
    assert [house.allows(USER, demand) for demand in demands] == [True, False, False]
    admission = house.require(USER, (), demands)
    assert [admission.allows(demand) for demand in demands] == [True, False, False]


def test_would_allow(house: House) -> None:
    """An admission says what another repository policy would make of a demand."""
    demand = Demand("ecr:SetRepositoryPolicy", HOME, "app")
    admission = house.require(ADMINISTRATOR, (demand,))
    assert admission.would_allow(demand, granting("*", PULL))
    assert not admission.would_allow(demand, granting("*", "ecr:*", "Deny"))
    of_registry = Demand("ecr:PutRegistryPolicy", HOME)
    admission = house.require(ADMINISTRATOR, (of_registry,))
    assert admission.would_allow(of_registry, granting("*", PULL))
    assert not admission.would_allow(of_registry, granting("*", "ecr:*", "Deny"))


# Demands on what IAM holds


def test_the_true_arn(house: House) -> None:
    """Policies and sentences have the path of what is there, and the request's where nothing is or will be."""
    house.inline("AIDAUSER", "staff", statement("Allow", "iam:GetUser", "arn:aws:iam::123456789012:user/staff/*"))

    def demand(name: str, **more: object) -> Demand:
        return Demand("iam:GetUser", IAM, entity=Entity("user", name, **more))  # type: ignore[arg-type]

    assert house.allows(USER, demand("Administrator"))
    assert house.allows(USER, demand(""))
    assert not house.allows(USER, demand("absent"))
    assert not house.allows(USER, demand("administrator", new=True))
    house.group("builders", path="/g/")
    with pytest.raises(AccessDenied, match="on resource: arn:aws:iam::123456789012:group/g/builders because"):
        house.require(USER, (Demand("iam:GetGroup", IAM, entity=Entity("group", "BUILDERS")),))
    with pytest.raises(AccessDenied, match="on resource: arn:aws:iam::123456789012:role/absent because"):
        house.require(USER, (Demand("iam:GetRole", IAM, entity=Entity("role", "absent")),))


def test_tags_of_what_iam_holds(house: House) -> None:
    """A policy may ask for the tags of a user, role or policy that the request names."""
    house.role("Deploy", trusting("*"))
    house.tag("AROADEPLOY", team="red")
    policy_id = house.managed("Pull", statement("Allow", PULL), path="/p/")
    house.tag(policy_id, team="blue")
    asks = {"Condition": {"StringEquals": {"iam:ResourceTag/team": "red", "aws:ResourceTag/team": "red"}}}
    house.inline("AIDAUSER", "red", statement("Allow", "iam:*", **asks))
    assert house.allows(USER, Demand("iam:GetRole", IAM, entity=Entity("role", "Deploy")))
    pull = Demand("iam:GetPolicy", IAM, entity=Entity("policy", "Pull", "/p/"))
    assert not house.allows(USER, pull)
    asks = {"Condition": {"StringEquals": {"iam:ResourceTag/team": "blue"}}}
    house.inline("AIDAUSER", "blue", statement("Allow", "iam:*", **asks))
    assert house.allows(USER, pull)
    assert not house.allows(USER, replace(pull, entity=Entity("policy", "Pull", "/")))


def test_a_roles_trust(house: House) -> None:
    """A role is assumed by whom its trust policy names; where that is an account, its policies must allow it too."""
    ask = Demand("sts:AssumeRole", IAM, entity=Entity("role", "Deploy"))
    sentence = (
        f"User: {USER_ARN} is not authorized to perform: sts:AssumeRole on resource: "
        "arn:aws:iam::123456789012:role/Deploy"
    )
    for credential in (USER, ADMINISTRATOR):
        assert not house.allows(credential, ask)
    house.role("Deploy", trusting({"AWS": "AIDAUSER"}))
    assert house.allows(USER, ask)
    assert not house.allows(ADMINISTRATOR, ask)
    house.write(update(role).values(trust_policy=trusting({"AWS": HOME.account})), bump=None)
    assert house.allows(ADMINISTRATOR, ask)
    with pytest.raises(AccessDenied) as refusal:
        house.require(USER, (ask,))
    assert str(refusal.value).partition(". Encoded")[0] == sentence
    assert not house.allows(FOREIGNER, ask)
    house.write(update(role).values(trust_policy=trusting({"AWS": ABROAD.account})), bump=None)
    assert house.allows(FOREIGNER, ask)
