"""Stores that are truncated, foreign, on a read-only mount, or hold a record that nobody can read."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from maieutic.core.errors import RunFailed, UsageError
from maieutic.core.events import Event
from maieutic.runtime.monitor.snapshot import LiveSource
from maieutic.runtime.store import RunRecord, Store
from maieutic.runtime.store.store import DATABASE


async def store_with_events(folder: Path) -> Path:
    with Store.open(folder) as store:
        await store.create_run(RunRecord(id="r", task="t", recipe="ape"))
        started = {"train": 1, "val": 2, "test": 0, "sealed": 0}
        await store.append_events(
            [
                Event(run="r", kind="run_started", key="a", data=started),
                Event(run="r", kind="round_started", key="b", data={"round": 1, "orders": []}),
                Event(run="r", kind="round_started", key="c", data={"round": 2, "orders": []}),
            ]
        )
    return folder / DATABASE


def refusal(folder: Path) -> str:
    with pytest.raises(UsageError) as caught, Store.open(folder, read_only=True):
        pass
    return caught.value.what


async def test_a_truncated_store_is_no_older_one(tmp_path: Path) -> None:
    path = await store_with_events(tmp_path)
    path.write_bytes(b"")
    assert refusal(tmp_path).startswith("the store is empty: it was truncated")


def test_another_programs_database_is_named_as_such(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / DATABASE) as base:
        base.execute("CREATE TABLE bookmarks (url TEXT)")
    base.close()
    assert refusal(tmp_path) == "this database is no store of Maieutic; it has the tables bookmarks"


async def test_a_store_that_lost_its_end_is_told(tmp_path: Path) -> None:
    path = await store_with_events(tmp_path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises((UsageError, sqlite3.DatabaseError)), Store.open(tmp_path, read_only=True) as store:
        store.events("r")


def test_a_store_on_a_read_only_mount_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    asyncio.run(store_with_events(folder))
    mount = f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}"
    read = f"{sys.executable} -m maieutic runs --json --folder {folder}"
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if subprocess.run([*command, mount], capture_output=True, check=False).returncode:
        pytest.skip("no read-only mount can be made here")
    done = subprocess.run([*command, f"{mount} && {read}"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [run["id"] for run in json.loads(done.stdout)] == ["r"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("data", "{broken"),
        ("kind", "never_heard_of"),
        ("data", "[" * 100_000),
        ("data", "[]"),
        ("data", '{"round": []}'),
    ],
)
async def test_a_display_goes_on_without_an_event_that_cannot_be_read(tmp_path: Path, column: str, value: str) -> None:
    path = await store_with_events(tmp_path)
    with sqlite3.connect(path) as base:
        base.execute(f"UPDATE events SET {column} = ? WHERE number = 2", (value,))
    base.close()
    with Store.open(tmp_path, read_only=True) as store:
        source = LiveSource(store, "r")
        snapshot = source.read()
        assert snapshot.timeline.view.number == 3
        assert source.read().timeline.view.number == 3
        assert set(source.unreadable) <= {2}
        if value != '{"round": []}':
            assert 2 in source.unreadable
            with pytest.raises(RunFailed, match="event 2 of the run r cannot be read"):
                store.events("r")
