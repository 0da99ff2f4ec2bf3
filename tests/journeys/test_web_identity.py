"""Credentials without keys: a GitHub-style job and a Kubernetes-style pod, with tokens of issuers on this machine.

boto3 and the aws command line find them as they do at work: AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE.
"""

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.bed.engines import Engine
from tests.bed.issuer import AUDIENCE, REPOSITORY, claims, key_set, signed
from tests.bed.issuer_server import IssuerServer, served
from tests.clients.bed.images import make_image, make_layer
from tests.clients.bed.programs import clean_environment, program
from tests.clients.bed.server import ACCOUNT, REGION, Server, password_of
from tests.clients.bed.wire import Wire

from .conftest import database

CLUSTER = "https://kubernetes.default.svc.cluster.local"
POD = "system:serviceaccount:shop:pusher"
ENDED = ("InvalidClientTokenId", "UnrecognizedClientException")


@dataclass(frozen=True)
class Place:
    """A server that knows two issuers: one that it asks, and a cluster whose keys it has as a file."""

    server: Server
    issuer: IssuerServer
    folder: Path

    def provider(self, url: str) -> str:
        return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{url.removeprefix('https://')}"

    def role(self, name: str, url: str, subject: str) -> str:
        """A role that may push to and pull from its own repositories, for a subject of an issuer's."""
        host = url.removeprefix("https://")
        trust = {
            "Effect": "Allow",
            "Principal": {"Federated": self.provider(url)},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{host}:aud": AUDIENCE, f"{host}:sub": subject}},
        }
        power = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
        with closing(self.server.client("iam")) as iam:
            iam.create_open_id_connect_provider(Url=url, ClientIDList=[AUDIENCE])
            made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))
            iam.attach_role_policy(RoleName=name, PolicyArn=power)
        return str(made["Role"]["Arn"])

    def environment(self, role: str, token: str) -> dict[str, str]:
        """What a job's or a pod's environment holds: no key, a role and a file with a token."""
        file = self.folder / f"{role.rpartition('/')[2]}.token"
        file.write_text(token)
        return {
            "AWS_ENDPOINT_URL": f"http://localhost:{self.server.port}",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ROLE_ARN": role,
            "AWS_ROLE_SESSION_NAME": "job",
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(file),
            "AWS_CONFIG_FILE": str(self.folder / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "none"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Iterator[Place]:
    with served(tmp_path) as issuer:
        issuer.publish("rsa")
        keys = tmp_path / "cluster.json"
        keys.write_bytes(key_set("p256"))
        server = Server(tmp_path / "data", tmp_path / "server.log")
        environment = {
            "CARGOHOLD_OIDC_JWKS": f"{CLUSTER}={keys}",
            "CARGOHOLD_OIDC_PRIVATE_ISSUERS": issuer.url,
            "CARGOHOLD_OIDC_AUTHORITIES": str(issuer.authorities),
        }
        server.start("--workers", "1", environment=environment | database(engine))
        try:
            yield Place(server, issuer, tmp_path)
        finally:
            assert server.stop() == 0


def now() -> int:
    return int(time.time() * 1000)


def client(service: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> BaseClient:
    """An unmodified boto3 client that finds its credentials in its environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return boto3.Session().client(service, config=Config(retries={"total_max_attempts": 1}))


def push_and_pull(place: Place, ecr: BaseClient, name: str) -> str:
    """Logs in, pushes and pulls as `docker` does; returns the registry's password."""
    password = password_of(ecr)
    image = make_image([make_layer({"content": name.encode()})], ["/content"])
    with Wire(place.server.port, password) as wire:
        wire.push(name, "v1", image)
        assert wire.manifest(name, "v1") == image.manifest
    return password


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_github_style_job(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job with a token of its issuer's creates, pushes and pulls; deleting the provider stops it at once."""
    role = place.role("job", place.issuer.url, REPOSITORY)
    environment = place.environment(role, signed(claims(now(), iss=place.issuer.url)))
    with closing(client("ecr", environment, monkeypatch)) as ecr, closing(boto3.Session().client("sts")) as sts:
        assert sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/job/job"
        with closing(place.server.client("ecr")) as administrator:
            administrator.create_repository(repositoryName="octo/hold")
        password = push_and_pull(place, ecr, "octo/hold")
        with pytest.raises(ClientError) as denied:
            ecr.delete_repository(repositoryName="octo/hold", force=True)
        assert code_of(denied) == "AccessDeniedException"
        with closing(place.server.client("iam")) as iam:
            iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=place.provider(place.issuer.url))
        with pytest.raises(ClientError) as ended:
            ecr.describe_repositories()
        assert code_of(ended) in ENDED
    with Wire(place.server.port, password) as wire:
        assert wire.ask("GET", "/v2/octo/hold/manifests/v1").status == 403
    assert len(place.issuer.asked) == 2  # of the one door that there is


def test_a_job_of_another_repository(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job of another repository of the same issuer gets nothing, with AWS's sentence."""
    role = place.role("job", place.issuer.url, REPOSITORY)
    token = signed(claims(now(), iss=place.issuer.url, sub="repo:mallory/fork:ref:refs/heads/main"))
    with (
        closing(client("ecr", place.environment(role, token), monkeypatch)) as ecr,
        pytest.raises(ClientError, match="Not authorized to perform sts:AssumeRoleWithWebIdentity") as denied,
    ):
        ecr.get_authorization_token()
    assert code_of(denied) == "AccessDenied"


def test_a_pod(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod's projected token, proven with the cluster's keys from a file, pushes and pulls until its role goes."""
    role = place.role("pod", CLUSTER, POD)
    bound = {"namespace": "shop", "serviceaccount": {"name": "pusher", "uid": "7"}}
    payload = claims(now(), iss=CLUSTER, sub=POD, aud=[AUDIENCE], **{"kubernetes.io": bound, "ref": None})
    environment = place.environment(role, signed(payload, "p256", "ES256"))
    with closing(client("ecr", environment, monkeypatch)) as ecr:
        with closing(place.server.client("ecr")) as administrator:
            administrator.create_repository(repositoryName="shop/web")
        password = push_and_pull(place, ecr, "shop/web")
        with closing(place.server.client("iam")) as iam:
            power = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
            iam.detach_role_policy(RoleName="pod", PolicyArn=power)
            with Wire(place.server.port, password) as wire:
                assert wire.ask("GET", "/v2/shop/web/manifests/v1").status == 403
            iam.delete_role(RoleName="pod")
        with pytest.raises(ClientError) as ended:
            ecr.get_authorization_token()
        assert code_of(ended) in ENDED


def test_a_cluster_that_rotated_its_keys(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of a cluster's keys is read anew for each token: a new key counts at once, and an old one no more."""
    role = place.role("pod", CLUSTER, POD)
    (place.folder / "cluster.json").write_bytes(key_set("p384"))
    payload = claims(now(), iss=CLUSTER, sub=POD)
    old = place.environment(role, signed(payload, "p256", "ES256"))
    with closing(client("ecr", old, monkeypatch)) as ecr, pytest.raises(ClientError) as refused:
        ecr.get_authorization_token()
    assert code_of(refused) == "InvalidIdentityToken"
    new = place.environment(role, signed(payload, "p384", "ES384"))
    with closing(client("ecr", new, monkeypatch)) as ecr:
        assert ecr.get_authorization_token()["authorizationData"]


def test_kubelets_credential_provider(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """ecr-credential-provider's calls for a pod: AssumeRoleWithWebIdentity unsigned, then GetAuthorizationToken."""
    role = place.role("pod", CLUSTER, POD)
    token = signed(claims(now(), iss=CLUSTER, sub=POD), "p256", "ES256")
    environment = place.environment(role, token)
    with closing(client("sts", {**environment, "AWS_EC2_METADATA_DISABLED": "true"}, monkeypatch)) as sts:
        name = "shop-pusher"
        issued = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName=name, WebIdentityToken=token)
    held = issued["Credentials"]
    session = boto3.Session(held["AccessKeyId"], held["SecretAccessKey"], held["SessionToken"], region_name=REGION)
    with closing(session.client("ecr")) as ecr:
        (data,) = ecr.get_authorization_token(registryIds=[ACCOUNT])["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    assert user == "AWS"
    with Wire(place.server.port, password) as wire:
        assert wire.ask("GET", "/v2/").status == 200


def test_the_command_line_needs_no_key(place: Place) -> None:
    """`aws ecr get-login-password` with nothing but a role and a token in its environment prints a password."""
    role = place.role("job", place.issuer.url, REPOSITORY)
    environment = place.environment(role, signed(claims(now(), iss=place.issuer.url)))
    command = [program("aws"), "ecr", "get-login-password"]
    done = subprocess.run(
        command, env=clean_environment() | environment, capture_output=True, text=True, timeout=60, check=True
    )
    with Wire(place.server.port, done.stdout.strip()) as wire:
        assert wire.ask("GET", "/v2/").status == 200
