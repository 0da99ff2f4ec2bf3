"""The session of the README, as a person types it."""

import json
import re
from pathlib import Path

from .bed.engine import Engine
from .bed.images import DOCKER_MANIFEST, SENTENCE
from .bed.programs import Client
from .bed.server import ACCOUNT, Server


def test_the_readme_session_works_as_written(
    own_server: Server, docker_engine: Engine, hello: str, tmp_path: Path
) -> None:
    """aws and docker, unpatched, create, log in, push, pull, run and describe as they do with Amazon ECR."""
    own_server.start()
    environment = docker_engine.environment(tmp_path / "docker") | {
        "CARGOHOLD_DATA": str(own_server.data),
        "AWS_PAGER": "",
    }
    bash = Client(["bash", "-euo", "pipefail", "-c"], environment)

    def type_in(line: str) -> str:
        return bash('eval "$(cargohold env)"\n' + line.replace("localhost:5050", own_server.host)).out

    created = json.loads(type_in("aws ecr create-repository --repository-name demo"))["repository"]
    assert created["repositoryArn"] == f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/demo"
    assert created["repositoryUri"] == f"{own_server.host}/demo"
    login = "aws ecr get-login-password | docker login --username AWS --password-stdin localhost:5050"
    assert "Login Succeeded" in type_in(login)
    pushed = type_in("docker tag hello localhost:5050/demo:latest && docker push localhost:5050/demo:latest")
    found = re.search(r"latest: digest: (sha256:[0-9a-f]{64}) size: \d+", pushed)
    assert found, pushed
    again = type_in(
        "docker rmi localhost:5050/demo:latest && docker pull localhost:5050/demo:latest"
        " && docker run --rm localhost:5050/demo:latest"
    )
    assert again.splitlines()[-1] == SENTENCE
    assert f"Digest: {found[1]}" in again
    described = json.loads(type_in("aws ecr describe-images --repository-name demo"))["imageDetails"]
    assert [(image["imageDigest"], image["imageTags"]) for image in described] == [(found[1], ["latest"])]
    assert described[0]["imageManifestMediaType"] == DOCKER_MANIFEST
    assert described[0]["imageSizeInBytes"] == _size(bash, own_server)


def _size(bash: Client, server: Server) -> int:
    """What the manifest that was pushed says of the sizes of the configuration and the layers."""
    line = "aws ecr batch-get-image --repository-name demo --image-ids imageTag=latest --query images[0].imageManifest"
    text = bash('eval "$(cargohold env)"\n' + line + " --output text").out
    manifest = json.loads(text)
    return sum(blob["size"] for blob in [manifest["config"], *manifest["layers"]])
