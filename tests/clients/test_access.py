"""docker as somebody who may do some things and not others, and as somebody of another account."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from botocore.client import BaseClient

from .bed.engine import OTHER_ACCOUNT, OTHER_REGISTRY
from .bed.programs import Client, clean_environment, program
from .bed.server import ACCOUNT, REGION, Server, password_of

READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
PUSH_AND_PULL = [
    *("ecr:BatchCheckLayerAvailability", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"),
    *("ecr:PutImage", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
]


@pytest.fixture
def reader(server: Server) -> Iterator[dict[str, str]]:
    """The key of a user who may read everything; the user ends with the test."""
    with closing(server.client("iam")) as iam:
        iam.create_user(UserName="docker-reader")
        iam.attach_user_policy(UserName="docker-reader", PolicyArn=READ_ONLY)
        key = iam.create_access_key(UserName="docker-reader")["AccessKey"]
        yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        iam.delete_access_key(UserName="docker-reader", AccessKeyId=key["AccessKeyId"])
        iam.detach_user_policy(UserName="docker-reader", PolicyArn=READ_ONLY)
        iam.delete_user(UserName="docker-reader")


@pytest.fixture(scope="session")
def others(server: Server) -> dict[str, str]:
    """The key of another account's administrator, as `cargohold accounts create` gives it."""
    cargohold = Client([program("cargohold")], clean_environment() | server.environment())
    made = json.loads(cargohold("accounts", "create", "--id", OTHER_ACCOUNT, "--json").out)["accessKey"]
    return {"AWS_ACCESS_KEY_ID": made["accessKeyId"], "AWS_SECRET_ACCESS_KEY": made["secretAccessKey"]}


def test_a_reader_pulls_and_docker_shows_why_a_push_is_denied(
    docker: Client, docker_in: Client, server: Server, hello: str, repository: str, reader: dict[str, str]
) -> None:
    """docker pulls and runs what a read-only user may read, and its push ends in ECR's sentence."""
    reference = f"{server.host}/{repository}:latest"
    docker_in("tag", hello, reference)
    docker_in("push", reference)
    docker_in("rmi", reference)
    with closing(server.client("ecr", **reader)) as ecr:
        docker("login", "--username", "AWS", "--password-stdin", server.host, given=password_of(ecr).encode())
    docker("pull", reference)
    other = f"{server.host}/{repository}:mine"
    docker("tag", reference, other)
    shown = docker.refused("push", other)
    resource = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{repository}"
    assert f"denied: User: arn:aws:iam::{ACCOUNT}:user/docker-reader is not authorized to perform: ecr:" in shown
    assert f" on resource: {resource} because no identity-based policy allows the ecr:" in shown
    docker("rmi", "--force", reference, other)


def test_another_account_pushes_and_pulls_by_the_repositorys_policy(
    docker: Client,
    server: Server,
    hello: str,
    ecr: BaseClient,
    others: dict[str, str],
) -> None:
    """Across accounts both must allow: the owner's repository policy and the caller's own."""
    mine = f"{OTHER_REGISTRY}:{server.port}/shared:latest"
    with closing(server.client("ecr", **others)) as theirs:
        theirs.create_repository(repositoryName="shared")
        docker(
            *("login", "--username", "AWS", "--password-stdin", f"{OTHER_REGISTRY}:{server.port}"),
            given=password_of(ecr).encode(),
        )
        docker("tag", hello, mine)
        assert "because no resource-based policy allows the ecr:" in docker.refused("push", mine)
        statement = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": PUSH_AND_PULL}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        theirs.set_repository_policy(repositoryName="shared", policyText=policy)
        docker("push", mine)
        docker("rmi", mine)
        docker("pull", mine)
        described = ecr.describe_repositories
        with pytest.raises(ecr.exceptions.ClientError, match="because no resource-based policy allows"):
            described(registryId=OTHER_ACCOUNT, repositoryNames=["shared"])
        theirs.delete_repository_policy(repositoryName="shared")
        assert "because no resource-based policy allows the ecr:BatchGetImage action" in docker.refused("pull", mine)
        theirs.delete_repository(repositoryName="shared", force=True)
    docker("rmi", "--force", mine)
