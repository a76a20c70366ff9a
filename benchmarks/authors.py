"""Recipes that write instructions × kinds of authors × task families, on simulated models: what an author's text gains.

    python -m maieutic.benchmarks.authors [--recipes gepa,protegi] [--authors terse,long] [--families routing] \
        [--calls 300] [--seed 0] [--cases 6] [--set operators=demos,reflect] [--out authors.jsonl]

All authors find the same rules in the same evidence and write them in different styles
(`maieutic.testing.simulation`). Where one kind ends below the terse one, its text was dropped, cut or misread on the
way. `--calls` counts calls of the target while it searches. Rows are appended to `--out`, and rows that are there are
not run again. `--cases` has the author take note of so many cases a question, so that one question is not enough;
`--set` changes the recipe, as for `maieutic optimize`. `--table` only prints.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from maieutic.core.budget import Budget
from maieutic.core.models import ModelRef
from maieutic.core.recipe import Recipe
from maieutic.graphs.api import aoptimize
from maieutic.graphs.recipe_loader import all_recipes
from maieutic.plugins.system.registry import Registry
from maieutic.runtime.store import Store
from maieutic.testing.simulation import AUTHORS, FAMILIES, RuleFollowingTarget, RuleWritingAuthor, TaskFamily
from maieutic.testing.stub_server import StubServer

# They call an author for rationales of examples, not for instructions.
_WITHOUT_INSTRUCTIONS = frozenset({"medprompt"})
_MINUTES = 5.0


def instruction_recipes(registry: Registry) -> list[str]:
    """The recipes whose operators ask an author for prompts.

    Left out are those that need losses, which no simulated model gives, and those for descriptions of tools.
    """
    return [
        recipe.name
        for recipe in all_recipes(registry)
        if recipe.name not in _WITHOUT_INSTRUCTIONS
        and recipe.needs.isdisjoint({"logprobs", "schema"})
        and _asks(recipe, registry)
    ]


def _asks(recipe: Recipe, registry: Registry) -> bool:
    return any(registry.create("operator", part.use, **part.options).calls > 0 for part in recipe.operators)


async def run_author(
    recipe: str,
    kind: str,
    family: TaskFamily,
    *,
    calls: int = 300,
    seed: int = 0,
    folder: Path | None = None,
    cases: int | None = None,
    settings: Mapping[str, str] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """One run: start and best score on the held-out test, and what became of the author's candidates.

    cases: that the author takes note of in a question. settings: of the recipe. fields: of `TaskFamily.task`.
    """
    with (
        StubServer(RuleFollowingTarget(family)) as target,
        StubServer(RuleWritingAuthor(kind, cases)) as author,
        tempfile.TemporaryDirectory() as temporary,
    ):
        models = [ModelRef.parse(f"openai/stub@{stub.base}") for stub in (target, author)]
        result = await aoptimize(
            family.task(*models, **fields),
            recipe=recipe,
            budget=Budget(target_calls=calls, minutes=_MINUTES),
            seed=seed,
            settings=settings,
            folder=folder or Path(temporary),
            run="r",
        )
        with Store.open(folder or Path(temporary), read_only=True) as store:
            events, candidates = store.events("r"), store.candidates("r")
        questions = author.count
    refusals = Counter(str(event.data.get("reason", "")) for event in events if event.kind == "candidate_rejected")
    entered = [one for one in candidates if one.status != "rejected" and one.operator not in ("", "baseline", "start")]
    report = result.report
    return {
        "recipe": recipe,
        "author": kind,
        "family": family.name,
        "calls": calls,
        "seed": seed,
        "cases": cases,
        "set": dict(settings or {}),
        "start": report.start.score if report else None,
        "best": report.best.score if report else None,
        "entered": len(entered),
        "questions": questions,
        "used": max(
            (event.data["ledger"]["target_calls"] for event in events if event.kind == "round_finished"), default=0
        ),
        "ending": next((event.data["reason"] for event in reversed(events) if event.kind == "run_finished"), ""),
        "seconds": round(report.seconds, 1) if report else None,
        "unread": sum(event.kind == "answer_unreadable" for event in events),
        "refused": dict(refusals),
        "verdict": report.verdict if report else "no report",
        "prompt": report.prompt.best if report else "",
    }


def table(rows: Iterable[dict[str, Any]]) -> str:
    """One line a run, with the distance to the terse author of the same recipe and family."""
    rows = sorted(rows, key=lambda row: (row["family"], row["recipe"], AUTHORS.index(row["author"])))
    terse = {(row["recipe"], row["family"]): row.get("best") for row in rows if row["author"] == "terse"}
    lines = [
        "| family | recipe | author | start | best | to terse | entered | unread | refused |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if "error" in row:
            lines.append(
                f"| {row['family']} | {row['recipe']} | {row['author']} | – | – | – | – | – | {row['error']} |"
            )
            continue
        beside = terse.get((row["recipe"], row["family"]))
        distance = f"{row['best'] - beside:+.2f}" if beside is not None and row["best"] is not None else "–"
        refused = ", ".join(f"{count} × {reason}" for reason, count in row["refused"].items())
        lines.append(
            f"| {row['family']} | {row['recipe']} | {row['author']} | {_score(row['start'])} | {_score(row['best'])} "
            f"| {distance} | {row['entered']} | {row['unread']} | {refused} |"
        )
    return "\n".join(lines)


def _score(score: float | None) -> str:
    return "–" if score is None else f"{score:.2f}"


async def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", default="")
    parser.add_argument("--authors", default=",".join(AUTHORS))
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--out", type=Path, default=Path("authors.jsonl"))
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args(arguments)
    names = options.recipes.split(",") if options.recipes else instruction_recipes(Registry.load())
    rows = [json.loads(line) for line in options.out.read_text("utf-8").splitlines()] if options.out.exists() else []
    keys = ("recipe", "author", "family", "calls", "seed")
    changed = {"cases": options.cases, "set": dict(pair.split("=", 1) for pair in options.set)}
    rows = [row for row in rows if all(row.get(key) == value for key, value in changed.items())]
    done = {tuple(row[key] for key in keys) for row in rows}
    wanted = [
        (recipe, kind, family, options.calls, options.seed)
        for family in options.families.split(",")
        for recipe in names
        for kind in options.authors.split(",")
    ]
    for place in wanted if not options.table else ():
        if place in done:
            continue
        recipe, kind, family, calls, seed = place
        try:
            row = await run_author(
                recipe,
                kind,
                FAMILIES[family],
                calls=calls,
                seed=seed,
                cases=options.cases,
                settings=changed["set"],
            )
        except Exception as error:  # noqa: BLE001 - one run that fails is a row of the table
            row = {**dict(zip(keys, place, strict=True)), **changed, "error": f"{type(error).__name__}: {error}"[:200]}
        rows.append(row)
        with options.out.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
        short = {key: value for key, value in row.items() if key != "prompt"}
        print(json.dumps(short, ensure_ascii=False), file=sys.stderr, flush=True)
    sys.stdout.write(f"{table(row for row in rows if row['calls'] == options.calls)}\n")


if __name__ == "__main__":
    asyncio.run(main())
