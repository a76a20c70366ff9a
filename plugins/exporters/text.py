"""The prompt as plain text and as a Markdown page, for people."""

from __future__ import annotations

import re

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.program import MAIN, Program
from ...core.prompt import Prompt
from ...core.render import messages_as_text, render, with_shared_prompt
from ...core.report import Report
from ...core.transcript import prompt_as_text
from .message_templates import (
    MessageTemplate,
    TemplateVariable,
    export_mark,
    gain_statement,
    message_templates,
    untemplatable_feature,
)

_PREPROCESSING_HEADING = "=== before it is sent ==="
_GROUPED_DIGITS_NOTE = "long numbers of the input are written in groups of three digits, as in 12,345"
_NEAREST_DEMOS_NOTE = "of these examples only the {} most like the input are shown, the most like last"
_JINJA_NOTE = "the prompt is a Jinja template, here rendered with the names of its fields"
_OPTION_SHUFFLE_NOTE = "it is sent {} times with the options in another order each time; the majority counts"


class TextExporter:
    """The messages for the target, with `{input}` for the example's text; a single message is written without its role.

    Several messages are a transcript: `[system]`, `[user]` and `[assistant]` above each. `eval`, `compare` and tasks
    read the text of one prompt back as the same messages. A program of several parts is written for reading alone.
    """

    name = "text"
    suffix = ".txt"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        texts = {
            name: _prompt_text(with_shared_prompt(program, name)) for name in program.prompts if name != program.shared
        }
        if list(texts) == [MAIN] and program.router is None:
            return _readable_text(program.prompts[MAIN], texts[MAIN]) + "\n"
        parts = [f"=== {name} ===\n{text}" for name, text in texts.items()]
        parts += [f"=== which prompt ===\n{program.router}"] if program.router else []
        return "\n\n".join(parts) + "\n"


def _readable_text(prompt: Prompt, text: str) -> str:
    """The text that is read back as the same prompt; where there is none, the text with what it lacks."""
    style = prompt.format
    if _PREPROCESSING_HEADING in text or style.numbers == "grouped" or style.nearest or style.shuffles > 1:
        return text
    try:
        return prompt_as_text(prompt)
    except UsageError:
        return f"=== {MAIN} ===\n{text}"


def _prompt_text(prompt: Prompt) -> str:
    if prompt.kind != "prose":
        return prompt.instruction
    names = ("input", *prompt.placeholders)
    style = prompt.format
    # With a pool of examples all of them are written down, whatever the input.
    prompt = prompt.with_(format=style.model_copy(update={"nearest": 0}))
    example = Example(input={name: f"{{{name}}}" for name in names} if prompt.placeholders else "{input}")
    messages = render(prompt, example)
    text = messages[0]["content"] if len(messages) == 1 else messages_as_text(messages)
    notes = [_GROUPED_DIGITS_NOTE] if style.numbers == "grouped" else []
    notes += [_NEAREST_DEMOS_NOTE.format(style.nearest)] if style.nearest else []
    notes += [_JINJA_NOTE] if prompt.template == "jinja" else []
    notes += [_OPTION_SHUFFLE_NOTE.format(style.shuffles)] if style.shuffles > 1 else []
    return "\n".join([f"{text}\n\n{_PREPROCESSING_HEADING}", *notes]) if notes else text


class MarkdownExporter:
    """A page with the claim and each message in a fence that nothing in it can close; `{input}` where values go."""

    name = "markdown"
    suffix = ".md"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        parts = [f"<!-- {export_mark(self.name)} -->", f"# {task_name}", gain_statement(report)]
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
    text = "".join(f"{{{piece.name}}}" if isinstance(piece, TemplateVariable) else piece for piece in turn.pieces)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"
