"""Estimates: pure, in [0, 1], the better for more right answers, and blind to the order of what came in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.identity import seeded_random
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Prompt
from maieutic.core.score import Evaluation
from maieutic.core.stats.pooled_estimate import PooledEstimate, candidate_features, pooled_estimates

LABELS = ("no", "yes")


def made(count: int, rows: int, seed: int, *, shown: bool, turned: bool = False) -> tuple[Archive, dict[str, Example]]:
    """Candidates with chance scores on some rows. turned: the same facts, written down from the end."""
    rng = seeded_random(seed, "facts")
    examples = {f"v{n}": Example(id=f"v{n}", input=f"row {n}", outputs=(LABELS[n % 2],)) for n in range(rows)}
    candidates, facts = [], []
    for number in range(count):
        demos = tuple(Demo(input=f"d{n}", output="yes") for n in range(number % 3))
        prompt = Prompt(instruction=f"prompt {number % 2}", demos=demos, system=f"{number}")
        parents = (f"c{number // 2}",) if number else ()
        candidates.append(Candidate(id=f"c{number}", program=Program.of(prompt), parents=parents, operator="demos"))
        for row in rng.sample(list(examples), rng.randint(0, rows)):
            likely = {label: -rng.random() * 3 for label in LABELS} if shown else {}
            facts.append(fact(f"c{number}", row, float(rng.random() < 0.5), likely))
    return Archive(candidates, facts[::-1] if turned else facts), examples


def fact(candidate: str, row: str, score: float, likely: dict[str, float] | None = None) -> Evaluation:
    said = "yes" if score else "no"
    return Evaluation(
        candidate=candidate, example=row, split="val", output=said, answer=said, score=score, likelihoods=likely or {}
    )


def told(archive: Archive, examples: dict[str, Example]) -> dict[str, PooledEstimate]:
    return pooled_estimates(archive, list(archive.candidates.values()), examples, list(examples))


facts = {"count": st.integers(1, 7), "rows": st.integers(2, 14), "seed": st.integers(0, 10_000), "shown": st.booleans()}


@settings(max_examples=60)
@given(**facts)
def test_estimates_are_pure_and_in_range(count: int, rows: int, seed: int, shown: bool) -> None:
    archive, examples = made(count, rows, seed, shown=shown)
    first = told(archive, examples)
    assert list(first) == list(archive.candidates)
    assert told(archive, examples) == first
    for name, one in first.items():
        assert 0.0 <= one.mean <= 1.0
        assert 0.0 < one.sd < 0.5
        assert one.rows == archive.scores.count(name, list(examples))


@settings(max_examples=40)
@given(**facts)
def test_the_order_of_the_facts_does_not_matter(count: int, rows: int, seed: int, shown: bool) -> None:
    archive, examples = made(count, rows, seed, shown=shown)
    turned, _ = made(count, rows, seed, shown=shown, turned=True)
    here, there = told(archive, examples), told(turned, examples)
    for name, one in here.items():
        assert there[name].mean == pytest.approx(one.mean, abs=0.02)
        assert there[name].rows == one.rows


@settings(max_examples=40)
@given(right=st.integers(0, 9), rows=st.integers(10, 20))
def test_one_more_right_answer_never_lowers_an_estimate(right: int, rows: int) -> None:
    examples = {f"v{n}": Example(id=f"v{n}", input=f"row {n}", outputs=("yes",)) for n in range(rows)}
    names = [Candidate(id=f"c{n}", program=Program.of(f"p{n}"), operator="demos") for n in range(3)]

    def with_right(count: int) -> Archive:
        seen = [fact("c0", f"v{n}", float(n < count)) for n in range(10)]
        others = [fact(one, f"v{n}", float(n % 2)) for one in ("c1", "c2") for n in range(5)]
        return Archive(names, [*seen, *others])

    before, after = told(with_right(right), examples), told(with_right(right + 1), examples)
    assert after["c0"].mean > before["c0"].mean


def test_nothing_measured_is_a_coin_and_more_rows_are_surer() -> None:
    archive, examples = made(1, 10, 1, shown=False)
    empty = Archive(archive.candidates.values())
    assert told(empty, examples)["c0"].mean == 0.5
    assert pooled_estimates(empty, [], examples, list(examples)) == {}
    few = Archive(archive.candidates.values(), [fact("c0", "v0", 1.0)])
    many = Archive(archive.candidates.values(), [fact("c0", f"v{n}", 1.0) for n in range(10)])
    assert told(many, examples)["c0"].sd < told(few, examples)["c0"].sd < told(empty, examples)["c0"].sd
    assert told(many, examples)["c0"].upper_bound(2) > told(many, examples)["c0"].mean


def test_rows_that_do_not_count_are_left_out() -> None:
    archive, examples = made(2, 6, 4, shown=False)
    before = told(archive, examples)
    archive.scores.add(fact("c0", "a train row", 1.0))
    assert told(archive, examples) == before


def test_what_candidates_share_is_told_in_numbers() -> None:
    plain, shown = (Program.of(Prompt(instruction="x", demos=demos)) for demos in ((), (Demo(input="a", output="b"),)))
    here, there = (candidate_features(Candidate(id="c", program=one, operator="start")) for one in (plain, shown))
    assert here["any demos"] == 0.0
    assert there["any demos"] == there["demos"] == 1.0


def test_of_two_that_are_alike_on_few_rows_the_one_that_says_one_label_for_all_is_expected_to_be_worse() -> None:
    examples = {f"v{n}": Example(id=f"v{n}", input=f"row {n}", outputs=(LABELS[n % 2],)) for n in range(40)}
    said = {"even": "no yes yes no no yes yes no", "one": "yes yes yes yes yes yes yes yes"}
    archive = Archive([Candidate(id=name, program=Program.of(name), operator="demos") for name in said])
    for name, answers in said.items():
        for n, answer in enumerate(answers.split()):
            archive.scores.add(
                fact(name, f"v{n}", float(answer == LABELS[n % 2])).model_copy(update={"answer": answer})
            )
    estimates = told(archive, examples)
    assert archive.scores.mean("even", list(examples)) == archive.scores.mean("one", list(examples)) == 0.5
    assert estimates["even"].mean > estimates["one"].mean + 0.1
    assert estimates["one"].potential == pytest.approx(estimates["even"].potential, abs=0.03)
