"""The page: what was measured, on what, and how it stands to what is wanted. Pure: Results in, Markdown out."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from . import scenarios
from .empty import DOORS
from .load import CONNECTIONS, Sample
from .scenarios import DIGEST, EIGHT, EMPTY, FINAL, FIRST_PAGE, LATE_PAGE, ONE, PULL, PUSH, TAG, Results

OURS, PEER = "Cargohold", "docker-registry"

_UNITS = {PUSH: "MiB/s", PULL: "MiB/s", ONE: "images/s", EIGHT: "images/s", FINAL: ""}
_CPU_OF = {"MiB/s": (1024, "s/GiB"), "images/s": (1000, "s/1,000"), "": (1, ""), "requests/s": (1000, "s/1,000")}


@dataclass(frozen=True, slots=True)
class Want:
    """A figure that the design asks for."""

    what: str
    least: float
    found: float

    @property
    def met(self) -> bool:
        return self.found >= self.least


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when it ran."""

    date: str
    machine: str
    versions: str
    command: str
    others: float
    """CPU that programs other than the benchmark and its servers took meanwhile, as a share of the machine."""
    minutes: float


def wants(results: Results) -> list[Want]:
    """What the design asks for, each as a ratio."""

    def over_peer(scenario: str) -> float:
        return results.rate(scenario, OURS) / results.rate(scenario, PEER)

    empty = results.rate(EMPTY, EMPTY)
    return [
        Want("manifest by tag, requests/s over the peer's", 5.0, over_peer(TAG)),
        Want("manifest by digest, requests/s over the peer's", 5.0, over_peer(DIGEST)),
        Want("manifest by tag, requests/s over the empty answer's", 0.3, results.rate(TAG, OURS) / empty),
        Want("pull, over the peer's", 1.0, over_peer(PULL)),
        Want("streamed push, over the peer's", 1.2, over_peer(PUSH)),
        Want("small images into one repository, over the peer's", 3.0, over_peer(ONE)),
        Want("small images into eight repositories, over the peer's", 3.0, over_peer(EIGHT)),
        Want("small images, one repository over eight", 0.8, results.rate(ONE, OURS) / results.rate(EIGHT, OURS)),
    ]


def page(results: Results, setting: Setting) -> str:
    """The whole page."""
    return "\n".join([*_opening(setting), *_wanted(results), *_measured(results), *_ceilings(results), *_read(results)])


def _opening(setting: Setting) -> Iterator[str]:
    yield "# Benchmarks"
    yield ""
    yield f"Written by `{setting.command}` on {setting.date}; run it again and this page is new."
    yield ""
    yield f"- Machine: {setting.machine}"
    yield f"- Versions: {setting.versions}"
    yield (
        f"- It ran for {setting.minutes:.1f} minutes, and other programs used {setting.others:.0%} of its CPU "
        "meanwhile. The clients share it too: ratios mean more than figures."
    )
    yield ""


def _wanted(results: Results) -> Iterator[str]:
    yield "## What is wanted"
    yield ""
    yield "| want | at least | measured | |"
    yield "|---|---:|---:|---|"
    for want in wants(results):
        yield f"| {want.what} | {want.least:g} | {want.found:.2f} | {'met' if want.met else '**missed**'} |"
    yield ""


def _measured(results: Results) -> Iterator[str]:
    size = results.size
    yield "## What was measured"
    yield ""
    yield (
        f"Medians of {size.rounds} runs of {size.seconds:g} s, the servers in turn (A B A B). Manifests, tags and the "
        f"small blob over {CONNECTIONS} connections (wrk), images by {scenarios.CLIENTS} clients, large blobs "
        f"({size.large >> 20} MiB) by one."
    )
    yield ""
    yield "| scenario | server | per second | p50 ms | p99 ms | CPU | peak MiB |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for scenario in results.samples:
        for server, samples in results.samples[scenario].items():
            yield f"| {scenario} | {server} | {' | '.join(_cells(scenario, samples))} |"
    yield ""


def _cells(scenario: str, samples: Sequence[Sample]) -> list[str]:
    unit = _UNITS.get(scenario, "requests/s")
    factor, of = _CPU_OF[unit]

    def middle(figure: Callable[[Sample], float]) -> float:
        return statistics.median(map(figure, samples))

    rate = f"{middle(lambda each: each.rate):,.0f} {unit}" if unit else ""
    cpu = f"{middle(lambda each: each.cpu) * factor:.2f} {of}" if unit else ""
    times = [f"{middle(lambda each: each.p50):.1f}", f"{middle(lambda each: each.p99):.1f}"]
    return [rate, *times, cpu, f"{max(each.peak for each in samples):.0f}"]


def _ceilings(results: Results) -> Iterator[str]:
    hashing = statistics.median(each.hashing for each in results.ceilings)
    writing = statistics.median(each.writing for each in results.ceilings)
    sync = statistics.median(each.sync for each in results.ceilings)
    yield "## What the machine can do"
    yield ""
    yield "| ceiling | measured in the same run |"
    yield "|---|---:|"
    yield f"| SHA-256, one core | {hashing:,.0f} MiB/s |"
    yield f"| write and fsync, {results.size.large >> 20} MiB in one file | {writing:,.0f} MiB/s |"
    yield f"| write and fsync, 1 KiB in a new file | {sync:.2f} ms |"
    yield f"| an empty ASGI answer over {CONNECTIONS} connections | {results.rate(EMPTY, EMPTY):,.0f} requests/s |"
    yield ""


def _read(results: Results) -> Iterator[str]:
    yield "## How to read it"
    yield ""
    yield (
        "- The peer is Debian's docker-registry as Debian configures it, but without `auth`: its htpasswd costs one "
        "bcrypt for each request, and bcrypt is all that would be measured. Cargohold proves and authorises every "
        "request. Both write their access logs to a file."
    )
    doors = "one door process" if DOORS == 1 else f"{DOORS} door processes"
    yield (
        f"- Cargohold runs as it does by default: {doors} here, one for each core and at most four, and its worker. "
        "The empty answer comes from as many processes, set up as the doors are. The peer is one process that uses "
        "every core it finds."
    )
    yield "- One image is nine requests: HEAD, POST, PATCH, PUT for config and layer, then PUT of the manifest."
    yield (
        f"- `{FIRST_PAGE}` and `{LATE_PAGE}` are 100 names each of a repository with {results.size.tags:,} tags, which "
        "were written straight into the database. The peer has no figures: it keeps a folder for each tag, and pushing "
        "as many takes longer than everything else here."
    )
    yield "- Memory is what all processes of a server hold, a shared page counted once (PSS), at its highest."
    yield f"- `{FINAL}` is part of `{PUSH}`; for large blobs p50 and p99 are one request's whole time."
    yield ""
