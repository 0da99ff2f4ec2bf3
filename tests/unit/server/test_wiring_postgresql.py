"""server.wiring with PostgreSQL: starts that share one database, and what is left behind before the fork."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cargohold.server import checks, rooms, upkeep, wiring
from cargohold.server.folder import DataFolder, Deployment
from cargohold.server.refusal import CannotStart
from cargohold.server.settings import Settings
from tests.bed.postgresql import PostgresServer

DEPLOYMENT = Deployment("123456789012", ("us-east-1",))
KEY = "5eed" * 16


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """An empty database."""
    return postgres.create()


def settings(folder: Path, url: str, **values: object) -> Settings:
    return Settings(**{"data": folder, "database": url} | values)  # type: ignore[arg-type]


def plan(folder: Path, url: str, **values: object) -> wiring.Plan:
    data = DataFolder(folder)
    with data.locked():
        return wiring.prepare(settings(folder, url, **values), data, DEPLOYMENT, 5050)


OURS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'cargohold'"


def test_a_first_start_leaves_no_thread_and_no_connection(postgres: PostgresServer, url: str, tmp_path: Path) -> None:
    """The supervisor forks after it: children share neither a lock without its thread nor a connection."""
    made = plan(tmp_path / "data", url)
    before = threading.enumerate()
    key = asyncio.run(wiring.first_start(made))
    assert threading.enumerate() == before
    assert any(postgres.execute(OURS, url.rpartition("/")[2]) == [] for _ in range(1_000))
    assert key == made.folder.access_key()
    assert not made.folder.database.exists()


def test_servers_that_start_at_once_make_one_account(postgres: PostgresServer, url: str, tmp_path: Path) -> None:
    """Of several data folders with one root key and one database one gets the key; all may have the one of --dev."""

    def start(number: int) -> object:
        return asyncio.run(wiring.first_start(plan(tmp_path / str(number), url, root_key=KEY, dev=True)))

    with ThreadPoolExecutor(4) as threads:
        keys = list(threads.map(start, range(4)))
    assert len([key for key in keys if key is not None]) == 1
    name = url.rpartition("/")[2]
    assert postgres.execute("SELECT id FROM account", name) == [("123456789012",)]
    assert postgres.execute("SELECT count(*), count(*) FILTER (WHERE id = 'test') FROM access_key", name) == [(2, 1)]
    asyncio.run(wiring.first_start(plan(tmp_path / "0", url, root_key=KEY)))
    assert postgres.execute("SELECT count(*) FROM access_key WHERE id = 'test'", name) == [(0,)]


def test_a_server_with_another_root_key_is_refused(url: str, tmp_path: Path) -> None:
    """It could open no secret of the database, and nobody could log in: the sentence says where the right one is."""
    asyncio.run(wiring.first_start(plan(tmp_path / "first", url)))
    with pytest.raises(CannotStart, match="sealed with another root key"):
        asyncio.run(wiring.first_start(plan(tmp_path / "second", url)))
    given = tmp_path / "first" / "root.key"
    assert asyncio.run(wiring.first_start(plan(tmp_path / "third", url, root_key_file=given))) is None


def test_a_cellar_serves_from_the_shared_database(url: str, tmp_path: Path) -> None:
    """Doors and worker of a start on PostgreSQL answer from it."""

    async def run() -> None:
        made = plan(tmp_path, url)
        await wiring.first_start(made)
        cellar = wiring.cellar(made)
        assert await rooms.services(made, cellar).uploads.count_open() == 0
        found = {task.name: await task.run() for row in upkeep.periodic(made, cellar) for task in row}
        assert {"jobs", "reap uploads", "reap sessions"} <= set(found)
        assert set(found.values()) == {0}
        await cellar.close()

    asyncio.run(run())


def test_a_database_that_is_away_is_told_without_its_password(tmp_path: Path) -> None:
    """The start, and doctor, say what could not be reached and why."""
    wrong = "postgresql://cargohold:hunter2@127.0.0.1:1/registry"
    with pytest.raises(CannotStart, match=r"^The database registry at 127\.0\.0\.1:1 cannot be reached: ") as caught:
        plan(tmp_path, wrong)
    assert "hunter2" not in str(caught.value)
    (finding,) = checks.check_database(settings(tmp_path, wrong))
    assert (finding.mark, finding.sentence) == ("wrong", str(caught.value))


def test_doctor_says_that_a_database_can_be_used(url: str, tmp_path: Path) -> None:
    """PostgreSQL's database is named, with where it is; the data folder's own needs no word."""
    (finding,) = checks.check_database(settings(tmp_path, url))
    assert finding.mark == "ok"
    assert finding.sentence.startswith(f"The database {url.rpartition('/')[2]} at 127.0.0.1:")
    assert list(checks.check_database(settings(tmp_path, "sqlite"))) == []


STARTING = """
import asyncio, sys
from pathlib import Path
from cargohold.server import supervisor, wiring
from cargohold.server.folder import DataFolder, Deployment
from cargohold.server.settings import Settings
folder = DataFolder(Path(sys.argv[1]))
with folder.locked():
    plan = wiring.prepare(Settings(data=folder.path), folder, Deployment("123456789012", ("us-east-1",)), 5050)
    asyncio.run(wiring.first_start(plan))
print([name for name in sys.modules if name.partition(".")[0] in ("psycopg", "psycopg_binary", "psycopg_c")])
"""


def test_a_start_on_sqlite_does_not_import_the_driver_of_postgresql(tmp_path: Path) -> None:
    """Who does not use it does not wait for it."""
    command = [sys.executable, "-c", STARTING, str(tmp_path / "data")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
