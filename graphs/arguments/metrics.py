"""Metrics as a caller gives them: names, functions and evaluators, made into the evaluators of a task.

A task is data, so it holds a function's name and a digest of its source; the registry holds the function itself.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ...core.error_messages import validation_location, validation_message
from ...core.errors import TaskError, UsageError
from ...core.evaluator_protocols import AskingEvaluator, Evaluator
from ...core.identity import digest
from ...core.task import EvaluatorSpec
from ...plugins.evaluators.callable import CallableEvaluator
from ...plugins.system.discovery import CALLER_METRIC
from ...plugins.system.registry import Registry

Metric = str | EvaluatorSpec | Mapping[str, Any] | Evaluator | AskingEvaluator | Callable[..., Any]
"""A registered name or `path.py:function`, an evaluator with its options, or a function of the caller's."""

_NO_COLUMNS: Mapping[str, str] = {}
_METRIC_KINDS = ("a function", 'a name such as "exact"', '"metrics.py:my_function"', "an EvaluatorSpec", "an Evaluator")


def evaluator_specs(
    metrics: Metric | Sequence[Metric], registry: Registry, columns: Mapping[str, str] = _NO_COLUMNS
) -> tuple[EvaluatorSpec, ...]:
    """The evaluators of a task. Functions and evaluator objects are registered. Raises UsageError for anything else.

    columns: column of the caller's rows → the field of an example that has its value, so that a function finds it.
    """
    listed = list(metrics) if isinstance(metrics, list | tuple) else [metrics]
    if not listed:
        raise UsageError("no metric was given", where="metric", possible=_METRIC_KINDS)
    names: set[str] = set()
    return tuple(_evaluator_spec(metric, registry, names, columns) for metric in listed)


def is_own_metric(metric: Any) -> bool:
    """Whether a metric is an object of the caller's, a function or an evaluator, and no name."""
    listed = metric if isinstance(metric, list | tuple) else [metric]
    return any(not isinstance(value, str | Mapping | EvaluatorSpec | None) for value in listed)


def _evaluator_spec(metric: Any, registry: Registry, names: set[str], columns: Mapping[str, str]) -> EvaluatorSpec:
    weight: dict[str, Any] = {}
    if isinstance(metric, Mapping) and is_own_metric(metric.get("use", "")):
        weight = {key: value for key, value in metric.items() if key != "use"}
        metric = metric["use"]
    if isinstance(metric, EvaluatorSpec):
        return metric
    try:
        if isinstance(metric, str | Mapping):
            return EvaluatorSpec.model_validate(metric)
        if not callable(metric) and not isinstance(metric, Evaluator | AskingEvaluator):
            raise UsageError(f"{metric!r:.60} is no metric", where="metric", possible=_METRIC_KINDS)
        name, source = _metric_name(metric, names), source_digest(metric)
        _register_metric(registry, name, metric, source)
        options: dict[str, Any] = {"function": _qualified_name(metric), "source": source}
        options |= {"columns": dict(columns)} if columns else {}
        return EvaluatorSpec.model_validate({"use": name, "options": options, **weight})
    except ValidationError as error:
        message, possible = validation_message(error)
        raise TaskError(f"{validation_location(error)} {message}", where="metric", possible=possible) from error


def _register_metric(registry: Registry, name: str, metric: Any, digest_now: str) -> None:
    def create_metric(
        function: str = "", source: str = "", columns: Mapping[str, str] = _NO_COLUMNS
    ) -> Evaluator | AskingEvaluator:
        if source not in ("", digest_now):
            raise UsageError(
                f"the metric {function} is not the one that the run began with: its source has changed",
                where=f"evaluator {name}",
                remedy="give the function as it was, or begin a new run, which pays for no answer again",
            )
        if isinstance(metric, Evaluator | AskingEvaluator):
            return metric
        evaluator = CallableEvaluator(metric)
        evaluator.columns = columns
        return evaluator

    create_metric()  # arguments that cannot be given are found here
    registry.register_object("evaluator", name, create_metric, summary="a metric of the caller's")


def source_digest(metric: Any) -> str:
    """A digest of a function's source, or of its code where it is a lambda or Python has no source."""
    function = inspect.unwrap(getattr(metric, "func", metric))  # the function inside a partial
    if not (inspect.isfunction(function) or inspect.ismethod(function) or inspect.isclass(function)):
        function = type(function)
    code = getattr(function, "__code__", None)
    if code is None or code.co_name != "<lambda>":
        try:
            return digest(textwrap.dedent(inspect.getsource(function)))
        except (OSError, TypeError):  # typed at a prompt, or built in
            pass
    return digest(_code_parts(code) if code is not None else _qualified_name(metric))


def _code_parts(code: Any) -> list[Any]:
    return [code.co_code.hex(), list(code.co_names), list(code.co_varnames), list(map(_constant, code.co_consts))]


def _constant(value: Any) -> Any:
    if hasattr(value, "co_code"):
        return _code_parts(value)
    # A set is written in another order by each process.
    return sorted(map(repr, value)) if isinstance(value, frozenset) else repr(value)


def _metric_name(metric: Any, names: set[str]) -> str:
    """`metric.` with the function's own name; the second of a name has a number."""
    function = getattr(metric, "func", metric)
    own = getattr(function, "__name__", "") or getattr(metric, "name", "") or type(metric).__name__
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_.") else "" for letter in own)
    name = unnumbered = f"{CALLER_METRIC}{plain or 'function'}"
    number = 1
    while name in names:
        number += 1
        name = f"{unnumbered}-{number}"
    names.add(name)
    return name


def _qualified_name(metric: Any) -> str:
    function = getattr(metric, "func", metric)
    holder = function if hasattr(function, "__qualname__") else type(function)
    return f"{holder.__module__}.{holder.__qualname__}"
