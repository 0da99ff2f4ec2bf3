"""docs/operations.md says what the lists of operations say."""

import runpy
from pathlib import Path

from cargohold.aws.deviations import DEVIATIONS
from cargohold.aws.served import OPERATIONS

ROOT = Path(__file__).parents[2]


def test_the_operations_page_is_generated_from_the_lists() -> None:
    """The page in docs is what the generator writes now: what works, what does not yet, and what differs."""
    generator = runpy.run_path(str(ROOT / "tools" / "generate_operations_docs.py"))
    assert generator["TARGET"].read_text("utf-8") == generator["render"](), "run tools/generate_operations_docs.py"


def test_only_what_is_built_differs() -> None:
    """A deviation is told of an operation that is built, in a sentence."""
    for service, told in DEVIATIONS.items():
        assert set(told) <= {operation.name for operation in OPERATIONS.get(service, ())}
        assert all(sentence.endswith(".") and "|" not in sentence for sentence in told.values())
