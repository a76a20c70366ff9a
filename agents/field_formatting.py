"""An ask's fields as text: what fills the placeholders of an instruction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.asks import Ask, Case, ScoredPrompt

MAX_CHARACTERS = 600


def field_texts(ask: Ask[Any]) -> dict[str, str]:
    """Field name → text: cases as numbered blocks, history with whole-number scores, other lists as lines."""
    return {name: _field_text(getattr(ask, name)) for name in type(ask).model_fields}


def clip(text: str, limit: int = MAX_CHARACTERS) -> str:
    """A text short enough to be one of several in a question; the middle goes first."""
    text = text.strip()
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f"{text[:head].rstrip()} […] {text[-(limit - head) :].lstrip()}"


def _field_text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, Sequence):
        return str(value)
    if all(isinstance(one, Case) for one in value):
        return "\n".join(_case_text(number, one) for number, one in enumerate(value, 1))
    if all(isinstance(one, ScoredPrompt) for one in value):
        return "\n".join(f"Prompt: {one.prompt.strip()}\nScore: {round(100 * one.score)}" for one in value)
    return "\n".join(f"{number}. {str(one).strip()}" for number, one in enumerate(value, 1))


def _case_text(number: int, case: Case) -> str:
    lines = [f"[{number}] Input: {clip(case.input)}"]
    if case.expected.strip():
        lines.append(f"    Expected: {clip(case.expected)}")
    if case.output.strip():
        lines.append(f"    Got: {clip(case.output, 300)}")
    if case.feedback.strip():
        lines.append(f"    Feedback: {clip(case.feedback, 300)}")
    return "\n".join(lines)
