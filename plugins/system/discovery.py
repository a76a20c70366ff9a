"""Other people's plugins: found without importing them, imported one by one, named in every complaint."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Literal

from ...core.errors import PluginError
from ...core.identity import content_id
from .hookspecs import API_VERSION, ENTRY_POINT_GROUP

Stage = Literal["import", "api", "register", "create", "contract", "call"]
IN_PROCESS = "in-process"
State = Literal["built-in", "available", "loaded", "failed"]


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A plugin as its metadata tells it. `name` is the entry point's; `module` a dotted name or a file."""

    name: str
    module: str
    distribution: str
    version: str
    state: State = "available"

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()

    @property
    def third_party(self) -> bool:
        """Whether it is somebody else's: not shipped, and no object that the caller of this process handed in."""
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
    """A plugin that could not be used, and where it stopped."""

    plugin: str
    distribution: str
    version: str
    stage: Stage
    error: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version} (plugin {self.plugin}, {self.stage}): {self.error}"


def plugin_failure(plugin: Plugin, stage: Stage, error: BaseException | str) -> PluginFailure:
    said = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return PluginFailure(
        plugin=plugin.name, distribution=plugin.distribution, version=plugin.version, stage=stage, error=said
    )


def plugin_error(failure: PluginFailure, *, what: str | None = None) -> PluginError:
    """The error for a plugin that the run named."""
    return PluginError(
        what or f"the plugin {failure.plugin!r} cannot be used: {failure.error}",
        where=f"{failure.distribution} {failure.version}".strip() + f", stage {failure.stage}",
        remedy="correct or update the plugin, or take it out of the run",
    )


def canonical_name(name: str) -> str:
    """Distribution names as packaging compares them: case and runs of `-_.` do not matter."""
    return re.sub(r"[-_.]+", "-", name).casefold()


def discover_plugins() -> list[Plugin]:
    """All installed plugins, by distribution, from metadata alone."""
    found: dict[tuple[str, str], Plugin] = {}
    for point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        dist = point.dist
        plugin = Plugin(
            name=point.name,
            module=point.value,
            distribution=dist.name if dist else point.module,
            version=dist.version if dist else "",
        )
        found.setdefault((canonical_name(plugin.distribution), plugin.name), plugin)
    return sorted(found.values(), key=lambda plugin: (canonical_name(plugin.distribution), plugin.name))


def plugin_from_file(path: Path) -> Plugin:
    """A plugin that is one Python file, without packaging."""
    return Plugin(name=path.stem, module=str(path), distribution=path.name, version="")


def import_plugin(plugin: Plugin) -> ModuleType | PluginFailure:
    """The plugin's module, or what is wrong with it. Nothing that a plugin raises gets through."""
    try:
        if plugin.module.endswith(".py"):
            module = import_file(Path(plugin.module))
        else:
            module = importlib.import_module(plugin.module.partition(":")[0])
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a guest may raise anything at import
        return plugin_failure(plugin, "import", error)
    spoken = getattr(module, "api", API_VERSION)
    if not isinstance(spoken, int) or spoken < 1:
        return plugin_failure(
            plugin, "api", f"its `api` is {spoken!r}, and should be the contract's number, {API_VERSION}"
        )
    if spoken > API_VERSION:
        said = f"it was written for version {spoken} of the plugin contract, this maieutic speaks version {API_VERSION}"
        return plugin_failure(plugin, "api", f"{said}: update maieutic, or install an older version of the plugin")
    return module


def import_file(path: Path) -> ModuleType:
    """Import a Python file by its place. The same file is imported once a process."""
    resolved = path.resolve()
    name = f"_maieutic_file_{content_id(resolved.stem, str(resolved))}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, resolved)
    if spec is None or spec.loader is None or not resolved.is_file():
        raise FileNotFoundError(f"no Python file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
