"""A run's best program, applied to a conversation of a chat client."""

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
    """The program of a candidate, with its task and the target that runs it.

    Raises UsageError for a program of several tasks: a conversation does not name its task.
    """

    run: str
    task: Task
    program: Program
    target: Target

    def __post_init__(self) -> None:
        if self.program.by_task:
            raise UsageError(
                "this run has prompts for several tasks, and a conversation does not name its task",
                where=f"run {self.run}",
                possible=sorted(self.program.prompts.keys() - {self.program.shared}),
                remedy="run it from Python, where each example names its task (Result.runnable), or export the prompts",
            )

    @property
    def name(self) -> str:
        """The model name that clients use."""
        return f"maieutic/{self.run}"

    @property
    def is_single_call(self) -> bool:
        """Whether one call answers, so that the model's stream can be passed on."""
        return self.task.target.use == "chat" and self.target.calls(self.program) == 1

    def messages(self, conversation: Sequence[ChatTurn]) -> list[dict[str, Any]]:
        """The messages sent to the model. The last user message is the input. Earlier turns precede the prompt's last
        message, and the client's system messages follow the prompt's own."""
        example = self.to_example(conversation)
        (name,) = self.program.prompts_for(example.text)
        *opening, last = [dict(message) for message in render(with_shared_prompt(self.program, name), example)]
        systems = [message_text(turn) for turn in conversation if turn["role"] in ("system", "developer")]
        systems = [*(str(message["content"]) for message in opening if message["role"] == "system"), *systems]
        before = [dict(turn) for turn in conversation[:-1] if turn["role"] not in ("system", "developer")]
        demos = [message for message in opening if message["role"] != "system"]
        head = [{"role": "system", "content": "\n\n".join(systems)}] if systems else []
        return [*head, *demos, *before, last]

    def to_example(self, conversation: Sequence[ChatTurn]) -> Example:
        """The last message as an example: its text, or the fields of its JSON object if the prompts need fields.

        Raises UsageError if it is not a user message, or a field is missing.
        """
        if not conversation or conversation[-1].get("role") != "user":
            raise UsageError("the last message must be the user's", where="messages")
        text = message_text(conversation[-1])
        placeholders = {name for prompt in self.program.prompts.values() for name in prompt.placeholders}
        needed = sorted(placeholders - {"input"} - set(self.program.prompts))
        if not needed:
            return Example(input=text)
        try:
            fields = json.loads(text)
        except ValueError:
            fields = None
        if not isinstance(fields, dict) or not set(needed) <= set(fields):
            raise UsageError(
                f"the prompt needs the fields {', '.join(needed)}",
                where="the last message",
                remedy="send them as a JSON object",
            )
        return Example(input=fields)

    async def answer(self, conversation: Sequence[ChatTurn], model: ModelRef, gateway: Gateway) -> Output:
        """The output of the whole program, with all its calls. Earlier turns are ignored."""
        return await self.target.run(self.program, self.to_example(conversation), model, gateway)


def message_text(turn: ChatTurn) -> str:
    """Raises UsageError for a message that is not only text."""
    content = turn.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, Mapping) and part.get("type") == "text"]
    if not parts or len(texts) < len(parts):
        raise UsageError("a message must be text", where="messages", possible=("text",))
    return "\n".join(str(text) for text in texts)
