"""promptfoo's assertions in data rows, which the evaluator `promptfoo` scores an answer by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

# The fields of a row that hold its test's assertions and threshold.
ASSERTIONS = "assert"
THRESHOLD = "assert_threshold"
# A judge of the task rates these, within the run's budget; the value is what the judge goes by.
JUDGED_KINDS = ("llm-rubric", "g-eval", "model-graded-closedqa", "factuality", "model-graded-factuality")


def row_assertions(fields: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The assertions of a row. A column of this name that holds anything else, such as texts, has none."""
    listed = fields.get(ASSERTIONS)
    if isinstance(listed, list | tuple) and all(isinstance(item, Mapping) for item in listed):
        return listed
    return ()


def base_kind(assertion: Mapping[str, Any]) -> str:
    """The kind without `not-`."""
    return str(assertion.get("type", "")).removeprefix("not-")


def flat_assertions(assertions: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The assertions, those of sets in place of the sets."""
    for assertion in assertions:
        if assertion.get("type") == "assert-set":
            yield from flat_assertions(assertion.get("assert") or ())
        else:
            yield assertion


def count_judged(assertions: Iterable[Mapping[str, Any]]) -> int:
    """How many assertions of a test ask a judge."""
    return sum(base_kind(assertion) in JUDGED_KINDS for assertion in flat_assertions(assertions))
