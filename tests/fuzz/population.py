"""What there is to ask for: repositories, images, tags, uploads, settings; and the pool of texts that mean something.

Every answer is gone through for such texts, so that tokens, digests and upload ids of one call come back in others.
"""

import hashlib
import json
from base64 import b64encode
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any, Final

from cargohold.aws import model
from cargohold.aws.served import OPERATIONS
from tests.bed.place import ACCOUNT, OTHER, REGION, Caller, Place

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
INDEX: Final = "application/vnd.oci.image.index.v1+json"
ADMINISTRATORS: Final = (Caller(ACCOUNT), Caller(OTHER))

REPOSITORIES: Final = ("app", "team/app", "team/locked", "empty")
TAGS: Final = ("v1", "v2", "latest", "dev-1")
LAYERS: Final = (b"one layer", b"another layer", b"a third one")
CONFIG: Final = b'{"architecture":"amd64","os":"linux"}'

_READ = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": "ecr:BatchGetImage"}
_PUBLIC_READ = _READ | {"Action": "ecr-public:DescribeImages"}
_NAMED = "nextToken uploadId imageDigest layerDigest imageTag authorizationToken prefix principalArn imageManifest"

KEPT: Final = 60
"""Texts of one member's that are remembered."""


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def manifest(layer: bytes, **members: Any) -> str:
    """The text of an image manifest with one layer."""
    described = [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest(layer), "size": len(layer)}]
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(CONFIG), "size": len(CONFIG)}
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": described} | members)


def policy(*statements: Mapping[str, Any], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


def lifecycle(**selection: Any) -> str:
    chosen = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1000} | selection
    return json.dumps({"rules": [{"rulePriority": 1, "selection": chosen, "action": {"type": "expire"}}]}, indent=4)


class Pool:
    """Texts by the member they are for, some known from the start, the newest of those that answers had."""

    def __init__(self) -> None:
        self._texts: dict[str, deque[Any]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._texts["uploadId"] = deque(maxlen=4)  # they live until they are ended
        self._known: dict[str, tuple[Any, ...]] = {
            "repositoryName": ("app", "app", *REPOSITORIES, "absent"),
            "registryId": (ACCOUNT, ACCOUNT, ACCOUNT, OTHER),
            "resourceArn": tuple(
                f"arn:aws:{service}:{region}:{ACCOUNT}:repository/{name}"
                for name in REPOSITORIES
                for service, region in (("ecr", REGION), ("ecr-public", ""))
            ),
            "imageTag": TAGS,
            "imageDigest": tuple(digest(manifest(layer).encode()) for layer in LAYERS),
            "layerDigest": tuple(digest(data) for data in (*LAYERS, CONFIG)),
            "layerPartBlob": LAYERS,
            "partFirstByte": (0, 0, 0, 9),
            "partLastByte": tuple(len(layer) - 1 for layer in LAYERS),
            "imageManifest": tuple(manifest(layer) for layer in LAYERS),
            "imageManifestMediaType": (MANIFEST, INDEX),
            "acceptedMediaTypes": (MANIFEST, INDEX),
            "policyText": (policy(_READ), policy(_READ, version="2008-10-17"), policy(_PUBLIC_READ), policy()),
            "lifecyclePolicyText": (lifecycle(), lifecycle(tagStatus="untagged"), lifecycle(countNumber=1)),
            "repositoryPolicy": (policy(_READ),),
            "lifecyclePolicy": (lifecycle(),),
            "prefix": ("ROOT", "team", "team/sub", "other"),
            "name": ("BLOB_MOUNTING", "REGISTRY_POLICY_SCOPE", "BASIC_SCAN_TYPE_VERSION"),
            "value": ("ENABLED", "DISABLED", "V1", "V2", "AWS_NATIVE", "CLAIR"),
            "principalArn": (f"arn:aws:iam::{ACCOUNT}:user/administrator", f"arn:aws:iam::{ACCOUNT}:role/scanner"),
            "customRoleArn": (f"arn:aws:iam::{ACCOUNT}:role/creator",),
            "encryptionType": ("AES256", "AES256", "KMS"),
            "kmsKey": (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012", "alias/aws/ecr"),
            "filter": ("dev-*", "v*", "latest"),
            "appliedFor": ("CREATE_ON_PUSH", "PULL_THROUGH_CACHE"),
            "artifactTypes": ("application/vnd.example.sbom",),
            "architectures": ("x86-64", "ARM 64", "Plan 9"),
            "operatingSystems": ("Linux", "Windows", "Hurd"),
            "displayName": ("A publisher",),
            "Key": ("team", "stack", "key 2"),
            "Value": ("", "red", "blau und grün"),
            "tagKeys": ("team", "stack"),
        }

    def of(self, member: str) -> list[Any]:
        """What a member may well be; empty when nothing is known."""
        return [*self._known.get(member, ()), *self._texts.get(member, ())]

    def learn(self, answer: object) -> None:
        """Remembers what an answer, or a part of one, says of members that requests have too."""
        if isinstance(answer, list):
            for item in answer:
                self.learn(item)
        elif isinstance(answer, dict):
            for member, value in answer.items():
                if isinstance(value, str) and member in _NAMED.split():
                    self._texts[member].append(value)
                else:
                    self.learn(value)


def populate(place: Place, pool: Pool) -> None:
    """Makes what is missing of the population, and reads every list's first page for its token."""
    for caller in ADMINISTRATORS:
        for service in sorted({"ecr", "ecr-public"} & set(OPERATIONS)):
            _fill(place, pool, service, caller)
            _list(place, pool, service, caller)


def _fill(place: Place, pool: Pool, service: str, caller: Caller) -> None:
    for name in REPOSITORIES:
        immutable = {"imageTagMutability": "IMMUTABLE"} if name.endswith("locked") and service == "ecr" else {}
        place.ask(service, "CreateRepository", {"repositoryName": name, **immutable}, caller)
        if name != "empty":
            _push(place, service, name, caller)
    if service == "ecr":
        place.ask(service, "DeleteRegistryPolicy", {}, caller)
    pool.learn(place.ask(service, "InitiateLayerUpload", {"repositoryName": "app"}, caller))


def _push(place: Place, service: str, name: str, caller: Caller) -> None:
    for data in (*LAYERS, CONFIG):
        _upload(place, service, name, data, caller)
    texts = [manifest(layer) for layer in LAYERS]
    children = [{"mediaType": MANIFEST, "digest": digest(each.encode()), "size": len(each)} for each in texts[:2]]
    subject = {"mediaType": MANIFEST, "digest": digest(texts[0].encode()), "size": len(texts[0])}
    texts.append(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}))
    referrer = manifest(LAYERS[0], subject=subject, artifactType="application/vnd.example.sbom")
    for text, tag in zip(texts, TAGS, strict=True):
        place.ask(service, "PutImage", {"repositoryName": name, "imageManifest": text, "imageTag": tag}, caller)
    place.ask(service, "PutImage", {"repositoryName": name, "imageManifest": referrer}, caller)


def _upload(place: Place, service: str, name: str, data: bytes, caller: Caller) -> None:
    named = {"repositoryName": name}
    asked = {**named, "layerDigests": [digest(data)]}
    known = place.ask(service, "BatchCheckLayerAvailability", asked, caller)
    if known is None or known["layers"][0]["layerAvailability"] != "UNAVAILABLE":
        return
    began = place.ask(service, "InitiateLayerUpload", named, caller)
    assert began is not None
    upload = named | {"uploadId": began["uploadId"]}
    part = {"partFirstByte": 0, "partLastByte": len(data) - 1, "layerPartBlob": b64encode(data).decode()}
    place.ask(service, "UploadLayerPart", upload | part, caller)
    place.ask(service, "CompleteLayerUpload", upload | {"layerDigests": [digest(data)]}, caller)


def _list(place: Place, pool: Pool, service: str, caller: Caller) -> None:
    shapes = model.load(service).shapes
    for operation in OPERATIONS[service]:
        known = model.load(service).operations[operation.name]
        members = shapes[known.input]["members"] if known.input else {}
        if "nextToken" in members:
            request: dict[str, Any] = {"maxResults": 1}
            if "repositoryName" in members:
                request["repositoryName"] = "app"
            if "subjectId" in members:
                request["subjectId"] = {"imageDigest": digest(manifest(LAYERS[0]).encode())}
            pool.learn(place.ask(service, operation.name, request, caller))
