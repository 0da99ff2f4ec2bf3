"""The recipes of docs/credentials and docs/access.md: every shell command that stands there is run as it stands there.

`sh admin` is run with the administrator's key, `sh job` with a token and no key, `sh machine` with nothing at all. What
needs a cluster or somebody else's machine is marked otherwise, and is not run.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bed.issuer import AUDIENCE, claims, key_set, signed
from tests.bed.issuer_server import IssuerServer, document, served

from .bed.engine import Engine
from .bed.programs import clean_environment, program, run
from .bed.server import ACCOUNT, REGION, Server

DOCS = Path(__file__).parents[2] / "docs" / "credentials"
GITHUB = "https://token.actions.githubusercontent.com"
GITLAB = "https://gitlab.com"
CLUSTER = "https://kubernetes.default.svc.cluster.local"

_BLOCK = re.compile(r"^```sh (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Kitchen:
    """A server that has the issuers' keys as files, an engine that holds an image, and a folder to work in."""

    server: Server
    folder: Path
    engine: dict[str, str]

    def token(self, issuer: str, subject: str) -> str:
        return signed(claims(int(time.time() * 1000), iss=issuer, sub=subject, aud=AUDIENCE))

    def cook(self, page: str, role: str, **environment: str) -> list[str]:
        """Runs a page's commands in their order, in one folder; gives what each block printed."""
        blocks = _BLOCK.findall((DOCS / page).read_text())
        assert blocks
        printed, variables = [], ""
        for who, commands in blocks:
            kept = "declare -p ACCOUNT KEY > variables 2> /dev/null || true"
            script = f"set -euo pipefail\n{variables}\n{commands}\n{kept}\n"
            given = self._environment(who, role) | environment
            done = run(["bash", "-c", f"cd {self.folder}\n{script}"], given)
            assert done.code == 0, str(done)
            printed.append(done.out)
            variables = (self.folder / "variables").read_text() or variables
        return printed

    def _environment(self, who: str, role: str) -> dict[str, str]:
        base = clean_environment() | self.engine | {"HOME": str(self.folder), "REGISTRY": self.server.host}
        if who == "admin":
            return base | self.server.environment() | {"AWS_PAGER": ""}
        base |= {"AWS_ENDPOINT_URL": f"http://{self.server.host}", "AWS_EC2_METADATA_DISABLED": "true"}
        if who == "machine":
            return base
        return base | {
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/{role}",
            "AWS_ROLE_SESSION_NAME": "job",
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(self.folder / "token"),
        }


@pytest.fixture
def kitchen(own_server: Server, docker_engine: Engine, hello: str, tmp_path: Path) -> Kitchen:
    assert hello == "hello"
    for name in ("bash", "curl", "jq"):
        program(name)
    keys = tmp_path / "keys.json"
    keys.write_bytes(key_set("rsa"))
    own_server.start(
        environment={"CARGOHOLD_OIDC_JWKS": ",".join(f"{each}={keys}" for each in (GITHUB, GITLAB, CLUSTER))}
    )
    folder = tmp_path / "work"
    folder.mkdir()
    environment = docker_engine.environment(tmp_path / "docker")
    return Kitchen(own_server, folder, {name: environment[name] for name in ("DOCKER_HOST", "DOCKER_CONFIG")})


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[IssuerServer]:
    """Where a runner of GitHub's asks for its token."""
    with served(tmp_path) as running:
        yield running


def tags(server: Server, repository: str) -> list[str]:
    client = server.client("ecr")
    found = [each["imageTag"] for each in client.list_images(repositoryName=repository)["imageIds"]]
    client.close()
    return found


def test_github_actions(kitchen: Kitchen, tokens: IssuerServer) -> None:
    """The page's administrator and its workflow get an image from docker into the registry, and the end ends it."""
    token = kitchen.token(GITHUB, "repo:octo/hold:ref:refs/heads/main")
    tokens.answers[f"/token?v=1&audience={AUDIENCE}"] = document(json.dumps({"value": token}).encode())
    kitchen.cook(
        "github-actions.md",
        "github-push",
        ACTIONS_ID_TOKEN_REQUEST_TOKEN="of-the-runner",
        ACTIONS_ID_TOKEN_REQUEST_URL=f"{tokens.url}/token?v=1",
        CURL_CA_BUNDLE=str(tokens.authorities),
    )
    assert tags(kitchen.server, "octo/hold") == ["v1"]


def test_gitlab(kitchen: Kitchen) -> None:
    """The page's administrator and its job get an image from docker into the registry."""
    token = kitchen.token(GITLAB, "project_path:octo/hold:ref_type:branch:ref:main")
    kitchen.cook("gitlab.md", "gitlab-push", CARGOHOLD_ID_TOKEN=token)
    assert tags(kitchen.server, "octo/hold") == ["v1"]


def test_kubernetes(kitchen: Kitchen) -> None:
    """The page's pod pushes with its projected token, and its image pull secret is docker's configuration."""
    program("kubectl")
    (kitchen.folder / "token").write_text(kitchen.token(CLUSTER, "system:serviceaccount:shop:pusher"))
    secret = kitchen.cook("kubernetes.md", "shop-pusher")[-1]
    assert tags(kitchen.server, "shop/web") == ["v1"]
    assert "type: kubernetes.io/dockerconfigjson" in secret


def test_cron(kitchen: Kitchen) -> None:
    """The page's machine keeps its key in its own folder and pushes with it."""
    kitchen.cook("cron.md", "")
    assert tags(kitchen.server, "jobs/nightly") == ["latest"]
    assert (kitchen.folder / ".aws" / "credentials").stat().st_mode & 0o077 == 0


def test_access(kitchen: Kitchen) -> None:
    """What docs/access.md tells of a reader, a denial, a role and another account is what its commands print."""
    made, explained, simulated, assumed, other = kitchen.cook("../access.md", "")
    assert f"{kitchen.server.host}/demo" in made
    assert "no identity-based policy allows it" in explained
    page = (DOCS.parent / "access.md").read_text()
    suggested = re.search(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert suggested
    assert json.loads(suggested[1]) == json.loads(explained[explained.index("{") :])
    assert simulated.split() == ["ecr:BatchGetImage", "allowed", "ecr:PutImage", "implicitDeny"]
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/" in assumed
    assert "Login Succeeded" in assumed
    assert "Account 210987654321 has an administrator now" in other
