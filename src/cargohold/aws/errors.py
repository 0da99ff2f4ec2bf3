"""The AWS door's table: from an error's class to the code and status that AWS gives it.

A test holds it complete. Sources: botocore's models (modelled errors), "Common Errors" of the ECR, IAM and STS API
references, and replies recorded on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cargohold.aws.validation import ValidationFailed
from cargohold.core import errors
from cargohold.core.errors import CargoholdError, InvalidLayerPart, KmsUnsupported, RoleNotTrusting


@dataclass(frozen=True, slots=True)
class Row:
    """An error's code at JSON services and at Query services, and its status at the latter."""

    json: str
    query: str
    query_status: int = 400

    @property
    def json_status(self) -> int:
        """JSON services answer every error of the sender's with 400."""
        return 500 if self.json == INTERNAL else 400

    @property
    def ours(self) -> bool:
        return self.query_status >= 500


INTERNAL: Final = "ServerException"


def _same(code: str, status: int = 400) -> Row:
    """A row of an error that Query services write without the ending."""
    return Row(code, code.removesuffix("Exception"), status)


TABLE: Final[Mapping[type[CargoholdError], Row]] = {
    # Repositories
    errors.RepositoryNotFound: _same("RepositoryNotFoundException"),
    errors.RepositoryAlreadyExists: _same("RepositoryAlreadyExistsException"),
    errors.RepositoryNotEmpty: _same("RepositoryNotEmptyException"),
    errors.RepositoryPolicyNotFound: _same("RepositoryPolicyNotFoundException"),
    errors.RegistryPolicyNotFound: _same("RegistryPolicyNotFoundException"),
    errors.RepositoryNotCreated: _same("RepositoryNotFoundException"),
    errors.TemplateAlreadyExists: _same("TemplateAlreadyExistsException"),
    errors.TemplateNotFound: _same("TemplateNotFoundException"),
    errors.ExclusionAlreadyExists: _same("ExclusionAlreadyExistsException"),
    errors.ExclusionNotFound: _same("ExclusionNotFoundException"),
    # Lifecycle
    errors.LifecyclePolicyNotFound: _same("LifecyclePolicyNotFoundException"),
    errors.LifecyclePolicyPreviewNotFound: _same("LifecyclePolicyPreviewNotFoundException"),
    errors.LifecyclePolicyPreviewInProgress: _same("LifecyclePolicyPreviewInProgressException"),
    errors.RegistryNotFound: _same("RegistryNotFoundException"),
    errors.RepositoryCatalogDataNotFound: _same("RepositoryCatalogDataNotFoundException"),
    errors.UnsupportedCommand: _same("UnsupportedCommandException"),
    # Images and tags
    errors.ImageNotFound: _same("ImageNotFoundException"),
    errors.ManifestNotFound: _same("ImageNotFoundException"),
    errors.ImageAlreadyExists: _same("ImageAlreadyExistsException"),
    errors.ImageStorageClassUpdateNotSupported: _same("ImageStorageClassUpdateNotSupportedException"),
    errors.ImageTagAlreadyExists: _same("ImageTagAlreadyExistsException"),
    errors.ImageDigestDoesNotMatch: _same("ImageDigestDoesNotMatchException"),
    errors.ReferencedImagesNotFound: _same("ReferencedImagesNotFoundException"),
    errors.ImageReferenced: Row("InvalidParameterException", "InvalidParameterValue"),
    errors.InvalidManifest: Row("InvalidParameterException", "InvalidParameterValue"),
    errors.ImageArchived: _same("ImageArchivedException"),
    errors.ScanNotFound: _same("ScanNotFoundException"),
    errors.ScanningDisabled: _same("ValidationException"),
    errors.UnsupportedImageType: _same("UnsupportedImageTypeException"),
    errors.IgnoreRuleNotFound: _same("IgnoreRuleNotFoundException"),
    # Blobs and uploads
    errors.LayersNotFound: _same("LayersNotFoundException"),
    errors.LayerNotFound: _same("LayersNotFoundException"),
    errors.LayerInaccessible: _same("LayerInaccessibleException"),
    errors.LayerArchived: _same("LayerInaccessibleException"),
    errors.LayerInUse: Row("InvalidParameterException", "InvalidParameterValue"),
    errors.LayerAlreadyExists: _same("LayerAlreadyExistsException"),
    errors.InvalidLayer: _same("InvalidLayerException"),
    errors.InvalidLayerPart: _same("InvalidLayerPartException"),
    errors.LayerPartTooSmall: _same("LayerPartTooSmallException"),
    errors.EmptyUpload: _same("EmptyUploadException"),
    errors.UploadNotFound: _same("UploadNotFoundException"),
    # SDKs wait and ask again, which is right: the writer before them is often their own, given up too early.
    errors.UploadBusy: Row("ThrottlingException", "Throttling"),
    # Limits and parameters
    errors.LimitExceeded: _same("LimitExceededException", 409),
    errors.TooManyRequests: Row("ThrottlingException", "Throttling"),
    errors.InvalidParameter: Row("InvalidParameterException", "ValidationError"),
    errors.InvalidTagParameter: _same("InvalidTagParameterException"),
    errors.TooManyTags: _same("TooManyTagsException"),
    errors.KmsUnsupported: _same("KmsException"),
    errors.InvalidToken: Row("InvalidParameterException", "ValidationError"),
    ValidationFailed: Row("ValidationException", "ValidationError"),
    # IAM
    errors.NoSuchEntity: _same("NoSuchEntityException", 404),
    errors.EntityAlreadyExists: _same("EntityAlreadyExistsException", 409),
    errors.DeleteConflict: _same("DeleteConflictException", 409),
    errors.EntityTemporarilyUnmodifiable: _same("EntityTemporarilyUnmodifiableException", 409),
    errors.UnmodifiableEntity: _same("UnmodifiableEntityException"),
    errors.PrincipalNotFound: Row("InvalidParameterException", "MalformedPolicyDocument"),
    errors.MalformedPolicyDocument: _same("MalformedPolicyDocumentException"),
    errors.PolicyNotAttachable: _same("PolicyNotAttachableException"),
    errors.InvalidInput: _same("InvalidInputException"),
    errors.PolicyEvaluation: Row(INTERNAL, "PolicyEvaluation", 500),
    errors.ValidationError: Row("ValidationException", "ValidationError"),
    # STS
    errors.InvalidParameterValue: Row("InvalidParameterException", "InvalidParameterValue"),
    errors.PackedPolicyTooLarge: _same("PackedPolicyTooLargeException"),
    errors.InvalidAuthorizationMessage: Row(
        "InvalidAuthorizationMessageException", "InvalidAuthorizationMessageException"
    ),
    # Requests as such
    errors.InvalidDigest: Row("InvalidParameterException", "ValidationError"),
    errors.InvalidRange: Row("InvalidParameterException", "ValidationError"),
    errors.SizeMismatch: Row("InvalidParameterException", "ValidationError"),
    errors.UnknownHost: Row("InvalidParameterException", "ValidationError"),
    errors.UnknownRoute: Row("UnknownOperationException", "InvalidAction"),
    errors.MethodNotAllowed: Row("UnknownOperationException", "InvalidAction"),
    errors.UnknownOperation: Row("UnknownOperationException", "InvalidAction"),
    errors.OperationNotBuilt: Row("UnsupportedOperationException", "UnsupportedOperation"),
    errors.RequestTooLarge: Row("RequestEntityTooLargeException", "RequestEntityTooLarge", 413),
    errors.BodyInterrupted: Row("SerializationException", "IncompleteBody"),
    errors.InvalidBody: Row("SerializationException", "MalformedQueryString"),
    # Who asks
    errors.CredentialsRequired: _same("MissingAuthenticationTokenException", 403),
    errors.UnknownCredential: Row("UnrecognizedClientException", "InvalidClientTokenId", 403),
    errors.InvalidSignature: Row("InvalidSignatureException", "SignatureDoesNotMatch", 403),
    errors.IncompleteSignature: _same("IncompleteSignatureException"),
    errors.ExpiredCredential: _same("ExpiredTokenException", 403),
    errors.InvalidRegistryToken: Row("UnrecognizedClientException", "InvalidClientTokenId", 403),
    errors.ExpiredRegistryToken: _same("ExpiredTokenException", 403),
    errors.AccessDenied: _same("AccessDeniedException", 403),
    errors.NotForSessions: _same("AccessDeniedException", 403),
    errors.UnknownMfaDevice: _same("AccessDeniedException", 403),
    errors.InvalidIdentityToken: _same("InvalidIdentityTokenException"),
    errors.ExpiredIdentityToken: Row("ExpiredTokenException", "ExpiredTokenException"),
    errors.IssuerUnreachable: Row("IDPCommunicationErrorException", "IDPCommunicationError"),
    errors.NotTrusted: _same("AccessDeniedException", 403),
    # The audit trail
    errors.AuditTrailNotKept: _same("AuditTrailNotKeptException"),
    # Hosts
    errors.InvalidJoinToken: _same("InvalidJoinTokenException", 403),
    errors.NoInstanceRole: _same("NoInstanceRoleException", 404),
    errors.RoleNotTrusting: _same("RoleNotTrustingException"),
    # Our own faults
    errors.StorageFull: Row(INTERNAL, "ServiceUnavailable", 503),
    errors.StorageBusy: Row(INTERNAL, "ServiceUnavailable", 503),
    errors.Corrupt: Row(INTERNAL, "InternalFailure", 500),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a client is told of an error; each protocol writes it in its own way."""

    row: Row
    message: str
    members: Mapping[str, object]
    """What the model adds to the message."""


UNEXPECTED: Final = Refusal(
    Row(INTERNAL, "InternalFailure", 500), "The request processing has failed because of an unknown error.", {}
)
"""Of what nobody foresaw: the log says more under the request's id, the client learns nothing else."""


def refusal(error: CargoholdError) -> Refusal:
    """What is told of an error of the tree, by its class or the nearest one above it."""
    for kind in type(error).__mro__:
        row = TABLE.get(kind)
        if row is not None:
            return Refusal(row, str(error), _members(error))
    return UNEXPECTED


def _members(error: CargoholdError) -> dict[str, object]:
    if isinstance(error, InvalidLayerPart):
        facts: dict[str, object] = {
            "registryId": error.registry_id,
            "repositoryName": error.name,
            "uploadId": error.upload_id,
        }
        return facts if error.last_valid_byte < 0 else {**facts, "lastValidByteReceived": error.last_valid_byte}
    if isinstance(error, RoleNotTrusting):
        return {"roleArn": error.role_arn}
    return {"kmsError": error.kms_error} if isinstance(error, KmsUnsupported) else {}
