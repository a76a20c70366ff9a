"""promptfoo's assertions that compare a text, scored by the same rules; and what becomes of every other kind."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.errors import UsageError
from ...core.jinja_template import render_jinja
from ...runtime.tasks.assertions import JUDGED_KINDS, base_kind

SIMILAR_KINDS = ("similar", "similar:cosine")
# promptfoo's own package runs these; no equal evaluator is in ours.
PACKAGE_KINDS = frozenset(
    {
        *("javascript", "python", "ruby", "webhook", "rouge-n", "bleu", "gleu", "meteor", "classifier", "moderation"),
        *("is-html", "contains-html", "is-xml", "contains-xml", "is-sql", "contains-sql", "is-refusal", "pi"),
        *("answer-relevance", "context-faithfulness", "context-recall", "context-relevance", "search-rubric"),
        *("similar:dot", "similar:euclidean", "is-valid-openai-function-call", "is-valid-function-call"),
        *("is-valid-openai-tools-call", "tool-call-f1", "conversation-relevance"),
    }
)
_COMPARING = "it compares the outputs of several prompts, which the paired held-out test does"
_NEEDS_TRACE = "it reads a trace or tokens that promptfoo itself would have recorded"
UNSCORED_KINDS: Mapping[str, str] = {
    "select-best": _COMPARING,
    "max-score": _COMPARING,
    "cost": 'use [[evaluators]] use = "cost"',
    "latency": 'use [[evaluators]] use = "latency"',
    "human": "a person grades it: use the recipe spo, or maieutic duel",
    **dict.fromkeys(("perplexity", "perplexity-score", "guardrails", "skill-used", "agent-rubric"), _NEEDS_TRACE),
    **dict.fromkeys(("trace-error-spans", "trace-span-count", "trace-span-duration"), _NEEDS_TRACE),
    **{
        f"trajectory:{name}": _NEEDS_TRACE
        for name in ("goal-success", "tool-args-match", "step-count", "tool-sequence", "tool-used")
    },
}
"""Kind → why no output has a score by it, or what to use instead."""
# promptfoo's thresholds where a test names none.
_DEFAULT_EDITS = 5
DEFAULT_SIMILARITY = 0.75
_GROUP_NAME = re.compile(r"\(\?<(?=[A-Za-z_])")


@dataclass(frozen=True, kw_only=True)
class Grade:
    """What one assertion says of an output. score: in [0, 1]."""

    passed: bool
    score: float
    reason: str = ""


def is_inverse(assertion: Mapping[str, Any]) -> bool:
    return str(assertion.get("type", "")).startswith("not-")


def known_kinds() -> list[str]:
    return sorted({*_COMPARISONS, *JUDGED_KINDS, *SIMILAR_KINDS, *PACKAGE_KINDS, *UNSCORED_KINDS, "assert-set"})


def has_code(assertion: Mapping[str, Any]) -> bool:
    """Whether promptfoo would run code for it, whatever its kind: a transform, or a value that a script gives."""
    value = assertion.get("value")
    from_script = isinstance(value, str) and value.startswith(("file://", "package:"))
    return bool(assertion.get("transform")) or from_script


def rendered_value(assertion: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """The assertion's value with `{{name}}` filled from the test's variables; texts in lists too."""
    value = assertion.get("value")
    if isinstance(value, str):
        return _filled(value, values)
    if isinstance(value, list | tuple):
        return [_filled(item, values) if isinstance(item, str) else item for item in value]
    return value


def grade_comparison(assertion: Mapping[str, Any], output: str, values: Mapping[str, Any], *, finish: str) -> Grade:
    """Score an output by an assertion that compares it. Raises UsageError for a value that promptfoo refuses."""
    kind, inverse = base_kind(assertion), is_inverse(assertion)
    value = rendered_value(assertion, values)
    if kind == "finish-reason":
        passed = str(value).casefold() == finish.casefold()
    elif kind == "levenshtein":
        passed = _edits(output, str(value)) <= (assertion.get("threshold") or _DEFAULT_EDITS)
    else:
        holds = _COMPARISONS[kind](output, value)
        passed = holds is not inverse
    detail = "" if value is None else f" {json.dumps(value, ensure_ascii=False, default=str):.200}"
    return Grade(passed=passed, score=float(passed), reason="" if passed else f"failed: {assertion['type']}{detail}")


def combine(graded: Sequence[tuple[Mapping[str, Any], Grade]], threshold: float | None = None) -> Grade:
    """The weighted mean of a test's assertions. It passes if all do or, with a threshold, if the mean reaches it."""
    weights = [_weight(assertion) for assertion, _ in graded]
    total = sum(weights)
    score = (
        sum(weight * grade.score for weight, (_, grade) in zip(weights, graded, strict=True)) / total if total else 0
    )
    failed = [grade for weight, (_, grade) in zip(weights, graded, strict=True) if weight and not grade.passed]
    passed = not failed if threshold is None else score >= threshold
    return Grade(passed=passed, score=score, reason="; ".join(grade.reason for grade in failed if grade.reason))


def _weight(assertion: Mapping[str, Any]) -> float:
    weight = assertion.get("weight", 1)
    return float(weight) if isinstance(weight, int | float) else 1.0


def _filled(text: str, values: Mapping[str, Any]) -> str:
    return render_jinja(text, values) if "{{" in text or "{%" in text else text


def _equals(output: str, value: Any) -> bool:
    if isinstance(value, dict | list):
        try:
            parsed = json.loads(output)
        except ValueError:
            return False
        return bool(json.dumps(parsed, sort_keys=True) == json.dumps(value, sort_keys=True))
    return output == _as_javascript_text(value)


def _as_javascript_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _texts(value: Any, kind: str) -> list[str]:
    """The items of a list, or of a text between commas, where double quotes keep a comma inside."""
    if isinstance(value, str):
        quoted = re.findall(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)', value)
        items = [(inner.replace('\\"', '"') if inner else plain.strip()) for inner, plain in quoted]
        return [item for item in items if item]
    if not isinstance(value, list) or not value:
        raise UsageError(f"the assertion {kind} has no list of texts", where="promptfoo", possible=("value: [a, b]",))
    return [_as_javascript_text(item) for item in value]


def _contained(output: str, value: Any, kind: str) -> bool:
    if value is None or value == "":
        raise UsageError(f"the assertion {kind} has no text", where="promptfoo", possible=("value: a text",))
    return _as_javascript_text(value) in output


def _matches(output: str, value: Any) -> bool:
    """By Python's re in the dialect of JavaScript: ASCII classes, `(?<name>…)`, `$` at the very end alone."""
    pattern = _GROUP_NAME.sub("(?P<", str(value))
    pattern = re.sub(r"(\\.|\[(?:\\.|[^\]])*\])|\$", lambda match: match[1] or r"\Z", pattern)
    try:
        return re.search(pattern, output, re.ASCII) is not None
    except re.error as error:
        raise UsageError(f"the regex {value!r:.80} cannot be read: {error}", where="promptfoo") from error


def _is_json(output: str, value: Any) -> bool:
    try:
        parsed = json.loads(output)
    except ValueError:
        return False
    return value in (None, "") or _fits(parsed, value)


def _contains_json(output: str, value: Any) -> bool:
    parsed = list(_json_values(output))
    return bool(parsed) if value in (None, "") else any(_fits(item, value) for item in parsed)


def _json_values(text: str) -> Iterator[Any]:
    """The JSON objects and lists inside a text, the outermost ones."""
    decoder, position = json.JSONDecoder(), 0
    while (match := re.search(r"[{\[]", text[position:])) is not None:
        position += match.start()
        try:
            value, length = decoder.raw_decode(text[position:])
        except ValueError:
            position += 1
            continue
        position += length
        yield value


def _fits(value: Any, schema: Any) -> bool:
    import jsonschema

    if isinstance(schema, str):
        schema = _parse_yaml(schema)
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise UsageError(f"the JSON schema of an assertion is none: {error.message}", where="promptfoo") from error
    return not any(jsonschema.Draft202012Validator(schema).iter_errors(value))


def _parse_yaml(text: str) -> Any:
    from ..system.imports import import_optional

    return import_optional("yaml", extra="yaml", who="promptfoo").safe_load(text)


def _word_count(output: str, value: Any) -> bool:
    count = len(output.split())
    if isinstance(value, Mapping):
        return bool(value.get("min", 0) <= count <= value.get("max", count))
    return count == int(value)


def _edits(output: str, value: str) -> int:
    from rapidfuzz.distance import Levenshtein

    return int(Levenshtein.distance(output, value))


def _lower(text: Any) -> str:
    return unicodedata.normalize("NFC", _as_javascript_text(text)).lower()


_COMPARISONS: Mapping[str, Callable[[str, Any], bool]] = {
    "equals": _equals,
    "contains": lambda output, value: _contained(output, value, "contains"),
    "icontains": lambda output, value: _contained(_lower(output), _lower(value), "icontains"),
    "contains-any": lambda output, value: any(text in output for text in _texts(value, "contains-any")),
    "contains-all": lambda output, value: all(text in output for text in _texts(value, "contains-all")),
    "icontains-any": lambda output, value: any(
        _lower(text) in _lower(output) for text in _texts(value, "icontains-any")
    ),
    "icontains-all": lambda output, value: all(
        _lower(text) in _lower(output) for text in _texts(value, "icontains-all")
    ),
    "starts-with": lambda output, value: output.startswith(str(value)),
    "ends-with": lambda output, value: output.endswith(str(value)),
    "regex": _matches,
    "is-json": _is_json,
    "contains-json": _contains_json,
    "word-count": _word_count,
    "levenshtein": lambda output, value: False,  # has a threshold; see `grade_comparison`
    "finish-reason": lambda output, value: False,  # reads no text; see `grade_comparison`
}
"""Kind → whether it holds of an output, for a rendered value."""
