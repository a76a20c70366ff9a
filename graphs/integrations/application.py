"""Optimizing the prompts inside an application that runs in this process."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Required, Unpack

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.messages import ToolDefinition
from ...core.program import Program
from ...core.prompt import Prompt, with_literals
from ...core.task import TargetSpec, Task
from ...plugins.apps.prompt_shapes import prompt_from
from ...plugins.apps.runnable_target import RunnableTarget
from ...plugins.apps.tool_texts import tool_descriptions
from ...plugins.system.registry import Registry
from ..api import aoptimize
from ..blocking import run_blocking
from ..result import Result
from ..run_context import Callback, Listener
from ..run_options import LimitKeywords, RunKeywords

_TARGET_NAME = "app"


def app_registry(app: Any, registry: Registry | None = None, **options: Any) -> Registry:
    """The registry of a run over an application. `aresume` needs it too, since a store holds no objects.

    Args:
        app: a LangGraph graph, a LangChain Runnable, a function, or a factory `f(model)` or `f(model, prompts)`.
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
    prompts: Mapping[str, Any],
    *,
    train: Sequence[Mapping[str, Any] | Example],
    val: Sequence[Mapping[str, Any] | Example],
    test: Sequence[Mapping[str, Any] | Example] = (),
    only: Collection[str] = (),
    tools: Sequence[Any] = (),
    **fields: Any,
) -> Task:
    """The task over an application whose prompts are named; all other fields of Task by name.

    only: the prompts to optimize; all if empty. tools: those whose descriptions are optimized too.
    """
    if not prompts:
        raise UsageError("an application without a named prompt has nothing to optimize", where="prompts")
    if unknown := sorted(set(only) - set(prompts)):
        raise UsageError(f"there is no prompt {', '.join(unknown)}", where="only", possible=sorted(prompts))
    data: dict[str, Any] = {"train": train, "val": val, "test": test}
    data_fields = {name for rows in data.values() for row in rows[:1] for name in _field_names(row)}
    texts = {
        name: with_literals(prompt_from(prompt, where=f"prompts[{name!r}]"), data_fields)
        for name, prompt in prompts.items()
        if name in (only or prompts)
    }
    texts |= _tool_prompts(tools)
    program = Program(prompts=texts)
    task = Task.create(program.main, **{"name": "app", **data, **fields})
    return task.model_copy(update={"program": program, "target": TargetSpec(use=_TARGET_NAME)}).check()


def _field_names(row: Mapping[str, Any] | Example) -> Collection[str]:
    if isinstance(row, Example):
        return row.input.keys() if isinstance(row.input, Mapping) else ()
    return row.keys() - {"output", "outputs"}


def _tool_prompts(tools: Sequence[Any]) -> dict[str, Prompt]:
    """The descriptions of tools and of their arguments as texts of the program; empty ones are left out."""
    if not tools:
        return {}
    from langchain_core.utils.function_calling import convert_to_openai_tool

    definitions = [ToolDefinition.from_wire(convert_to_openai_tool(tool)) for tool in tools]
    return {
        name: Prompt(instruction=text, kind="schema") for name, text in tool_descriptions(definitions).items() if text
    }


class AppRunKeywords(RunKeywords, LimitKeywords, total=False):
    """What `aoptimize_app` passes on to `aoptimize`."""

    listen: Listener | None
    callbacks: Callback | Sequence[Callback]
    progress: bool | None
    run: str | None


class AppKeywords(AppRunKeywords, total=False):
    """The keyword arguments of `optimize_app`, for type checkers and editors."""

    train: Required[Sequence[Mapping[str, Any] | Example]]
    val: Required[Sequence[Mapping[str, Any] | Example]]
    test: Sequence[Mapping[str, Any] | Example]
    only: Collection[str]
    tools: Sequence[Any]
    target: Mapping[str, Any] | None
    task: Mapping[str, Any] | None
    registry: Registry | None


async def aoptimize_app(
    app: Any,
    prompts: Mapping[str, Any],
    *,
    train: Sequence[Mapping[str, Any] | Example],
    val: Sequence[Mapping[str, Any] | Example],
    test: Sequence[Mapping[str, Any] | Example] = (),
    only: Collection[str] = (),
    tools: Sequence[Any] = (),
    target: Mapping[str, Any] | None = None,
    task: Mapping[str, Any] | None = None,
    registry: Registry | None = None,
    **options: Unpack[AppRunKeywords],
) -> Result:
    """Optimize the named prompts of an application where they are used, on what the whole application answers.

        result = await aoptimize_app(build, {"system": "Answer clients."}, train=…, val=…, test=…, target={"calls": 4})

    Resume with `aresume(run, registry=app_registry(app, own_prompts=prompts, …))`.

    Args:
        app: a LangGraph graph, a LangChain Runnable, a function, or a factory `f(model)` or `f(model, prompts)`.
        prompts: name → the prompt that the application has now: a text, a LangChain message or template, or a Prompt.
            The application gets each in the same shape.
        train: examples that operators may learn from.
        val: examples that select candidates.
        test: held-out examples that the report opens once.
        only: the names of the prompts to optimize, the others stay as they are; all if empty.
        tools: tools whose descriptions, and those of their arguments, are optimized with the prompts; the application
            binds them to the model that it is given.
        target: options of the target `runnable`: input, output, calls, reply_tokens.
        task: further fields of Task: answer, evaluators, models.
        registry: what the application is added to; all installed plugins if None.
        **options: those of `aoptimize`.

    Returns:
        The result, with a program of the same named prompts.

    Raises:
        UsageError: what is no application, or no prompt; and as `aoptimize` does.
    """
    application_task = app_task(prompts, train=train, val=val, test=test, only=only, tools=tools, **dict(task or {}))
    registry = app_registry(app, registry, **{"own_prompts": prompts, **dict(target or {})})
    return await aoptimize(application_task, registry=registry, **options)


def optimize_app(app: Any, prompts: Mapping[str, Any], **options: Unpack[AppKeywords]) -> Result:
    """Optimize the named prompts of an application where they are used, on what the whole application answers.

    For callers that cannot await, in a notebook too; arguments, result and errors are those of `aoptimize_app`.
    """
    return run_blocking(aoptimize_app(app, prompts, **options))
