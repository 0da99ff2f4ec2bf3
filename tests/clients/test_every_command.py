"""Every command of `aws ecr` and `aws ecr-public`, every paginator and every waiter of boto3, against a real server."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from tests.fuzz.population import lifecycle
from tests.wire.every.successes import SUCCESSES
from tests.wire.every.test_lists import LISTS
from tests.wire.every.test_successes import EVERY

from .bed.desk import desk
from .bed.programs import Client
from .bed.server import Server

PAGINATORS: Final = [
    (service, name)
    for service in ("ecr", "ecr-public")
    for name in Loader().load_service_model(service, "paginators-1")["pagination"]
    if (service, name) in EVERY and name in LISTS
]


@pytest.mark.parametrize(("service", "operation"), EVERY)
def test_every_command(server: Server, aws: Client, tmp_path: Path, service: str, operation: str) -> None:
    """The command that the CLI has for an operation takes its parameters as flags and prints the answer."""
    with desk(server, service) as furnishing:
        request = SUCCESSES[service][operation](furnishing)
    command = (service, xform_name(operation, "-"), *_flags(request, tmp_path))
    printed = aws(*command, "--output", "json").out
    assert printed == "" or isinstance(json.loads(printed), dict)


def _flags(request: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """A request's members as a person writes them: words, lists of words, structures in JSON, bytes in a file."""
    for member, value in request.items():
        yield f"--{xform_name(member, '-')}"
        if isinstance(value, bytes):
            (folder / member).write_bytes(value)
            yield f"fileb://{folder / member}"
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            yield from value
        else:
            yield value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize("service", ["ecr", "ecr-public"])
def test_the_commands_that_only_the_cli_has(aws: Client, server: Server, service: str) -> None:
    """`get-login-password` prints one line; `get-login` prints a command for docker that names the registry."""
    assert aws(service, "get-login-password").out.count("\n") == 1
    if service == "ecr":
        assert aws("ecr", "get-login", "--no-include-email").out.startswith("docker login -u AWS -p ")


@pytest.mark.parametrize(("service", "name"), PAGINATORS)
def test_every_paginator(server: Server, service: str, name: str) -> None:
    """boto3's paginator gives with pages of one item what it gives with one page."""
    items, furnish, least = LISTS[name]
    with desk(server, service) as furnishing:
        request = furnish(furnishing)
    with closing(server.client(service)) as client:
        paginator = client.get_paginator(xform_name(name))
        whole, single = (
            paginator.paginate(**request, PaginationConfig={"PageSize": size}).build_full_result()[items]
            for size in (1000, 1)
        )
    assert len(whole) >= least
    assert sorted(map(str, single)) == sorted(map(str, whole))


def test_the_waiter_of_previews(server: Server) -> None:
    """boto3 waits until the worker has done a lifecycle policy's preview, and pages through what would be done."""
    with desk(server, "ecr") as furnishing:
        repository = furnishing.images(3)
    with closing(server.client("ecr")) as client:
        client.start_lifecycle_policy_preview(repositoryName=repository, lifecyclePolicyText=lifecycle(countNumber=1))
        waiter = client.get_waiter("lifecycle_policy_preview_complete")
        waiter.wait(repositoryName=repository, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        pages = client.get_paginator("get_lifecycle_policy_preview").paginate(
            repositoryName=repository, PaginationConfig={"PageSize": 1}
        )
        results = [page["previewResults"] for page in pages]
    assert [len(each) for each in results if each] == [1, 1]
    assert {each["action"]["type"] for page in results for each in page} == {"EXPIRE"}
