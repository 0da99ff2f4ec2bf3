"""Lists at ECR's quotas: `python -m tests.perf.scale [--quick] [--output docs/scale.md] [--folder DIRECTORY]`.

Fills a registry with 100,000 images in one repository, 1,000 tags on one image and 10,000 repositories, then asks a
real server for 100 rows at a time: first and last page of each list, and pages of filters that few of the images pass;
on SQLite, and on PostgreSQL where Debian's is installed. Beside it stands what the smallest proven answer takes in the
same run. Wanted: 99 of 100 pages in less than 20 ms.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from sqlalchemy import create_engine

from tests.bed.postgresql import PostgresServer, binaries

from .ceilings import Ceilings, measure
from .processes import Cargohold, Meter, Missing, machine_busy_seconds
from .scale_rows import MANY, QUICK, TAGS_OF_ONE, Size, fill

WANTED = 20.0
"""Milliseconds of the slowest page in a hundred."""
ROWS = 100
EMPTY = "GET /v2/ (no rows)"


@dataclass(frozen=True, slots=True)
class Figure:
    """Milliseconds of one request."""

    what: str
    rows: int
    cpu: float
    """Of the server, PostgreSQL's own not counted."""
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Run:
    """What one engine took. `grown` is MiB of the server's memory between before the lists and its highest in them."""

    engine: str
    figures: Sequence[Figure]
    grown: float


class Client:
    """One kept connection, and the time that passes from a request's first byte to its answer's last."""

    def __init__(self, server: "Scaled") -> None:
        self._server = server
        self._connection = HTTPConnection("127.0.0.1", server.port)

    def ask(self, operation: str, members: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Milliseconds, and the answer; signing is not counted."""
        body = json.dumps(members).encode()
        headers = {
            "host": f"localhost:{self._server.port}",
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"AmazonEC2ContainerRegistry_V20150921.{operation}",
        }
        request = AWSRequest(method="POST", url=f"http://localhost:{self._server.port}/", data=body, headers=headers)
        SigV4Auth(self._server.credentials, "ecr", self._server.region).add_auth(request)
        return self._send("POST", "/", body, dict(request.headers.items()))

    def get(self, path: str) -> tuple[float, dict[str, Any]]:
        return self._send("GET", path, b"", {"host": f"localhost:{self._server.port}", **self._server.headers})

    def close(self) -> None:
        self._connection.close()

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[float, dict[str, Any]]:
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        took = (time.perf_counter() - began) * 1e3
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} for {method} {path}: {text[:300]!r}")
        return took, json.loads(text or b"{}")


class Scaled(Cargohold):
    """Cargohold on a database that can be filled from here."""

    database = "sqlite"

    def command(self) -> Sequence[str]:
        return [*super().command(), "--public-port", "0", "--database", self.database, "--workers", "1"]

    def prepare(self) -> None:
        super().prepare()
        self.credentials = self._ecr._request_signer._credentials
        self.region = self._ecr.meta.region_name

    @property
    def url(self) -> str:
        if self.database == "sqlite":
            return f"sqlite+pysqlite:///{self.data / 'cargohold.db'}"
        return self.database.replace("postgresql://", "postgresql+psycopg://", 1)


def run(server: Scaled, engine: str, size: Size) -> Run:
    """Fills the server's registry and asks for its lists."""
    for name in (MANY, TAGS_OF_ONE):
        server.make_repository(name)
    database = create_engine(server.url)
    fill(database, size)
    database.dispose()
    client = Client(server)
    lists = list(_lists(client, size))
    with Meter(server) as idle:
        client.get("/v2/")
    figures, peak = [], 0.0
    for what, rows, ask in [(EMPTY, 0, lambda _: client.get("/v2/")), *lists, *_deletions(client, size)]:
        with Meter(server) as meter:
            took = [ask(number)[0] for number in range(size.rounds)]
        figures.append(_figure(what, rows, meter.cpu * 1e3, took))
        peak = max(peak, meter.peak)
    client.close()
    return Run(engine, figures, peak - idle.peak)


def _lists(client: Client, size: Size) -> Iterator[tuple[str, int, Any]]:
    """(what, rows on it, one request for it)."""
    many = {"repositoryName": MANY}
    wanted: list[tuple[str, str, dict[str, Any], str]] = [
        ("ListImages", "ListImages", many, "imageIds"),
        ("DescribeImages", "DescribeImages", many, "imageDetails"),
        ("DescribeRepositories", "DescribeRepositories", {}, "repositories"),
    ]
    for what, operation, members, items in wanted:
        yield _page(client, f"{what}, first page", operation, members, items)
        token = _last(client, operation, members)
        yield _page(client, f"{what}, last page", operation, members | {"nextToken": token}, items)
    for what, chosen in (("UNTAGGED", {"tagStatus": "UNTAGGED"}), ("ARCHIVED", {"imageStatus": "ARCHIVED"})):
        for operation, items in (("ListImages", "imageIds"), ("DescribeImages", "imageDetails")):
            yield _page(client, f"{operation}, {what}", operation, many | {"filter": chosen}, items)
    yield _page(client, "ListImages, an image's tags", "ListImages", {"repositoryName": TAGS_OF_ONE}, "imageIds")
    of_one = {"repositoryName": TAGS_OF_ONE}
    yield _page(client, f"DescribeImages, an image of {size.tags:,} tags", "DescribeImages", of_one, "imageDetails")
    for what, last in (("first page", ""), ("last page", f"&last=build-{size.images - ROWS - 1:07}")):
        path = f"/v2/{MANY}/tags/list?n={ROWS}{last}"
        yield f"tags/list, {what}", len(client.get(path)[1]["tags"]), lambda _, path=path: client.get(path)


def _page(client: Client, what: str, operation: str, members: dict[str, Any], items: str) -> tuple[str, int, Any]:
    asked = members | {"maxResults": ROWS}
    return what, len(client.ask(operation, asked)[1][items]), lambda _: client.ask(operation, asked)


def _last(client: Client, operation: str, members: dict[str, Any]) -> str:
    """The token of a page of ROWS at the end of a list; the pages before it are read to get there."""
    token = str(client.ask(operation, members | {"maxResults": ROWS})[1]["nextToken"])
    while True:
        answer = client.ask(operation, members | {"maxResults": 1_000, "nextToken": token})[1]
        after = client.ask(operation, members | {"maxResults": 1_000 - ROWS, "nextToken": token})[1].get("nextToken")
        if "nextToken" not in answer:
            return str(after or token)
        token = str(after)


def _deletions(client: Client, size: Size) -> Iterator[tuple[str, int, Any]]:
    """One tag of an image that has hundreds, and one of an image that has it alone."""
    for what, name in ((f"delete one of {size.tags:,} tags", TAGS_OF_ONE), ("delete an image by its only tag", MANY)):
        yield what, 1, partial(_delete, client, name)


def _delete(client: Client, name: str, number: int) -> tuple[float, dict[str, Any]]:
    named = {"repositoryName": name, "imageIds": [{"imageTag": f"build-{number:07}"}]}
    return client.ask("BatchDeleteImage", named)


def _figure(what: str, rows: int, cpu: float, took: Sequence[float]) -> Figure:
    ordered = sorted(took)
    p99 = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return Figure(what, rows, cpu / len(ordered), statistics.median(ordered), p99)


@contextmanager
def _servers(folder: Path) -> Iterator[Iterator[tuple[str, Scaled]]]:
    postgres = PostgresServer() if binaries() else None
    if postgres:
        postgres.start()
    try:
        yield _each(folder, postgres)
    finally:
        if postgres:
            postgres.stop()
            postgres.remove()


def _each(folder: Path, postgres: PostgresServer | None) -> Iterator[tuple[str, Scaled]]:
    yield "SQLite", Scaled(folder / "sqlite")
    if postgres:
        server = Scaled(folder / "postgresql")
        server.database = postgres.create()
        yield "PostgreSQL", server


def measured(folder: Path, size: Size) -> tuple[list[Run], Ceilings]:
    """Every engine that is here, and what the machine can do."""
    runs = []
    with _servers(folder) as servers:
        for engine, server in servers:
            with server:
                runs.append(run(server, engine, size))
    return runs, measure(folder, 64 << 20)


def page(runs: Sequence[Run], ceilings: Ceilings, size: Size, command: str, others: float) -> str:
    """The figures as a page of docs/; `others` is the share of the machine that programs other than these took."""
    lines = [
        "# Lists at ECR's quotas",
        "",
        f"Written by `{command}` on {datetime.now(UTC).date().isoformat()}; run it again and this page is new.",
        "",
        f"{size.images:,} images in a repository, {size.tags:,} tags on an image, {size.repositories:,} repositories.",
        f"Each request {size.rounds} times, one after the other, over HTTP and signed, {ROWS} rows at a time. Times",
        "are milliseconds from a request's first byte to its answer's last, CPU the server's without PostgreSQL's.",
        f"Other programs used {others:.0%} of the machine meanwhile: a high p99 beside a low p50 shows how much.",
        f"Wanted is a p99 below {WANTED:g} ms. `{EMPTY}` is the smallest answer that has to be proven and authorised.",
        "",
        "| request | rows | " + " | ".join(f"{each.engine} CPU | p50 | p99" for each in runs) + " |",
        "|---|---:|" + "---:|---:|---:|" * len(runs),
    ]
    for figures in zip(*(each.figures for each in runs), strict=True):
        cells = " | ".join(f"{each.cpu:.1f} | {each.p50:.1f} | {each.p99:.1f}" for each in figures)
        lines.append(f"| {figures[0].what} | {figures[0].rows} | {cells} |")
    grown = ", ".join(f"{each.grown:.0f} MiB on {each.engine}" for each in runs)
    calibration = f"SHA-256 on one core {ceilings.hashing:,.0f} MiB/s, write and fsync of 1 KiB {ceilings.sync:.2f} ms"
    return "\n".join(
        [*lines, "", f"While the lists were read the server's memory grew by {grown}.", "", calibration, ""]
    )


def _used() -> float:
    """CPU seconds of this process and of all that it started and that has ended."""
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.perf.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small registry, to see that it runs")
    parser.add_argument("--output", type=Path, help="write the page to this file too (docs/scale.md)")
    parser.add_argument("--folder", type=Path, help="where the servers keep their data meanwhile (a disk, not tmpfs)")
    options = parser.parse_args()
    size = QUICK if options.quick else Size()
    began, busy, used = time.monotonic(), machine_busy_seconds(), _used()
    try:
        with tempfile.TemporaryDirectory(prefix="cargohold-scale-", dir=options.folder) as folder:
            runs, ceilings = measured(Path(folder), size)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    command = ".venv/bin/python -m tests.perf.scale" + (" --quick" if options.quick else " --output docs/scale.md")
    machine = (time.monotonic() - began) * (os.cpu_count() or 1)
    others = max(0.0, machine_busy_seconds() - busy - (_used() - used)) / machine
    written = page(runs, ceilings, size, command, others)
    print(written)
    if options.output:
        options.output.write_text(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
