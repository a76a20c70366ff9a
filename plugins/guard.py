"""What a guest made, behind a guard: each call in the guest's own room, with a clock, its result looked at.

What the guest raises, and what it gives that is no such thing, is a PluginError that names it. What the framework's
own doors raise (a spent budget, a dead endpoint) and cancellation go through as they are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ..core.errors import MaieuticError
from .forms import Form, Method, form_of
from .guests import Plugin, complaint, failed
from .hookspecs import Kind
from .rooms import Hung, Interrupted, Outside, Room

_DOORS = ("act", "complete")
_DECLARED = ("requires", "allows", "models")
"""What a guest may declare beside its contract. From Python 3.12 `isinstance` sees only what a class itself has."""


def guarded(kind: Kind, name: str, made: Any, plugin: Plugin, room: Room) -> Any:
    """An object with the same fields and methods. Recipes are data and need none."""
    form = form_of(kind, made)
    if form is None:
        return made
    declared = [one for one in _DECLARED if hasattr(made, one)]
    return _class_of(form, declared)(made, f"{kind} {name!r}", plugin, room)


class Guard:
    """Everything beside the contract's own methods is the guest's, untouched."""

    def __init__(self, made: Any, label: str, plugin: Plugin, room: Room) -> None:
        self._made, self._label, self._plugin, self._room = made, label, plugin, room

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._made, name)

    def _wrong(self, method: str, error: BaseException | str) -> MaieuticError:
        wrong = failed(self._plugin, "call", error)
        return complaint(wrong, what=f"the {self._label} failed in {method}: {wrong.error}")

    def _given(self, method: Method, value: Any) -> Any:
        if method.gives is not None and not method.gives(value):
            raise self._wrong(method.name, f"it gave {value!r:.200}, wanted is {method.wanted}")
        return value


def _class_of(form: Form, declared: Sequence[str]) -> type[Guard]:
    methods = {one.name: _asynchronous(one) if one.asynchronous else _plain(one) for one in form.methods}
    shown = {name: property(_field(name)) for name in (*form.fields, *declared)}
    return type(f"Guarded{form.contract}", (Guard,), {**shown, **methods})


def _field(name: str) -> Callable[[Guard], Any]:
    return lambda guard: getattr(guard._made, name)


def _plain(method: Method) -> Callable[..., Any]:
    def call(self: Guard, *args: Any, **named: Any) -> Any:
        try:
            value = self._room.call(getattr(self._made, method.name), *args, **named)
        except MaieuticError:
            raise
        except (Exception, SystemExit, Interrupted) as error:
            raise self._wrong(method.name, error) from error
        return self._given(method, value)

    return call


def _asynchronous(method: Method) -> Callable[..., Any]:
    async def call(self: Guard, *args: Any, **named: Any) -> Any:
        async def inside(outside: Outside) -> Any:
            given = [_door(one, outside) for one in args]
            words = {name: _door(one, outside) for name, one in named.items()}
            value = getattr(self._made, method.name)(*given, **words)
            return await value if inspect.isawaitable(value) else value

        try:
            value = await self._room.run(inside)
        except MaieuticError:
            raise
        except (Exception, SystemExit, Interrupted) as error:
            raise self._wrong(method.name, error if not isinstance(error, Hung) else str(error)) from error
        return self._given(method, value)

    return call


class _Door:
    """A door of the run's, as seen from a room: its async methods are carried out outside."""

    def __init__(self, inner: Any, outside: Outside) -> None:
        self._inner, self._outside = inner, outside

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def carried(*args: Any, **named: Any) -> Any:
            return await self._outside.go(found(*args, **named))

        return carried


def _door(value: Any, outside: Outside) -> Any:
    """Teams and gateways are doors, and so are async functions, alone or as fields of what is handed in. Everything
    else is plain data."""
    if inspect.iscoroutinefunction(value):

        async def carried(*args: Any, **named: Any) -> Any:
            return await outside.go(value(*args, **named))

        return carried
    if any(inspect.iscoroutinefunction(getattr(value, name, None)) for name in _DOORS):
        return _Door(value, outside)
    if is_dataclass(value) and not isinstance(value, type):
        inner = {one.name: getattr(value, one.name) for one in fields(value) if one.init}
        changed = {name: door for name, one in inner.items() if (door := _door_of_field(one, outside)) is not one}
        return replace(value, **changed) if changed else value
    return value


def _door_of_field(value: Any, outside: Outside) -> Any:
    return value if is_dataclass(value) and not hasattr(value, "act") else _door(value, outside)
