"""The door of the public registries: /v2/<alias>/<repository>/… for everybody to pull from, and for some to push to.

    whose alias → who asks → a pull, or may they → the private registries' handler → reply or refusal → audit

Whoever pulls needs no credentials, and nobody is asked whether he may. Clients that look for a challenge first find a
Bearer one, and get at /token/ what they bring back: for a password of GetAuthorizationToken a token of its principal,
for nothing an anonymous one. Everything else than a pull needs a principal and the actions of ECR Public. Repositories
of private registries are not served here: an alias is of a public registry, and rows are looked up by their registry.
Sources: responses of public.ecr.aws; distribution-spec 1.1; Docker Registry token authentication.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cargohold.access.context import Surroundings
from cargohold.access.demand import Demand
from cargohold.access.guard import Admission
from cargohold.access.trail import Trail
from cargohold.core.addresses import PUBLIC
from cargohold.core.clock import SECOND
from cargohold.core.errors import (
    CargoholdError,
    CredentialsRequired,
    ExpiredRegistryToken,
    MethodNotAllowed,
    RegistryNotFound,
    UnknownHost,
    UnknownRoute,
)
from cargohold.core.reference import is_alias, is_public_repository_name
from cargohold.exchange import Reply, Request
from cargohold.identity import public_token
from cargohold.identity.principals import Credential, Principal
from cargohold.oci import errors, routes, told
from cargohold.oci.call import Asked, Call
from cargohold.oci.challenge import bearer_challenge
from cargohold.services import of_public

if TYPE_CHECKING:
    from cargohold.core.arn import Target
    from cargohold.oci.routes import Route
    from cargohold.services import Services

TOKEN_PATHS: Final = frozenset({"/token", "/token/"})
LOGOS: Final = "/logo/"
PATHS: Final = ("/token", LOGOS)
"""How paths begin that are this door's besides /v2/."""

PULLS: Final = frozenset({"ListTags", "GetManifest", "ListReferrers", "GetBlob", "HeadBlob"})
"""The routes that are for everybody."""

NOBODY: Final = Principal("", "", "", "anonymous", "")


class PublicDoor:
    """`await door(request)` is the reply. `own_port`: every name of ours means the public registries here."""

    def __init__(self, services: Services, *, own_port: bool = False) -> None:
        self._services = of_public(services)
        self._own_port = own_port

    async def __call__(self, request: Request) -> Reply:
        """Serves one request and writes its event, also when its client went away."""
        agent = request.headers.get("user-agent", "")
        trail = Trail(request.id, Surroundings(request.client, request.scheme == "https", agent))
        host = request.headers.get("host", "")
        try:
            origin = self._services.addresses.public_origin(host, own_port=self._own_port)
        except UnknownHost as error:
            return told.elsewhere(trail, error, errors.refuse(error, request), self._services.audit)
        url = f"{'https' if request.scheme == 'https' else self._services.addresses.scheme}://{origin}"
        if request.path in TOKEN_PATHS:
            return await self._token(request, trail, url)
        if request.path.startswith(LOGOS):
            return await self._logo(request, url)
        return await self._serve(request, trail, url)

    async def _serve(self, request: Request, trail: Trail, url: str) -> Reply:
        alias, path = split(request.path)
        route, asked = routes.find(request.method, path, request.query, PUBLIC)
        asked = replace(asked, prefix=f"{alias}/", parameters=_of_alias(asked.parameters, alias))
        demands: Sequence[Demand] = ()
        trail.is_event = not route.only_reads
        reply: Reply | None = None
        try:
            if routes.parse(path)[0] is None:
                raise UnknownRoute(f"There is nothing at {request.path[:300]}: a name here is <alias>/<repository>")
            credential = self._services.authenticator.public(request)
            trail.access_key_id = None if credential is None else credential.access_key_id
            target = await self._target(route, asked, alias, credential)
            if target is not None:
                asked = replace(asked, registry=target.registry)
                demands = _demands(route, asked)
            admission = await self._admit((route, asked, demands), credential, target, trail.surroundings)
            trail.admit(admission)
            if self._services.rates is not None:
                self._services.rates.take(admission.principal.account, trail.surroundings.source_ip, demands)
            known = credential or Credential(None)
            reply = await route.handler(Call(self._services, request, asked, admission, known, trail.surroundings))
        except CargoholdError as error:
            reply = self._refuse(error, request, url)
            told.refused(trail, route, error)
        finally:
            if trail.is_told:
                told.tell(trail, route, asked, demands, reply)
                trail.record(self._services.audit, "Unfinished" if reply is None else reply.code)
        reply.operation = f"oci:{route.name}"
        return reply

    async def _target(self, route: Route, asked: Asked, alias: str, credential: Credential | None) -> Target | None:
        """The repository that is asked for, there or not; None where a route names none.

        Raises CredentialsRequired, before anything is looked up, for who names nobody and wants more than to pull.
        """
        if route.path == routes.VERSION and credential is None:
            raise CredentialsRequired
        if "<name>" not in route.path:
            if route.path == routes.CATALOG:
                raise UnknownRoute("The public registries have no list of all repositories")
            return None
        if route.name not in PULLS and (credential is None or credential.access_key_id is None):
            raise CredentialsRequired
        target = await self._services.public.registries.find(alias, asked.repository)
        if target is None:
            raise RegistryNotFound(alias)
        return target

    async def _admit(
        self,
        wanted: tuple[Route, Asked, Sequence[Demand]],
        credential: Credential | None,
        target: Target | None,
        surroundings: Surroundings,
    ) -> Admission:
        """Everybody to pull; whoever has a password only as long as its principal lives, and to push by policies."""
        route, asked, demands = wanted
        targets = {} if target is None else {(target.registry, target.name): target}
        if credential is None or credential.access_key_id is None:
            return Admission(NOBODY, targets, {})
        optional = route.optional(asked) if route.optional else ()
        admission = await self._services.guard.require(credential, demands, optional, surroundings)
        return admission if demands else replace(admission, targets=targets)

    async def _token(self, request: Request, trail: Trail, url: str) -> Reply:
        """GET /token/: what a client sends as Bearer from then on, as long as the password that it was made of."""
        services, trail.is_event = self._services, False
        trail.action, trail.only_reads = "ecr-public:GetAuthorizationToken", True
        try:
            if request.method not in routes.READ:
                raise MethodNotAllowed(request.method, routes.READ)
            credential, now = services.authenticator.public(request), services.clock()
            if credential is None or credential.access_key_id is None:
                trail.is_told = False
                token, expires_at = public_token.issue_anonymous(services.tokens, now)
            else:
                trail.access_key_id = credential.access_key_id
                trail.admit(await services.guard.require(credential, (), (), trail.surroundings))
                token, expires_at = public_token.issue(services.tokens, credential, credential.issued_at or 0)
            body = {"token": token, "access_token": token, "expires_in": (expires_at - now) // SECOND}
            headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
            reply = Reply(200, headers, json.dumps(body).encode())
        except CargoholdError as error:
            trail.message = str(error)
            reply = self._refuse(error, request, url)
        if trail.is_told:
            trail.record(services.audit, reply.code)
        reply.operation = "oci:GetToken"
        return reply

    async def _logo(self, request: Request, url: str) -> Reply:
        """GET /logo/<alias>/<repository>: the picture that catalog data has, a PNG."""
        alias, _, name = request.path.removeprefix(LOGOS).partition("/")
        registries = self._services.public.registries
        try:
            if request.method not in routes.READ:
                raise MethodNotAllowed(request.method, routes.READ)
            named = is_alias(alias) and is_public_repository_name(name)
            target = await registries.find(alias, name) if named else None
            if target is None:
                raise RegistryNotFound(alias)
            logo = await registries.logo(target)
            if logo is None:
                raise UnknownRoute("This repository has no logo")
            reply = Reply(200, [("Content-Type", "image/png"), ("X-Content-Type-Options", "nosniff")], logo)
        except CargoholdError as error:
            reply = self._refuse(error, request, url)
        reply.operation = "oci:GetLogo"
        return reply

    def _refuse(self, error: CargoholdError, request: Request, url: str) -> Reply:
        """As a private registry does, but 401 of a token that is over, so that a client fetches another."""
        reply = errors.refuse(error, request)
        if isinstance(error, ExpiredRegistryToken):
            reply.status = 401
        if reply.status == 401:
            reply.headers.append(bearer_challenge(url))
        return reply


def split(path: str) -> tuple[str, str]:
    """The alias of a raw path, and the path as it would be in a private registry; no alias where it has none."""
    alias, slash, rest = path.removeprefix("/v2/").partition("/")
    return (alias, f"/v2/{rest}") if path.startswith("/v2/") and slash and is_alias(alias) else ("", path)


def _of_alias(parameters: Mapping[str, str], alias: str) -> Mapping[str, str]:
    """The query as a private registry's would be: a mount's source without its alias, or none of another registry."""
    source = parameters.get("from")
    if source is None:
        return parameters
    here, _, name = source.partition("/")
    others = {key: value for key, value in parameters.items() if key != "from"}
    return {**others, "from": name} if here == alias else others


def _demands(route: Route, asked: Asked) -> Sequence[Demand]:
    """None of who pulls; else what ECR demands, as actions of ECR Public."""
    if route.name in PULLS:
        return ()
    return [replace(demand, action=demand.action.replace("ecr:", "ecr-public:", 1)) for demand in route.demands(asked)]
