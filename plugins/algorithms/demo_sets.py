"""Few-shot examples in the target model's own words: where it was right, its reasoning precedes the answer."""

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
    """A demo of every train example in order, with the first parent's reasoning where it was right."""
    right = {case.input: case for case in request.successes}
    return [
        demo_of(row).model_copy(
            update={"rationale": reasoning_before_answer(right[row.text]) if row.text in right else None}
        )
        for row in request.train
    ]


def reasoning_before_answer(case: Case) -> str | None:
    """The output's text before its answer; None if it is very short or was cut off."""
    text = case.output.strip()
    for reference in case.expected.split(" | "):
        ending = text.rstrip(" .!\"'*\n")
        if reference and ending.casefold().endswith(reference.casefold()):
            text = ending[: len(ending) - len(reference)].rstrip()
            break
    if (
        normalize_answer(text) == normalize_answer(case.expected)
        or len(text.split()) < _LEAST_WORDS
        or not _FINISHED.search(text)
    ):
        return None
    return text
