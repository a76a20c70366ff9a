"""Classes of answers: labels, or the half of the input that an answer is copied from; and what is out of reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.dataset import Example
from maieutic.core.score import Evaluation
from maieutic.core.stats.answer_classes import (
    AnswerClassifier,
    LabelClassifier,
    answer_classifier,
    answers_are_copied,
    attainable,
    class_shares,
    position_of,
)

words = st.text("abcdefgh", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "answer", "place"),
    [
        ("whale, mouse", "whale", "early"),
        ("whale, mouse", "Mouse.", "late"),
        ("a, hippopotamus", "hippopotamus", "late"),
        ("hippopotamus, a", "a", "late"),
        ("Ann Lee  met Bo Ray", "ann lee", "early"),
        ("animals: cat\nwho: dog", "dog", "late"),
        ("cat, catfish", "cat", "early"),
        ("cat, dog, cat", "cat", None),
        ("catfish, dogfish", "cat", None),
        ("cat, dog", "owl", None),
        ("cat, dog", "", None),
        ("cat, dog", None, None),
        ("", "cat", None),
    ],
)
def test_a_place_is_the_half_in_which_an_answer_stands_once(text: str, answer: str | None, place: str | None) -> None:
    assert position_of(text, answer) == place


@given(first=words, second=words)
def test_of_two_things_the_first_is_early_and_the_second_late(first: str, second: str) -> None:
    text = f"{first}, {second}"
    expected = (None, None) if first == second else ("early", "late")
    assert (position_of(text, first), position_of(text, second)) == expected


def animals(early: int, late: int, elsewhere: int = 0) -> list[Example]:
    outputs = [("whale", "a")] * early + [("mouse", "b")] * late + [("owl", "c")] * elsewhere
    return [
        Example(id=f"{made}{n}", input="whale, mouse", outputs=(output,)) for n, (output, made) in enumerate(outputs)
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (animals(5, 5), True),
        (animals(2, 8), True),
        (animals(1, 9), False),
        (animals(10, 0), False),
        (animals(5, 4, 1), True),
        (animals(4, 4, 2), False),
        ([], False),
    ],
)
def test_answers_are_copied_where_nearly_all_have_a_place_and_both_places_occur(
    rows: list[Example], told: bool
) -> None:
    assert answers_are_copied(rows) is told


def labelled(*outputs: str) -> list[Example]:
    return [Example(id=f"r{n}", input=f"row {n}", outputs=(output,)) for n, output in enumerate(outputs)]


def pairs(count: int) -> list[Example]:
    return [Example(id=f"p{n}", input=f"a{n}, b{n}", outputs=(f"{'ab'[n % 2]}{n}",)) for n in range(count)]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (labelled("yes", "no", "No.", "yes"), LabelClassifier(frozenset({"yes", "no"}))),
        (animals(3, 3), LabelClassifier(frozenset({"whale", "mouse"}))),
        (pairs(6), position_of),
        (pairs(40), position_of),
        (labelled("one", "two", "three", "four"), None),
        (labelled(*(f"answer {n}" for n in range(40))), None),
        ([Example(input="a, b")], None),
        ([], None),
    ],
)
def test_few_answers_are_labels_copied_ones_have_places_and_open_ones_no_class(
    rows: list[Example], told: AnswerClassifier | None
) -> None:
    assert answer_classifier(rows) == told


def measured(rows: list[Example], said: tuple[str | None, ...]) -> list[tuple[Example, Evaluation]]:
    return [
        (
            row,
            Evaluation(
                candidate="c",
                example=row.id,
                split="val",
                output=answer or "",
                answer=answer,
                score=float((row.output or "") in (answer or "")),
            ),
        )
        for row, answer in zip(rows, said, strict=True)
    ]


@pytest.mark.parametrize(
    ("said", "most"),
    [
        (("a0", "b1", "a2", "b3"), 1.0),
        (("b0", "a1", "b2", "a3"), 1.0),
        (("b0", "b1", "b2", "b3"), 0.5),
        (("a0", "b1", "b2", "b3"), 0.75),
        (("a0", "owl", "b2", "b3"), 2 / 3),
        (("a0", None, "b2", "b3"), 0.75),
        (("It is a0.", "It is b1.", "It is b2.", "It is b3."), 1.0),
        ((None, None, None, None), 0.0),
    ],
)
def test_out_of_reach_is_what_is_said_of_the_wrong_class(said: tuple[str | None, ...], most: float) -> None:
    rows = measured(pairs(4), said)
    shares = class_shares(position_of, rows)
    assert attainable(shares) == pytest.approx(most)
    assert sum(one.score for _, one in rows) / 4 <= most


def test_an_answer_that_is_no_label_has_no_class() -> None:
    rows = labelled("yes", "no", "yes", "no")
    labels = answer_classifier(rows)
    assert labels == LabelClassifier(frozenset({"yes", "no"}))
    assert class_shares(labels, measured(rows[:3], ("Yes.", "maybe", "no"))) == {"yes": (0.5, 1.0)}
    assert class_shares(labels, measured(rows, ("perhaps", "maybe", "who knows", "never"))) == {}
    assert class_shares(labels, []) == {}
