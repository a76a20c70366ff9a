"""The registry: every name that a task or a recipe may use, and who stands behind it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from ...core.errors import MaieuticError, UsageError
from ...core.suggest import did_you_mean
from . import hookspecs
from .contract_table import contract_violations
from .discovery import (
    IN_PROCESS,
    Plugin,
    PluginFailure,
    discover_plugins,
    plugin_error,
    plugin_failure,
    plugin_from_file,
)
from .hookspecs import HOOKS, Kind
from .loader import PluginLoader
from .proxy import proxy_for
from .registration import (
    BUILTIN,
    Registration,
    builtin_registrations,
    check_options,
    import_factory,
    parameters_of,
)
from .sandbox import PluginInterrupted

__all__ = ["CALL_TIMEOUT_SECONDS", "PLUGINS_VARIABLE", "STRICT_VARIABLE", "Registration", "Registry"]

PLUGINS_VARIABLE = "MAIEUTIC_PLUGINS"
STRICT_VARIABLE = "MAIEUTIC_PLUGINS_STRICT"
CALL_TIMEOUT_SECONDS = 120.0
_FUNCTION_PLUGINS: Mapping[Kind, str] = {"evaluator": "callable", "target": "callable"}


class Registry:
    """Built-ins first, guests when they are asked for.

    A name is looked up among the built-ins and the plugins loaded so far; only a name that nobody has, and a
    listing, import the others. `distribution:name` loads that one plugin. What a guest raises while it is loaded
    is kept in `failures`; it is an error only for a plugin that the run named, or for any where `strict` is said.
    Each guest is imported, and whatever it makes works, in a room of its own: what takes longer there than `seconds`
    is interrupted and counts as failed.
    """

    def __init__(
        self,
        guests: Iterable[Plugin] = (),
        *,
        folder: Path | None = None,
        closed: bool = False,
        strict: bool = False,
        seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> None:
        self.failures: list[PluginFailure] = []
        self.strict = strict
        self._intake = PluginLoader(seconds)
        self._folder = folder or Path()
        self._closed = closed
        self._plugins: dict[str, Plugin] = {BUILTIN.key: BUILTIN}
        self._plugins |= {plugin.key: plugin for plugin in guests}

    @cached_property
    def _entries(self) -> dict[Kind, dict[str, list[Registration]]]:
        """Filled with the built-ins when the first name is looked up."""
        return {kind: {name: [entry] for name, entry in rows.items()} for kind, rows in builtin_registrations().items()}

    @classmethod
    def load(
        cls,
        plugins: Sequence[str] | None = None,
        *,
        folder: Path | None = None,
        strict: bool | None = None,
        seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> Registry:
        """The registry of a run.

        plugins: which installed plugins may be used, by distribution or entry-point name, or `./file.py` relative
        to `folder` (the task's folder); those named are loaded at once. None asks the variable MAIEUTIC_PLUGINS,
        and where it is unset allows all, loaded when first needed. An empty sequence, or value, allows none.
        strict: any plugin that cannot be loaded is an error at once; None asks MAIEUTIC_PLUGINS_STRICT.
        """
        strict = bool(os.environ.get(STRICT_VARIABLE)) if strict is None else strict
        named = plugins
        if named is None and (listed := os.environ.get(PLUGINS_VARIABLE)) is not None:
            named = [one.strip() for one in listed.split(",") if one.strip()]
        if named is None:
            registry = cls(discover_plugins(), folder=folder, strict=strict, seconds=seconds)
            if strict:
                registry._load_remaining()
            return registry
        registry = cls(folder=folder, closed=not named, strict=strict, seconds=seconds)
        registry.require(named)
        return registry

    def require(self, plugins: Sequence[str], *, folder: Path | None = None) -> None:
        """Load plugins that the run names, for example `task.plugins`. Raises UsageError for one that is not
        there and PluginError, with distribution, version and stage, for one that cannot be used."""
        if folder is not None:
            self._folder = folder
        if plugins and self._closed:
            raise UsageError(
                f"the run names plugins ({', '.join(plugins)}), but plugins are switched off",
                remedy=f"run without --no-plugins and with {PLUGINS_VARIABLE} unset, or remove them from the task",
            )
        for name in plugins:
            plugin = self._find_plugin(name)
            self._plugins.setdefault(plugin.key, plugin)
            self._load(plugin.key, named=True)

    def register_object(self, kind: Kind, name: str, factory: Callable[..., object], *, summary: str = "") -> None:
        """Add what this process has at hand, an object of the caller's own for example. Raises PluginError for a name
        that is none."""
        module = ModuleType(f"in-process/{kind}/{name}")

        @hookspecs.hookimpl(specname=HOOKS[kind])
        def offered(register: hookspecs.Register) -> None:
            register(name, factory, summary=summary)

        module.offered = offered  # type: ignore[attr-defined]
        plugin = Plugin(name=name, module=module.__name__, distribution=IN_PROCESS, version="", state="loaded")
        if wrong := self._register(plugin, module):
            raise plugin_error(wrong)
        self._plugins[plugin.key] = plugin

    def create(self, kind: Kind, name: str, /, **options: Any) -> Any:
        """Make what `name` stands for. Raises UsageError for an unknown name or option, PluginError where the
        plugin itself fails."""
        if self._is_function_path(kind, name):
            options = {"function": name, "folder": str(self._folder), **options}
            name = _FUNCTION_PLUGINS[kind]
        entry = self._entry(kind, name)
        factory = self._factory(entry)
        if "folder" in parameters_of(factory):
            options = {"folder": str(self._folder), **options}
        check_options(entry, factory, options)
        guest = entry.plugin.third_party
        # An observer that hangs takes down the room it is in, so it has one of its own.
        room = self._intake.thread_for(entry.plugin, entry.seconds, apart=name if kind == "observer" else "")
        try:
            made = room.call(factory, **options) if guest else factory(**options)
        except MaieuticError:
            raise
        except (Exception, SystemExit, PluginInterrupted) as error:
            wrong = plugin_failure(entry.plugin, "create", error)
            raise plugin_error(wrong, what=f"the {kind} {name!r} could not be made: {wrong.error}") from error
        if not guest and kind != "observer":
            return made
        if faults := contract_violations(kind, made):
            wrong = plugin_failure(entry.plugin, "contract", "; ".join(faults))
            raise plugin_error(wrong, what=f"the {kind} {name!r} breaks its contract: {wrong.error}")
        return proxy_for(kind, name, made, entry.plugin, room)

    def names(self, kind: Kind) -> list[str]:
        """All names of a kind, sorted; loads every plugin that is allowed."""
        self._load_remaining()
        return sorted(self._entries[kind])

    def has(self, kind: Kind, name: str) -> bool:
        try:
            self.describe(kind, name)
        except UsageError:
            return False
        return True

    def describe(self, kind: Kind, name: str) -> Registration:
        """Who offers a name, its summary and needs; imports no built-in. Raises UsageError for an unknown name."""
        return self._entry(kind, _FUNCTION_PLUGINS[kind] if self._is_function_path(kind, name) else name)

    def options(self, kind: Kind, name: str) -> dict[str, inspect.Parameter]:
        """The options that a name takes; imports it."""
        return parameters_of(self._factory(self.describe(kind, name)))

    def plugins(self) -> list[Plugin]:
        """All plugins with their state, the built-ins first; imports nothing."""
        return list(self._plugins.values())

    def entries(self, plugin: str | None = None) -> list[Registration]:
        """What one plugin offers, or all that are allowed; loads them, and what cannot be loaded is left out. Raises
        UsageError for a plugin that is not there."""
        if plugin is None:
            self._load_remaining()
            return self._all_entries()
        found = self._find_plugin(plugin)
        self._plugins.setdefault(found.key, found)
        self._load(found.key, named=False)
        return [entry for entry in self._all_entries() if entry.plugin.key == found.key]

    def _all_entries(self) -> list[Registration]:
        return [entry for by_name in self._entries.values() for some in by_name.values() for entry in some]

    def _entry(self, kind: Kind, name: str) -> Registration:
        asked = name
        if ":" in asked:
            owner, _, name = asked.partition(":")
            known = self._plugins if any(p.matches(owner) for p in self._plugins.values()) else {}
            for key in [key for key, plugin in known.items() if plugin.matches(owner)]:
                self._load(key, named=True)
            entries = [one for one in self._entries[kind].get(name, []) if one.plugin.matches(owner)]
            if known and not entries:
                own = [e.name for es in self._entries[kind].values() for e in es if e.plugin.matches(owner)]
                raise UsageError(f"the plugin {owner} has no {kind} {name!r}", possible=sorted(own))
        else:
            if name not in self._entries[kind]:
                self._load_remaining()
            entries = self._entries[kind].get(name, [])
        if not entries:
            names = self.names(kind)
            broken = "; ".join(str(one) for one in self.failures)
            raise UsageError(
                f"no {kind} is called {asked!r}",
                where=f"plugins that failed: {broken}" if broken else None,
                possible=names,
                remedy=did_you_mean(name, names) or "use one of these, or install the plugin that brings it",
            )
        builtins = [one for one in entries if one.plugin.state == "built-in"]
        if len(entries) > 1 and not builtins:
            raise UsageError(
                f"two plugins offer the {kind} {name!r}",
                possible=[one.qualified for one in entries],
                remedy="write distribution:name",
            )
        return builtins[0] if builtins else entries[0]

    def _is_function_path(self, kind: Kind, name: str) -> bool:
        """Whether a name with a colon is `module:function` rather than `distribution:name`."""
        owner, colon, rest = name.partition(":")
        if not colon or kind not in _FUNCTION_PLUGINS:
            return False
        if owner.endswith(".py"):
            return not any(one.plugin.matches(owner) for one in self._entries[kind].get(rest, []))
        return not any(one.matches(owner) for one in self._plugins.values())

    def _factory(self, entry: Registration) -> Callable[..., object]:
        if not isinstance(entry.factory, str):
            return entry.factory
        try:
            if not entry.plugin.third_party:
                return import_factory(entry.factory)
            return self._intake.thread_for(entry.plugin).call(import_factory, entry.factory)
        except (Exception, SystemExit, PluginInterrupted) as error:
            failure = plugin_failure(entry.plugin, "import", error)
            raise plugin_error(failure, what=f"{entry.factory} cannot be imported: {failure.error}") from error

    def _find_plugin(self, name: str) -> Plugin:
        if name.endswith(".py"):
            place = Path(os.path.normpath(self._folder / name))
            if not place.is_file():
                raise UsageError(f"there is no plugin {place}", where=name, remedy="correct the path of the file")
            return plugin_from_file(place)
        installed = {plugin.key: plugin for plugin in discover_plugins()} | self._plugins
        found = [plugin for plugin in installed.values() if plugin.matches(name)]
        if not found:
            known = sorted({plugin.distribution for plugin in installed.values()})
            raise UsageError(
                f"no plugin is called {name!r}",
                possible=known,
                remedy=did_you_mean(name, known) or f"install it: pip install {name}",
            )
        return found[0]

    def _load_remaining(self) -> None:
        for key in [key for key, plugin in self._plugins.items() if plugin.state == "available"]:
            self._load(key, named=False)

    def _load(self, key: str, *, named: bool) -> None:
        plugin = self._plugins[key]
        if plugin.state == "available":
            wrong = self._add_entries(self._intake.load(plugin))
            self._plugins[key] = plugin.with_state("failed" if wrong else "loaded")
            if wrong:
                self.failures.append(wrong)
        if (named or self.strict) and self._plugins[key].state == "failed":
            raise plugin_error(next(one for one in self.failures if one.plugin == plugin.name))

    def _register(self, plugin: Plugin, module: ModuleType) -> PluginFailure | None:
        return self._add_entries(self._intake.collect(plugin, module))

    def _add_entries(self, offered: list[Registration] | PluginFailure) -> PluginFailure | None:
        if isinstance(offered, PluginFailure):
            return offered
        for entry in offered:
            self._entries[entry.kind].setdefault(entry.name, []).append(entry)
        return None
