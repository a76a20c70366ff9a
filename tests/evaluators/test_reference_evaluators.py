"""The evaluators that are shipped: what is right, what is wrong, and what could not be scored."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.errors import UsageError
from maieutic.core.example import Example
from maieutic.core.models import Output
from maieutic.core.score import Score
from maieutic.plugins.evaluators.numbers import Numeric
from maieutic.plugins.evaluators.sets import Items
from maieutic.plugins.evaluators.structure import JsonFields, JsonSchema
from maieutic.plugins.evaluators.text import Choice, Contains, Exact, Regex, TokenF1

ALL = (Exact(), Contains(), Choice(), TokenF1(), Numeric(), Items(), JsonFields(), Regex(), JsonSchema({}))


async def score(evaluator: Any, answer: str | None, *references: str) -> Score:
    result = await evaluator.evaluate(Example(input="q", outputs=references), Output(text=answer or ""), answer)
    assert isinstance(result, Score)
    return result


@pytest.mark.parametrize(
    ("evaluator", "answer", "references", "value"),
    [
        (Exact(), " The  CAT. ", ("the cat",), 1),
        (Exact(), "a dog", ("the cat", "A Dog"), 1),
        (Exact(), "cats", ("cat",), 0),
        (Contains(), "It is Paris,\nof course", ("paris",), 1),
        (Contains(), "Parisian", ("Paris",), 0),
        (Contains(), "costs (roughly) $5.00!", ("$5.00",), 1),
        (Contains(), "anything", ("''",), 0),
        (Choice(), "The answer is (b).", ("B",), 1),
        (Choice(), "c", ("(B)",), 0),
        (TokenF1(), "the quick fox", ("a quick fox!",), 1),
        (TokenF1(), "quick dog", ("quick fox", "slow cat"), 0.5),
        (TokenF1(), "dog", ("cat",), 0),
        (TokenF1(), "a a b", ("a b b",), 2 * 1 / 3),
        (Numeric(), "about 1,000", ("1000",), 1),
        (Numeric(), "3.14", ("3.15",), 0),
        (Numeric(abs_tol=0.1), "3.14", ("3.2",), 1),
        (Numeric(rel_tol=0.1), "95", ("1", "100"), 1),
        (Items(), "red, green", ("green; red",), 1),
        (Items(), "- red\n- blue\n", ("red, green",), 0.5),
        (Items(mode="exact"), "red, blue", ("red, green",), 0),
        (Items(mode="exact"), '["Red", "green"]', ("red, green",), 1),
        (Items(together=True), "red, green", ("red", "green"), 1),
        (Items(separators="|"), "a, b | c", ("c|a, b",), 1),
        (Regex(), "id-42", (r"id-\d+",), 1),
        (Regex(pattern=r"^\w+$"), "two words", (), 0),
        (JsonFields(), '{"a": "X ", "b": 2.0, "c": true}', ('{"a": "x", "b": 2, "c": 1}',), 2 / 3),
        (JsonFields(), 'so: {"a": [1]}', ('{"a": [1], "b": null}',), 0.5),
        (JsonFields(fields=("a",)), '{"a": 1, "b": 1}', ('{"a": 1, "b": 2}',), 1),
        (JsonSchema({"type": "object", "required": ["a"]}), '{"a": 1}', (), 1),
        (JsonSchema({"type": "array", "items": {"type": "integer"}}), "[1, 2]", (), 1),
        (JsonSchema({"type": "object", "required": ["a"]}), "```json\n{}\n```", (), 0),
    ],
)
async def test_values(evaluator: Any, answer: str, references: tuple[str, ...], value: float) -> None:
    result = await score(evaluator, answer, *references)
    assert result.value == pytest.approx(value)
    assert result.failure is None
    assert (result.feedback is None) == (value == 1)


@pytest.mark.parametrize("evaluator", ALL, ids=lambda one: one.name)
async def test_no_answer_is_a_format_failure(evaluator: Any) -> None:
    result = await score(evaluator, None, "x")
    assert (result.value, result.failure) == (0, "format")


@pytest.mark.parametrize(
    ("evaluator", "answer"), [(Numeric(), "none"), (Choice(), "perhaps"), (JsonFields(), "[]"), (JsonSchema({}), "x")]
)
async def test_an_answer_of_the_wrong_form_is_a_format_failure(evaluator: Any, answer: str) -> None:
    assert (await score(evaluator, answer, "1")).failure == "format"


@pytest.mark.parametrize(
    ("evaluator", "answer", "references"),
    [
        *((one, "1", ()) for one in ALL[:-1] if one.name not in ("json_fields",)),
        (Numeric(), "1", ("none",)),
        (JsonFields(), "{}", ("none",)),
        (JsonFields(), "{}", ("{}",)),
        (Regex(), "x", ("(",)),
    ],
)
async def test_a_row_that_cannot_be_scored_is_no_wrong_answer(
    evaluator: Any, answer: str, references: tuple[str, ...]
) -> None:
    result = await score(evaluator, answer, *references)
    assert (result.value, result.failure) == (0, "example")
    assert result.feedback


@given(evaluator=st.sampled_from(ALL), answer=st.text(), references=st.lists(st.text(), max_size=3))
async def test_any_text_gives_a_score(evaluator: Any, answer: str, references: list[str]) -> None:
    assert 0 <= (await score(evaluator, answer, *references)).value <= 1


@given(text=st.text(alphabet="abc12 ,;.", min_size=1))
async def test_a_reference_scores_one_against_itself(text: str) -> None:
    for evaluator in (Exact(), TokenF1(), Items(), Items(mode="exact")):
        assert (await score(evaluator, text, "other", text)).value == 1


async def test_fields_and_schema_say_what_is_wrong() -> None:
    fields = await score(JsonFields(), '{"a": 1}', '{"a": 2, "b": "é"}')
    assert fields.values == {"a": 0, "b": 0}
    assert fields.feedback == 'a: 1, wanted 2; b: null, wanted "é"'
    schema = await score(JsonSchema({"properties": {"a": {"type": "string"}}}), '{"a": 1}')
    assert schema.feedback == "$.a: 1 is not of type 'string'"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Regex(pattern="("), "cannot be read"),
        (lambda: Numeric(abs_tol=-1), "tolerance"),
        (lambda: Numeric(rel_tol=float("nan")), "tolerance"),
        (lambda: Items(mode="some"), "no mode"),  # type: ignore[arg-type]
        (lambda: Items(separators=""), "at least one separator"),
        (lambda: JsonSchema({"type": "objekt"}), "the schema is none"),
    ],
)
def test_options_that_make_no_sense_are_refused(make: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make()
