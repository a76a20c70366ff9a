"""One store, one payer: of several processes that need the same answer, one pays for it; a dead one holds nobody up."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from maieutic.core.models import ModelRef
from maieutic.runtime.store import Store
from maieutic.testing import Fault, StubServer

ASKING = """
import asyncio, sys
from pathlib import Path
from maieutic.core.budget import Budget, Ledger
from maieutic.core.models import Call, ModelRef
from maieutic.runtime.models.gateway import ModelClient, RunGateway
from maieutic.runtime.processes import process_start_time
from maieutic.runtime.store import RunRecord, Store

async def main():
    folder, base, run, count = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    model = ModelRef.parse(f"llamacpp/stub@{base}")
    with Store.open(folder) as store:
        await store.create_run(RunRecord(id=run, task="t", recipe="auto"))
        ledger = Ledger(budget=Budget(calls=count))
        async with ModelClient() as client:
            gateway = RunGateway(run=run, store=store, ledger=ledger, client=client, concurrency=4)
            calls = [Call(model=model, messages=({"role": "user", "content": f"n {n}"},)) for n in range(count)]
            await asyncio.gather(*(gateway.complete(call, "target") for call in calls))
            await gateway.aclose()
        used, paid = ledger.used["target"].calls, ledger.view().total_paid.calls
        print(used, paid, flush=True)

asyncio.run(main())
"""


async def start(folder: Path, stub: StubServer, run: str, count: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ASKING, str(folder), stub.base, run, str(count)), stdout=asyncio.subprocess.PIPE
    )


async def ending(process: asyncio.subprocess.Process) -> tuple[int, int]:
    out, _ = await process.communicate()
    assert process.returncode == 0
    used, paid = out.split()
    return int(used), int(paid)


async def test_three_processes_pay_each_answer_once(tmp_path: Path) -> None:
    with StubServer(latency=0.1) as stub:
        processes = [await start(tmp_path, stub, f"r{number}", 12) for number in range(3)]
        results = [await ending(process) for process in processes]
        assert stub.count == 12
    assert [used for used, _ in results] == [12, 12, 12]
    assert sum(paid for _, paid in results) == 12


async def test_the_lease_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with StubServer(faults={0: Fault(how="hang")}) as stub:
        first = await start(tmp_path, stub, "first", 1)
        await asyncio.to_thread(stub.wait_for, 1)
        second = await start(tmp_path, stub, "second", 1)
        waiting = asyncio.create_task(ending(second))
        with Store.open(tmp_path, read_only=True) as store:
            while not store.has_run("second"):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.02)
            assert stub.count == 1
        first.kill()
        await first.wait()
        assert await waiting == (1, 1)
        assert stub.count == 2


async def test_a_failed_request_is_asked_by_the_next(tmp_path: Path) -> None:
    with StubServer(latency=0.1, faults=[Fault(status=401, text="no key"), None]) as stub:
        processes = [await start(tmp_path, stub, f"r{number}", 1) for number in range(2)]
        codes = [await process.wait() for process in processes]
        assert stub.count == 2
    assert sorted(codes) == [0, 1]


@pytest.mark.slow
async def test_two_optimizers_in_one_folder_pay_no_request_twice(tmp_path: Path) -> None:
    rows = [json.dumps({"input": f"row {n}", "output": "yes" if n % 2 else "no"}) for n in range(18)]
    for split, part in (("train", rows[:6]), ("val", rows[6:12]), ("test", rows[12:])):
        (tmp_path / f"{split}.jsonl").write_text("\n".join(part))
    with StubServer(latency=0.05) as stub:
        model = str(ModelRef.parse(f"llamacpp/stub@{stub.base}"))
        (tmp_path / "task.toml").write_text(
            'name = "t"\nprompt = "Say yes or no."\n[data]\ntrain = "train.jsonl"\nval = "val.jsonl"\n'
            f'test = "test.jsonl"\n[models]\ntarget = "{model}"\noptimizer = "{model}"\n'
        )
        command = (sys.executable, "-m", "maieutic", "optimize", ".", "--recipe", "random-demos", "--calls", "40")
        processes = [
            await asyncio.create_subprocess_exec(*command, "--json", cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL)
            for _ in range(2)
        ]
        assert [await process.wait() for process in processes] == [0, 0]
        with closing(sqlite3.connect(tmp_path / ".maieutic" / "maieutic.db")) as base:
            answers = base.execute("SELECT count(*) FROM calls").fetchone()[0]
            runs = base.execute("SELECT count(*) FROM charges GROUP BY run").fetchall()
            leases = base.execute("SELECT count(*) FROM leases").fetchone()[0]
        assert stub.count == answers > 20
        assert runs == [(answers,), (answers,)]
        assert leases == 0
