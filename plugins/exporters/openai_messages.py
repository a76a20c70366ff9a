"""The prompt as messages of OpenAI's chat API."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ...core.errors import UsageError
from ...core.program import Program
from ...core.report import Report
from ...runtime.tasks.prompt_files import MESSAGES_FORMAT
from .message_templates import MessageTemplate, TemplateVariable, is_single_prompt, prompt_templates, variable_names


class OpenAIExporter:
    """JSON: `{"messages": [{"role", "content"}], "variables": […]}`, or prompt name → that, for several prompts.

    `{{input}}` marks a value, as in OpenAI's stored prompts; `fill_messages` fills all at once. A prompt whose own
    text contains such a mark is refused, because the two could not be told apart.
    """

    name = "openai"
    suffix = ".json"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        prompts = prompt_templates(program, self.name)
        written = {name: _chat_body(turns) for name, turns in prompts.items()}
        body: Any = next(iter(written.values())) if is_single_prompt(prompts) else written
        body = {"format": MESSAGES_FORMAT, **body}
        return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def fill_messages(body: Mapping[str, Any], values: Mapping[str, str]) -> list[dict[str, str]]:
    """The messages of one exported prompt for one example, ready for `client.chat.completions.create(messages=…)`."""
    holes = re.compile("|".join(rf"\{{\{{{re.escape(name)}\}}\}}" for name in body["variables"]) or r"(?!)")
    return [
        {"role": message["role"], "content": holes.sub(lambda match: values[match[0][2:-2]], message["content"])}
        for message in body["messages"]
    ]


def _chat_body(turns: list[MessageTemplate]) -> dict[str, Any]:
    variables = variable_names(turns)
    messages = [{"role": turn.role, "content": _content_text(turn)} for turn in turns]
    occurrences = sum(message["content"].count(f"{{{{{name}}}}}") for message in messages for name in variables)
    if occurrences != sum(isinstance(piece, TemplateVariable) for turn in turns for piece in turn.pieces):
        raise UsageError(
            "the prompt's own words say {{" + "}} or {{".join(variables) + "}}",
            where="--format openai",
            possible=("json", "langchain", "jinja2", "python"),
            remedy="choose a format that can tell words from holes",
        )
    return {"messages": messages, "variables": list(variables)}


def _content_text(turn: MessageTemplate) -> str:
    return "".join(f"{{{{{piece.name}}}}}" if isinstance(piece, TemplateVariable) else piece for piece in turn.pieces)
