"""One step of a program as its own author sees it: its input, its output, and what became of the row in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.answer import AnswerContract
from ...core.asks import Case
from ...core.dataset import Example
from ...core.program import Program
from ...core.score import Evaluation
from ...core.search_types import TaskBrief


def step_case(example: Example, evaluation: Evaluation, slot: str = "") -> Case:
    """A row as an agent is shown it. Of an inner step nobody knows what was expected: the verdict is the feedback."""
    wanted = " | ".join(example.outputs)
    step = find_step(evaluation, slot)
    if step is None or is_last_step(evaluation, slot):
        shown = step["input"] if step else example.text
        return Case(input=shown, expected=wanted, output=evaluation.output, feedback=evaluation.feedback)
    verdict = "right" if evaluation.score >= 1 else f"wrong, expected was {wanted!r}" if wanted else "wrong"
    said = f"The final answer was {(evaluation.answer or evaluation.output)!r:.200}: {verdict}."
    return Case(
        input=step["input"],
        expected="",
        output=step["output"],
        feedback=" ".join(part for part in (said, evaluation.feedback) if part),
    )


def step_examples(train: Sequence[Example], seen: Mapping[str, Evaluation], slot: str) -> tuple[Example, ...]:
    """Rows for the step alone: what it was given, and what it should say. An inner step's output is taken for right
    where the final answer was; the last step's output is the reference."""
    made = []
    for row in train:
        evaluation = seen.get(row.id)
        step = find_step(evaluation, slot) if evaluation else None
        if evaluation is None or step is None:
            continue
        if is_last_step(evaluation, slot):
            made.append(Example(id=row.id, input=step["input"], outputs=row.outputs))
        elif evaluation.score >= 1:
            made.append(Example(id=row.id, input=step["input"], outputs=(step["output"],)))
    return tuple(made)


def step_brief(task: TaskBrief, program: Program, slot: str, *, last: bool) -> TaskBrief:
    """The task in words for whoever works on one step; what counts as an answer is the last step's matter."""
    steps = ", then ".join(program.prompts)
    told = f"{task.description.strip()} It is done in steps: {steps}. This prompt is for the step {slot!r}."
    return task.model_copy(update={"description": told, "answer": task.answer if last else AnswerContract()})


def step_names(program: Program, seen: Mapping[str, Evaluation]) -> list[str]:
    """The prompts in the order they were run; as they stand in the program where no run was told step by step."""
    told = next((one.trajectory for one in seen.values() if one.trajectory), ())
    return [step["prompt"] for step in told] or list(program.prompts)


def find_step(evaluation: Evaluation, slot: str) -> Mapping[str, str] | None:
    return next((step for step in evaluation.trajectory if slot and step["prompt"] == slot), None)


def is_last_step(evaluation: Evaluation, slot: str) -> bool:
    return bool(evaluation.trajectory) and evaluation.trajectory[-1]["prompt"] == slot
