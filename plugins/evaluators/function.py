"""Any function as an evaluator: `module:function` or `path.py:function`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...core.contracts import Need
from ...core.errors import MaieuticError, UsageError
from ...core.example import Example
from ...core.models import Output
from ...core.naming import did_you_mean
from ...core.score import Score
from ..functions import call, load_function, parameters_of
from .results import as_score
from .views import Prediction, Row

_MEANING: Mapping[str, str] = {
    **dict.fromkeys(("input", "inputs", "question"), "input"),
    **dict.fromkeys(("output", "outputs", "text", "completion", "response", "llm_output"), "output"),
    **dict.fromkeys(("answer", "prediction"), "answer"),
    **dict.fromkeys(("expected", "reference", "reference_outputs", "target", "label"), "expected"),
    "references": "references",
    **dict.fromkeys(("example", "gold", "row", "dataset_item"), "example"),
    "pred": "pred",
    **dict.fromkeys(("trace", "pred_name", "pred_trace"), "nothing"),
}
_POSITIONS = ("example", "pred", "nothing", "nothing", "nothing")


class CallableEvaluator:
    """Scores by a function of the user's.

    The function's arguments are matched by name (`input`, `output`, `answer`, `expected`, `references`,
    `example`, `pred`, `trace` and their usual other spellings); where a name is unknown, by position, as
    `metric(example, pred, trace=None)`. It may be async. `options` go to arguments of those names.

    It returns a bool, a number in [0, 1], a dict with `score` or `value`, or a Score. A function that raises gives
    `failure="example"` with the error as feedback; a value that is no score raises PluginError.
    """

    needs: frozenset[Need] = frozenset()

    def __init__(self, function: str | Callable[..., Any], folder: str = ".", **options: Any) -> None:
        loaded = load_function(function, Path(folder)) if isinstance(function, str) else function
        self.name = function if isinstance(function, str) else getattr(function, "__name__", "function")
        self._options = options
        if isinstance(loaded, type):
            self._function: Callable[..., Any] = loaded(**options)
            self._options = {}
        else:
            self._function = loaded
        self._by_name, self._by_place = _plan(self.name, self._function, self._options)

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        values: dict[str, Any] = {
            "input": example.input if isinstance(example.input, str) else dict(example.input),
            "output": output.text,
            "answer": answer,
            "expected": example.output,
            "references": example.outputs,
            "example": Row(example),
            "pred": Prediction(output, answer),
            "nothing": None,
        }
        named = {name: values[meaning] for name, meaning in self._by_name.items()}
        try:
            result = await call(self._function, *(values[one] for one in self._by_place), **named, **self._options)
        except MaieuticError:
            raise
        except Exception as error:  # noqa: BLE001 - what a user's function raises on one row is data of that row
            said = f"the metric {self.name} failed on this row: {type(error).__name__}: {error}"
            return Score(value=0.0, failure="example", feedback=said)
        return as_score(self.name, result)


def _plan(
    name: str, function: Callable[..., Any], options: Mapping[str, Any]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """How to call: parameter → meaning, and meanings by position."""
    parameters = parameters_of(function)
    if parameters is None:
        return {}, _POSITIONS[:2]
    by_keyword = [n for n, p in parameters.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for option in options:
        if option not in by_keyword and not open_ended:
            raise UsageError(
                f"the metric {name} has no argument {option!r}",
                possible=by_keyword,
                remedy=did_you_mean(option, by_keyword) or "take the option out of the evaluator's table",
            )
    free = {n: p for n, p in parameters.items() if n not in options}
    required = [n for n, p in free.items() if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if by_keyword and all(n in _MEANING and n in by_keyword for n in required):
        return {n: _MEANING[n] for n in by_keyword if n in free and n in _MEANING}, ()
    places = [n for n, p in free.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    listed = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters.values())
    needed = len([n for n in required if n in places])
    if len(required) > needed or needed > len(_POSITIONS) or (not listed and len(places) < 2):
        unknown = [n for n in required if n not in _MEANING] or list(parameters)
        raise UsageError(
            f"the metric {name} asks for {', '.join(unknown) or 'nothing'}, which cannot be given",
            possible=sorted(_MEANING),
            remedy="name its arguments so, or write metric(example, pred, trace=None)",
        )
    return {}, _POSITIONS[: max(2, needed)]
