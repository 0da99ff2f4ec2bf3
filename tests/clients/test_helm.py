"""helm: charts pushed and pulled as OCI artifacts."""

import hashlib
import json
from pathlib import Path

import pytest
from botocore.client import BaseClient

from .bed.images import OCI_MANIFEST, digest_of
from .bed.programs import Client, clean_environment, program
from .bed.server import ACCOUNT, Server
from .bed.wire import Wire

_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_MAP = (
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  words: "{{ .Values.words }}"\n'
)


@pytest.fixture
def helm(tmp_path: Path) -> Client:
    """helm with no login, run in a folder of its own."""
    folder = tmp_path / "helm"
    (folder / "work").mkdir(parents=True)
    places = {f"HELM_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "CACHE", "DATA")}
    return Client([program("helm")], clean_environment() | places, folder / "work")


@pytest.fixture
def helm_in(helm: Client, server: Server, password: str) -> Client:
    """helm, logged in to the shared server."""
    login = ("registry", "login", "--plain-http", "--username", "AWS", "--password-stdin", server.host)
    assert "Login Succeeded" in helm(*login, given=password.encode()).text
    return helm


@pytest.fixture
def hold(ecr: BaseClient, request: pytest.FixtureRequest) -> str:
    """The name below which this test's charts lie; the repository of the chart `speaker` is made there."""
    name = "charts/" + hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    ecr.create_repository(repositoryName=f"{name}/speaker")
    return name


def package(helm: Client, version: str, *, name: str = "speaker", further: str = "") -> Path:
    """Packages a chart of one object whose words are its version, and returns the archive's path."""
    assert helm.cwd is not None
    folder = helm.cwd / name
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: {version}\n{further}")
    (folder / "values.yaml").write_text(f"words: spoken by {version}\n")
    (folder / "templates" / "map.yaml").write_text(_MAP)
    helm("package", folder)
    return helm.cwd / f"{name}-{version}.tgz"


def push(helm: Client, archive: Path, server: Server, hold: str) -> str:
    """Pushes a chart and returns the digest that helm prints."""
    shown = helm("push", "--plain-http", archive, f"oci://{server.host}/{hold}").text
    return next(line.split()[1] for line in shown.splitlines() if line.startswith("Digest:"))


def test_a_chart_comes_back(helm_in: Client, server: Server, wire: Wire, hold: str, tmp_path: Path) -> None:
    """A chart is pushed and pulled byte for byte, by tag and by digest, with helm's own media types."""
    archive = package(helm_in, "1.2.3")
    digest = push(helm_in, archive, server, hold)
    manifest = wire.manifest(f"{hold}/speaker", "1.2.3")
    assert digest_of(manifest) == digest
    read = json.loads(manifest)
    assert read["config"]["mediaType"] == _CONFIG
    assert [(each["mediaType"], each["digest"]) for each in read["layers"]] == [
        (_CHART, digest_of(archive.read_bytes()))
    ]
    chart = f"oci://{server.host}/{hold}/speaker"
    for number, reference in enumerate([(chart, "--version", "1.2.3"), (f"{chart}@{digest}",)]):
        folder = tmp_path / f"pulled-{number}"
        folder.mkdir()
        assert digest in helm_in("pull", "--plain-http", "--destination", folder, *reference).text
        [pulled] = folder.iterdir()
        assert pulled.read_bytes() == archive.read_bytes()


def test_a_chart_is_shown_and_rendered_from_the_registry(helm_in: Client, server: Server, hold: str) -> None:
    """`helm show chart` and `helm template` read a chart that only the registry holds."""
    archive = package(helm_in, "0.1.0")
    push(helm_in, archive, server, hold)
    archive.unlink()
    chart = ("--plain-http", "--version", "0.1.0", f"oci://{server.host}/{hold}/speaker")
    shown = helm_in("show", "chart", *chart).out.splitlines()
    assert {"name: speaker", "version: 0.1.0", "apiVersion: v2"} <= set(shown)
    assert 'words: "spoken by 0.1.0"' in helm_in("template", "release", *chart).out


def test_the_newest_version_is_found_among_the_tags(
    helm_in: Client, server: Server, wire: Wire, hold: str, tmp_path: Path
) -> None:
    """A range of versions is resolved by the list of tags, and a version's plus sign is an underscore in its tag."""
    for version in ("1.0.0", "1.10.0", "1.9.0", "2.0.0+build.7"):
        push(helm_in, package(helm_in, version), server, hold)
    listed = json.loads(wire.want(200, "GET", f"/v2/{hold}/speaker/tags/list").body)["tags"]
    assert listed == ["1.0.0", "1.10.0", "1.9.0", "2.0.0_build.7"]
    chart = f"oci://{server.host}/{hold}/speaker"
    for wanted, found in (("^1", "1.10.0"), ("~1.9", "1.9.0"), (">=2", "2.0.0+build.7")):
        assert f"version: {found}" in helm_in("show", "chart", "--plain-http", "--version", wanted, chart).out


def test_a_chart_is_described_as_an_artifact(
    helm_in: Client, server: Server, ecr: BaseClient, wire: Wire, hold: str
) -> None:
    """DescribeImages shows helm's configuration type, the tag and the size of a chart."""
    archive = package(helm_in, "3.0.0")
    digest = push(helm_in, archive, server, hold)
    read = json.loads(wire.manifest(f"{hold}/speaker", "3.0.0"))
    [detail] = ecr.describe_images(repositoryName=f"{hold}/speaker")["imageDetails"]
    assert (detail["imageDigest"], detail["imageTags"]) == (digest, ["3.0.0"])
    assert (detail["imageManifestMediaType"], detail["artifactMediaType"]) == (OCI_MANIFEST, _CONFIG)
    assert detail["imageSizeInBytes"] == archive.stat().st_size + read["config"]["size"]


def test_a_chart_depends_on_one_in_the_registry(helm_in: Client, server: Server, hold: str, tmp_path: Path) -> None:
    """`helm dependency update` fetches the newest fitting chart of a dependency from the registry, byte for byte."""
    archives = [package(helm_in, version) for version in ("1.0.0", "1.4.0", "2.0.0")]
    for archive in archives:
        push(helm_in, archive, server, hold)
    wanted = f"dependencies:\n  - name: speaker\n    version: ^1\n    repository: oci://{server.host}/{hold}\n"
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "Chart.yaml").write_text(f"apiVersion: v2\nname: whole\nversion: 1.0.0\n{wanted}")
    helm_in("dependency", "update", "--plain-http", whole)
    [fetched] = (whole / "charts").iterdir()
    assert fetched.name == archives[1].name
    assert fetched.read_bytes() == archives[1].read_bytes()
    assert 'words: "spoken by 1.4.0"' in helm_in("template", "release", whole).out


def test_a_fixed_version_is_not_replaced(helm_in: Client, server: Server, ecr: BaseClient, hold: str) -> None:
    """Another chart under a version that is there is refused where tags are immutable, and the first one stays."""
    ecr.put_image_tag_mutability(repositoryName=f"{hold}/speaker", imageTagMutability="IMMUTABLE")
    first = push(helm_in, package(helm_in, "1.0.0"), server, hold)
    archive = package(helm_in, "1.0.0", further="description: another\n")
    shown = helm_in.refused("push", "--plain-http", archive, f"oci://{server.host}/{hold}")
    assert f"The image tag '1.0.0' already exists in the '{hold}/speaker' repository" in shown
    wanted = [{"imageTag": "1.0.0"}]
    [detail] = ecr.describe_images(repositoryName=f"{hold}/speaker", imageIds=wanted)["imageDetails"]
    assert detail["imageDigest"] == first


def test_refusals_are_told(helm_in: Client, server: Server, hold: str) -> None:
    """A missing repository is named in ECR's sentence, a missing version is not found, a logout ends it all."""
    archive = package(helm_in, "1.0.0", name="unknown")
    shown = helm_in.refused("push", "--plain-http", archive, f"oci://{server.host}/{hold}")
    assert f"The repository with name '{hold}/unknown' does not exist in the registry with id '{ACCOUNT}'" in shown
    chart = ("pull", "--plain-http", "--version", "9.0.0", f"oci://{server.host}/{hold}/speaker")
    assert "speaker:9.0.0: not found" in helm_in.refused(*chart)
    helm_in("registry", "logout", server.host)
    assert "credential not found" in helm_in.refused(*chart)


def test_a_login_with_a_wrong_password_fails(helm: Client, server: Server) -> None:
    """`helm registry login` with a password that no registry issued is refused at once."""
    login = ("registry", "login", "--plain-http", "--username", "AWS", "--password-stdin", server.host)
    assert "401" in helm.refused(*login, given=b"made up")
