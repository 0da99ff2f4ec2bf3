"""The benchmark's command: `python -m tests.perf [--quick] [--output FILE] [--json FILE]`."""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from cargohold import __version__

from . import report, scenarios
from .processes import Missing, machine_busy_seconds, program
from .report import Setting
from .scenarios import QUICK, Results, Size


def main() -> int:
    """Runs it and prints the page; 0 whatever the figures are."""
    options = _options()
    began, busy = time.monotonic(), machine_busy_seconds()
    try:
        for name in ("wrk", "docker-registry", "cargohold"):
            program(name)
        with tempfile.TemporaryDirectory(prefix="cargohold-perf-", dir=options.folder) as folder:
            results = scenarios.run(Path(folder), QUICK if options.quick else Size())
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    seconds = time.monotonic() - began
    page = report.page(results, _setting(quick=options.quick, seconds=seconds, busy=machine_busy_seconds() - busy))
    print(page)
    if options.output:
        options.output.write_text(page)
    if options.json:
        options.json.write_text(json.dumps(_figures(results)))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.perf", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only to see that it runs")
    parser.add_argument("--output", type=Path, help="write the page to this file too (docs/benchmarks.md)")
    parser.add_argument("--json", type=Path, help="write every sample to this file")
    parser.add_argument("--folder", type=Path, help="where the servers keep their data meanwhile (a disk, not tmpfs)")
    return parser.parse_args()


def _setting(*, quick: bool, seconds: float, busy: float) -> Setting:
    """All that this process started has ended, so its CPU seconds stand in our own account."""
    used = sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )
    cores = os.cpu_count() or 1
    return Setting(
        date=datetime.now(UTC).date().isoformat(),
        machine=f"{cores} cores ({_processor()}), {_memory_gib():.0f} GiB, {platform.system()} {platform.release()}",
        versions=f"Cargohold {__version__}, Python {platform.python_version()}, {_peer_version()}",
        command=".venv/bin/python -m tests.perf" + (" --quick" if quick else " --output docs/benchmarks.md"),
        others=max(0.0, busy - used) / (seconds * cores),
        minutes=seconds / 60,
    )


def _figures(results: Results) -> dict[str, object]:
    return {
        "samples": {
            scenario: {server: [asdict(sample) for sample in samples] for server, samples in servers.items()}
            for scenario, servers in results.samples.items()
        },
        "ceilings": [asdict(each) for each in results.ceilings],
        "wants": [{"what": want.what, "least": want.least, "found": want.found} for want in report.wants(results)],
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)


def _peer_version() -> str:
    said = subprocess.run([program("docker-registry"), "--version"], capture_output=True, text=True, check=False)
    return " ".join(said.stdout.split())


if __name__ == "__main__":
    sys.exit(main())
