"""The commands as MCP tools: their names, parameters and JSON schemas, read from the parser."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ..serve.mcp import JsonType, ToolParameter, ToolSpec

_INTERACTIVE_COMMANDS = frozenset({"demo", "init", "mcp", "serve", "trust", "watch"})
_BACKGROUND_COMMANDS = frozenset({"resume"})
_DISPLAY_PARAMETERS = frozenset({"as_json", "plain", "tui", "detach", "output", "force", "help", "trust"})
_JSON_TYPES: dict[Any, JsonType] = {int: "integer", float: "number"}


def command_tools(root: Any) -> list[ToolSpec]:
    """All commands except those that need a person or a terminal, in the order of the help."""
    return list(_walk_commands(root, ()))


def _walk_commands(command: Any, words: tuple[str, ...]) -> Iterator[ToolSpec]:
    subcommands = getattr(command, "commands", None)
    if subcommands is not None:
        for name, subcommand in subcommands.items():
            if name not in _INTERACTIVE_COMMANDS:
                yield from _walk_commands(subcommand, (*words, name))
        return
    names = {parameter.name for parameter in command.params}
    fixed = [option for name, option in (("detach", "--detach"), ("as_json", "--json")) if name in names]
    hints = get_type_hints(inspect.unwrap(command.callback))
    yield ToolSpec(
        name="_".join(words).replace("-", "_"),
        help=" ".join((command.help or "").split()),
        command_words=words,
        parameters=tuple(
            _tool_parameter(parameter, hints[parameter.name])
            for parameter in command.params
            if parameter.name not in _DISPLAY_PARAMETERS
        ),
        fixed_options=tuple(fixed),
        background=words[-1] in _BACKGROUND_COMMANDS,
        hidden=bool(command.hidden),
    )


def _tool_parameter(parameter: Any, hint: Any) -> ToolParameter:
    """The parser has the spelling of a parameter, the command's signature its type."""
    value_type, repeatable = _strip_optional(hint), False
    if get_origin(value_type) is list:
        value_type, repeatable = get_args(value_type)[0], True
    negations = getattr(parameter, "secondary_opts", ())
    return ToolParameter(
        name=parameter.name,
        option="" if parameter.param_type_name == "argument" else max(parameter.opts, key=len),
        negation=max(negations, key=len) if negations else "",
        kind="boolean" if value_type is bool else _JSON_TYPES.get(value_type, "string"),
        help=str(getattr(parameter, "help", "") or parameter.name),
        required=bool(parameter.required),
        repeatable=repeatable,
        choices=tuple(map(str, get_args(value_type))) if get_origin(value_type) is Literal else (),
    )


def _strip_optional(hint: Any) -> Any:
    members = [member for member in get_args(hint) if member is not type(None)]
    return members[0] if get_origin(hint) in (Union, UnionType) and len(members) == 1 else hint
