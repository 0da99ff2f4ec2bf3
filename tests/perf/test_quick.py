"""The benchmark runs from its first line to its last; what it measures in so short a time means nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_quick_benchmark_has_a_figure_for_everything(tmp_path: Path) -> None:
    """The quick benchmark prints its page, and every rate, time and ceiling in it is above zero."""
    for program in ("wrk", "docker-registry"):
        if shutil.which(program) is None:
            _absent(f"{program} is not installed; scripts/install-test-clients installs it")
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "tests.perf", "--quick", "--json", str(figures), "--folder", str(tmp_path)]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr
    found = json.loads(figures.read_text())
    samples = [sample for servers in found["samples"].values() for each in servers.values() for sample in each]
    assert len(found["samples"]) == 11
    assert all(sample[figure] > 0 for sample in samples for figure in ("rate", "p50", "p99", "peak"))
    assert all(figure > 0 for ceilings in found["ceilings"] for figure in ceilings.values())
    assert all(want["found"] > 0 for want in found["wants"])
    for name in found["samples"]:
        assert f"| {name} |" in run.stdout


def _absent(reason: str) -> NoReturn:
    if os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
