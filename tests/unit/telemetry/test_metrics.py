"""telemetry.metrics: counted in every process, summed in each answer. Run in fresh processes, as serving does."""

import subprocess
import sys
from pathlib import Path

from cargohold.telemetry import metrics


def run(script: str, folder: Path) -> str:
    """What a fresh Python prints that runs the script with `folder` as its argument."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


SUMMED = """
import os, sys
from pathlib import Path
from cargohold.telemetry import metrics
metrics.share(Path(sys.argv[1]))
for _ in range(2):
    if os.fork() == 0:
        metrics.observe(operation="oci:GetManifest", code="200", seconds=0.003, received=0, sent=512)
        os._exit(0)
    os.wait()
metrics.observe(operation="oci:GetManifest", code="MANIFEST_UNKNOWN", seconds=0.3, received=7, sent=0)
print(metrics.render(5).decode())
"""


def test_processes_are_summed(tmp_path: Path) -> None:
    """One answer counts what every process of the server did, ended ones included."""
    lines = run(SUMMED, tmp_path / "metrics").splitlines()
    assert 'cargohold_requests_total{code="200",operation="oci:GetManifest"} 2.0' in lines
    assert 'cargohold_requests_total{code="MANIFEST_UNKNOWN",operation="oci:GetManifest"} 1.0' in lines
    assert 'cargohold_sent_bytes_total{operation="oci:GetManifest"} 1024.0' in lines
    assert 'cargohold_received_bytes_total{operation="oci:GetManifest"} 7.0' in lines
    assert 'cargohold_request_seconds_bucket{le="0.005",operation="oci:GetManifest"} 2.0' in lines
    assert 'cargohold_request_seconds_count{operation="oci:GetManifest"} 3.0' in lines
    assert "cargohold_open_uploads 5.0" in lines


def test_a_start_counts_from_zero(tmp_path: Path) -> None:
    """Counters of an earlier start are gone after the next."""
    folder = tmp_path / "metrics"
    assert "oci:GetManifest" in run(SUMMED, folder)
    fresh = """
import sys
from pathlib import Path
from cargohold.telemetry import metrics
metrics.share(Path(sys.argv[1]))
print(metrics.render(0).decode())
"""
    assert "oci:GetManifest" not in run(fresh, folder)


BEGUN = """
import os, resource, signal, sys
from pathlib import Path
from cargohold.telemetry import metrics
folder = Path(sys.argv[1])
metrics.share(folder)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, BYTES))
print(metrics.begin())
metrics.observe(operation="oci:GetManifest", code="200", seconds=0.003, received=7, sent=512)
for file in sorted(folder.iterdir()):
    print(file.name.partition("_")[0], file.stat().st_size, file.stat().st_blocks * 512 >= file.stat().st_size)
print(metrics.render(5).decode())
"""


def test_counters_have_their_room(tmp_path: Path) -> None:
    """A process's counters are files without a hole, so that counting needs no room on a disk that fills up later."""
    lines = run(BEGUN.replace("BYTES", "10**9"), tmp_path / "metrics").splitlines()
    assert lines[:3] == ["True", f"counter {metrics.ROOM} True", f"histogram {metrics.ROOM} True"]
    assert 'cargohold_requests_total{code="200",operation="oci:GetManifest"} 1.0' in lines


def test_without_room_nothing_is_counted(tmp_path: Path) -> None:
    """Where the disk is full at the start a process serves without counting, and what others counted is still shown."""
    lines = run(BEGUN.replace("BYTES", str(metrics.ROOM * 3 // 4)), tmp_path / "metrics").splitlines()
    assert lines[0] == "False"
    assert not any(line.startswith(("counter", "histogram", "cargohold_requests_total")) for line in lines)
    assert "cargohold_open_uploads 5.0" in lines


def test_series_are_bounded(tmp_path: Path) -> None:
    """Names that clients could make up fill a bounded number of series; the rest is counted as other."""
    script = """
import sys
from pathlib import Path
from cargohold.telemetry import metrics
metrics.SERIES = 10
for number in range(50):
    metrics.observe(operation=f"made-up-{number}", code="400", seconds=0.0, received=1, sent=1)
text = metrics.render(0).decode()
print(text.count("cargohold_requests_total{"))
print([line for line in text.splitlines() if 'requests_total{code="other"' in line])
"""
    count, other = run(script, tmp_path).splitlines()
    assert count == "11"
    assert other.endswith("40.0']")
