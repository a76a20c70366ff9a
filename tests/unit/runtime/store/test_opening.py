from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from maieutic.core.errors import RunFailed, UsageError
from maieutic.runtime.store import DATABASE, RunRecord, Store
from maieutic.runtime.store.connection import MIGRATION_NAMES
from maieutic.runtime.store.schema import migrations
from sqlite_utils import Database

TABLES = {
    "attempts",
    "calls",
    "candidates",
    "charges",
    "dialogue",
    "directives",
    "evaluations",
    "events",
    "examples",
    "lineage",
    "operator_stats",
    "preferences",
    "programs",
    "prompts",
    "reports",
    "rules",
    "runs",
    "verdicts",
}


def tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()


def test_an_empty_folder_becomes_a_store_and_stays_one(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / ".maieutic"
    for _ in range(2):
        with Store.open(folder) as store:
            assert store.runs() == []
            with pytest.raises(UsageError, match="no runs here yet"):
                store.run("latest")
    assert tables(folder / DATABASE) >= TABLES
    assert sorted(one.name for one in folder.iterdir()) == [DATABASE]


def test_four_that_open_a_new_folder_at_once_build_it_once(tmp_path: Path) -> None:
    barrier = threading.Barrier(4)

    def opening(_: int) -> int:
        barrier.wait(10)
        with Store.open(tmp_path) as store:
            return len(store.runs())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(opening, range(4))) == [0, 0, 0, 0]
    connection = sqlite3.connect(tmp_path / DATABASE)
    assert connection.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()[0] == len(MIGRATION_NAMES)
    connection.close()


def test_the_file_is_in_wal_mode_with_its_foreign_keys_whole(store: Store) -> None:
    with store._readers.borrow() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_reading_alone_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no store here"):
        Store.open(tmp_path / ".maieutic", read_only=True)
    assert list(tmp_path.iterdir()) == []


async def test_reading_alone_reads_and_writes_nothing(folder: Path) -> None:
    with Store.open(folder, read_only=True) as reading:
        assert reading.run("latest").id == "r-one"
        with pytest.raises(UsageError, match="reading only"):
            await reading.create_run(RunRecord(id="r", task="t", recipe="auto"))
        with reading._readers.borrow() as connection:
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                connection.execute("DELETE FROM runs")


def test_an_older_store_is_brought_up_to_date_by_opening_it_for_writing(tmp_path: Path) -> None:
    db = Database(tmp_path / DATABASE)
    migrations.apply(db, stop_before="m005_lessons")
    db.close()
    with pytest.raises(UsageError, match="older Maieutic") as caught:
        Store.open(tmp_path, read_only=True)
    assert f"maieutic doctor --upgrade --folder {tmp_path}" in str(caught.value)
    Store.open(tmp_path).close()
    with Store.open(tmp_path, read_only=True) as store:
        assert store.rules("r") == []


def test_ends_and_reports_of_an_older_store_are_facts_in_the_new_one(tmp_path: Path) -> None:
    """One run finished, one was stopped, continued and stopped again, one was only interrupted."""
    db = Database(tmp_path / DATABASE)
    migrations.apply(db, stop_before="m008_run_ends")
    log = {
        "done": [("run_resumed", 3), ("run_finished", 9)],
        "again": [("run_stopped", 5), ("run_resumed", 7), ("run_stopped", 8)],
        "cut": [("run_stopped", 0)],
    }
    for run, events in log.items():
        row = {"task": "t", "task_json": "{}", "recipe": "x", "recipe_json": "{}", "seed": 0, "state": "stopped"}
        row |= {"calls": 0, "started": "", "budget_json": "{}", "folder": "", "source": "", "options": "{}"}
        db.table("runs").insert({"id": run, **row})
        for number, (kind, step) in enumerate(events, 1):
            event = {"key": f"{number}", "kind": kind, "step": step, "data": '{"best": "c"}', "at": f"{number}"}
            db.table("events").insert({"run": run, "number": number, **event})
    db.table("reports").insert({"run": "done", "data": '{"n": 3}', "at": ""})
    db.close()
    with Store.open(tmp_path) as store:
        done, again = store.run_end("done"), store.run_end("again")
        assert done is not None
        assert again is not None
        assert (done.number, done.state, done.best, done.step) == (1, "finished", "c", 9)
        assert (again.number, again.state, again.step) == (2, "stopped", 8)
        assert store.run_end("cut") is None
        assert store.report("done") == store.pending_report("done") == '{"n": 3}'


def test_the_steps_are_named_where_nothing_heavy_is_imported() -> None:
    with closing(sqlite3.connect(":memory:")) as empty:
        assert tuple(one.name for one in migrations.pending(Database(empty))) == MIGRATION_NAMES


@pytest.mark.parametrize("read_only", [True, False])
def test_a_newer_store_is_left_alone(folder: Path, read_only: bool) -> None:
    connection = sqlite3.connect(folder / DATABASE)
    connection.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('maieutic', 'm999_future', '')"
    )
    connection.commit()
    connection.close()
    with pytest.raises(UsageError, match="m999_future"):
        Store.open(folder, read_only=read_only)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path, read_only: bool) -> None:
    (tmp_path / DATABASE).write_text("my notes " * 200)
    with pytest.raises(UsageError, match="cannot be opened"):
        Store.open(tmp_path, read_only=read_only)
    assert (tmp_path / DATABASE).read_text().startswith("my notes")


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match="cannot be opened"):
        Store.open(tmp_path / "taken")


async def test_a_closed_store_says_so(folder: Path) -> None:
    store = Store.open(folder)
    store.close()
    store.close()
    with pytest.raises(RunFailed, match="closed"):
        store.runs()
    with pytest.raises(RunFailed, match="closed"):
        await store.create_run(RunRecord(id="r", task="t", recipe="auto"))


def test_many_threads_read_at_once(store: Store) -> None:
    barrier = threading.Barrier(4)

    def read(_: int) -> str:
        barrier.wait(10)
        return store.run("latest").id

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(read, range(4))) == {"r-one"}
