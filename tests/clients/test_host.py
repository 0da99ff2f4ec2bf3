"""A machine with a role and no key, in a network of its own: boto3, aws and the ECR credential helper as on EC2.

Nothing is patched, no endpoint is set: AWS's names mean the server, by the namespace's hosts file and an authority
of the test's own, and credentials come from 169.254.169.254.
"""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .bed.authority import certify
from .bed.images import Image, make_image, make_layer, write_layout
from .bed.namespace import CONTAINERS, METADATA, Namespace, wait_for
from .bed.programs import Client, program
from .bed.server import ACCOUNT, REGION

REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
NAMES = [f"api.ecr.{REGION}.amazonaws.com", f"sts.{REGION}.amazonaws.com", "sts.amazonaws.com", REGISTRY]
OWN = "registry.example.com"
DOCUMENT = Path(__file__).parents[2] / "docs" / "credentials" / "hosts.md"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
WITH_BOTO3 = """
import base64, json, urllib.request, ssl, os
import boto3
session = boto3.Session()
credentials = session.get_credentials()
token = session.client("ecr").get_authorization_token()["authorizationData"][0]
request = urllib.request.Request(token["proxyEndpoint"] + "/v2/app/manifests/v1")
request.add_header("Authorization", "Basic " + token["authorizationToken"])
context = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
with urllib.request.urlopen(request, context=context) as answer:
    digest = answer.headers["Docker-Content-Digest"]
arn = session.client("sts").get_caller_identity()["Arn"]
print(json.dumps({"method": credentials.method, "arn": arn, "digest": digest}))
"""


@dataclass
class Place:
    """A server in a namespace, with an image and an instance profile; `serving` is its process."""

    namespace: Namespace
    folder: Path
    certificate: Path
    command: list[str]
    serving: "subprocess.Popen[bytes]"
    image: Image

    @property
    def administrator(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": "https://localhost",
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "data" / "credentials"),
            **self.nobody,
        }

    @property
    def nobody(self) -> dict[str, str]:
        """What a program on the host knows: the region and an authority, and no key."""
        return {
            "AWS_CA_BUNDLE": str(self.certificate),
            "AWS_CONFIG_FILE": str(self.folder / "none"),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_PAGER": "",
            "AWS_MAX_ATTEMPTS": "1",
            "HOME": str(self.folder),
        }

    def aws(self, **more: str) -> Client:
        return self.namespace.client("aws", self.nobody | more)

    def boto3(self, **more: str) -> dict[str, str]:
        """Who boto3 is, how it came by its credentials, and which image it pulled."""
        found: dict[str, str] = json.loads(self.namespace.client("python", self.nobody | more)("-c", WITH_BOTO3).out)
        return found

    def cargohold(self, *arguments: str) -> str:
        return self.namespace.client("cargohold", self.administrator)(*arguments).out

    def curl(self, *arguments: str) -> str:
        return self.namespace.client("curl", {})("--silent", "--max-time", "10", *arguments).out

    def join(self, folder: Path, name: str) -> str:
        """Makes a host of the machine; gives its id."""
        told = json.loads(self.cargohold("hosts", "invite", "--instance-profile", "web", "--name", name, "--json"))
        joining = ["host", "join", told["url"], told["joinToken"], "--folder", str(folder)]
        done = self.namespace.client("cargohold", {})(*joining, "--ca", str(self.certificate)).out
        found = re.search(r"i-[0-9a-f]{17}", done)
        assert found, done
        return found[0]

    def start(self) -> None:
        log = self.folder / "server.log"
        log.unlink(missing_ok=True)
        self.serving = self.namespace.start(self.command, {}, log)
        wait_for(log, '"event": "ready"')


@dataclass(frozen=True)
class Host:
    """A host that serves its role's credentials."""

    id: str
    name: str
    folder: Path

    @property
    def arn(self) -> str:
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/web/{self.id}"


def opened(folder: Path, domain: str) -> Iterator[Place]:
    names = [*NAMES, OWN]
    certificate, key = certify(folder, ["localhost", *names])
    namespace = Namespace(names)
    try:
        where = ["--data", str(folder / "data"), "--port", "443", "--domain", domain]
        command = [program("cargohold"), "serve", *where, "--tls-cert", str(certificate), "--tls-key", str(key)]
        image = make_image([make_layer({"sentence": b"with no key"})], ["/none"])
        place = Place(namespace, folder, certificate, command, None, image)  # type: ignore[arg-type]
        place.start()
        yield place
    finally:
        namespace.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server that AWS's names mean, with an image `app:v1` and an instance profile `web`."""
    folder = tmp_path_factory.mktemp("host")
    for made in opened(folder, "amazonaws.com"):
        for address in (METADATA, CONTAINERS):
            made.namespace.give(address)
        aws = made.namespace.client("aws", made.administrator)
        aws("iam", "create-role", "--role-name", "web", "--assume-role-policy-document", json.dumps(TRUST))
        aws("iam", "attach-role-policy", "--role-name", "web", "--policy-arn", READ_ONLY)
        aws("iam", "create-instance-profile", "--instance-profile-name", "web")
        aws("iam", "add-role-to-instance-profile", "--instance-profile-name", "web", "--role-name", "web")
        aws("ecr", "create-repository", "--repository-name", "app")
        password = aws("ecr", "get-login-password").out.strip()
        crane = made.namespace.client("crane", {"SSL_CERT_FILE": str(made.certificate), "HOME": str(folder)})
        crane("auth", "login", REGISTRY, "--username", "AWS", "--password-stdin", given=password.encode())
        crane("push", write_layout(folder / "layout", made.image), f"{REGISTRY}/app:v1")
        crane("auth", "logout", REGISTRY)
        yield made


@pytest.fixture
def host(place: Place, tmp_path: Path) -> Iterator[Host]:
    """A host that serves at both of AWS's addresses."""
    folder, log = tmp_path / "key", tmp_path / "host.log"
    name = tmp_path.name.replace("_", "-").strip("-")
    made = Host(place.join(folder, name), name, folder)
    where = ["--metadata", f"{METADATA}:80", "--containers", f"{CONTAINERS}:80", "--folder", str(folder)]
    started = place.namespace.start([program("cargohold"), "host", "serve", *where], {}, log)
    wait_for(log, "Containers:")
    yield made
    assert place.namespace.stop(started) == 0, log.read_text()
    assert "Traceback" not in log.read_text()


def test_boto3_pulls_with_no_key(place: Place, host: Host) -> None:
    """boto3 finds the role where it looks on EC2, logs in and pulls."""
    assert place.boto3() == {"method": "iam-role", "arn": host.arn, "digest": place.image.digest}


def test_aws_logs_in_with_no_key(place: Place, host: Host) -> None:
    """`aws` is the role too, and what `aws ecr get-login-password` prints pulls; it may not do more than the role."""
    aws = place.aws()
    assert json.loads(aws("sts", "get-caller-identity").out)["Arn"] == host.arn
    password = aws("ecr", "get-login-password").out.strip()
    listed = place.curl(
        "--cacert", str(place.certificate), "-u", f"AWS:{password}", f"https://{REGISTRY}/v2/app/tags/list"
    )
    assert json.loads(listed) == {"name": "app", "tags": ["v1"]}
    assert f"{host.arn} is not authorized to perform: ecr:CreateRepository" in aws.refused(
        "ecr", "create-repository", "--repository-name", "nope"
    )


def test_the_credential_helper_pulls_with_no_key(place: Place, host: Host, tmp_path: Path) -> None:
    """crane pulls by docker-credential-ecr-login, which asks for the password itself."""
    helper = place.namespace.client("docker-credential-ecr-login", place.nobody)
    got = json.loads(helper("get", given=REGISTRY.encode()).out)
    assert got["Username"] == "AWS"
    assert len(got["Secret"]) > 100
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {REGISTRY: "ecr-login"}}))
    environment = place.nobody | {"SSL_CERT_FILE": str(place.certificate), "DOCKER_CONFIG": str(tmp_path)}
    crane = place.namespace.client("crane", environment)
    assert crane("digest", f"{REGISTRY}/app:v1").out.strip() == place.image.digest
    assert host.id in json.loads(place.aws()("sts", "get-caller-identity").out)["UserId"]


def test_the_credential_helper_pushes_with_a_key(place: Place, tmp_path: Path) -> None:
    """crane pushes and pulls by the helper with an access key, and the helper lists the registry that it knows."""
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {REGISTRY: "ecr-login"}}))
    key = {name: value for name, value in place.administrator.items() if name != "AWS_ENDPOINT_URL"}
    environment = key | {"SSL_CERT_FILE": str(place.certificate), "DOCKER_CONFIG": str(tmp_path)}
    environment["HOME"] = str(tmp_path)
    crane = place.namespace.client("crane", environment)
    image = make_image([make_layer({"sentence": b"by the helper"})], ["/none"])
    crane("push", write_layout(tmp_path / "layout", image), f"{REGISTRY}/app:by-helper")
    assert crane("digest", f"{REGISTRY}/app:by-helper").out.strip() == image.digest
    crane("pull", f"{REGISTRY}/app:by-helper", tmp_path / "pulled.tar")
    listed = json.loads(place.namespace.client("docker-credential-ecr-login", environment)("list").out)
    assert listed == {f"https://{REGISTRY}": "AWS"}


def test_a_container_pulls_with_no_key(place: Place, host: Host) -> None:
    """The endpoint for containers serves SDKs that are told of it, and nobody without its token."""
    url = f"http://{CONTAINERS}/v2/credentials/{host.id}"
    told = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": url,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(host.folder / "container-token"),
    }
    assert place.boto3(**told) == {"method": "container-role", "arn": host.arn, "digest": place.image.digest}
    relative = told | {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": f"/v2/credentials/{host.id}"}
    del relative["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    token = (host.folder / "container-token").read_text()
    relative["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token
    assert place.boto3(**relative)["arn"] == host.arn
    assert place.curl("-o", "/dev/null", "-w", "%{http_code}", url) == "401"


def test_only_version_2_and_no_proxy(place: Place, host: Host) -> None:
    """Without a session token metadata is 401, what a proxy passed on is 403, and a program with a token reads."""
    url, status = f"http://{METADATA}/latest", ["-o", "/dev/null", "-w", "%{http_code}"]
    ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60"
    assert place.curl(*status, f"{url}/meta-data/instance-id") == "401"
    assert place.curl(*status, "-X", "PUT", f"{url}/api/token") == "400"
    assert place.curl(*status, "-X", "PUT", "-H", ttl, "-H", "X-Forwarded-For: 192.0.2.1", f"{url}/api/token") == "403"
    token = place.curl("-X", "PUT", "-H", ttl, f"{url}/api/token")
    asking = ["-H", f"X-aws-ec2-metadata-token: {token}"]
    assert place.curl(*asking, f"{url}/meta-data/instance-id") == host.id
    assert place.curl(*asking, f"{url}/meta-data/placement/region") == REGION
    document = json.loads(place.curl(*asking, f"{url}/dynamic/instance-identity/document"))
    assert (document["accountId"], document["instanceId"]) == (ACCOUNT, host.id)


def test_revoking_stops_the_next_request(place: Place, host: Host) -> None:
    """What was fetched before is refused as soon as the host is revoked, at both doors."""
    aws = place.aws()
    password = aws("ecr", "get-login-password").out.strip()
    listing = ["--cacert", str(place.certificate), "-u", f"AWS:{password}", f"https://{REGISTRY}/v2/app/tags/list"]
    status = ["-o", "/dev/null", "-w", "%{http_code}"]
    assert place.curl(*status, *listing) == "200"
    assert host.name in place.cargohold("hosts", "list")
    place.cargohold("hosts", "revoke", host.name)
    assert "The security token included in the request is invalid" in aws.refused("sts", "get-caller-identity")
    assert place.curl(*status, *listing) == "403"
    assert host.name not in place.cargohold("hosts", "list")


def test_taking_the_role_away_stops_the_next_request(place: Place, host: Host) -> None:
    """A role that is taken out of the instance profile is no host's any more, until it is put back."""
    administrator = place.namespace.client("aws", place.administrator)
    both = ("--instance-profile-name", "web", "--role-name", "web")
    assert json.loads(place.aws()("sts", "get-caller-identity").out)["Arn"] == host.arn
    administrator("iam", "remove-role-from-instance-profile", *both)
    try:
        assert "The security token included in the request is invalid" in place.aws().refused(
            "sts", "get-caller-identity"
        )
    finally:
        administrator("iam", "add-role-to-instance-profile", *both)


def test_credentials_outlive_an_outage(place: Place, host: Host) -> None:
    """While the server is away the host goes on serving what it has, and it is good when the server is back."""
    assert json.loads(place.aws()("sts", "get-caller-identity").out)["Arn"] == host.arn
    assert place.namespace.stop(place.serving) == 0
    script = "import boto3; print(boto3.Session().get_credentials().get_frozen_credentials().access_key)"
    try:
        assert place.namespace.client("python", place.nobody)("-c", script).out.startswith("ASIA")
        assert "Could not connect to the endpoint" in place.aws().refused("sts", "get-caller-identity")
    finally:
        place.start()
    assert json.loads(place.aws()("sts", "get-caller-identity").out)["Arn"] == host.arn


# The page


def blocks(kind: str) -> list[str]:
    """The page's commands for this machine (`sh`) or for the host (`sh host`), block by block."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)


def test_the_page_s_commands_work(tmp_path: Path) -> None:
    """docs/credentials/hosts.md, from the first command to the last, each as it stands there."""
    make, invite, end = blocks("sh")
    on_host, with_no_key = blocks("sh host")
    for place in opened(tmp_path, OWN):
        run = place.namespace.client("sh", place.administrator | {"AWS_ENDPOINT_URL": f"https://{OWN}"})
        run("-euc", make)
        token = run("-euc", invite).out.split()[-1]
        environment = place.nobody | {"CARGOHOLD_HOST": str(tmp_path / "key"), "AWS_ENDPOINT_URL": f"https://{OWN}"}
        there = place.namespace.client("sh", environment)
        join, address, serve = on_host.strip().split("\n")
        there("-euc", join.replace("TOKEN", token))
        there("-euc", address)
        log = tmp_path / "host.log"
        place.namespace.start(["sh", "-c", f"exec {shlex.join(shlex.split(serve))}"], environment, log)
        wait_for(log, "Containers:")
        told = there("-euc", with_no_key).out
        assert re.search(r"assumed-role/web/i-[0-9a-f]{17}", told)
        assert "web-1" in run("-euc", end).out
        assert "security token included in the request is invalid" in there.refused("-euc", with_no_key)
