"""From the names of a batch to images, or to ECR's reason why not: what BatchGetImage, BatchDeleteImage and
DescribeImages have in common. Two statements, however many names there are."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from cargohold.registry.image import Failure, ImageId, malformed, mismatched, not_found
from cargohold.registry.store import images
from cargohold.registry.store.images import Held

Resolved = Held | Failure


def resolve(connection: Connection, repository_id: int, ids: Sequence[ImageId]) -> dict[ImageId, Resolved]:
    """What each name means now, in the order of `ids`; a name that is given twice is answered once."""
    wrong = {named: malformed(named) for named in ids}
    formed = [named for named, failure in wrong.items() if failure is None]
    tags = [named.tag for named in formed if named.tag is not None]
    digests = [named.digest for named in formed if named.tag is None and named.digest is not None]
    by_tag = images.list_by_tags(connection, repository_id, tags) if tags else {}
    by_digest = images.list_by_digests(connection, repository_id, digests) if digests else {}
    return {named: failure or _meant(named, by_tag, by_digest) for named, failure in wrong.items()}


def _meant(named: ImageId, by_tag: Mapping[str, Held], by_digest: Mapping[str, Held]) -> Resolved:
    """A name with both members means its tag, which has to be on that digest."""
    held = by_digest.get(named.digest or "") if named.tag is None else by_tag.get(named.tag)
    if held is None:
        return not_found(named)
    if named.digest is not None and named.digest != held.digest:
        return mismatched(named)
    return held
