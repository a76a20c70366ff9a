"""How runs of recipes are shown: a table a task, best first, and the mean rank over the tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import mean
from typing import Any

from maieutic.graphs.state import BUDGET_SPENT, TIME_UP

COLUMNS = (
    "recipe",
    "val (rows)",
    "sealed test, gain [95 %]",
    "target calls",
    "author calls (read)",
    "author tokens",
    "tokens",
    "s",
    "ended by",
)
_ENDED_BY = {BUDGET_SPENT: "calls", TIME_UP: "time"}


def mean_ranks(scores: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Mean rank over tasks, of the recipes that ran on every one: 1 is best, ties share their places.

    scores: task → recipe → score, more is better.
    """
    everywhere = set.intersection(*(set(some) for some in scores.values()))
    places: dict[str, list[float]] = defaultdict(list)
    for some in scores.values():
        field = [some[recipe] for recipe in everywhere]
        for recipe in everywhere:
            ahead, level = sum(s > some[recipe] for s in field), field.count(some[recipe])
            places[recipe].append(ahead + (level + 1) / 2)
    return {recipe: mean(some) for recipe, some in sorted(places.items(), key=lambda item: (mean(item[1]), item[0]))}


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: for each task and budget a table, best first, the mean over seeds; then mean ranks over the tasks."""
    lines: list[str] = []
    by_budget: dict[int, dict[str, dict[str, float]]] = defaultdict(dict)
    for (task, budget), some in _grouped(rows, "task", "budget"):
        lines += [
            f"`{task}`, {budget} calls, the start at {mean(row['start'] for row in some):.2f}:",
            "",
            _cells(COLUMNS),
            "|---" * len(COLUMNS) + "|",
        ]
        seeds = {recipe: runs for (recipe,), runs in _grouped(some, "recipe")}
        scores = {recipe: mean(row["test"] for row in runs) for recipe, runs in seeds.items()}
        lines += [_line(recipe, seeds[recipe]) for recipe in sorted(scores, key=lambda name: (-scores[name], name))]
        lines.append("")
        by_budget[budget][task] = scores
    for budget, scores_by_task in sorted(by_budget.items()):
        places = "; ".join(f"{recipe} {place:.3g}" for recipe, place in mean_ranks(scores_by_task).items())
        lines.append(f"Mean rank at {budget} calls over {len(scores_by_task)} tasks: {places}.")
    return "\n".join(lines)


def _line(recipe: str, seeds: list[dict[str, Any]]) -> str:
    seeds = sorted(seeds, key=lambda row: row["seed"])
    vals = [row["val"] for row in seeds if row["val"] is not None]
    val = f"{mean(vals):.2f} ({mean(row['val_rows'] for row in seeds):.0f})" if vals else "–"
    scores = " ".join(f"{row['test']:.2f}" for row in seeds)
    score = f"**{mean(row['test'] for row in seeds):.2f}**" + (f" ({scores})" if len(seeds) > 1 else "")
    gains = "; ".join(f"[{row['low']:+.2f}, {row['high']:+.2f}]" for row in seeds)
    read = f"{sum(row['read'] for row in seeds)}/{sum(row['asks'] for row in seeds)}"
    calls, authors, author_tokens, tokens, seconds = (
        mean(row[name] for row in seeds)
        for name in ("target_calls", "author_calls", "author_tokens", "tokens", "seconds")
    )
    return _cells(
        (
            recipe,
            val,
            f"{score} {gains}",
            f"{calls:.0f}",
            f"{authors:.0f} ({read})",
            f"{author_tokens:,.0f}",
            f"{tokens:,.0f}",
            f"{seconds:.0f}",
            ", ".join(sorted({_ENDED_BY.get(row["ending"], "itself") for row in seeds})),
        )
    )


def _cells(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _grouped(rows: list[dict[str, Any]], *names: str) -> list[tuple[tuple[Any, ...], list[dict[str, Any]]]]:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return sorted(groups.items())
