"""The suite as a table: methods by mean rank, with the mean over seeds of each problem and a bootstrap interval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random
from statistics import mean
from typing import Any

from maieutic.benchmarks.recipe_ranks import mean_ranks

# 2,000 resamples give the ends of a 95 % interval to about half a point.
_RESAMPLES = 2000


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown: one table a budget and pair of models, best mean rank first, then the failures."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["calls"], row["target"], row["author"]].append(row)
    lines: list[str] = []
    for (calls, target, author), some in sorted(groups.items()):
        lines += [f"{calls} target calls, target {target}, author {author}:", "", *_table(some), ""]
    failed = [row for row in rows if "error" in row]
    lines += [f"- {row['method']} on {row['problem']}, seed {row['seed']}: {row['error'][-200:]}" for row in failed]
    return "\n".join(lines)


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if "score" in row:
            scores[row["problem"]][row["method"]].append(row["score"])
    if not scores:
        return ["no cell has ended with a score"]
    means = {
        problem: {method: mean(values) for method, values in methods.items()} for problem, methods in scores.items()
    }
    ranks, problems = mean_ranks(means), sorted(means)
    methods = sorted({row["method"] for row in rows}, key=lambda name: (ranks.get(name, 99.0), name))
    header = ["method", "mean rank", "mean [95 %]", *problems, "target calls", "author calls", "author tokens", "s"]
    lines = [_cells(header), "|---" * len(header) + "|"]
    for method in methods:
        own = [row for row in rows if row["method"] == method and "score" in row]
        if not own:
            continue
        values = [row["score"] for row in own]
        low, high = interval(values, Random(0))
        cells = [
            method,
            f"{ranks[method]:.2f}" if method in ranks else "–",
            f"**{mean(values):.2f}** [{low:.2f}, {high:.2f}]",
            *(f"{means[problem][method]:.2f}" if method in means[problem] else "–" for problem in problems),
            *(f"{mean(row[name] for row in own):,.0f}" for name in ("target_calls", "author_calls", "author_tokens")),
            f"{mean(row['seconds'] for row in own):.0f}",
        ]
        lines.append(_cells(cells))
    return lines


def interval(values: Sequence[float], rng: Random) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of a mean over cells (problems and seeds)."""
    means = sorted(mean(rng.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES) - 1]


def _cells(values: Sequence[str]) -> str:
    return f"| {' | '.join(values)} |"
