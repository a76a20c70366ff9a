"""The prompt as a configuration of promptfoo."""

from __future__ import annotations

import json
import re

from ...core.program import Program
from ...core.report import Report
from ..system.imports import import_optional
from .message_templates import MessageTemplate, TemplateVariable, gain_statement, prompt_templates

_BRACES = re.compile(r"\{(?=[{%#])|\{$|(?<=#)\}")


class PromptfooExporter:
    """YAML for `promptfoo eval`: each prompt as chat messages in JSON, under its name.

    The provider is `echo`, which costs nothing and shows what is sent; put your own in its place, and tests (they can
    be the ones the task was loaded from). promptfoo fills values by Nunjucks, and goes on to fill what stands in
    double braces inside a value: that is its way with any prompt.
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
        return str(yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=120))


def _chat_prompt(turns: list[MessageTemplate]) -> str:
    return json.dumps([{"role": turn.role, "content": _nunjucks_text(turn)} for turn in turns], ensure_ascii=False)


def _nunjucks_text(turn: MessageTemplate) -> str:
    return "".join(
        f"{{{{ {piece.name} }}}}" if isinstance(piece, TemplateVariable) else _escape_nunjucks(piece)
        for piece in turn.pieces
    )


def _escape_nunjucks(text: str) -> str:
    """Words that Nunjucks passes through: a brace that would open a tag, here or with what follows, or end a comment,
    is said by a tag."""
    return _BRACES.sub(lambda match: f"{{{{ '{match[0]}' }}}}", text)
