"""The registry: every name that a task or a recipe may use, and who stands behind it."""

from __future__ import annotations

import importlib
import inspect
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from ..core.contracts import Need
from ..core.errors import MaieuticError, UsageError
from ..core.naming import did_you_mean
from . import builtin, hookspecs
from .guests import Plugin, PluginFailure, complaint, discover, failed, from_file, import_plugin, normal
from .hookspecs import GROUP, HOOKS, Kind

ENV = "MAIEUTIC_PLUGINS"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_BY_PATH: Mapping[Kind, str] = {"evaluator": "callable", "target": "callable"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One name of one plugin. `needs` is declared, so that a run can be refused without importing anything."""

    kind: Kind
    name: str
    plugin: Plugin
    factory: Callable[..., object] | str
    summary: str = ""
    needs: frozenset[Need] = frozenset()

    @property
    def qualified(self) -> str:
        return f"{self.plugin.distribution}:{self.name}"


class Registry:
    """Built-ins first, guests when they are asked for.

    A name is looked up among the built-ins and the plugins loaded so far; only a name that nobody has, and a
    listing, import the others. `distribution:name` loads that one plugin. What a guest raises while it is loaded
    is kept in `failures`; it is an error only for a plugin that the run named.
    """

    def __init__(self, guests: Iterable[Plugin] = (), *, folder: Path | None = None, closed: bool = False) -> None:
        self.failures: list[PluginFailure] = []
        self._folder = folder or Path()
        self._closed = closed
        self._entries: dict[Kind, dict[str, list[Entry]]] = {kind: {} for kind in HOOKS}
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        own = Plugin(name="builtin", module=builtin.__name__, distribution=GROUP, version="", state="built-in")
        self._plugins: dict[str, Plugin] = {_key(own): own}
        self._plugins |= {_key(plugin): plugin for plugin in guests}
        if wrong := self._register(own, builtin):
            raise complaint(wrong)

    @classmethod
    def load(cls, plugins: Sequence[str] | None = None, *, folder: Path | None = None) -> Registry:
        """The registry of a run.

        plugins: which installed plugins may be used, by distribution or entry-point name, or `./file.py` relative
        to `folder` (the task's folder); those named are loaded at once. None asks the variable MAIEUTIC_PLUGINS,
        and where it is unset allows all, loaded when first needed. An empty sequence, or value, allows none.
        """
        named = plugins
        if named is None and (listed := os.environ.get(ENV)) is not None:
            named = [one.strip() for one in listed.split(",") if one.strip()]
        if named is None:
            return cls(discover(), folder=folder)
        registry = cls(folder=folder, closed=not named)
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
                remedy=f"run without --no-plugins and with {ENV} unset, or remove them from the task",
            )
        for name in plugins:
            plugin = self._find_plugin(name)
            self._plugins.setdefault(_key(plugin), plugin)
            self._load(_key(plugin), named=True)

    def offer(self, kind: Kind, name: str, factory: Callable[..., object], *, summary: str = "") -> None:
        """Add what this process has at hand, an object of the caller's own for example. Raises PluginError for a name
        that is none."""
        module = ModuleType(f"in-process/{kind}/{name}")

        @hookspecs.hookimpl(specname=HOOKS[kind])
        def offered(register: hookspecs.Register) -> None:
            register(name, factory, summary=summary)

        module.offered = offered  # type: ignore[attr-defined]
        plugin = Plugin(name=name, module=module.__name__, distribution="in-process", version="", state="loaded")
        if wrong := self._register(plugin, module):
            raise complaint(wrong)
        self._plugins[_key(plugin)] = plugin

    def create(self, kind: Kind, name: str, /, **options: Any) -> Any:
        """Make what `name` stands for. Raises UsageError for an unknown name or option, PluginError where the
        plugin itself fails."""
        if self._is_path(kind, name):
            options = {"function": name, "folder": str(self._folder), **options}
            name = _BY_PATH[kind]
        entry = self._entry(kind, name)
        factory = self._factory(entry)
        _check_options(entry, factory, options)
        try:
            return factory(**options)
        except MaieuticError:
            raise
        except Exception as error:
            wrong = failed(entry.plugin, "create", error)
            raise complaint(wrong, what=f"the {kind} {name!r} could not be made: {wrong.error}") from error

    def names(self, kind: Kind) -> list[str]:
        """All names of a kind, sorted; loads every plugin that is allowed."""
        self._load_rest()
        return sorted(self._entries[kind])

    def has(self, kind: Kind, name: str) -> bool:
        try:
            self.describe(kind, name)
        except UsageError:
            return False
        return True

    def describe(self, kind: Kind, name: str) -> Entry:
        """Who offers a name, its summary and needs; imports no built-in. Raises UsageError for an unknown name."""
        return self._entry(kind, _BY_PATH[kind] if self._is_path(kind, name) else name)

    def options(self, kind: Kind, name: str) -> dict[str, inspect.Parameter]:
        """The options that a name takes; imports it."""
        return _parameters(self._factory(self.describe(kind, name)))

    def plugins(self) -> list[Plugin]:
        """All plugins with their state, the built-ins first; imports nothing."""
        return list(self._plugins.values())

    def _entry(self, kind: Kind, name: str) -> Entry:
        asked = name
        if ":" in asked:
            owner, _, name = asked.partition(":")
            known = self._plugins if any(p.answers_to(owner) for p in self._plugins.values()) else {}
            for key in [key for key, plugin in known.items() if plugin.answers_to(owner)]:
                self._load(key, named=True)
            entries = [one for one in self._entries[kind].get(name, []) if one.plugin.answers_to(owner)]
            if known and not entries:
                own = [e.name for es in self._entries[kind].values() for e in es if e.plugin.answers_to(owner)]
                raise UsageError(f"the plugin {owner} has no {kind} {name!r}", possible=sorted(own))
        else:
            if name not in self._entries[kind]:
                self._load_rest()
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

    def _is_path(self, kind: Kind, name: str) -> bool:
        """Whether a name with a colon is `module:function` rather than `distribution:name`."""
        owner, colon, rest = name.partition(":")
        if not colon or kind not in _BY_PATH:
            return False
        if owner.endswith(".py"):
            return not any(one.plugin.answers_to(owner) for one in self._entries[kind].get(rest, []))
        return not any(one.answers_to(owner) for one in self._plugins.values())

    def _factory(self, entry: Entry) -> Callable[..., object]:
        if not isinstance(entry.factory, str):
            return entry.factory
        module, _, attribute = entry.factory.partition(":")
        try:
            factory: Callable[..., object] = getattr(importlib.import_module(module), attribute)
        except (Exception, SystemExit) as error:
            wrong = failed(entry.plugin, "import", error)
            raise complaint(wrong, what=f"{entry.factory} cannot be imported: {wrong.error}") from error
        return factory

    def _find_plugin(self, name: str) -> Plugin:
        if name.endswith(".py"):
            return from_file(Path(os.path.normpath(self._folder / name)))
        installed = {_key(plugin): plugin for plugin in discover()} | self._plugins
        found = [plugin for plugin in installed.values() if plugin.answers_to(name)]
        if not found:
            known = sorted({plugin.distribution for plugin in installed.values()})
            raise UsageError(
                f"no plugin is called {name!r}",
                possible=known,
                remedy=did_you_mean(name, known) or f"install it: pip install {name}",
            )
        return found[0]

    def _load_rest(self) -> None:
        for key in [key for key, plugin in self._plugins.items() if plugin.state == "available"]:
            self._load(key, named=False)

    def _load(self, key: str, *, named: bool) -> None:
        plugin = self._plugins[key]
        if plugin.state == "available":
            module = import_plugin(plugin)
            wrong = module if isinstance(module, PluginFailure) else self._register(plugin.now("loaded"), module)
            self._plugins[key] = plugin.now("failed" if wrong else "loaded")
            if wrong:
                self.failures.append(wrong)
        if named and self._plugins[key].state == "failed":
            raise complaint(next(one for one in self.failures if one.plugin == plugin.name))

    def _register(self, plugin: Plugin, module: ModuleType) -> PluginFailure | None:
        """Let one plugin speak through its hooks. All it offers counts, or, where one hook fails, nothing does."""
        offered: list[Entry] = []
        try:
            self._manager.register(module, name=_key(plugin))
            self._manager.check_pending()
            others = [one for one in self._manager.get_plugins() if one is not module]
            for kind, hook in HOOKS.items():
                self._manager.subset_hook_caller(hook, others)(register=_collector(kind, plugin, offered))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a guest's hook may raise anything
            if self._manager.has_plugin(_key(plugin)):
                self._manager.unregister(name=_key(plugin))
            return failed(plugin, "register", error)
        for entry in offered:
            self._entries[entry.kind].setdefault(entry.name, []).append(entry)
        return None


def _collector(kind: Kind, plugin: Plugin, offered: list[Entry]) -> hookspecs.Register:
    def register(
        name: str, factory: Callable[..., object] | str, *, summary: str = "", needs: frozenset[Need] = frozenset()
    ) -> None:
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name: letters, digits, '.', '-' and '_' make one")
        if not callable(factory) and ":" not in factory:
            raise ValueError(f"{kind} {name!r}: the factory must be callable, or written 'package.module:Class'")
        if any(one.kind == kind and one.name == name for one in offered):
            raise ValueError(f"{kind} {name!r} is registered twice")
        offered.append(
            Entry(kind=kind, name=name, plugin=plugin, factory=factory, summary=summary, needs=frozenset(needs))
        )

    return register


def _key(plugin: Plugin) -> str:
    return f"{normal(plugin.distribution)}/{plugin.module}"


def _parameters(factory: Callable[..., object]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(factory).parameters)


def _check_options(entry: Entry, factory: Callable[..., object], options: Mapping[str, Any]) -> None:
    """Raise UsageError where the options do not fit the factory's signature."""
    parameters = _parameters(factory)
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
