"""The generated shapes are what the generator writes."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from cargohold.aws import model, shapes

PROJECT = Path(__file__).parents[2]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_shapes", PROJECT / "tools" / "generate_shapes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("service", model.VERSIONS)
def test_shapes_are_generated(service: str) -> None:
    """The shapes in the tree are the ones that tools/generate_shapes.py writes from the pinned botocore."""
    kept = Path(shapes.__path__[0], f"{service.replace('-', '_')}.py").read_text(encoding="utf-8")
    assert kept == generator().render(service), "run: python tools/generate_shapes.py"


def test_every_service_has_its_shapes() -> None:
    """There is a module of shapes for each service that is served, and for no other."""
    found = {path.stem for path in Path(shapes.__path__[0]).glob("*.py")} - {"__init__"}
    assert found == {service.replace("-", "_") for service in model.VERSIONS}
