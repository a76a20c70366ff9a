"""Methods × problems × budgets × seeds at equal target calls: one line a cell, one table.

    python -m maieutic.benchmarks.suite --problems sim:routing,sim:policy --methods auto,gepa,gepa-package \
        --calls 150,300 --seeds 0,1,2 --peers-python PEERS/bin/python --out suite.jsonl

    python -m maieutic.benchmarks.suite --data DATA --problems sentiment --target qwen@http://127.0.0.1:8001/v1 \
        --author qwen@http://127.0.0.1:8002/v1 ...

A method is a recipe, `start` (the prompt unchanged) or a package of `requirements-peers.txt`, which runs in an
environment of its own. All calls go through one proxy that counts them and ends the search at its limit; the held-out
examples are answered afterwards and counted apart. Rows are appended to `--out`, and cells that are there are not run
again. `--table` only prints.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from maieutic.testing.simulation import RuleFollowingTarget
from maieutic.testing.simulation.families import FAMILIES
from maieutic.testing.stub_server import StubServer

from .any_form import AnyFormAuthor, AnyFormTarget
from .methods import MethodJob
from .problems import AnswerScorer, Problem, load_problem
from .proxy import MeteredProxy
from .ranking import table

_KEYS = ("problem", "method", "calls", "seed", "target", "author")


async def run_cell(problem: Problem, method: str, calls: int, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """One row; a method that fails is a row with its error."""
    started = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream, models = {}, {}
        for role, given in (("target", options.target), ("author", options.author)):
            if "@" in given:
                models[role], _, upstream[role] = given.partition("@")
                continue
            family = FAMILIES[problem.family]
            model = AnyFormTarget(RuleFollowingTarget(family)) if role == "target" else AnyFormAuthor(given)
            models[role], upstream[role] = "stub", stack.enter_context(StubServer(model)).base
        scorer = AnswerScorer(problem.task(*_placeholders(upstream)))
        row: dict[str, Any] = dict(
            zip(_KEYS, (problem.name, method, calls, seed, options.target, options.author), strict=True)
        )
        async with MeteredProxy(upstream, calls, scorer) as proxy:
            job = MethodJob(
                method=method,
                problem=problem,
                calls=calls,
                seed=seed,
                models=models,
                peers_python=options.peers_python,
                folder=folder,
            )
            try:
                result = await job.run(proxy, scorer)
                row |= {"score": result.score, "prompt": result.prompt}
            except Exception as error:  # noqa: BLE001 - a package that fails is a row of the table, not the end of the suite
                row |= {"error": f"{type(error).__name__}: {error}"[-1500:]}
            row |= {
                "target_calls": proxy.calls["target", "search"],
                "author_calls": proxy.calls["author", "search"],
                "author_tokens": proxy.tokens["author", "search"],
                "refused": proxy.refused,
                "seconds": round(time.monotonic() - started, 1),
            }
    return row


def _placeholders(upstream: dict[str, str]) -> tuple[Any, Any]:
    from maieutic.core.models import ModelRef

    return ModelRef.parse(f"openai/target@{upstream['target']}"), ModelRef.parse(f"openai/author@{upstream['author']}")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", default="sim:routing")
    parser.add_argument("--methods", default="start,auto,gepa,gepa-package")
    parser.add_argument("--calls", default="300")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--target", default="simulated", help="NAME@BASE of an endpoint; simulated by default")
    parser.add_argument("--author", default="terse", help="NAME@BASE of an endpoint, or a kind of simulated author")
    parser.add_argument(
        "--data", type=Path, help="a folder with one folder a problem: train.jsonl, val.jsonl, test.jsonl"
    )
    parser.add_argument("--peers-python", default=sys.executable, help="of the environment with requirements-peers.txt")
    parser.add_argument("--out", type=Path, default=Path("suite.jsonl"))
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.out.read_text("utf-8").splitlines()] if options.out.exists() else []
    done = {tuple(row[key] for key in _KEYS) for row in rows}
    cells = itertools.product(
        options.problems.split(","),
        options.calls.split(","),
        options.seeds.split(","),
        options.methods.split(","),
    )
    for name, calls, seed, method in () if options.table else cells:
        if (name, method, int(calls), int(seed), options.target, options.author) in done:
            continue
        row = await run_cell(load_problem(name, options.data, int(seed)), method, int(calls), int(seed), options)
        rows.append(row)
        with options.out.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
        shown = {key: value for key, value in row.items() if key != "prompt"}
        print(json.dumps(shown, ensure_ascii=False), file=sys.stderr, flush=True)
    print(table(rows))


if __name__ == "__main__":
    asyncio.run(main())
