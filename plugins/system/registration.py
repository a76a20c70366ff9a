"""The names that plugins register, the shipped ones first, and how the options of a name are checked."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from ...core.error_messages import did_you_mean, validation_location, validation_message
from ...core.errors import UsageError
from ...core.protocols import Need
from . import hookspecs
from .discovery import Plugin
from .hookspecs import ENTRY_POINT_GROUP, HOOKS, Kind

_TYPE_NAMES: Mapping[Any, str] = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


BUILTIN = Plugin(name="builtin", module=__name__, distribution=ENTRY_POINT_GROUP, version="", state="built-in")
_PLUGINS_PACKAGE = __name__.rpartition(".system.")[0]


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One name of one plugin.

    Attributes:
        factory: Makes the object; as "package.module:Class" it is imported when the name is first used.
        declared_needs: What a run must have, where the plugin declared it; None asks the factory.
        seconds: How long one call may take, where it is not the registry's usual limit.
    """

    kind: Kind
    name: str
    plugin: Plugin
    factory: Callable[..., object] | str
    summary: str = ""
    declared_needs: frozenset[Need] | None = None
    seconds: float | None = None

    @property
    def qualified(self) -> str:
        return f"{self.plugin.distribution}:{self.name}"

    @property
    def needs(self) -> frozenset[Need]:
        """What a run must have: as declared, else the class attribute `needs`. Imports a built-in, no other plugin."""
        if self.declared_needs is not None:
            return self.declared_needs
        factory = self.factory
        if isinstance(factory, str):
            factory = None if self.plugin.third_party else import_factory(factory)  # type: ignore[assignment]
        needs = getattr(factory, "needs", None)
        return frozenset(needs) if isinstance(needs, frozenset | set) else frozenset()


def import_factory(path: str) -> Callable[..., object]:
    """The object behind "package.module:name"."""
    module, _, attribute = path.partition(":")
    factory: Callable[..., object] = getattr(importlib.import_module(module), attribute)
    return factory


@cache
def builtin_registrations() -> Mapping[Kind, Mapping[str, Registration]]:
    """Kind → name → registration of what ships with Maieutic, from `builtin.toml`. Imports none of it."""
    table = tomllib.loads((resources.files(__package__) / "builtin.toml").read_text(encoding="utf-8"))
    return {
        kind: {
            name: Registration(
                kind=kind,
                name=name,
                plugin=BUILTIN,
                factory=f"{_PLUGINS_PACKAGE}.{row['use']}",
                summary=row["summary"],
                declared_needs=frozenset(row["needs"]) if "needs" in row else None,
            )
            for name, row in table.get(kind, {}).items()
        }
        for kind in HOOKS
    }


def registrar(kind: Kind, plugin: Plugin, registrations: list[Registration]) -> hookspecs.Register:
    """The function that a plugin's hook calls; it appends to `registrations`."""

    def register(
        name: str,
        factory: Callable[..., object] | str,
        *,
        summary: str = "",
        needs: Collection[Need] | None = None,
        seconds: float | None = None,
    ) -> None:
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name: letters, digits, '.', '-' and '_' make one")
        if not callable(factory) and ":" not in factory:
            raise ValueError(f"{kind} {name!r}: the factory must be callable, or written 'package.module:Class'")
        if any(entry.kind == kind and entry.name == name for entry in registrations):
            raise ValueError(f"{kind} {name!r} is registered twice")
        registrations.append(
            Registration(
                kind=kind,
                name=name,
                plugin=plugin,
                factory=factory,
                summary=summary or _first_sentence(factory),
                declared_needs=None if needs is None else frozenset(needs),
                seconds=seconds,
            )
        )

    return register


def _first_sentence(factory: Callable[..., object] | str) -> str:
    """The first sentence of a class or function's own docstring; empty for a path, which would have to be imported."""
    text = "" if isinstance(factory, str) else (getattr(factory, "__doc__", None) or "")
    if text.startswith(f"{getattr(factory, '__name__', '')}("):
        return ""  # a dataclass without a docstring: Python writes its signature
    return re.split(r"\.\s|\n\s*\n", text.strip())[0].removesuffix(".")


def parameters_of(factory: Callable[..., object]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(factory).parameters)


@dataclass(frozen=True, kw_only=True)
class OptionHelp:
    """One option of a part, in words. default: as JSON or Python writes it; None where the option is required."""

    name: str
    type: str
    default: str | None


def option_help(factory: Callable[..., object]) -> list[OptionHelp]:
    """The options that a task, a recipe or `--set` may give; what the registry fills in is none."""
    declared = _declared_types(factory)
    return [
        OptionHelp(
            name=name,
            type=_type_text(declared[name]) if name in declared else "",
            default=None if parameter.default is inspect.Parameter.empty else _default_text(parameter.default),
        )
        for name, parameter in parameters_of(factory).items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY) and name != "folder"
    ]


def _default_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return "(made by the part)" if "object at 0x" in repr(value) or "factory" in repr(value) else str(value)


def check_options(entry: Registration, factory: Callable[..., object], options: Mapping[str, Any]) -> None:
    """Raise UsageError where the options do not fit the factory's signature, or are of other types than it says."""
    parameters = parameters_of(factory)
    kinds = {parameter.kind for parameter in parameters.values()}
    possible = [n for n, p in parameters.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        for option in options:
            if option not in possible:
                raise UsageError(
                    f"the {entry.kind} {entry.name!r} has no option {option!r}",
                    possible=possible or ["no options at all"],
                    remedy=did_you_mean(option, possible),
                )
    for option in possible:
        if parameters[option].default is inspect.Parameter.empty and option not in options:
            raise UsageError(
                f"the {entry.kind} {entry.name!r} needs the option {option!r}",
                possible=possible,
                remedy=f"write {option} = … beside its name",
            )
    check_types(f"{entry.kind} {entry.name!r}", factory, options, counting=not entry.plugin.third_party)


def check_types(label: str, factory: Callable[..., object], options: Mapping[str, Any], *, counting: bool) -> None:
    """Raise UsageError where an option is not of the type its parameter is annotated with.

    Only what a person can write in a file or after `--set` is checked, by JSON's rules: `2.5` and `"2"` are no whole
    numbers, `1` is no boolean. Objects that a program passes in, and annotations that cannot be read, are not checked.

    Args:
        counting: Whether whole numbers are counts and thus never negative, as in all shipped plugins. Where 0 is no
            use either, the annotation says so (`core.option_types.Count`).
    """
    declared = _declared_types(factory) if options else {}
    for name, value in options.items():
        if name in declared and (mismatch := _type_error(declared[name], value, counting)):
            problem, possible = mismatch
            raise UsageError(
                f"the option {name} of the {label} {problem}; it is {value!r:.60}",
                possible=possible or (_type_text(declared[name]),),
                remedy=f"correct {name}, or leave it out",
            )


def _declared_types(factory: Callable[..., object]) -> dict[str, Any]:
    function = factory.__init__ if inspect.isclass(factory) else factory
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError):
        return {}


def _type_error(declared: Any, value: Any, counting: bool) -> tuple[str, tuple[str, ...]] | None:
    try:
        TypeAdapter(declared).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        problem, possible = validation_message(error)
        location = validation_location(error)
        return (f"{problem} (at {location})" if location else problem), possible
    except (TypeError, ValueError, PydanticUserError):
        return None
    negative = counting and isinstance(value, int) and not isinstance(value, bool) and value < 0
    return ("counts something and cannot be negative", ("0 or more",)) if negative else None


def _type_text(declared: Any) -> str:
    plain = get_args(declared)[0] if get_origin(declared) is Annotated else declared
    return _TYPE_NAMES.get(plain) or inspect.formatannotation(plain).replace("collections.abc.", "").replace(
        "typing.", ""
    )
