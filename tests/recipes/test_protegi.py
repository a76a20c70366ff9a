"""protegi against its card: reasons from failures, edits against them, paraphrases, a beam chosen by a bandit."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import Any

import pytest
from maieutic.core.budget import Budget


def editor(*, bold: bool = False) -> Any:
    """A critic who finds a reason, a student whose edits are a level above what they edit, or, where bold, as good or
    as bad as can be; paraphrases keep the level."""
    number = itertools.count(1)

    def say(text: str) -> str:
        now = next((int(found) for found in re.findall(r"level (\d+)", text)), 3)
        if "For each of these inputs" in text:
            return f"<reason>The prompt does not say which digit counts, reason {next(number)}.</reason>"
        turn = next(number)
        edited = 10 * (turn % 2) if bold else min(9, now + 1)
        return (
            f"<prompt>Say even or odd, wording {turn}, at level {now if 'Reword a text' in text else edited}.</prompt>"
        )

    return say


async def test_a_round_asks_for_reasons_then_edits_then_paraphrases(play: Any) -> None:
    run = await play("protegi", editor(), budget=Budget(target_calls=160))
    first = [turn for turn in run.dialogue if turn.step == run.dialogue[0].step]
    assert [turn.skill for turn in first] == ["gradient"] * 4 + ["edit"] * 4 + ["paraphrase"] * 8
    assert {turn.skill: turn.role for turn in first} == {
        "gradient": "critic",
        "edit": "student",
        "paraphrase": "student",
    }
    for asked in (turn.messages[0]["content"] for turn in first[:4]):
        assert len(re.findall(r"Expected:", asked)) == 4, "four failures a reason"
        assert set(re.findall(r"number (\d\d)", asked)) == {"10"}, "failures are of train rows"
    reasons = [re.findall(r"reason \d+", turn.raw)[0] for turn in first[:4]]
    assert [re.findall(r"reason \d+", turn.messages[0]["content"])[0] for turn in first[4:8]] == reasons
    wordings = [re.findall(r"wording \d+", turn.raw)[0] for turn in first[4:8]]
    said = [re.findall(r"wording \d+", turn.messages[0]["content"])[0] for turn in first[8:]]
    assert Counter(said) == dict.fromkeys(wordings, 2), "two paraphrases of each edit"


@pytest.mark.slow
async def test_at_most_eight_children_are_measured_and_a_beam_of_four_goes_on(play: Any) -> None:
    run = await play("protegi", editor(), budget=Budget(target_calls=700))
    start = next(iter(run.candidates))
    assert [order["parents"] for order in run.orders[0]] == [[start]]
    for orders, after in itertools.pairwise(run.orders):
        measured = {
            one.id
            for one in run.candidates.values()
            if one.parents and run.rows(one.id) and one.parents[0] in {order["parents"][0] for order in orders}
        }
        assert len(after) <= 4
        assert {order["parents"][0] for order in after} <= measured | {order["parents"][0] for order in orders}
    firstborn = [one for one in run.candidates.values() if one.parents == (start,)]
    assert len(firstborn) == 12, "four edits and eight paraphrases"
    assert sum(bool(run.rows(one.id)) for one in firstborn) == 8
    assert all(len(orders) <= 4 for orders in run.orders)


@pytest.mark.slow
async def test_the_bandit_gives_more_rows_to_the_better(play: Any) -> None:
    run = await play("protegi", editor(bold=True), budget=Budget(target_calls=700))
    rows = {one: len(run.rows(one)) for one in run.candidates if run.rows(one)}
    right, wrong = ([seen for one, seen in rows.items() if (run.mean(one) == 1) == good] for good in (True, False))
    assert sum(right) / len(right) > 1.3 * sum(wrong) / len(wrong)
    assert run.mean(run.best) == 1
    assert run.report.best.score == 1


async def test_a_prompt_without_failures_asks_nobody(play: Any) -> None:
    run = await play("protegi", editor(), prompt="Say even or odd at level 10.")
    assert run.author_calls == 0
    assert list(run.candidates) == [run.best]


@pytest.mark.slow
async def test_a_small_budget_lasts_for_more_than_one_round(play: Any) -> None:
    run = await play("protegi", editor(), budget=Budget(target_calls=300), rows=60)
    measured = {one.round for one in run.candidates.values() if run.rows(one.id)}
    assert measured >= {0, 1, 2}
