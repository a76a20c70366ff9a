"""A run's best program, applied to a conversation of a chat client."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.dataset import Example
from ..core.errors import UsageError
from ..core.images import image_url
from ..core.messages import from_wire
from ..core.models import ModelRef, Output
from ..core.program import Program
from ..core.protocols import Gateway, Target
from ..core.render import render, with_shared_prompt
from ..core.task import Task

ChatTurn = Mapping[str, Any]
_SYSTEM_ROLES = ("system", "developer")
# After either of them it is the model's turn.
_LAST_ROLES = ("user", "tool")


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
        """The messages sent to the model.

        The last user message is the input: its text is put into the prompt, its images stay beside it, and what follows
        it, tool calls with their results, follows the prompt. Earlier turns precede the prompt's last message, and the
        client's system messages follow the prompt's own.
        """
        position = last_question(conversation)
        example = self.to_example(conversation)
        (name,) = self.program.prompts_for(example.text)
        *opening, last = [dict(message) for message in render(with_shared_prompt(self.program, name), example)]
        if images := _image_parts(conversation[position]):
            last["content"] = [{"type": "text", "text": last["content"]}, *images]
        systems = [message_text(turn) for turn in conversation if turn["role"] in _SYSTEM_ROLES]
        systems = [*(str(message["content"]) for message in opening if message["role"] == "system"), *systems]
        before = [dict(turn) for turn in conversation[:position] if turn["role"] not in _SYSTEM_ROLES]
        after = [dict(turn) for turn in conversation[position + 1 :] if turn["role"] not in _SYSTEM_ROLES]
        demos = [message for message in opening if message["role"] != "system"]
        head = [{"role": "system", "content": "\n\n".join(systems)}] if systems else []
        return [*head, *demos, *before, last, *after]

    def to_example(self, conversation: Sequence[ChatTurn]) -> Example:
        """The last user message as an example: its text, or the fields of its JSON object if the prompts need fields.

        Raises UsageError if the conversation ends with neither the user nor a tool, or a field is missing.
        """
        text = message_text(conversation[last_question(conversation)], images=True)
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
        """The output of the whole program, with all its calls. Earlier turns are ignored.

        Raises UsageError for images and tool results, which belong to one call.
        """
        if conversation and (conversation[-1].get("role") == "tool" or _image_parts(conversation[-1])):
            raise UsageError(
                "this prompt takes several calls, which get no images and no results of the client's tools",
                where="messages",
                remedy="send text, or serve a run whose prompt takes one call",
            )
        return await self.target.run(self.program, self.to_example(conversation), model, gateway)


def last_question(conversation: Sequence[ChatTurn]) -> int:
    """The place of the last user message. Raises UsageError where the conversation does not wait for the model."""
    places = [index for index, turn in enumerate(conversation) if turn.get("role") == "user"]
    if not places or conversation[-1].get("role") not in _LAST_ROLES:
        raise UsageError(
            "the last message must be the user's, or the result of a tool that answers one", where="messages"
        )
    return places[-1]


def message_text(turn: ChatTurn, *, images: bool = False) -> str:
    """The text of a message. Raises UsageError for other content; images may stand beside it if `images` is on."""
    message = from_wire(turn)
    if message.get("parts") and not images:
        raise UsageError("a message must be text", where="messages", possible=("text",))
    return message["content"]


def _image_parts(turn: ChatTurn) -> list[dict[str, Any]]:
    """The images of a message as the client spelled them."""
    content = turn.get("content")
    return [dict(part) for part in content if image_url(part) is not None] if isinstance(content, list) else []
