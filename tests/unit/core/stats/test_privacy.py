"""Votes under noise: their chances obey epsilon and delta exactly, on neighbouring counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.stats.privacy import (
    NO_CHOICE,
    PrivacyAccountant,
    exponential_mechanism,
    limited_domain_choice,
    per_vote_epsilon,
    sample_choice,
    votes_needed,
)

COUNTS = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 6), min_size=1)
EPSILON = st.sampled_from([0.2, 1.0, 3.0])


def beyond(a: Mapping[str, float], b: Mapping[str, float], epsilon: float) -> float:
    """The least delta with which both are epsilon-close."""
    keys = {*a, *b}
    one = sum(max(0.0, a.get(key, 0.0) - math.exp(epsilon) * b.get(key, 0.0)) for key in keys)
    other = sum(max(0.0, b.get(key, 0.0) - math.exp(epsilon) * a.get(key, 0.0)) for key in keys)
    return max(one, other)


def moved(counts: Mapping[str, int], source: str, goal: str) -> dict[str, int]:
    """One vote less for `source` and one more for `goal`; empty names are no vote."""
    changed = dict(counts)
    if source and changed.get(source):
        changed[source] -= 1
    if goal:
        changed[goal] = changed.get(goal, 0) + 1
    return changed


VOTE = st.sampled_from(["", *"abcde"])


@given(COUNTS, VOTE, VOTE, EPSILON, st.sampled_from([1e-2, 1e-5]), st.sampled_from([1, 2, 5]))
def test_a_changed_vote_changes_a_private_choice_within_its_bounds(
    counts: dict[str, int], source: str, goal: str, epsilon: float, delta: float, most: int
) -> None:
    before = limited_domain_choice(counts, epsilon, delta, most)
    after = limited_domain_choice(moved(counts, source, goal), epsilon, delta, most)
    assert beyond(before, after, epsilon) <= delta * (1 + 1e-9)
    assert sum(before.values()) == pytest.approx(1)


@given(st.fixed_dictionaries({name: st.integers(0, 6) for name in "abcde"}), VOTE, VOTE, EPSILON)
def test_a_changed_vote_changes_a_known_choice_by_epsilon_alone(
    counts: dict[str, int], source: str, goal: str, epsilon: float
) -> None:
    assert (
        beyond(
            exponential_mechanism(counts, epsilon), exponential_mechanism(moved(counts, source, goal), epsilon), epsilon
        )
        < 1e-9
    )


def test_a_word_of_one_voter_comes_out_no_more_often_than_delta() -> None:
    chances = limited_domain_choice({"secret": 1, "the": 9}, 1.0, 1e-3)
    assert chances["secret"] <= 1e-3
    assert chances[NO_CHOICE] > chances["secret"]


def test_as_many_votes_as_are_needed_make_it_even() -> None:
    chances = limited_domain_choice({"word": math.ceil(votes_needed(2.0, 1e-4))}, 2.0, 1e-4)
    assert chances["word"] >= 0.5


@given(st.floats(0.1, 20), st.integers(1, 60), st.sampled_from([1e-2, 1e-6]))
def test_shares_add_up_to_no_more_than_the_whole(epsilon: float, votes: int, slack: float) -> None:
    account = PrivacyAccountant(slack=slack)
    for _ in range(votes):
        account = account.spend(per_vote_epsilon(epsilon, votes, slack), 1e-9)
    total, delta = account.total
    assert total <= epsilon * (1 + 1e-9)
    assert delta <= slack + votes * 1e-9 * (1 + 1e-9)


def test_draws_follow_the_chances_and_nothing_else() -> None:
    chances = {"a": 0.75, "b": 0.25}
    noise = Random(1)
    told = [sample_choice(chances, noise) for _ in range(2000)]
    assert 0.71 < told.count("a") / 2000 < 0.79
    assert [sample_choice(chances, Random(n)) for n in range(9)] == [
        sample_choice(chances, Random(n)) for n in range(9)
    ]
