"""Letting plugins in: each imported and heard in a room of its own, so that one that hangs or breaks is only named."""

from __future__ import annotations

from types import ModuleType

import pluggy

from . import hookspecs
from .discovery import Plugin, PluginFailure, import_plugin, plugin_failure
from .hookspecs import ENTRY_POINT_GROUP, HOOKS
from .registration import Registration, registrar
from .sandbox import PluginInterrupted, PluginThread, PluginTimeout


class PluginLoader:
    """The pluggy manager, and the rooms. seconds: how long one call of a guest may take of its own time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._rooms: dict[str, PluginThread] = {}
        self._manager = pluggy.PluginManager(ENTRY_POINT_GROUP)
        self._manager.add_hookspecs(hookspecs)

    def thread_for(self, plugin: Plugin, seconds: float | None = None, apart: str = "") -> PluginThread:
        """One for each plugin; an entry that may take longer, or is held apart, has one of its own."""
        key = " ".join([plugin.key, *([f"{seconds:g}"] if seconds is not None else []), *([apart] if apart else [])])
        if key not in self._rooms:
            self._rooms[key] = PluginThread(f"maieutic plugin {plugin.name}", seconds or self.seconds)
        return self._rooms[key]

    def load(self, plugin: Plugin) -> list[Registration] | PluginFailure:
        """Import a guest and hear what it offers. Nothing that it raises, and no loop that it runs, gets through."""
        room = self.thread_for(plugin)
        try:
            module = room.call(import_plugin, plugin)
        except (PluginTimeout, PluginInterrupted) as error:
            return plugin_failure(plugin, "import", str(error))
        if isinstance(module, PluginFailure):
            return module
        try:
            return room.call(self.collect, plugin.with_state("loaded"), module)
        except (PluginTimeout, PluginInterrupted) as error:
            self._unregister(plugin)
            return plugin_failure(plugin, "register", str(error))

    def collect(self, plugin: Plugin, module: ModuleType) -> list[Registration] | PluginFailure:
        """Let one plugin speak through its hooks. All it offers counts, or, where one hook fails, nothing does."""
        offered: list[Registration] = []
        try:
            self._manager.register(module, name=plugin.key)
            self._manager.check_pending()
            others = [one for one in self._manager.get_plugins() if one is not module]
            for kind, hook in HOOKS.items():
                self._manager.subset_hook_caller(hook, others)(register=registrar(kind, plugin, offered))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a guest's hook may raise anything
            self._unregister(plugin)
            return plugin_failure(plugin, "register", error)
        return offered

    def _unregister(self, plugin: Plugin) -> None:
        if self._manager.has_plugin(plugin.key):
            self._manager.unregister(name=plugin.key)
