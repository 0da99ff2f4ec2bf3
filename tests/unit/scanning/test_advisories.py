"""What is published, read from each of its forms, and kept in one file that is replaced as a whole."""

import gzip
import json
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cargohold.scanning.advisories import debian, osv, scores, secdb, signals
from cargohold.scanning.advisories.build import Fetched, ImportFailed, build
from cargohold.scanning.advisories.database import AdvisoryFile, Unusable
from cargohold.scanning.advisories.record import Exploited, Likelihood, Malformed, Scores
from cargohold.scanning.advisories.source import Source
from cargohold.scanning.advisory import Affected, Range, Vector

V31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def document(id_: str = "PYSEC-1", **more: Any) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": "Thing_One"}
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]
    return {"id": id_, "modified": "2024-05-01T00:00:00Z", "affected": [{"package": package, "ranges": ranges}], **more}


def test_osv() -> None:
    """An advisory's names, dates, severity and affected packages; ranges of commits and unknown members are left."""
    given = document(
        aliases=["CVE-1-1", 5],
        summary="Short",
        details="Long",
        severity=[{"type": "CVSS_V3", "score": V31}, {"type": "Other"}],
        references=[{"url": "https://x.example"}, "no"],
        database_specific={"severity": "HIGH"},
    )
    given["affected"][0]["ranges"].append({"type": "GIT", "events": [{"introduced": "abc"}]})
    (read,) = osv.read(given, "PYSEC")
    assert (read.id, read.source, read.aliases, read.label) == ("PYSEC-1", "PYSEC", ("CVE-1-1",), "HIGH")
    assert (read.summary, read.details, read.references) == ("Short", "Long", ("https://x.example",))
    assert (read.vectors, read.modified) == ((Vector(V31, None, "PYSEC"),), 1_714_521_600_000)
    assert read.affected == (Affected("PyPI", "thing-one", ranges=(Range((("introduced", "0"), ("fixed", "2.0"))),)),)


@pytest.mark.parametrize(
    "given",
    [
        document(withdrawn="2024-01-01T00:00:00Z"),
        document("ALBA-2024:1"),
        document(affected=[]),
        document(affected=[{}]),
    ],
)
def test_osv_of_nothing(given: dict[str, Any]) -> None:
    """What was withdrawn, mends no vulnerability or names no package is no advisory."""
    assert list(osv.read(given, "x")) == []


def test_errata_mend_what_they_are_related_to() -> None:
    """A distribution's erratum names its CVEs as related ones; for others related means no more than that."""
    (alma,) = osv.read(document("ALSA-2022:1", related=["CVE-1-1"], summary="Important: x security update"), "ALSA")
    (pysec,) = osv.read(document(related=["CVE-1-1"]), "PYSEC")
    assert (alma.upstream, alma.label, pysec.upstream) == (("CVE-1-1",), "Important", ())


def test_debian() -> None:
    """A release that never was affected is left out, an open one has no version that mends it."""
    releases = {
        "bookworm": {"status": "resolved", "fixed_version": "1.0-2", "urgency": "low**"},
        "bullseye": {"status": "open", "urgency": "not yet assigned"},
        "buster": {"status": "resolved", "fixed_version": "0", "urgency": "low"},
        "trixie": {"status": "undetermined"},
        "potato": {"status": "open"},
    }
    (read,) = debian.read({"openssl": {"CVE-1-1": {"description": "What", "releases": releases}}})
    assert (read.id, read.source, read.details) == ("CVE-1-1", "Debian", "What")
    assert [(each.ecosystem, each.ranges[0].events[1:], each.urgency) for each in read.affected] == [
        ("Debian:12", (("fixed", "1.0-2"),), "low"),
        ("Debian:11", (), "not yet assigned"),
    ]


def test_alpine() -> None:
    """Version 0 says that the package never was affected."""
    fixes = {"1.0-r1": ["CVE-1-1 GHSA-1", "CVE-1-2"], "0": ["CVE-1-3"]}
    read = list(secdb.read({"distroversion": "v3.18", "packages": [{"pkg": {"name": "zlib", "secfixes": fixes}}]}))
    assert [(each.id, each.aliases, each.affected[0].ecosystem) for each in read] == [
        ("CVE-1-1", ("GHSA-1",), "Alpine:v3.18"),
        ("CVE-1-2", (), "Alpine:v3.18"),
    ]


def test_scores() -> None:
    """The newest kind of CVSS comes first, and of one kind the primary one; a rejected CVE has none."""
    v2 = {"cvssData": {"vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P", "baseScore": 7.5}, "type": "Primary"}
    second = {"cvssData": {"vectorString": V31, "baseScore": 9.8}, "type": "Secondary"}
    first = {"cvssData": {"vectorString": V31.replace("AV:N", "AV:L"), "baseScore": 8.4}, "type": "Primary"}
    nvd = {
        "vulnerabilities": [
            {"cve": {"id": "CVE-1-1", "metrics": {"cvssMetricV2": [v2], "cvssMetricV31": [second, first]}}}
        ]
    }
    (read,) = scores.read_nvd(nvd)
    assert [each.score for each in read.vectors] == [8.4, 9.8, 7.5]
    metrics = [{"cvssV3_1": {"vectorString": V31, "baseScore": 9.8}}, {"other": {}}]
    cna = {"metrics": metrics, "providerMetadata": {"shortName": "acme"}}
    record = {"cveMetadata": {"cveId": "CVE-1-2", "state": "PUBLISHED"}, "containers": {"cna": cna}}
    assert list(scores.read_cve(record)) == [Scores("CVE-1-2", (Vector(V31, 9.8, "acme"),))]
    assert list(scores.read_cve({**record, "cveMetadata": {"cveId": "CVE-1-2", "state": "REJECTED"}})) == []


def test_signals() -> None:
    """What is exploited, and how likely the rest is."""
    kev = {"vulnerabilities": [{"cveID": "CVE-1-1", "dateAdded": "2024-05-01"}]}
    assert list(signals.read_exploited(kev)) == [Exploited("CVE-1-1", 1_714_521_600_000)]
    lines = ["#model_version:v1,score_date:x\n", "cve,epss,percentile\n", "CVE-1-1,0.5,0.9\n"]
    assert list(signals.read_likelihoods(lines)) == [Likelihood("CVE-1-1", 0.5, 0.9)]


@pytest.mark.parametrize(
    "read",
    [
        lambda: osv.read([], "x"),
        lambda: debian.read([]),
        lambda: debian.read({"a": {"CVE-1-1": {}}}),
        lambda: secdb.read({}),
        lambda: scores.read_nvd({}),
        lambda: scores.read_cve({}),
        lambda: signals.read_exploited({}),
        lambda: signals.read_likelihoods(["a,b\n", "1,2\n"]),
    ],
)
def test_another_form_is_refused(read: Any) -> None:
    """Data that is not in the form that it is said to have raises a sentence."""
    with pytest.raises(Malformed):
        list(read())


def fetched(spelling: str, sha256: str = "0" * 64) -> Fetched:
    source = Source.parse(spelling)
    return Fetched(source, Path(source.location), sha256, fetched_at=7)


def built(target: Path, *spellings: str, sha256: str = "0" * 64) -> str:
    return build([fetched(each, sha256) for each in spellings], target, 1, lambda *_: None)


@pytest.mark.parametrize("pack", ["folder", "zip", "tar.xz", "json.gz"])
def test_packings(tmp_path: Path, pack: str) -> None:
    """A folder, a zip, a tar and a single document are all the same data."""
    (tmp_path / "osv").mkdir()
    file = tmp_path / "osv" / "PYSEC-1.json"
    file.write_text(json.dumps(document()))
    place = tmp_path / f"osv.{pack}"
    if pack == "folder":
        place = tmp_path / "osv"
    elif pack == "zip":
        with zipfile.ZipFile(place, "w") as archive:
            archive.write(file, "PYSEC-1.json")
    elif pack == "tar.xz":
        with tarfile.open(place, "w:xz") as tar:
            tar.add(file, "PYSEC-1.json")
    else:
        place.write_bytes(gzip.compress(file.read_bytes()))
    built(tmp_path / "db", f"osv:{place}")
    with closing(AdvisoryFile(tmp_path / "db")) as found:
        (read,) = found.lookup("PyPI", "thing-one")
        assert read == next(osv.read(document(), "PYSEC"))
        assert found.lookup("PyPI", "thing") == []
        assert [(each.updated_at, each.records) for each in found.sources()] == [(1_714_521_600_000, 1)]


def test_an_advisory_is_cut_to_the_package(tmp_path: Path) -> None:
    """Of an advisory on many packages a look-up gives what it says of one."""
    two = document()
    two["affected"].append({"package": {"ecosystem": "npm", "name": "other"}, "versions": ["1", "2"]})
    (tmp_path / "a.json").write_text(json.dumps(two))
    built(tmp_path / "db", f"osv:{tmp_path / 'a.json'}")
    with closing(AdvisoryFile(tmp_path / "db")) as found:
        assert found.lookup("npm", "other")[0].affected == (Affected("npm", "other", frozenset({"1", "2"})),)
        assert (found.covers("npm"), found.covers("Go")) == (True, False)


def test_a_failed_import_leaves_the_old_file(tmp_path: Path) -> None:
    """Whoever reads keeps what is there, and what cannot be taken in says which source it is."""
    (tmp_path / "a.json").write_text(json.dumps(document()))
    version = built(tmp_path / "db", f"osv:{tmp_path / 'a.json'}")
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(ImportFailed, match=r"osv:.*b\.json could not be imported: an advisory has no id"):
        built(tmp_path / "db", f"osv:{tmp_path / 'a.json'}", f"osv:{tmp_path / 'b.json'}")
    (tmp_path / "b.json").write_text(json.dumps(document(affected=[])))
    with pytest.raises(ImportFailed, match="there is nothing of that format in it"):
        built(tmp_path / "db", f"osv:{tmp_path / 'b.json'}")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.json", "b.json", "db"]
    with closing(AdvisoryFile(tmp_path / "db")) as found:
        assert found.version == version


def test_the_same_bytes_are_the_same_version(tmp_path: Path) -> None:
    """A version says what a file holds, so nothing is matched anew for data that did not change."""
    (tmp_path / "a.json").write_text(json.dumps(document()))
    spelling = f"osv:{tmp_path / 'a.json'}"
    assert built(tmp_path / "db", spelling) == built(tmp_path / "db", spelling)
    assert built(tmp_path / "db", spelling) != built(tmp_path / "db", spelling, sha256="1" * 64)


def test_a_reader_keeps_its_file(tmp_path: Path) -> None:
    """A scan that began before a file was replaced ends with what it began with."""
    (tmp_path / "a.json").write_text(json.dumps(document()))
    built(tmp_path / "db", f"osv:{tmp_path / 'a.json'}")
    with closing(AdvisoryFile(tmp_path / "db")) as old:
        (tmp_path / "a.json").write_text(json.dumps(document("PYSEC-2")))
        built(tmp_path / "db", f"osv:{tmp_path / 'a.json'}", sha256="1" * 64)
        assert [each.id for each in old.lookup("PyPI", "thing-one")] == ["PYSEC-1"]
        with closing(AdvisoryFile(tmp_path / "db")) as new:
            assert [each.id for each in new.lookup("PyPI", "thing-one")] == ["PYSEC-2"]


def test_no_file_is_said(tmp_path: Path) -> None:
    """Without a file, or with something else in its place, nothing can be looked up, and the reason is told."""
    with pytest.raises(Unusable, match="No advisories have been imported"):
        AdvisoryFile(tmp_path / "db")
    (tmp_path / "db").write_bytes(b"something else" * 100)
    with pytest.raises(Unusable, match="cannot be read"):
        AdvisoryFile(tmp_path / "db")


@pytest.mark.parametrize("text", ["osv", "osv:", "other:/x", "osv:/x#sha256=1"])
def test_a_source_has_a_form(text: str) -> None:
    """What an operator sets is refused with the form that it must have."""
    with pytest.raises(ValueError, match="FORMAT:FILE"):
        Source.parse(text)
