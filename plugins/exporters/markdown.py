"""The prompt as a Markdown page, for reviews and wikis."""

from __future__ import annotations

import re

from ...core.program import Program
from ...core.render import with_shared_prompt
from ...core.report import Report
from .message_templates import (
    MessageTemplate,
    TemplateVariable,
    gain_statement,
    message_templates,
    untemplatable_feature,
)


class MarkdownExporter:
    """A page with the claim and each message in a fence that nothing in it can close; `{input}` where values go."""

    name = "markdown"
    suffix = ".md"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        parts = [f"# {task_name}", gain_statement(report)]
        names = [name for name in program.prompts if name != program.shared]
        for name in names:
            parts.append(f"## {name}" if len(names) > 1 else "")
            prompt = with_shared_prompt(program, name)
            prompt = prompt.with_(format=prompt.format.model_copy(update={"nearest": 0, "shuffles": 1}))
            parts += [f"**{turn.role}**\n\n{_fenced_message(turn)}" for turn in message_templates(prompt)]
        if program.router is not None:
            parts.append(f"## Which prompt\n\n{program.router}")
        if beyond := untemplatable_feature(program):
            parts.append(f"More than is written here: {beyond}. Export as JSON to keep it.")
        return "\n\n".join(part for part in parts if part) + "\n"


def _fenced_message(turn: MessageTemplate) -> str:
    text = "".join(f"{{{one.name}}}" if isinstance(one, TemplateVariable) else one for one in turn.pieces)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"
