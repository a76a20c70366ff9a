"""Turns as Python source, for the formats that are modules."""

from __future__ import annotations

from ...core.report import Report
from .pieces import Hole, Turn, claim_of


def docstring_of(task_name: str, report: Report | None) -> str:
    """What the module says of itself: whose prompt it is, and what is claimed of it."""
    return ascii("\n\n".join(part for part in (f"The prompt of {task_name}.", claim_of(report)) if part))


def lines_of(turn: Turn, indent: int) -> list[str]:
    """`(role, [words or (value's name,), ...]),`, a line a piece."""
    pieces = [f"({one.name!r},)" if isinstance(one, Hole) else repr(one) for one in turn.pieces]
    before = " " * indent
    return [f"{before}({turn.role!r}, [", *(f"{before}    {piece}," for piece in pieces), f"{before}]),"]
