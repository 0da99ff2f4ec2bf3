"""What the worker process does: rows of periodic tasks, and the tasks of the job queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from cargohold.core.clock import HOUR, MINUTE, SECOND, system_clock
from cargohold.identity import tasks as identity_tasks
from cargohold.jobs.queue import Queue, Task
from cargohold.jobs.schedule import Periodic
from cargohold.lifecycle import preview
from cargohold.lifecycle.evaluate import Evaluator
from cargohold.lifecycle.preview import Previews
from cargohold.registry import events, tasks
from cargohold.registry.archive_tasks import ArchiveTasks
from cargohold.registry.blob_moves import Mover
from cargohold.registry.collection import COLLECT_TASK, Collector
from cargohold.registry.image_archive import ACTIVATE_TASK, ARCHIVE_TASK
from cargohold.registry.verifier import STEP_EVERY, Verifier
from cargohold.server import scanning
from cargohold.server.wiring import Cellar, Plan, audit_folder, keeper
from cargohold.telemetry.audit.trail import Audit

JOBS_EVERY = SECOND // 5
"""Milliseconds between looks for jobs that are due, when the last look found none."""
REAP_EVERY = MINUTE
"""Milliseconds between looks for expired uploads; they live for a day."""
EVALUATE_EVERY = 5 * SECOND
"""Milliseconds between looks for lifecycle policies that are due; each is once a day."""
REAP_SESSIONS_EVERY = HOUR
"""Milliseconds between looks for sessions that are over, and so are their registry tokens."""
COLLECT_EVERY = 10 * SECOND
"""Milliseconds between looks for what is to be purged and collected, when the last look found nothing."""
SWEEP_EVERY = HOUR
"""Milliseconds between looks for archived images whose blobs nothing else needs any more."""
PRUNE_EVERY = HOUR
"""Milliseconds between looks for what was kept long enough: audit files, events, jobs that were given up."""


def periodic(plan: Plan, cellar: Cellar) -> Sequence[Sequence[Periodic]]:
    """What the worker process does: rows of tasks, each row beside the others, so that a long one delays no others."""
    queue = Queue(cellar.database, jobs(plan, cellar), system_clock)
    scans = Queue(cellar.database, scanning.jobs(plan, cellar), system_clock)
    return [
        [Periodic("jobs", JOBS_EVERY, queue.run)],
        [Periodic("scans", JOBS_EVERY, scans.run)],
        scanning.periodic(plan, cellar),
        _upkeep(plan, cellar, queue),
    ]


def _upkeep(plan: Plan, cellar: Cellar, queue: Queue) -> Sequence[Periodic]:
    """What keeps the registry tidy."""
    reap = partial(tasks.reap_uploads, cellar.database, cellar.stores, system_clock)
    reap_sessions = partial(identity_tasks.reap_sessions, cellar.database, system_clock)
    reap_moves = Mover(cellar.database, cellar.stores, system_clock).reap
    prune_events = partial(events.prune, cellar.database, system_clock)
    work = [
        Periodic("reap uploads", REAP_EVERY, reap),
        Periodic("reap moves", REAP_EVERY, reap_moves),
        Periodic("collect", COLLECT_EVERY, _collector(plan, cellar).run),
        Periodic("sweep the archive", SWEEP_EVERY, _archive(cellar).sweep),
        Periodic("reap sessions", REAP_SESSIONS_EVERY, reap_sessions),
        Periodic("evaluate lifecycle policies", EVALUATE_EVERY, _evaluator(plan, cellar).run),
        Periodic("prune lifecycle previews", PRUNE_EVERY, Previews(cellar.database, system_clock).prune),
        Periodic("prune jobs", PRUNE_EVERY, queue.prune),
        Periodic("verify blobs", STEP_EVERY, Verifier(cellar.database, cellar.stores, system_clock).run),
        Periodic("prune events", PRUNE_EVERY, prune_events),
    ]
    if plan.settings.audit == "file":
        prune = partial(audit_folder(plan).prune, system_clock)
        work.append(Periodic("prune the audit trail", PRUNE_EVERY, prune))
    return work


def jobs(plan: Plan, cellar: Cellar) -> Mapping[str, Task]:
    """The tasks of the job queue but for scanning's, by the names under which rooms ask for them."""
    archive = _archive(cellar)
    return {
        ARCHIVE_TASK: archive.archive,
        ACTIVATE_TASK: archive.activate,
        COLLECT_TASK: _collector(plan, cellar).work,
        preview.TASK: Previews(cellar.database, system_clock).do,
    }


def _evaluator(plan: Plan, cellar: Cellar) -> Evaluator:
    audit = Audit(keeper(plan), system_clock)
    return Evaluator(cellar.database, audit, system_clock, plan.settings.limits.collection_lease)


def _collector(plan: Plan, cellar: Cellar) -> Collector:
    return Collector(cellar.database, cellar.stores, system_clock, plan.settings.limits.collection_lease)


def _archive(cellar: Cellar) -> ArchiveTasks:
    mover = Mover(cellar.database, cellar.stores, system_clock)
    return ArchiveTasks(cellar.database, mover, system_clock)
