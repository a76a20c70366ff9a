from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from maieutic.core.errors import RunFailed
from maieutic.runtime.store.writer import Writer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.db"


@pytest.fixture
def connection(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE said (word TEXT UNIQUE)")
    return connection


@pytest.fixture
def writer(connection: sqlite3.Connection) -> Iterator[Writer]:
    writer = Writer(connection)
    yield writer
    writer.close()


def say(word: str) -> object:
    return lambda connection: connection.execute("INSERT INTO said VALUES (?)", [word]).rowcount


def said(file: Path) -> list[str]:
    reading = sqlite3.connect(file)
    try:
        return [word for (word,) in reading.execute("SELECT word FROM said ORDER BY rowid")]
    finally:
        reading.close()


async def together(writer: Writer, *works: object) -> list[object]:
    """The outcomes of works that are certain to share one batch: the writer is held until all of them wait."""
    gate, held = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(connection: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(held.set)
        gate.wait(10)

    holding = asyncio.create_task(writer.submit(hold))
    await held.wait()
    waiting = [asyncio.create_task(writer.submit(work)) for work in works]
    await asyncio.sleep(0)  # each task runs up to its own wait, which is after it was put into the queue
    assert writer._queue.qsize() == len(works)
    gate.set()
    await holding
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_what_was_awaited_is_committed(writer: Writer, file: Path) -> None:
    assert await writer.submit(say("a")) == 1
    assert said(file) == ["a"]


async def test_whatever_waits_is_committed_at_once_and_in_order(writer: Writer, connection: sqlite3.Connection) -> None:
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    assert await together(writer, *(say(word) for word in "abc")) == [1, 1, 1]
    connection.set_trace_callback(None)
    assert statements.count("COMMIT") == 2
    assert [one for one in statements if "INSERT" in one] == [f"INSERT INTO said VALUES ('{word}')" for word in "abc"]


async def test_a_failing_write_takes_nothing_with_it(writer: Writer, file: Path) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO said VALUES ('half')")
        raise KeyError("half")

    outcomes = await together(writer, say("a"), say("a"), half, say("b"))
    assert outcomes[0] == outcomes[3] == 1
    assert isinstance(outcomes[1], sqlite3.IntegrityError)
    assert isinstance(outcomes[2], KeyError)
    assert said(file) == ["a", "b"]


async def test_nobody_is_told_of_success_when_sqlite_gives_up_the_batch(writer: Writer, file: Path) -> None:
    def disk_full(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    outcomes = await together(writer, say("a"), disk_full, say("b"))
    assert [str(one) for one in outcomes] == ["a whole batch was rolled back: database or disk is full"] * 3
    assert said(file) == []
    assert await writer.submit(say("c")) == 1


async def test_nobody_writes_between_what_a_write_reads_and_what_it_writes(writer: Writer, file: Path) -> None:
    def look_then_say(connection: sqlite3.Connection) -> str:
        connection.execute("SELECT count(*) FROM said").fetchone()
        other = sqlite3.connect(file, isolation_level=None, timeout=0)
        try:
            other.execute("INSERT INTO said VALUES ('theirs')")
        except sqlite3.OperationalError as error:
            return str(error)
        finally:
            other.close()
        return "got in between"

    assert await writer.submit(look_then_say) == "database is locked"
    assert said(file) == []


async def test_who_stops_waiting_gives_up_the_answer_not_the_write(writer: Writer, file: Path) -> None:
    task = asyncio.create_task(writer.submit(say("a")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await writer.submit(say("b"))
    assert said(file) == ["a", "b"]


async def test_closing_carries_out_what_waits_and_then_refuses(writer: Writer, file: Path) -> None:
    tasks = [asyncio.create_task(writer.submit(say(word))) for word in "abc"]
    await asyncio.sleep(0)
    writer.close()
    writer.close()
    assert await asyncio.gather(*tasks) == [1, 1, 1]
    assert said(file) == ["a", "b", "c"]
    with pytest.raises(RunFailed, match="closed"):
        await writer.submit(say("d"))


def test_a_loop_that_is_gone_stops_nobody(writer: Writer, file: Path) -> None:
    gate = threading.Event()

    async def leave() -> None:
        task = asyncio.create_task(writer.submit(lambda connection: gate.wait(10)))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    gate.set()
    assert asyncio.run(writer.submit(say("a"))) == 1
    assert said(file) == ["a"]
