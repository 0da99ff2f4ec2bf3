"""The fuzz: `python -m tests.fuzz [--requests 20000] [--seed 1] [--database URL]`; 1 when it finds a fault."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from cargohold.telemetry import logs
from tests.bed.place import opened

from .run import run, table

_WIDTH = 40


def main() -> int:
    options = _options()
    logs.configure(sys.stderr, "error")
    began, sent = time.monotonic(), 0

    def done() -> None:
        nonlocal sent
        sent += 1
        if sys.stderr.isatty() and (sent % 50 == 0 or sent == options.requests):
            bar = "█" * (_WIDTH * sent // options.requests)
            print(f"\r{bar:<{_WIDTH}} {sent}/{options.requests}", end="", file=sys.stderr, flush=True)

    with (
        tempfile.TemporaryDirectory(prefix="cargohold-fuzz-") as folder,
        opened(Path(folder), options.database) as place,
    ):
        report = run(place, options.seed, options.requests, done)
    print(file=sys.stderr)
    print(table(report))
    for fault in report.faults:
        print(fault)
    seconds = time.monotonic() - began
    print(f"{report.asked} requests with seed {options.seed} in {seconds:.0f} s: {len(report.faults)} faults")
    return 1 if report.faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000, help="how many requests (20,000)")
    parser.add_argument("--seed", type=int, default=1, help="which requests: the same seed makes the same ones (1)")
    parser.add_argument("--database", help="an empty PostgreSQL database instead of SQLite")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
