"""Rows that a model writes and another asks itself about: what a task without data begins with, and what IPC adds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...agents.asks.boundary import LabelExample, WriteBoundaryExamples
from ...core.answer import normalize_answer
from ...core.asks import Case
from ...core.dataset import Split
from ...core.protocols import Team
from ...core.search_types import NewExample, TaskBrief
from .llm_helpers import CALLS_PER_ASK, gather_all, task_description

SYNTHESIZER = "synthesizer"
EXAMPLES_PER_ASK = 5


def max_generation_calls(rows: int) -> int:
    """The most calls that writing and labelling so many rows may take."""
    return CALLS_PER_ASK * (-(-rows // EXAMPLES_PER_ASK) + rows)


async def generate_examples(
    team: Team,
    task: TaskBrief,
    prompt: str,
    count: int,
    *,
    splits: Sequence[Split],
    rows: Sequence[Case] = (),
    failures: Sequence[Case] = (),
    known: Iterable[str] = (),
) -> list[NewExample]:
    """At most `count` new rows, split by split in turn, each labelled by the judge.

    The judge sees the task and the input alone, and its answer counts: who writes a hard case may be wrong about it. A
    row that it cannot answer readably is left out; so is what repeats a known input.
    """
    said = task_description(task)
    asks = [
        WriteBoundaryExamples(
            task=said,
            prompt=prompt,
            rows=tuple(rows),
            failures=tuple(failures),
            count=min(EXAMPLES_PER_ASK, count - at),
        )
        for at in range(0, count, EXAMPLES_PER_ASK)
    ]
    replies = await gather_all(team.act(ask) for ask in asks)
    seen = {normalize_answer(one) for one in known}
    inputs: list[str] = []
    for case in (case for reply in replies if reply is not None for case in reply.cases):
        if normalize_answer(case.input) and normalize_answer(case.input) not in seen:
            seen.add(normalize_answer(case.input))
            inputs.append(case.input)
    inputs = inputs[:count]
    labels = await gather_all(team.act(LabelExample(task=said, input=one)) for one in inputs)
    made: list[NewExample] = []
    for given, label in zip(inputs, labels, strict=True):
        answer = task.answer.read_answer(label.text) if label is not None else None
        if answer is not None and task.answer.accepts(answer):
            split = splits[len(made) % len(splits)]
            made.append(
                NewExample(split=split, input=given, output=task.answer.normalize_reference(answer), by=SYNTHESIZER)
            )
    return made
