"""Whether an agent's own instruction ended up in a prompt.

Small models like to repeat what they were told. A prompt that carries eight words in a row of an instruction file,
or is one of its samples, is no prompt for the task.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from .instructions import shipped_instructions

RUN_LENGTH = 8
_FIELD = re.compile(r"\{[A-Za-z_]\w*\}|</?\w+>")
_WORD = re.compile(r"\w+")


def split_words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


def shares_run(text: str, instruction_texts: Iterable[str], *, run: int = RUN_LENGTH) -> bool:
    """Whether the text shares `run` words in a row with one of the instructions, case and punctuation aside."""
    found = _word_runs(split_words(text), run)
    return any(not found.isdisjoint(_instruction_runs(instruction, run)) for instruction in instruction_texts)


def leaked_instruction(prompt_text: str) -> str | None:
    """The name of the shipped instruction that is found in a prompt, or None."""
    found, said = _word_runs(split_words(prompt_text), RUN_LENGTH), split_words(prompt_text)
    for name, runs, samples in _shipped_runs():
        if (said and said in samples) or not found.isdisjoint(runs):
            return name
    return None


@cache
def _shipped_runs() -> tuple[tuple[str, frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]], ...]:
    return tuple(
        (
            one.name,
            _instruction_runs(f"{one.body}\n\n{one.form}", RUN_LENGTH),
            frozenset(split_words(sample) for sample in one.samples),
        )
        for one in shipped_instructions().values()
    )


def _instruction_runs(instruction: str, run: int) -> frozenset[tuple[str, ...]]:
    """What is filled in is not the instruction's own: runs do not reach across a field."""
    return frozenset().union(*(_word_runs(split_words(part), run) for part in _FIELD.split(instruction)))


def _word_runs(words: tuple[str, ...], length: int) -> frozenset[tuple[str, ...]]:
    return frozenset(words[start : start + length] for start in range(len(words) - length + 1))
