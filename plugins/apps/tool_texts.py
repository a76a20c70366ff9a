"""Names and descriptions of an application's tools, as a program's texts say them.

A prompt of the program named `tool:NAME` is the description of the tool NAME, `tool:NAME.ARGUMENT` that of an argument
(with further dots for fields of it), and `tool:NAME/name` the name that the model reads. The application goes on with
its own names: what the model asks for is translated back.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.messages import Message, ToolCall, ToolDefinition
from ...core.program import Program

PREFIX = "tool:"
_NAME_SUFFIX = "/name"
# What every provider takes as the name of a tool.
_TOOL_NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


def is_tool_text(name: str) -> bool:
    """Whether a prompt of a program describes a tool, rather than being sent as a prompt."""
    return name.startswith(PREFIX)


@dataclass(frozen=True, kw_only=True)
class ToolTexts:
    """What a program says of tools. names: own name → what the model reads. descriptions: `NAME` or `NAME.ARGUMENT`."""

    names: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program) -> ToolTexts:
        """From the program's texts. A name that no provider takes is no name."""
        names, descriptions = dict[str, str](), dict[str, str]()
        for prompt_name, prompt in program.prompts.items():
            if not is_tool_text(prompt_name):
                continue
            key, text = prompt_name.removeprefix(PREFIX), prompt.instruction.strip()
            if not key.endswith(_NAME_SUFFIX):
                descriptions[key] = text
            elif _TOOL_NAME.match(text) and text not in names.values():
                names[key.removesuffix(_NAME_SUFFIX)] = text
        return cls(names=names, descriptions=descriptions)

    def tools(self, tools: Sequence[ToolDefinition]) -> tuple[ToolDefinition, ...]:
        """The tools as the model reads them."""
        return tuple(self._described(tool) for tool in tools)

    def messages(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """The messages with the names that the model reads."""
        if not self.names:
            return tuple(messages)
        return tuple(
            {**message, "tool_calls": tuple(_renamed(call, self.names) for call in message["tool_calls"])}
            if message.get("tool_calls")
            else message
            for message in messages
        )

    def model_name(self, name: str) -> str:
        """The name that the model reads for a tool of the application."""
        return self.names.get(name, name)

    def calls(self, calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
        """What a model asked for, with the application's own names."""
        own = {shown_name: name for name, shown_name in self.names.items()}
        return tuple(_renamed(call, own) for call in calls)

    def _described(self, tool: ToolDefinition) -> ToolDefinition:
        parameters: Any = None
        for key, text in self.descriptions.items():
            name, _, path = key.partition(".")
            if name == tool.name and path:
                parameters = parameters or copy.deepcopy(dict(tool.parameters))
                _describe(parameters, path.split("."), text)
        changes: dict[str, Any] = {"name": self.model_name(tool.name)}
        changes["description"] = self.descriptions.get(tool.name, tool.description)
        return tool.model_copy(update={**changes, **({"parameters": parameters} if parameters else {})})


def tool_descriptions(tools: Sequence[ToolDefinition]) -> dict[str, str]:
    """`tool:NAME` and `tool:NAME.ARGUMENT` → the texts that tools have now, to begin a search with."""
    texts = {}
    for tool in tools:
        texts[f"{PREFIX}{tool.name}"] = tool.description
        for name, schema in (tool.parameters.get("properties") or {}).items():
            texts[f"{PREFIX}{tool.name}.{name}"] = str(schema.get("description") or "")
    return texts


def _renamed(call: ToolCall, names: Mapping[str, str]) -> ToolCall:
    return {**call, "name": names.get(call["name"], call["name"])}


def _describe(schema: dict[str, Any], path: Sequence[str], text: str) -> None:
    """Set the description of a field; a path that the schema does not have changes nothing."""
    for name in path:
        properties = schema.get("properties") or (schema.get("items") or {}).get("properties") or {}
        if not isinstance(properties.get(name), dict):
            return
        schema = properties[name]
    schema["description"] = text
