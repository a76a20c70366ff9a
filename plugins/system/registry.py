"""The registry: every plugin name that a task or a recipe may use, and how its object is created."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from ...core.error_messages import did_you_mean
from ...core.errors import MaieuticError, NeedsError, UsageError
from . import hookspecs
from .contract_table import contract_violations
from .discovery import (
    CALLER_METRIC,
    IN_PROCESS,
    Plugin,
    PluginFailure,
    discover_plugins,
    find_plugin,
    plugin_error,
    plugin_failure,
)
from .function_names import FUNCTION_NAME
from .hookspecs import HOOKS, Kind
from .loader import PluginLoader
from .process_guard import PluginInterrupted
from .registration import (
    BUILTIN,
    OptionHelp,
    Registration,
    builtin_registrations,
    check_options,
    import_factory,
    option_help,
    parameters_of,
)
from .sandbox import proxy_for

__all__ = ["CALL_TIMEOUT_SECONDS", "PLUGINS_VARIABLE", "STRICT_VARIABLE", "Registration", "Registry"]

PLUGINS_VARIABLE = "MAIEUTIC_PLUGINS"
STRICT_VARIABLE = "MAIEUTIC_PLUGINS_STRICT"
CALL_TIMEOUT_SECONDS = 120.0
_FUNCTION_PLUGINS: Mapping[Kind, str] = {"evaluator": "callable", "target": "callable"}


class Registry:
    """Names of plugins, the shipped ones first; third-party plugins are imported when they are needed.

    A name is looked up among the built-ins and the plugins loaded so far; only an unknown name, and a listing, import
    the others. `distribution:name` loads that one plugin.

    Attributes:
        own_code: Whether code that a task names may run.
        failures: Plugins that could not be loaded. A failure is an error only for a plugin that the run names, or for
            any where `strict` is set.
    """

    def __init__(
        self,
        plugins: Iterable[Plugin] = (),
        *,
        folder: Path | None = None,
        closed: bool = False,
        own_code: bool = True,
        strict: bool = False,
        seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> None:
        self.failures: list[PluginFailure] = []
        self.strict = strict
        self._loader = PluginLoader(seconds)
        self._folder = folder or Path()
        self._closed = closed
        self.own_code = own_code
        self._plugins: dict[str, Plugin] = {BUILTIN.key: BUILTIN}
        self._plugins |= {plugin.key: plugin for plugin in plugins}

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
        own_code: bool = True,
    ) -> Registry:
        """The registry of a run.

        Args:
            plugins: The installed plugins that may be used, by distribution or entry-point name, or `./file.py`
                relative to `folder`; they are loaded at once. None reads the variable MAIEUTIC_PLUGINS, and where it
                is unset allows all, loaded when first needed. An empty sequence, or value, allows none.
            folder: The task's folder.
            strict: Whether any plugin that cannot be loaded is an error at once; None reads MAIEUTIC_PLUGINS_STRICT.
            seconds: The time limit of one call into a third-party plugin.
            own_code: Whether a task may name functions of Python files and modules, as metric, app or data.
        """
        from ...runtime.settings import settings

        strict = settings().plugins_strict if strict is None else strict
        named = plugins
        if named is None:
            named = settings().plugins
        if named is None:
            registry = cls(discover_plugins(), folder=folder, own_code=own_code, strict=strict, seconds=seconds)
            if strict:
                registry._load_remaining()
            return registry
        registry = cls(folder=folder, closed=not named, own_code=own_code, strict=strict, seconds=seconds)
        registry.require(named)
        return registry

    def require(self, plugins: Sequence[str], *, folder: Path | None = None) -> None:
        """Load plugins that the run names, for example `task.plugins`.

        Raises:
            UsageError: A plugin is not there.
            PluginError: A plugin cannot be used; with its distribution, version and stage.
        """
        if folder is not None:
            self._folder = folder
        if plugins and self._closed:
            raise UsageError(
                f"the run names plugins ({', '.join(plugins)}), but plugins are switched off",
                remedy=f"run without --no-plugins and with {PLUGINS_VARIABLE} unset, or remove them from the task",
            )
        for name in plugins:
            plugin = find_plugin(name, self._folder, self._plugins)
            self._plugins.setdefault(plugin.key, plugin)
            self._load(plugin.key, named=True)

    def register_object(self, kind: Kind, name: str, factory: Callable[..., object], *, summary: str = "") -> None:
        """Add an object of the calling process under a name, in place of an earlier one.

        Raises PluginError for a name that is not valid.
        """
        module = ModuleType(f"in-process/{kind}/{name}")

        @hookspecs.hookimpl(specname=HOOKS[kind])
        def register_hook(register: hookspecs.Register) -> None:
            register(name, factory, summary=summary)

        module.register_hook = register_hook  # type: ignore[attr-defined]
        plugin = Plugin(name=name, module=module.__name__, distribution=IN_PROCESS, version="", state="loaded")
        if plugin.key in self._plugins:
            self._loader.unregister(plugin)
            self._entries[kind][name] = [entry for entry in self._entries[kind][name] if entry.plugin.key != plugin.key]
        if failure := self._add_entries(self._loader.collect(plugin, module)):
            raise plugin_error(failure)
        self._plugins[plugin.key] = plugin

    def create(self, kind: Kind, name: str, /, **options: Any) -> Any:
        """Create the object that `name` stands for.

        Raises:
            UsageError: The name or an option is unknown.
            PluginError: The plugin itself fails.
        """
        if self._is_function_path(kind, name):
            options = {"function": name, "folder": str(self._folder), **options}
            name = _FUNCTION_PLUGINS[kind]
        entry = self._entry(kind, name)
        factory = self._factory(entry)
        if "folder" in parameters_of(factory):
            for value in options.values():
                self.check_own_code(kind, value)
            options = {"folder": str(self._folder), **options}
        check_options(entry, factory, options)
        third_party = entry.plugin.third_party
        # An observer that hangs would block its thread, so each has a thread of its own.
        thread = self._loader.thread_for(entry.plugin, entry.seconds, separate=name if kind == "observer" else "")
        try:
            instance = thread.call(factory, **options) if third_party else factory(**options)
        except MaieuticError:
            raise
        except (Exception, SystemExit, PluginInterrupted) as error:
            failure = plugin_failure(entry.plugin, "create", error)
            raise plugin_error(failure, what=f"the {kind} {name!r} could not be created: {failure.error}") from error
        if not third_party and kind != "observer":
            return instance
        if violations := contract_violations(kind, instance):
            failure = plugin_failure(entry.plugin, "contract", "; ".join(violations))
            raise plugin_error(failure, what=f"the {kind} {name!r} breaks its contract: {failure.error}")
        return proxy_for(kind, name, instance, entry.plugin, thread)

    def check_own_code(self, kind: Kind, value: object) -> None:
        """Raises UsageError for the name of a function where no code of the task may run."""
        if not self.own_code and isinstance(value, str) and FUNCTION_NAME.fullmatch(value):
            raise UsageError(
                f"the {kind} {value} is code of the task, which --no-plugins does not run",
                where=str(self._folder),
                remedy="read that code, then run without --no-plugins",
            )

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
        """The registration of a name: its plugin, summary and needs. Raises UsageError for an unknown name."""
        return self._entry(kind, _FUNCTION_PLUGINS[kind] if self._is_function_path(kind, name) else name)

    def options(self, kind: Kind, name: str) -> dict[str, inspect.Parameter]:
        """The options that a name takes; imports it."""
        return parameters_of(self._factory(self.describe(kind, name)))

    def option_help(self, kind: Kind, name: str) -> list[OptionHelp]:
        """The options of a name with their types and defaults; imports it."""
        return option_help(self._factory(self.describe(kind, name)))

    def registrations(self, name: str) -> list[Registration]:
        """Every part of a name, of any kind; `kind:name` is one of that kind. Loads every plugin that is allowed."""
        self._load_remaining()
        kind, colon, bare = name.partition(":")
        if colon and kind in self._entries:
            return list(self._entries[kind].get(bare, []))
        return [entry for entry in self._all_entries() if name in (entry.name, entry.qualified)]

    def plugins(self) -> list[Plugin]:
        """All plugins with their state, the built-ins first; imports nothing."""
        return list(self._plugins.values())

    def entries(self, plugin: str | None = None) -> list[Registration]:
        """The names of one plugin, or of all that are allowed; loads them and leaves out what cannot be loaded.

        Raises UsageError for a plugin that is not there.
        """
        if plugin is None:
            self._load_remaining()
            return self._all_entries()
        owner = find_plugin(plugin, self._folder, self._plugins)
        self._plugins.setdefault(owner.key, owner)
        self._load(owner.key, named=False)
        return [entry for entry in self._all_entries() if entry.plugin.key == owner.key]

    def _all_entries(self) -> list[Registration]:
        return [entry for by_name in self._entries.values() for entries in by_name.values() for entry in entries]

    def _entry(self, kind: Kind, name: str) -> Registration:
        owner, colon, bare_name = name.partition(":") if ":" in name else ("", "", name)
        entries = self._entries_of_owner(kind, owner, bare_name) if colon else self._entries_of_name(kind, name)
        if not entries and kind == "evaluator" and name.startswith(CALLER_METRIC):
            raise NeedsError(
                f"the metric {name.removeprefix(CALLER_METRIC)} is a function of the program that began the run, "
                "and no store or file holds it",
                where=f"evaluator {name}",
                remedy="give it again: resume(run, metric=…); for commands and other machines, put it into a file and "
                'name it: metric="metrics.py:my_function"',
            )
        if not entries:
            names = self.names(kind)
            failures = "; ".join(map(str, self.failures))
            raise UsageError(
                f"no {kind} is called {name!r}",
                where=f"plugins that failed: {failures}" if failures else None,
                possible=names,
                remedy=did_you_mean(bare_name, names) or "use one of these, or install the plugin that has it",
            )
        builtin = [entry for entry in entries if entry.plugin.state == "built-in"]
        if len(entries) > 1 and not builtin:
            raise UsageError(
                f"two plugins offer the {kind} {name!r}",
                possible=[entry.qualified for entry in entries],
                remedy="write distribution:name",
            )
        return (builtin or entries)[0]

    def _entries_of_name(self, kind: Kind, name: str) -> list[Registration]:
        if name not in self._entries[kind]:
            self._load_remaining()
        return self._entries[kind].get(name, [])

    def _entries_of_owner(self, kind: Kind, owner: str, name: str) -> list[Registration]:
        """The entries of `owner:name`. Raises UsageError where the plugin is there and has no such name."""
        owners = [key for key, plugin in self._plugins.items() if plugin.matches(owner)]
        for key in owners:
            self._load(key, named=True)
        entries = [entry for entry in self._entries[kind].get(name, []) if entry.plugin.matches(owner)]
        if owners and not entries:
            names = [entry.name for entry in self._all_entries() if entry.kind == kind and entry.plugin.matches(owner)]
            raise UsageError(f"the plugin {owner} has no {kind} {name!r}", possible=sorted(names))
        return entries

    def _is_function_path(self, kind: Kind, name: str) -> bool:
        """Whether a name with a colon is `module:function` rather than `distribution:name`."""
        owner, colon, rest = name.partition(":")
        if not colon or kind not in _FUNCTION_PLUGINS:
            return False
        if owner.endswith(".py"):
            return not any(entry.plugin.matches(owner) for entry in self._entries[kind].get(rest, []))
        return not any(plugin.matches(owner) for plugin in self._plugins.values())

    def _factory(self, entry: Registration) -> Callable[..., object]:
        if not isinstance(entry.factory, str):
            return entry.factory
        try:
            if not entry.plugin.third_party:
                return import_factory(entry.factory)
            return self._loader.thread_for(entry.plugin).call(import_factory, entry.factory)
        except (Exception, SystemExit, PluginInterrupted) as error:
            failure = plugin_failure(entry.plugin, "import", error)
            raise plugin_error(failure, what=f"{entry.factory} cannot be imported: {failure.error}") from error

    def _load_remaining(self) -> None:
        for key in [key for key, plugin in self._plugins.items() if plugin.state == "available"]:
            self._load(key, named=False)

    def _load(self, key: str, *, named: bool) -> None:
        plugin = self._plugins[key]
        if plugin.state == "available":
            failure = self._add_entries(self._loader.load(plugin))
            self._plugins[key] = plugin.with_state("failed" if failure else "loaded")
            if failure:
                self.failures.append(failure)
        if (named or self.strict) and self._plugins[key].state == "failed":
            raise plugin_error(next(failure for failure in self.failures if failure.plugin == plugin.name))

    def _add_entries(self, registrations: list[Registration] | PluginFailure) -> PluginFailure | None:
        if isinstance(registrations, PluginFailure):
            return registrations
        for entry in registrations:
            self._entries[entry.kind].setdefault(entry.name, []).append(entry)
        return None
