"""The prompt as a Python module that needs nothing."""

from __future__ import annotations

from ...core.program import MAIN, Program
from ...core.report import Report
from .pieces import Turn, holes_of, plain_prompts
from .source import docstring_of, lines_of


class PythonExporter:
    """`from my_prompt import messages; messages(input="…")` gives the chat messages; of several prompts, one by its
    name: `messages("check", input="…")`."""

    name = "python"
    suffix = ".py"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        prompts = plain_prompts(program, self.name)
        first = MAIN if MAIN in prompts else next(iter(prompts))
        lines = [
            docstring_of(task_name, report),
            "",
            "# name -> [(role, [words or (value's name,), ...]), ...]",
            "PROMPTS = {",
            *(line for name, turns in prompts.items() for line in _lines(name, turns)),
            "}",
            "",
            "",
            f"def messages(prompt={first!a}, /, **values):",
            '    """The chat messages for one row. Raises KeyError for a value that is missing."""',
            "    return [",
            '        {"role": role, "content": "".join(p if type(p) is str else str(values[p[0]]) for p in pieces)}',
            "        for role, pieces in PROMPTS[prompt]",
            "    ]",
        ]
        return "\n".join(lines) + "\n"


def _lines(name: str, turns: list[Turn]) -> list[str]:
    """One prompt of the table, its values named beside it."""
    head = f"    {name!a}: [  # values: {', '.join(holes_of(turns)) or 'none'}"
    return [head, *(line for turn in turns for line in lines_of(turn, 8)), "    ],"]
