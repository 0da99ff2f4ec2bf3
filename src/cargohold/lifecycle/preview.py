"""Previews: what a policy would do to a repository's images, worked out by the worker, kept for a day; nothing is done.

Source: Amazon ECR API reference, StartLifecyclePolicyPreview and GetLifecyclePolicyPreview.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from cargohold.core.arn import Target
from cargohold.core.clock import DAY, HOUR, Clock
from cargohold.core.errors import LifecyclePolicyPreviewInProgress, LifecyclePolicyPreviewNotFound
from cargohold.core.paging import Page, cut
from cargohold.database import Database
from cargohold.jobs.queue import add_job
from cargohold.lifecycle.decide import decide
from cargohold.lifecycle.policy import check
from cargohold.lifecycle.previewed import Preview, Result
from cargohold.lifecycle.select import Decision
from cargohold.lifecycle.store import previews
from cargohold.registry import lifecycle_policies
from cargohold.registry.image import ImageId

TASK: Final = "lifecycle preview"
"""The name of the job."""
LIFETIME: Final = DAY
"""How long the results of a preview are kept."""
PATIENCE: Final = HOUR
"""How long a preview may be worked on, before it counts as failed and another may be started."""
WINDOW: Final = 500
"""Results that one transaction writes or deletes."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview with a page of its results, which are there when it is COMPLETE."""

    preview: Preview
    page: Page[Result]


class Previews:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def start(self, target: Target, text: str | None) -> str:
        """Begins a preview of this policy, or of the repository's own; returns the policy.

        Raises InvalidParameter for what is no policy, RepositoryNotFound, LifecyclePolicyNotFound, and
        LifecyclePolicyPreviewInProgress while another is worked on.
        """
        _ = target.existing
        if text is not None:
            check(text)
        return await self._database.write(partial(self.started, target=target, text=text))

    def started(self, connection: Connection, target: Target, text: str | None) -> str:
        """As `start`, in a transaction, with a text that was checked."""
        lifecycle_policies.hold(connection, target)
        chosen = lifecycle_policies.get_policy(connection, target).text if text is None else text
        now, repository_id = self._clock(), target.existing
        if _status(previews.find_preview(connection, repository_id, locked=True), now) == "IN_PROGRESS":
            raise LifecyclePolicyPreviewInProgress
        previews.save_preview(connection, repository_id, Preview(chosen, "IN_PROGRESS", 0, 0, now, now + LIFETIME))
        add_job(connection, TASK, {"repository": repository_id, "started": now}, now)
        return chosen

    async def page(self, target: Target, tag_status: str, after: str | None, limit: int) -> Shown:
        """One page of results, of images TAGGED, UNTAGGED or ANY; raises LifecyclePolicyPreviewNotFound."""

        def work(connection: Connection) -> Shown:
            found = self._get(connection, target)
            if found.status != "COMPLETE":
                return Shown(found, Page(()))
            position = -1 if after is None else int(after)
            results = previews.list_results(connection, target.existing, tag_status, position, limit + 1)
            return Shown(found, cut(results, limit, lambda result: str(result.position)))

        return await self._database.read(work)

    async def chosen(self, target: Target, tag_status: str, ids: Sequence[ImageId]) -> Shown:
        """The results on these images, up to 100; raises LifecyclePolicyPreviewNotFound."""

        def work(connection: Connection) -> Shown:
            found = self._get(connection, target)
            if found.status != "COMPLETE":
                return Shown(found, Page(()))
            digests = _digests(connection, target.existing, ids)
            results = previews.list_of_digests(connection, target.existing, tag_status, digests) if digests else []
            return Shown(found, Page(tuple(results)))

        return await self._database.read(work)

    async def find(self, target: Target) -> Preview | None:
        """The repository's preview without its results."""
        found = await self._database.read(partial(previews.find_preview, repository_id=target.existing))
        return None if found is None else replace(found, status=_status(found, self._clock()))

    async def do(self, payload: Mapping[str, Any]) -> None:
        """The job: works a preview out, unless another one was begun since."""
        repository_id, started = int(payload["repository"]), int(payload["started"])
        mine = await self._database.read(partial(previews.find_preview, repository_id=repository_id))
        if mine is None or mine.started_at != started or mine.status != "IN_PROGRESS":
            return
        while await self._database.write(partial(previews.delete_results, repository_id=repository_id, limit=WINDOW)):
            pass
        decisions = await decide(self._database, repository_id, mine.text, self._clock())
        for begin in range(0, len(decisions), WINDOW):
            window = [_result(at, each) for at, each in enumerate(decisions[begin : begin + WINDOW], begin)]
            await self._database.write(partial(previews.add_results, repository_id=repository_id, results=window))
        expiring = sum(decision.action == "expire" for decision in decisions)
        done = replace(
            mine,
            expiring=expiring,
            transitioning=len(decisions) - expiring,
            expires_at=self._clock() + LIFETIME,
        )
        await self._database.write(partial(previews.save_end, repository_id=repository_id, done=done))

    async def prune(self) -> int:
        """Deletes a window of the results of one preview that is too old; 0 when there was none."""
        over = await self._database.read(partial(previews.find_over, now=self._clock()))
        if over is None:
            return 0
        repository_id, started = over
        if not await self._database.write(partial(previews.delete_results, repository_id=repository_id, limit=WINDOW)):
            await self._database.write(partial(previews.save_expired, repository_id=repository_id, started_at=started))
        return 1

    def _get(self, connection: Connection, target: Target) -> Preview:
        found = previews.find_preview(connection, target.existing)
        if found is None:
            raise LifecyclePolicyPreviewNotFound(target.name, target.registry.account)
        return replace(found, status=_status(found, self._clock()))


def _status(preview: Preview | None, now: int) -> str:
    """What a client reads of a preview; empty where there is none."""
    if preview is None:
        return ""
    if preview.status == "IN_PROGRESS":
        return "IN_PROGRESS" if now < preview.started_at + PATIENCE else "FAILED"
    return preview.status if now < preview.expires_at else "EXPIRED"


def _digests(connection: Connection, repository_id: int, ids: Sequence[ImageId]) -> list[str]:
    """The digests that ids mean: their own, and those that their tags have now."""
    tags = [each.tag for each in ids if each.tag is not None]
    named = previews.list_digests(connection, repository_id, tags) if tags else {}
    found = {
        digest
        for each in ids
        if (digest := each.digest or named.get(each.tag or "")) is not None
        and (each.tag is None or named.get(each.tag) == digest)
    }
    return sorted(found)


def _result(position: int, decision: Decision) -> Result:
    image = decision.image
    return Result(
        position=position,
        digest=image.digest,
        tags=image.tags,
        pushed_at=image.pushed_at,
        storage_class="ARCHIVE" if image.status == "ARCHIVED" else "STANDARD",
        action=decision.action.upper(),
        rule_priority=decision.priority,
    )
