"""Functions of the user's own, named `module:function` or `path.py:function`."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...core.errors import PluginError, UsageError
from ...core.suggest import did_you_mean
from .discovery import import_file


def load_function(name: str, folder: Path) -> Callable[..., Any]:
    """The function behind a name. A `module` beside the task, in `folder`, comes before an installed one.

    Raises UsageError where there is no such module or function, PluginError where importing it fails.
    """
    found = load_object(name, folder)
    if not callable(found):
        raise UsageError(f"{name} is no function but {type(found).__name__}", where=name)
    function: Callable[..., Any] = found
    return function


def load_object(name: str, folder: Path) -> Any:
    """Whatever stands behind a name: a function, a class, an object. Raises as `load_function` does."""
    place, colon, attribute = name.rpartition(":")
    if not colon or not place or not attribute:
        raise UsageError(
            f"{name!r} names no function", possible=("module:function", "path.py:function"), remedy="write one of these"
        )
    module = _import_module(place, folder, name)
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            own = sorted(key for key, value in vars(module).items() if callable(value) and not key.startswith("_"))
            raise UsageError(
                f"{place} has no {attribute!r}", where=name, possible=own, remedy=did_you_mean(attribute, own)
            )
        found = getattr(found, part)
    return found


async def call_function(function: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Call a sync or async function; a sync one runs in a thread, so that it cannot hold up the run.

    A function that calls `sys.exit` raises RuntimeError: it may fail, but not end the process that called it.
    """
    try:
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
            return await function(*args, **named)
        result = await asyncio.to_thread(function, *args, **named)
        return await result if inspect.isawaitable(result) else result
    except SystemExit as error:
        raise RuntimeError(f"it called sys.exit({'' if error.code is None else repr(error.code)})") from error


def parameters_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter] | None:
    """The parameters by name, or None for a function that does not tell."""
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
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{place} cannot be imported: {type(error).__name__}: {error}", where=name, remedy="correct the module"
        ) from error
