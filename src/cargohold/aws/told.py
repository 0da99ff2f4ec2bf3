"""What the audit trail is told of a request and its answer: members that are chosen by name, wherever they stand.

What is not named here is left out: documents, tags' values, tokens, secrets, blobs. Names begin with a small letter, as
in CloudTrail's events.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cargohold.telemetry.audit.event import LONGEST_ARN, MOST_ITEMS

DEEPEST: Final = 4

# fmt: off
NAMES: Final = frozenset({
    "registryId", "registryIds", "repositoryName", "repositoryNames", "repositoryArn", "resourceArn", "imageTag",
    "imageTags", "imageDigest", "imageTagMutability", "layerDigest", "layerDigests", "uploadId", "partFirstByte",
    "partLastByte", "lastByteReceived", "force", "tagKeys", "ecrRepositoryPrefix", "upstreamRegistryUrl", "prefix",
    "failureCode", "userName", "userId", "newUserName", "groupName", "groupId", "newGroupName", "roleName",
    "roleId", "policyName", "policyId", "policyArn", "policyArns", "versionId", "setAsDefault",
    "permissionsBoundary", "path", "newPath", "pathPrefix", "arn", "accountAlias", "accessKeyId", "status",
    "roleArn", "roleSessionName", "durationSeconds", "sourceIdentity", "assumedRoleId", "instanceProfileName",
    "alias", "accountId", "principalArn", "action", "actionNames", "principal", "repository", "errorsOnly",
    "policySourceArn", "callerArn", "resourceArns", "resourceOwner",
    "openIDConnectProviderArn", "url", "clientID", "clientIDList", "thumbprintList", "subjectFromWebIdentityToken",
    "provider", "audience", "federatedUserId", "name",
    "hostId", "hostName", "host", "instanceProfileArn",
})
# fmt: on
"""Members whose values are plain and no secret: names, ids, ARNs, digests, numbers, switches."""

_QUOTED: Final = re.compile(r"Value '.*' at '", re.DOTALL)


def told(members: Mapping[str, object], depth: int = DEEPEST) -> dict[str, object]:
    """The members that may be told; of what holds others only those that may be."""
    chosen: dict[str, object] = {}
    for name, value in members.items():
        small = name[:1].lower() + name[1:]
        kept = _kept(value, depth, named=small in NAMES)
        if kept is not None:
            chosen[small] = kept
    return chosen


def told_of_error(sentence: str) -> str:
    """An error's sentence without a value that it quotes, which may be anything."""
    return _QUOTED.sub("Value at '", sentence)


def _kept(value: object, depth: int, *, named: bool) -> object:
    if isinstance(value, Mapping):
        return (told(value, depth - 1) or None) if depth else None
    if isinstance(value, list):
        items = [_kept(item, depth, named=named) for item in value[:MOST_ITEMS]]
        return [item for item in items if item is not None] or None
    return _plain(value) if named else None


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value[:LONGEST_ARN]
    return value if isinstance(value, bool | int) else None
