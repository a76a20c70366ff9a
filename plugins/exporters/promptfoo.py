"""The prompt as a configuration of promptfoo."""

from __future__ import annotations

import json
import re

from ...core.program import Program
from ...core.report import Report
from ..system.imports import import_optional
from .message_templates import MessageTemplate, TemplateVariable, export_mark, gain_statement, prompt_templates

_BRACES = re.compile(r"\{(?=[{%#])|\{$|(?<=#)\}")


class PromptfooExporter:
    """YAML for `promptfoo eval`: each prompt as chat messages in JSON, under its name.

    The provider is `echo`, which costs nothing and shows what is sent; replace it by your own, and add tests, for
    example those that the task was loaded from. promptfoo fills values with Nunjucks, also in double braces inside of
    values, as with any prompt.
    """

    name = "promptfoo"
    suffix = ".yaml"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        yaml = import_optional("yaml", extra="yaml", who="promptfoo")
        prompts = prompt_templates(program, self.name)
        body = {
            "description": " ".join(part for part in (task_name, gain_statement(report)) if part),
            "prompts": [{"label": name, "raw": _chat_prompt(turns)} for name, turns in prompts.items()],
            "providers": ["echo"],
            "tests": [],
        }
        text = yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=120)
        return f"# {export_mark(self.name)}\n{text}"


def _chat_prompt(turns: list[MessageTemplate]) -> str:
    return json.dumps([{"role": turn.role, "content": _nunjucks_text(turn)} for turn in turns], ensure_ascii=False)


def _nunjucks_text(turn: MessageTemplate) -> str:
    return "".join(
        f"{{{{ {piece.name} }}}}" if isinstance(piece, TemplateVariable) else _escape_nunjucks(piece)
        for piece in turn.pieces
    )


def _escape_nunjucks(text: str) -> str:
    """Text that Nunjucks leaves unchanged: a brace that could open a tag, or end a comment, is written as a tag."""
    return _BRACES.sub(lambda match: f"{{{{ '{match[0]}' }}}}", text)
