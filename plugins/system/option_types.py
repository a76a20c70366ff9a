"""Options held to the types that a factory declares, so that a wrong one is refused when the part is made."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from ...core.errors import UsageError
from ...core.validation_messages import validation_location, validation_message

_TYPE_NAMES: Mapping[Any, str] = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def check_types(label: str, factory: Callable[..., object], options: Mapping[str, Any], *, counting: bool) -> None:
    """Raise UsageError where an option is not of the type its parameter is annotated with.

    Held to it is what a person can write in a file or behind `--set`, as JSON knows it: `2.5` and `"2"` are no whole
    numbers, `1` is no boolean. Objects that a program hands in, and annotations that cannot be read, are left alone.
    counting: whether a whole number says how many of something, as all of ours do: then none is negative, and where
    none at all would not do, the annotation says so (`core.amounts.Count`).
    """
    declared = _declared_types(factory) if options else {}
    for name, value in options.items():
        if name in declared and (wrong := _type_error(declared[name], value, counting)):
            said, possible = wrong
            raise UsageError(
                f"the option {name} of the {label} {said}; it is {value!r:.60}",
                possible=possible or (_type_text(declared[name]),),
                remedy=f"correct {name}, or leave it out",
            )


def _declared_types(factory: Callable[..., object]) -> dict[str, Any]:
    makes = factory.__init__ if inspect.isclass(factory) else factory
    try:
        return get_type_hints(makes, include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError):
        return {}


def _type_error(declared: Any, value: Any, counting: bool) -> tuple[str, tuple[str, ...]] | None:
    try:
        TypeAdapter(declared).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        said, possible = validation_message(error)
        place = validation_location(error)
        return (f"{said} (at {place})" if place else said), possible
    except (TypeError, ValueError, PydanticUserError):
        return None
    negative = counting and isinstance(value, int) and not isinstance(value, bool) and value < 0
    return ("counts something and cannot be negative", ("0 or more",)) if negative else None


def _type_text(declared: Any) -> str:
    plain = get_args(declared)[0] if get_origin(declared) is Annotated else declared
    return _TYPE_NAMES.get(plain) or inspect.formatannotation(plain).replace("collections.abc.", "").replace(
        "typing.", ""
    )
