"""A client of ECR Public's API: the operations of the public registries, asked by anybody from any region."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cargohold.core import digest
from cargohold.identity.accounts import NewKey

from .conftest import ACCOUNT, Answer, Wire, _request, descriptor

PUBLIC_REGION = "us-east-1"
CONFIG = b'{"architecture":"amd64","os":"linux"}'
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Gallery:
    """Calling it sends an operation of the account's administrator that must succeed."""

    wire: Wire
    by: NewKey | None = None
    session: str | None = None

    def __call__(self, operation: str, **members: Any) -> dict[str, Any]:
        answer = self.send(operation, members)
        assert answer.status == 200, answer.body
        return answer.body

    def refused(self, operation: str, **members: Any) -> tuple[int, str, str]:
        """Status, code and sentence of an operation that must fail."""
        answer = self.send(operation, members)
        assert answer.status != 200, answer.body
        status, code, sentence = answer.refusal
        return status, code, sentence.partition(" Encoded authorization failure message: ")[0]

    def send(self, operation: str, members: Mapping[str, Any], region: str = PUBLIC_REGION) -> Answer:
        """An operation signed in a region; bytes go as base64."""
        wire, key = self.wire, self.by or self.wire.keys[ACCOUNT]
        body = json.dumps(members, default=lambda raw: base64.b64encode(raw).decode()).encode()
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": "localhost:5050",
            "x-amz-target": f"SpencerFrontendService.{operation}",
        }
        request = AWSRequest("POST", "http://localhost:5050/", data=body, headers=headers)
        now = datetime.fromtimestamp(wire.clock.now / 1000, UTC).replace(tzinfo=None)
        with patch("botocore.auth.get_current_datetime", lambda *_, **__: now):
            signer = Credentials(key.access_key_id, key.secret_access_key, self.session)
            SigV4Auth(signer, "ecr-public", region).add_auth(request)
        sent = {name.lower(): value for name, value in request.headers.items()}
        reply = wire.runner.run(wire.door(_request(sent, body)))
        assert isinstance(reply.body, bytes)
        return Answer(reply.status, json.loads(reply.body))

    @property
    def alias(self) -> str:
        """The account's own, by which its registry is named."""
        (registry,) = self("DescribeRegistries")["registries"]
        return str(next(alias["name"] for alias in registry["aliases"] if alias["primaryRegistryAlias"]))

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

    def manifest(self, repository: str, content: bytes) -> str:
        """The text of a manifest whose config and layer were uploaded; not yet put."""
        for data in (CONFIG, content):
            self.layer(repository, data)
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": descriptor("application/vnd.oci.image.config.v1+json", CONFIG),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", content)],
        }
        return json.dumps(document)

    def image(self, repository: str, content: str, *tags: str) -> str:
        """Puts an image under each tag, or under none; gives its digest."""
        manifest = self.manifest(repository, content.encode())
        for tag in tags:
            self("PutImage", repositoryName=repository, imageManifest=manifest, imageTag=tag)
        if not tags:
            self("PutImage", repositoryName=repository, imageManifest=manifest)
        return digest.of(manifest.encode())
