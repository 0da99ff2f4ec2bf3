"""Decisions as AWS's documentation has them, page by page."""

import pytest

from cargohold.access.evaluate import Ask, Held, decide
from tests.unit.access.decisions import ecr, elements, evaluation, operators
from tests.unit.access.decisions.operators import Holds
from tests.unit.access.decisions.row import BOB, HOME, Row, allow, compiled, deny

ROWS = elements.ROWS + evaluation.ROWS + ecr.ROWS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.page}: {row.says}")
def test_decisions_are_those_of_the_page(row: Row) -> None:
    """A request is decided as the page of AWS's documentation says."""
    decision = row.decide()
    assert decision.allowed is row.allowed, decision
    assert (decision.reason == "") is (row.allowed or (row.trust is not None and decision.missing is not None))


@pytest.mark.parametrize("row", operators.HOLDS, ids=lambda row: f"{row.page}: {row.says}")
def test_conditions_hold_as_on_the_page(row: Holds) -> None:
    """A statement allows, or denies, where the page says that its condition holds, and only there."""
    context = {key.lower(): value for key, value in row.context.items()}
    ask = Ask(BOB, "s3:GetObject", "arn:aws:s3:::b/k", HOME, context)
    allows = compiled("identity", allow("s3:*", condition=row.condition))
    denies = compiled("identity", allow("s3:*"), deny("s3:*", condition=row.condition))
    assert decide(ask, Held((allows,))).allowed is row.holds
    assert decide(ask, Held((denies,))).allowed is not row.holds


def test_the_table_is_long_enough() -> None:
    """The table holds what was promised: 150 decisions and more, on at least twenty pages."""
    pages = {row.page for row in ROWS} | {row.page for row in operators.HOLDS}
    assert len(ROWS) >= 150
    assert len(pages) >= 20
