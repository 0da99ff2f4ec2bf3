"""The scanner is fast enough, at a size that a test has time for."""

import gzip
from pathlib import Path

from tests.perf.scanning import inventory_of, matching, reading
from tests.unit.scanning.bed import OS_RELEASE, archive, stanza


def test_reading_and_matching(tmp_path: Path) -> None:
    """The command measures what it says: a layer is read, and every image is matched once."""
    status = b"".join(stanza(f"package{number}", f"1.{number}") for number in range(30))
    files = {f"usr/share/file{number}": b"x" * 1000 for number in range(200)}
    layer = tmp_path / "layer.tar.gz"
    layer.write_bytes(gzip.compress(archive({**files, "var/lib/dpkg/status": status, "etc/os-release": OS_RELEASE})))
    assert [line.split(":")[0] for line in reading(layer)] == ["inventory of a layer of 0 MiB", "gzip -dc | tar t"]
    told = matching(tmp_path, inventory_of(layer), 50)
    assert told.startswith("50 images of 30 packages matched against new advisories: ")
    assert float(told.split(": ")[1].split(" s")[0]) < 30
