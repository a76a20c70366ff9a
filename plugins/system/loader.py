"""Imports third-party plugins and collects what they register, each in a thread of its own (see `sandbox`)."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pluggy

from . import hookspecs
from .discovery import Plugin, PluginFailure, plugin_failure
from .hookspecs import API_VERSION, ENTRY_POINT_GROUP, HOOKS
from .imports import import_file
from .process_guard import PluginInterrupted, ReplacedBuiltin
from .registration import Registration, registrar
from .sandbox import PluginThread, PluginTimeout


class PluginLoader:
    """The pluggy manager and the plugins' threads. seconds: the time limit of one call into a plugin."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._threads: dict[str, PluginThread] = {}
        self._manager = pluggy.PluginManager(ENTRY_POINT_GROUP)
        self._manager.add_hookspecs(hookspecs)

    def thread_for(self, plugin: Plugin, seconds: float | None = None, separate: str = "") -> PluginThread:
        """One thread per plugin; an entry with a longer limit, or one that is kept separate, has its own."""
        limit = [f"{seconds:g}"] if seconds is not None else []
        key = " ".join([plugin.key, *limit, *([separate] if separate else [])])
        if key not in self._threads:
            self._threads[key] = PluginThread(f"maieutic plugin {plugin.name}", seconds or self.seconds)
        return self._threads[key]

    def load(self, plugin: Plugin) -> list[Registration] | PluginFailure:
        """Import a plugin and collect what it registers. Raises nothing that the plugin raises."""
        thread = self.thread_for(plugin)
        try:
            module = thread.call(import_plugin, plugin)
        except (PluginTimeout, PluginInterrupted, ReplacedBuiltin) as error:
            return plugin_failure(plugin, "import", str(error))
        if isinstance(module, PluginFailure):
            return module
        try:
            return thread.call(self.collect, plugin.with_state("loaded"), module)
        except (PluginTimeout, PluginInterrupted, ReplacedBuiltin) as error:
            self.unregister(plugin)
            return plugin_failure(plugin, "register", str(error))

    def collect(self, plugin: Plugin, module: ModuleType) -> list[Registration] | PluginFailure:
        """Call one plugin's hooks: all that it registers, or the failure of the first hook that fails."""
        registrations: list[Registration] = []
        try:
            self._manager.register(module, name=plugin.key)
            self._manager.check_pending()
            others = [other for other in self._manager.get_plugins() if other is not module]
            for kind, hook in HOOKS.items():
                self._manager.subset_hook_caller(hook, others)(register=registrar(kind, plugin, registrations))
        except PluginInterrupted:
            raise
        except BaseException as error:  # noqa: BLE001 - a plugin's hook may raise anything
            self.unregister(plugin)
            return plugin_failure(plugin, "register", error)
        return registrations

    def unregister(self, plugin: Plugin) -> None:
        """Forget a plugin, so that another object can take its name."""
        if self._manager.has_plugin(plugin.key):
            self._manager.unregister(name=plugin.key)


def import_plugin(plugin: Plugin) -> ModuleType | PluginFailure:
    """The plugin's module, or its failure. Raises nothing that a plugin raises."""
    try:
        if plugin.module.endswith(".py"):
            module = import_file(Path(plugin.module))
        else:
            module = importlib.import_module(plugin.module.partition(":")[0])
    except PluginInterrupted:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything at import
        return plugin_failure(plugin, "import", error)
    version = getattr(module, "api", API_VERSION)
    if not isinstance(version, int) or version < 1:
        return plugin_failure(
            plugin, "api", f"its `api` is {version!r}, and should be the contract's number, {API_VERSION}"
        )
    if version > API_VERSION:
        versions = (
            f"it was written for version {version} of the plugin contract, this maieutic has version {API_VERSION}"
        )
        return plugin_failure(plugin, "api", f"{versions}: update maieutic, or install an older version of the plugin")
    return module
