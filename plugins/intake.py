"""Letting plugins in: each imported and heard in a room of its own, so that one that hangs or breaks is only named."""

from __future__ import annotations

from types import ModuleType

import pluggy

from . import hookspecs
from .entries import Entry, collector
from .guests import Plugin, PluginFailure, failed, import_plugin
from .hookspecs import GROUP, HOOKS
from .rooms import Hung, Interrupted, Room


class Intake:
    """The pluggy manager, and the rooms. seconds: how long one call of a guest may take of its own time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._rooms: dict[str, Room] = {}
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)

    def room(self, plugin: Plugin, seconds: float | None = None, apart: str = "") -> Room:
        """One for each plugin; an entry that may take longer, or is held apart, has one of its own."""
        key = " ".join([plugin.key, *([f"{seconds:g}"] if seconds is not None else []), *([apart] if apart else [])])
        if key not in self._rooms:
            self._rooms[key] = Room(f"maieutic plugin {plugin.name}", seconds or self.seconds)
        return self._rooms[key]

    def take_in(self, plugin: Plugin) -> list[Entry] | PluginFailure:
        """Import a guest and hear what it offers. Nothing that it raises, and no loop that it runs, gets through."""
        room = self.room(plugin)
        try:
            module = room.call(import_plugin, plugin)
        except (Hung, Interrupted) as error:
            return failed(plugin, "import", str(error))
        if isinstance(module, PluginFailure):
            return module
        try:
            return room.call(self.listen, plugin.now("loaded"), module)
        except (Hung, Interrupted) as error:
            self._forget(plugin)
            return failed(plugin, "register", str(error))

    def listen(self, plugin: Plugin, module: ModuleType) -> list[Entry] | PluginFailure:
        """Let one plugin speak through its hooks. All it offers counts, or, where one hook fails, nothing does."""
        offered: list[Entry] = []
        try:
            self._manager.register(module, name=plugin.key)
            self._manager.check_pending()
            others = [one for one in self._manager.get_plugins() if one is not module]
            for kind, hook in HOOKS.items():
                self._manager.subset_hook_caller(hook, others)(register=collector(kind, plugin, offered))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a guest's hook may raise anything
            self._forget(plugin)
            return failed(plugin, "register", error)
        return offered

    def _forget(self, plugin: Plugin) -> None:
        if self._manager.has_plugin(plugin.key):
            self._manager.unregister(name=plugin.key)
