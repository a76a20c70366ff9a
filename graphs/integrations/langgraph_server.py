"""The graph for LangGraph's server and Studio: `langgraph.json` names `graph`, `langgraph dev` runs it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from langchain_core.runnables import RunnableConfig
from pydantic import Field
from typing_extensions import TypedDict

from ...core.budget import Budget
from ...plugins.loaders.files import dataset_reader
from ...plugins.system.registry import Registry
from ...runtime.settings import settings
from ...runtime.tasks.loader import load_task
from ..graph import state_graph
from ..run_config import RunConfig
from ..run_lifecycle import RunContexts
from ..run_options import DEFAULT_BUDGET, RunOptions

# The server's form gives 0 for a number that was left empty.
_MIN_CONCURRENCY = 1


class ServerOptions(TypedDict, total=False):
    """What the form of Studio, and clients of the server, set for an assistant; all of it may be left out."""

    task: Annotated[str, Field(description="task file or folder; else MAIEUTIC_TASK, else the shipped reviews")]
    recipe: Annotated[str, Field(description="the method; auto by default")]
    calls: Annotated[int, Field(description="limit on model calls; 400 by default", ge=0)]
    seed: Annotated[int, Field(description="of every random draw")]
    concurrency: Annotated[int, Field(description="model calls at once; 4 by default", ge=0)]
    folder: Annotated[str, Field(description="where the store lives; .maieutic by default")]
    approve: Annotated[bool, Field(description="interrupt before each round that spends calls")]


def graph(config: RunnableConfig) -> Any:
    """The compiled graph of a task, with the assistant's `ServerOptions` from `configurable`.

    The server brings the checkpointer. Raises what `build_graph` raises.
    """
    values: Mapping[str, Any] = config.get("configurable", {})
    registry = Registry.load()
    path = str(values.get("task") or settings().task or _example_task())
    task = load_task(path, read=dataset_reader(registry))
    options = RunOptions(
        recipe=str(values.get("recipe") or "auto"),
        budget=Budget(calls=int(values["calls"])) if values.get("calls") else DEFAULT_BUDGET,
        seed=int(values.get("seed") or 0),
        concurrency=max(_MIN_CONCURRENCY, int(values.get("concurrency") or 4)),
        folder=Path(str(values.get("folder") or settings().folder or ".maieutic")),
        approve=bool(values.get("approve")),
    )
    contexts = RunContexts(config=RunConfig.resolve(task, options, registry))
    return state_graph(contexts, ServerOptions).compile(name="maieutic")


def _example_task() -> Path:
    package = __package__.partition(".")[0]
    return Path(str(resources.files(f"{package}.examples.reviews")))
