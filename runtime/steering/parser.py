"""From the arguments that a person gave to the directive that is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ...core.directives import Directive, directive_adapter
from ...core.errors import UsageError
from .lookup import DirectiveLookup
from .spec import DirectiveArgument, DirectiveSpec

_FRACTIONS = ("margin", "usd", "minutes")  # numbers that stay floats where they happen to be whole


def validate_arguments(spec: DirectiveSpec, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as their kinds: numbers, and yes and no as booleans; empty ones are left out.

    Raises UsageError for an unknown name, a missing argument, or a value of the wrong kind.
    """
    named = {name: spec.argument(name) for name in arguments}
    values = {name: _coerce(named[name], value) for name, value in arguments.items() if value not in (None, "")}
    for argument in spec.arguments:
        if argument.required and argument.name not in values:
            raise UsageError(f"{spec.name} needs {argument.name}: {argument.help}", where=spec.name)
    return values


def build_directive(spec: DirectiveSpec, lookup: DirectiveLookup, arguments: Mapping[str, Any]) -> Directive:
    """From checked arguments. Raises UsageError where a named thing does not exist, or a value is not allowed."""
    try:
        if spec.build is not None:
            return spec.build(lookup, arguments)
        return directive_adapter.validate_python({"kind": spec.name, **arguments})
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"{spec.name}: {first['msg']}", where=".".join(str(part) for part in first["loc"]) or None
        ) from error


def parse_input(text: Any) -> Any:
    """The input of an example: a JSON object is its fields, anything else is the input itself."""
    if isinstance(text, str) and text.lstrip().startswith("{"):
        try:
            fields = json.loads(text)
        except ValueError:
            return text
        return fields if isinstance(fields, dict) else text
    return text


def _coerce(argument: DirectiveArgument, value: Any) -> Any:
    if argument.kind == "number":
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise UsageError(f"{value!r} is not a number", where=argument.name) from None
        return int(number) if number.is_integer() and argument.name not in _FRACTIONS else number
    if argument.kind != "choice":
        return value
    if set(argument.choices) == {"yes", "no"}:
        word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
        if word in argument.choices:
            return word == "yes"
    elif value in argument.choices:
        return value
    raise UsageError(f"{value!r} is not a choice", where=argument.name, possible=argument.choices)
