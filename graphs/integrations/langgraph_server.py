"""The graph for LangGraph's own server and Studio: `langgraph.json` names `graph`, `langgraph dev` runs it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig

from ...core.budget import Budget
from ...plugins.loaders.files import dataset_reader
from ...plugins.system.registry import Registry
from ...runtime.tasks.loader import load_task
from ..api import build_graph

_MIN_CONCURRENCY = 1


def graph(config: RunnableConfig) -> Any:
    """The compiled graph of a task.

    From the assistant's `configurable`: task (a file or folder; else the variable MAIEUTIC_TASK, else the shipped
    reviews), recipe, calls, seed, concurrency, folder, and approve, which has it interrupt before each round that
    costs. The server brings the checkpointer. Raises what `build_graph` raises.
    """
    asked: Mapping[str, Any] = config.get("configurable", {})
    registry = Registry.load()
    task = load_task(
        str(asked.get("task") or os.environ.get("MAIEUTIC_TASK") or _example_task()), read=dataset_reader(registry)
    )
    return build_graph(
        task,
        str(asked.get("recipe") or "auto"),
        budget=Budget(calls=int(asked.get("calls") or 400)),
        seed=int(asked.get("seed") or 0),
        concurrency=max(_MIN_CONCURRENCY, int(asked.get("concurrency") or 4)),
        folder=Path(str(asked.get("folder") or os.environ.get("MAIEUTIC_FOLDER") or ".maieutic")),
        approve=bool(asked.get("approve")),
        registry=registry,
    )


def _example_task() -> Path:
    return Path(str(resources.files(f"{__package__.rpartition('.graphs')[0]}.examples.reviews")))
