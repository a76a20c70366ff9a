"""What the methods of the suite optimize: simulated families and folders of examples, with one reading of answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from maieutic.benchmarks.recipes import PROMPTS
from maieutic.core.dataset import Example
from maieutic.core.models import ModelRef, Output, Reply
from maieutic.core.task import EvaluatorSpec, Models, Task
from maieutic.plugins.system.registry import Registry
from maieutic.testing.simulation import FAMILIES

Row = dict[str, str]
SIMULATED = "sim:"
# The sizes of the published comparisons: enough for a gain of ten points to be seen, small enough to be repeated.
SIZES = {"train": 40, "val": 40, "test": 100}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A prompt with its splits.

    Attributes:
        name: `sim:FAMILY`, or the folder's name.
        prompt: The prompt to start from.
        splits: train, val and test → rows with `input` and `output`.
        family: The simulated family; empty for a folder.
    """

    name: str
    prompt: str
    splits: dict[str, list[Row]]
    family: str = ""

    def task(self, target: ModelRef, optimizer: ModelRef) -> Task:
        """The problem as a task of Maieutic's."""
        models = Models(target=target, optimizer=optimizer)
        splits = {name: list(rows) for name, rows in self.splits.items()}
        if self.family:
            answer = dict(FAMILIES[self.family].answer)
            options = {"answer": answer} if answer else {}
            return Task.create(self.prompt, **splits, name=self.name.replace(":", "-"), models=models, **options)
        evaluators = (EvaluatorSpec(use="exact"),)
        return Task.create(self.prompt, **splits, name=self.name, models=models, evaluators=evaluators)


def load_problem(name: str, data: Path | None, seed: int) -> Problem:
    """A simulated family with the rows of a seed, or a folder below `data` with train, val and test files."""
    if name.startswith(SIMULATED):
        family = FAMILIES[name.removeprefix(SIMULATED)]
        splits = {split: family.examples(split, count, seed) for split, count in SIZES.items()}
        return Problem(name=name, prompt=family.prompt, splits=splits, family=family.name)
    if data is None:
        raise SystemExit(f"{name} is a folder of examples: give --data")
    splits = {split: _rows(data / name / f"{split}.jsonl")[:count] for split, count in SIZES.items()}
    return Problem(name=name, prompt=PROMPTS[name], splits=splits)


class AnswerScorer:
    """Scores an answer as the task's own evaluator does, for every method alike."""

    def __init__(self, task: Task, registry: Registry | None = None) -> None:
        self._task = task
        (spec,) = task.evaluators
        self._evaluator = (registry or Registry.load()).create("evaluator", spec.use, **spec.options)

    async def score(self, row: Row, text: str) -> tuple[float, str]:
        """The score in [0, 1], and in words what was right."""
        example = Example(input=row["input"], outputs=(row["output"],))
        answer = self._task.answer_of(example).read_answer(text)
        score = await self._evaluator.evaluate(example, Output(text=text, replies=(Reply(text=text),)), answer)
        if score.value >= 1:
            return score.value, "The answer is right."
        return score.value, f"The answer is wrong. The right answer is: {row['output']}"


def _rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
