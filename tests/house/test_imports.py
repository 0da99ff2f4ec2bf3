"""The house's floors: who may import whom stands in pyproject.toml, as import-linter's contracts."""

import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_contracts_are_kept() -> None:
    """Every import of the package keeps every contract of the house."""
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache"], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout


def test_every_room_has_its_floor() -> None:
    """Every folder and module of the package stands in the contract of the floors."""
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = next(contract for contract in contracts if contract["type"] == "layers")
    rooms = {room.strip() for floor in floors["layers"] for room in floor.split("|")}
    package = PROJECT / "src" / "cargohold"
    found = {path.parent.name for path in package.glob("*/__init__.py")} | {path.stem for path in package.glob("*.py")}
    assert floors["exhaustive"] is True
    assert found - {"__init__", "__main__"} == rooms
