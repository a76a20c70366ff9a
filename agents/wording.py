"""An ask's fields as text: what fills the placeholders of an instruction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.dialogue.ask import Ask, Case, Past

LONGEST = 600


def values_of_ask(ask: Ask[Any]) -> dict[str, str]:
    """Field name → text: cases as numbered blocks, history with whole-number scores, other lists as lines."""
    return {name: _worded(getattr(ask, name)) for name in type(ask).model_fields}


def clipped(text: str, limit: int = LONGEST) -> str:
    """A text short enough to be one of several in a question; the middle goes first."""
    text = text.strip()
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f"{text[:head].rstrip()} […] {text[-(limit - head) :].lstrip()}"


def _worded(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, Sequence):
        return str(value)
    if all(isinstance(one, Case) for one in value):
        return "\n".join(_case(number, one) for number, one in enumerate(value, 1))
    if all(isinstance(one, Past) for one in value):
        return "\n".join(f"Prompt: {one.prompt.strip()}\nScore: {round(100 * one.score)}" for one in value)
    return "\n".join(f"{number}. {str(one).strip()}" for number, one in enumerate(value, 1))


def _case(number: int, case: Case) -> str:
    lines = [f"[{number}] Input: {clipped(case.input)}"]
    if case.expected.strip():
        lines.append(f"    Expected: {clipped(case.expected)}")
    if case.output.strip():
        lines.append(f"    Got: {clipped(case.output, 300)}")
    if case.feedback.strip():
        lines.append(f"    Feedback: {clipped(case.feedback, 300)}")
    return "\n".join(lines)
