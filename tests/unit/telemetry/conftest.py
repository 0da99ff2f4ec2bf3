"""Fixtures: log lines as operators would read them."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from cargohold.telemetry import logs

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Where every log line of the test goes; the process's own set-up is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    written = io.StringIO()
    monkeypatch.setattr(logs, "_bound", None)
    logs.configure(written, "info")
    yield written
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers, root.level = handlers, level


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    """Reads what was logged so far."""
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
