"""CreateRegistryAlias: the first account gives public registries names, which count at once and are given once."""

import pytest

from .conftest import ACCOUNT, OTHER, Wire
from .hosts import Yard, yard
from .public import Gallery

REASON = "Invalid parameter at 'alias' failed to satisfy constraint: 'is the alias of a registry already'"


@pytest.fixture
def office(wire: Wire) -> Yard:
    """The service of our own, asked by the first account's administrator, who has a public repository."""
    Gallery(wire)("CreateRepository", repositoryName="hello")
    return yard(wire)


def test_a_registry_gets_a_name_beside_its_own(office: Yard) -> None:
    """The new alias is the primary one, by which repositories are addressed; the default one goes on to work."""
    gallery = Gallery(office.wire)
    default = gallery.alias
    assert office("CreateRegistryAlias", alias="acme.tools") == {
        "registryUri": "public.localhost:5050/acme.tools",
        "aliases": [default, "acme.tools"],
    }
    assert gallery.alias == "acme.tools"
    (repository,) = gallery("DescribeRepositories")["repositories"]
    assert repository["repositoryUri"] == "public.localhost:5050/acme.tools/hello"
    for alias in (default, "acme.tools"):
        assert gallery("InitiateLayerUpload", registryId=alias, repositoryName="hello")["uploadId"]


def test_a_name_is_given_once(office: Yard) -> None:
    """Nobody gets an alias that any registry has, its own included."""
    Gallery(office.wire, office.wire.keys[OTHER])("CreateRepository", repositoryName="hello")
    office("CreateRegistryAlias", alias="acme")
    for account in (OTHER, ACCOUNT):
        answer = office.refused("CreateRegistryAlias", alias="acme", accountId=account)
        assert answer == (400, "InvalidParameterException", REASON)
    assert office("CreateRegistryAlias", alias="other", accountId=OTHER)["aliases"][-1] == "other"


def test_names_are_given_by_the_first_account(office: Yard) -> None:
    """Another account's administrator names no registry, his own neither."""
    answer = office.refused("CreateRegistryAlias", office.wire.keys[OTHER], alias="acme")
    assert answer[1] == "AccessDeniedException"
    assert f"arn:aws:cargohold::{ACCOUNT}:account/{OTHER}" in answer[2]


def test_only_a_registry_that_is_there_is_named(office: Yard) -> None:
    """An account without a public repository has no registry to name."""
    answer = office.refused("CreateRegistryAlias", alias="acme", accountId=OTHER)
    assert answer == (400, "RegistryNotFoundException", f"The registry with id '{OTHER}' does not exist")


@pytest.mark.parametrize("alias", ["a", "1st", "Acme", "acme/tools", "acme..tools", "a" * 51])
def test_what_is_no_name(office: Yard, alias: str) -> None:
    """An alias has 2 to 50 characters, begins with a letter and has single separators."""
    assert office.refused("CreateRegistryAlias", alias=alias)[1] in {"InvalidParameterException", "ValidationException"}
    assert office("CreateRegistryAlias", alias="a" * 50)["aliases"]
