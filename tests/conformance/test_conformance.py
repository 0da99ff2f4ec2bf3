"""The OCI distribution-spec's conformance program, against a real server that it logs in to as docker does."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from clients.bed.server import Server, password_of

from .program import ROOT, Outcome, examine

REPOSITORIES = ("conformance/repo1", "conformance/repo2")
DOCUMENT = Path(__file__).parents[2] / "docs" / "conformance.md"
INSTALLER = Path(__file__).parents[2] / "scripts" / "install-test-clients"

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]


@pytest.fixture
def examined(tmp_path: Path) -> Callable[..., Outcome]:
    """Runs the program against a fresh server that is stopped when the program has ended."""

    def run(**options: object) -> Outcome:
        server = Server(tmp_path / "data", tmp_path / "server.log").start()
        try:
            ecr = server.client("ecr")
            for name in REPOSITORIES:
                ecr.create_repository(repositoryName=name)
            return examine(server.host, password_of(ecr), tmp_path, **options)  # type: ignore[arg-type]
        finally:
            assert server.stop() == 0

    return run


def test_all_of_version_1_1(examined: Callable[..., Outcome]) -> None:
    """Every test of version 1.1, with everything switched on that it knows, passes; none fails and none is skipped."""
    outcome = examined(version="1.1")
    assert outcome.named("FAIL", "Error", "Skip", "Disabled", "Unknown") == [], outcome.text
    assert len(outcome.named("Pass")) > 900
    # Manifests whose content was never pushed: ECR refuses them and the specification lets it, so they are examined
    # with the version after 1.1 only, where what they come to is told.
    assert outcome.switched_off == ["sparse"]
    assert {name for name, status in outcome.groups.items() if status != "Pass"} == {"Sparse Manifests"}


def test_the_version_after_it(examined: Callable[..., Outcome]) -> None:
    """What fails of the specification in the making is what docs/conformance.md lists, and nothing is skipped."""
    outcome = examined(version="dev", sparse=True)
    assert outcome.switched_off == []
    assert outcome.named("Error", "Skip", "Disabled", "Unknown") == []
    assert {name for name, status in outcome.groups.items() if status != "Pass"} == documented()
    assert all(name.startswith(f"{ROOT}/sparse") for name in outcome.named("FAIL") if name != ROOT), outcome.text


def test_the_document_names_the_program() -> None:
    """The version of the program that the document speaks of is the one that is installed for the tests."""
    (version,) = re.findall(r'^conformance_version="(.+)"$', INSTALLER.read_text(), re.MULTILINE)
    assert version in DOCUMENT.read_text()


def documented() -> set[str]:
    """The first column of the document's table."""
    return set(re.findall(r"^\| `(.+?)` \|", DOCUMENT.read_text(), re.MULTILINE))
