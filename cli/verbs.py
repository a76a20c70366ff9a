"""The commands as data: what another program needs to know to call them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ..serve.mcp import Kind, Parameter, Verb

_FOR_PEOPLE = frozenset({"demo", "init", "mcp", "serve", "watch"})
_APART = frozenset({"resume"})
_SCREEN = frozenset({"as_json", "plain", "tui", "detach", "output", "help"})
_KINDS: dict[Any, Kind] = {int: "integer", float: "number"}


def verbs(root: Any) -> list[Verb]:
    """All commands but those that need a person or a terminal, in the order of the help."""
    return list(_walk(root, ()))


def _walk(command: Any, words: tuple[str, ...]) -> Iterator[Verb]:
    inner = getattr(command, "commands", None)
    if inner is not None:
        for name, one in inner.items():
            if name not in _FOR_PEOPLE:
                yield from _walk(one, (*words, name))
        return
    names = {one.name for one in command.params}
    always = [option for name, option in (("detach", "--detach"), ("as_json", "--json")) if name in names]
    hints = get_type_hints(inspect.unwrap(command.callback))
    yield Verb(
        name="_".join(words).replace("-", "_"),
        help=" ".join((command.help or "").split()),
        words=words,
        parameters=tuple(_parameter(one, hints[one.name]) for one in command.params if one.name not in _SCREEN),
        always=tuple(always),
        apart=words[-1] in _APART,
    )


def _parameter(one: Any, hint: Any) -> Parameter:
    """The parser knows how it is written, the function's own signature what it is."""
    inner, many = _without_none(hint), False
    if get_origin(inner) is list:
        inner, many = get_args(inner)[0], True
    flag = inner is bool
    off = getattr(one, "secondary_opts", ())
    return Parameter(
        name=one.name,
        option="" if one.param_type_name == "argument" else max(one.opts, key=len),
        off=max(off, key=len) if off else "",
        kind="boolean" if flag else _KINDS.get(inner, "string"),
        help=str(getattr(one, "help", "") or one.name),
        required=bool(one.required),
        many=many,
        choices=tuple(map(str, get_args(inner))) if get_origin(inner) is Literal else (),
    )


def _without_none(hint: Any) -> Any:
    some = [one for one in get_args(hint) if one is not type(None)]
    return some[0] if get_origin(hint) in (Union, UnionType) and len(some) == 1 else hint
