"""The AWS door: head → authenticate → decode → validate → require → do → encode → audit.

It knows two wires and no rule. Who asks is proven before anything of the request is judged, so that nobody unproven
learns what a member must look like. A body is read only behind a head that could be signed, a large one only under a
key that somebody has.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cargohold.access.context import Surroundings
from cargohold.access.trail import Trail
from cargohold.aws import errors, json_protocol, model, query_protocol
from cargohold.aws.errors import Refusal
from cargohold.aws.invoke import Prepared, invoke, prepare
from cargohold.aws.model import OperationModel, Service
from cargohold.aws.operation import Operation
from cargohold.aws.reads import is_event, only_reads
from cargohold.aws.served import OPERATIONS
from cargohold.aws.told import told_of_error
from cargohold.core.errors import CargoholdError, MethodNotAllowed, OperationNotBuilt, UnknownOperation
from cargohold.exchange import Reply, Request
from cargohold.identity import sigv4
from cargohold.identity.authenticate import Signed
from cargohold.identity.principals import ANONYMOUS
from cargohold.telemetry import logs

if TYPE_CHECKING:
    from cargohold.services import Services

BODY_LIMIT: Final = 1 << 20
"""Bytes of a request's body, except where the model has a large member."""

UNSIGNED_BODY_LIMIT: Final = 1 << 16
"""Bytes of a body that nobody signed: a token of 20,000 characters, a policy, ten ARNs."""

LARGE_BODY_LIMIT: Final = 30 << 20
"""A layer part of 20 MiB in base64, or a manifest of 4 MiB with its characters escaped."""

LARGE_BODIES: Final = 8
"""Bodies over BODY_LIMIT that are held at once: that they are a key's own is proven only after they are read."""

TARGET: Final = "x-amz-target"

_SMALL_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Wire:
    """One of the two protocols, as the door uses it."""

    content_type: str
    serve: Callable[[Request, Trail], Awaitable[bytes]]
    refuse: Callable[[Request, Trail, Refusal], Reply]


@dataclass(frozen=True, slots=True)
class Built:
    """An operation with the way it is written on its service's wire."""

    prepared: Prepared
    decode: Callable[[Any], dict[str, Any]]
    encode: Callable[[Mapping[str, object], str], bytes]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An operation of the model; `built` is None while it is not built."""

    service: Service
    model: OperationModel
    built: Built | None
    is_event: bool
    only_reads: bool

    @property
    def action(self) -> str:
        return f"{self.service.name}:{self.model.name}"

    def name_in(self, trail: Trail) -> None:
        """Tells the trail which operation is asked for."""
        trail.action, trail.is_event, trail.only_reads = self.action, self.is_event, self.only_reads


class AwsDoor:
    """Serves the JSON and the Query services; made once per process."""

    def __init__(self, services: Services, operations: Mapping[str, Sequence[Operation]] = OPERATIONS) -> None:
        self._services = services
        self._json = Wire(json_protocol.CONTENT_TYPE, self._serve_json, self._refuse_json)
        self._query = Wire(query_protocol.CONTENT_TYPE, self._serve_query, self._refuse_query)
        self._large = asyncio.Semaphore(LARGE_BODIES)
        self._targets: dict[str, Endpoint] = {}
        self._actions: dict[tuple[str, str], Endpoint] = {}
        for name, built in operations.items():
            self._add(model.load(name), {operation.name: operation for operation in built})

    async def __call__(self, request: Request) -> Reply:
        """Answers a request and writes its audit line; a request whose client went away is audited too."""
        agent = request.headers.get("user-agent", "")
        trail = Trail(request.id, Surroundings(request.client, request.scheme == "https", agent))
        code = "Cancelled"
        try:
            reply = await self._reply(self._json if TARGET in request.headers else self._query, request, trail)
            code = reply.code
        finally:
            if trail.is_told:
                trail.record(self._services.audit, code)
        return reply

    def _add(self, service: Service, built: Mapping[str, Operation]) -> None:
        for name, operation in service.operations.items():
            done = _build(service, operation, built[name]) if name in built else None
            endpoint = Endpoint(service, operation, done, is_event(name), only_reads(name))
            if service.protocol == "json":
                self._targets[f"{service.target_prefix}.{name}"] = endpoint
            else:
                self._actions[service.version, name] = endpoint

    async def _reply(self, wire: Wire, request: Request, trail: Trail) -> Reply:
        try:
            content = await wire.serve(request, trail)
        except CargoholdError as error:
            trail.message = told_of_error(str(error))
            return wire.refuse(request, trail, errors.refusal(error))
        # A bug of ours. The client must still get an answer on its own wire, and the log must not quote the request.
        except Exception as error:  # noqa: BLE001
            logs.unexpected(error, request_id=request.id, operation=trail.action)
            return wire.refuse(request, trail, errors.UNEXPECTED)
        return Reply(200, [("content-type", wire.content_type)], content, operation=trail.action)

    async def _serve_json(self, request: Request, trail: Trail) -> bytes:
        target = request.headers[TARGET]
        endpoint = self._targets.get(target)
        if endpoint is None:
            raise UnknownOperation(f"There is no operation {target[:128]}")
        endpoint.name_in(trail)
        _check_method(request, "POST")
        if endpoint.model.unsigned:
            body = await request.read(UNSIGNED_BODY_LIMIT)
            return await self._answer(endpoint, request, trail, self._unsigned(), body)
        authenticator = self._services.authenticator
        head = await authenticator.head(request, endpoint.service.signing_name)
        large = endpoint.model.large and not _is_small(request)
        async with self._large if large and head.known else nullcontext():
            # Under a key that nobody has no signature is right: what may be large is not even read.
            wanted = head.known or not large
            body = await request.read(LARGE_BODY_LIMIT if endpoint.model.large else BODY_LIMIT) if wanted else b""
            return await self._answer(endpoint, request, trail, authenticator.prove(head, body), body)

    async def _serve_query(self, request: Request, trail: Trail) -> bytes:
        _check_method(request, "GET", "POST")
        signed_at_all = sigv4.is_signed(request)
        if signed_at_all:
            sigv4.parse(request)
        body = await request.read(BODY_LIMIT if signed_at_all else UNSIGNED_BODY_LIMIT)
        parameters = query_protocol.parameters(request.query, body)
        action, version = parameters.get("Action", ""), parameters.get("Version", "")
        endpoint = self._actions.get((version, action))
        if endpoint is None:
            version = version[:128] or "NO_VERSION_SPECIFIED"
            raise UnknownOperation(f"Could not find operation {action[:128]} for version {version}")
        endpoint.name_in(trail)
        if endpoint.model.unsigned:
            return await self._answer(endpoint, request, trail, self._unsigned(), parameters)
        signed = await self._services.authenticator.signed(request, body, endpoint.service.signing_name)
        return await self._answer(endpoint, request, trail, signed, parameters)

    def _unsigned(self) -> Signed:
        """What is known of a request that nobody signs: it is done in the default region."""
        return Signed(ANONYMOUS, "", self._services.addresses.region)

    async def _answer(
        self, endpoint: Endpoint, request: Request, trail: Trail, signed: Signed, given: bytes | Mapping[str, str]
    ) -> bytes:
        built = endpoint.built
        if built is None:
            raise OperationNotBuilt(endpoint.model.name)
        # A large body takes a tenth of a second to decode: not on the loop.
        decoded = built.decode(given) if len(given) <= BODY_LIMIT else await asyncio.to_thread(built.decode, given)
        return built.encode(await invoke(self._services, built.prepared, signed, decoded, trail), request.id)

    def _refuse_json(self, _: Request, trail: Trail, refusal: Refusal) -> Reply:
        return Reply(
            status=refusal.row.json_status,
            headers=[("content-type", json_protocol.CONTENT_TYPE)],
            body=json_protocol.refuse(refusal),
            operation=trail.action,
            code=refusal.row.json,
        )

    def _refuse_query(self, request: Request, trail: Trail, refusal: Refusal) -> Reply:
        known = (each.service.namespace for each in self._actions.values() if each.action == trail.action)
        namespace = next(known, query_protocol.UNKNOWN_NAMESPACE)
        return Reply(
            status=refusal.row.query_status,
            headers=[("content-type", query_protocol.CONTENT_TYPE)],
            body=query_protocol.refuse(refusal, namespace, request.id),
            operation=trail.action,
            code=refusal.row.query,
        )


def _build(service: Service, operation: OperationModel, built: Operation) -> Built:
    protocol = json_protocol if service.protocol == "json" else query_protocol
    decode: Callable[[Any], dict[str, Any]] = protocol.decoder(service, operation)
    return Built(prepare(service, built), decode, protocol.encoder(service, operation))


def _check_method(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise MethodNotAllowed(request.method, methods)


def _is_small(request: Request) -> bool:
    """Whether the head says that the body is no larger than most may be."""
    declared = request.headers.get("content-length", "")
    return _SMALL_NUMBER.fullmatch(declared) is not None and int(declared) <= BODY_LIMIT
