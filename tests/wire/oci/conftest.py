"""The OCI door over real rooms: each database and a folder, and a client that is logged in as the administrator."""

from collections.abc import Callable
from typing import Any

import pytest

from .bench import Bench


@pytest.fixture
def bench_with(wire_with: Callable[..., Any]) -> Callable[..., Bench]:
    """Makes a client of a fresh registry whose limits are ECR's, but for those that are given."""

    def make(**limits: int) -> Bench:
        wire = wire_with(**limits)
        keys = {account: key.access_key_id for account, key in wire.keys.items()}
        bench = Bench(wire.services, wire.runner, wire.clock, keys)
        return bench.as_(bench.token())

    return make


@pytest.fixture
def bench(bench_with: Callable[..., Bench]) -> Bench:
    """A client of a fresh registry with ECR's limits."""
    return bench_with()
