"""The tables behind a result: its candidates with their val scores, and the examples of its claim. Plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..core.candidate import Archive
from ..core.dataset import Example
from ..core.errors import UsageError
from ..core.render import program_text
from ..core.score import Evaluation
from ..core.stats.intervals import mean_interval
from ..runtime.store import Store

Row = Mapping[str, Any]


class ResultTables(BaseModel):
    """What a saved result needs no store for.

    Attributes:
        candidates: The scoreboard, best first: id, score, low, high, n, status, operator, parents, round, prompt.
        examples: id, split, input, expected, and output with score of baseline and best.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    candidates: tuple[Row, ...] = ()
    examples: tuple[Row, ...] = ()


def read_tables(folder: Path, run: str, best: str) -> ResultTables:
    """The tables of a run. Raises UsageError where the folder has no store, or the store no such run."""
    with Store.open(folder, read_only=True) as store:
        record = store.run(run)
        listed = store.examples(record.id)
        val = [example.id for split, example in listed if split == "val"]
        candidates, evaluations = store.candidates(record.id), store.evaluations(record.id)
    archive = Archive(candidates, [evaluation for evaluation in evaluations if evaluation.split == "val"])
    if not candidates:
        return ResultTables()
    test = {split for split, _ in listed if split == "test"}
    claim = "test" if test and any(evaluation.split == "test" for evaluation in evaluations) else "val"
    sides = {"baseline": archive.baseline.id, "best": best or archive.baseline.id}
    by_key = {(evaluation.candidate, evaluation.example): evaluation for evaluation in evaluations}
    return ResultTables(
        candidates=tuple(_candidate_rows(archive, val)),
        examples=tuple(_example_row(split, example, sides, by_key) for split, example in listed if split == claim),
    )


def _candidate_rows(archive: Archive, val: Sequence[str]) -> list[dict[str, Any]]:
    rows = []
    for candidate in archive.ranked(list(archive.candidates.values()), val):
        scores = [evaluation.score for evaluation in archive.scores.row(candidate.id, val).values()]
        interval = mean_interval(scores) if scores else None
        rows.append(
            {
                "id": candidate.id,
                "score": interval.value if interval else None,
                "low": interval.low if interval else None,
                "high": interval.high if interval else None,
                "n": len(scores),
                "status": candidate.status,
                "operator": candidate.operator,
                "parents": list(candidate.parents),
                "round": candidate.round,
                "prompt": program_text(candidate.program),
            }
        )
    return rows


def _example_row(
    split: str, example: Example, sides: Mapping[str, str], by_key: Mapping[tuple[str, str], Evaluation]
) -> Row:
    row: dict[str, Any] = {
        "id": example.id,
        "split": split,
        "input": example.text,
        "expected": list(example.outputs),
    }
    for side, candidate in sides.items():
        evaluation = by_key.get((candidate, example.id))
        row |= {
            f"{side}_output": evaluation.output if evaluation else None,
            f"{side}_score": evaluation.score if evaluation else None,
        }
    return row


def to_frame(rows: Sequence[Row]) -> Any:
    """A pandas DataFrame. Raises UsageError where pandas is not installed."""
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise UsageError("to_pandas needs pandas, which is not installed", remedy="pip install pandas") from error
    return pandas.DataFrame([dict(row) for row in rows])
