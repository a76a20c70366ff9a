"""Chat messages: text, images, tool calls and tool results, and their spelling in OpenAI's protocol.

`content` is always the text of a message, so that whoever reads text needs nothing else. A message of text alone has no
other field: its key in the cache is what it was before messages had images and tools.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from .errors import UsageError
from .images import image_url

# What the largest image takes at the providers whose rules are known; most take far less.
MAX_IMAGE_TOKENS = 6_000
# The usual size of an image, for estimates: OpenAI and Anthropic take about so many for a picture of one megapixel.
USUAL_IMAGE_TOKENS = 1_000
_IMAGE_MARK = "[image]"
_KNOWN_PARTS = ("text", "image_url")
# What other libraries call the parts that chat models of text and images do not take.
_MEDIA = {"input_audio": "audio", "audio": "audio", "file": "files", "input_file": "files", "video": "video"}

MessageRole = Literal["system", "user", "assistant", "tool"]
_ROLES: Mapping[str, MessageRole] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}


class TextPart(TypedDict):
    """A piece of text between images."""

    type: Literal["text"]
    text: str


class ImagePart(TypedDict):
    """An image. url: `https://…`, or `data:image/…;base64,…`. detail: `low` or `high`, where it matters."""

    type: Literal["image"]
    url: str
    detail: NotRequired[str]


ContentPart = TextPart | ImagePart


class ToolCall(TypedDict):
    """A model's request to call a tool. arguments: the JSON text that the model wrote, which may not be valid."""

    id: str
    name: str
    arguments: str


class Message(TypedDict):
    """One chat message.

    content: its text. parts: text and images in order, where it has images. tool_calls: what an assistant asked for.
    tool_call_id: the call that a message of the role `tool` answers.
    """

    role: MessageRole
    content: str
    parts: NotRequired[tuple[ContentPart, ...]]
    tool_calls: NotRequired[tuple[ToolCall, ...]]
    tool_call_id: NotRequired[str]


class ToolDefinition(BaseModel):
    """A tool that a model may call. parameters: the JSON schema of its arguments."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    strict: bool | None = None

    @classmethod
    def from_wire(cls, tool: Mapping[str, Any]) -> ToolDefinition:
        """From OpenAI's spelling. Raises UsageError for what is no function."""
        function = tool.get("function")
        if tool.get("type", "function") != "function" or not isinstance(function, Mapping) or not function.get("name"):
            raise UsageError(
                f"a tool of type {tool.get('type')!r} cannot be sent",
                where="tools",
                possible=("function",),
                remedy="define it as a function with a JSON schema",
            )
        known = {name: function[name] for name in ("name", "description", "parameters", "strict") if function.get(name)}
        return cls.model_validate(known)

    def to_wire(self) -> dict[str, Any]:
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": {**function, **({"strict": True} if self.strict else {})}}


def images_of(messages: Sequence[Message]) -> Iterator[ImagePart]:
    """Every image, in order."""
    for message in messages:
        for part in message.get("parts", ()):
            if part["type"] == "image":
                yield part


def is_plain(message: Message) -> bool:
    """Whether the message is text alone."""
    return message["role"] != "tool" and not message.get("parts") and not message.get("tool_calls")


def text_bytes(messages: Sequence[Message]) -> int:
    """The bytes of all texts: contents, names and arguments of tool calls. Images are counted apart."""
    total = 0
    for message in messages:
        total += len(message["content"].encode())
        total += sum(len(f"{call['id']}{call['name']}{call['arguments']}".encode()) for call in _calls(message))
    return total


def readable(message: Message) -> str:
    """The message as people read it, tool calls and images included."""
    lines = [message["content"]] if message["content"] else []
    if images := len(list(images_of([message]))):
        lines.append(_IMAGE_MARK if images == 1 else f"[{images} images]")
    return "\n".join([*lines, *(call_text(call) for call in _calls(message))])


def call_text(call: ToolCall) -> str:
    """`search({"query": "hotels"})`"""
    return f"{call['name']}({call['arguments']})"


def to_wire(message: Message) -> Mapping[str, Any]:
    """The message in OpenAI's spelling; a text alone is itself."""
    if is_plain(message):
        return message
    fields: dict[str, Any] = {"role": message["role"], "content": message["content"]}
    if parts := message.get("parts"):
        fields["content"] = [_part_to_wire(part) for part in parts]
    if calls := message.get("tool_calls"):
        fields["content"] = message["content"] or None
        fields["tool_calls"] = [
            {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
            for call in calls
        ]
    if message["role"] == "tool":
        fields["tool_call_id"] = message.get("tool_call_id", "")
    return fields


def from_wire(turn: Mapping[str, Any]) -> Message:
    """A message in OpenAI's spelling. Raises UsageError for a role or a part that no chat model of text takes."""
    role = _ROLES.get(str(turn.get("role")))
    if role is None:
        raise UsageError(
            f"a message of the role {turn.get('role')!r} cannot be sent", where="messages", possible=tuple(_ROLES)
        )
    content = turn.get("content")
    parts = tuple(_part_from_wire(part) for part in content) if isinstance(content, list) else ()
    text = "\n".join(part["text"] for part in parts if part["type"] == "text") if parts else str(content or "")
    message: Message = {"role": role, "content": text}
    if any(part["type"] == "image" for part in parts):
        message["parts"] = parts
    if calls := turn.get("tool_calls"):
        message["tool_calls"] = tool_calls_from_wire(calls)
    if role == "tool":
        message["tool_call_id"] = str(turn.get("tool_call_id") or turn.get("name") or "")
    return message


def tool_calls_from_wire(calls: Sequence[Any]) -> tuple[ToolCall, ...]:
    """Tool calls of a response or a message. Some servers leave the id out, or send the arguments as an object."""
    read = []
    for number, call in enumerate(calls):
        function = call["function"]
        arguments = function.get("arguments")
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments or {}, ensure_ascii=False)
        read.append(
            ToolCall(id=str(call.get("id") or f"call_{number}"), name=str(function["name"]), arguments=arguments)
        )
    return tuple(read)


def _calls(message: Message) -> tuple[ToolCall, ...]:
    return message.get("tool_calls", ())


def _part_to_wire(part: ContentPart) -> dict[str, Any]:
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]}
    detail = {"detail": part["detail"]} if part.get("detail") else {}
    return {"type": "image_url", "image_url": {"url": part["url"], **detail}}


def _part_from_wire(part: Any) -> ContentPart:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    kind = str(part.get("type")) if isinstance(part, Mapping) else type(part).__name__
    if kind in ("text", "input_text", "output_text", "refusal"):
        return {"type": "text", "text": str(part.get("text") or part.get("refusal") or "")}
    if (url := image_url(part)) is not None:
        image: ImagePart = {"type": "image", "url": url}
        source = part.get("image_url")
        if isinstance(source, Mapping) and source.get("detail"):
            image["detail"] = str(source["detail"])
        return image
    raise UsageError(
        f"a message with {_MEDIA.get(kind, f'a part of type {kind!r}')} cannot be sent",
        where="messages",
        possible=_KNOWN_PARTS,
        remedy="send text and images; write what the file or the recording says as text",
    )
