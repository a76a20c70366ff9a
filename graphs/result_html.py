"""A result as a fragment of HTML, for the output of a notebook's cell. All text of prompts and models is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_COLUMNS = ("id", "score", "low", "high", "n", "status", "operator")
# A cell shows the top of the table; `candidates()` has all.
_MOST_ROWS = 8
_BOX = "white-space:pre-wrap;border:1px solid #8884;padding:.5em;margin:0 0 .5em;max-height:20em;overflow:auto"


def result_html(
    verdict: str, facts: Sequence[str], prompts: Mapping[str, str], candidates: Sequence[Mapping[str, Any]]
) -> str:
    """The verdict, its facts, the prompts by name, and the first candidates."""
    parts = [f"<strong>{escape(verdict)}</strong>"]
    parts += ["<ul>", *(f"<li>{escape(fact)}</li>" for fact in facts), "</ul>"] if facts else []
    for name, text in prompts.items():
        parts.append(f"<details><summary>{escape(name)}</summary><pre style='{_BOX}'>{escape(text)}</pre></details>")
    if candidates:
        head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
        rows = [f"<tr>{''.join(_cell(row.get(name)) for name in _COLUMNS)}</tr>" for row in candidates[:_MOST_ROWS]]
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>")
    return f"<div>{''.join(parts)}</div>"


def _cell(value: Any) -> str:
    text = "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
    return f"<td>{escape(text)}</td>"
