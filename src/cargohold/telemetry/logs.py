"""JSON logs: one line per event on one stream, from our own code and from the libraries below us.

A line has `time`, `level` and `event`; what else it has is named by who writes it. No line may hold a secret, a token,
a request's headers or a query string: writers hand in plain fields that they chose, never a request. What failed in a
request or in a library is told by classes and frames, without the exception's text, which may quote a request.
"""

from __future__ import annotations

import contextlib
import json
import logging
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
"""The levels that `--log-level` knows, quietest last."""

_LEVEL_OF: Final = {"warn": "warning", "exception": "error"}
_ENCODE: Final = json.JSONEncoder(default=str).encode
# Kept, because json.dumps makes an encoder for each call that has a `default`.


@dataclass(frozen=True, slots=True)
class _Bound:
    filtered: FilteringBoundLogger
    everything: FilteringBoundLogger
    stream: _Stream
    least: int


_bound: _Bound | None = None
"""What `configure` made: binding anew for each line takes longer than writing it."""


def configure(stream: TextIO, level: str = "info") -> None:
    """Sends every log line of this process and of its later forks to `stream`; `level` is a key of LEVELS."""
    lines = _Stream(stream)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, _rendered],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    global _bound
    _bound = _Bound(*_loggers(), lines, LEVELS[level])
    root = logging.getLogger()
    root.handlers = [_Forward(level=logging.NOTSET)]
    root.setLevel(max(LEVELS[level], logging.WARNING))
    logging.captureWarnings(capture=True)


def logger() -> FilteringBoundLogger:
    """The logger of this process; its lines appear from the configured level on."""
    return _bound.filtered if _bound else _loggers()[0]


def unfiltered() -> FilteringBoundLogger:
    """A logger whose lines appear at every level."""
    return _bound.everything if _bound else _loggers()[1]


def say(level: int, event: str, **fields: object) -> None:
    """As `logger().log`, for the line that each request has: without structlog it takes 12 µs instead of 26."""
    if _bound is None:
        logger().log(level, event, **fields)
    elif level >= _bound.least:
        time = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        head = {"time": time, "level": logging.getLevelName(level).lower(), "event": event}
        _bound.stream.msg(_ENCODE({**head, **fields}))


def unexpected(error: BaseException, **fields: object) -> None:
    """Logs a bug of ours: where it happened and of what class it is, without its text, which may quote a request."""
    logger().error("unexpected error", **fields, **_without_text(error))


def _without_text(error: BaseException) -> dict[str, str]:
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    classes = " from ".join(type(link).__name__ for link in chain)
    return {"exception": classes, "frames": "".join(traceback.format_tb(error.__traceback__))}


class _Stream:
    """Writes each line in one piece, so that lines of several processes do not mix; a closed stream ends no request."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    log = debug = info = warn = warning = error = critical = exception = msg


class _Forward(logging.Handler):
    """Turns what libraries log through the standard module into our lines."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"library": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[1] is not None:
            fields |= _without_text(record.exc_info[1])
        logger().log(record.levelno, "library", **fields)


def _loggers() -> tuple[FilteringBoundLogger, FilteringBoundLogger]:
    """One that obeys the level and one that does not."""
    everything = structlog.wrap_logger(None, wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET))
    return cast(FilteringBoundLogger, structlog.get_logger().bind()), cast(FilteringBoundLogger, everything.bind())


def _rendered(_logger: WrappedLogger, method: str, fields: EventDict) -> str:
    """A line: when, how serious and what, then what its writer handed in."""
    time = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    head = {"time": time, "level": _LEVEL_OF.get(method, method), "event": fields.pop("event")}
    return _ENCODE({**head, **fields})
