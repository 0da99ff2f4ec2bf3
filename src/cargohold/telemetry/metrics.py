"""Metrics in Prometheus's text format, summed over all processes of one server.

Names: `cargohold_requests_total{operation,code}`, `cargohold_request_seconds{operation}`,
`cargohold_received_bytes_total{operation}`, `cargohold_sent_bytes_total{operation}`, `cargohold_open_uploads`,
`cargohold_audit_events_lost_total{reason}`, `cargohold_verified_bytes_total`, `cargohold_damaged_blobs_total`,
`cargohold_collection_due_blobs`, `cargohold_collected_blobs_total`, `cargohold_collected_bytes_total`,
`cargohold_collection_failures_total`.
prometheus_client decides at its import whether it sums over processes, so it is imported after `share`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram
    from prometheus_client.metrics_core import GaugeMetricFamily

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0)
"""Upper bounds of the latency histogram: from a manifest GET to a push of many gigabytes."""

SERIES: Final = 2000
"""Pairs of operation and code that are told apart; later ones are counted as "other", so that memory stays bounded."""

ROOM: Final = 1 << 19
"""Bytes of each file of counters: about what SERIES take."""

_OTHER: Final = ("other", "other")
_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(slots=True)
class _Meters:
    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    received: Counter
    sent: Counter
    lost_events: Counter
    series: dict[tuple[str, str], _Series]
    counting: bool = True
    """False where there is no room for this process's counters."""


@dataclass(frozen=True, slots=True)
class _WorkMeters:
    verified: Counter
    damaged: Counter
    collected: Counter
    collected_bytes: Counter
    failed_collections: Counter


@dataclass(frozen=True, slots=True)
class _Series:
    """The meters of one operation and code, found once: looking them up by label costs more than counting."""

    requests: Counter
    seconds: Histogram
    received: Counter
    sent: Counter


def share(folder: Path) -> None:
    """Empties `folder` and sums over all processes that use it; before the first `observe` and the first fork."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    os.environ[_FOLDER] = str(folder)
    _meters()


def begin() -> bool:
    """Makes room for this process's counters; before its first `observe`, after the fork. False: nothing is counted.

    The library maps files with holes into memory: without this, counting on a full disk would end the process (SIGBUS).
    """
    files = [Path(os.environ[_FOLDER]) / f"{kind}_{os.getpid()}.db" for kind in ("counter", "histogram")]
    try:
        for file in files:
            file.write_bytes(bytes(ROOM))
    except OSError:
        for file in files:
            file.unlink(missing_ok=True)
        _meters().counting = False
    return _meters().counting


def observe(*, operation: str, code: str, seconds: float, received: int, sent: int) -> None:
    """Counts one answered request; `code` is the error's code, or the HTTP status where there is none."""
    meters = _meters()
    if not meters.counting:
        return
    series = meters.series.get((operation, code)) or _series(meters, operation, code)
    series.requests.inc()
    series.seconds.observe(seconds)
    if received:
        series.received.inc(received)
    if sent:
        series.sent.inc(sent)


def count_lost_event(reason: str) -> None:
    """Counts an audit event that could not be kept; `reason` is an error's name, such as ENOSPC."""
    meters = _meters()
    if meters.counting:
        meters.lost_events.labels(reason).inc()


def count_verified_bytes(count: int) -> None:
    """Counts bytes of blobs that were read and hashed again."""
    meters = _meters()
    if meters.counting:
        _work_meters().verified.inc(count)


def count_damaged_blob() -> None:
    """Counts a blob whose bytes were found damaged."""
    meters = _meters()
    if meters.counting:
        _work_meters().damaged.inc()


def count_reclaimed(blobs: int, size: int) -> None:
    """Counts blobs that were collected, and the bytes that this gave back."""
    meters = _meters()
    if meters.counting:
        _work_meters().collected.inc(blobs)
        _work_meters().collected_bytes.inc(size)


def count_failed_collections(count: int) -> None:
    """Counts blobs whose bytes the store would not delete."""
    meters = _meters()
    if meters.counting:
        _work_meters().failed_collections.inc(count)


def render(open_uploads: int | None, due_blobs: int | None = None) -> bytes:
    """Everything that was counted, as text. What the database knows are gauges, None when it is away."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    counted = _meters().registry
    if _FOLDER in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    gauges = CollectorRegistry()
    for name, told, value in (
        ("cargohold_open_uploads", "Uploads begun and not ended.", open_uploads),
        ("cargohold_collection_due_blobs", "Blobs that wait to be looked at by collection now.", due_blobs),
    ):
        if value is not None:
            gauges.register(_Gauge(name, told, value))
    return generate_latest(counted) + generate_latest(gauges)


def _series(meters: _Meters, operation: str, code: str) -> _Series:
    key = (operation, code) if len(meters.series) < SERIES else _OTHER
    if key not in meters.series:
        name = key[0] or "unknown"
        meters.series[key] = _Series(
            requests=meters.requests.labels(name, key[1]),
            seconds=meters.seconds.labels(name),
            received=meters.received.labels(name),
            sent=meters.sent.labels(name),
        )
    return meters.series[key]


class _Gauge:
    def __init__(self, name: str, told: str, value: int) -> None:
        self._name, self._told, self._value = name, told, value

    def collect(self) -> Iterator[GaugeMetricFamily]:
        from prometheus_client.metrics_core import GaugeMetricFamily

        yield GaugeMetricFamily(self._name, self._told, value=self._value)


@cache
def _meters() -> _Meters:
    from prometheus_client import CollectorRegistry, Counter, Histogram

    registry = CollectorRegistry()
    return _Meters(
        registry=registry,
        requests=Counter("cargohold_requests", "Requests answered.", ["operation", "code"], registry=registry),
        seconds=Histogram(
            "cargohold_request_seconds",
            "From a request's head to the last byte of its answer.",
            ["operation"],
            registry=registry,
            buckets=SECONDS,
        ),
        received=Counter("cargohold_received_bytes", "Body bytes received.", ["operation"], registry=registry),
        sent=Counter("cargohold_sent_bytes", "Body bytes sent.", ["operation"], registry=registry),
        lost_events=Counter(
            "cargohold_audit_events_lost", "Audit events that could not be written down.", ["reason"], registry=registry
        ),
        series={},
    )


@cache
def _work_meters() -> _WorkMeters:
    """Made by who counts: a counter without labels opens its process's file at once, which no fork may inherit."""
    from prometheus_client import Counter

    registry = _meters().registry
    return _WorkMeters(
        verified=Counter("cargohold_verified_bytes", "Bytes of blobs hashed again.", registry=registry),
        damaged=Counter("cargohold_damaged_blobs", "Blobs whose bytes were found damaged.", registry=registry),
        collected=Counter("cargohold_collected_blobs", "Blobs that were collected.", registry=registry),
        collected_bytes=Counter("cargohold_collected_bytes", "Bytes that collection gave back.", registry=registry),
        failed_collections=Counter(
            "cargohold_collection_failures", "Blobs whose bytes could not be deleted.", registry=registry
        ),
    )
