"""Optimizing the prompts inside an application that runs in this process."""

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
from ..api import aoptimize
from ..result import Result

_TARGET_NAME = "app"


def app_registry(app: Any, registry: Registry | None = None, **options: Any) -> Registry:
    """The registry of a run over an application. `aresume` needs it too, since a store holds no objects.

    Args:
        app: a LangGraph graph, a LangChain Runnable, a function, or a factory `f(model)`.
        registry: what the application is added to; all installed plugins if None.
        **options: those of the target `runnable`.

    Returns:
        The registry with the target `app`.

    Raises:
        UsageError: what is no application.
    """
    registry = registry or Registry.load()

    def create_target(temperature: float = 0.0, top_logprobs: int = 0, sample: int = 0) -> RunnableTarget:
        sampling = {"temperature": temperature, "top_logprobs": top_logprobs, "sample": sample}
        return RunnableTarget(app, **{**sampling, **options})

    create_target()  # a wrong application or option is found here
    registry.register_object("target", _TARGET_NAME, create_target, summary="an application of the caller's")
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
        prompts={
            name: prompt if isinstance(prompt, Prompt) else Prompt(instruction=prompt)
            for name, prompt in prompts.items()
        }
    )
    first = next(iter(program.prompts.values()))
    task = Task.create(first.instruction, train=train, val=val, test=test, **{"name": "app", **fields})
    return task.model_copy(update={"program": program, "target": TargetSpec(use=_TARGET_NAME)}).check()


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

    Resume with `aresume(run, registry=app_registry(app, …))`.

    Args:
        app: a LangGraph graph, a LangChain Runnable, a function, or a factory `f(model)`.
        prompts: name → the text that the application has now.
        train: examples that operators may learn from.
        val: examples that select candidates.
        test: held-out examples that the report opens once.
        target: options of the target `runnable`: input, output, calls.
        task: further fields of Task: answer, evaluators, models.
        registry: what the application is added to; all installed plugins if None.
        **options: those of `aoptimize`.

    Returns:
        The result, with a program of the same named prompts.

    Raises:
        UsageError: what is no application, or no prompt; and as `aoptimize` does.
    """
    application_task = app_task(prompts, train=train, val=val, test=test, **dict(task or {}))
    registry = app_registry(app, registry, **dict(target or {}))
    return await aoptimize(application_task, registry=registry, **options)
