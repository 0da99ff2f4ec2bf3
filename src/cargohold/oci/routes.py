"""Who may do what at the OCI door: every route, what it demands, and the function that serves it.

ROUTES is the table. A path is read as it was sent and from its end, for a repository's name holds slashes, and an
escaped slash is none. Nothing here decides whether something exists or is allowed.
Sources: ECR user guide and AWS service authorization reference (the IAM action of each Docker call); distribution-spec
1.1, "Endpoints". GET and DELETE of an upload and DELETE of a blob have no counterpart on ECR.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from cargohold.access.demand import Demand, Demands
from cargohold.core.arn import Registry
from cargohold.core.errors import CargoholdError, InvalidParameter, MethodNotAllowed, UnknownRoute
from cargohold.core.reference import parse_repository_name
from cargohold.exchange import Reply
from cargohold.oci import blobs, catalog, challenge, manifests, referrers, tags, uploads
from cargohold.oci.call import Asked, Call

NO_PARAMETERS: Final[Mapping[str, str]] = MappingProxyType({})


READ: Final = ("GET", "HEAD")

VERSION: Final = "/v2/"
CATALOG: Final = "/v2/_catalog"
TAGS: Final = "/v2/<name>/tags/list"
MANIFEST: Final = "/v2/<name>/manifests/<reference>"
REFERRERS: Final = "/v2/<name>/referrers/<digest>"
BLOB: Final = "/v2/<name>/blobs/<digest>"
UPLOADS: Final = "/v2/<name>/blobs/uploads/"
UPLOAD: Final = "/v2/<name>/blobs/uploads/<id>"


@dataclass(frozen=True, slots=True)
class Route:
    """Methods on a path. `optional` are powers that the handler can do without; the guard says which are given.

    `creating` is what else it takes where the repository is not there and a creation template makes it.
    """

    name: str
    methods: tuple[str, ...]
    path: str
    demands: Demands[Asked]
    handler: Callable[[Call], Awaitable[Reply]]
    optional: Demands[Asked] | None = None
    creating: Demands[Asked] | None = None
    only_reads: bool = field(init=False)
    """Whether what it serves changes nothing; a route that refuses serves nothing."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "only_reads", bool(self.methods) and set(self.methods) <= set(READ))


def proof_alone(asked: Asked) -> Sequence[Demand]:
    """Demands nothing but a credential that lives."""
    return ()


def needs(action: str) -> Demands[Asked]:
    """Demands an action on the path's repository."""

    def demands(asked: Asked) -> Sequence[Demand]:
        return (Demand(action, asked.registry, asked.repository),)

    return demands


def needs_all(*actions: str) -> Demands[Asked]:
    """Demands several actions on the path's repository."""

    def demands(asked: Asked) -> Sequence[Demand]:
        return [Demand(action, asked.registry, asked.repository) for action in actions]

    return demands


def needs_everywhere(action: str) -> Demands[Asked]:
    """Demands an action on all the registry's repositories."""

    def demands(asked: Asked) -> Sequence[Demand]:
        return (Demand(action, asked.registry, "*"),)

    return demands


def needs_of_upload(asked: Asked) -> Sequence[Demand]:
    """With `digest` a POST does what otherwise three requests do."""
    return _whole_upload(asked) if "digest" in asked.parameters else _open_upload(asked)


_open_upload: Final = needs("ecr:InitiateLayerUpload")
_whole_upload: Final = needs_all("ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload")
_create: Final = needs("ecr:CreateRepository")
_end_upload: Final = needs_all("ecr:UploadLayerPart", "ecr:CompleteLayerUpload")

ROUTES: Final = (
    Route("CheckVersion", READ, VERSION, proof_alone, challenge.check_version),
    Route("ListRepositories", READ, CATALOG, needs_everywhere("ecr:DescribeRepositories"), catalog.list_repositories),
    Route("ListTags", READ, TAGS, needs("ecr:ListImages"), tags.list_tags),
    Route("GetManifest", READ, MANIFEST, needs("ecr:BatchGetImage"), manifests.get_manifest),
    Route("PutManifest", ("PUT",), MANIFEST, needs("ecr:PutImage"), manifests.put_manifest),
    Route("DeleteManifest", ("DELETE",), MANIFEST, needs("ecr:BatchDeleteImage"), manifests.delete_manifest),
    Route("ListReferrers", READ, REFERRERS, needs("ecr:BatchGetImage"), referrers.list_referrers),
    Route("GetBlob", ("GET",), BLOB, needs("ecr:GetDownloadUrlForLayer"), blobs.get_blob),
    Route("HeadBlob", ("HEAD",), BLOB, needs("ecr:BatchCheckLayerAvailability"), blobs.head_blob),
    Route("DeleteBlob", ("DELETE",), BLOB, needs("ecr:BatchDeleteImage"), blobs.delete_blob),
    Route("StartUpload", ("POST",), UPLOADS, needs_of_upload, uploads.start_upload, uploads.mount_source, _create),
    Route("GetUpload", ("GET",), UPLOAD, needs("ecr:UploadLayerPart"), uploads.get_upload),
    Route("PatchUpload", ("PATCH",), UPLOAD, needs("ecr:UploadLayerPart"), uploads.patch_upload),
    Route("PutUpload", ("PUT",), UPLOAD, _end_upload, uploads.put_upload),
    Route("DeleteUpload", ("DELETE",), UPLOAD, needs("ecr:UploadLayerPart"), uploads.delete_upload),
)

_TABLE: Final = {
    path: {method: route for route in ROUTES if route.path == path for method in route.methods}
    for path in (route.path for route in ROUTES)
}


def find(method: str, path: str, query: str, registry: Registry) -> tuple[Route, Asked]:
    """The route of a request, and what it names. Never raises.

    What cannot be served gets a route that refuses it, so that who is not proven learns nothing but the challenge.
    """
    known, name, reference = parse(path)
    asked = Asked(registry, name, reference, dict(parse_qsl(query, keep_blank_values=True)) if query else NO_PARAMETERS)
    if known is None:
        return _refusing(UnknownRoute(f"There is nothing at {path[:300]}")), asked
    try:
        if "<" in known:
            parse_repository_name(name)
    except InvalidParameter as error:
        return _refusing(error), asked
    route = _TABLE[known].get(method)
    return route or _refusing(MethodNotAllowed(method, tuple(_TABLE[known]))), asked


def parse(path: str) -> tuple[str | None, str, str]:
    """Which of the table's paths a raw path is (None: none), its repository's name and its reference, unchecked."""
    head, _, last = path.rpartition("/")
    rest, _, kind = head.rpartition("/")
    if not rest.startswith("/v2/"):
        return _without_name(path), "", ""
    if "%" in last:
        last = last.replace("%3A", ":").replace("%3a", ":")
    if kind == "manifests":
        return MANIFEST, rest[4:], last
    if kind == "blobs":
        return (UPLOADS, rest[4:], "") if last == "uploads" else (BLOB, rest[4:], last)
    if kind == "referrers":
        return REFERRERS, rest[4:], last
    if kind == "uploads" and rest.endswith("/blobs"):
        return (UPLOAD, rest[4:-6], last) if last else (UPLOADS, rest[4:-6], "")
    return (TAGS, rest[4:], "") if (kind, last) == ("tags", "list") else (None, "", "")


def _without_name(path: str) -> str | None:
    if path in ("/v2", VERSION):
        return VERSION
    return CATALOG if path in (CATALOG, CATALOG + "/") else None


def _refusing(error: CargoholdError) -> Route:
    async def refuse(call: Call) -> Reply:
        raise error

    return Route("Unknown", (), "", proof_alone, refuse)
