"""Public registries: one default alias whoever comes first, and repositories that are made whole or not at all."""

import asyncio
from collections.abc import Iterator

import pytest

from cargohold.core.arn import Registry, public_registry
from cargohold.core.errors import InvalidParameter, RegistryNotFound, RepositoryAlreadyExists
from cargohold.registry.limits import Limits, of_public
from cargohold.registry.public_registries import Alias, Catalog, PublicRegistries, new_alias
from cargohold.registry.repositories import NewRepository, Repositories

from .bed import Room

OURS = public_registry("123456789012")
THEIRS = public_registry("210987654321")


def registries(room: Room, *names: str) -> PublicRegistries:
    """The room of public registries, which gives these default aliases in turn."""
    repositories = Repositories(room.database, room.clock, room.limits)
    given: Iterator[str] = iter(names)
    made = (lambda: next(given)) if names else new_alias
    return PublicRegistries(room.database, room.clock, room.limits, repositories, made)


def test_of_two_first_repositories_one_makes_the_alias(room: Room, beside: Room) -> None:
    """However many processes make an account's first public repositories at once, it gets one default alias."""

    async def story() -> None:
        here, there = registries(room), registries(beside)
        await asyncio.gather(
            *(room_.create(OURS, NewRepository(f"r{number}"), None) for number, room_ in enumerate([here, there] * 4))
        )
        (alias,) = (await here.publisher(OURS)).aliases
        assert (alias.is_default, alias.is_primary) == (True, True)

    asyncio.run(story())


def test_an_alias_that_somebody_has_is_not_given_again(room: Room) -> None:
    """Where chance gives two registries the same alias, the second one gets another."""

    async def story() -> None:
        gives = registries(room, "aaaaaaaa", "aaaaaaaa", "bbbbbbbb")
        await gives.create(OURS, NewRepository("hello"), None)
        await gives.create(THEIRS, NewRepository("hello"), None)
        assert (await gives.publisher(OURS)).primary == "aaaaaaaa"
        assert (await gives.publisher(THEIRS)).aliases == (Alias("bbbbbbbb", is_primary=True, is_default=True),)
        found = await gives.find("bbbbbbbb", "hello")
        assert found is not None
        assert found.registry == THEIRS

    asyncio.run(story())


def test_what_is_refused_leaves_nothing(room: Room) -> None:
    """A repository that may not be made leaves no alias, and one that is there keeps what is said of it."""

    async def story() -> None:
        gives = registries(room)
        with pytest.raises(InvalidParameter):
            await gives.create(OURS, NewRepository("hello"), Catalog(logo=b"GIF89a"))
        assert (await gives.publisher(OURS)).aliases == ()
        made = await gives.create(OURS, NewRepository("hello"), Catalog(description="first"))
        with pytest.raises(RepositoryAlreadyExists):
            await gives.create(OURS, NewRepository("hello"), Catalog(description="second"))
        alias = (await gives.publisher(OURS)).primary or ""
        target = await gives.find(alias, "hello")
        assert target is not None
        assert target.id == made.id
        assert (await gives.catalog(target)).description == "first"

    asyncio.run(story())


def test_an_alias_means_public_registries_only(room: Room) -> None:
    """A private repository is never found by an alias, and neither is one that was deleted."""

    async def story() -> None:
        gives = registries(room)
        await room.repository("secret", Registry(OURS.account, OURS.region))
        await gives.create(OURS, NewRepository("hello"), None)
        alias = (await gives.publisher(OURS)).primary or ""
        hidden, shown = await gives.find(alias, "secret"), await gives.find(alias, "hello")
        assert hidden is not None
        assert shown is not None
        assert (hidden.id, shown.id is None) == (None, False)
        await room.repositories.delete(shown, force=True)
        gone = await gives.find(alias, "hello")
        assert gone is not None
        assert gone.id is None
        assert await gives.find("nobody", "hello") is None
        with pytest.raises(RegistryNotFound):
            await gives.get_account("nobody")

    asyncio.run(story())


def test_default_aliases_look_like_those_of_aws() -> None:
    """A default alias is a letter and seven letters or digits, another one each time."""
    made = {new_alias() for _ in range(100)}
    assert len(made) == 100
    assert all(len(name) == 8 and name.isalnum() and name[0].isalpha() and name == name.lower() for name in made)


def test_public_quotas_are_no_higher_than_private_ones() -> None:
    """Public registries have ECR Public's quotas, or the operator's where those are lower."""
    lower = of_public(Limits())
    assert (lower.repositories, lower.layer_bytes, lower.parts) == (10_000, 10_000 << 20, 1_000)
    assert of_public(Limits(repositories=3, layer_bytes=5, parts=7)) == Limits(repositories=3, layer_bytes=5, parts=7)
