"""The OCI distribution-spec's own conformance program: what it is told, and what it found."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clients.bed.programs import clean_environment, program, run

ROOT = "OCI Conformance Test"
_RESULT = re.compile(rf"^ *({ROOT}[^:]*): (Pass|Skip|Disabled|FAIL|Error|Unknown)$", re.MULTILINE)
_GROUP = re.compile(r"^  ([^:]+): (\w+)$", re.MULTILINE)
_OFF = re.compile(r"^ +(\w+): false$", re.MULTILINE)

# What is off where nothing is said, for a registry may do without: here it is all on.
_ALL_OF_IT = {
    "OCI_API_BLOBS_DIGEST_HEADER": "true",
    "OCI_API_BLOBS_UPLOAD_CANCEL": "true",
    "OCI_API_MANIFESTS_DIGEST_HEADER": "true",
    "OCI_API_MANIFESTS_TAG_PARAM": "true",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run found. Groups are the program's: the APIs and the kinds of data."""

    text: str
    tests: list[tuple[str, str]]
    """Name and status of every test and of every branch of them."""
    groups: Mapping[str, str]
    """Status by group."""
    switched_off: list[str]
    """Settings that were false."""

    def named(self, *statuses: str) -> list[str]:
        return [name for name, status in self.tests if status in statuses]


def examine(host: str, password: str, folder: Path, *, version: str, sparse: bool = False) -> Outcome:
    """Runs the program to its end against two repositories of a server; its reports stay in the folder."""
    settings = {
        "OCI_REGISTRY": host,
        "OCI_TLS": "disabled",
        "OCI_USERNAME": "AWS",
        "OCI_PASSWORD": password,
        "OCI_VERSION": version,
        "OCI_DATA_SPARSE": "true" if sparse else "false",
        "OCI_RESULTS_DIR": str(folder / "results"),
    }
    done = run([program("conformance")], clean_environment() | _ALL_OF_IT | settings, cwd=folder)
    report = (folder / "results" / "results.yaml").read_text()
    configuration, _, found = report.partition("\napis:\n")
    tests = [(name, status) for name, status in _RESULT.findall(done.out)]
    return Outcome(done.text, tests, dict(_GROUP.findall(found)), _OFF.findall(configuration))
