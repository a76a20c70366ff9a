"""LangChain's messages and options as Maieutic's, and replies as LangChain's messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, InvalidToolCall, ToolMessage
from langchain_core.messages.tool import ToolCallChunk, invalid_tool_call, tool_call, tool_call_chunk
from langchain_core.messages.utils import convert_to_openai_messages
from langchain_core.outputs import ChatGenerationChunk

from ...core.errors import UsageError
from ...core.messages import Message, ToolCall, ToolDefinition, from_wire
from ...core.models import Reply
from .binding import ToolUse

_SAMPLING_OPTIONS = ("temperature", "max_tokens", "seed")
# Who may be called, in the words of LangChain and Anthropic beside OpenAI's own.
_TOOL_CHOICES = {"any": "required", True: "required", False: "none", None: ""}
_MODES = ("auto", "any", "none", "required")
_THOUGHTS = frozenset({"reasoning", "thinking", "redacted_thinking", "reasoning_content", "tool_use", "tool_call"})
"""Blocks of an assistant's message that are no text, and that tool calls carry already."""


def to_messages(messages: Sequence[BaseMessage], failed_calls: set[str] | None = None) -> tuple[Message, ...]:
    """LangChain's messages as Maieutic's. Raises UsageError for audio, files and unknown roles.

    failed_calls: gets the ids of the tool calls whose results are marked as errors.
    """
    if failed_calls is not None:
        failed_calls |= {
            message.tool_call_id
            for message in messages
            if isinstance(message, ToolMessage) and message.status == "error"
        }
    return tuple(_to_message(message) for message in messages)


def tool_use(options: Mapping[str, Any]) -> ToolUse:
    """What a call's options ask for beside a text."""
    return ToolUse(
        tools=tuple(ToolDefinition.from_wire(tool) for tool in options.get("tools") or ()),
        tool_choice=tool_choice_name(options.get("tool_choice")),
        parallel_tool_calls=options.get("parallel_tool_calls"),
        response_format=options.get("response_format"),
    )


def tool_choice_name(choice: str | bool | Mapping[str, Any] | None) -> str:
    """`auto`, `none`, `required`, or the name of a tool; empty where nothing is said."""
    if isinstance(choice, Mapping):
        name, mode = (choice.get("function") or choice).get("name"), choice.get("type")
        choice = str(name or (mode if mode in _MODES else "required"))
    return _TOOL_CHOICES.get(choice, str(choice))


def sampling_changes(own: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The sampling of a call: the model's own, and what the call says."""
    options = {"max_tokens": options.get("max_completion_tokens"), **options}
    changes = {name: options.get(name, own.get(name)) for name in _SAMPLING_OPTIONS}
    changes = {name: own.get(name) if value is None else value for name, value in changes.items()}
    stop = own.get("stop")
    return {name: value for name, value in changes.items() if value is not None} | (
        {"stop": tuple([stop] if isinstance(stop, str) else stop)} if stop else {}
    )


def ai_message(reply: Reply, model: str) -> AIMessage:
    """A reply with its tool calls; arguments that are no JSON object are an invalid call, as LangChain has it."""
    calls, invalid = [], []
    for call in reply.tool_calls:
        arguments = _arguments(call)
        if isinstance(arguments, str):
            invalid.append(invalid_tool_call(name=call["name"], args=call["arguments"], id=call["id"], error=arguments))
        else:
            calls.append(tool_call(name=call["name"], args=arguments, id=call["id"]))
    return AIMessage(
        content=reply.text,
        tool_calls=calls,
        invalid_tool_calls=invalid,
        additional_kwargs={"reasoning_content": reply.reasoning} if reply.reasoning else {},
        usage_metadata={
            "input_tokens": reply.prompt_tokens,
            "output_tokens": reply.completion_tokens,
            "total_tokens": reply.tokens,
        },
        response_metadata={
            "finish_reason": reply.finish,
            "model_name": model,
            "model_provider": "maieutic",
            "cached": reply.cached,
        },
    )


def answer_chunks(message: BaseMessage) -> Iterator[ChatGenerationChunk]:
    """A whole answer word by word, then its tool calls, then usage and metadata."""
    assert isinstance(message, AIMessage)
    for piece in re.findall(r"\s*\S+|\s+$", message.text):
        yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
    chunks = [
        _call_chunk(number, call) for number, call in enumerate([*message.tool_calls, *message.invalid_tool_calls])
    ]
    yield ChatGenerationChunk(
        message=AIMessageChunk(
            content="",
            tool_call_chunks=chunks,
            usage_metadata=message.usage_metadata,
            response_metadata=message.response_metadata,
            additional_kwargs=message.additional_kwargs,
            chunk_position="last",
        )
    )


def _call_chunk(number: int, call: Any) -> ToolCallChunk:
    arguments = call["args"] if isinstance(call["args"], str) else json.dumps(call["args"], ensure_ascii=False)
    return tool_call_chunk(name=call["name"], args=arguments, id=call["id"], index=number)


def _to_message(message: BaseMessage) -> Message:
    if isinstance(message, AIMessage) and isinstance(message.content, list):
        blocks = [
            block for block in message.content if not (isinstance(block, Mapping) and block.get("type") in _THOUGHTS)
        ]
        message = message.model_copy(update={"content": blocks or ""})
    try:
        turn: Any = convert_to_openai_messages(message)
        converted = from_wire(turn)
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(f"a {message.type} message cannot be sent: {error}", where="target runnable") from error
    if isinstance(message, AIMessage) and message.invalid_tool_calls:
        # Servers refuse a history in which a tool's result answers no call.
        converted["tool_calls"] = (*converted.get("tool_calls", ()), *map(_invalid_call, message.invalid_tool_calls))
    return converted


def _invalid_call(call: InvalidToolCall) -> ToolCall:
    return ToolCall(id=str(call["id"] or ""), name=str(call["name"] or ""), arguments=call["args"] or "")


def _arguments(call: ToolCall) -> dict[str, Any] | str:
    """The arguments, or what is wrong with them."""
    try:
        arguments = json.loads(call["arguments"] or "{}")
    except ValueError as error:
        return f"the arguments are no JSON: {error}"
    return arguments if isinstance(arguments, dict) else "the arguments are no JSON object"
