"""How much of a fast endpoint's speed is left after gateway, cache and store.

    python benchmarks/throughput.py [--calls 2000] [--litellm-calls 300]

A stub in a process of its own answers after 50 ms; 64 requests at once would ideally make 1,280 calls a second. Every
call is one evaluation: looked up in the cache, reserved, written down, sent, settled, durable, and its score saved.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path

from maieutic.core.budget import Budget, Ledger
from maieutic.core.candidate import Candidate
from maieutic.core.models import Call, ModelRef, Sampling
from maieutic.core.program import Program
from maieutic.core.score import Evaluation, Score
from maieutic.runtime.models.gateway import ModelClient, RunGateway
from maieutic.runtime.store import RunRecord, Store

LATENCY, CONCURRENCY = 0.05, 64
PROMPT = "Judge the review: is it positive or negative? Answer with one word.\n\nReview number {}: {}"
REVIEW = "a film that means well, looks fine and forgets, somewhere after the first hour, what it came to say. " * 2


def call(base: str, lane: str, row: int) -> Call:
    text = PROMPT.format(f"{lane}{row}", REVIEW)
    return Call(
        model=ModelRef.parse(f"openai/stub@{base}"),
        messages=({"role": "user", "content": text},),
        sampling=Sampling(max_tokens=8),
    )


async def timed(one: Callable[[int], Awaitable[None]], calls: int) -> tuple[float, float]:
    """Seconds and processor seconds, after one call that opens what is opened once."""
    await one(-1)
    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(row) for row in range(calls)))
    return time.perf_counter() - began, time.process_time() - cpu


async def bare(base: str, calls: int) -> tuple[float, float]:
    """Nothing but aiohttp: what this machine can do at all."""
    import aiohttp

    gate = asyncio.Semaphore(CONCURRENCY)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one(row: int) -> None:
            messages = list(call(base, "bare", row).messages)
            async with gate:
                async with session.post(
                    f"{base}/chat/completions", json={"model": "stub", "messages": messages}
                ) as response:
                    json.loads(await response.read())

        return await timed(one, calls)


async def through(base: str, lane: str, calls: int, folder: Path) -> tuple[float, float]:
    """The whole way, store included."""
    candidate = Candidate(id="c-1", program=Program.of(PROMPT), operator="start")
    with Store.open(folder) as store:
        await store.create_run(RunRecord(id=lane, task="throughput", recipe="none"))
        await store.save_candidates(lane, [candidate])
        async with ModelClient(transport="litellm" if lane == "litellm" else "openai_compatible") as door:
            ledger = Ledger(budget=Budget(calls=calls + 1))
            gateway = RunGateway(run=lane, store=store, ledger=ledger, client=door, concurrency=CONCURRENCY)

            async def one(row: int) -> None:
                reply = await gateway.complete(call(base, lane, row), "target")
                score = Score(value=float(reply.text == "ok"))
                made = Evaluation(
                    candidate="c-1",
                    example=f"e{row}",
                    split="val",
                    output=reply.text,
                    answer=reply.text,
                    score=score.value,
                    scores={"exact": score},
                )
                await store.save_evaluations(lane, [made])

            took = await timed(one, calls)
            assert store.ledger_sums(lane).paid["target"].calls == ledger.view().total_paid.calls == calls + 1
            return took


def measure(lane: str, calls: int) -> dict[str, float]:
    """In this process: run it in a fresh one, so that memory and imports are the lane's own."""
    command = [sys.executable, "-m", "maieutic.testing.stub", "--latency", str(LATENCY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stub, tempfile.TemporaryDirectory() as folder:
        assert stub.stdout is not None
        base = stub.stdout.readline().strip()
        try:
            work = bare(base, calls) if lane == "bare" else through(base, lane, calls, Path(folder))
            seconds, cpu = asyncio.run(work)
            with urllib.request.urlopen(base.replace("/v1", "/count")) as response:
                assert json.load(response)["count"] == calls + 1
        finally:
            stub.terminate()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"calls": calls, "rate": calls / seconds, "cpu_ms": cpu / calls * 1000, "rss_mb": memory}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--litellm-calls", type=int, default=300)
    parser.add_argument("--only", choices=("bare", "direct", "litellm"), help="this lane, as JSON")
    options = parser.parse_args()
    sizes = {"bare": options.calls, "direct": options.calls, "litellm": options.litellm_calls}
    if options.only:
        print(json.dumps(measure(options.only, sizes[options.only])))
        return
    ideal = CONCURRENCY / LATENCY
    print(f"{'lane':<10}{'calls':>7}{'calls/s':>10}{'of ideal':>10}{'CPU ms/call':>13}{'peak MB':>9}")
    for lane, calls in sizes.items():
        command = [sys.executable, __file__, "--only", lane, "--calls", str(calls), "--litellm-calls", str(calls)]
        said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        share = said["rate"] / ideal
        print(f"{lane:<10}{calls:>7}{said['rate']:>10.0f}{share:>10.2f}{said['cpu_ms']:>13.2f}{said['rss_mb']:>9.0f}")


if __name__ == "__main__":
    main()
