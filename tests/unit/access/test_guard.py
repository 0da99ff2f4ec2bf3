"""The guard, on a database."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, delete, insert, update

from cargohold.access.demand import Demand
from cargohold.access.guard import Admission, Guard
from cargohold.core.arn import Registry, Target
from cargohold.core.errors import AccessDenied, CredentialsRequired, RepositoryNotFound, UnknownCredential
from cargohold.database import Database
from cargohold.database.schema.identity import access_key, account, principal
from cargohold.database.schema.registry import registry, repository
from cargohold.identity.principals import ANONYMOUS, Credential, DownloadLimit
from tests.bed.engines import Engine, Place

T = TypeVar("T")

HOME = Registry("123456789012", "eu-central-1")
WEST = replace(HOME, region="eu-west-1")
PUBLIC = replace(HOME, kind="public")
ABROAD = Registry("210987654321", "eu-central-1")
EMPTY = replace(HOME, region="us-east-1")

ADMINISTRATOR = Credential("AKIAADMINISTRATOR")
USER = Credential("AKIAUSER")
PULL, PUSH = "ecr:BatchGetImage", "ecr:PutImage"
GET_BLOB = "ecr:GetDownloadUrlForLayer"

REPOSITORIES = {
    1: (HOME, "app"),
    2: (HOME, "team/app"),
    3: (WEST, "app"),
    4: (PUBLIC, "app"),
    5: (ABROAD, "app"),
    6: (ABROAD, "theirs"),
}


class CountedDatabase:
    """Counts what the guard reads."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reads = 0

    async def read(self, work: Callable[[Connection], T]) -> T:
        self.reads += 1
        return await self.database.read(work)


class House:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.counted = CountedDatabase(database)
        self.guard = Guard(self.counted)  # type: ignore[arg-type]

    def require(self, credential: Credential, demands: Sequence[Demand], optional: Sequence[Demand] = ()) -> Admission:
        return asyncio.run(self.guard.require(credential, demands, optional))

    def write(self, *statements: object) -> None:
        def work(connection: Connection) -> None:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

        asyncio.run(self.database.write(work))


@pytest.fixture(scope="session")
def furnished(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Two accounts, an administrator and a plain user, and repositories of the same name in several registries."""
    place = engine.make(tmp_path_factory.mktemp("furnished"))

    async def furnish() -> None:
        database = engine.open(place)
        await database.write(_furnish)
        await database.close()

    asyncio.run(furnish())
    return place


def _furnish(connection: Connection) -> None:
    for of in (HOME, ABROAD):
        connection.execute(insert(account).values(id=of.account, created_at=0, access_version=0))
    for name, administrator in (("administrator", True), ("user", False)):
        connection.execute(
            insert(principal).values(
                id=f"AIDA{name.upper()}",
                account_id=HOME.account,
                kind="user",
                path="/staff/",
                name=name,
                folded_name=name,
                administrator=administrator,
                created_at=0,
            )
        )
        connection.execute(
            insert(access_key).values(
                id=f"AKIA{name.upper()}",
                principal_id=f"AIDA{name.upper()}",
                sealed_secret=b"",
                status="Active",
                created_at=0,
            )
        )
    ids = {of: number for number, of in enumerate((HOME, WEST, PUBLIC, ABROAD), 1)}
    for of, number in ids.items():
        connection.execute(
            insert(registry).values(id=number, account=of.account, region=of.region, kind=of.kind),
        )
    for number, (of, name) in REPOSITORIES.items():
        connection.execute(
            insert(repository).values(
                id=number,
                registry_id=ids[of],
                name=name,
                state="active",
                created_at=0,
                tag_mutability="MUTABLE",
                tag_mutability_filters="[]",
                scan_on_push=False,
                encryption_type="AES256",
            )
        )


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
    """Whatever a request names, the guard reads once."""
    house.require(ADMINISTRATOR, [Demand(PULL, HOME, name) for name in names])
    assert house.counted.reads == 1


def test_principal(house: House) -> None:
    """The admission names the principal by its ARN, for the audit."""
    who = house.require(ADMINISTRATOR, ()).principal
    assert who.arn == "arn:aws:iam::123456789012:user/staff/administrator"
    assert (who.id, who.account, who.kind, who.name, who.administrator) == (
        "AIDAADMINISTRATOR",
        HOME.account,
        "user",
        "administrator",
        True,
    )


@pytest.mark.parametrize("demands", [(), (Demand(PULL, HOME, "app"),), (Demand(PULL, PUBLIC, "app"),)])
def test_anonymous(house: House, demands: Sequence[Demand]) -> None:
    """Nobody gets anything without a name."""
    with pytest.raises(CredentialsRequired):
        house.require(ANONYMOUS, demands)


@pytest.mark.parametrize("name", ["app", "absent"])
def test_denied(house: House, name: str) -> None:
    """Who may not is refused in AWS's words, whether or not the repository exists."""
    with pytest.raises(AccessDenied) as refusal:
        house.require(USER, (Demand(PUSH, HOME, name),))
    assert str(refusal.value) == (
        "User: arn:aws:iam::123456789012:user/staff/user is not authorized to perform: ecr:PutImage "
        f"on resource: arn:aws:ecr:eu-central-1:123456789012:repository/{name} "
        "because no identity-based policy allows the ecr:PutImage action"
    )


def test_denied_in_another_account(house: House) -> None:
    """An administrator has no power in another account, and is told that no policy there gives it."""
    with pytest.raises(AccessDenied) as refusal:
        house.require(ADMINISTRATOR, (Demand(PULL, ABROAD, "theirs"),))
    assert str(refusal.value).endswith(
        "on resource: arn:aws:ecr:eu-central-1:210987654321:repository/theirs "
        "because no resource-based policy allows the ecr:BatchGetImage action"
    )


def test_every_demand_counts(house: House) -> None:
    """One demand that is not met refuses the whole request."""
    demands = (Demand(PULL, HOME, "app"), Demand(PULL, HOME, "team/app"), Demand(PULL, ABROAD, "app"))
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
    """A registry token dies with its key or principal, at the next request."""
    token = replace(ADMINISTRATOR, region=HOME.region, issued_at=1)
    demands = [Demand(PULL, HOME, name) for name in names]
    house.require(token, demands)
    house.write(*statements)
    with pytest.raises(UnknownCredential):
        house.require(token, demands)


def test_unknown_credential_is_told_nothing_else(house: House) -> None:
    """A credential that is gone learns that, and not what it may not do."""
    with pytest.raises(UnknownCredential):
        house.require(Credential("AKIANOBODY"), (Demand(PULL, ABROAD, "app"),))


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
    for demand in (
        Demand(GET_BLOB, HOME, "team/app"),
        Demand(PULL, HOME, "app"),
        Demand("ecr:GetAuthorizationToken", HOME),
    ):
        with pytest.raises(AccessDenied, match="because no session policy allows"):
            house.require(download, (demand,))


def test_download_does_not_outlive_its_issuers_power(house: House) -> None:
    """A presigned download is refused once its principal may not download."""
    download = replace(USER, region=HOME.region, limit=DownloadLimit(HOME, "app"))
    with pytest.raises(AccessDenied, match="because no identity-based policy allows"):
        house.require(download, (Demand(GET_BLOB, HOME, "app"),))
