"""From the registry room's nouns to ECR Public's dicts, where they differ from ECR's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargohold.registry.catalog import Catalog

if TYPE_CHECKING:
    from cargohold.aws.shapes import ecr_public as shapes
    from cargohold.core.addresses import Addresses
    from cargohold.core.arn import Registry, Target
    from cargohold.registry.image import Image
    from cargohold.registry.public_registries import Publisher, TaggedImage
    from cargohold.registry.repository import Repository


def repository(held: Repository, publisher: Publisher, addresses: Addresses) -> shapes.Repository:
    """A repository, addressed by its registry's primary alias."""
    return {
        "repositoryArn": held.arn,
        "registryId": held.registry.account,
        "repositoryName": held.name,
        "repositoryUri": f"{_uri(publisher, addresses)}/{held.name}",
        "createdAt": held.created_at,
    }


def registry(of: Registry, publisher: Publisher, addresses: Addresses) -> shapes.Registry:
    """A registry; nobody verifies accounts here, so none is verified."""
    return {
        "registryId": of.account,
        "registryArn": of.arn,
        "registryUri": _uri(publisher, addresses),
        "verified": False,
        "aliases": [
            {
                "name": alias.name,
                "status": "ACTIVE",
                "primaryRegistryAlias": alias.is_primary,
                "defaultRegistryAlias": alias.is_default,
            }
            for alias in publisher.aliases
        ],
    }


def image_detail(target: Target, held: Image) -> shapes.ImageDetail:
    """What DescribeImages tells of an image; `imageTags` is left out, not empty, when it has none."""
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "imageDigest": held.digest,
        "imageTags": list(held.tags) or None,
        "imageSizeInBytes": held.size,
        "imagePushedAt": held.pushed_at,
        "imageManifestMediaType": held.media_type,
        "artifactMediaType": held.artifact_type,
    }


def image_tag_detail(held: TaggedImage) -> shapes.ImageTagDetail:
    """A tag with what it names."""
    return {
        "imageTag": held.tag,
        "createdAt": held.created_at,
        "imageDetail": {
            "imageDigest": held.digest,
            "imageSizeInBytes": held.size,
            "imagePushedAt": held.pushed_at,
            "imageManifestMediaType": held.media_type,
            "artifactMediaType": held.artifact_type,
        },
    }


def catalog(held: Catalog, logo_url: str) -> shapes.RepositoryCatalogData:
    """What is said of a repository; what is not said is left out."""
    return {
        "description": held.description,
        "architectures": list(held.architectures) or None,
        "operatingSystems": list(held.operating_systems) or None,
        "logoUrl": logo_url if held.logo else None,
        "aboutText": held.about,
        "usageText": held.usage,
        "marketplaceCertified": False,
    }


def read_catalog(given: shapes.RepositoryCatalogDataInput) -> Catalog:
    """What a request says of a repository."""
    return Catalog(
        description=given.get("description"),
        about=given.get("aboutText"),
        usage=given.get("usageText"),
        architectures=tuple(given.get("architectures", ())),
        operating_systems=tuple(given.get("operatingSystems", ())),
        logo=given.get("logoImageBlob") or None,
    )


def logo_url(target: Target, publisher: Publisher, addresses: Addresses) -> str:
    """Where the public door serves a repository's logo."""
    return f"{addresses.scheme}://{addresses.public_name}/logo/{publisher.primary}/{target.name}"


def _uri(publisher: Publisher, addresses: Addresses) -> str:
    """Of a registry: as it is pulled from; empty before its first repository gives it an alias."""
    return f"{addresses.public_name}/{publisher.primary}" if publisher.primary else ""
