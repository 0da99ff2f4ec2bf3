"""The one place where an error becomes an OCI reply: class → code and status.

Codes are the specification's where it has one; UNSUPPORTED is ECR's for everything that only its API can be told, and
TAG_INVALID, RANGE_INVALID, PAGINATION_NUMBER_INVALID, UNKNOWN and UNAVAILABLE are the Docker registry's.
Sources: distribution-spec 1.1, "Error Codes"; responses of ECR (401, 403, TAG_INVALID); RFC 9110.
"""

import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from cargohold.core import errors
from cargohold.core.errors import CargoholdError
from cargohold.exchange import Reply, Request
from cargohold.oci.challenge import API_VERSION, NOT_AUTHORIZED


class Refusal(NamedTuple):
    status: int
    code: str


_API_ONLY = Refusal(405, "UNSUPPORTED")

TABLE: Final[Mapping[type[CargoholdError], Refusal]] = MappingProxyType(
    {
        # What is named is not there
        errors.RepositoryNotFound: Refusal(404, "NAME_UNKNOWN"),
        errors.RepositoryNotCreated: Refusal(404, "NAME_UNKNOWN"),
        errors.RegistryNotFound: Refusal(404, "NAME_UNKNOWN"),
        errors.ManifestNotFound: Refusal(404, "MANIFEST_UNKNOWN"),
        errors.ImageNotFound: Refusal(404, "MANIFEST_UNKNOWN"),
        errors.LayerNotFound: Refusal(404, "BLOB_UNKNOWN"),
        errors.LayerInaccessible: Refusal(404, "BLOB_UNKNOWN"),
        errors.LayerArchived: Refusal(404, "BLOB_UNKNOWN"),
        errors.ImageStorageClassUpdateNotSupported: Refusal(405, "UNSUPPORTED"),
        errors.UploadNotFound: Refusal(404, "BLOB_UPLOAD_UNKNOWN"),
        errors.LayersNotFound: Refusal(404, "MANIFEST_BLOB_UNKNOWN"),
        errors.ReferencedImagesNotFound: Refusal(404, "MANIFEST_BLOB_UNKNOWN"),
        errors.UnknownRoute: Refusal(404, "UNSUPPORTED"),
        # Manifests and tags
        errors.InvalidManifest: Refusal(400, "MANIFEST_INVALID"),
        errors.ImageDigestDoesNotMatch: Refusal(400, "DIGEST_INVALID"),
        errors.ImageTagAlreadyExists: Refusal(400, "TAG_INVALID"),
        errors.ImageAlreadyExists: Refusal(400, "TAG_INVALID"),
        errors.ImageReferenced: Refusal(405, "UNSUPPORTED"),
        # Blobs and uploads
        errors.LayerInUse: Refusal(405, "UNSUPPORTED"),
        errors.InvalidDigest: Refusal(400, "DIGEST_INVALID"),
        errors.InvalidLayer: Refusal(400, "DIGEST_INVALID"),
        errors.SizeMismatch: Refusal(400, "SIZE_INVALID"),
        errors.BodyInterrupted: Refusal(400, "SIZE_INVALID"),
        errors.InvalidRange: Refusal(416, "RANGE_INVALID"),
        errors.InvalidLayerPart: Refusal(416, "RANGE_INVALID"),
        errors.LayerPartTooSmall: Refusal(400, "BLOB_UPLOAD_INVALID"),
        errors.EmptyUpload: Refusal(400, "BLOB_UPLOAD_INVALID"),
        errors.LayerAlreadyExists: Refusal(400, "BLOB_UPLOAD_INVALID"),
        errors.UploadBusy: Refusal(409, "BLOB_UPLOAD_INVALID"),
        # The request as such
        errors.InvalidParameter: Refusal(400, "UNSUPPORTED"),
        errors.InvalidToken: Refusal(400, "UNSUPPORTED"),
        errors.RequestTooLarge: Refusal(413, "SIZE_INVALID"),
        errors.MethodNotAllowed: Refusal(405, "UNSUPPORTED"),
        errors.UnknownHost: Refusal(400, "UNSUPPORTED"),
        errors.LimitExceeded: Refusal(403, "DENIED"),
        errors.TooManyRequests: Refusal(429, "TOOMANYREQUESTS"),
        # Who asks
        errors.CredentialsRequired: Refusal(401, "UNAUTHORIZED"),
        errors.InvalidRegistryToken: Refusal(401, "UNAUTHORIZED"),
        errors.ExpiredRegistryToken: Refusal(403, "DENIED"),
        errors.UnknownCredential: Refusal(403, "DENIED"),
        errors.ExpiredCredential: Refusal(403, "DENIED"),
        errors.InvalidSignature: Refusal(403, "DENIED"),
        errors.IncompleteSignature: Refusal(403, "DENIED"),
        errors.AccessDenied: Refusal(403, "DENIED"),
        errors.NotForSessions: Refusal(403, "DENIED"),
        errors.UnknownMfaDevice: Refusal(403, "DENIED"),
        errors.InvalidIdentityToken: Refusal(403, "DENIED"),
        errors.ExpiredIdentityToken: Refusal(403, "DENIED"),
        errors.IssuerUnreachable: Refusal(403, "DENIED"),
        errors.NotTrusted: Refusal(403, "DENIED"),
        # Our own faults
        errors.StorageFull: Refusal(503, "UNAVAILABLE"),
        errors.StorageBusy: Refusal(503, "UNAVAILABLE"),
        errors.Corrupt: Refusal(500, "UNKNOWN"),
        errors.PolicyEvaluation: Refusal(500, "UNKNOWN"),
        # What only the AWS door can be asked for
        errors.RepositoryAlreadyExists: _API_ONLY,
        errors.RepositoryNotEmpty: _API_ONLY,
        errors.RepositoryPolicyNotFound: _API_ONLY,
        errors.RegistryPolicyNotFound: _API_ONLY,
        errors.RepositoryCatalogDataNotFound: _API_ONLY,
        errors.UnsupportedCommand: _API_ONLY,
        errors.ImageArchived: _API_ONLY,
        errors.ScanNotFound: _API_ONLY,
        errors.ScanningDisabled: _API_ONLY,
        errors.UnsupportedImageType: _API_ONLY,
        errors.IgnoreRuleNotFound: _API_ONLY,
        errors.LifecyclePolicyNotFound: _API_ONLY,
        errors.LifecyclePolicyPreviewNotFound: _API_ONLY,
        errors.LifecyclePolicyPreviewInProgress: _API_ONLY,
        errors.TemplateAlreadyExists: _API_ONLY,
        errors.TemplateNotFound: _API_ONLY,
        errors.ExclusionAlreadyExists: _API_ONLY,
        errors.ExclusionNotFound: _API_ONLY,
        errors.InvalidTagParameter: _API_ONLY,
        errors.TooManyTags: _API_ONLY,
        errors.KmsUnsupported: _API_ONLY,
        errors.NoSuchEntity: _API_ONLY,
        errors.EntityAlreadyExists: _API_ONLY,
        errors.DeleteConflict: _API_ONLY,
        errors.EntityTemporarilyUnmodifiable: _API_ONLY,
        errors.UnmodifiableEntity: _API_ONLY,
        errors.PrincipalNotFound: _API_ONLY,
        errors.MalformedPolicyDocument: _API_ONLY,
        errors.PolicyNotAttachable: _API_ONLY,
        errors.InvalidInput: _API_ONLY,
        errors.ValidationError: _API_ONLY,
        errors.InvalidParameterValue: _API_ONLY,
        errors.PackedPolicyTooLarge: _API_ONLY,
        errors.InvalidAuthorizationMessage: _API_ONLY,
        errors.AuditTrailNotKept: _API_ONLY,
        errors.InvalidJoinToken: _API_ONLY,
        errors.NoInstanceRole: _API_ONLY,
        errors.RoleNotTrusting: _API_ONLY,
        errors.InvalidBody: _API_ONLY,
        errors.UnknownOperation: _API_ONLY,
        errors.OperationNotBuilt: _API_ONLY,
    }
)

# A parameter's own codes; other parameters have InvalidParameter's row.
_PARAMETER_CODES: Final = {
    "repositoryName": "NAME_INVALID",
    "imageTag": "TAG_INVALID",
    "n": "PAGINATION_NUMBER_INVALID",
    "Content-Range": "BLOB_UPLOAD_INVALID",
}


def refusal(error: CargoholdError) -> Refusal:
    """The row of an error's class."""
    found = TABLE[type(error)]
    if isinstance(error, errors.InvalidParameter):
        return Refusal(found.status, _PARAMETER_CODES.get(error.member, found.code))
    return found


def refuse(error: CargoholdError, request: Request) -> Reply:
    """The reply that says what was refused, in the specification's JSON; ECR says plain text to who is not named."""
    status, code = refusal(error)
    headers = [API_VERSION, *_details(error, request)]
    if isinstance(error, errors.CredentialsRequired):
        return Reply(status, [*headers, ("Content-Type", "text/plain; charset=utf-8")], NOT_AUTHORIZED, code=code)
    body = json.dumps({"errors": [{"code": code, "message": str(error)}]}).encode()
    return Reply(status, [*headers, ("Content-Type", "application/json; charset=utf-8")], body, code=code)


def _details(error: CargoholdError, request: Request) -> list[tuple[str, str]]:
    """What an error tells in headers, so that a client can go on from there."""
    if isinstance(error, errors.MethodNotAllowed):
        return [("Allow", ", ".join(error.allowed))]
    if isinstance(error, errors.TooManyRequests):
        return [("Retry-After", str(math.ceil(error.seconds)))]
    if isinstance(error, errors.StorageBusy):
        return [("Retry-After", "1")]
    if not isinstance(error, errors.InvalidRange):
        return []
    if request.method == "GET":
        return [("Content-Range", f"bytes */{error.size}")]
    return [("Range", f"0-{max(0, error.size - 1)}"), ("Location", request.path)]
