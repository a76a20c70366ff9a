"""A function of the user's as an evaluator: `module:function` or `path.py:function`."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType
from typing import Any, Self

from ...core.dataset import Example
from ...core.error_messages import did_you_mean
from ...core.errors import MaieuticError, PluginError, TaskError, UsageError
from ...core.frozen import thawed
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING
from ...core.score import Score
from ..system.imports import load_function, parameters_of
from ..system.sandbox import PluginTimeout
from ..system.timed_calls import TimedFunction, call_with_limit
from .metric_result import as_score

_ARGUMENT_MEANINGS: Mapping[str, str] = {
    **dict.fromkeys(("input", "inputs", "question"), "input"),
    **dict.fromkeys(("output", "outputs", "text", "completion", "response", "llm_output"), "output"),
    **dict.fromkeys(("answer", "prediction"), "answer"),
    **dict.fromkeys(("expected", "reference", "reference_outputs", "target", "label"), "expected"),
    "references": "references",
    **dict.fromkeys(("example", "gold", "row", "dataset_item"), "example"),
    "pred": "pred",
    **dict.fromkeys(("trace", "pred_name", "pred_trace"), "nothing"),
}
_NO_COLUMNS: Mapping[str, str] = {}
_POSITIONS = ("example", "pred", "nothing", "nothing", "nothing")


# Plugins have the same limit for a call. A metric that needs longer for one example makes no search possible.
METRIC_SECONDS = 120.0
_HANGING = "look for a loop without an end, or a request without a time limit, and correct it"


class CallableEvaluator:
    """Scores with a function of the user's, sync or async.

    Its arguments are matched by name: `input`, `output`, `answer`, `expected`, `references`, `example`, `pred`, `trace`
    and their usual synonyms. If a name is unknown, they are matched by position, as `metric(example, pred,
    trace=None)`. `options` are passed to the arguments of those names.

    It returns a bool, a number in [0, 1], a dict with `score` or `value`, or a Score. If it raises, the example fails
    with the error as feedback; any other return value raises PluginError.
    """

    needs = NEEDS_NOTHING
    seconds = METRIC_SECONDS
    columns: Mapping[str, str] = {}
    """Column of the user's rows → the name under which an example has its value; it is found by both."""

    def __init__(self, function: str | Callable[..., Any], folder: str = ".", **options: Any) -> None:
        loaded = _load_metric(function, Path(folder), self.seconds) if isinstance(function, str) else function
        self.name = function if isinstance(function, str) else getattr(function, "__name__", "function")
        self._options = options
        if isinstance(loaded, type):
            self._function: Callable[..., Any] = loaded(**options)
            self._options = {}
        else:
            self._function = loaded
        self._timed = TimedFunction(f"metric {self.name}", self._function, self.seconds)
        self._by_name, self._by_position = _plan_arguments(self.name, self._function, self._options)

    @property
    def location(self) -> str:
        """The file and line of the function, where Python knows them."""
        code = _code_object(self._function)
        return f"{code.co_filename}, line {code.co_firstlineno}" if code else self.name

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        try:
            result = await self._call(example, output, answer)
        except MaieuticError:
            raise
        except PluginTimeout as error:
            raise PluginError(self._failure_text(error), where=self.location, remedy=_HANGING) from error
        except Exception as error:  # noqa: BLE001 - what a user's function raises is data of that example
            text = self._failure_text(error)
            return Score(value=0.0, failure="example", feedback=text, reason=text)
        return as_score(self.name, result)

    async def failure_with_line(self, example: Example, output: Output, answer: str | None) -> str:
        """What the function raises on this example, with the line of its file; empty where nothing."""
        try:
            await self._call(example, output, answer)
        except Exception as error:  # noqa: BLE001 - as above
            return self._failure_text(error) + _failing_line(self._function, error)
        return ""

    async def _call(self, example: Example, output: Output, answer: str | None) -> Any:
        values: dict[str, Any] = {
            "input": thawed(example.input),
            "output": output.text,
            "answer": answer,
            "expected": example.output,
            "references": example.outputs,
            "example": ExampleView(example, self.columns),
            "pred": PredictionView(output, answer),
            "nothing": None,
        }
        positional = [values[meaning] for meaning in self._by_position]
        keywords = {name: values[meaning] for name, meaning in self._by_name.items()}
        return await self._timed(*positional, **keywords, **self._options)

    def _failure_text(self, error: BaseException) -> str:
        return f"the metric {self.name} failed on this example: {type(error).__name__}: {error}"


def _load_metric(name: str, folder: Path, seconds: float) -> Callable[..., Any]:
    try:
        return call_with_limit(name, lambda: load_function(name, folder), seconds)
    except PluginTimeout as error:
        raise TaskError(
            f"{name.rpartition(':')[0]} cannot be imported: {error}", where=name, remedy=_HANGING
        ) from error


def _code_object(function: Callable[..., Any]) -> CodeType | None:
    written = inspect.unwrap(function)
    return getattr(written, "__code__", None) or getattr(type(written).__call__, "__code__", None)


def _failing_line(function: Callable[..., Any], error: BaseException) -> str:
    """The line of the function's own file at which it failed, whichever library it had called."""
    code = _code_object(function)
    frames = [*traceback.extract_tb(error.__traceback__)]
    frames += traceback.extract_tb(error.__cause__.__traceback__) if error.__cause__ else []
    lines = [frame.lineno for frame in frames if code and frame.filename == code.co_filename]
    return f" ({Path(code.co_filename).name}, line {lines[-1]})" if code and lines else ""


def _plan_arguments(
    name: str, function: Callable[..., Any], options: Mapping[str, Any]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """How to call it: parameter name → meaning, and the meanings of positional arguments."""
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
    if by_keyword and all(n in _ARGUMENT_MEANINGS and n in by_keyword for n in required):
        return {n: _ARGUMENT_MEANINGS[n] for n in by_keyword if n in free and n in _ARGUMENT_MEANINGS}, ()
    positional = [n for n, p in free.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    listed = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters.values())
    needed = len([n for n in required if n in positional])
    if len(required) > needed or needed > len(_POSITIONS) or (not listed and len(positional) < 2):
        unknown = [n for n in required if n not in _ARGUMENT_MEANINGS] or list(parameters)
        raise UsageError(
            f"the metric {name} asks for {', '.join(unknown) or 'nothing'}, which cannot be given",
            possible=sorted(_ARGUMENT_MEANINGS),
            remedy="name its arguments so, or write metric(example, pred, trace=None)",
        )
    return {}, _POSITIONS[: max(2, needed)]


class _FieldsView(Mapping[str, Any]):
    """A read-only mapping whose keys are attributes too."""

    def __init__(self, fields: Mapping[str, Any], text: str) -> None:
        self._fields = dict(fields)
        self._text = text

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._fields:
            raise AttributeError(f"there is no {name!r} here, only {', '.join(sorted(self._fields))}")
        return self._fields[name]

    def __str__(self) -> str:
        return self._text


class ExampleView(_FieldsView):
    """An example as metrics of other tools expect it: metadata, input fields, and the usual names of both."""

    def __init__(self, example: Example, columns: Mapping[str, str] = _NO_COLUMNS) -> None:
        fields: dict[str, Any] = {}
        fields |= dict.fromkeys(("output", "answer", "target", "expected", "label", "reference"), example.output)
        fields |= dict.fromkeys(("input", "inputs", "question", "text"), example.text)
        fields |= {"id": example.id, "outputs": example.outputs, "references": example.outputs}
        fields |= {"metadata": dict(example.metadata)}
        fields = {**dict(example.metadata), **fields}
        if isinstance(example.input, Mapping):
            fields |= {**example.input, "inputs": dict(example.input)}
        named = {column: fields[name] for column, name in columns.items() if name in fields}
        super().__init__({**named, **fields}, example.text)


class PredictionView(str):
    """An output as metrics of other tools expect it: its text, and the answer, None where none could be read.

    It is the text itself, so that `"refund" in prediction` looks into it, with fields beside it: `prediction.answer`.
    """

    _fields: dict[str, Any]

    def __new__(cls, output: Output, answer: str | None) -> Self:
        view = super().__new__(cls, output.text)
        view._fields = dict.fromkeys(("answer", "label", "prediction", "target"), answer)
        view._fields |= dict.fromkeys(("text", "output", "outputs", "response", "completion"), output.text)
        view._fields |= {"messages": output.messages, "trajectory": output.trajectory, "trace": output.trace}
        return view

    def keys(self) -> Iterable[str]:
        return self._fields.keys()

    def get(self, name: str, otherwise: Any = None) -> Any:
        return self._fields.get(name, otherwise)

    def __getitem__(self, name: Any) -> Any:
        return self._fields[name] if isinstance(name, str) else super().__getitem__(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._fields:
            raise AttributeError(f"there is no {name!r} here, only {', '.join(sorted(self._fields))}")
        return self._fields[name]
