"""What every test may use: how long the run may take."""

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long",
        action="store_true",
        default=os.environ.get("CARGOHOLD_LONG", "") not in {"", "0"},
        help="run the slow tests at full length: 10 GiB blobs, many crashes (also: CARGOHOLD_LONG=1)",
    )


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """Whether this run may take hours rather than minutes."""
    return bool(pytestconfig.getoption("--long"))
