"""GET /v2/<name>/referrers/<digest>: what points at a manifest, as an image index of descriptors.

Source: distribution-spec 1.1, "Listing Referrers". `artifactType` filters. `n` bounds a page as it does for tags, which
some clients ask for though the specification only knows the Link.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from cargohold.core.digest import Digest, parse
from cargohold.core.manifest import OCI_INDEX
from cargohold.core.paging import Page
from cargohold.encryption import page_tokens
from cargohold.exchange import Reply
from cargohold.oci.challenge import API_VERSION
from cargohold.oci.tags import page_size
from cargohold.registry.referrers import Referrer, Wanted

if TYPE_CHECKING:
    from cargohold.oci.call import Call


async def list_referrers(call: Call) -> Reply:
    """Descriptors in the order they were pushed; an empty index for a subject that nothing points at.

    Raises RepositoryNotFound, InvalidDigest, InvalidParameter (n) and InvalidToken (a Link that is not ours).
    """
    subject, parameters, target = parse(call.asked.reference), call.asked.parameters, call.target
    # A media type has no space: it is a `+` that the client did not escape.
    artifact_type = parameters.get("artifactType", "").replace(" ", "+")
    limit, purpose = page_size(parameters), _purpose(call, subject, artifact_type)
    page: Page[Referrer] = Page(())
    if target.existing and limit:
        wanted = Wanted(frozenset((artifact_type,) if artifact_type else ()))
        page = await call.services.referrers.page(target, subject, wanted, _after(call, purpose), limit)
    headers = [API_VERSION, ("Content-Type", OCI_INDEX)]
    query = {"n": str(limit)}
    if artifact_type:
        headers.append(("OCI-Filters-Applied", "artifactType"))
        query["artifactType"] = artifact_type
    if page.after is not None:
        query["nextToken"] = page_tokens.issue(call.services.tokens, purpose, page.after, call.services.clock())
        headers.append(("Link", f'</v2/{call.asked.name}/referrers/{subject}?{urlencode(query)}>; rel="next"'))
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [_descriptor(each) for each in page.items]}
    return Reply(200, headers, json.dumps(index).encode())


def _purpose(call: Call, subject: Digest, artifact_type: str) -> str:
    """A page token is good for one list only."""
    of = call.asked.registry
    return "\0".join(("referrers", of.kind, of.account, of.region, call.asked.repository, subject, artifact_type))


def _after(call: Call, purpose: str) -> str | None:
    token = call.asked.parameters.get("nextToken")
    return None if token is None else page_tokens.read(call.services.tokens, purpose, token, call.services.clock())


def _descriptor(referrer: Referrer) -> dict[str, Any]:
    descriptor: dict[str, Any] = {
        "mediaType": referrer.media_type,
        "digest": referrer.digest,
        "size": referrer.size,
    }
    if referrer.artifact_type:
        descriptor["artifactType"] = referrer.artifact_type
    if referrer.annotations:
        descriptor["annotations"] = dict(referrer.annotations)
    return descriptor
