"""Evaluators that need no model: what they count, and what they say of what they do not like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.models import Output, Reply
from maieutic.core.score import Score
from maieutic.plugins.evaluators.json_answers import SyntaxEvaluator
from maieutic.plugins.evaluators.ngram_overlap import BleuEvaluator, ChrfEvaluator, RougeEvaluator
from maieutic.plugins.evaluators.resource_use import CostEvaluator, LatencyEvaluator
from maieutic.plugins.evaluators.similarity import NgramSimilarity
from maieutic.plugins.evaluators.text_statistics import (
    LengthEvaluator,
    ReadabilityEvaluator,
    WordListEvaluator,
    count_syllables,
)

ROW = Example(input="x", outputs=("the cat sat on the mat", "a cat was sitting there"))


async def score(evaluator: object, text: str, row: Example = ROW) -> Score:
    return await evaluator.evaluate(row, Output(text=text), text.strip() or None)  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize(
    "make",
    [
        RougeEvaluator,
        BleuEvaluator,
        ChrfEvaluator,
        NgramSimilarity,
        lambda: RougeEvaluator("rouge1", "recall", stem=False),
    ],
)
async def test_likeness_is_1_for_a_reference_0_for_a_stranger_and_between_for_the_rest(make: object) -> None:
    evaluator = make()  # type: ignore[operator]
    same, near, far = [await score(evaluator, one) for one in (*ROW.outputs[:1], "the cat sat here", "qqq zzz")]
    assert same.value == pytest.approx(1)
    assert 0.2 < near.value < 0.9
    assert far.value < 0.1
    assert (same.feedback, far.feedback is not None) == (None, True)
    assert (await score(evaluator, " ")).failure == "format"
    assert (await score(evaluator, "a", Example(input="x"))).failure == "example"
    assert evaluator.needs == {"references"}


async def test_known_values() -> None:
    assert (await score(RougeEvaluator("rouge1"), "the cat")).value == pytest.approx(2 * 1 * (2 / 6) / (1 + 2 / 6))
    assert (await score(RougeEvaluator("rouge1", "precision"), "the cat")).value == 1
    bleu = (await score(BleuEvaluator(), "the cat sat on a mat")).value
    assert bleu == pytest.approx((1 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)
    floor = (await score(NgramSimilarity(floor=0.5), "the cat sat")).value
    assert 0 < floor < (await score(NgramSimilarity(), "the cat sat")).value


@given(st.text(max_size=60))
async def test_any_text_has_a_score_in_range(text: str) -> None:
    for evaluator in (
        NgramSimilarity(),
        ReadabilityEvaluator(),
        LengthEvaluator(3, 9),
        WordListEvaluator(),
        SyntaxEvaluator(),
        SyntaxEvaluator("yaml"),
    ):
        assert 0 <= (await score(evaluator, text)).value <= 1


async def test_length_falls_off_outside_its_limits() -> None:
    assert (await score(LengthEvaluator(2, 4), "one two three")).value == 1
    short = await score(LengthEvaluator(4), "one two")
    assert (short.value, short.feedback) == (0.5, "2 words, wanted at least 4")
    assert (await score(LengthEvaluator(most=2), "a b c d")).value == 0.5
    assert (await score(LengthEvaluator(most=2, unit="sentences"), "A. B! C?")).value == pytest.approx(2 / 3)
    assert (await score(LengthEvaluator(most=3, unit="characters"), "abc")).value == 1
    assert (await score(LengthEvaluator(1, unit="lines"), "a\n\nb")).values == {"lines": 2}
    for wrong in ({}, {"least": 5, "most": 4}, {"least": 1, "unit": "pages"}):
        with pytest.raises(UsageError):
            LengthEvaluator(**wrong)  # type: ignore[arg-type]


async def test_plain_words_read_more_easily_than_learned_ones() -> None:
    plain = await score(ReadabilityEvaluator(), "The cat sat on the mat. It was warm. The cat was glad.")
    learned = await score(
        ReadabilityEvaluator(),
        "Institutional heterogeneity necessitates epistemological reconsideration of methodology.",
    )
    assert (plain.value, plain.feedback) == (1.0, None)
    assert learned.value == 0
    assert learned.values["grade"] > 12 > plain.values["grade"]
    assert [count_syllables(word) for word in ("cat", "table", "house", "reading", "idea", "the")] == [1, 2, 1, 2, 2, 1]


async def test_words_of_the_list_are_found_whole_and_in_any_case() -> None:
    assert (await score(WordListEvaluator(), "What a classic passage.")).value == 1
    crude = await score(WordListEvaluator(), "You IDIOT, you idiot.")
    assert (crude.value, crude.feedback, crude.values["found"]) == (0.0, "it says idiot", 2)
    own = Example(input="x", metadata={"banned": ["rival inc."]})
    assert (await score(WordListEvaluator(["foo"], each=0.25), "foo and Rival Inc. here", own)).value == 0.5


@pytest.mark.parametrize(
    ("options", "text", "value"),
    [
        ({}, '{"a": 1}', 1),
        ({}, '```json\n{"a": 1}\n```', 1),
        ({"fence": False}, '```json\n{"a": 1}\n```', 0),
        ({}, '{"a": 1} and so on', 0),
        ({}, "[" * 100_000, 0),
        ({"kind": "object"}, "[1]", 0),
        ({"kind": "list"}, "[1]", 1),
        ({"language": "yaml"}, "a: 1\nb: [x, y]", 1),
        ({"language": "yaml"}, "just words", 0),
        ({"language": "yaml"}, "a: b: c", 0),
        ({"language": "yaml"}, "!!python/object/apply:os.system ['true']", 0),
    ],
)
async def test_what_is_valid(options: dict[str, object], text: str, value: float) -> None:
    found = await score(SyntaxEvaluator(**options), text)  # type: ignore[arg-type]
    assert found.value == value
    assert (found.feedback is None) == bool(value)


async def test_time_and_money_count_down_from_1() -> None:
    replies = (
        Reply(text="a", seconds=1, prompt_tokens=30, usd=0.001),
        Reply(text="b", seconds=1.5, completion_tokens=20),
    )
    out = Output(text="b", replies=replies)
    assert (await LatencyEvaluator(10).evaluate(ROW, out, "b")).value == 0.75
    assert (await LatencyEvaluator(1).evaluate(ROW, out, "b")).value == 0
    cost = await CostEvaluator(tokens=100).evaluate(ROW, out, "b")
    assert (cost.value, cost.values) == (0.5, {"tokens": 50, "usd": 0.001})
    assert (await CostEvaluator(tokens=100, usd=0.00125).evaluate(ROW, out, "b")).value == pytest.approx(0.2)
    assert (await LatencyEvaluator().evaluate(ROW, Output(text="b"), "b")).failure == "example"
    for make in (CostEvaluator, lambda: LatencyEvaluator(0), lambda: CostEvaluator(tokens=-1)):
        with pytest.raises(UsageError):
            make()
