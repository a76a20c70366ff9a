"""Imports by name: functions of the user's own (`module:function`, `path.py:function`) and optional libraries."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from ...core.error_messages import did_you_mean
from ...core.errors import PluginError, UsageError
from ...core.identity import content_id
from .process_guard import PluginInterrupted, exit_call, running


def load_function(name: str, folder: Path) -> Callable[..., Any]:
    """The function behind a name. A module in `folder`, beside the task, comes before an installed one.

    Raises UsageError where there is no such module or function, PluginError where importing it fails.
    """
    function: Callable[..., Any] = load_object(name, folder)
    if not callable(function):
        raise UsageError(f"{name} is no function but {type(function).__name__}", where=name)
    return function


def load_object(name: str, folder: Path) -> Any:
    """The object behind a name: a function, a class, any value. Raises as `load_function` does."""
    place, colon, attribute = name.rpartition(":")
    if not colon or not place or not attribute:
        raise UsageError(
            f"{name!r} names no function", possible=("module:function", "path.py:function"), remedy="write one of these"
        )
    module = _import_module(place, folder, name)
    value: Any = module
    for part in attribute.split("."):
        if not hasattr(value, part):
            own = sorted(key for key, value in vars(module).items() if callable(value) and not key.startswith("_"))
            raise UsageError(
                f"{place} has no {attribute!r}", where=name, possible=own, remedy=did_you_mean(attribute, own)
            )
        value = getattr(value, part)
    return value


async def call_function(function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    """Call a sync or async function; a sync one runs in a thread, so that it cannot block the run.

    A function that calls `sys.exit` raises RuntimeError: it may fail, but not end the process that called it.
    """
    try:
        with running(getattr(function, "__name__", "function")):
            if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
                return await function(*args, **keywords)
            result = await asyncio.to_thread(function, *args, **keywords)
            return await result if inspect.isawaitable(result) else result
    except SystemExit as error:
        raise RuntimeError(f"it called {exit_call(error)}") from error


def parameters_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter] | None:
    """The parameters by name, or None for a function whose signature Python cannot read."""
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None


def _import_module(place: str, folder: Path, name: str) -> Any:
    beside = folder / (place if place.endswith(".py") else f"{place.replace('.', '/')}.py")
    if place.endswith(".py") and not beside.is_file():
        raise UsageError(f"there is no file {beside}", where=name, remedy="the path is relative to the task file")
    try:
        return import_file(beside) if beside.is_file() else importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name is not None and (place == error.name or place.startswith(f"{error.name}.")):
            raise UsageError(
                f"there is no module {place!r}",
                where=name,
                remedy=f"put {place.replace('.', '/')}.py beside the task file, or install the package",
            ) from error
        raise PluginError(f"{place} cannot be imported: {error}", where=name, remedy=f"install {error.name}") from error
    except SystemExit as error:
        raise PluginError(
            f"{place} cannot be imported: it called {exit_call(error)}", where=name, remedy="correct the module"
        ) from error
    except (KeyboardInterrupt, PluginInterrupted):
        raise
    except BaseException as error:
        raise PluginError(
            f"{place} cannot be imported: {type(error).__name__}: {error}", where=name, remedy="correct the module"
        ) from error


def import_file(path: Path) -> ModuleType:
    """Import a Python file by its path. The same file is imported once per process."""
    resolved = path.resolve()
    name = f"_maieutic_file_{content_id(resolved.stem, str(resolved))}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, resolved)
    if spec is None or spec.loader is None or not resolved.is_file():
        raise FileNotFoundError(f"no Python file {path}")
    spec.loader = _SourceLoader(name, str(resolved))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class _SourceLoader(SourceFileLoader):
    """Runs the file that a person can read, never bytecode that lies beside it."""

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def import_optional(module: str, *, extra: str, who: str) -> Any:
    """The module. Raises UsageError with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        raise UsageError(
            f"{who} needs {missing.partition('.')[0]}, which is not installed",
            where=who,
            remedy=f'pip install "maieutic[{extra}]"',
        ) from error
