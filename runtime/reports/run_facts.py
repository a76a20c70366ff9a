"""What the store holds of a run beside its report: task, data, candidates, scores, log and spending."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ...core.candidate import Candidate
from ...core.dataset import SPLITS, Example, Split
from ...core.events import Event
from ...core.report import Report
from ...core.score import Evaluation, Response
from ...core.task import Task
from ..store import MeasureRecord, RoleSpending, RunRecord, StepTally, Store
from ..store.redaction import Redactor
from .document import FileFacts

_READ_SIZE = 1 << 20  # bytes


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """A run as its store has it. All texts are as they were stored: redacted there, and escaped by the renderers.

    Attributes:
        record: The run's record.
        task: Its task.
        examples: The examples of each split, drafted ones included.
        candidates: All candidates, the baseline first.
        tallies: Val scores by candidate and step.
        results: (candidate, example) → result on the examples of the claim, of the baseline and the winner.
        events: The log.
        spending: What was paid, by role and model.
        files: The task's files as they are now; empty for a task that was made in Python, or is gone.
        measures: What measures found of the run's prompts.
        redactor: Removes keys from what the task itself says, such as an evaluator's options.
    """

    record: RunRecord
    task: Task
    examples: Mapping[Split, tuple[Example, ...]]
    candidates: tuple[Candidate, ...]
    tallies: tuple[StepTally, ...]
    results: Mapping[tuple[str, str], Evaluation | Response]
    events: tuple[Event, ...]
    spending: tuple[RoleSpending, ...]
    files: tuple[FileFacts, ...] = ()
    measures: tuple[MeasureRecord, ...] = ()
    redactor: Redactor = field(default_factory=Redactor)

    @cached_property
    def by_id(self) -> Mapping[str, Example]:
        """All examples."""
        return {example.id: example for examples in self.examples.values() for example in examples}

    @classmethod
    def read(cls, store: Store, record: RunRecord, report: Report) -> RunFacts:
        """Read a run with a report. The files of its task are hashed where they still are."""
        task = Task.model_validate_json(record.task_json)
        candidates = store.candidates(record.id)
        rows: dict[Split, list[Example]] = {split: [] for split in SPLITS}
        for split, example in store.examples(record.id):
            rows[split].append(example)
        both = {report.best.candidate, *(candidate.id for candidate in candidates[:1])}
        results: dict[tuple[str, str], Evaluation | Response] = {}
        for response in store.responses(record.id):
            if response.split == report.split:
                results[response.candidate, response.example] = response
        for name in sorted(both):
            for evaluation in store.evaluations(record.id, split=report.split, candidate=name):
                results[name, evaluation.example] = evaluation
        return cls(
            record=record,
            task=task,
            examples={split: tuple(examples) for split, examples in rows.items()},
            candidates=tuple(candidates),
            tallies=tuple(store.tallies(record.id)),
            results=results,
            events=tuple(store.events(record.id)),
            spending=tuple(store.spending_by_role(record.id)),
            files=tuple(_task_files(task.source)),
            measures=tuple(store.measures(record.id)),
            redactor=Redactor().joined_by(record.task_json),
        )


def _task_files(source: str) -> Iterator[FileFacts]:
    """The task's file and the data files that it names, where they are still there."""
    path = Path(source)
    if not source or not path.is_file():
        return
    yield _file_facts(path, path.parent)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return
    for name in dict.fromkeys(_file_names(content.get("data"))):
        file = path.parent / name
        if file.is_file():
            yield _file_facts(file, path.parent)


def _file_names(data: Any) -> Iterator[str]:
    """The texts of a `[data]` table that may be files; those that are none are left out."""
    values = data.values() if isinstance(data, Mapping) else [data]
    for value in values:
        if isinstance(value, str) and "\n" not in value and len(value) < 255:
            yield value
        elif isinstance(value, Mapping | list):
            yield from _file_names(value if isinstance(value, Mapping) else dict(enumerate(value)))


def _file_facts(path: Path, folder: Path) -> FileFacts:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_READ_SIZE):
            digest.update(block)
            size += len(block)
    name = path.relative_to(folder) if path.is_relative_to(folder) else path
    return FileFacts(path=str(name), size=size, sha256=digest.hexdigest())
