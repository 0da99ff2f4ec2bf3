"""Public repositories with the clients people have: pulled by who never logged in, pushed by who may."""

import json
import re
from collections.abc import Iterator

import pytest
from botocore.client import BaseClient

from .bed.programs import Client, clean_environment, program
from .bed.server import Server

_PULLED = re.compile(r"Digest: (sha256:[0-9a-f]{64})")


@pytest.fixture(scope="module")
def gallery(server: Server) -> Iterator[BaseClient]:
    """boto3's client of ECR Public."""
    client = server.client("ecr-public", AWS_DEFAULT_REGION="us-east-1")
    yield client
    client.close()


@pytest.fixture
def aws_public(server: Server) -> Client:
    """`aws ecr-public` in the region of the public registries."""
    environment = clean_environment() | server.environment() | {"AWS_PAGER": ""}
    return Client([program("aws"), "ecr-public", "--region", "us-east-1"], environment)


def made(gallery: BaseClient, name: str) -> str:
    """The URI of a new public repository."""
    uri: str = gallery.create_repository(repositoryName=name)["repository"]["repositoryUri"]
    return uri


def test_docker_pulls_what_it_never_logged_in_for(
    docker: Client, gallery: BaseClient, aws_public: Client, hello: str
) -> None:
    """A push needs `aws ecr-public get-login-password | docker login`; a pull needs nothing, after a logout too."""
    reference = f"{made(gallery, 'docker/hello')}:v1"
    host = reference.partition("/")[0]
    docker("tag", hello, reference)
    assert "unauthorized" in docker.refused("push", reference)
    password = aws_public("get-login-password").out.strip()
    assert (
        "Login Succeeded" in docker("login", "--username", "AWS", "--password-stdin", host, given=password.encode()).out
    )
    pushed = docker("push", reference).out
    docker("logout", host)
    docker("rmi", reference)
    found = _PULLED.search(docker("pull", reference).out)
    assert found
    assert found[1] in pushed
    assert "unauthorized" in docker.refused("push", reference)
    (line,) = gallery.describe_image_tags(repositoryName="docker/hello")["imageTagDetails"]
    assert (line["imageTag"], line["imageDetail"]["imageDigest"]) == ("v1", found[1])


def test_a_second_repository_gets_its_layers_without_a_byte(
    docker: Client, gallery: BaseClient, aws_public: Client, hello: str
) -> None:
    """docker mounts the layers of another public repository of the account."""
    first, second = (f"{made(gallery, name)}:v1" for name in ("mount/first", "mount/second"))
    password = aws_public("get-login-password").out.strip()
    docker("login", "--username", "AWS", "--password-stdin", first.partition("/")[0], given=password.encode())
    for reference in (first, second):
        docker("tag", hello, reference)
        shown = docker("push", reference).out
    assert "Mounted from" in shown


def test_docker_login_with_a_private_password_fails(docker: Client, gallery: BaseClient, password: str) -> None:
    """The password of the private registries opens no public one."""
    host = made(gallery, "docker/login").partition("/")[0]
    shown = docker.refused("login", "--username", "AWS", "--password-stdin", host, given=password.encode())
    assert "Login Succeeded" not in shown


def test_skopeo_and_crane_pull_without_a_login(
    skopeo: Client, crane: Client, docker: Client, gallery: BaseClient, aws_public: Client, hello: str
) -> None:
    """Clients that ask for a token by themselves, and those that try without one, find the image."""
    reference = f"{made(gallery, 'others/hello')}:v1"
    password = aws_public("get-login-password").out.strip()
    docker("login", "--username", "AWS", "--password-stdin", reference.partition("/")[0], given=password.encode())
    docker("tag", hello, reference)
    docker("push", reference)
    assert json.loads(skopeo("inspect", "--tls-verify=false", f"docker://{reference}").out)["RepoTags"] == ["v1"]
    assert json.loads(crane("manifest", "--insecure", reference).out)["schemaVersion"] == 2


def test_every_page_of_boto3s_paginators(gallery: BaseClient) -> None:
    """boto3's own paginators of ECR Public read their lists to the end."""
    for number in range(3):
        made(gallery, f"paged/{number}")
    pages = gallery.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 1})
    names = [each["repositoryName"] for page in pages for each in page["repositories"]]
    assert [name for name in names if name.startswith("paged/")] == [f"paged/{number}" for number in range(3)]
    for operation, member in (("describe_images", "imageDetails"), ("describe_image_tags", "imageTagDetails")):
        pages = gallery.get_paginator(operation).paginate(repositoryName="paged/0")
        assert [page[member] for page in pages] == [[]]
    (registry,) = gallery.get_paginator("describe_registries").paginate().build_full_result()["registries"]
    assert registry["aliases"]


def test_another_region_is_refused_by_name(server: Server) -> None:
    """`aws ecr-public` without its region says where it works."""
    environment = clean_environment() | server.environment() | {"AWS_PAGER": ""}
    aws = Client([program("aws"), "ecr-public", "--region", "eu-west-1"], environment)
    assert "UnsupportedCommandException" in aws.refused("describe-registries")
