"""Classes of answers: labels, or the half of the input that an answer is copied from; and what is out of reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.classes import Classify, class_shares, classes_of, copied, label_of, place_of, reach
from maieutic.core.example import Example

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
    assert place_of(text, answer) == place


@given(first=words, second=words)
def test_of_two_things_the_first_is_early_and_the_second_late(first: str, second: str) -> None:
    text = f"{first}, {second}"
    expected = (None, None) if first == second else ("early", "late")
    assert (place_of(text, first), place_of(text, second)) == expected


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
    assert copied(rows) is told


def labelled(*outputs: str) -> list[Example]:
    return [Example(id=f"r{n}", input=f"row {n}", outputs=(output,)) for n, output in enumerate(outputs)]


def pairs(count: int) -> list[Example]:
    return [Example(id=f"p{n}", input=f"a{n}, b{n}", outputs=(f"{'ab'[n % 2]}{n}",)) for n in range(count)]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (labelled("yes", "no", "No.", "yes"), label_of),
        (animals(3, 3), label_of),
        (pairs(6), place_of),
        (pairs(40), place_of),
        (labelled("one", "two", "three", "four"), None),
        (labelled(*(f"answer {n}" for n in range(40))), None),
        ([Example(input="a, b")], None),
        ([], None),
    ],
)
def test_few_answers_are_labels_copied_ones_have_places_and_open_ones_no_class(
    rows: list[Example], told: Classify | None
) -> None:
    assert classes_of(rows) is told


@pytest.mark.parametrize(
    ("said", "most"),
    [
        (("a0", "b1", "a2", "b3"), 1.0),
        (("b0", "a1", "b2", "a3"), 1.0),
        (("b0", "b1", "b2", "b3"), 0.5),
        (("a0", "b1", "b2", "b3"), 0.75),
        (("owl", None, "b2", "b3"), 0.5),
        ((None, None, None, None), 0.0),
    ],
)
def test_out_of_reach_is_what_is_said_of_the_wrong_class(said: tuple[str | None, ...], most: float) -> None:
    shares = class_shares(place_of, zip(pairs(4), said, strict=True))
    assert {name: wanted for name, (_, wanted) in shares.items()} == {"early": 0.5, "late": 0.5}
    assert reach(shares) == most
    right = sum(row.output == answer for row, answer in zip(pairs(4), said, strict=True)) / 4
    assert right <= most
    assert class_shares(place_of, []) == {}
