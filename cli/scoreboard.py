"""`maieutic scoreboard` and `examples`: scores by candidate, and failures by example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .lookup import load_archive, open_store
from .options import DEFAULT_FOLDER, AsJson, Folder, Limit, RunName
from .output import format_score, print_json, print_table, truncate

if TYPE_CHECKING:
    from ..core.score import Evaluation
    from ..runtime.store import RunRecord, Store

# The input is the last column: wide enough to recognize an example.
_INPUT_WIDTH = 70


def scoreboard(
    run: RunName = "latest", limit: Limit = 20, as_json: AsJson = False, folder: Folder = DEFAULT_FOLDER
) -> None:
    """Rank the candidates by mean val score, with 95 % intervals."""
    with open_store(folder) as store:
        rows = _scoreboard_rows(store, store.run(run))
    if as_json:
        print_json(rows)
        return
    cells = [
        {
            **row,
            "score": format_score(row["score"]),
            "95 %": f"{format_score(row['low'])} to {format_score(row['high'])}",
        }
        for row in rows[:limit]
    ]
    print_table(cells, ["place", "id", "score", "95 %", "n", "status", "operator"], omit=("n", "place"))


def examples(
    run: RunName = "latest", limit: Limit = 20, as_json: AsJson = False, folder: Folder = DEFAULT_FOLDER
) -> None:
    """List train and val examples by failures, most failed first."""
    with open_store(folder) as store:
        rows = _example_rows(store, store.run(run))
    if as_json:
        print_json(rows)
        return
    cells = [
        {
            **row,
            "expected": " | ".join(row["expected"]) or "(none)",
            "failed": f"{row['failed']} of {row['n']}",
            "input": truncate(str(row["input"]), _INPUT_WIDTH),
        }
        for row in rows[:limit]
    ]
    print_table(cells, ["id", "split", "failed", "unreadable", "expected", "input"], omit=("unreadable",))


def _scoreboard_rows(store: Store, record: RunRecord) -> list[dict[str, Any]]:
    from ..core.stats.intervals import mean_interval

    archive, val = load_archive(store, record)
    ranked = archive.ranked(list(archive.candidates.values()), val)
    rows = []
    for place, candidate in enumerate(ranked, 1):
        evaluations = archive.scores.row(candidate.id, val).values()
        scores = [evaluation.score for evaluation in evaluations]
        interval = mean_interval(scores) if scores else None
        rows.append(
            {
                "place": place,
                "id": candidate.id,
                "score": interval.value if interval else None,
                "low": interval.low if interval else None,
                "high": interval.high if interval else None,
                "n": len(scores),
                "unreadable": sum(evaluation.failure == "format" for evaluation in evaluations),
                "status": candidate.status,
                "operator": candidate.operator,
                "parents": list(candidate.parents),
            }
        )
    return rows


def _example_rows(store: Store, record: RunRecord) -> list[dict[str, Any]]:
    """Each failure with its candidate and output, so that a person can check the label."""
    by_example: dict[str, list[Evaluation]] = {}
    for evaluation in store.evaluations(record.id):
        by_example.setdefault(evaluation.example, []).append(evaluation)
    rows = []
    for split, example in store.examples(record.id):
        if split not in ("train", "val"):
            continue
        evaluations = by_example.get(example.id, [])
        failures = [
            {
                "candidate": evaluation.candidate,
                "output": evaluation.output,
                "score": evaluation.score,
                "failure": evaluation.failure,
            }
            for evaluation in evaluations
            if evaluation.score < 1.0
        ]
        rows.append(
            {
                "id": example.id,
                "split": split,
                "input": example.input,
                "expected": list(example.outputs),
                "n": len(evaluations),
                "failed": len(failures),
                "unreadable": sum(failure["failure"] == "format" for failure in failures),
                "mean": sum(evaluation.score for evaluation in evaluations) / len(evaluations) if evaluations else None,
                "failures": failures,
            }
        )
    return sorted(rows, key=lambda row: (-row["failed"], row["split"], row["id"]))
