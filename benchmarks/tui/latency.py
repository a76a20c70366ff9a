"""Frame latency, CPU and memory of the TUI: against event rate, and against the size of the archive.

`python benchmarks/tui/latency.py [--seconds 8]` prints a Markdown table. A process of its own writes the events into
a store; the UI runs headless at 120×40. First frame: `first_frame.py` in fresh processes, the median of seven, with
bytecode at hand as in an installed package. Latency: how late a 10 ms sleep
in the UI's loop returns. Events behind: how many the screen had not shown half a second after the writer ended.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from maieutic.core.budget import Budget
from maieutic.core.candidate import Candidate
from maieutic.core.dataset import Example
from maieutic.core.events import Event
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.runtime.store import RunRecord, Store
from maieutic.tui.app import MaieuticApp

RUN = "20261121-100000-bench"
RATES, SIZES, ROWS = (100, 500, 2000), (100, 1000, 5000), 40


async def build(folder: Path, candidates: int) -> None:
    """A run with so many candidates, each measured on ROWS rows."""
    with Store.open(folder) as store:
        await store.create_run(
            RunRecord(
                id=RUN, task="bench", recipe="auto", pid=psutil.Process().pid, budget_json=Budget().model_dump_json()
            )
        )
        rows = [Example(id=f"row-{n}", input=f"row {n}", outputs=("yes",)) for n in range(ROWS)]
        await store.save_examples(RUN, [("val", row) for row in rows])
        for start in range(0, candidates, 500):
            names = range(start, min(candidates, start + 500))
            made = [
                Candidate(
                    id=f"c-{n:08d}",
                    program=Program.of(f"prompt {n}"),
                    parents=(f"c-{(n - 1) // 3:08d}",) if n else (),
                    operator="phrase" if n else "start",
                    status="racing",
                    step=n,
                )
                for n in names
            ]
            await store.save_candidates(RUN, made)
            await store.save_evaluations(
                RUN,
                [
                    scored(one.id, row.id, float((n + k) % 3 > 0))
                    for n, one in zip(names, made, strict=True)
                    for k, row in enumerate(rows)
                ],
            )
            await store.append_events([born(n) for n in names if n])


def scored(candidate: str, example: str, score: float) -> Evaluation:
    return Evaluation(candidate=candidate, example=example, split="val", output="yes", answer="yes", score=score)


def born(n: int) -> Event:
    data = {"candidate": f"c-{n:08d}", "operator": "phrase", "parents": [f"c-{(n - 1) // 3:08d}"]}
    return Event(run=RUN, kind="candidate_proposed", step=n, key=f"{n}:born", data=data)


def write(folder: Path, rate: int, seconds: float) -> None:
    """So many events a second, of the kinds that a run writes most."""

    async def work() -> None:
        with Store.open(folder) as store:
            began, sent = time.monotonic(), 0
            while (now := time.monotonic() - began) < seconds:
                due = int(now * rate)
                if due > sent:
                    await store.append_events([fact(n) for n in range(sent, due)])
                    sent = due
                await asyncio.sleep(0.02)

    asyncio.run(work())


def fact(n: int) -> Event:
    kinds: list[tuple[Any, dict[str, Any]]] = [
        ("batch_finished", {"pairs": 1, "ledger": {"target_calls": n, "tokens": 90 * n}}),
        ("agent_spoke", {"role": "teacher", "skill": "questions", "text": "What would the writer tell a friend? " * 4}),
        ("request_started", {"operator": "phrase", "parents": ["c-00000000"]}),
        ("request_finished", {"operator": "phrase", "proposals": 1}),
    ]
    kind, data = kinds[n % 4]
    return Event(run=RUN, kind=kind, step=9, key=f"{time.time_ns()}:{n}", data=data)


def first_frames(folder: Path) -> list[float]:
    """Process time of seven, the least first; one more before them writes the bytecode."""
    words = [sys.executable, str(Path(__file__).with_name("first_frame.py")), str(folder), RUN]
    with tempfile.TemporaryDirectory() as kept:
        known = {name: said for name, said in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        told = [
            subprocess.run(
                words, check=True, capture_output=True, text=True, env={**known, "PYTHONPYCACHEPREFIX": kept}
            ).stdout
            for _ in range(8)
        ]
    return sorted(map(float, told[1:]))


async def measure(folder: Path, rate: int, seconds: float, first: float) -> str:
    me, late = psutil.Process(), list[float]()
    app = MaieuticApp(folder, run=RUN)
    began = time.perf_counter()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        with Store.open(folder, read_only=True) as store:
            while store.events(RUN, after=_number(app), limit=1):  # noqa: ASYNC110 - no event tells it
                await asyncio.sleep(0.02)
        opened, rss = time.perf_counter() - began, me.memory_info().rss
        words = [sys.executable, __file__, "--write", str(folder), "--rate", str(rate), "--seconds", str(seconds)]
        writer = subprocess.Popen(  # noqa: ASYNC220 - begins once, before anything is measured
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        before = app.snapshot.timeline.view.number
        while rate and app.snapshot.timeline.view.number == before:  # noqa: ASYNC110 - until the writer writes
            await asyncio.sleep(0.02)
        cpu, start, rss, before = sum(me.cpu_times()[:2]), time.perf_counter(), me.memory_info().rss, _number(app)
        while time.perf_counter() - start < seconds - 1:
            at = time.perf_counter()
            await asyncio.sleep(0.01)
            late.append(1000 * (time.perf_counter() - at - 0.01))
        took = time.perf_counter() - start
        used, shown = 100 * (sum(me.cpu_times()[:2]) - cpu) / took, (_number(app) - before) / took
        grown = (me.memory_info().rss - rss) / 1e6
        while writer.poll() is None:  # noqa: ASYNC110 - the screen goes on meanwhile
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        with Store.open(folder, read_only=True) as store:
            lag = len(store.events(RUN, after=_number(app)))
    late.sort()
    p95 = late[int(len(late) * 0.95)]
    times = f"{first:.2f} | {opened:.2f} | {median(late):.1f} | {p95:.1f} | {used:.0f} %"
    return f"| {rate} | {times} | {shown:.0f} | {rss / 1e6:.0f} | {grown:+.1f} | {lag} |"


def _number(app: MaieuticApp) -> int:
    return app.snapshot.timeline.view.number if app.snapshot is not None else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--write", type=Path, help="be the writer, into this folder")
    parser.add_argument("--rate", type=int, default=0)
    said = parser.parse_args()
    if said.write is not None:
        write(said.write, said.rate, said.seconds if said.rate else 0)
        return
    head = "first frame CPU s | all read s | median ms | p95 ms | CPU | shown/s | RSS MB | growth MB | events behind"
    sys.stdout.write(f"| candidates | evaluations | events/s | {head} |\n|{'---|' * 12}\n")
    for size in said.sizes:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(build(Path(folder), size))
            first = median(first_frames(Path(folder)))
            for rate in (0, *RATES):
                line = asyncio.run(measure(Path(folder), rate, said.seconds, first))
                sys.stdout.write(f"| {size:,} | {size * ROWS:,} {line}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
