"""A registry room to push into, and one worker's evaluator over the same database."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cargohold.core.arn import Target
from cargohold.core.clock import DAY
from cargohold.lifecycle import policy
from cargohold.lifecycle.evaluate import Evaluator
from cargohold.lifecycle.evaluations import Evaluations, Standing
from cargohold.lifecycle.preview import Previews
from cargohold.registry.lifecycle_policies import LifecyclePolicies
from cargohold.telemetry.audit.trail import Audit, Folder
from tests.bed.engines import Engine, Place
from tests.unit.registry.bed import Room


class Cleaned(Room):
    """A registry room with lifecycle policies, previews, and a worker that evaluates."""

    def __init__(self, folder: Path, room: Room) -> None:
        super().__init__(folder / "blobs", room.database)
        self.audit_folder = folder / "audit"
        self.policies = LifecyclePolicies(self.database, policy.check, self.clock)
        self.evaluations = Evaluations(self.database, self.clock)
        self.previews = Previews(self.database, self.clock)
        self.evaluator = self.worker()

    def worker(self) -> Evaluator:
        """Another worker's evaluator."""
        return Evaluator(self.database, Audit(Folder(self.audit_folder, 9, 1 << 24), self.clock), self.clock, DAY)

    async def put_policy(self, target: Target, *rules: dict[str, Any]) -> None:
        await self.policies.put(target, text(*rules))

    async def evaluate(self) -> None:
        """Runs the worker until nothing is due."""
        while await self.evaluator.run():
            pass

    async def standing(self, target: Target) -> Standing:
        return await self.evaluations.get(target)


def text(*rules: dict[str, Any]) -> str:
    return json.dumps({"rules": list(rules)})


def rule(priority: int = 1, tag_status: str = "any", count: int = 1, **more: Any) -> dict[str, Any]:
    """A rule that keeps the newest `count` images; members of the selection replace its own."""
    action = more.pop("action", {"type": "expire"})
    selection = {"tagStatus": tag_status, "countType": "imageCountMoreThan", "countNumber": count, **more}
    if selection["countType"] != "imageCountMoreThan":
        selection.setdefault("countUnit", "days")
    return {"rulePriority": priority, "description": "a rule", "selection": selection, "action": action}


@pytest.fixture
def room(engine: Engine, place: Place, tmp_path: Path) -> Iterator[Cleaned]:
    with engine.borrowed(place) as database:
        yield Cleaned(tmp_path, Room(tmp_path / "blobs", database))
