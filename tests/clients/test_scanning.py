"""Scanning, as people meet it: a push, `aws ecr wait`, findings, a bill of materials, and what is left out."""

import io
import json
import tarfile
from pathlib import Path

from .bed.programs import Client, clean_environment, program, run
from .bed.server import Server, password_of

STATUS = (
    b"Package: libssl3\nStatus: install ok installed\nVersion: 3.0.11-1\nArchitecture: amd64\nSource: openssl\n\n"
    b"Package: base-files\nStatus: install ok installed\nVersion: 12.4\nArchitecture: amd64\n"
)
FILES = {"var/lib/dpkg/status": STATUS, "etc/os-release": b"ID=debian\nVERSION_ID=12\n"}
ADVISORY = {
    "id": "DEBIAN-CVE-2024-1",
    "upstream": ["CVE-2024-1"],
    "modified": "2026-01-01T00:00:00Z",
    "details": "A bad one",
    "affected": [
        {
            "package": {"ecosystem": "Debian:12", "name": "openssl"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.11-2"}]}],
            "ecosystem_specific": {"urgency": "high"},
        }
    ],
}


def layer(path: Path) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in FILES.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def cargohold(server: Server, *arguments: str) -> str:
    done = run([program("cargohold"), *arguments, "--data", str(server.data)], clean_environment())
    assert done.code == 0, str(done)
    return done.out


def counts(aws: Client) -> dict[str, int]:
    told = aws("ecr", "describe-images", "--repository-name", "demo", "--output", "json").out
    (image,) = [each for each in json.loads(told)["imageDetails"] if "imageTags" in each]
    found: dict[str, int] = image["imageScanFindingsSummary"].get("findingSeverityCounts", {})
    return found


def test_from_the_push_to_the_bill(own_server: Server, crane: Client, tmp_path: Path) -> None:
    """An image is scanned when it is pushed; its findings, its bill and what is ignored are there for who asks."""
    known = tmp_path / "osv"
    known.mkdir()
    (known / "one.json").write_text(json.dumps(ADVISORY))
    server = own_server.start("--advisories", f"osv:{known}")
    cargohold(server, "advisories", "update")
    assert f"osv:{known}" in cargohold(server, "advisories", "status")
    aws = Client([program("aws")], clean_environment() | server.environment())
    on_push = ("--image-scanning-configuration", "scanOnPush=true")
    aws("ecr", "create-repository", "--repository-name", "demo", *on_push)
    password = password_of(server.client("ecr"))
    crane("auth", "login", server.host, "--username", "AWS", "--password-stdin", given=password.encode())
    crane("append", "--oci-empty-base", "-f", str(layer(tmp_path / "layer.tar.gz")), "-t", f"{server.host}/demo:v1")
    named = ("--repository-name", "demo", "--image-id", "imageTag=v1")
    aws("ecr", "wait", "image-scan-complete", *named)
    told = json.loads(aws("ecr", "describe-image-scan-findings", *named, "--output", "json").out)
    found = told["imageScanFindings"]["findings"]
    assert [(each["name"], each["severity"]) for each in found] == [("CVE-2024-1", "HIGH")]
    assert counts(aws) == {"HIGH": 1}
    bill = json.loads(cargohold(server, "sbom", "demo:v1"))
    assert [each["name"] for each in bill["components"]] == ["debian", "libssl3", "base-files"]
    pushed = cargohold(server, "sbom", "demo:v1", "--push").strip()
    assert cargohold(server, "sbom", "demo:v1", "--push").strip() == pushed
    subject = ("--repository-name", "demo", "--subject-id", f"imageDigest={told['imageId']['imageDigest']}")
    referrers = json.loads(aws("ecr", "list-image-referrers", *subject, "--output", "json").out)["referrers"]
    assert [(each["digest"], each["artifactType"]) for each in referrers] == [
        (pushed, "application/vnd.cyclonedx+json")
    ]
    cargohold(server, "ignore", "add", "CVE-2024-1", "--reason", "not reachable")
    assert any(counts(aws) == {} for _ in range(50))
    assert "not reachable" in cargohold(server, "ignore", "list")


def test_without_advisories_nothing_is_clean(own_server: Server, crane: Client, tmp_path: Path) -> None:
    """A scan that had nothing to look anything up in is FAILED, and says so."""
    server = own_server.start()
    aws = Client([program("aws")], clean_environment() | server.environment())
    on_push = ("--image-scanning-configuration", "scanOnPush=true")
    aws("ecr", "create-repository", "--repository-name", "demo", *on_push)
    password = password_of(server.client("ecr"))
    crane("auth", "login", server.host, "--username", "AWS", "--password-stdin", given=password.encode())
    crane("append", "--oci-empty-base", "-f", str(layer(tmp_path / "layer.tar.gz")), "-t", f"{server.host}/demo:v1")
    status = ""
    for _ in range(50):
        told = aws("ecr", "describe-images", "--repository-name", "demo", "--output", "json").out
        found = json.loads(told)["imageDetails"][0]["imageScanStatus"]
        status = found["status"]
        if status != "IN_PROGRESS":
            break
    assert status == "FAILED"
    assert found["description"].startswith("No advisories have been imported")
