"""Optimizing the prompts inside an application that this process has at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.program import Program
from ...core.prompt import Prompt
from ...core.task import TargetSpec, Task
from ...plugins.apps.runnable_target import RunnableTarget
from ...plugins.system.registry import Registry
from ..api import Result, aoptimize

_TARGET_NAME = "app"


def app_registry(app: Any, registry: Registry | None = None, **options: Any) -> Registry:
    """The registry of a run over an application: `aresume` needs it too, since a store holds no objects.

    app: a LangGraph graph, a LangChain Runnable, a function, or a factory `f(model)`. options: those of the target
    `runnable`. Raises UsageError for what is no application.
    """
    registry = registry or Registry.load()

    def make(temperature: float = 0.0, top_logprobs: int = 0, sample: int = 0) -> RunnableTarget:
        drawn = {"temperature": temperature, "top_logprobs": top_logprobs, "sample": sample}
        return RunnableTarget(app, **{**drawn, **options})

    make()  # a wrong application or option is found here
    registry.register_object("target", _TARGET_NAME, make, summary="an application of the caller's")
    return registry


def app_task(
    prompts: Mapping[str, str | Prompt],
    *,
    train: Sequence[Mapping[str, Any] | Example],
    val: Sequence[Mapping[str, Any] | Example],
    test: Sequence[Mapping[str, Any] | Example] = (),
    **fields: Any,
) -> Task:
    """The task over an application whose prompts are named; all other fields of Task by name."""
    if not prompts:
        raise UsageError("an application without a named prompt has nothing to optimize", where="prompts")
    program = Program(
        prompts={name: one if isinstance(one, Prompt) else Prompt(instruction=one) for name, one in prompts.items()}
    )
    first = next(iter(program.prompts.values()))
    named = Task.create(first.instruction, train=train, val=val, test=test, **{"name": "app", **fields})
    return named.model_copy(update={"program": program, "target": TargetSpec(use=_TARGET_NAME)}).check()


async def aoptimize_app(
    app: Any,
    prompts: Mapping[str, str | Prompt],
    *,
    train: Sequence[Mapping[str, Any] | Example],
    val: Sequence[Mapping[str, Any] | Example],
    test: Sequence[Mapping[str, Any] | Example] = (),
    target: Mapping[str, Any] | None = None,
    task: Mapping[str, Any] | None = None,
    registry: Registry | None = None,
    **options: Any,
) -> Result:
    """Optimize the named prompts of an application where they are used, on what the whole application answers.

    prompts: name → the text that the application has now. target: options of the target `runnable`: input, output,
    calls. task: further fields of Task: answer, evaluators, models. options: those of `aoptimize`. Taken up again with
    `aresume(run, registry=app_registry(app, …))`.
    """
    made = app_task(prompts, train=train, val=val, test=test, **dict(task or {}))
    return await aoptimize(made, registry=app_registry(app, registry, **dict(target or {})), **options)
