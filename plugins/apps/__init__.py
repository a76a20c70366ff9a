"""Optimizing prompts inside an application: it reads the prompts of a run and calls the run's model.

`prompt_in_use` is light; `model_in_use` imports langchain-core when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .app_prompts import prompt_in_use

if TYPE_CHECKING:
    from .chat import model_in_use

__all__ = ["model_in_use", "prompt_in_use"]


def __getattr__(name: str) -> Any:
    if name != "model_in_use":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .chat import model_in_use

    return model_in_use
