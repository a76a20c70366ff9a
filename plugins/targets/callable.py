"""The target `callable`: a function of the user's in place of a model call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...core.dataset import Example
from ...core.errors import MaieuticError, PluginError, UsageError
from ...core.frozen import thawed
from ...core.models import ModelRef, Output
from ...core.program import Program
from ...core.protocols import NEEDS_NOTHING, Gateway
from ...core.render import Message, render, with_shared_prompt
from ..system.imports import call_function, load_function, parameters_of

_ARGUMENT_NAMES = ("program", "texts", "prompt", "example", "input", "messages", "model")


class CallableTarget:
    """Your own function: `f(messages)`, `f(program, example)`, or any of the names below; sync or async.

    Arguments by name: program, texts (name → text of each component as it stands), prompt (the main one, or the
    router's choice), example, input, messages, model (its name). It returns the text or an Output. What it raises is a
    PluginError, not a wrong answer.

    calls_per_example: its own model calls for one example, which the budget is charged with; 1 where it makes none.
    """

    needs = NEEDS_NOTHING
    has_own_calls = True  # the function never sees the run's gateway

    def __init__(
        self,
        function: str | Callable[..., Any],
        folder: str = ".",
        calls_per_example: int | None = None,
        **options: Any,
    ) -> None:
        self.calls_per_example = checked_own_calls(calls_per_example)
        self.name = function if isinstance(function, str) else getattr(function, "__name__", "function")
        self._function = load_function(function, Path(folder)) if isinstance(function, str) else function
        self._options = options
        self._by_name, self._by_position = _plan_arguments(self.name, self._function, options)

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        name, *_ = program.prompts_for(example)
        prompt = with_shared_prompt(program, name)
        messages = tuple(render(prompt, example))
        values: dict[str, Any] = {
            "program": program,
            "texts": {name: component.instruction for name, component in program.prompts.items()},
            "prompt": prompt,
            "example": example,
            "input": thawed(example.input),
            "messages": thawed(list(messages)),
            "model": str(model),
        }
        keywords = {name: values[name] for name in self._by_name}
        try:
            result = await call_function(
                self._function, *(values[name] for name in self._by_position), **keywords, **self._options
            )
        except MaieuticError:
            raise
        except Exception as error:
            raise PluginError(
                f"the target {self.name} failed: {type(error).__name__}: {error}",
                where=f"example {example.id}",
                remedy="let the function return a text for every input, or correct it",
            ) from error
        return _to_output(self.name, result, messages)

    def calls(self, program: Program) -> int:
        """As declared, else 1."""
        return self.calls_per_example or 1


def checked_own_calls(calls: int | None) -> int | None:
    """The option `calls_per_example` of targets that run code of the user's. Raises UsageError for less than 1."""
    if calls is not None and (isinstance(calls, bool) or not isinstance(calls, int) or calls < 1):
        raise UsageError(
            f"calls_per_example must be 1 or more, got {calls!r}",
            where="[target] calls_per_example",
            remedy="write the most model calls that one example takes; 1 where it takes none",
        )
    return calls


def _plan_arguments(
    name: str, function: Callable[..., Any], options: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The values that are passed by name, and those that are passed by position."""
    parameters = parameters_of(function)
    if parameters is None:
        return (), ("messages",)
    free = {n: p for n, p in parameters.items() if n not in options and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    required = [n for n, p in free.items() if p.default is p.empty]
    if required and all(n in _ARGUMENT_NAMES and free[n].kind is not free[n].POSITIONAL_ONLY for n in required):
        return tuple(n for n in free if n in _ARGUMENT_NAMES), ()
    by_position = {1: ("messages",), 2: ("program", "example")}.get(len(required))
    if by_position is None or any(free[n].kind is free[n].KEYWORD_ONLY for n in required):
        raise UsageError(
            f"the target {name} asks for {', '.join(required) or 'nothing'}, which is not available",
            possible=_ARGUMENT_NAMES,
            remedy="write f(messages) or f(program, example)",
        )
    return (), by_position


def _to_output(name: str, result: Any, messages: tuple[Message, ...]) -> Output:
    if isinstance(result, Output):
        return result
    if isinstance(result, str):
        return Output(text=result, messages=messages)
    raise PluginError(f"the target {name} returned {result!r:.200}", where=name, possible=("a text", "an Output"))
