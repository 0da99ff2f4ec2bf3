"""Lists cost what is on a page, not what is in the registry: held loosely here; the exact figures are the command's."""

import os
from pathlib import Path

import pytest

from tests.bed.postgresql import binaries

from .scale import EMPTY, WANTED, measured, page
from .scale_rows import QUICK


@pytest.mark.slow
def test_a_page_does_not_grow_with_the_registry(tmp_path: Path) -> None:
    """Last pages cost as first ones do, filters find few among many, and the median page is under what is wanted."""
    if binaries() is None and os.environ.get("CI", "").lower() in {"", "0", "false"}:
        pytest.skip("Debian's postgresql is not installed; scripts/install-test-clients installs it")
    runs, ceilings = measured(tmp_path, QUICK)
    assert [each.engine for each in runs] == ["SQLite", "PostgreSQL"]
    for each in runs:
        took = {figure.what: figure for figure in each.figures}
        assert all(figure.p50 < WANTED for figure in each.figures), each
        for what in ("ListImages", "DescribeImages", "DescribeRepositories", "tags/list"):
            first, last = took[f"{what}, first page"], took[f"{what}, last page"]
            assert last.p50 < 3 * first.p50 + took[EMPTY].p50, each
        for what in ("ListImages, UNTAGGED", "ListImages, ARCHIVED"):
            assert took[what].rows == 100
        assert each.grown < 50, each
    written = page(runs, ceilings, QUICK, "pytest", 0.0)
    assert all(f"| {figure.what} |" in written for figure in runs[0].figures)
