"""Turns as Python source, for the formats that are modules."""

from __future__ import annotations

from ...core.report import Report
from .message_templates import MessageTemplate, TemplateVariable, gain_statement


def module_docstring(task_name: str, report: Report | None) -> str:
    """What the module says of itself: whose prompt it is, and what is claimed of it."""
    return ascii("\n\n".join(part for part in (f"The prompt of {task_name}.", gain_statement(report)) if part))


def source_lines(turn: MessageTemplate, indent: int) -> list[str]:
    """`(role, [words or (value's name,), ...]),`, a line a piece."""
    pieces = [f"({one.name!r},)" if isinstance(one, TemplateVariable) else repr(one) for one in turn.pieces]
    before = " " * indent
    return [f"{before}({turn.role!r}, [", *(f"{before}    {piece}," for piece in pieces), f"{before}]),"]
