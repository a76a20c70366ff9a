"""The fields of an ask as text, for the placeholders of an instruction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.asks import Ask, Case, ScoredPrompt

MAX_CHARACTERS = 600
# Outputs and feedback are read beside the input, and are often long without saying more.
_MAX_OUTPUT_CHARACTERS = 300


def field_texts(ask: Ask[Any]) -> dict[str, str]:
    """Field name → text: cases as numbered blocks, history with whole-number scores, other lists as lines."""
    return {name: _field_text(getattr(ask, name)) for name in type(ask).model_fields}


def clip(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Shorten a text to a limit by cutting its middle out."""
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
    if all(isinstance(item, Case) for item in value):
        return "\n".join(_case_text(number, case) for number, case in enumerate(value, 1))
    if all(isinstance(item, ScoredPrompt) for item in value):
        return "\n".join(f"Prompt: {entry.prompt.strip()}\nScore: {round(100 * entry.score)}" for entry in value)
    return "\n".join(f"{number}. {str(item).strip()}" for number, item in enumerate(value, 1))


def _case_text(number: int, case: Case) -> str:
    lines = [f"[{number}] Input: {clip(case.input)}"]
    if case.expected.strip():
        lines.append(f"    Expected: {clip(case.expected)}")
    if case.output.strip():
        lines.append(f"    Got: {clip(case.output, _MAX_OUTPUT_CHARACTERS)}")
    if case.feedback.strip():
        lines.append(f"    Feedback: {clip(case.feedback, _MAX_OUTPUT_CHARACTERS)}")
    return "\n".join(lines)
