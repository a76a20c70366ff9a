"""One long run against stubs: speed at its end beside that at its start, and memory and files for each call.

    python benchmarks/soak.py [--calls 50000] [--minutes 30] [--recipe evoprompt] [--rows 60]

The two endpoints answer at once from a process of their own. The run is sampled at each batch; the first and the last
fifth of its calls are compared. The first 500 calls, in which libraries are imported and tables made, are left out.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from maieutic.core.budget import Budget
from maieutic.core.events import Event
from maieutic.core.models import ModelRef
from maieutic.core.task import Models, Task
from maieutic.graphs.api import aoptimize
from maieutic.testing.simulated_models import SimulatedOptimizer, SimulatedTarget, true_label
from maieutic.testing.stub_server import StubServer

WARM_UP_CALLS = 500


@dataclass(frozen=True, kw_only=True)
class Sample:
    """seconds: since the start. calls: that are paid. rss, files: bytes. handles: open files and sockets."""

    seconds: float
    calls: int
    rss: int
    files: int
    handles: int


@dataclass(kw_only=True)
class Recorder:
    folder: Path
    samples: list[Sample] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _process: psutil.Process = field(default_factory=psutil.Process)

    def listen(self, event: Event) -> None:
        """Take a sample of each batch, and say now and then how far the run is."""
        ledger = event.data.get("ledger")
        if event.kind != "batch_finished" or not ledger:
            return
        sample = Sample(
            seconds=time.monotonic() - self._began,
            calls=ledger["paid"],
            rss=self._process.memory_info().rss,
            files=sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file()),
            handles=self._process.num_fds(),
        )
        if not self.samples or sample.calls // 5_000 > self.samples[-1].calls // 5_000:
            rate = sample.calls / sample.seconds
            print(f"{sample.calls:>7} calls, {sample.seconds:6.0f} s, {rate:5.0f}/s on average, {sample.rss >> 20} MB")
        self.samples.append(sample)

    def part(self, first: float, last: float) -> tuple[Sample, Sample]:
        """The samples nearest to two shares of the calls after the warm-up."""
        total = self.samples[-1].calls - WARM_UP_CALLS
        return (self._nearest(WARM_UP_CALLS + first * total), self._nearest(WARM_UP_CALLS + last * total))

    def _nearest(self, calls: float) -> Sample:
        return min(self.samples, key=lambda sample: abs(sample.calls - calls))


def serve() -> None:
    """The endpoints: prints their addresses, and ends with its standard input."""
    with StubServer(SimulatedTarget()) as target, StubServer(SimulatedOptimizer()) as optimizer:
        target.keep_bodies = optimizer.keep_bodies = False
        print(target.base, optimizer.base, flush=True)
        sys.stdin.read()
        print(target.count + optimizer.count, flush=True)


def examples(split: str, count: int) -> list[dict[str, str]]:
    inputs = [f"{split} word {number}" for number in range(count)]
    return [{"input": text, "output": true_label(text)} for text in inputs]


async def soak(bases: list[str], options: argparse.Namespace, folder: Path) -> Recorder:
    target, optimizer = (ModelRef.parse(f"openai/stub@{base}") for base in bases)
    splits = {split: examples(split, options.rows) for split in ("train", "val", "test")}
    task = Task.create("Say red or blue.", **splits, models=Models(target=target, optimizer=optimizer), name="soak")
    recorder = Recorder(folder=folder)
    budget = Budget(calls=options.calls, minutes=options.minutes)
    settings = {"rounds": "100000"}
    result = await aoptimize(
        task, recipe=options.recipe, budget=budget, folder=folder, settings=settings, listen=recorder.listen
    )
    print(f"the run ended as {result.state}")
    return recorder


def print_result(recorder: Recorder, counted: int) -> None:
    (start, start_end), (late, end) = recorder.part(0.0, 0.2), recorder.part(0.8, 1.0)

    def rate(first: Sample, last: Sample) -> float:
        return (last.calls - first.calls) / max(1e-9, last.seconds - first.seconds)

    first, last = rate(start, start_end), rate(late, end)
    print(f"calls: {end.calls} paid by the ledger's last batch, {counted} counted by the endpoints")
    print(f"speed: {first:.0f}/s in the first fifth, {last:.0f}/s in the last: {last / first:.2f}")
    for name, scale, unit in (("rss", 1024, "KB"), ("files", 1024, "KB")):
        grown = [
            (getattr(b, name) - getattr(a, name)) / max(1, b.calls - a.calls) / scale
            for a, b in ((start, start_end), (late, end))
        ]
        print(f"{name}: {grown[0]:.2f} {unit} a call in the first fifth, {grown[1]:.2f} in the last")
    print(
        f"rss: {start.rss >> 20} MB at the start, {end.rss >> 20} MB at the end; handles {start.handles}, {end.handles}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=50_000)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--recipe", default="evoprompt")
    parser.add_argument("--rows", type=int, default=60, help="examples of each split")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    command = [sys.executable, __file__, "--serve"]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stubs,
        tempfile.TemporaryDirectory() as folder,
    ):
        assert stubs.stdout is not None
        bases = stubs.stdout.readline().split()
        os.environ.setdefault("OPENAI_API_KEY", "none")
        recorder = asyncio.run(soak(bases, options, Path(folder)))
        counted = int(stubs.communicate("")[0])
        print_result(recorder, counted)


if __name__ == "__main__":
    main()
