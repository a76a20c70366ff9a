"""The comparison of two texts on words."""

import time
from itertools import pairwise

import pytest
from maieutic.core.word_diff import DiffRun, changed_words, word_diff


def test_added_words_leave_the_rest_as_it_was() -> None:
    assert word_diff("Is it good?", "Is it really very good?") == (
        DiffRun("same", "Is it "),
        DiffRun("added", "really very "),
        DiffRun("same", "good?"),
    )


def test_a_replaced_word_comes_after_the_one_that_it_replaces() -> None:
    assert word_diff("Say yes, please.", "Say no, please.") == (
        DiffRun("same", "Say "),
        DiffRun("removed", "yes"),
        DiffRun("added", "no"),
        DiffRun("same", ", please."),
    )


def test_fifteen_added_words_are_not_everything() -> None:
    before = "Classify the ticket.\nAnswer with one word."
    added = "Read it twice, name the product, then think of who must act on it next. "
    runs = word_diff(before, f"Classify the ticket.\n{added}Answer with one word.")
    assert changed_words(runs) == (0, 15)
    assert [run.text for run in runs if run.kind == "added"] == [added]


def test_a_script_without_spaces_is_compared_by_characters() -> None:
    assert word_diff("请回答是或否。", "请只回答是或不是。") == (
        DiffRun("same", "请"),
        DiffRun("added", "只"),
        DiffRun("same", "回答是或"),
        DiffRun("removed", "否"),
        DiffRun("added", "不是"),
        DiffRun("same", "。"),
    )


def test_white_space_alone_changes_no_word() -> None:
    runs = word_diff("Answer:\n\none word", "Answer: one word")
    assert runs == (
        DiffRun("same", "Answer:"),
        DiffRun("removed", "\n\n"),
        DiffRun("added", " "),
        DiffRun("same", "one word"),
    )
    assert changed_words(runs) == (0, 0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("", "new"),
        ("old", ""),
        ("  \n", "\t"),
        (" lead", "lead "),
        ("one, two, three", "four, five, six, seven"),
        ("a b c d e f", "f e d c b a"),
        ("Sag «x».", "Sag «y», bitte: «x»!"),
        ("서울은 크다", "서울이 크다 👩‍👩‍👧"),
        ("e\u0301 a\u200db", "e a b"),
    ],
)
def test_runs_make_both_texts_to_the_last_space(before: str, after: str) -> None:
    runs = word_diff(before, after)
    assert "".join(run.text for run in runs if run.kind != "added") == before
    assert "".join(run.text for run in runs if run.kind != "removed") == after
    assert all(run.text for run in runs)
    assert all(first.kind != second.kind for first, second in pairwise(runs))


def test_a_long_prompt_takes_no_second() -> None:
    before = " ".join(f"word {number % 97} of the list, and so on." for number in range(900))
    start = time.perf_counter()
    runs = word_diff(before, before.replace("word 13 of", "word thirteen of"))
    assert time.perf_counter() - start < 3
    assert {run.text for run in runs if run.kind != "same"} == {"13 ", "thirteen "}
