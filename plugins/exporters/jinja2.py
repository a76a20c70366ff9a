"""The prompt as a Jinja2 template that renders to JSON messages."""

from __future__ import annotations

import json

from ...core.program import Program
from ...core.report import Report
from .message_templates import MessageTemplate, TemplateVariable, export_mark, is_single_prompt, prompt_templates


class Jinja2Exporter:
    """Rendered with an example's values, the template is a JSON list of messages, or a mapping of such lists.

    Use it as `json.loads(jinja2.Template(text).render(input="…"))`, with or without autoescape.
    """

    name = "jinja2"
    suffix = ".json.j2"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        prompts = prompt_templates(program, self.name)
        written = {name: _message_list(turns) for name, turns in prompts.items()}
        head = f"{{# {export_mark(self.name)} #}}\n"
        if is_single_prompt(prompts):
            return f"{head}{next(iter(written.values()))}\n"
        named = ",\n".join(f"{_json_literal(name)}: {text}" for name, text in written.items())
        return f"{head}{{\n{named}\n}}\n"


def _message_list(turns: list[MessageTemplate]) -> str:
    lines = [f'  {{"role": "{turn.role}", "content": {_content_literal(turn)} }}' for turn in turns]
    return "[\n" + ",\n".join(lines) + "\n]"


def _content_literal(turn: MessageTemplate) -> str:
    """One JSON string: literal texts, and values through `tojson` without its quotes."""
    inside = (
        f"{{{{ ({piece.name} | string | tojson)[1:-1] }}}}"
        if isinstance(piece, TemplateVariable)
        else _json_literal(piece)[1:-1]
        for piece in turn.pieces
    )
    return '"' + "".join(inside) + '"'


def _json_literal(text: str) -> str:
    """A JSON string with its braces escaped, so that Jinja ignores them."""
    return json.dumps(text, ensure_ascii=False).replace("{", "\\u007b").replace("}", "\\u007d")
