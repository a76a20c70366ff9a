"""Converts what a metric returned to a Score."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any

from ...core.errors import PluginError
from ...core.score import Score
from ..system.result_checks import score_problem

_VALUE_KEYS = ("score", "value")
_FEEDBACK_KEYS = ("feedback", "comment", "reason", "explanation")
_ACCEPTED_RESULTS = (
    "True or False",
    "a number in [0, 1]",
    "(score, feedback)",
    'a dict {"score": …, "feedback": …}',
    "a Score",
)


def as_score(name: str, result: Any) -> Score:
    """The score. Raises PluginError, with the metric's name and the value, for anything else."""
    if isinstance(result, Score):
        if (problem := score_problem((), result)) is not None:
            raise _metric_error(name, problem.text.removeprefix("it "))
        return result
    if isinstance(result, Mapping):
        return _score_from_fields(name, result)
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], str | None):
        return _score_from_fields(name, {"score": result[0], "feedback": result[1]})
    if _is_number(result):
        return Score(value=_unit_value(name, result))
    fields = {key: getattr(result, key) for key in (*_VALUE_KEYS, *_FEEDBACK_KEYS) if hasattr(result, key)}
    if any(key in fields for key in _VALUE_KEYS):
        return _score_from_fields(name, fields)
    raise _metric_error(name, f"returned {result!r:.200}, which is no score")


def _score_from_fields(name: str, result: Mapping[Any, Any]) -> Score:
    key = next((key for key in _VALUE_KEYS if key in result), None)
    if key is None:
        raise _metric_error(name, f"returned a dict without a score; it has {', '.join(map(str, result)) or 'nothing'}")
    if not _is_number(result[key]):
        raise _metric_error(name, f"returned {key} = {result[key]!r:.200}, which is no number")
    feedback = next((str(result[field]) for field in _FEEDBACK_KEYS if result.get(field)), None)
    others = {str(k): float(v) for k, v in result.items() if k != key and _is_number(v) and math.isfinite(float(v))}
    return Score(value=_unit_value(name, result[key]), values=others, feedback=feedback)


def _unit_value(name: str, value: Any) -> float:
    number = float(value)
    if not 0 <= number <= 1:
        raise _metric_error(name, f"returned {number!r}, which is outside [0, 1]")
    return number


def _is_number(value: Any) -> bool:
    """Python's numbers and bools, and the scalars of array libraries, which all have `item`."""
    return isinstance(value, numbers.Real) or (hasattr(value, "item") and hasattr(value, "__float__"))


def _metric_error(name: str, what: str) -> PluginError:
    return PluginError(
        f"the metric {name} {what}",
        where=name,
        possible=_ACCEPTED_RESULTS,
        remedy="scale the value into [0, 1], 1 is best",
    )
