"""Libraries that evaluators, loaders and exporters use where they are installed."""

from __future__ import annotations

import importlib
from typing import Any

from ...core.errors import UsageError


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
