"""Quotas, with Amazon ECR's as defaults, and the times after which what nobody uses may be dropped.

Source: Amazon ECR user guide, "Amazon ECR private registry quotas". Sizes are bytes, times milliseconds.
"""

from dataclasses import dataclass, replace
from typing import Final

from cargohold.core.clock import DAY

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one registry may hold; tests and settings make others."""

    repositories: int = 100_000
    creation_templates: int = 50
    """Ours: ECR's is not documented."""
    pull_time_exclusions: int = 100
    images_per_repository: int = 100_000
    tags_per_image: int = 1_000
    layer_bytes: int = 52_000 * MIB
    parts: int = 4_200
    part_bytes: int = 20 * MIB
    smallest_part_bytes: int = 5 * MIB
    """Of every part but an upload's last; asked for by CompleteLayerUpload only."""
    batch_bytes: int = 64 * MIB
    """Manifests that one BatchGetImage may answer with; ours, so that a hundred of 4 MiB cannot fill the memory."""
    resource_tags: int = 50
    upload_lifetime: int = DAY
    """How long an upload lives after something was last written to it."""
    collection_lease: int = DAY
    """How long a blob that no image uses is kept, and how long a deletion could be undone."""


def of_public(limits: Limits) -> Limits:
    """The limits of public registries: where ECR Public's own quotas are lower than ECR's, those.

    Source: Amazon ECR Public user guide, "Amazon ECR Public service quotas".
    """
    return replace(
        limits,
        repositories=min(limits.repositories, 10_000),
        layer_bytes=min(limits.layer_bytes, 10_000 * MIB),
        parts=min(limits.parts, 1_000),
    )
