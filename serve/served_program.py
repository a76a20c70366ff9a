"""A run's winning program, applied to a conversation as chat clients send it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.dataset import Example
from ..core.errors import UsageError
from ..core.models import ModelRef, Output
from ..core.program import Program
from ..core.protocols import Gateway, Target
from ..core.render import render, with_shared_prompt
from ..core.task import Task

ChatTurn = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ServedProgram:
    """The program of a candidate, with the task that it was found for and the target that runs it.

    Raises UsageError for a program of several tasks: a conversation does not say which of them it is about.
    """

    run: str
    task: Task
    program: Program
    target: Target

    def __post_init__(self) -> None:
        if self.program.by_task:
            raise UsageError(
                "this run found prompts for several tasks, and a conversation does not say which is its own",
                where=f"run {self.run}",
                possible=sorted(self.program.prompts.keys() - {self.program.shared}),
                remedy="run it from Python, where each row names its task (Result.runnable), or export the prompts",
            )

    @property
    def name(self) -> str:
        """What it is called among models."""
        return f"maieutic/{self.run}"

    @property
    def is_single_call(self) -> bool:
        """Whether one call answers, so that what the model streams can be passed on as it comes."""
        return self.task.target.use == "chat" and self.target.calls(self.program) == 1

    def messages(self, conversation: Sequence[ChatTurn]) -> list[dict[str, Any]]:
        """What is sent in place of the conversation: its last user message is the input. Earlier turns stand before the
        prompt's last message, and what the client said as system behind the prompt's own."""
        example = self.to_example(conversation)
        (name,) = self.program.prompts_for(example.text)
        *opening, last = [dict(one) for one in render(with_shared_prompt(self.program, name), example)]
        systems = [message_text(one) for one in conversation if one["role"] in ("system", "developer")]
        systems = [*(str(one["content"]) for one in opening if one["role"] == "system"), *systems]
        before = [dict(one) for one in conversation[:-1] if one["role"] not in ("system", "developer")]
        shown = [one for one in opening if one["role"] != "system"]
        head = [{"role": "system", "content": "\n\n".join(systems)}] if systems else []
        return [*head, *shown, *before, last]

    def to_example(self, conversation: Sequence[ChatTurn]) -> Example:
        """The last message as a row: its text, or the fields of the JSON object in it where the prompts ask for fields.

        Raises UsageError where it is no user's, or a field is missing.
        """
        if not conversation or conversation[-1].get("role") != "user":
            raise UsageError("the last message must be the user's", where="messages")
        text = message_text(conversation[-1])
        asked = {one for prompt in self.program.prompts.values() for one in prompt.placeholders}
        wanted = sorted(asked - {"input"} - set(self.program.prompts))
        if not wanted:
            return Example(input=text)
        try:
            fields = json.loads(text)
        except ValueError:
            fields = None
        if not isinstance(fields, dict) or not set(wanted) <= set(fields):
            raise UsageError(
                f"the prompt asks for the fields {', '.join(wanted)}",
                where="the last message",
                remedy="send them as a JSON object",
            )
        return Example(input=fields)

    async def answer(self, conversation: Sequence[ChatTurn], model: ModelRef, gateway: Gateway) -> Output:
        """What the whole program gives, however many calls that takes. Earlier turns have no place in it."""
        return await self.target.run(self.program, self.to_example(conversation), model, gateway)


def message_text(turn: ChatTurn) -> str:
    """Raises UsageError for a message with anything but text."""
    content = turn.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [one.get("text") for one in parts if isinstance(one, Mapping) and one.get("type") == "text"]
    if not parts or len(texts) < len(parts):
        raise UsageError("a message must be text", where="messages", possible=("text",))
    return "\n".join(str(text) for text in texts)
