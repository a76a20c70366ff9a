"""A step of a pipeline as the optimizer sees it: its input, its output, and the program's final result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.answer import AnswerContract
from ...core.asks import Case
from ...core.dataset import Example
from ...core.program import Program
from ...core.score import Evaluation
from ...core.search_types import TaskBrief
from ...core.trace import trace_text


def step_case(example: Example, evaluation: Evaluation, slot: str = "", *, steps: bool = False) -> Case:
    """An example as an agent reads it. Nobody knows what an inner step should have said: the feedback is whether the
    final answer was right. steps: whether all prompts' inputs and outputs are the trace where the target has none."""
    expected = " | ".join(example.outputs)
    step = find_step(evaluation, slot)
    if step is None or is_last_step(evaluation, slot):
        step_input = step["input"] if step else example.text
        return Case(
            input=step_input,
            expected=expected,
            output=evaluation.output,
            feedback=evaluation.feedback,
            trace=trace_text(evaluation.trace, slot) or (steps_text(evaluation) if steps else ""),
        )
    verdict = "right" if evaluation.score >= 1 else f"wrong, expected was {expected!r}" if expected else "wrong"
    final = f"The final answer was {(evaluation.answer or evaluation.output)!r}: {verdict}."
    return Case(
        input=step["input"],
        expected="",
        output=step["output"],
        feedback=" ".join(part for part in (final, evaluation.feedback) if part),
        trace=trace_text(evaluation.trace, slot) or (steps_text(evaluation) if steps else ""),
    )


def steps_text(evaluation: Evaluation) -> str:
    """All steps of a run, in order, with what each got and gave; empty where the output itself shows them."""
    steps = evaluation.trajectory
    if len(steps) < 2 or all(step["output"] in evaluation.output for step in steps):
        return ""
    return "\n".join(
        f"({number}) {step['prompt']}\n    in: {step['input'].strip()}\n    out: {step['output'].strip()}"
        for number, step in enumerate(steps, 1)
    )


def step_examples(train: Sequence[Example], evaluations: Mapping[str, Evaluation], slot: str) -> tuple[Example, ...]:
    """Examples for one step: its input, and what it should say. An inner step's output counts as right where the final
    answer was; the last step's reference is the example's own."""
    examples = []
    for row in train:
        evaluation = evaluations.get(row.id)
        step = find_step(evaluation, slot) if evaluation else None
        if evaluation is None or step is None:
            continue
        if is_last_step(evaluation, slot):
            examples.append(Example(id=row.id, input=step["input"], outputs=row.outputs))
        elif evaluation.score >= 1:
            examples.append(Example(id=row.id, input=step["input"], outputs=(step["output"],)))
    return tuple(examples)


def step_brief(task: TaskBrief, program: Program, slot: str, *, last: bool) -> TaskBrief:
    """The task in words for whoever works on one step; the answer contract concerns the last step alone."""
    steps = ", then ".join(program.prompts)
    if any(prompt.kind != "prose" for prompt in program.prompts.values()):
        parts = ", ".join(program.prompts)
        description = f"{task.description.strip()} It works with these parts: {parts}. This is the part {slot!r}."
        return task.model_copy(update={"description": description.strip()})
    description = f"{task.description.strip()} It is done in steps: {steps}. This prompt is for the step {slot!r}."
    return task.model_copy(update={"description": description, "answer": task.answer if last else AnswerContract()})


def step_names(program: Program, evaluations: Mapping[str, Evaluation]) -> list[str]:
    """The prompts in the order they ran; in the program's order where no run recorded its steps."""
    trajectory = next((evaluation.trajectory for evaluation in evaluations.values() if evaluation.trajectory), ())
    return [step["prompt"] for step in trajectory] or list(program.prompts)


def find_step(evaluation: Evaluation, slot: str) -> Mapping[str, str] | None:
    return next((step for step in evaluation.trajectory if slot and step["prompt"] == slot), None)


def is_last_step(evaluation: Evaluation, slot: str) -> bool:
    return bool(evaluation.trajectory) and evaluation.trajectory[-1]["prompt"] == slot
