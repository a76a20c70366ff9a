"""`maieutic diff`, and one candidate as `show` prints it: its prompt, its changes, its outputs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .completion import complete_candidates, complete_runs
from .lookup import find_candidate, find_run_and_candidate, load_archive, open_store
from .options import DEFAULT_FOLDER, AsJson, Folder
from .output import print_diff, print_json, print_table, truncate
from .printer import echo, secho

if TYPE_CHECKING:
    from ..core.candidate import Candidate
    from ..core.dataset import Example
    from ..core.score import Evaluation
    from ..runtime.store import RunRecord, Store

# Input, expected and output share a line with split and score.
_CELL_WIDTH = 60


def diff(
    a: Annotated[
        str | None,
        typer.Argument(
            help="CANDIDATE, RUN:CANDIDATE, or RUN for its best candidate", autocompletion=complete_candidates
        ),
    ] = None,
    b: Annotated[
        str | None,
        typer.Argument(help="second prompt; its additions are marked +", autocompletion=complete_candidates),
    ] = None,
    run: Annotated[str, typer.Option(help="run of the candidates", autocompletion=complete_runs)] = "latest",
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Show the differences between two prompts.

    With one prompt: since its run's baseline. With none: from baseline to best of the last run.
    """
    from ..core.render import program_text

    with open_store(folder) as store:
        owner, second = find_run_and_candidate(store, run, b or a or "best")
        _, first = find_run_and_candidate(store, run, a) if a and b else (owner, find_candidate(store, owner, "start"))
    before, after = (program_text(candidate.program).splitlines() for candidate in (first, second))
    lines = list(difflib.unified_diff(before, after, first.id, second.id, lineterm="", n=3))
    if as_json:
        print_json({"a": first.id, "b": second.id, "diff": "\n".join(lines)})
    elif lines:
        print_diff(lines)
    else:
        echo(f"{first.id} and {second.id} have the same text")


def candidate_rows(store: Store, record: RunRecord) -> list[dict[str, Any]]:
    """Every candidate of a run as JSON, with its mean val score."""
    archive, val = load_archive(store, record)
    return [
        {
            "id": candidate.id,
            "score": archive.scores.mean(candidate.id, val),
            "n": archive.scores.count(candidate.id, val),
            "status": candidate.status,
            "operator": candidate.operator,
            "parents": list(candidate.parents),
            "round": candidate.round,
            "reason": candidate.reason,
        }
        for candidate in archive.candidates.values()
    ]


def candidate_json(store: Store, record: RunRecord, candidate: Candidate) -> dict[str, Any]:
    from ..core.render import program_text

    evaluations = store.evaluations(record.id, candidate=candidate.id)
    return {
        **_candidate_row(store, record, candidate),
        "rationale": candidate.rationale,
        "text": program_text(candidate.program),
        "program": candidate.program.parts(),
        "evaluations": [evaluation.model_dump(mode="json", exclude={"likelihoods"}) for evaluation in evaluations],
    }


def print_candidate(store: Store, record: RunRecord, candidate: Candidate, limit: int) -> None:
    """The prompt, its changes since the first parent, and its outputs by example, failures first."""
    from ..core.render import program_text

    row = _candidate_row(store, record, candidate)
    score = "not measured" if row["score"] is None else f"{row['score']:.2f} on {row['n']} val examples"
    secho(f"{candidate.id} · {candidate.status} · {score}", bold=True)
    echo(f"by {candidate.operator} in round {candidate.round}, from {', '.join(candidate.parents) or 'no parent'}")
    for note in (candidate.reason, candidate.rationale):
        if note:
            echo(note)
    secho("\nprompt", bold=True)
    text = program_text(candidate.program)
    echo(text)
    by_id = {other.id: other for other in store.candidates(record.id)}
    if parent := next((by_id[name] for name in candidate.parents if name in by_id), None):
        secho(f"\nchanges since {parent.id}", bold=True)
        before = program_text(parent.program).splitlines()
        print_diff(list(difflib.unified_diff(before, text.splitlines(), parent.id, candidate.id, lineterm="", n=1)))
    evaluations = sorted(store.evaluations(record.id, candidate=candidate.id), key=lambda evaluation: evaluation.score)
    if evaluations:
        _print_evaluations(evaluations, {example.id: example for _, example in store.examples(record.id)}, limit)


def _print_evaluations(evaluations: Sequence[Evaluation], examples: Mapping[str, Example], limit: int) -> None:
    secho("\nexamples", bold=True)
    cells = []
    for evaluation in evaluations[:limit]:
        example = examples.get(evaluation.example)
        cells.append(
            {
                "split": evaluation.split,
                "score": f"{evaluation.score:.2f}",
                "input": truncate(example.text if example else evaluation.example, _CELL_WIDTH),
                "expected": truncate(" | ".join(example.outputs) if example else "", _CELL_WIDTH),
                "output": truncate(evaluation.output, _CELL_WIDTH),
            }
        )
    print_table(cells, ["split", "score", "input", "expected", "output"], wrap=("input", "expected", "output"))
    if len(evaluations) > limit:
        echo(f"… and {len(evaluations) - limit} more (--limit)")


def _candidate_row(store: Store, record: RunRecord, candidate: Candidate) -> dict[str, Any]:
    return next(row for row in candidate_rows(store, record) if row["id"] == candidate.id)
