"""Scans an image in the worker: inventory, match, result. Every way in which it can fail ends in a result that says so.

What is there is read once for each layer and kept; what is known is looked up in the file of advisories.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from cargohold.core.clock import Clock
from cargohold.core.errors import Corrupt
from cargohold.core.manifest import IMAGES
from cargohold.database import Database
from cargohold.registry import contents, events
from cargohold.registry.blobs import Blobs
from cargohold.registry.contents import Contents
from cargohold.scanning import reading, store
from cargohold.scanning.advisories.database import AdvisoryFile, Unusable
from cargohold.scanning.finding import Severity
from cargohold.scanning.ignore import hidden_by
from cargohold.scanning.inventory.evidence import LayerInventory
from cargohold.scanning.inventory.merge import merge
from cargohold.scanning.judge import Result, judge
from cargohold.scanning.limits import GIB, Allowance, LimitPassed, Limits, ScanFailed
from cargohold.scanning.package import Inventory
from cargohold.scanning.scan import UNSUPPORTED, Observed, Scan

IMAGE_SCAN: Final = "ECR Image Scan"
LARGEST: Final = 32 * GIB
"""Bytes of an image's layers as stored, beyond which it is not scanned."""
MOST_NAMED: Final = 100
"""Vulnerabilities that an event names."""
BATCH: Final = 500
"""Images that are matched anew in one run of `rematch`."""
AT_ONCE: Final = 20
"""Of them, those that are read and written together: so long as that takes, a push may wait."""
_CONFIGS: Final = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)


class Scanner:
    """The worker's. `advisories` is the path of the file of advisories, which may be replaced at any time."""

    def __init__(self, database: Database, blobs: Blobs, advisories: Path, clock: Clock, limits: Limits) -> None:
        self._database = database
        self._blobs = blobs
        self._advisories = advisories
        self._clock = clock
        self._limits = limits

    async def scan(self, payload: Mapping[str, Any]) -> None:
        """The task "scan image": payload {"image": id}. An image that was deleted meanwhile needs no scan."""
        image_id = int(payload["image"])
        found, scan = await self._database.read(partial(_subject, image_id=image_id))
        if found is None or scan is None or scan.state != "PENDING":
            return
        result = await self._result(found, scan)
        await self._database.write(partial(_save, of=found, scan=scan, result=result, now=self._clock()))

    async def rematch(self) -> int:
        """Holds images that are scanned continuously against new advisories; returns how many, BATCH at the most."""
        if not self._advisories.exists():
            return 0
        with closing(AdvisoryFile(self._advisories)) as known:
            stale = await self._database.read(partial(store.list_stale, version=known.version, limit=BATCH))
            for start in range(0, len(stale), AT_ONCE):
                await self._match_again(stale[start : start + AT_ONCE], known)
        return len(stale)

    async def _match_again(self, image_ids: Sequence[int], known: AdvisoryFile) -> None:
        kept = await self._database.read(partial(_kept, image_ids=image_ids))
        results = await asyncio.to_thread(_judged, kept, known)
        await self._database.write(partial(_save_all, results=results, now=self._clock()))

    async def _result(self, found: Contents, scan: Scan) -> Result:
        if not _is_scannable(found):
            return Result("UNSUPPORTED", UNSUPPORTED)
        if sum(layer.size for layer in found.layers) > LARGEST:
            return Result("TOO_LARGE", f"The image has more than {LARGEST} bytes of layers.")
        try:
            inventory = merge(await self._layers(found))
        except LimitPassed as error:
            return Result("TOO_LARGE", str(error))
        except (ScanFailed, Corrupt) as error:
            return Result("FAILED", str(error) or "The image has a layer whose bytes are damaged.")
        try:
            with closing(AdvisoryFile(self._advisories)) as known:
                return await asyncio.to_thread(judge, inventory, scan.scan_type, known)
        except Unusable as error:
            return Result("FAILED", str(error), inventory)

    async def _layers(self, found: Contents) -> list[LayerInventory]:
        """The inventories of the layers in their order, each read where it was not read before."""
        ids = {layer.id for layer in found.layers}
        known = await self._database.read(partial(store.list_layer_inventories, blob_ids=ids))
        deadline = time.monotonic() + self._limits.seconds
        for layer in found.layers:
            if layer.id not in known:
                allowance = Allowance(self._limits, deadline)
                read = await reading.read(await self._blobs.open(layer), layer.digest, allowance)
                keep = partial(store.save_layer_inventory, blob_id=layer.id, layer=read)
                await self._database.write(keep)
                known[layer.id] = read
        # Two digests may have one inventory kept under another's name: the manifest's name is the one that is shown.
        return [replace(known[layer.id], digest=layer.digest) for layer in found.layers]


def _subject(connection: Connection, image_id: int) -> tuple[Contents | None, Scan | None]:
    return contents.find(connection, image_id), store.find_scan(connection, image_id)


def _kept(connection: Connection, image_ids: Sequence[int]) -> list[tuple[Contents, Scan, Inventory]]:
    """What is known of those images that are still there."""
    found = []
    for image_id in image_ids:
        image, scan = _subject(connection, image_id)
        inventory = store.find_inventory(connection, image_id)
        if image is not None and scan is not None and inventory is not None:
            found.append((image, scan, inventory))
    return found


def _judged(
    kept: Sequence[tuple[Contents, Scan, Inventory]], known: AdvisoryFile
) -> list[tuple[Contents, Scan, Result]]:
    """The results, without the inventories, which are kept as they are."""
    return [
        (image, scan, replace(judge(inventory, scan.scan_type, known), inventory=None))
        for image, scan, inventory in kept
    ]


def _save_all(connection: Connection, results: Sequence[tuple[Contents, Scan, Result]], now: int) -> None:
    for image, scan, result in results:
        _save(connection, image, scan, result, now)


def _is_scannable(found: Contents) -> bool:
    """Layers of an artifact that is no image need be no file systems."""
    manifest = found.manifest
    config = manifest.config.media_type if manifest.config else ""
    return manifest.media_type in IMAGES and config in _CONFIGS and len(found.layers) == len(manifest.layers) > 0


def _save(connection: Connection, of: Contents, scan: Scan, result: Result, now: int) -> None:
    """Keeps the result and says what happened. A scan that was asked for anew meanwhile has its own turn."""
    current = store.find_scan(connection, of.image_id)
    if current is None or current.requested_at != scan.requested_at:
        return
    seen = store.list_seen(connection, of.image_id)
    rules = store.list_ignore_rules(connection, of.registry_id)
    observed = []
    for finding in result.findings:
        rule = hidden_by(rules, finding, of.repository, now)
        first = seen.get("\n".join(finding.key), now)
        observed.append(Observed(finding, first, now, None if rule is None else rule.id))
    ended = replace(
        scan,
        state=result.state,
        description=result.description,
        completed_at=now,
        source_updated_at=result.source_updated_at,
        counts=_counts(observed),
    )
    store.save_result(connection, ended, result.version, result.inventory, observed)
    events.publish(connection, of.registry_id, IMAGE_SCAN, _event(of, ended, seen, observed), now)


def _counts(observed: Sequence[Observed]) -> Mapping[Severity, int]:
    return Counter(each.finding.severity for each in observed if each.ignored_by is None)


def _event(of: Contents, scan: Scan, seen: Mapping[str, int], observed: Sequence[Observed]) -> Mapping[str, Any]:
    """EventBridge's detail, and which vulnerabilities are new, and which gone, since the last scan."""
    keys = {"\n".join(each.finding.key) for each in observed}
    return {
        "scan-status": "COMPLETE" if scan.state == "COMPLETE" else "FAILED",
        "repository-name": of.repository,
        "image-digest": of.digest,
        "finding-severity-counts": dict(scan.counts),
        "new-findings": _named(keys - seen.keys()),
        "closed-findings": _named(seen.keys() - keys),
    }


def _named(keys: Set[str]) -> list[str]:
    """The vulnerabilities of findings by their keys, MOST_NAMED at the most."""
    return sorted({key.partition("\n")[0] for key in keys})[:MOST_NAMED]
