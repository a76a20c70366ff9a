"""The prompt as a Python module that needs nothing."""

from __future__ import annotations

from ...core.program import MAIN, Program
from ...core.report import Report
from .pieces import Hole, Turn, claim_of, holes_of, plain_prompts


class PythonExporter:
    """`from my_prompt import messages; messages(input="…")` gives the chat messages; of several prompts, one by its
    name: `messages("check", input="…")`."""

    name = "python"
    suffix = ".py"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        prompts = plain_prompts(program, self.name)
        first = MAIN if MAIN in prompts else next(iter(prompts))
        told = "\n\n".join(part for part in (f"The prompt of {task_name}.", claim_of(report)) if part)
        lines = [
            ascii(told),
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
    lines = [f"    {name!a}: [  # values: {', '.join(holes_of(turns)) or 'none'}"]
    for turn in turns:
        pieces = [f"({one.name!r},)" if isinstance(one, Hole) else repr(one) for one in turn.pieces]
        lines += [f"        ({turn.role!r}, [", *(f"            {piece}," for piece in pieces), "        ]),"]
    return [*lines, "    ],"]
