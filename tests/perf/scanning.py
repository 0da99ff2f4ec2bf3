"""How fast images are scanned: `python -m tests.perf.scanning [--images N] [--layer FILE]`.

Prints how fast a layer is read, beside `gzip -dc | tar t` in the same run, and how long it takes to match stored
inventories against new advisories. Without --layer the Debian system of the client tests is made, or taken from their
cache.
"""

import argparse
import asyncio
import gzip
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from cargohold.blobstore.filesystem import FilesystemBlobStore
from cargohold.blobstore.stores import Stores
from cargohold.core.arn import Registry
from cargohold.core.clock import system_clock
from cargohold.database import migrate
from cargohold.database.sqlite import SQLite
from cargohold.registry.blobs import Blobs
from cargohold.registry.limits import Limits as Quotas
from cargohold.registry.registries import registry_id
from cargohold.scanning.advisories.build import Fetched, build
from cargohold.scanning.advisories.source import Source
from cargohold.scanning.inventory.layer import read_layer
from cargohold.scanning.inventory.merge import merge
from cargohold.scanning.limits import Allowance, Limits
from cargohold.scanning.package import Inventory
from cargohold.scanning.scanner import Scanner
from cargohold.scanning.stored import pack_inventory

ROUNDS = 5
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--layer", type=Path, help="a layer compressed by gzip")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cargohold-scanning-") as folder:
        layer = given.layer or _debian(Path(folder))
        for line in reading(layer):
            print(line)
        print(matching(Path(folder), inventory_of(layer), given.images))


def inventory_of(layer: Path) -> Inventory:
    with layer.open("rb") as file:
        return merge([read_layer(file, "sha256:one", Allowance.of(Limits()))])


def reading(layer: Path) -> Iterator[str]:
    """The medians of both ways to read a layer, and their ratio."""
    ours = _median(lambda: inventory_of(layer))
    theirs = _median(lambda: subprocess.run(f"gzip -dc {layer} | tar t", shell=True, check=True, capture_output=True))  # noqa: S602
    size = layer.stat().st_size
    yield f"inventory of a layer of {size >> 20} MiB: {ours:.3f} s, {size / ours / 1e6:.0f} MB/s of it as compressed"
    yield f"gzip -dc | tar t: {theirs:.3f} s, {theirs / ours:.1f} times as long"


def matching(folder: Path, inventory: Inventory, count: int) -> str:
    """How long `count` images of one inventory take that were matched against other advisories before."""

    async def run() -> float:
        database = SQLite.open(folder / "db")
        stores = Stores(FilesystemBlobStore(folder / "blobs"), FilesystemBlobStore(folder / "archive"))
        await database.write(lambda connection: _fill(connection, inventory, count))
        blobs = Blobs(database, stores, system_clock, Quotas())
        scanner = Scanner(database, blobs, folder / "advisories", system_clock, Limits())
        began, done = time.perf_counter(), 0
        while matched := await scanner.rematch():
            done += matched
        took = time.perf_counter() - began
        assert done == count
        await database.close()
        return took

    migrate.upgrade(folder / "db")
    _know(folder, inventory)
    took = asyncio.run(run())
    of = f"{count} images of {len(inventory.packages)} packages"
    return f"{of} matched against new advisories: {took:.1f} s, {count / took:.0f} a second"


def _know(folder: Path, inventory: Inventory) -> None:
    """Twenty advisories for each package, one of which is about its version."""
    (folder / "osv").mkdir()
    for package in inventory.packages:
        name, version = package.source
        for number in range(20):
            (folder / "osv" / f"{name}-{number}.json").write_text(json.dumps(_advisory(name, version, number)))
    part = Fetched(Source("osv", str(folder / "osv")), folder / "osv", "0" * 64, 1)
    build([part], folder / "advisories", 1, lambda *_: None)


def _advisory(name: str, version: str, number: int) -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": f"{version}+1" if number == 0 else "0.0.1"}]
    affected = {
        "package": {"ecosystem": "Debian:12", "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    return {"id": f"CVE-{abs(hash(name)) % 9999}-{number}", "affected": [affected]}


def _fill(connection: Connection, inventory: Inventory, count: int) -> None:
    home = registry_id(connection, Registry("123456789012", "us-east-1"))
    connection.execute(
        text(
            "INSERT INTO repository(id, registry_id, name, state, created_at, tag_mutability, tag_mutability_filters, "
            "scan_on_push, encryption_type) VALUES (1, :home, 'demo', 'active', 1, 'MUTABLE', '[]', 0, 'AES256')"
        ),
        {"home": home},
    )
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:" + "0" * 64, "size": 2}
    payload = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}).encode()
    images = [
        {"id": n, "digest": f"sha256:{n:064x}", "type": MANIFEST, "payload": payload} for n in range(1, count + 1)
    ]
    connection.execute(
        text(
            "INSERT INTO image(id, repository_id, digest, media_type, payload, payload_format, size, status, "
            "pushed_at, pushed_by) VALUES (:id, 1, :digest, :type, :payload, 'plain', 1, 'ACTIVE', 1, 'x')"
        ),
        images,
    )
    kept = pack_inventory(inventory)
    connection.execute(
        text(
            "INSERT INTO image_scan(image_id, scan_type, state, description, continuous, requested_at, advisories, "
            "source_updated_at, counts, inventory) VALUES (:id, 'ENHANCED', 'COMPLETE', '', 1, 1, '', 0, '{}', :kept)"
        ),
        [{"id": n, "kept": kept} for n in range(1, count + 1)],
    )


def _median(work: Callable[[], object]) -> float:
    def once() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return statistics.median(once() for _ in range(ROUNDS))


def _debian(folder: Path) -> Path:
    from tests.clients.bed.debian import debian_archive

    layer = folder / "debian.tar.gz"
    layer.write_bytes(gzip.compress(debian_archive().read_bytes(), 6))
    return layer


if __name__ == "__main__":
    main()
