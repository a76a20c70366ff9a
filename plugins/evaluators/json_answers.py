"""Evaluators of structured answers: JSON that fits a schema or a reference; valid JSON or YAML."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ...core.answer import AnswerContract
from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.label_reader import normalize_answer
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING
from ...core.score import Score
from ..system.imports import import_optional
from .reference_match import NO_ANSWER, ReferenceEvaluator

_OBJECT = AnswerContract(type="json")
_INVALID = object()


class JsonSchemaEvaluator:
    """Scores 1 if the answer is JSON that matches `schema` (Draft 2020-12); unreadable JSON is a format failure."""

    name = "json_schema"
    needs = NEEDS_NOTHING

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
        text = "; ".join(f"{error.json_path}: {error.message}" for error in wrong[:3])
        return Score(value=float(not wrong), feedback=text or None)


class JsonFieldsEvaluator(ReferenceEvaluator):
    """The share of the reference's fields that have an equal value in the answer; `values` has each field.

    Texts are compared without case and white space.

    Args:
        fields: The fields to compare; all of the reference if empty.
    """

    name = "json_fields"

    def __init__(self, fields: Sequence[str] = ()) -> None:
        self._fields = tuple(fields)

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        fields = _parse_json(answer)
        if not isinstance(fields, dict):
            return NO_ANSWER
        objects = [reference for reference in map(_parse_json, references) if isinstance(reference, dict)]
        scores = [self._compare_fields(fields, reference) for reference in objects if self._fields or reference]
        if not scores:
            return Score(value=0.0, failure="example", feedback="the reference is no JSON object with fields")
        return max(scores, key=lambda score: score.value)

    def _compare_fields(self, answer: dict[str, Any], reference: dict[str, Any]) -> Score:
        fields = self._fields or tuple(reference)
        equal = {name: float(name in answer and _values_equal(answer[name], reference.get(name))) for name in fields}
        wrong = [
            f"{name}: {json.dumps(answer.get(name), ensure_ascii=False)}, wanted "
            f"{json.dumps(reference.get(name), ensure_ascii=False)}"
            for name in fields
            if not equal[name]
        ]
        return Score(value=sum(equal.values()) / len(fields), values=equal, feedback="; ".join(wrong) or None)


def _parse_json(text: str) -> Any:
    """The JSON value of a text, also of an object among other words, or `_INVALID`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        value_text = _OBJECT.read_answer(text)
        return _INVALID if value_text is None else json.loads(value_text)


def _values_equal(a: Any, b: Any) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return normalize_answer(a) == normalize_answer(b)
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (a, b))
    if numbers:
        return math.isclose(a, b, rel_tol=1e-9)
    return type(a) is type(b) and bool(a == b)


_FENCE = re.compile(r"\A```(?:json|ya?ml)?[ \t]*\n(.*?)\n?```\Z", re.DOTALL)
_VALUE_KINDS = ("object", "list", "any")


class SyntaxEvaluator:
    """Scores 1 if the whole output is valid `language` and of `kind`; else 0, with the location of the error.

    YAML accepts almost any text as a string, so for it `kind = "any"` means an object or a list.

    Args:
        fence: Whether a code fence around the output is allowed.
    """

    name = "valid"
    needs = NEEDS_NOTHING

    def __init__(
        self,
        language: Literal["json", "yaml"] = "json",
        kind: Literal["object", "list", "any"] = "any",
        fence: bool = True,
    ) -> None:
        for option, value, choices in (("language", language, ("json", "yaml")), ("kind", kind, _VALUE_KINDS)):
            if value not in choices:
                raise UsageError(f"{value!r} is unknown", where=f"valid: {option}", possible=choices)
        self._language, self._kind, self._fence = language, kind, fence
        self._yaml = import_optional("yaml", extra="yaml", who="valid") if language == "yaml" else None

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        text = output.text.strip()
        fenced = _FENCE.match(text) if self._fence else None
        try:
            value = self._parse(fenced[1] if fenced else text)
        except (ValueError, RecursionError) as error:
            return Score(value=0.0, feedback=f"no {self._language}: {error}"[:300])
        value_kind = "object" if isinstance(value, dict) else "list" if isinstance(value, list) else "scalar"
        loose = self._kind == "any" and (self._yaml is None or value_kind != "scalar")
        if loose or value_kind == self._kind:
            return Score(value=1.0)
        return Score(value=0.0, feedback=f"it is a {value_kind}, wanted: {self._kind}")

    def _parse(self, text: str) -> Any:
        if self._yaml is None:
            return json.loads(text)
        try:
            return self._yaml.safe_load(text)
        except self._yaml.YAMLError as error:
            raise ValueError(str(error)) from error
