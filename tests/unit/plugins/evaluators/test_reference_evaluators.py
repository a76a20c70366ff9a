"""The evaluators that are shipped: what is right, what is wrong, and what could not be scored."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.models import Output
from maieutic.core.score import Score
from maieutic.plugins.evaluators.json_answers import JsonFieldsEvaluator, JsonSchemaEvaluator
from maieutic.plugins.evaluators.reference_match import (
    ChoiceMatch,
    ContainsMatch,
    ExactMatch,
    ItemSetEvaluator,
    Numeric,
    RegexMatch,
    TokenF1,
)

ALL = (
    ExactMatch(),
    ContainsMatch(),
    ChoiceMatch(),
    TokenF1(),
    Numeric(),
    ItemSetEvaluator(),
    JsonFieldsEvaluator(),
    RegexMatch(),
    JsonSchemaEvaluator({}),
)


async def score(evaluator: Any, answer: str | None, *references: str) -> Score:
    result = await evaluator.evaluate(Example(input="q", outputs=references), Output(text=answer or ""), answer)
    assert isinstance(result, Score)
    return result


@pytest.mark.parametrize(
    ("evaluator", "answer", "references", "value"),
    [
        (ExactMatch(), " The  CAT. ", ("the cat",), 1),
        (ExactMatch(), "a dog", ("the cat", "A Dog"), 1),
        (ExactMatch(), "cats", ("cat",), 0),
        (ContainsMatch(), "It is Paris,\nof course", ("paris",), 1),
        (ContainsMatch(), "Parisian", ("Paris",), 0),
        (ContainsMatch(), "costs (roughly) $5.00!", ("$5.00",), 1),
        (ContainsMatch(), "anything", ("''",), 0),
        (ChoiceMatch(), "The answer is (b).", ("B",), 1),
        (ChoiceMatch(), "c", ("(B)",), 0),
        (TokenF1(), "the quick fox", ("a quick fox!",), 1),
        (TokenF1(), "quick dog", ("quick fox", "slow cat"), 0.5),
        (TokenF1(), "dog", ("cat",), 0),
        (TokenF1(), "a a b", ("a b b",), 2 * 1 / 3),
        (Numeric(), "about 1,000", ("1000",), 1),
        (Numeric(), "3.14", ("3.15",), 0),
        (Numeric(abs_tol=0.1), "3.14", ("3.2",), 1),
        (Numeric(rel_tol=0.1), "95", ("1", "100"), 1),
        (ItemSetEvaluator(), "red, green", ("green; red",), 1),
        (ItemSetEvaluator(), "- red\n- blue\n", ("red, green",), 0.5),
        (ItemSetEvaluator(mode="exact"), "red, blue", ("red, green",), 0),
        (ItemSetEvaluator(mode="exact"), '["Red", "green"]', ("red, green",), 1),
        (ItemSetEvaluator(together=True), "red, green", ("red", "green"), 1),
        (ItemSetEvaluator(separators="|"), "a, b | c", ("c|a, b",), 1),
        (RegexMatch(), "id-42", (r"id-\d+",), 1),
        (RegexMatch(pattern=r"^\w+$"), "two words", (), 0),
        (JsonFieldsEvaluator(), '{"a": "X ", "b": 2.0, "c": true}', ('{"a": "x", "b": 2, "c": 1}',), 2 / 3),
        (JsonFieldsEvaluator(), 'so: {"a": [1]}', ('{"a": [1], "b": null}',), 0.5),
        (JsonFieldsEvaluator(fields=("a",)), '{"a": 1, "b": 1}', ('{"a": 1, "b": 2}',), 1),
        (JsonSchemaEvaluator({"type": "object", "required": ["a"]}), '{"a": 1}', (), 1),
        (JsonSchemaEvaluator({"type": "array", "items": {"type": "integer"}}), "[1, 2]", (), 1),
        (JsonSchemaEvaluator({"type": "object", "required": ["a"]}), "```json\n{}\n```", (), 0),
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
    ("evaluator", "answer"),
    [(Numeric(), "none"), (ChoiceMatch(), "perhaps"), (JsonFieldsEvaluator(), "[]"), (JsonSchemaEvaluator({}), "x")],
)
async def test_an_answer_of_the_wrong_form_is_a_format_failure(evaluator: Any, answer: str) -> None:
    assert (await score(evaluator, answer, "1")).failure == "format"


@pytest.mark.parametrize(
    ("evaluator", "answer", "references"),
    [
        *((one, "1", ()) for one in ALL[:-1] if one.name not in ("json_fields",)),
        (Numeric(), "1", ("none",)),
        (JsonFieldsEvaluator(), "{}", ("none",)),
        (JsonFieldsEvaluator(), "{}", ("{}",)),
        (RegexMatch(), "x", ("(",)),
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
    for evaluator in (ExactMatch(), TokenF1(), ItemSetEvaluator(), ItemSetEvaluator(mode="exact")):
        assert (await score(evaluator, text, "other", text)).value == 1


async def test_fields_and_schema_say_what_is_wrong() -> None:
    fields = await score(JsonFieldsEvaluator(), '{"a": 1}', '{"a": 2, "b": "é"}')
    assert fields.values == {"a": 0, "b": 0}
    assert fields.feedback == 'a: 1, wanted 2; b: null, wanted "é"'
    schema = await score(JsonSchemaEvaluator({"properties": {"a": {"type": "string"}}}), '{"a": 1}')
    assert schema.feedback == "$.a: 1 is not of type 'string'"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: RegexMatch(pattern="("), "cannot be read"),
        (lambda: Numeric(abs_tol=-1), "tolerance"),
        (lambda: Numeric(rel_tol=float("nan")), "tolerance"),
        (lambda: ItemSetEvaluator(mode="some"), "no mode"),  # type: ignore[arg-type]
        (lambda: ItemSetEvaluator(separators=""), "at least one separator"),
        (lambda: JsonSchemaEvaluator({"type": "objekt"}), "the schema is none"),
    ],
)
def test_options_that_make_no_sense_are_refused(make: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make()
