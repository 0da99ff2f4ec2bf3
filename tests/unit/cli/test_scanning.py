"""`cargohold advisories`, `ignore` and `sbom`: what they ask for and what they print."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cargohold.cli.main import group

from .answering import Answering, answering

MOMENT = 1_772_366_400.0
"""2026-03-01T12:00:00Z"""
SOURCE = {"name": "osv:/srv/debian.zip", "sha256": "0" * 64, "updatedAt": MOMENT, "records": 40}
DONE = {"running": False, "attemptedAt": MOMENT, "succeededAt": MOMENT}
RULE = {
    "id": "abc",
    "vulnerability": "CVE-2024-*",
    "package": "openssl",
    "path": "*",
    "repository": "*",
    "reason": "not reachable",
    "createdBy": "arn:aws:iam::123456789012:user/admin",
    "createdAt": MOMENT,
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Answering]:
    with answering() as kept:
        monkeypatch.setenv("AWS_ENDPOINT_URL", kept.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        yield kept


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(group, [str(each) for each in arguments])


def test_status(server: Answering) -> None:
    """A line for each source; old ones are told to be old."""
    server.give({"sources": [SOURCE], "update": DONE})
    done = run("advisories", "status")
    assert (done.exit_code, done.output.splitlines()[0]) == (0, "2026-03-01         40  osv:/srv/debian.zip")
    assert "days old" in done.output


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"sources": [], "update": {"running": False}}, "There are no advisories: nothing can be scanned."),
        (
            {"sources": [SOURCE], "update": DONE | {"error": "osv:/srv/debian.zip cannot be read"}},
            "The last update, 2026-03-01, failed: osv:/srv/debian.zip cannot be read",
        ),
    ],
)
def test_a_status_that_is_no_good(server: Answering, answer: dict[str, Any], sentence: str) -> None:
    """Without advisories, and after a failed update, the exit status is 1 and a sentence says what is wrong."""
    server.give(answer)
    done = run("advisories", "status")
    assert done.exit_code == 1
    assert sentence in done.output


def test_update_waits_for_what_was_asked(server: Answering) -> None:
    """An update that ended before it was asked for is not the one; a failed one says why."""
    server.give({"requestedAt": MOMENT})
    server.give({"sources": [SOURCE], "update": {"running": False, "attemptedAt": MOMENT - 60}})
    server.give({"sources": [SOURCE], "update": {"running": True, "attemptedAt": MOMENT, "step": "half"}})
    server.give({"sources": [SOURCE], "update": DONE})
    assert run("advisories", "update").exit_code == 0
    assert len(server.asked) == 4
    server.give({"requestedAt": MOMENT})
    server.give({"sources": [SOURCE], "update": DONE | {"error": "gone"}})
    done = run("advisories", "update")
    assert (done.exit_code, done.output) == (1, "Error: gone\n")
    server.give({"requestedAt": MOMENT})
    assert run("advisories", "update", "--detach").output == "The update was asked for.\n"


def test_ignore_rules(server: Answering) -> None:
    """A rule is added with what was said of it alone, listed in a line, and removed by its id."""
    server.give({"rule": RULE})
    given = ("--reason", "not reachable", "--package", "openssl", "--until", "2026-05-01")
    done = run("ignore", "add", "CVE-2024-*", *given)
    assert done.output == "Rule abc is in force; scans that are there are counted anew.\n"
    assert server.asked[0].members == {
        "vulnerability": "CVE-2024-*",
        "reason": "not reachable",
        "package": "openssl",
        "expiresAt": 1_777_593_600,
    }
    server.give({"rules": [RULE, RULE | {"id": "def", "package": "*", "expiresAt": MOMENT}]})
    assert run("ignore", "list").output.splitlines() == [
        "abc  for good    CVE-2024-*  package=openssl  not reachable",
        "def  2026-03-01  CVE-2024-*  not reachable",
    ]
    server.give({"rules": [RULE]})
    assert json.loads(run("ignore", "list", "--json").output)[0]["id"] == "abc"
    server.give({})
    assert run("ignore", "remove", "abc").output == "Rule abc is gone; scans that are there are counted anew.\n"


@pytest.mark.parametrize(
    ("image", "members"),
    [
        ("demo", {"repositoryName": "demo", "imageTag": "latest"}),
        ("team/demo:v1", {"repositoryName": "team/demo", "imageTag": "v1"}),
        ("localhost:5050/team/demo:v1", {"repositoryName": "team/demo", "imageTag": "v1"}),
        (
            f"123456789012.dkr.ecr.us-east-1.example.com/demo@sha256:{'a' * 64}",
            {"repositoryName": "demo", "imageDigest": f"sha256:{'a' * 64}"},
        ),
    ],
)
def test_sbom(server: Answering, image: str, members: dict[str, str]) -> None:
    """An image is named as people name it, with its registry or without; the document is printed as it is."""
    server.give({"imageDigest": "sha256:0", "format": "spdx", "document": "{}"})
    assert run("sbom", image, "--format", "spdx").output == "{}\n"
    assert server.asked[0].members == members | {"format": "spdx"}


def test_what_names_no_image(server: Answering) -> None:
    """The form that a name must have is said, and the server is not asked."""
    done = run("sbom", "Not An Image")
    assert done.exit_code == 2
    assert "repository:tag" in done.output
    assert server.asked == []
