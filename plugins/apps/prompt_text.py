"""A structured prompt as the one text that an application keeps under a name."""

from __future__ import annotations

from ...core.dataset import Example
from ...core.prompt import Prompt
from ...core.render import instruction_text, render

_INPUT_MARK = "#{}#"


def prompt_text(prompt: Prompt) -> str:
    """Everything that the prompt says before the input comes: system, instruction and its parts, worked examples.

    Placeholders stay as they are, in braces, for the application to fill.
    """
    shown = prompt.with_(
        system="",
        instruction="",
        sections=(),
        principles=(),
        branches=(),
        format=prompt.format.model_copy(update={"demos": "text", "answer_hint": "", "placement": "user"}),
    )
    mark = _INPUT_MARK.format(prompt.id)
    demos = render(shown, Example(input=mark))[-1]["content"].partition(f"{prompt.format.input_prefix}{mark}")[0]
    blocks = [prompt.system, instruction_text(prompt), demos.strip()]
    return "\n\n".join(block for block in blocks if block)


def prompt_name_in(wordings: dict[str, str], said: str) -> str | None:
    """The name of the prompt whose wording stands in what was said to a model: the longest, where several do."""
    found = [name for name, text in wordings.items() if text and text in said]
    return max(found, key=lambda name: len(wordings[name]), default=None)
