"""boto3, the aws command line and docker with temporary credentials, as a pipeline uses them."""

import base64
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError

from .bed.images import make_speaker
from .bed.programs import Client, clean_environment, program
from .bed.server import ACCOUNT, REGION, Server
from .bed.wire import Wire

READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def role(server: Server) -> Iterator[str]:
    """A role that may pull, for whoever in the account may assume it; its ARN."""
    with closing(server.client("iam")) as iam:
        name = "puller"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=READ_ONLY)
        yield arn
        iam.detach_role_policy(RoleName=name, PolicyArn=READ_ONLY)
        iam.delete_role(RoleName=name)


def client_of(server: Server, service: str, credentials: dict[str, str]) -> BaseClient:
    """A boto3 client that signs with temporary credentials."""
    session = boto3.Session(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"], region_name=REGION
    )
    once = Config(retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True)
    return session.client(service, endpoint_url=server.environment()["AWS_ENDPOINT_URL"], config=once)


def test_a_roles_session_pulls(server: Server, wire: Wire, repository: str, role: str) -> None:
    """AssumeRole, GetAuthorizationToken and a pull: what the role may is done at both doors, and nothing else."""
    wire.push(repository, "v1", make_speaker("assumed"))
    with closing(server.client("sts")) as sts:
        issued = sts.assume_role(RoleArn=role, RoleSessionName="night", DurationSeconds=900)
    assert issued["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/puller/night"
    with closing(client_of(server, "sts", issued["Credentials"])) as sts:
        assert sts.get_caller_identity()["Arn"] == issued["AssumedRoleUser"]["Arn"]
    with closing(client_of(server, "ecr", issued["Credentials"])) as ecr:
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        with pytest.raises(ecr.exceptions.ClientError, match="assumed-role/puller/night is not authorized to perform"):
            ecr.delete_repository(repositoryName=repository)
    password = base64.b64decode(token).decode().split(":")[1]
    with Wire(server.port, password) as theirs:
        assert theirs.ask("GET", "/v2/").status == 200
        assert theirs.ask("GET", f"/v2/{repository}/manifests/v1").status == 200
        refused = theirs.ask("POST", f"/v2/{repository}/blobs/uploads/")
    assert (refused.status, refused.errors[0]["code"]) == (403, "DENIED")
    assert (
        "assumed-role/puller/night is not authorized to perform: ecr:InitiateLayerUpload"
        in (refused.errors[0]["message"])
    )


def test_the_command_line_takes_a_role(server: Server, wire: Wire, repository: str, role: str, tmp_path: Path) -> None:
    """A profile with role_arn is all that `aws ecr get-login-password` needs to log in as the role."""
    wire.push(repository, "v1", make_speaker("by profile"))
    known = server.environment()
    config = tmp_path / "config"
    config.write_text(
        f"[profile base]\naws_access_key_id = {known['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {known['AWS_SECRET_ACCESS_KEY']}\nregion = {REGION}\n"
        f"[profile puller]\nrole_arn = {role}\nsource_profile = base\nrole_session_name = cli\nregion = {REGION}\n"
    )
    environment = {
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_ENDPOINT_URL": known["AWS_ENDPOINT_URL"],
        "AWS_PROFILE": "puller",
        "AWS_PAGER": "",
        "AWS_MAX_ATTEMPTS": "1",
        "HOME": str(tmp_path),
    }
    aws = Client([program("aws")], clean_environment() | environment)
    assert json.loads(aws("sts", "get-caller-identity").out)["Arn"].endswith("assumed-role/puller/cli")
    with Wire(server.port, aws("ecr", "get-login-password").out.strip()) as theirs:
        assert theirs.ask("GET", f"/v2/{repository}/manifests/v1").status == 200
    assert "is not authorized to perform: ecr:CreateRepository" in aws.refused(
        "ecr", "create-repository", "--repository-name", "nope"
    )


def test_a_denial_is_decoded(server: Server, aws: Client, role: str) -> None:
    """The message that a denial ends with is what `aws sts decode-authorization-message` reads."""
    with closing(server.client("sts")) as sts:
        issued = sts.assume_role(RoleArn=role, RoleSessionName="night")
    with closing(client_of(server, "ecr", issued["Credentials"])) as ecr, pytest.raises(ClientError) as denied:
        ecr.create_repository(repositoryName="nope")
    message = str(denied.value).partition("Encoded authorization failure message: ")[2]
    told = json.loads(
        json.loads(aws("sts", "decode-authorization-message", "--encoded-message", message).out)["DecodedMessage"]
    )
    assert told["context"]["action"] == "ecr:CreateRepository"
    assert told["context"]["principal"]["arn"].endswith("assumed-role/puller/night")
    assert (told["allowed"], told["explicitDeny"], told["missing"]) == (False, False, "identity")


def test_docker_pulls_as_a_role(server: Server, docker: Client, wire: Wire, repository: str, role: str) -> None:
    """docker logs in with a session's password and pulls, and shows ECR's sentence when it may not push."""
    wire.push(repository, "v1", make_speaker("as a role"))
    with closing(server.client("sts")) as sts:
        issued = sts.assume_role(RoleArn=role, RoleSessionName="docker")
    with closing(client_of(server, "ecr", issued["Credentials"])) as ecr:
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    password = base64.b64decode(token).split(b":")[1]
    docker("login", "--username", "AWS", "--password-stdin", server.host, given=password)
    name = f"{server.host}/{repository}"
    assert docker("run", "--rm", f"{name}:v1").out == "as a role"
    docker("tag", f"{name}:v1", f"{name}:v2")
    shown = docker.refused("push", f"{name}:v2")
    assert f"User: arn:aws:sts::{ACCOUNT}:assumed-role/puller/docker is not authorized to perform: ecr:" in shown
