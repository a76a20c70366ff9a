"""Worked examples in the target's own words: where it was right, its reasoning is shown along with the answer."""

from __future__ import annotations

import re

from ...core.answer import normalize_answer
from ...core.asks import Case
from ...core.prompt import Demo
from ...core.search_types import Request
from ..operators.demos import demo_of

_LEAST_WORDS = 6
_FINISHED = re.compile(r"[.!?:)\]]\W*\Z")


def demos_with_reasoning(request: Request) -> list[Demo]:
    """A demo of every labelled train row, in the task's order; with the first parent's reasoning where it was right."""
    right = {case.input: case for case in request.successes}
    return [
        demo_of(row).model_copy(
            update={"rationale": reasoning_before_answer(right[row.text]) if row.text in right else None}
        )
        for row in request.train
    ]


def reasoning_before_answer(case: Case) -> str | None:
    """What an output says before its answer; None where that is hardly anything, or was cut short."""
    said = case.output.strip()
    for wanted in case.expected.split(" | "):
        ending = said.rstrip(" .!\"'*\n")
        if wanted and ending.casefold().endswith(wanted.casefold()):
            said = ending[: len(ending) - len(wanted)].rstrip()
            break
    if (
        normalize_answer(said) == normalize_answer(case.expected)
        or len(said.split()) < _LEAST_WORDS
        or not _FINISHED.search(said)
    ):
        return None
    return said
