"""A small registry with hot blobs: everybody pushes, deletes and collects the same few, and somebody looks on."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from cargohold.core import digest as digests
from cargohold.core.arn import Target
from cargohold.core.clock import MINUTE, system_clock
from cargohold.core.errors import CargoholdError, LayersNotFound
from cargohold.database import Database
from cargohold.jobs.queue import Queue
from cargohold.lifecycle import policy
from cargohold.lifecycle.evaluate import Evaluator
from cargohold.lifecycle.evaluations import Evaluations
from cargohold.registry import tasks
from cargohold.registry.archive_tasks import ArchiveTasks
from cargohold.registry.blob_moves import Mover
from cargohold.registry.collection import Collector
from cargohold.registry.image import ImageId
from cargohold.registry.image_archive import ACTIVATE_TASK, ARCHIVE_TASK, ImageArchive
from cargohold.registry.lifecycle_policies import LifecyclePolicies
from cargohold.registry.limits import Limits
from cargohold.registry.verifications import Verifications
from cargohold.registry.verifier import Verifier
from cargohold.telemetry.audit.trail import Audit, Folder
from tests.unit.lifecycle.conftest import rule, text
from tests.unit.registry.bed import CONFIG, Room

LEASE = 300
"""Milliseconds that what nobody uses is kept: short, so that the collector is always at a pusher's heels."""
LAYERS = [bytes([number]) * (100 if number % 3 else 20_000) for number in range(12)]
"""Hot: every image is made of some of these; a third is too large to be held in the upload's row."""
TAGS = 8
PAUSE = 0.02
"""Seconds between two things that one role does which takes away, so that there is something to take."""
KEPT = 3
"""Images that the lifecycle policy leaves in a repository."""
ATTEMPTS = 50

Role = Callable[[], Awaitable[object]]

_USES = """
    SELECT image.id, blob.digest, blob.state, blob.tier, blob.generation, repository_blob.blob_id
    FROM image
    JOIN repository ON repository.id = image.repository_id
    JOIN image_blob ON image_blob.image_id = image.id
    JOIN blob ON blob.id = image_blob.blob_id
    LEFT JOIN repository_blob ON repository_blob.blob_id = blob.id AND repository_blob.repository_id = repository.id
    WHERE image.deleted_at IS NULL AND repository.deleted_at IS NULL
"""
_USE = f"{_USES} AND image.id = :image AND blob.digest = :digest"


class Process(Room):
    """What one process has of the rooms, by the machine's clock, and what it does over and over."""

    def __init__(self, folder: Path, database: Database, number: int) -> None:
        super().__init__(folder, database)
        self.chance = random.Random(number)  # noqa: S311  # no secret
        self.use(limits=Limits(collection_lease=LEASE))
        self.done: Counter[str] = Counter()
        self.targets: list[Target] = []
        archive = ArchiveTasks(database, Mover(database, self.stores, self.clock), self.clock)
        self.queue = Queue(database, {ARCHIVE_TASK: archive.archive, ACTIVATE_TASK: archive.activate}, self.clock)
        self.archives = ImageArchive(database, self.clock)
        audit = Audit(Folder(folder / "audit", 9, 1 << 24), self.clock)
        self.evaluator = Evaluator(database, audit, self.clock, LEASE)
        self.collector = Collector(database, self.stores, self.clock, LEASE)
        self.verifier = Verifier(database, self.stores, self.clock)

    def clock(self) -> int:
        return system_clock()

    def somewhere(self) -> Target:
        return self.chance.choice(self.targets)

    async def push(self) -> None:
        """As docker does: asks what is there, mounts or uploads the rest, and begins anew when something went."""
        target = self.somewhere()
        layers = [CONFIG, *self.chance.sample(LAYERS, 3)]
        named = [digests.of(layer) for layer in layers]
        variant = {"annotations": {"variant": str(self.chance.randrange(4))}}
        for _ in range(ATTEMPTS):
            there = await self.blobs.check(target, named)
            for digest, layer in zip(named, layers, strict=True):
                if digest not in there and await self.blobs.mount(target, digest, self.somewhere()) is None:
                    await self.blob(target, layer)
                    self.done["uploads"] += 1
            try:
                tag = f"t{self.chance.randrange(TAGS)}"
                await self.put(target, self.manifest(*named[1:], **variant), tag, identical="accept")
            except LayersNotFound:
                self.done["pushes begun anew"] += 1
                continue
            self.done["pushes"] += 1
            return
        raise AssertionError(f"{ATTEMPTS} attempts to push the same image failed")

    async def delete(self) -> None:
        """By tag, by digest, or as the distribution API does."""
        target = self.somewhere()
        held = await self.tags_of(target)
        if not held:
            return
        tag, digest = self.chance.choice(sorted(held.items()))
        match self.chance.randrange(3):
            case 0:
                await self.images.delete(target, [ImageId(tag, None)])
            case 1:
                await self.images.delete(target, [ImageId(None, digest)])
            case _:
                await self.images.remove(target, digest)
        self.done["deletions"] += 1

    async def remove_blob(self) -> None:
        """DELETE of a blob that no image of the repository uses."""
        await self.blobs.remove(self.somewhere(), digests.of(self.chance.choice(LAYERS)))
        self.done["blobs removed"] += 1

    async def archive_or_restore(self) -> None:
        target = self.somewhere()
        page = await self.images.describe_page(target, "ANY", "ANY", None, 100)
        if page.items:
            image = self.chance.choice(page.items)
            change = self.archives.restore if image.status == "ARCHIVED" else self.archives.archive
            await change(target, ImageId(None, image.digest))
            self.done["archived or restored"] += 1

    async def work_off(self) -> None:
        """The worker's jobs: what is archived moves, what is restored comes back."""
        self.done["jobs"] += await self.queue.run()

    async def expire(self) -> None:
        """The lifecycle policy, due at once."""
        await Evaluations(self.database, self.clock).start(self.somewhere())
        while await self.evaluator.run():
            self.done["evaluations"] += 1

    async def collect(self) -> None:
        """One of several collectors, at the heels of everybody."""
        self.done["collected"] += await self.collector.run()

    async def reap(self) -> None:
        self.done["reaped"] += await tasks.reap_uploads(self.database, self.stores, self.clock)
        self.done["reaped"] += await Mover(self.database, self.stores, self.clock).reap()

    async def verify(self) -> None:
        await Verifications(self.database, self.clock).start()
        self.done["blobs verified"] += await self.verifier.run()


class Yard:
    """Processes over the same data, and whoever looks on."""

    def __init__(self, folder: Path, databases: Sequence[Database]) -> None:
        self.processes = [Process(folder, database, number) for number, database in enumerate(databases)]
        self.violations: list[str] = []
        self.refused: Counter[str] = Counter()

    async def open(self, *names: str) -> None:
        """Makes the repositories, each with a policy that leaves few images in it."""
        first = self.processes[0]
        targets = [await first.repository(name) for name in names]
        for target in targets:
            policies = LifecyclePolicies(first.database, policy.check, first.clock)
            await policies.put(target, text(rule(count=KEPT)))
        for process in self.processes:
            process.targets = targets

    async def close(self) -> None:
        for process in self.processes:
            await process.database.close()

    @property
    def done(self) -> Counter[str]:
        """What all processes did."""
        return sum((process.done for process in self.processes), Counter())

    async def run(self, seconds: float, busy: Sequence[Role], paced: Sequence[Role]) -> None:
        """Lets every role do its work again and again, until the time is over or the invariant is broken.

        The paced ones rest a moment between two times.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds

        async def go_on(role: Role, pause: float) -> None:
            while loop.time() < until and not self.violations:
                try:
                    await role()
                except CargoholdError as error:
                    self.refused[f"{role.__name__}: {type(error).__name__}"] += 1
                await asyncio.sleep(pause)

        await asyncio.gather(*(go_on(role, 0) for role in busy), *(go_on(role, PAUSE) for role in paced))

    async def look(self) -> None:
        """No live image ever lacks a blob: its row is live, its repository may read it, its bytes are in its store."""
        process = self.processes[-1]
        for image, digest, *found in await process.rows(_USES):
            if fault := await self._fault(process, found):
                await self._look_again(process, image, digest, fault)
        process.done["looks"] += 1

    async def _look_again(self, process: Process, image: int, digest: str, fault: str) -> None:
        """What went between reading its row and looking for its bytes is no fault: its row went, or has others."""
        for _, _, *found in await process.rows(_USE, image=image, digest=digest):
            again = await self._fault(process, found)
            if again == fault:
                self.violations.append(f"image {image}, blob {digest}: {fault}")

    async def _fault(self, process: Process, found: Sequence[Any]) -> str | None:
        state, tier, generation, right = found
        if state != "live":
            return f"its state is {state}"
        if right is None:
            return "its repository may not read it"
        if await process.stores.of(tier).stat(generation) is None:
            return f"{tier} has no {generation}"
        return None

    async def settled(self) -> list[str]:
        """What is left over when everybody has stopped and every lease has ended: nothing should be."""
        process = self.processes[0]
        until = process.clock() + 2 * MINUTE
        left = ["not looked yet"]
        while left and process.clock() < until:
            for task in self.keepers():
                await task()
            left = await self._left(process)
            await asyncio.sleep(0.05)
        return left

    def keepers(self) -> list[Role]:
        """What workers do, which ends by itself when nothing is left to do."""
        process = self.processes[0]
        return [process.work_off, process.reap, process.collect]

    async def _left(self, process: Process) -> list[str]:
        """Files that no row names, and rows that name no file."""
        named = {key for (key,) in await process.rows("SELECT generation FROM blob WHERE state = 'live'")}
        return [f"file {each}" for each in process.files() - named] + [
            f"blob {each}" for each in named - process.files()
        ]
