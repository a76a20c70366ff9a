"""Maieutic optimizes prompts, and measures the gain on held-out data.

Public names load on first use, so `import maieutic` alone imports nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .core import former_names as _former_names

if TYPE_CHECKING:
    from .core.answer import AnswerContract as AnswerContract
    from .core.budget import Budget as Budget
    from .core.dataset import Dataset as Dataset
    from .core.dataset import Example as Example
    from .core.errors import MaieuticError as MaieuticError
    from .core.events import Event as Event
    from .core.models import ModelRef as ModelRef
    from .core.models import Output as Output
    from .core.program import Program as Program
    from .core.prompt import Prompt as Prompt
    from .core.recipe import Recipe as Recipe
    from .core.report import Report as Report
    from .core.score import Score as Score
    from .core.task import EvaluatorSpec as EvaluatorSpec
    from .core.task import Models as Models
    from .core.task import Task as Task
    from .graphs.api import aoptimize as aoptimize
    from .graphs.api import aresume as aresume
    from .graphs.api import astream as astream
    from .graphs.api import build_graph as build_graph
    from .graphs.api import optimize as optimize
    from .graphs.api import resume as resume
    from .graphs.ask_tell import ask_tell as ask_tell
    from .graphs.improve import Improvement as Improvement
    from .graphs.improve import aimprove as aimprove
    from .graphs.improve import improve as improve
    from .graphs.integrations.application import aoptimize_app as aoptimize_app
    from .graphs.integrations.application import app_registry as app_registry
    from .graphs.integrations.application import optimize_app as optimize_app
    from .graphs.integrations.code_tests import code_tests as code_tests
    from .graphs.integrations.langchain_tool import optimize_tool as optimize_tool
    from .graphs.integrations.text import TextResult as TextResult
    from .graphs.integrations.text import aoptimize_text as aoptimize_text
    from .graphs.integrations.text import optimize_text as optimize_text
    from .graphs.integrations.text import text_registry as text_registry
    from .graphs.measures.api import ameasure as ameasure
    from .graphs.measures.api import measure as measure
    from .graphs.result import Result as Result
    from .plugins.apps.app_prompts import prompt_in_use as prompt_in_use
    from .plugins.apps.chat import GatewayChat as GatewayChat
    from .plugins.apps.chat import model_in_use as model_in_use
    from .plugins.loaders.task_files import load_task as load_task
    from .plugins.system.hookspecs import hookimpl as hookimpl

_former_names.install()

_MODULES = {
    "AnswerContract": "core.answer",
    "Budget": "core.budget",
    "Dataset": "core.dataset",
    "EvaluatorSpec": "core.task",
    "Event": "core.events",
    "Example": "core.dataset",
    "GatewayChat": "plugins.apps.chat",
    "Improvement": "graphs.improve",
    "MaieuticError": "core.errors",
    "ModelRef": "core.models",
    "Models": "core.task",
    "Output": "core.models",
    "Program": "core.program",
    "Prompt": "core.prompt",
    "Recipe": "core.recipe",
    "Report": "core.report",
    "Result": "graphs.result",
    "Score": "core.score",
    "Task": "core.task",
    "TextResult": "graphs.integrations.text",
    "aimprove": "graphs.improve",
    "ameasure": "graphs.measures.api",
    "aoptimize": "graphs.api",
    "aoptimize_app": "graphs.integrations.application",
    "aoptimize_text": "graphs.integrations.text",
    "app_registry": "graphs.integrations.application",
    "aresume": "graphs.api",
    "ask_tell": "graphs.ask_tell",
    "astream": "graphs.api",
    "build_graph": "graphs.api",
    "code_tests": "graphs.integrations.code_tests",
    "hookimpl": "plugins.system.hookspecs",
    "improve": "graphs.improve",
    "load_task": "plugins.loaders.task_files",
    "measure": "graphs.measures.api",
    "model_in_use": "plugins.apps.chat",
    "optimize": "graphs.api",
    "optimize_text": "graphs.integrations.text",
    "optimize_app": "graphs.integrations.application",
    "optimize_tool": "graphs.integrations.langchain_tool",
    "prompt_in_use": "plugins.apps.app_prompts",
    "resume": "graphs.api",
    "text_registry": "graphs.integrations.text",
}

__all__ = [
    "AnswerContract",
    "Budget",
    "Dataset",
    "EvaluatorSpec",
    "Event",
    "Example",
    "GatewayChat",
    "Improvement",
    "MaieuticError",
    "ModelRef",
    "Models",
    "Output",
    "Program",
    "Prompt",
    "Recipe",
    "Report",
    "Result",
    "Score",
    "Task",
    "TextResult",
    "aimprove",
    "ameasure",
    "aoptimize",
    "aoptimize_app",
    "aoptimize_text",
    "app_registry",
    "aresume",
    "ask_tell",
    "astream",
    "build_graph",
    "code_tests",
    "hookimpl",
    "improve",
    "load_task",
    "measure",
    "model_in_use",
    "optimize",
    "optimize_app",
    "optimize_text",
    "optimize_tool",
    "prompt_in_use",
    "resume",
    "text_registry",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("maieutic")
    if name not in _MODULES:
        raise AttributeError(f"module 'maieutic' has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
