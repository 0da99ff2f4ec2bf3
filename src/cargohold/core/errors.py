"""Everything that can be refused, in ECR's sentences.

A class holds the facts and says them; which code and status each door gives it stands in that door's one table
(`aws/errors.py`, `oci/errors.py`), and a test holds both tables complete.

    CargoholdError
    ├── Refused          the request cannot be done as asked
    │   ├── NotFound     what it names is not there
    │   ├── Conflict     it contradicts what is there
    │   └── Malformed    it cannot be understood
    ├── Unauthorized     who asks is not proven, or may not
    └── Unavailable      the fault is ours or the machine's

Sources: facts measured on ECR (API reference, transcripts); "AWS Signature Version 4 troubleshooting".
"""

from collections.abc import Sequence
from typing import Self


class CargoholdError(Exception):
    """The root of the tree; `str()` is the sentence that a client reads."""


class Refused(CargoholdError):
    """The request cannot be done as asked."""


class NotFound(Refused):
    """What the request names is not there."""


class Conflict(Refused):
    """The request contradicts what is there."""


class Malformed(Refused):
    """The request cannot be understood."""


class Unauthorized(CargoholdError):
    """Who asks is not proven, or may not do this."""


class Unavailable(CargoholdError):
    """The fault is ours or the machine's; the same request may succeed later."""


# Repositories


class RepositoryNotFound(NotFound):
    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(f"The repository with name '{name}' does not exist in the registry with id '{registry_id}'")


class RepositoryAlreadyExists(Conflict):
    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(f"The repository with name '{name}' already exists in the registry with id '{registry_id}'")


class RepositoryNotEmpty(Conflict):
    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(
            f"The repository with name '{name}' in registry with id '{registry_id}' "
            "cannot be deleted because it still contains images"
        )


class RepositoryPolicyNotFound(NotFound):
    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(
            f"Repository policy does not exist for the repository with name '{name}' "
            f"in the registry with id '{registry_id}'"
        )


class RegistryPolicyNotFound(NotFound):
    def __init__(self, registry_id: str) -> None:
        super().__init__(f"Registry policy does not exist in the registry with id '{registry_id}'")


class RepositoryNotCreated(NotFound):
    """A push to a repository that is not there, and that no creation template makes."""

    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(
            f"The repository with name '{name}' does not exist in the registry with id '{registry_id}', and no "
            "repository creation template for CREATE_ON_PUSH covers it. Create the repository, or such a template"
        )


class TemplateAlreadyExists(Conflict):
    def __init__(self, prefix: str, registry_id: str) -> None:
        super().__init__(
            f"The repository creation template with prefix '{prefix}' already exists "
            f"in the registry with id '{registry_id}'"
        )


class TemplateNotFound(NotFound):
    def __init__(self, prefix: str, registry_id: str) -> None:
        super().__init__(
            f"The repository creation template with prefix '{prefix}' does not exist "
            f"in the registry with id '{registry_id}'"
        )


class RegistryNotFound(NotFound):
    """A public registry of that id or alias."""

    def __init__(self, registry_id: str) -> None:
        super().__init__(f"The registry with id '{registry_id[:50]}' does not exist")


class RepositoryCatalogDataNotFound(NotFound):
    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(
            f"Catalog data does not exist for the repository with name '{name}' in the registry with id '{registry_id}'"
        )


class UnsupportedCommand(Refused):
    """The public registries are asked for outside of their region."""

    def __init__(self, region: str) -> None:
        super().__init__(f"This command is only supported in us-east-1, not in {region}")


class ExclusionAlreadyExists(Conflict):
    """A principal whose pulls are not recorded already."""

    def __init__(self, arn: str, registry_id: str) -> None:
        super().__init__(
            f"The pull time update exclusion for the principal '{arn}' already exists "
            f"in the registry with id '{registry_id}'"
        )


class ExclusionNotFound(NotFound):
    def __init__(self, arn: str, registry_id: str) -> None:
        super().__init__(
            f"The pull time update exclusion for the principal '{arn}' does not exist "
            f"in the registry with id '{registry_id}'"
        )


# Lifecycle


class LifecyclePolicyNotFound(NotFound):
    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(
            f"Lifecycle policy does not exist for the repository with name '{name}' "
            f"in the registry with id '{registry_id}'"
        )


class LifecyclePolicyPreviewNotFound(NotFound):
    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(
            f"Lifecycle policy preview does not exist for the repository with name '{name}' "
            f"in the registry with id '{registry_id}'"
        )


class LifecyclePolicyPreviewInProgress(Conflict):
    def __init__(self) -> None:
        super().__init__("The previous lifecycle policy preview request has not completed. Wait and try again.")


# Images and tags


class ImageNotFound(NotFound):
    """An image that DescribeImages was asked for by tag, digest or both."""

    def __init__(self, digest: str | None, tag: str | None, name: str, registry_id: str) -> None:
        super().__init__(
            f"The image with imageId {{imageDigest:'{digest or 'null'}', imageTag:'{tag or 'null'}'}} does not exist "
            f"within the repository with name '{name}' in the registry with id '{registry_id}'"
        )


class ImageStorageClassUpdateNotSupported(Conflict):
    """An image that may not be archived, or that has the storage class already."""

    def __init__(self, digest: str, name: str, reason: str) -> None:
        super().__init__(
            f"The storage class of the image with digest '{digest}' in the repository with name '{name}' "
            f"cannot be updated: {reason}"
        )


class ManifestNotFound(NotFound):
    """The manifest that a pull asked for."""

    def __init__(self) -> None:
        super().__init__("Requested image not found")


class ImageAlreadyExists(Conflict):
    def __init__(self, digest: str, tag: str | None, name: str, registry_id: str) -> None:
        super().__init__(
            f"Image with digest '{digest}' and tag '{tag or 'null'}' already exists "
            f"in the repository with name '{name}' in registry with id '{registry_id}'"
        )


class ImageTagAlreadyExists(Conflict):
    def __init__(self, tag: str, name: str) -> None:
        super().__init__(
            f"The image tag '{tag}' already exists in the '{name}' repository "
            "and cannot be overwritten because the tag is immutable."
        )


class ImageDigestDoesNotMatch(Refused):
    def __init__(self, given: str, calculated: str) -> None:
        super().__init__(f"Image digest {given} does not match the digest calculated {calculated}")


class ReferencedImagesNotFound(NotFound):
    def __init__(self, digests: Sequence[str], name: str, registry_id: str) -> None:
        super().__init__(
            f"Images with digests '[{', '.join(digests)}]' required for pushing image into repository "
            f"with name '{name}' in the registry with id '{registry_id}' do not exist"
        )


class ImageReferenced(Conflict):
    """An image cannot be deleted while an index lists it."""

    def __init__(self, indexes: Sequence[str]) -> None:
        super().__init__(f"Requested image referenced by manifest list: [{', '.join(indexes)}]")


class InvalidManifest(Malformed):
    """Manifest bytes that are not a manifest; `reason` names what is wrong, in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid parameter at 'ImageManifest' failed to satisfy constraint: '{reason}'")


# Blobs and uploads


class LayersNotFound(NotFound):
    """Blobs that a pushed manifest names and its repository does not hold."""

    def __init__(self, digests: Sequence[str], name: str, registry_id: str) -> None:
        super().__init__(
            f"Layers with digests '[{', '.join(digests)}]' required for pushing image into repository "
            f"with name '{name}' in the registry with id '{registry_id}' do not exist"
        )


class LayerNotFound(NotFound):
    """One blob, asked for by digest."""

    def __init__(self, digest: str, name: str, registry_id: str) -> None:
        super().__init__(
            f"The layer with digest '{digest}' does not exist within the repository "
            f"with name '{name}' in the registry with id '{registry_id}'"
        )


class LayerInaccessible(Refused):
    """A blob that was uploaded, but that no image of the repository uses yet."""

    def __init__(self, digest: str, name: str, registry_id: str) -> None:
        super().__init__(
            f"The layer with digest '{digest}' in the repository with name '{name}' in the registry "
            f"with id '{registry_id}' is not accessible because no image references it"
        )


class LayerArchived(Refused):
    """A blob that only archived images of the repository use."""

    def __init__(self, digest: str, name: str, registry_id: str) -> None:
        super().__init__(
            f"The layer with digest '{digest}' in the repository with name '{name}' in the registry "
            f"with id '{registry_id}' is not accessible because every image that references it is archived"
        )


class LayerInUse(Conflict):
    """A blob cannot be deleted while an image of its repository uses it."""

    def __init__(self, digest: str, name: str, registry_id: str) -> None:
        super().__init__(
            f"The layer with digest '{digest}' in the repository with name '{name}' in the registry "
            f"with id '{registry_id}' cannot be deleted because an image uses it"
        )


class LayerAlreadyExists(Conflict):
    def __init__(self, digest: str, name: str, registry_id: str) -> None:
        super().__init__(
            f"Layer with digest '{digest}' already exists in the repository "
            f"with name '{name}' in the registry with id '{registry_id}'"
        )


class InvalidLayer(Refused):
    def __init__(self) -> None:
        super().__init__("None of the provided layer digests match the calculated layer digest")


class InvalidLayerPart(Refused):
    """A part that does not begin where the last one ended; the facts are members of ECR's error."""

    def __init__(
        self, name: str, registry_id: str, upload_id: str, expected: int, given: int, *, reason: str | None = None
    ) -> None:
        consecutive = f"is not consecutive with the last byte received: expected {expected}"
        super().__init__(reason or f"First byte of the layer part {given} {consecutive}")
        self.name = name
        self.registry_id = registry_id
        self.upload_id = upload_id
        self.last_valid_byte = expected - 1


class LayerPartTooSmall(Refused):
    def __init__(self) -> None:
        super().__init__("All layer parts except the last part should be at least 5MB")


class EmptyUpload(Refused):
    def __init__(self, upload_id: str, name: str, registry_id: str) -> None:
        super().__init__(
            f"The upload with id '{upload_id}' in the repository with name '{name}' in registry "
            f"with id '{registry_id}' cannot be completed because it does not have any parts"
        )


class UploadNotFound(NotFound):
    def __init__(self, upload_id: str, name: str, registry_id: str) -> None:
        super().__init__(
            f"Upload with id '{upload_id}' could not be found in the repository "
            f"with name '{name}' in the registry with id '{registry_id}'"
        )


class UploadBusy(Conflict):
    """Another request is writing to this upload."""

    def __init__(self, upload_id: str) -> None:
        super().__init__(f"Another request is writing to the upload with id '{upload_id}'")


# Limits and parameters


class LimitExceeded(Refused):
    """A quota; the sentence names it."""

    @classmethod
    def quota(cls, name: str, most: int) -> Self:
        """As IAM says it: UsersPerAccount, 5000."""
        return cls(f"Cannot exceed quota for {name}: {most}")


class TooManyRequests(Refused):
    """An account asks more often than the operator lets it; `seconds` after which it may ask again."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Rate exceeded")
        self.seconds = seconds


class InvalidParameter(Malformed):
    """A member that breaks one of its constraints."""

    def __init__(self, member: str, reason: str) -> None:
        super().__init__(f"Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'")
        self.member = member


class InvalidTagParameter(Malformed):
    """A resource tag that may not be written."""


class TooManyTags(Refused):
    def __init__(self) -> None:
        super().__init__("The list of tags on the repository is over the limit. The maximum number of tags is 50")


class KmsUnsupported(Refused):
    """Encryption with a KMS key is asked for; there is no KMS yet."""

    kms_error = "KmsNotSupported"

    def __init__(self) -> None:
        super().__init__("This registry has no KMS yet: create the repository with encryptionType AES256")


# IAM


class NoSuchEntity(NotFound):
    """What a request names is not there; the sentence says what. Most are said by `named`."""

    @classmethod
    def named(cls, kind: str, name: str) -> Self:
        """`kind` as IAM writes it: user, group, role, user policy."""
        return cls(f"The {kind} with name {name} cannot be found.")


class EntityAlreadyExists(Conflict):
    """A name is taken; the sentence says which. Most are said by `named`."""

    @classmethod
    def named(cls, kind: str, name: str) -> Self:
        """`kind` as IAM writes it: User, Group, Role."""
        return cls(f"{kind} with name {name} already exists.")


class DeleteConflict(Conflict):
    """Something hangs on what is to be deleted. Most are said by `until`."""

    @classmethod
    def until(cls, done: str) -> Self:
        """`done` is what has to be done before: "delete access keys"."""
        return cls(f"Cannot delete entity, must {done} first.")


class EntityTemporarilyUnmodifiable(Conflict):
    """Something was deleted and made again a moment ago: the same request may succeed later."""


class UnmodifiableEntity(Refused):
    """Something that only AWS, here the program itself, may change."""


class PrincipalNotFound(Malformed):
    """A policy names somebody who does not exist; who writes it learns it in the words of its service."""

    def __init__(self, principal: str) -> None:
        super().__init__("Principal not found")
        self.principal = principal


class MalformedPolicyDocument(Malformed):
    """A policy that breaks the grammar of its kind."""


class PolicyNotAttachable(Refused):
    """A policy that only a role linked to a service may have."""


class InvalidInput(Malformed):
    """Members that are right one by one, and wrong as they stand together."""


class PolicyEvaluation(Unavailable):
    """A policy that is stored cannot be read any more; the simulator's own code."""

    def __init__(self) -> None:
        super().__init__("The request failed because a provided policy could not be successfully evaluated.")


class ValidationError(Malformed):
    """A member that breaks a rule which the model does not hold; IAM's and STS's own code."""


class InvalidParameterValue(Malformed):
    """Session tags that contradict each other, or those that the caller's session hands on; STS's own code."""


class PackedPolicyTooLarge(Refused):
    """The policies and tags of a session take more than all of the room that there is for them."""

    def __init__(self, percent: int, *, of_policy: bool) -> None:
        super().__init__(
            f"Packed policy consumes {percent}% of allotted space, please use smaller policy."
            if of_policy
            else f"Packed size of session tags consumes {percent}% of allotted space."
        )


class InvalidAuthorizationMessage(Malformed):
    """An encoded authorization message that this deployment did not make, or made for another account."""

    def __init__(self) -> None:
        super().__init__("Message is not valid")


# Requests as such


class InvalidDigest(Malformed):
    def __init__(self, text: str) -> None:
        super().__init__(
            f"Invalid parameter at 'digest' failed to satisfy constraint: 'must be sha256: or sha512: "
            f"followed by lower-case hexadecimal digits', got '{text[:200]}'"
        )


class InvalidRange(Malformed):
    """A Content-Range or Range that cannot be used; `size` is the length that is there."""

    def __init__(self, reason: str, size: int) -> None:
        super().__init__(reason)
        self.size = size


class SizeMismatch(Malformed):
    """A body whose length is not the one that its Content-Range gives."""

    def __init__(self, promised: int, given: str) -> None:
        super().__init__(f"The Content-Range gives {promised} bytes, but the body has {given[:20]}")


class UnknownHost(Malformed):
    def __init__(self, host: str) -> None:
        super().__init__(f"Could not resolve registry id from host {host[:253]}")


class UnknownRoute(NotFound):
    """A path or method that no door serves."""


class MethodNotAllowed(Refused):
    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        super().__init__(f"The operation {method} is not supported here")
        self.allowed = tuple(allowed)


class RequestTooLarge(Refused):
    def __init__(self, limit: int) -> None:
        super().__init__(f"The request is larger than the {limit} bytes that are allowed here")


class BodyInterrupted(Malformed):
    """The client stopped in the middle of its body."""

    def __init__(self) -> None:
        super().__init__("The request's body ended before it was complete")


class InvalidBody(Malformed):
    """A body that its protocol cannot read (AWS: SerializationException, MalformedQueryString)."""


class UnknownOperation(NotFound):
    """No service of ours has such an operation."""


class OperationNotBuilt(Refused):
    """ECR has this operation, Cargohold does not have it yet."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"The operation {operation} is not built into this version of Cargohold yet")


# Who asks


class CredentialsRequired(Unauthorized):
    """Nobody was named, and this is not for everybody."""

    def __init__(self) -> None:
        super().__init__("Missing Authentication Token")


class UnknownCredential(Unauthorized):
    """The access key or session is unknown, inactive or deleted."""

    def __init__(self) -> None:
        super().__init__("The security token included in the request is invalid.")


class InvalidSignature(Unauthorized):
    """The signature, its date or its scope is not right; the sentence says which."""

    def __init__(
        self,
        reason: str = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
        ),
    ) -> None:
        super().__init__(reason)


class IncompleteSignature(Unauthorized):
    """The Authorization header or query lacks a part of a signature."""


class ExpiredCredential(Unauthorized):
    def __init__(self) -> None:
        super().__init__("The security token included in the request is expired")


class InvalidRegistryToken(Unauthorized):
    """The password of `docker login` is not one that this registry issued."""

    def __init__(self, reason: str = "Your Authorization Token is invalid.") -> None:
        super().__init__(reason)


class ExpiredRegistryToken(Unauthorized):
    def __init__(self) -> None:
        super().__init__("Your authorization token has expired. Reauthenticate and try again.")


class NotForSessions(Unauthorized):
    """An operation that long-term credentials alone may call, whatever policies say."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"Cannot call {operation} with session credentials")


class UnknownMfaDevice(Unauthorized):
    """A code of an MFA device is given, and nobody has such a device."""

    def __init__(self) -> None:
        super().__init__(
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is "
            "valid and associated with this user."
        )


class InvalidIdentityToken(Unauthorized):
    """A web identity token that proves nobody; the sentence says why, and holds nothing of the token but its issuer."""


class ExpiredIdentityToken(Unauthorized):
    """Times are in epoch seconds."""

    def __init__(self, now: int, expires: int) -> None:
        super().__init__(f"Token expired: current date/time {now} must be before the expiration date/time {expires}")


class IssuerUnreachable(Unauthorized):
    """An issuer's keys cannot be had; the log says more."""

    def __init__(self) -> None:
        super().__init__("An error occurred while retrieving the verification keys of the identity provider")


class NotTrusted(Unauthorized):
    """A role is not there, or does not trust who asks for a session of it: who may not have it does not learn which."""

    def __init__(self, action: str) -> None:
        super().__init__(f"Not authorized to perform {action}")


class AccessDenied(Unauthorized):
    """A decision against the principal, with its reason and, where there is one, the message that tells more of it.

    `encoded` is what sts:DecodeAuthorizationMessage opens. Source: AWS's sentences, and EC2's way to append it.
    """

    def __init__(self, principal: str, action: str, resource: str, reason: str, encoded: str | None = None) -> None:
        sentence = f"User: {principal} is not authorized to perform: {action} on resource: {resource} {reason}".rstrip()
        more = "" if encoded is None else f". Encoded authorization failure message: {encoded}"
        super().__init__(sentence + more)
        self.principal = principal
        self.principal_id = ""
        """AIDA… or AROA…:session, which the sentence does not tell; empty where nobody said it."""
        self.action = action
        self.resource = resource
        self.encoded = encoded


# The audit trail


class AuditTrailNotKept(Refused):
    """There is no file to search in."""

    def __init__(self) -> None:
        super().__init__("The audit trail of this server goes to its standard output, where it cannot be searched")


# Hosts


class InvalidJoinToken(Refused):
    """Which of these it is, whoever guesses is not told."""

    def __init__(self) -> None:
        super().__init__("The join token is wrong, used already or too old: invite the host once more")


class NoInstanceRole(NotFound):
    """A host has no role, as an EC2 instance whose instance profile has none."""

    def __init__(self, profile_arn: str | None) -> None:
        told = "The host's instance profile was deleted" if profile_arn is None else f"{profile_arn} holds no role"
        super().__init__(told)


class RoleNotTrusting(Refused):
    """A host's role does not trust the service that hands it out."""

    def __init__(self, role_arn: str, service: str) -> None:
        self.role_arn = role_arn
        super().__init__(
            f"EC2 cannot assume the role {role_arn}: its trust policy does not let {service} call sts:AssumeRole"
        )


# Our own faults


class StorageFull(Unavailable):
    def __init__(self) -> None:
        super().__init__("The registry's storage is full")


class StorageBusy(Unavailable):
    """The database stayed locked for longer than a request may wait."""

    def __init__(self) -> None:
        super().__init__("The registry is busy. Try again.")


class Corrupt(Unavailable):
    """Stored bytes are missing or damaged."""

    def __init__(self) -> None:
        super().__init__("The registry could not read what it stored")


class InvalidToken(Malformed):
    """A nextToken, or another text that only this deployment can issue, was made or changed by somebody else."""

    def __init__(self, member: str = "nextToken") -> None:
        super().__init__(f"Invalid parameter at '{member}' failed to satisfy constraint: 'Invalid token'")


class ScanNotFound(NotFound):
    def __init__(self, digest: str, tag: str | None, repository: str, registry_id: str) -> None:
        named = f"{{imageDigest:'{digest}', imageTag:'{tag or 'null'}'}}"
        super().__init__(
            f"Image scan does not exist for the image with '{named}' in the repository with name '{repository}' "
            f"in the registry with id '{registry_id}'"
        )


class ScanningDisabled(Malformed):
    """Enhanced scanning scans by itself."""

    def __init__(self) -> None:
        super().__init__("This feature is disabled")


class UnsupportedImageType(Malformed):
    def __init__(self, media_type: str, repository: str, registry_id: str) -> None:
        super().__init__(
            f"An image of the media type '{media_type}' cannot be scanned. Repository with name '{repository}' in "
            f"the registry with id '{registry_id}'"
        )


class ImageArchived(Conflict):
    """An image that has to be restored before it is scanned."""

    def __init__(self, digest: str, repository: str, registry_id: str) -> None:
        super().__init__(
            f"The image with digest '{digest}' in the repository with name '{repository}' in the registry with id "
            f"'{registry_id}' is archived"
        )


class IgnoreRuleNotFound(NotFound):
    def __init__(self, rule_id: str) -> None:
        super().__init__(f"The ignore rule with id '{rule_id}' does not exist in the registry")
