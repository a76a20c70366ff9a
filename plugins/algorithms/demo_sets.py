"""Few-shot examples in the target model's own words: where it was right, its reasoning precedes the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from ...core.asks import Case
from ...core.candidate import Candidate
from ...core.dataset import Example
from ...core.label_reader import normalize_answer
from ...core.prompt import Demo
from ...core.search_types import Proposal, Request
from ...core.words import length_in_words
from .instruction_placement import placed_once

# Shorter text before an answer is a lead-in such as 'The answer is'.
_MIN_REASONING_WORDS = 6
_FINISHED = re.compile(r"[.!?:)\]。！？：）】…]\W*\Z")


def demo_of(row: Example) -> Demo:
    return Demo(input=row.text, output=row.output or "", source=row.id)


def balanced_sample(train: Sequence[Example], size: int, rng: Random) -> list[Example]:
    """Round robin over the distinct outputs, then shuffled. Open answers are all distinct: a plain sample."""
    rows = rng.sample(list(train), len(train))
    groups: dict[str, list[Example]] = {}
    for row in rows:
        groups.setdefault(normalize_answer(row.output or ""), []).append(row)
    order, sample = sorted(groups), list[Example]()
    rng.shuffle(order)
    while len(sample) < size:
        for name in order:
            if groups[name] and len(sample) < size:
                sample.append(groups[name].pop())
    rng.shuffle(sample)
    return sample


def with_demos(parent: Candidate, demos: Sequence[Demo], rationale: str) -> Proposal:
    prompt = placed_once(parent.program.main.with_(demos=tuple(demos)))
    return Proposal(program=parent.program.replace(prompt), rationale=rationale)


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
        ending = text.rstrip(" .!。！\"'*\n”」")
        if reference and ending.casefold().endswith(reference.casefold()):
            text = ending[: len(ending) - len(reference)].rstrip()
            break
    if (
        normalize_answer(text) == normalize_answer(case.expected)
        or length_in_words(text) < _MIN_REASONING_WORDS
        or not _FINISHED.search(text)
    ):
        return None
    return text
