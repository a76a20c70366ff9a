"""One run and one candidate, for eyes and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from ..runtime.monitor.process import is_run_alive
from .progress import summary_pairs
from .runs import display_state, load_archive
from .tables import print_diff, print_table

if TYPE_CHECKING:
    from ..core.candidate import Candidate
    from ..runtime.monitor.run_view import RunView
    from ..runtime.store import RunRecord, Store

_MAX_CELL = 60


def run_json(store: Store, record: RunRecord) -> dict[str, Any]:
    """The run, its account and every candidate."""
    from ..core.budget import Cost

    used, alive = store.ledger_sums(record.id).used, is_run_alive(record)
    return {
        "id": record.id,
        "task": record.task,
        "recipe": record.recipe,
        "seed": record.seed,
        "state": display_state(record, alive=alive),
        "alive": alive,
        "best": record.best,
        "best_score": record.best_score,
        "started": record.started,
        "finished": record.finished,
        "source": record.source,
        "calls": {payer: used.get(payer, Cost()).calls for payer in ("target", "optimizer")},
        "tokens": sum(cost.tokens for cost in used.values()),
        "usd": sum(cost.usd for cost in used.values()),
        "candidates": _candidate_rows(store, record),
    }


def print_run(store: Store, record: RunRecord, limit: int) -> None:
    view = _current_view(store, record)
    rows = _candidate_rows(store, record)
    typer.secho(f"{record.task} · {display_state(record, alive=is_run_alive(record))}", bold=True)
    for name, value in summary_pairs(view):
        typer.echo(f"{name:<11} {value}")
    shown = sorted(rows, key=lambda row: (row["score"] is None, -(row["score"] or 0.0)))[:limit]
    typer.echo()
    cells = [{**row, "score": "" if row["score"] is None else f"{row['score']:.2f}"} for row in shown]
    print_table(cells, ["id", "score", "n", "status", "operator", "round", "reason"])
    if len(rows) > len(shown):
        typer.echo(f"… and {len(rows) - len(shown)} more (--limit)")


def candidate_json(store: Store, record: RunRecord, one: Candidate) -> dict[str, Any]:
    from ..core.render import program_text

    evaluations = store.evaluations(record.id, candidate=one.id)
    row = next(row for row in _candidate_rows(store, record) if row["id"] == one.id)
    return {
        **row,
        "rationale": one.rationale,
        "text": program_text(one.program),
        "program": one.program.parts(),
        "evaluations": [evaluation.model_dump(mode="json", exclude={"likelihoods"}) for evaluation in evaluations],
    }


def print_candidate(store: Store, record: RunRecord, one: Candidate, limit: int) -> None:
    """The prompt, what changed since its first parent, and how it did row by row, failures first."""
    import difflib

    from ..core.render import program_text

    row = next(row for row in _candidate_rows(store, record) if row["id"] == one.id)
    score = "not measured" if row["score"] is None else f"{row['score']:.2f} on {row['n']} val rows"
    typer.secho(f"{one.id} · {one.status} · {score}", bold=True)
    typer.echo(f"by {one.operator} in round {one.round}, from {', '.join(one.parents) or 'nobody'}")
    for note in (one.reason, one.rationale):
        if note:
            typer.echo(note)
    typer.secho("\nprompt", bold=True)
    text = program_text(one.program)
    typer.echo(text)
    known = {other.id: other for other in store.candidates(record.id)}
    if parent := next((known[name] for name in one.parents if name in known), None):
        typer.secho(f"\nchanged since {parent.id}", bold=True)
        before = program_text(parent.program).splitlines()
        print_diff(list(difflib.unified_diff(before, text.splitlines(), parent.id, one.id, lineterm="", n=1)))
    examples = {example.id: example for _, example in store.examples(record.id)}
    rows = sorted(store.evaluations(record.id, candidate=one.id), key=lambda evaluation: evaluation.score)
    if not rows:
        return
    typer.secho("\nrows", bold=True)
    cells = [
        {
            "split": evaluation.split,
            "score": f"{evaluation.score:.2f}",
            "input": _truncate(
                examples[evaluation.example].text if evaluation.example in examples else evaluation.example
            ),
            "expected": _truncate(
                " | ".join(examples[evaluation.example].outputs) if evaluation.example in examples else ""
            ),
            "output": _truncate(evaluation.output),
        }
        for evaluation in rows[:limit]
    ]
    print_table(cells, ["split", "score", "input", "expected", "output"])
    if len(rows) > limit:
        typer.echo(f"… and {len(rows) - limit} more (--limit)")


def _current_view(store: Store, record: RunRecord) -> RunView:
    """The log with what was spent and how the best and the baseline score now; the log has older numbers."""
    from ..runtime.monitor.snapshot import LiveSource

    return LiveSource(store, record.id).read_all().view


def _candidate_rows(store: Store, record: RunRecord) -> list[dict[str, Any]]:
    archive, val = load_archive(store, record)
    return [
        {
            "id": one.id,
            "score": archive.scores.mean(one.id, val),
            "n": archive.scores.count(one.id, val),
            "status": one.status,
            "operator": one.operator,
            "parents": list(one.parents),
            "round": one.round,
            "reason": one.reason,
        }
        for one in archive.candidates.values()
    ]


def _truncate(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= _MAX_CELL else f"{said[: _MAX_CELL - 1]}…"
