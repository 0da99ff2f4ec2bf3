"""telemetry.audit.trail: where events go, and that no request pays for an event that cannot be kept."""

import asyncio
import io
import json
import os
from pathlib import Path

from cargohold.telemetry import metrics
from cargohold.telemetry.audit.event import Happened, Identity
from cargohold.telemetry.audit.files import places
from cargohold.telemetry.audit.trail import Audit, Folder, Stream
from tests.bed.trail import events

NOON = 1_772_366_400_000
ALICE = Identity("IAMUser", arn="arn:aws:iam::123456789012:user/alice", account="123456789012")


def happened(name: str, who: Identity = ALICE) -> Happened:
    return Happened(name, "ecr:PutImage", who, "192.0.2.1")


def test_events_get_an_id_and_the_time_of_writing(tmp_path: Path) -> None:
    """Each event has an id of its own and the clock's time, and stands in the file of its day."""
    audit = Audit(Folder(tmp_path, days=90, size=1 << 20), lambda: NOON, iter(("e-1", "e-2")).__next__)
    audit.write(happened("r-1"))
    audit.write(happened("r-2"))
    assert [(each["requestID"], each["eventID"]) for each in events(audit.folder)] == [("r-1", "e-1"), ("r-2", "e-2")]
    assert (tmp_path / "events-2026-03-01.0000.jsonl").exists()


def test_who_is_not_proven_cannot_push_out_what_others_did(tmp_path: Path) -> None:
    """Requests that nobody was proven to have sent have files and a bound of their own."""
    audit = Audit(Folder(tmp_path, days=90, size=1 << 16), lambda: NOON)
    audit.write(happened("kept"))
    for number in range(500):
        audit.write(happened(f"flood-{number}", Identity()))
    found = [each["requestID"] for each in events(tmp_path)]
    assert found[0] == "kept"
    assert found[-1] == "flood-499"
    sizes = [(tmp_path / place.name("unproven")).stat().st_size for place in places(tmp_path, "unproven")]
    assert sum(sizes) <= 1 << 14


async def _pruned(folder: Folder, now: int) -> int:
    return await folder.prune(lambda: now)


def test_the_worker_removes_what_is_too_old(tmp_path: Path) -> None:
    """What is older than the days that are kept goes although nobody writes any more, but for the newest file."""
    folder = Folder(tmp_path, days=1, size=1 << 20)
    for day in ("2026-01-01", "2026-01-02"):
        folder.keep(b"{}\n", day, proven=True)
        folder.keep(b"{}\n", day, proven=False)
    assert asyncio.run(_pruned(folder, NOON)) == 2
    assert [place.day for place in places(tmp_path, "events")] == ["2026-01-02"]


def test_a_stream_gets_whole_lines(tmp_path: Path) -> None:
    """With stdout as its place, an event is a line there and no file is made."""
    read, write = os.pipe()
    audit = Audit(Stream(write), lambda: NOON)
    audit.write(happened("r-1"))
    os.close(write)
    with open(read) as pipe:
        (line,) = pipe.readlines()
    assert json.loads(line)["requestID"] == "r-1"
    assert audit.folder is None


def test_what_cannot_be_kept_is_counted_and_logged(tmp_path: Path, stream: io.StringIO) -> None:
    """A full or missing disk breaks no request: the event goes to the log instead, and a counter tells."""
    (tmp_path / "file").write_text("")
    audit = Audit(Folder(tmp_path / "file", days=90, size=1 << 20), lambda: NOON)
    before = _lost()
    audit.write(happened("r-1"))
    assert _lost() == before + 1
    line = json.loads(stream.getvalue())
    assert (line["level"], line["event"]) == ("error", "audit event not kept")
    assert json.loads(line["lost"])["requestID"] == "r-1"


def test_a_broken_pipe_breaks_no_request(stream: io.StringIO) -> None:
    """Nobody reads what goes to standard output any more: that is no reason to fail either."""
    read, write = os.pipe()
    os.close(read)
    Audit(Stream(write), lambda: NOON).write(happened("r-1"))
    os.close(write)
    assert "Broken pipe" in stream.getvalue()


def _lost() -> float:
    lines = metrics.render(None).decode().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("cargohold_audit_events_lost_total{"))
