"""What a guest made, behind a guard: each call in the guest's own room, with a clock, its result looked at.

What the guest raises, and what it gives that is no such thing, is a PluginError that names it. What the framework's
own doors raise (a spent budget, a dead endpoint) and cancellation go through as they are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ...core.errors import MaieuticError
from .contract_table import ContractSpec, MethodSpec, contract_of
from .discovery import Plugin, plugin_error, plugin_failure
from .hookspecs import Kind
from .sandbox import HostLoop, PluginInterrupted, PluginThread, PluginTimeout

_HOST_METHODS = ("act", "complete")
_OPTIONAL_FIELDS = ("requires", "allows", "models")
"""What a guest may declare beside its contract. From Python 3.12 `isinstance` sees only what a class itself has."""


def proxy_for(kind: Kind, name: str, made: Any, plugin: Plugin, room: PluginThread) -> Any:
    """An object with the same fields and methods. Recipes are data and need none."""
    form = contract_of(kind, made)
    if form is None:
        return made
    declared = [one for one in _OPTIONAL_FIELDS if hasattr(made, one)]
    return _proxy_class(form, declared)(made, f"{kind} {name!r}", plugin, room)


class PluginProxy:
    """Everything beside the contract's own methods is the guest's, untouched."""

    def __init__(self, made: Any, label: str, plugin: Plugin, room: PluginThread) -> None:
        self._made, self._label, self._plugin, self._room = made, label, plugin, room

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._made, name)

    def _call_error(self, method: str, error: BaseException | str) -> MaieuticError:
        wrong = plugin_failure(self._plugin, "call", error)
        return plugin_error(wrong, what=f"the {self._label} failed in {method}: {wrong.error}")

    def _checked_result(self, method: MethodSpec, value: Any) -> Any:
        if method.accepts is not None and not method.accepts(value):
            raise self._call_error(method.name, f"it gave {value!r:.200}, wanted is {method.result_description}")
        return value


def _proxy_class(form: ContractSpec, declared: Sequence[str]) -> type[PluginProxy]:
    methods = {one.name: _async_method(one) if one.is_async else _sync_method(one) for one in form.methods}
    shown = {name: property(_field_reader(name)) for name in (*form.fields, *declared)}
    return type(f"Guarded{form.contract}", (PluginProxy,), {**shown, **methods})


def _field_reader(name: str) -> Callable[[PluginProxy], Any]:
    return lambda guard: getattr(guard._made, name)


def _sync_method(method: MethodSpec) -> Callable[..., Any]:
    def call(self: PluginProxy, *args: Any, **named: Any) -> Any:
        try:
            value = self._room.call(getattr(self._made, method.name), *args, **named)
        except MaieuticError:
            raise
        except (Exception, SystemExit, PluginInterrupted) as error:
            raise self._call_error(method.name, error) from error
        return self._checked_result(method, value)

    return call


def _async_method(method: MethodSpec) -> Callable[..., Any]:
    async def call(self: PluginProxy, *args: Any, **named: Any) -> Any:
        async def inside(outside: HostLoop) -> Any:
            given = [_host_service(one, outside) for one in args]
            words = {name: _host_service(one, outside) for name, one in named.items()}
            value = getattr(self._made, method.name)(*given, **words)
            return await value if inspect.isawaitable(value) else value

        try:
            value = await self._room.run(inside)
        except MaieuticError:
            raise
        except (Exception, SystemExit, PluginInterrupted) as error:
            raise self._call_error(
                method.name, error if not isinstance(error, PluginTimeout) else str(error)
            ) from error
        return self._checked_result(method, value)

    return call


class _HostService:
    """A door of the run's, as seen from a room: its async methods are carried out outside."""

    def __init__(self, inner: Any, outside: HostLoop) -> None:
        self._inner, self._outside = inner, outside

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def carried(*args: Any, **named: Any) -> Any:
            return await self._outside.run_on_host(found(*args, **named))

        return carried


def _host_service(value: Any, outside: HostLoop) -> Any:
    """Teams and gateways are doors, and so are async functions, alone or as fields of what is handed in. Everything
    else is plain data."""
    if inspect.iscoroutinefunction(value):

        async def carried(*args: Any, **named: Any) -> Any:
            return await outside.run_on_host(value(*args, **named))

        return carried
    if any(inspect.iscoroutinefunction(getattr(value, name, None)) for name in _HOST_METHODS):
        return _HostService(value, outside)
    if is_dataclass(value) and not isinstance(value, type):
        inner = {one.name: getattr(value, one.name) for one in fields(value) if one.init}
        changed = {
            name: door for name, one in inner.items() if (door := _host_service_of_field(one, outside)) is not one
        }
        return replace(value, **changed) if changed else value
    return value


def _host_service_of_field(value: Any, outside: HostLoop) -> Any:
    return value if is_dataclass(value) and not hasattr(value, "act") else _host_service(value, outside)
