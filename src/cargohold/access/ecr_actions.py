"""The actions of ECR and of ECR Public: a repository's or a registry's policy may name no others.

Source: service authorization reference, "Actions, resources, and condition keys for Amazon ECR" and "… Public".
"""

from typing import Final

_NAMES: Final = """
BatchCheckLayerAvailability BatchDeleteImage BatchGetImage BatchGetRepositoryScanningConfiguration
BatchImportUpstreamImage CompleteLayerUpload CreatePullThroughCacheRule CreateRepository
CreateRepositoryCreationTemplate DeleteLifecyclePolicy DeletePullThroughCacheRule DeleteRegistryPolicy
DeleteRepository DeleteRepositoryCreationTemplate DeleteRepositoryPolicy DeleteSigningConfiguration
DeregisterPullTimeUpdateExclusion DescribeImageReplicationStatus DescribeImageScanFindings
DescribeImageSigningStatus DescribeImages DescribePullThroughCacheRules DescribeRegistry DescribeRepositories
DescribeRepositoryCreationTemplates GetAccountSetting GetAuthorizationToken GetDownloadUrlForLayer
GetImageCopyStatus GetLifecyclePolicy GetLifecyclePolicyPreview GetRegistryPolicy
GetRegistryScanningConfiguration GetRepositoryPolicy GetSigningConfiguration InitiateLayerUpload ListImages
ListPullTimeUpdateExclusions ListTagsForResource PutAccountSetting PutImage PutImageScanningConfiguration
PutImageTagMutability PutLifecyclePolicy PutRegistryPolicy PutRegistryScanningConfiguration
PutReplicationConfiguration PutSigningConfiguration RegisterPullTimeUpdateExclusion ReplicateImage
SetRepositoryPolicy StartImageScan StartLifecyclePolicyPreview TagResource UntagResource UpdateImageStorageClass
UpdatePullThroughCacheRule UpdateRepositoryCreationTemplate UploadLayerPart ValidatePullThroughCacheRule
"""

ECR_ACTIONS: Final = frozenset(f"ecr:{name.lower()}" for name in _NAMES.split())
"""In lower case, for case does not count in policies."""

_PUBLIC_NAMES: Final = """
BatchCheckLayerAvailability BatchDeleteImage CompleteLayerUpload CreateRepository DeleteRepository
DeleteRepositoryPolicy DescribeImageTags DescribeImages DescribeRegistries DescribeRepositories
GetAuthorizationToken GetRegistryCatalogData GetRepositoryCatalogData GetRepositoryPolicy InitiateLayerUpload
ListTagsForResource PutImage PutRegistryCatalogData PutRepositoryCatalogData SetRepositoryPolicy TagResource
UntagResource UploadLayerPart
"""

ECR_PUBLIC_ACTIONS: Final = frozenset(f"ecr-public:{name.lower()}" for name in _PUBLIC_NAMES.split())
"""In lower case."""

AS_SPELLED: Final = frozenset(
    [f"ecr:{name}" for name in _NAMES.split()] + [f"ecr-public:{name}" for name in _PUBLIC_NAMES.split()]
)
"""All of them as requests demand them."""
