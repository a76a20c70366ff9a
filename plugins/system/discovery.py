"""Which plugins are installed, from metadata alone, and how a plugin that fails is named."""

from __future__ import annotations

import importlib.metadata
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ...core.error_messages import did_you_mean
from ...core.errors import PluginError, UsageError
from .hookspecs import ENTRY_POINT_GROUP
from .process_guard import ProcessExit, exit_call

Stage = Literal["import", "api", "register", "create", "contract", "call"]
IN_PROCESS = "in-process"
# Functions that the calling program gives as metrics are registered under this prefix, which no plugin's name has.
CALLER_METRIC = "metric."
State = Literal["built-in", "available", "loaded", "failed"]


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A plugin as its metadata describes it.

    Attributes:
        name: The name of its entry point.
        module: A dotted module name, or the path of a Python file.
    """

    name: str
    module: str
    distribution: str
    version: str
    state: State = "available"

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()

    @property
    def third_party(self) -> bool:
        """Whether it is neither shipped nor an object that the caller of this process passed in."""
        return self.state != "built-in" and self.distribution != IN_PROCESS

    @property
    def key(self) -> str:
        return f"{canonical_name(self.distribution)}/{self.module}"

    def matches(self, name: str) -> bool:
        return canonical_name(name) in (
            canonical_name(self.name),
            canonical_name(self.distribution),
            canonical_name(self.module),
        )

    def with_state(self, state: State) -> Plugin:
        return replace(self, state=state)


@dataclass(frozen=True, kw_only=True)
class PluginFailure:
    """A plugin that could not be used, and the stage at which it failed."""

    plugin: str
    distribution: str
    version: str
    stage: Stage
    error: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version} (plugin {self.plugin}, {self.stage}): {self.error}"


def plugin_failure(plugin: Plugin, stage: Stage, error: BaseException | str) -> PluginFailure:
    if isinstance(error, ProcessExit):
        text = f"it called {exit_call(error)}, which would have ended the run"
    else:
        text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return PluginFailure(
        plugin=plugin.name, distribution=plugin.distribution, version=plugin.version, stage=stage, error=text
    )


def plugin_error(failure: PluginFailure, *, what: str | None = None, possible: Sequence[str] = ()) -> PluginError:
    """The error for a plugin that the run named."""
    return PluginError(
        what or f"the plugin {failure.plugin!r} cannot be used: {failure.error}",
        where=f"{failure.distribution} {failure.version}".strip() + f", stage {failure.stage}",
        possible=possible,
        remedy="correct or update the plugin, or take it out of the run",
    )


def canonical_name(name: str) -> str:
    """Distribution names as packaging compares them: case and runs of `-_.` do not matter."""
    return re.sub(r"[-_.]+", "-", name).casefold()


def discover_plugins() -> list[Plugin]:
    """All installed plugins, by distribution, from metadata alone."""
    plugins: dict[tuple[str, str], Plugin] = {}
    for point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        dist = point.dist
        plugin = Plugin(
            name=point.name,
            module=point.value,
            distribution=dist.name if dist else point.module,
            version=dist.version if dist else "",
        )
        plugins.setdefault((canonical_name(plugin.distribution), plugin.name), plugin)
    return sorted(plugins.values(), key=lambda plugin: (canonical_name(plugin.distribution), plugin.name))


def plugin_from_file(path: Path) -> Plugin:
    """A plugin that is one Python file, without packaging."""
    return Plugin(name=path.stem, module=str(path), distribution=path.name, version="")


def find_plugin(name: str, folder: Path, plugins: Mapping[str, Plugin]) -> Plugin:
    """An installed plugin or one of `plugins`, or `./file.py` in a folder. Raises UsageError if there is none."""
    if name.endswith(".py"):
        path = Path(os.path.normpath(folder / name))
        if not path.is_file():
            raise UsageError(f"there is no plugin {path}", where=name, remedy="correct the path of the file")
        return plugin_from_file(path)
    installed = {plugin.key: plugin for plugin in discover_plugins()} | dict(plugins)
    plugin = next((plugin for plugin in installed.values() if plugin.matches(name)), None)
    if plugin is None:
        names = sorted({plugin.distribution for plugin in installed.values()})
        raise UsageError(
            f"no plugin is called {name!r}",
            possible=names,
            remedy=did_you_mean(name, names) or f"install it: pip install {name}",
        )
    return plugin
