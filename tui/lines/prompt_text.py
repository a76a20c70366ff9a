"""A program's prompts as text to take away: what is sent, with its placeholders, and without a row of the data."""

from __future__ import annotations

from ...core.dataset import Example
from ...core.program import Program
from ...core.prompt import Prompt
from ...core.render import instruction_text, messages_as_text, render


def takeaway_text(program: Program) -> str:
    """The messages around a placeholder for the input; of several prompts each under its name.

    A single message stands alone, so that it can be pasted as the prompt.
    """
    prompts = program.prompts
    texts = {name: _message_text(prompt) for name, prompt in prompts.items()}
    if len(prompts) == 1:
        return next(iter(texts.values()))
    return "\n\n".join(f"== {name} ==\n{text}" for name, text in texts.items())


def _message_text(prompt: Prompt) -> str:
    if prompt.kind != "prose" or prompt.template != "braces":
        return instruction_text(prompt)
    fields = {name: f"{{{name}}}" for name in prompt.placeholders} or {"input": "{input}"}
    messages = render(prompt, Example(input="{input}" if set(fields) == {"input"} else fields))
    return messages[0]["content"] if len(messages) == 1 else messages_as_text(messages)
