"""The AWS door as a client meets it: real rooms over each database and a folder, requests signed by botocore."""

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from sqlalchemy import update

from cargohold.access.explanations import Explanations
from cargohold.access.guard import Guard
from cargohold.access.holdings import Holders
from cargohold.access.policy import check
from cargohold.access.trust import Trust
from cargohold.aws.door import AwsDoor
from cargohold.blobstore.filesystem import FilesystemBlobStore
from cargohold.blobstore.stores import Stores
from cargohold.core import digest
from cargohold.core.addresses import Addresses
from cargohold.core.errors import IssuerUnreachable
from cargohold.database import Database
from cargohold.database.schema.registry import image as image_table
from cargohold.encryption.root import Root
from cargohold.encryption.tokens import Tokens
from cargohold.exchange import Message, Request
from cargohold.identity import principal_names
from cargohold.identity.account_details import AccountDetails
from cargohold.identity.accounts import Accounts, NewKey
from cargohold.identity.aliases import AccountAliases
from cargohold.identity.attachments import Attachments
from cargohold.identity.authenticate import Authenticator
from cargohold.identity.boundaries import Boundaries
from cargohold.identity.groups import Groups
from cargohold.identity.hosts import Hosts
from cargohold.identity.inline import InlinePolicies
from cargohold.identity.instance_profiles import InstanceProfiles
from cargohold.identity.issuer_keys import IssuerKeys
from cargohold.identity.key_uses import KeyUses
from cargohold.identity.keys import AccessKeys
from cargohold.identity.oidc_providers import OidcProviders
from cargohold.identity.policies import Policies
from cargohold.identity.policy_versions import PolicyVersions
from cargohold.identity.quotas import Quotas
from cargohold.identity.roles import Roles
from cargohold.identity.sessions import Sessions
from cargohold.identity.users import Users
from cargohold.identity.web_identities import WebIdentities
from cargohold.lifecycle import policy as lifecycle
from cargohold.lifecycle.evaluations import Evaluations
from cargohold.lifecycle.preview import Previews
from cargohold.registry.blobs import Blobs
from cargohold.registry.collection import Collections
from cargohold.registry.creation_templates import CreationTemplates
from cargohold.registry.image_archive import ImageArchive
from cargohold.registry.images import Images
from cargohold.registry.lifecycle_policies import LifecyclePolicies
from cargohold.registry.limits import Limits
from cargohold.registry.pull_times import PullTimes
from cargohold.registry.referrers import Referrers
from cargohold.registry.repositories import Repositories
from cargohold.registry.resource_policies import ResourcePolicies
from cargohold.registry.settings import RegistrySettings
from cargohold.registry.tags import Tags
from cargohold.registry.undo import Undo
from cargohold.registry.uploads import Uploads
from cargohold.registry.verifications import Verifications
from cargohold.scanning.advisories.status import Advisories
from cargohold.scanning.ignores import IgnoreRules
from cargohold.scanning.scans import Scans, pushed
from cargohold.server.rooms import POLICIES_OF_ECR, TEXTS_OF_TEMPLATES, public_rooms
from cargohold.services import Services
from cargohold.telemetry.audit.trail import Audit, Folder
from tests.bed.engines import Engine, Place

ACCOUNT = "123456789012"
OTHER = "210987654321"
REGION = "us-east-1"
REGIONS = frozenset({REGION, "eu-west-1"})
AWS_QUOTAS = Quotas()
NOON = 1_772_366_400_000
"""2026-03-01T12:00:00Z"""

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


class SettableClock:
    """Stands still until a test moves it on."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


@dataclass(frozen=True)
class Answer:
    """What came back: the status and the decoded JSON body."""

    status: int
    body: dict[str, Any]

    @property
    def refusal(self) -> tuple[int, str, str]:
        """Status, code and sentence of an error."""
        return self.status, self.body["__type"], self.body["message"]


class Issuers:
    """Stands for the issuers of web identity tokens: what each would answer when it is asked for its keys."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}

    async def fetch(self, issuer: str) -> bytes:
        if issuer not in self.documents:
            raise IssuerUnreachable
        return self.documents[issuer]


@dataclass(frozen=True)
class Wire:
    """A client of the AWS door. Calling it sends an operation that must succeed and gives its answer."""

    services: Services
    database: Database
    door: AwsDoor
    clock: SettableClock
    keys: dict[str, NewKey]
    runner: asyncio.Runner
    uses: KeyUses
    issuers: Issuers

    def __call__(self, operation: str, **members: Any) -> dict[str, Any]:
        answer = self.send(operation, members)
        assert answer.status == 200, answer.body
        return answer.body

    def refused(self, operation: str, **members: Any) -> tuple[int, str, str]:
        """Status, code and sentence of an operation that must fail."""
        answer = self.send(operation, members)
        assert answer.status != 200, answer.body
        return answer.refusal

    def send(self, operation: str, members: dict[str, Any], account: str = ACCOUNT, region: str = REGION) -> Answer:
        """Sends an operation signed by the account's administrator in the region; bytes go as base64."""
        body = json.dumps(members, default=lambda raw: base64.b64encode(raw).decode()).encode()
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": "localhost:5050",
            "x-amz-target": f"AmazonEC2ContainerRegistry_V20150921.{operation}",
        }
        request = _request(self._signed(body, headers, self.keys[account], region), body)
        reply = self.runner.run(self.door(request))
        assert isinstance(reply.body, bytes)
        return Answer(reply.status, json.loads(reply.body))

    def save_images(self, **columns: Any) -> None:
        """Gives every image what no operation that is built can give it."""
        changed = update(image_table).values(columns)
        self.runner.run(self.database.write(lambda connection: connection.execute(changed)))

    def _signed(self, body: bytes, headers: dict[str, str], key: NewKey, region: str) -> dict[str, str]:
        request = AWSRequest(method="POST", url="http://localhost:5050/", data=body, headers=headers)
        now = datetime.fromtimestamp(self.clock.now / 1000, UTC).replace(tzinfo=None)
        with patch("botocore.auth.get_current_datetime", lambda *_, **__: now):
            SigV4Auth(Credentials(key.access_key_id, key.secret_access_key), "ecr", region).add_auth(request)
        return {name.lower(): value for name, value in request.headers.items()}

    def layer(self, repository: str, data: bytes) -> str:
        """Uploads a layer as one part and gives its digest; one that is there already is left as it is."""
        name = digest.of(data)
        asked = self("BatchCheckLayerAvailability", repositoryName=repository, layerDigests=[name])
        if asked["layers"][0]["layerAvailability"] == "UNAVAILABLE":
            upload = self("InitiateLayerUpload", repositoryName=repository)["uploadId"]
            part = {"uploadId": upload, "partFirstByte": 0, "partLastByte": len(data) - 1, "layerPartBlob": data}
            self("UploadLayerPart", repositoryName=repository, **part)
            self("CompleteLayerUpload", repositoryName=repository, uploadId=upload, layerDigests=[name])
        return name

    def manifest(self, repository: str, *layers: bytes, **members: Any) -> str:
        """The text of an OCI image manifest whose config and layers were uploaded; not yet put."""
        config = b'{"architecture":"amd64","os":"linux"}'
        for data in (config, *layers):
            self.layer(repository, data)
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", config),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", data) for data in layers],
        }
        return json.dumps(document | members)

    def image(self, repository: str, content: str, *tags: str) -> str:
        """Puts an image whose only layer holds the content, under each tag or none; gives its digest."""
        manifest = self.manifest(repository, content.encode())
        for tag in tags:
            self("PutImage", repositoryName=repository, imageManifest=manifest, imageTag=tag)
        if not tags:
            self("PutImage", repositoryName=repository, imageManifest=manifest)
        return digest.of(manifest.encode())

    def index(self, repository: str, tag: str, *children: str) -> str:
        """Puts an index of images that are there, by their digests, under a tag; gives its digest."""
        listed = self(
            "BatchGetImage", repositoryName=repository, imageIds=[{"imageDigest": child} for child in children]
        )["images"]
        manifests = [descriptor(OCI_MANIFEST, image["imageManifest"].encode()) for image in listed]
        text = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests})
        self("PutImage", repositoryName=repository, imageManifest=text, imageTag=tag)
        return digest.of(text.encode())


def descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest.of(data), "size": len(data)}


def _request(headers: dict[str, str], body: bytes) -> Request:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop(0)

    return Request("POST", "/", "", headers, "http", "127.0.0.1", "request-1", receive)


@dataclass(frozen=True)
class Furnished:
    """What is made once: a database with two accounts in it, which each test copies, and a store that all may share."""

    database: Place
    root: Root
    keys: dict[str, NewKey]
    stores: Stores


@pytest.fixture(scope="session")
def furnished(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    folder = tmp_path_factory.mktemp("furnished")
    place = engine.make(folder)
    root = Root.load(folder / "root.key", None)

    async def accounts() -> dict[str, NewKey]:
        database = engine.open(place)
        made = {name: await Accounts(database, root, lambda: NOON).bootstrap(name) for name in (ACCOUNT, OTHER)}
        await database.close()
        return {name: key for name, key in made.items() if key is not None}

    stores = Stores(FilesystemBlobStore(folder / "blobs"), FilesystemBlobStore(folder / "archive"))
    return Furnished(place, root, asyncio.run(accounts()), stores)


@pytest.fixture
def wire_with(engine: Engine, furnished: Furnished, tmp_path: Path) -> Iterator[Callable[..., Wire]]:
    """Makes a client of a fresh registry whose limits are ECR's, but for those that are given."""
    place = engine.copy(furnished.database, tmp_path)
    with engine.borrowed(place) as database, asyncio.Runner() as runner:

        def make(quotas: Quotas = AWS_QUOTAS, **limits: int) -> Wire:
            clock = SettableClock()
            uses = KeyUses(database, clock)
            issuers = Issuers()
            services = _services(database, furnished, clock, (Limits(**limits), quotas, uses), tmp_path / "audit")
            providers = services.oidc_providers
            web = WebIdentities(providers, IssuerKeys(issuers.fetch, {}, clock).find, clock)
            services = replace(services, web_identities=web)
            return Wire(services, database, AwsDoor(services), clock, furnished.keys, runner, uses, issuers)

        yield make
    engine.drop(place)


@pytest.fixture
def wire(wire_with: Callable[..., Wire]) -> Wire:
    """A client of a fresh registry with ECR's limits."""
    return wire_with()


def _services(
    database: Database, furnished: Furnished, clock: SettableClock, most: tuple[Limits, Quotas, KeyUses], audit: Path
) -> Services:
    limits, quotas, uses = most
    tokens = Tokens(furnished.root.derive("tokens"))
    oidc_providers = OidcProviders(database, clock, quotas)
    return Services(
        addresses=Addresses(ACCOUNT, REGION, REGIONS),
        clock=clock,
        tokens=tokens,
        authenticator=Authenticator(database, furnished.root, tokens, clock, REGIONS, uses=uses),
        guard=Guard(database, furnished.root, clock),
        accounts=Accounts(database, furnished.root, clock, quotas),
        aliases=AccountAliases(database),
        users=Users(database, clock, quotas),
        groups=Groups(database, clock, quotas),
        keys=AccessKeys(database, furnished.root, clock, quotas),
        roles=Roles(database, clock, check, quotas),
        policies=Policies(database, clock, check, quotas),
        policy_versions=PolicyVersions(database, clock, check, quotas),
        attachments=Attachments(database, clock, quotas),
        inline_policies=InlinePolicies(database, clock, check, quotas),
        boundaries=Boundaries(database),
        instance_profiles=InstanceProfiles(database, clock, quotas),
        hosts=Hosts(database, furnished.root, tokens, clock, quotas),
        trust=Trust(database, clock),
        holders=Holders(database),
        explanations=Explanations(database, clock),
        account_details=AccountDetails(database),
        sessions=Sessions(database, furnished.root, tokens, clock, check),
        oidc_providers=oidc_providers,
        web_identities=WebIdentities(oidc_providers, IssuerKeys(Issuers().fetch, {}, clock).find, clock),
        repositories=Repositories(database, clock, limits),
        resource_policies=ResourcePolicies(database, POLICIES_OF_ECR),
        creation_templates=CreationTemplates(database, clock, limits, TEXTS_OF_TEMPLATES),
        registry_settings=RegistrySettings(database),
        pull_times=PullTimes(database, clock, limits, principal_names.find_id),
        lifecycle_policies=LifecyclePolicies(database, lifecycle.check, clock),
        previews=Previews(database, clock),
        evaluations=Evaluations(database, clock),
        scans=Scans(database, clock),
        ignore_rules=IgnoreRules(database, clock),
        advisories=Advisories(database, audit.parent / "advisories", [], clock),
        images=Images(database, clock, limits, arrived=pushed),
        image_archive=ImageArchive(database, clock),
        undo=Undo(database, clock, limits),
        collections=Collections(database, clock, limits.collection_lease),
        tags=Tags(database),
        referrers=Referrers(database),
        blobs=Blobs(database, furnished.stores, clock, limits),
        uploads=Uploads(database, furnished.stores, clock, limits),
        verifications=Verifications(database, clock),
        public=public_rooms(database, furnished.stores, clock, limits),
        audit=Audit(Folder(audit, days=90, size=1 << 24), clock),
    )
