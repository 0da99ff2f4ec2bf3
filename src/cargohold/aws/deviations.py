"""Where an operation that is built answers otherwise than on AWS: a sentence each, as docs/operations.md shows it.

The reasons, and the differences that no single operation has, stand in docs/deviations.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DEVIATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "ecr": {
        "BatchGetImage": "An index is answered as the index; `acceptedMediaTypes` chooses, and converts nothing.",
        "CreateRepository": "AES256 is accepted and shown, the bytes are stored as pushed; KMS is a KmsException.",
        "GetAuthorizationToken": "The password ends with the key, session or user that it was issued to.",
        "GetDownloadUrlForLayer": "The URL is the server's own, for an hour, one blob, GET and HEAD.",
        "PutAccountSetting": "BLOB_MOUNTING is ENABLED until it is put otherwise.",
        "PutImage": "Docker's schema 1 and ORAS's artifact manifests are refused; an image without layers is taken.",
        "PutRegistryPolicy": "A policy that denies its writer PutRegistryPolicy is refused: nobody else could undo it.",
        "RegisterPullTimeUpdateExclusion": "The user or role must be there; one that is made anew is not excluded.",
        "PutRegistryScanningConfiguration": "ENHANCED is the server's own; continuous scans do not run out.",
        "StartImageScan": "Without advisories the scan is FAILED.",
        "UpdateImageStorageClass": "Restoring an index brings back what it lists; it may be asked again meanwhile.",
    },
    "ecr-public": {
        "DescribeRegistries": "The default alias is ACTIVE at once; `verified` is always false.",
        "GetAuthorizationToken": "The password ends with the key, session or user that it was issued to.",
        "PutRegistryCatalogData": "Every account may set `displayName`: nobody verifies accounts here.",
        "PutRepositoryCatalogData": "`logoUrl` is the server's own; a logo that is no PNG, or too large, is refused.",
    },
}
