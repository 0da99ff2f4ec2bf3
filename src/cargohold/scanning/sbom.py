"""An image's software bill of materials, as CycloneDX or SPDX, from its inventory. Pure.

Sources: CycloneDX 1.6, JSON reference; SPDX 2.3, "Package information" and Annex F (external references).
"""

import datetime
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from packageurl import PackageURL

from cargohold import __version__
from cargohold.scanning.package import Distribution, Inventory, Package

Format = Literal["cyclonedx", "spdx"]


@dataclass(frozen=True, slots=True)
class Subject:
    """The image that a bill is of; `scanned_at` is epoch milliseconds."""

    repository_uri: str
    digest: str
    scanned_at: int

    @property
    def name(self) -> str:
        return f"{self.repository_uri}@{self.digest}"

    @property
    def time(self) -> str:
        return datetime.datetime.fromtimestamp(self.scanned_at / 1000, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bill(form: Format, subject: Subject, inventory: Inventory) -> Mapping[str, Any]:
    """The document as JSON has it; the same image scanned at the same time gives the same one."""
    return _FORMS[form](subject, inventory)


def package_url(package: Package, distribution: Distribution) -> str:
    """Source: purl-spec, "Package URL types"."""
    namespace, name = "", package.name
    qualifiers: dict[str, str] = {}
    if package.kind in ("deb", "apk", "rpm"):
        namespace = distribution.id
        qualifiers = {"arch": package.arch, "distro": f"{distribution.id}-{distribution.version}".rstrip("-")}
    elif package.kind == "maven" or (package.kind == "npm" and name.startswith("@")):
        namespace, _, name = name.rpartition(":" if package.kind == "maven" else "/")
    elif package.kind == "golang":
        namespace, _, name = name.rpartition("/")
    version = package.version
    if package.kind == "rpm" and ":" in version:
        qualifiers["epoch"], _, version = version.partition(":")
    present = {key: value for key, value in qualifiers.items() if value}
    return PackageURL(package.kind, namespace or None, name, version or None, present or None).to_string()


def _cyclonedx(subject: Subject, inventory: Inventory) -> Mapping[str, Any]:
    distribution = inventory.distribution
    components = [_component(each, distribution, place) for place, each in enumerate(inventory.packages)]
    if distribution.id:
        system = {"type": "operating-system", "bom-ref": "os", "name": distribution.id, "version": distribution.version}
        components.insert(0, system)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{_uuid(subject)}",
        "version": 1,
        "metadata": {
            "timestamp": subject.time,
            "tools": {"components": [{"type": "application", "name": "cargohold", "version": __version__}]},
            "component": {"type": "container", "bom-ref": "image", "name": subject.name, "version": subject.digest},
            "properties": [{"name": "cargohold:note", "value": note} for note in inventory.notes],
        },
        "components": components,
    }


def _component(package: Package, distribution: Distribution, place: int) -> dict[str, Any]:
    properties = {
        "cargohold:path": package.path,
        "cargohold:layer": package.layer,
        "cargohold:source": " ".join(package.source) if package.source_name else "",
    }
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"package-{place}",
        "name": package.name,
        "version": package.version,
        "purl": package_url(package, distribution),
        "properties": [{"name": key, "value": value} for key, value in properties.items() if value],
    }
    if package.license:
        component["licenses"] = [{"license": {"name": package.license}}]
    return component


def _spdx(subject: Subject, inventory: Inventory) -> Mapping[str, Any]:
    ids = [f"SPDXRef-Package-{place}" for place in range(len(inventory.packages))]
    image = {"SPDXID": "SPDXRef-Image", "name": subject.name, "versionInfo": subject.digest, **_UNKNOWN}
    packages = [
        _spdx_package(id_, each, inventory.distribution) for id_, each in zip(ids, inventory.packages, strict=True)
    ]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": subject.name,
        "documentNamespace": f"urn:uuid:{_uuid(subject)}",
        "creationInfo": {"created": subject.time, "creators": [f"Tool: cargohold-{__version__}"]},
        "packages": [{**image, "primaryPackagePurpose": "CONTAINER"}, *packages],
        "relationships": [
            _related("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image"),
            *(_related("SPDXRef-Image", "CONTAINS", id_) for id_ in ids),
        ],
        "annotations": [
            {
                "annotationDate": subject.time,
                "annotationType": "OTHER",
                "annotator": f"Tool: cargohold-{__version__}",
                "comment": note,
            }
            for note in inventory.notes
        ],
    }


_UNKNOWN: Final = {"downloadLocation": "NOASSERTION", "filesAnalyzed": False, "copyrightText": "NOASSERTION"}


def _spdx_package(id_: str, package: Package, distribution: Distribution) -> dict[str, Any]:
    locator = package_url(package, distribution)
    return {
        "SPDXID": id_,
        "name": package.name,
        "versionInfo": package.version,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "sourceInfo": f"{package.path} in {package.layer}",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}
        ],
        **({"licenseComments": package.license} if package.license else {}),
        **_UNKNOWN,
    }


def _related(one: str, how: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}


def _uuid(subject: Subject) -> str:
    text = hashlib.sha256(f"{subject.name} {subject.scanned_at}".encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-8{text[13:16]}-8{text[17:20]}-{text[20:32]}"


_FORMS: Final[Mapping[Format, Callable[[Subject, Inventory], Mapping[str, Any]]]] = {
    "cyclonedx": _cyclonedx,
    "spdx": _spdx,
}
