"""What plugins offer, name by name, and how a name's options are held to its factory."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...core.errors import UsageError
from ...core.protocols import Need
from ...core.suggest import did_you_mean
from . import hookspecs
from .discovery import Plugin
from .hookspecs import Kind
from .option_types import check_types

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One name of one plugin. `needs` is declared, so that a run can be refused without importing anything."""

    kind: Kind
    name: str
    plugin: Plugin
    factory: Callable[..., object] | str
    summary: str = ""
    needs: frozenset[Need] = frozenset()
    seconds: float | None = None

    @property
    def qualified(self) -> str:
        return f"{self.plugin.distribution}:{self.name}"


def registrar(kind: Kind, plugin: Plugin, offered: list[Registration]) -> hookspecs.Register:
    def register(
        name: str,
        factory: Callable[..., object] | str,
        *,
        summary: str = "",
        needs: frozenset[Need] = frozenset(),
        seconds: float | None = None,
    ) -> None:
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name: letters, digits, '.', '-' and '_' make one")
        if not callable(factory) and ":" not in factory:
            raise ValueError(f"{kind} {name!r}: the factory must be callable, or written 'package.module:Class'")
        if any(one.kind == kind and one.name == name for one in offered):
            raise ValueError(f"{kind} {name!r} is registered twice")
        entry = Registration(kind=kind, name=name, plugin=plugin, factory=factory, summary=summary, seconds=seconds)
        offered.append(replace(entry, needs=frozenset(needs)))

    return register


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
