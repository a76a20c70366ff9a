"""Detects whether an agent's own instruction ended up in a prompt.

Small models like to repeat what they read. A prompt that shares eight words in a row with an instruction file, or
equals one of its samples, is no prompt for the task.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from .instructions import REGISTERS, shipped_instructions

# Shorter runs occur by chance in prompts for common tasks.
RUN_LENGTH = 8
_FIELD = re.compile(r"\{[A-Za-z_]\w*\}|</?\w+>")
_WORD = re.compile(r"\w+")


def split_words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


def shares_run(text: str, instruction_texts: Iterable[str], *, run: int = RUN_LENGTH) -> bool:
    """Whether the text shares `run` words in a row with an instruction, ignoring case and punctuation."""
    runs = _word_runs(split_words(text), run)
    return any(not runs.isdisjoint(_instruction_runs(instruction, run)) for instruction in instruction_texts)


def leaked_instruction(prompt_text: str) -> str | None:
    """The name of the shipped instruction that leaked into a prompt, or None."""
    words = split_words(prompt_text)
    runs = _word_runs(words, RUN_LENGTH)
    for name, instruction_runs, samples in _shipped_runs():
        if (words and words in samples) or not runs.isdisjoint(instruction_runs):
            return name
    return None


@cache
def _shipped_runs() -> tuple[tuple[str, frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]], ...]:
    return tuple(
        (
            instruction.name,
            _instruction_runs(f"{instruction.body}\n\n{instruction.form}", RUN_LENGTH),
            frozenset(split_words(sample) for sample in instruction.samples),
        )
        for register in REGISTERS
        for instruction in shipped_instructions(register).values()
    )


def _instruction_runs(instruction: str, run: int) -> frozenset[tuple[str, ...]]:
    """Runs do not cross a field: what is filled in does not belong to the instruction."""
    return frozenset().union(*(_word_runs(split_words(part), run) for part in _FIELD.split(instruction)))


def _word_runs(words: tuple[str, ...], length: int) -> frozenset[tuple[str, ...]]:
    return frozenset(words[start : start + length] for start in range(len(words) - length + 1))
