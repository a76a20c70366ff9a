"""Evaluators for answers that are JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...core.answer import AnswerContract, normalize_answer
from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score
from .reference_base import NO_ANSWER, ReferenceEvaluator

_OBJECT = AnswerContract(type="json")
_INVALID = object()


class JsonSchemaEvaluator:
    """1 where the answer is JSON that fits `schema` (Draft 2020-12); JSON that cannot be read is a format failure."""

    name = "json_schema"
    needs: frozenset[Need] = frozenset()

    def __init__(self, schema: Mapping[str, Any]) -> None:
        import jsonschema

        try:
            jsonschema.Draft202012Validator.check_schema(dict(schema))
        except jsonschema.SchemaError as error:
            raise UsageError(f"the schema is none: {error.message}", where="json_schema: schema") from error
        self._validator = jsonschema.Draft202012Validator(dict(schema))

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        value = _INVALID if answer is None else _parse_json(answer)
        if value is _INVALID:
            return NO_ANSWER
        wrong = sorted(self._validator.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
        said = "; ".join(f"{error.json_path}: {error.message}" for error in wrong[:3])
        return Score(value=float(not wrong), feedback=said or None)


class JsonFieldsEvaluator(ReferenceEvaluator):
    """The share of the reference's fields that the answer has with an equal value; each field is a part of it.

    fields: which to compare; all of the reference where empty. Texts are compared without case and white space.
    """

    name = "json_fields"

    def __init__(self, fields: Sequence[str] = ()) -> None:
        self._fields = tuple(fields)

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        said = _parse_json(answer)
        if not isinstance(said, dict):
            return NO_ANSWER
        objects = [one for one in map(_parse_json, references) if isinstance(one, dict)]
        scores = [self._compare_fields(said, one) for one in objects if self._fields or one]
        if not scores:
            return Score(value=0.0, failure="example", feedback="the reference is no JSON object with fields")
        return max(scores, key=lambda score: score.value)

    def _compare_fields(self, said: dict[str, Any], wanted: dict[str, Any]) -> Score:
        fields = self._fields or tuple(wanted)
        equal = {name: float(name in said and _values_equal(said[name], wanted.get(name))) for name in fields}
        wrong = [
            f"{name}: {json.dumps(said.get(name), ensure_ascii=False)}, wanted "
            f"{json.dumps(wanted.get(name), ensure_ascii=False)}"
            for name in fields
            if not equal[name]
        ]
        return Score(value=sum(equal.values()) / len(fields), values=equal, feedback="; ".join(wrong) or None)


def _parse_json(text: str) -> Any:
    """The JSON value of a text, an object inside other words too, or `_UNREAD`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        found = _OBJECT.read_answer(text)
        return _INVALID if found is None else json.loads(found)


def _values_equal(a: Any, b: Any) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return normalize_answer(a) == normalize_answer(b)
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (a, b))
    if numbers:
        return math.isclose(a, b, rel_tol=1e-9)
    return type(a) is type(b) and bool(a == b)
