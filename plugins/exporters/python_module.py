"""The prompt as a Python module without dependencies, and Python source for other exporters."""

from __future__ import annotations

from ...core.program import MAIN, Program
from ...core.report import Report
from .message_templates import (
    MessageTemplate,
    TemplateVariable,
    export_mark,
    gain_statement,
    prompt_templates,
    variable_names,
)


class PythonExporter:
    """`from my_prompt import messages; messages(input="…")` returns the chat messages.

    With several prompts, name one: `messages("check", input="…")`.
    """

    name = "python"
    suffix = ".py"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        prompts = prompt_templates(program, self.name)
        first = MAIN if MAIN in prompts else next(iter(prompts))
        lines = [
            f"# {export_mark(self.name)}",
            module_docstring(task_name, report),
            "",
            "# name -> [(role, [words or (value's name,), ...]), ...]",
            "PROMPTS = {",
            *(line for name, turns in prompts.items() for line in _prompt_lines(name, turns)),
            "}",
            "",
            "",
            f"def messages(prompt={first!a}, /, **values):",
            '    """The chat messages for one example. Raises KeyError for a missing value."""',
            "    return [",
            '        {"role": role, "content": "".join(p if type(p) is str else str(values[p[0]]) for p in pieces)}',
            "        for role, pieces in PROMPTS[prompt]",
            "    ]",
        ]
        return "\n".join(lines) + "\n"


def _prompt_lines(name: str, turns: list[MessageTemplate]) -> list[str]:
    """One prompt of the table, its values named beside it."""
    head = f"    {name!a}: [  # values: {', '.join(variable_names(turns)) or 'none'}"
    return [head, *(line for turn in turns for line in source_lines(turn, 8)), "    ],"]


def module_docstring(task_name: str, report: Report | None) -> str:
    """What the module says of itself: whose prompt it is, and what is claimed of it."""
    return ascii("\n\n".join(part for part in (f"The prompt of {task_name}.", gain_statement(report)) if part))


def source_lines(turn: MessageTemplate, indent: int) -> list[str]:
    """`(role, [words or (value's name,), ...]),`, a line a piece."""
    pieces = [f"({piece.name!r},)" if isinstance(piece, TemplateVariable) else repr(piece) for piece in turn.pieces]
    before = " " * indent
    return [f"{before}({turn.role!r}, [", *(f"{before}    {piece}," for piece in pieces), f"{before}]),"]
