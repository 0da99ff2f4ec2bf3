"""From the registry room's nouns to ECR's dicts. The only place where ECR's answers are spelled.

A member that is None is left out of the answer, as ECR leaves out what an item does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargohold.aws.ecr import policy_text

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from cargohold.aws.shapes import ecr
    from cargohold.core.addresses import Addresses
    from cargohold.core.arn import Registry, Target
    from cargohold.lifecycle.preview import Shown
    from cargohold.lifecycle.previewed import Result
    from cargohold.registry.blob import Blob
    from cargohold.registry.creation_template import Template
    from cargohold.registry.image import Failure, Image, ImageId
    from cargohold.registry.lifecycle_policy import LifecyclePolicy
    from cargohold.registry.referrers import Referrer
    from cargohold.registry.repository import Repository


def repository(held: Repository, addresses: Addresses) -> ecr.Repository:
    """A repository; `imageTagMutabilityExclusionFilters` only where there are any."""
    registry = held.registry
    return {
        "repositoryArn": held.arn,
        "registryId": registry.account,
        "repositoryName": held.name,
        "repositoryUri": f"{addresses.host(registry)}/{held.name}",
        "createdAt": held.created_at,
        "imageTagMutability": held.tag_mutability,
        "imageTagMutabilityExclusionFilters": _exclusion_filters(held),
        "imageScanningConfiguration": {"scanOnPush": held.scan_on_push},
        "encryptionConfiguration": {"encryptionType": held.encryption_type, "kmsKey": held.kms_key},
    }


def tag_mutability(held: Repository) -> ecr.PutImageTagMutabilityResponse:
    """A repository's mode; the filters only where there are any."""
    return {
        "registryId": held.registry.account,
        "repositoryName": held.name,
        "imageTagMutability": held.tag_mutability,
        "imageTagMutabilityExclusionFilters": _exclusion_filters(held),
    }


def repository_policy(target: Target, text: str) -> ecr.GetRepositoryPolicyResponse:
    """A repository's policy; that it was set or deleted is answered in the same form."""
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "policyText": policy_text.laid_out(text),
    }


def registry_policy(registry: Registry, text: str) -> ecr.GetRegistryPolicyResponse:
    """A registry's policy; that it was put or deleted is answered in the same form."""
    return {"registryId": registry.account, "policyText": policy_text.laid_out(text)}


def creation_template(held: Template) -> ecr.RepositoryCreationTemplate:
    """A creation template; a policy, filters and a role only where there are any."""
    policy = held.repository_policy
    return {
        "prefix": held.prefix,
        "description": held.description,
        "encryptionConfiguration": {"encryptionType": held.encryption_type, "kmsKey": held.kms_key},
        "resourceTags": resource_tags(held.resource_tags),
        "imageTagMutability": held.tag_mutability,
        "imageTagMutabilityExclusionFilters": _exclusion_filters(held),
        "repositoryPolicy": None if policy is None else policy_text.laid_out(policy),
        "lifecyclePolicy": held.lifecycle_policy,
        "appliedFor": list(held.applied_for),
        "customRoleArn": held.custom_role_arn,
        "createdAt": held.created_at,
        "updatedAt": held.updated_at,
    }


def lifecycle_policy(target: Target, held: LifecyclePolicy) -> ecr.GetLifecyclePolicyResponse:
    """A repository's lifecycle policy; that it was deleted is answered in the same form."""
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "lifecyclePolicyText": held.text,
        "lastEvaluatedAt": held.evaluated_at,
    }


def lifecycle_preview(target: Target, shown: Shown, next_token: str | None) -> ecr.GetLifecyclePolicyPreviewResponse:
    """A preview with a page of results; the summary is there when it is complete."""
    preview = shown.preview
    complete = preview.status == "COMPLETE"
    archived: list[ecr.TransitioningImageTotalCount] = [
        {"targetStorageClass": "ARCHIVE", "imageTotalCount": preview.transitioning}
    ]
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "lifecyclePolicyText": preview.text,
        "status": preview.status,
        "nextToken": next_token,
        "previewResults": [_preview_result(each) for each in shown.page.items],
        "summary": {
            "expiringImageTotalCount": preview.expiring,
            "transitioningImageTotalCounts": archived if preview.transitioning else None,
        }
        if complete
        else None,
    }


def _preview_result(of: Result) -> ecr.LifecyclePolicyPreviewResult:
    target: ecr.LifecyclePolicyTargetStorageClass | None = "ARCHIVE" if of.action == "TRANSITION" else None
    return {
        "imageTags": list(of.tags),
        "imageDigest": of.digest,
        "imagePushedAt": of.pushed_at,
        "action": {"type": of.action, "targetStorageClass": target},
        "appliedRulePriority": of.rule_priority,
        "storageClass": of.storage_class,
    }


def resource_tags(held: Mapping[str, str]) -> list[ecr.Tag]:
    return [{"Key": key, "Value": value} for key, value in held.items()]


def image_id(named: ImageId) -> ecr.ImageIdentifier:
    return {"imageDigest": named.digest, "imageTag": named.tag}


def image(target: Target, tag: str | None, held: Image) -> ecr.Image:
    """An image with its manifest, under the tag by which the request named it."""
    return {
        "registryId": target.registry.account,
        "repositoryName": target.name,
        "imageId": {"imageDigest": held.digest, "imageTag": tag},
        "imageManifest": held.payload.decode(),
        "imageManifestMediaType": held.media_type,
    }


def image_detail(target: Target, held: Image) -> ecr.ImageDetail:
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
        "lastRecordedPullTime": held.last_pull_at,
        "subjectManifestDigest": held.subject_digest,
        "imageStatus": held.status,
        "lastArchivedAt": held.archived_at,
        "lastActivatedAt": held.activated_at,
    }


def referrer(held: Referrer) -> ecr.ImageReferrer:
    """A referrer; `annotations` is left out, not empty, when its manifest has none."""
    return {
        "digest": held.digest,
        "mediaType": held.media_type,
        "artifactType": held.artifact_type,
        "size": held.size,
        "annotations": dict(held.annotations) or None,
        "artifactStatus": held.status,
    }


def image_failure(failure: Failure) -> ecr.ImageFailure:
    return {
        "imageId": image_id(failure.image_id),
        "failureCode": failure.code,
        "failureReason": failure.reason,
    }


def layer(digest: str, held: Blob | None, archived: Container[str] = ()) -> ecr.Layer:
    """A blob that the repository holds, or None: it is not there and may be uploaded."""
    if held is None:
        return {"layerDigest": digest, "layerAvailability": "UNAVAILABLE"}
    return {
        "layerDigest": digest,
        "layerAvailability": "ARCHIVED" if digest in archived else "AVAILABLE",
        "layerSize": held.size,
        "mediaType": held.media_type,
    }


def _exclusion_filters(held: Repository | Template) -> list[ecr.ImageTagMutabilityExclusionFilter] | None:
    return [{"filterType": "WILDCARD", "filter": each} for each in held.tag_mutability_filters] or None
