"""What an operation is: a name, what it needs, and the function that does it. Nothing registers itself on import."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from cargohold.access.demand import Demand
from cargohold.core.arn import Registry, Target, public_registry

if TYPE_CHECKING:
    from cargohold.access.context import Surroundings
    from cargohold.access.guard import Admission
    from cargohold.access.trail import Trail
    from cargohold.identity.principals import Credential, Session
    from cargohold.services import Services

Q = TypeVar("Q", bound=Mapping[str, object])
A = TypeVar("A", bound=Mapping[str, object])


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose request it is: the account of the key that signed it, and the region of its signature."""

    account: str
    region: str
    session: Session | None = None
    """The session that asks, where it is one."""
    first: str = ""
    """The deployment's first account, which owns what is nobody else's; nobody owns that where it is not said."""
    public: bool = False
    """Whether the service is that of the public registries."""

    def registry(self, request: Mapping[str, object]) -> Registry:
        """The registry that a decoded request is about: its `registryId`'s, else the caller's own."""
        named = request.get("registryId")
        account = named if isinstance(named, str) else self.account
        return public_registry(account) if self.public else Registry(account, self.region)


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler may use: the rooms, and who was admitted to do this."""

    services: Services
    request_id: str
    region: str
    credential: Credential
    admission: Admission
    trail: Trail
    """What the audit trail will say of the request; an operation that nobody signs says there who asks."""
    public: bool = False
    """Whether the service is that of the public registries."""

    async def require(self, demand: Demand) -> None:
        """Asks the guard for what only shows when the request is looked into; raises AccessDenied."""
        await self.services.guard.require(self.credential, [demand], surroundings=self.surroundings)

    @property
    def surroundings(self) -> Surroundings:
        """Where the request comes from, as policies may ask."""
        return self.trail.surroundings

    @property
    def scope(self) -> Scope:
        first = self.services.addresses.account
        return Scope(self.admission.principal.account, self.region, self.admission.session, first, self.public)

    def registry(self, request: Mapping[str, object]) -> Registry:
        """The registry that a decoded request is about: its `registryId`'s, else the caller's own."""
        return self.scope.registry(request)

    def target(self, request: Mapping[str, object]) -> Target:
        """The repository that a decoded request's `repositoryName` means, as the guard found it."""
        return self.admission.target(self.registry(request), str(request["repositoryName"]))


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of AWS's API. A request and an answer are plain dicts in the form of `shapes`."""

    name: str
    demands: Callable[[Scope, Any], Sequence[Demand]]
    handler: Callable[[Call, Any], Awaitable[Mapping[str, object]]]
    meant: Callable[[Services, Any], Awaitable[Mapping[str, Any]]] | None = None
    """Where a request may name something by another name: the request with the true one, before it is judged."""


def operation(
    name: str, demands: Callable[[Scope, Q], Sequence[Demand]]
) -> Callable[[Callable[[Call, Q], Awaitable[A]]], Operation]:
    """Makes an Operation of an async function; `demands` says what a decoded request needs, before it is done."""

    def wrap(handler: Callable[[Call, Q], Awaitable[A]]) -> Operation:
        return Operation(name, demands, handler)

    return wrap
