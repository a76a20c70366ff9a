"""Rows that a model writes and another asks itself about: what a task without data begins with, and what IPC adds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...core.answer import bare
from ...core.contracts import Team
from ...core.dialogue.ask import Case
from ...core.dialogue.calibrating import LabelRow, WriteBoundaryRows
from ...core.example import Split
from ...core.orders import NewRow, TaskBrief
from .rewording import CALLS_PER_ASK, about, together

SYNTHETIC = "synthesizer"
PER_ASK = 5


def calls_for(rows: int) -> int:
    """The most calls that writing and labelling so many rows may take."""
    return CALLS_PER_ASK * (-(-rows // PER_ASK) + rows)


async def drafted(
    team: Team,
    task: TaskBrief,
    prompt: str,
    count: int,
    *,
    splits: Sequence[Split],
    rows: Sequence[Case] = (),
    failures: Sequence[Case] = (),
    known: Iterable[str] = (),
) -> list[NewRow]:
    """At most `count` new rows, split by split in turn, each labelled by the judge.

    The judge sees the task and the input alone, and its answer counts: who writes a hard case may be wrong about it. A
    row that it cannot answer readably is left out; so is what repeats a known input.
    """
    said = about(task)
    asks = [
        WriteBoundaryRows(
            task=said, prompt=prompt, rows=tuple(rows), failures=tuple(failures), count=min(PER_ASK, count - at)
        )
        for at in range(0, count, PER_ASK)
    ]
    replies = await together(team.act(ask) for ask in asks)
    seen = {bare(one) for one in known}
    inputs: list[str] = []
    for case in (case for reply in replies if reply is not None for case in reply.cases):
        if bare(case.input) and bare(case.input) not in seen:
            seen.add(bare(case.input))
            inputs.append(case.input)
    inputs = inputs[:count]
    labels = await together(team.act(LabelRow(task=said, input=one)) for one in inputs)
    made: list[NewRow] = []
    for given, label in zip(inputs, labels, strict=True):
        answer = task.answer.read_answer(label.text) if label is not None else None
        if answer is not None and task.answer.accepts(answer):
            split = splits[len(made) % len(splits)]
            made.append(NewRow(split=split, input=given, output=task.answer.reference(answer), by=SYNTHETIC))
    return made
