"""The names that plugins register, the shipped ones first, and how the options of a name are checked."""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ...core.errors import UsageError
from ...core.protocols import Need
from ...core.suggest import did_you_mean
from . import hookspecs
from .discovery import Plugin
from .hookspecs import ENTRY_POINT_GROUP, HOOKS, Kind
from .option_types import check_types

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


def check_options(entry: Registration, factory: Callable[..., object], options: Mapping[str, Any]) -> None:
    """Raise UsageError where the options do not fit the factory's signature, or are of other types than it says."""
    parameters = parameters_of(factory)
    kinds = {one.kind for one in parameters.values()}
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
