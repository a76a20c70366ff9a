"""Recipes side by side on equal calls: start, best on val, sealed test with interval, cost.

    python -m maieutic.benchmarks.recipes DATA --tasks sentiment,larger_animal --recipes auto,random-demos \
        --calls 300,600 --seeds 0,1,2 [--target M] [--optimizer M] [--minutes N] [--labels] --out results.jsonl

DATA is a folder with one folder a task (train.jsonl, val.jsonl, test.jsonl). `--calls` counts calls of the target while
it searches; the sealed test comes on top. Runs of a task share a store beside `--out`: an answer is paid for once but
counts in every run that uses it, so results do not depend on what ran before; only the seconds do. Rows are appended to
`--out`, and rows that are there are not run again. `--table` only prints what is there.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

from maieutic.benchmarks.recipe_ranks import table
from maieutic.core.budget import Budget, Cost
from maieutic.core.models import EMBEDDED, ModelRef
from maieutic.core.task import Models, Task
from maieutic.graphs.api import aoptimize
from maieutic.runtime.store import Store
from maieutic.runtime.tasks.loader import load_task

PROMPTS = {
    "sentiment": "Determine whether a movie review is positive or negative.",
    "larger_animal": "Write the larger of the two animals.",
    "singular_to_plural": "Write the plural form of the word.",
    "antonyms": "Write a word that means the opposite.",
    "first_word_letter": "Write the first letter of the word.",
}


def answer_of(folder: Path) -> str:
    """The references as labels, each read wherever an answer names it and no other; else the whole answer counts."""
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    return f'[answer]\ntype = "label"\nlabels = {json.dumps(sorted({row["output"] for row in rows}))}\n'


def task_of(folder: Path, models: Models, *, labels: bool = False) -> Task:
    prompt = PROMPTS.get(folder.name, f"Solve the task: {folder.name.replace('_', ' ')}.")
    with tempfile.TemporaryDirectory() as made:
        files = "\n".join(f'{split} = "{(folder / split).resolve()}.jsonl"' for split in ("train", "val", "test"))
        text = f'name = "{folder.name}"\nprompt = "{prompt}"\n[data]\n{files}\n[[evaluators]]\nuse = "exact"\n'
        text += answer_of(folder) if labels else ""
        (Path(made) / "task.toml").write_text(text, encoding="utf-8")
        return load_task(made).model_copy(update={"models": models, "source": ""})


async def one(task: Task, recipe: str, calls: int, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    began = time.monotonic()
    folder = options.out.with_suffix("") / task.name
    result = await aoptimize(
        task,
        recipe=recipe,
        budget=Budget(target_calls=calls, minutes=options.minutes),
        seed=seed,
        concurrency=options.concurrency,
        folder=folder,
        settings=dict(pair.split("=", 1) for pair in options.set),
    )
    with Store.open(folder, read_only=True) as store:
        events = store.events(result.run)
        chosen = [one.score for one in store.evaluations(result.run, split="val", candidate=result.candidate)]
        authors = store.ledger_sums(result.run).used.get("optimizer", Cost())
    report = result.report
    assert report is not None
    kinds = [event.kind for event in events]
    spoke, unread = kinds.count("agent_spoke"), kinds.count("answer_unreadable")
    return {
        "task": task.name,
        "recipe": recipe,
        "budget": calls,
        "seed": seed,
        "optimizer": task.models.optimizer.id,
        "settings": options.set,
        "start": report.start.score,
        "val": mean(chosen) if chosen else None,
        "val_rows": len(chosen),
        "test": report.best.score,
        "low": report.difference.low,
        "high": report.difference.high,
        "p": report.difference.p,
        "verdict": report.verdict,
        "target_calls": report.calls.target,
        "author_calls": report.calls.optimizer,
        "author_tokens": authors.tokens,
        "tokens": report.tokens,
        "seconds": round(time.monotonic() - began, 1),
        "asks": spoke + unread,
        "read": spoke,
        "candidates": report.tried,
        "ending": next(event.data["reason"] for event in reversed(events) if event.kind == "run_finished"),
        "prompt": report.prompt.best,
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--tasks", default="sentiment,larger_animal,singular_to_plural")
    parser.add_argument("--recipes", default="auto,random-demos")
    parser.add_argument("--calls", default="300")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--target", default=EMBEDDED)
    parser.add_argument("--optimizer", default=EMBEDDED)
    parser.add_argument("--minutes", type=float, default=None)
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--labels", action="store_true", help="an answer may be a sentence that names one label")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--out", type=Path, default=Path("recipes.jsonl"))
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.out.read_text().splitlines()] if options.out.exists() else []
    done = {(row["task"], row["recipe"], row["budget"], row["seed"]) for row in rows}
    models = Models(target=ModelRef.parse(options.target), optimizer=ModelRef.parse(options.optimizer))
    wanted = itertools.product(
        options.seeds.split(","), options.tasks.split(","), options.calls.split(","), options.recipes.split(",")
    )
    for seed, task, calls, recipe in wanted if not options.table else ():
        if (task, recipe, int(calls), int(seed)) in done:
            continue
        row = await one(
            task_of(options.data / task, models, labels=options.labels), recipe, int(calls), int(seed), options
        )
        rows.append(row)
        with options.out.open("a") as out:
            out.write(json.dumps(row) + "\n")
        shown = {key: value for key, value in row.items() if key not in ("prompt", "settings")}
        print(json.dumps(shown), file=sys.stderr, flush=True)
    print(table(rows))


if __name__ == "__main__":
    asyncio.run(main())
