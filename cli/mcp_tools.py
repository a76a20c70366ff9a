"""The commands as data: what another program needs to know to call them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ..serve.mcp import JsonType, ToolParameter, ToolSpec

_INTERACTIVE_COMMANDS = frozenset({"demo", "init", "mcp", "serve", "watch"})
_BACKGROUND_COMMANDS = frozenset({"resume"})
_DISPLAY_PARAMETERS = frozenset({"as_json", "plain", "tui", "detach", "output", "help"})
_JSON_TYPES: dict[Any, JsonType] = {int: "integer", float: "number"}


def command_tools(root: Any) -> list[ToolSpec]:
    """All commands but those that need a person or a terminal, in the order of the help."""
    return list(_walk_commands(root, ()))


def _walk_commands(command: Any, words: tuple[str, ...]) -> Iterator[ToolSpec]:
    inner = getattr(command, "commands", None)
    if inner is not None:
        for name, one in inner.items():
            if name not in _INTERACTIVE_COMMANDS:
                yield from _walk_commands(one, (*words, name))
        return
    names = {one.name for one in command.params}
    always = [option for name, option in (("detach", "--detach"), ("as_json", "--json")) if name in names]
    hints = get_type_hints(inspect.unwrap(command.callback))
    yield ToolSpec(
        name="_".join(words).replace("-", "_"),
        help=" ".join((command.help or "").split()),
        command_words=words,
        parameters=tuple(
            _tool_parameter(one, hints[one.name]) for one in command.params if one.name not in _DISPLAY_PARAMETERS
        ),
        fixed_options=tuple(always),
        background=words[-1] in _BACKGROUND_COMMANDS,
    )


def _tool_parameter(one: Any, hint: Any) -> ToolParameter:
    """The parser knows how it is written, the function's own signature what it is."""
    inner, many = _strip_optional(hint), False
    if get_origin(inner) is list:
        inner, many = get_args(inner)[0], True
    flag = inner is bool
    off = getattr(one, "secondary_opts", ())
    return ToolParameter(
        name=one.name,
        option="" if one.param_type_name == "argument" else max(one.opts, key=len),
        negation=max(off, key=len) if off else "",
        kind="boolean" if flag else _JSON_TYPES.get(inner, "string"),
        help=str(getattr(one, "help", "") or one.name),
        required=bool(one.required),
        repeatable=many,
        choices=tuple(map(str, get_args(inner))) if get_origin(inner) is Literal else (),
    )


def _strip_optional(hint: Any) -> Any:
    some = [one for one in get_args(hint) if one is not type(None)]
    return some[0] if get_origin(hint) in (Union, UnionType) and len(some) == 1 else hint
