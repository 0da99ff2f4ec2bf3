"""docs/lifecycle.md as it stands there: its policies are policies, and its commands do what the page says."""

import json
import re
from pathlib import Path

import pytest
from botocore.client import BaseClient

from cargohold.lifecycle.policy import check

from .bed.images import make_image, make_layer
from .bed.programs import program, run
from .bed.server import Server
from .test_boto3 import push_by_api

PAGE = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text()
POLICIES = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_policies_of_the_page_are_policies(policy: str) -> None:
    """Each policy that the page shows is accepted."""
    check(policy)


def push(ecr: BaseClient, *tags: str) -> None:
    for tag in tags:
        push_by_api(ecr, "demo", tag, make_image([make_layer({tag: tag.encode()})], [f"/{tag}"]))


@pytest.mark.client
def test_the_commands_of_the_page(own_server: Server, tmp_path: Path) -> None:
    """A policy is tried, put, carried out and looked at with aws and cargohold alone: the newest five builds stay."""
    folders = ":".join(str(Path(program(name)).parent) for name in ("aws", "cargohold", "bash"))
    own_server.start()
    ecr = own_server.client("ecr")
    ecr.create_repository(repositoryName="demo")
    push(ecr, *(f"build-{number}" for number in range(8)), "release")
    (tmp_path / "policy.json").write_text(POLICIES[0])
    script = "\n".join(("set -euo pipefail", f"cd {tmp_path}", *COMMANDS))
    environment = own_server.environment() | {"AWS_PAGER": "", "HOME": str(tmp_path), "PATH": folders}
    done = run(["bash", "-c", script], environment)
    assert done.code == 0, str(done)
    assert '"expiringImageTotalCount": 3' in done.out
    # The worker may have been there before `run` was: then there is nothing left to do.
    assert re.search(r"^DONE .* demo +[30] expired, 0 archived$", done.out, re.MULTILINE), done.out
    left = {each["imageTag"] for each in ecr.list_images(repositoryName="demo")["imageIds"]}
    assert left == {*(f"build-{number}" for number in range(3, 8)), "release"}
    assert ecr.get_lifecycle_policy(repositoryName="demo")["lastEvaluatedAt"].year > 1970


@pytest.mark.client
def test_boto3_reads_a_preview_to_its_end(own_server: Server) -> None:
    """The paginator of GetLifecyclePolicyPreview goes through every result, after the waiter has waited."""
    own_server.start()
    ecr = own_server.client("ecr")
    ecr.create_repository(repositoryName="demo")
    push(ecr, *(f"v{number}" for number in range(6)))
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
        "action": {"type": "expire"},
    }
    ecr.start_lifecycle_policy_preview(repositoryName="demo", lifecyclePolicyText=json.dumps({"rules": [rule]}))
    ecr.get_waiter("lifecycle_policy_preview_complete").wait(repositoryName="demo")
    pages = ecr.get_paginator("get_lifecycle_policy_preview").paginate(
        repositoryName="demo", PaginationConfig={"PageSize": 2}
    )
    results = [each for page in pages for each in page["previewResults"]]
    assert [each["imageTags"] for each in results] == [[f"v{number}"] for number in range(5)]
