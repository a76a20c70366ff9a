"""The graph for LangGraph's server and Studio: `langgraph.json` names `graph`, `langgraph dev` runs it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig

from ...core.budget import Budget
from ...plugins.loaders.files import dataset_reader
from ...plugins.system.registry import Registry
from ...runtime.settings import settings
from ...runtime.tasks.loader import load_task
from ..api import build_graph
from ..run_options import DEFAULT_BUDGET

# The server's form gives 0 for a number that was left empty.
_MIN_CONCURRENCY = 1


def graph(config: RunnableConfig) -> Any:
    """The compiled graph of a task.

    From the assistant's `configurable`: task (a file or folder; else the variable MAIEUTIC_TASK, else the shipped
    reviews), recipe, calls, seed, concurrency, folder, and approve, which interrupts before each round that spends
    calls. The server brings the checkpointer. Raises what `build_graph` raises.
    """
    values: Mapping[str, Any] = config.get("configurable", {})
    registry = Registry.load()
    path = str(values.get("task") or settings().task or _example_task())
    task = load_task(path, read=dataset_reader(registry))
    return build_graph(
        task,
        str(values.get("recipe") or "auto"),
        budget=Budget(calls=int(values["calls"])) if values.get("calls") else DEFAULT_BUDGET,
        seed=int(values.get("seed") or 0),
        concurrency=max(_MIN_CONCURRENCY, int(values.get("concurrency") or 4)),
        folder=Path(str(values.get("folder") or settings().folder or ".maieutic")),
        approve=bool(values.get("approve")),
        registry=registry,
    )


def _example_task() -> Path:
    package = __package__.partition(".")[0]
    return Path(str(resources.files(f"{package}.examples.reviews")))
