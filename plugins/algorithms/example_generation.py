"""Generated examples: a model writes inputs, another labels them. For tasks without data, and for IPC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...agents.asks.replies import CasesReply, TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.dataset import Split
from ...core.label_reader import normalize_answer
from ...core.protocols import Team
from ...core.search_types import NewExample, TaskBrief
from .llm_helpers import gather_all, task_description


class WriteBoundaryExamples(Ask[CasesReply]):
    """Inputs that are hard to answer: near the border between answers, rare, or unlike the existing ones."""

    role = "synthesizer"
    skill = "boundary"
    reply = CasesReply
    reads = {"rows": "rows", "failures": "errors"}
    task: str
    prompt: str
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()
    count: int = 5


class LabelExample(Ask[TextReply]):
    """The right answer to an input, by the task only: no candidate's prompt is shown."""

    role = "judge"
    skill = "label"
    reply = TextReply
    task: str
    input: str


SYNTHESIZER = "synthesizer"
# Weak models repeat themselves in longer lists.
EXAMPLES_PER_ASK = 5


def max_generation_calls(rows: int) -> int:
    """The most calls that writing and labeling so many examples may take."""
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
    known_inputs: Iterable[str] = (),
) -> list[NewExample]:
    """Generate at most `count` examples, split by split in turn, each labeled by the judge.

    The judge sees only the task and the input, and its answer counts: a writer of hard cases may be wrong about them.
    An input without a parsable answer is left out, and so is a repetition of a known input.

    Args:
        splits: Splits that the new examples go to, in turn.
        rows: Examples shown to the writer.
        failures: Failures shown to the writer.
        known: Inputs that exist already.
    """
    description = task_description(task)
    asks = [
        WriteBoundaryExamples(
            task=description,
            prompt=prompt,
            rows=tuple(rows),
            failures=tuple(failures),
            count=min(EXAMPLES_PER_ASK, count - at),
        )
        for at in range(0, count, EXAMPLES_PER_ASK)
    ]
    replies = await gather_all(team.act(ask) for ask in asks)
    seen_inputs = {normalize_answer(text) for text in known_inputs}
    inputs: list[str] = []
    for case in (case for reply in replies if reply is not None for case in reply.cases):
        if normalize_answer(case.input) and normalize_answer(case.input) not in seen_inputs:
            seen_inputs.add(normalize_answer(case.input))
            inputs.append(case.input)
    inputs = inputs[:count]
    labels = await gather_all(team.act(LabelExample(task=description, input=text)) for text in inputs)
    examples: list[NewExample] = []
    for text, label in zip(inputs, labels, strict=True):
        answer = task.answer.read_answer(label.text) if label is not None else None
        if answer is not None and task.answer.accepts(answer):
            split = splits[len(examples) % len(splits)]
            examples.append(
                NewExample(split=split, input=text, output=task.answer.normalize_reference(answer), by=SYNTHESIZER)
            )
    return examples
