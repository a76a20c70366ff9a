"""Other processes, real ones: one that steers and reads while a run writes, and one that is killed while writing."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

from maieutic.core.directives import Hint
from maieutic.core.events import Event
from maieutic.runtime.store import Store

RUN = "r-one"

STEERING = """
import asyncio, sys
from pathlib import Path
from maieutic.core.directives import Hint
from maieutic.core.events import Event
from maieutic.runtime.store import Store

async def main():
    with Store.open(Path(sys.argv[1])) as store:
        print("ready", flush=True)
        cursor = seen = 0
        for number in range(30):
            await store.add_directive("r-one", Hint(text=str(number)))
            await store.append_events([Event(run="r-one", kind="directive_applied", key=f"theirs {number}")])
            for event in store.events("r-one", after=cursor):
                assert event.number == cursor + 1, (event.number, cursor)
                cursor, seen = event.number, seen + 1
        print(seen, flush=True)

asyncio.run(main())
"""

WRITING = """
import asyncio, sys
from pathlib import Path
from maieutic.core.models import Reply
from maieutic.core.score import Evaluation
from maieutic.runtime.store import Attempt, Store

async def one(store, number):
    key = f"key-{number}"
    attempt = Attempt(run="r-one", key=key, model="m", payer="target", role="target")
    begun = await store.begin_attempt(attempt)
    await store.finish_attempt(begun, reply=Reply(text=str(number), prompt_tokens=7), error=None)
    row = Evaluation(
        candidate="c-start", example=f"e-{number}", split="val", output="x", answer="x", score=1.0
    )
    await store.save_evaluations("r-one", [row])
    print(number, flush=True)

async def lane(store, first):
    number = first
    while True:
        await one(store, number)
        number += 16

async def main():
    store = Store.open(Path(sys.argv[1]))
    await asyncio.gather(*(lane(store, first) for first in range(16)))

asyncio.run(main())
"""


async def start(script: str, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(folder), stdout=asyncio.subprocess.PIPE
    )


async def test_another_process_steers_and_reads_while_a_run_writes(store: Store, folder: Path) -> None:
    other = await start(STEERING, folder)
    assert other.stdout is not None
    assert await other.stdout.readline() == b"ready\n"
    ours = 0
    ending = asyncio.create_task(other.wait())
    while not ending.done() or ours < 30:
        await store.append_events([Event(run=RUN, kind="batch_finished", key=f"ours {ours}")])
        ours += 1
    assert ending.result() == 0
    assert int(await other.stdout.readline()) >= 30

    assert [hint for _, hint in store.directives(RUN)] == [Hint(text=str(number)) for number in range(30)]
    events = store.events(RUN)
    assert [event.number for event in events] == list(range(1, ours + 31))
    assert [event.key for event in events if event.kind == "batch_finished"] == [f"ours {n}" for n in range(ours)]


async def test_l2_what_was_awaited_outlives_a_kill(folder: Path) -> None:
    other = await start(WRITING, folder)
    assert other.stdout is not None
    told = [int(await other.stdout.readline()) for _ in range(200)]
    other.kill()
    told += [int(line) for line in (await other.stdout.read()).splitlines(keepends=True) if line.endswith(b"\n")]
    await other.wait()

    with Store.open(folder) as store:
        for number in told:
            reply = store.cached_reply(f"key-{number}")
            assert reply is not None
            assert reply.text == str(number)
            assert store.is_charged(RUN, f"key-{number}")
        assert {row.example for row in store.evaluations(RUN)} >= {f"e-{number}" for number in told}
        before = store.ledger_sums(RUN)
        assert await store.mark_lost(RUN) == before.in_flight == before.lost <= 16
        assert before.paid["target"].tokens == 7 * before.paid["target"].calls
        assert before.paid["target"].calls >= len(told)
    connection = sqlite3.connect(folder / "maieutic.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
