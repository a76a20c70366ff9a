"""ampo against its card: analyzer a case, summarizer, revisor a pattern, pruner; branches that pay stay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.prompt import Branch
from maieutic.plugins.algorithms.branch_tree import (
    apply_revision,
    format_position,
    number_branches,
    read_revision,
    remove_branch,
    render_branches,
)
from maieutic.plugins.operators.branching import BranchDrop, Branching, parse_importance, without_branches

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def answer(row: int, text: str) -> str:
    """Without a branch for its last digit a number from 3 on is answered wrongly; `big` numbers need nothing."""
    right = row % 10 < 3 or f"ends in {row % 10}:" in text
    return "even" if (row % 2 == 0) == right else "odd"


def branching(messages: Sequence[Any]) -> str:
    text = messages[-1]["content"]
    return answer(int(re.findall(r"number (\d+)", text)[-1]), text)


def author(text: str) -> str:
    """Finds the last digit of a failed number, weighs higher digits more, and adds a branch for the pattern's digit.
    Beside it, it believes in branches for zeros, which help nobody."""
    if "Write one reason" in text:
        digit = int(re.findall(r"Input: number (\d+)", text)[-1]) % 10
        return f"<reason>Numbers that end in {digit} should be named rightly.</reason>"
    if "Merge them" in text:
        digits = sorted({int(one) for one in re.findall(r"end in (\d)", text)})
        listed = [f"<pattern>{digit} | Numbers that end in {digit} go wrong.</pattern>" for digit in digits]
        return "\n".join(listed) + "\n<pattern>1 | Numbers that end in 0 go wrong.</pattern>"
    if "Which branches should go" in text:
        return "<drop>none</drop>"
    digit = re.findall(r"end in (\d)", text.split("Where it fails:")[1])[0]
    return f"<branch>NEW: If the number ends in {digit}: say whether it is even or odd</branch>"


def pattern_of(text: str) -> int:
    return int(re.findall(r"end in (\d)", text)[0])


async def test_ampo_asks_as_its_card_says_and_grows_branches_that_pay(play: Any) -> None:
    run = await play("ampo", author, target=branching, budget=Budget(target_calls=900, calls=2000), rows=40)
    first = run.orders[0]
    assert [one["operator"] for one in first] == ["branch"]
    grown_rounds = [orders for orders in run.orders if orders[0]["operator"] == "branch"]
    assert 0 < run.skills["failure-patterns"] <= len(grown_rounds), "once a round, as long as something fails"
    assert run.skills["failure-cause"] <= 5 * len(grown_rounds)
    assert run.skills["branch"] <= 3 * len(grown_rounds)
    cause, merged, revised = run.asked("failure-cause")[0], run.asked("failure-patterns")[0], run.asked("branch")[0]
    assert cause.count("[1] Input:") == 1
    assert "[2] Input:" not in cause, "the analyzer sees one failed case at a time"
    assert "Expected:" in cause
    assert "Got:" in cause
    assert "none yet" not in cause, "what the target was told ends with no word about branches"
    assert any("If the number ends in" in one for one in run.asked("failure-cause")), "branches are part of it"
    assert "Numbers that end in" in merged, "the summarizer sees all reasons"
    assert "none yet" in revised
    children = [one for one in run.made_by("branch") if one.round == 1]
    patterns = [pattern_of(one.rationale) for one in children if "together" not in one.rationale]
    assert patterns == sorted(patterns, reverse=True), "the most important patterns, in order"
    asked = [pattern_of(one.split("Where it fails:")[1]) for one in run.asked("branch")[: len(patterns)]]
    assert sorted(asked) == sorted(patterns), "a question for each pattern, side by side"
    best = run.candidates[run.best].program.main
    assert len(best.branches) >= 3
    assert run.report.best.score > run.report.start.score + 0.2
    assert [len(one.program.main.branches) for one in children if "together" in one.rationale] == [len(patterns)]
    for child in run.made_by("branch"):
        (parent,) = child.parents
        grown = len(child.program.main.branches) - len(run.candidates[parent].program.main.branches)
        assert grown > 1 if "together" in child.rationale else grown == 1
        assert child.program.main.instruction == "Say even or odd.", "the trunk is left as the user wrote it"


async def test_a_capable_revisor_rewrites_the_trunk_and_adds_several_branches(play: Any) -> None:
    def capable(text: str) -> str:
        if "<trunk>" in text:
            return (
                "<trunk>Say even or odd. Look at the last digit.</trunk>\n"
                "<branch>NEW: If the number ends in 3: say odd</branch>\n"
                "<branch>NEW: If the number ends in 4: say even</branch>"
            )
        if "<pattern>" in text:
            return "<pattern>7 | Numbers that end in 3 or 4 go wrong.</pattern>"
        return "<drop>none</drop>" if "<drop>" in text else "<reason>Numbers that end in 3 should be odd.</reason>"

    budget = Budget(target_calls=60, calls=200)
    run = await play("ampo", capable, target=branching, budget=budget, rows=10, register="full")
    first = run.made_by("branch")[0]
    assert first.program.main.instruction == "Say even or odd. Look at the last digit."
    assert [branch.when for branch in first.program.main.branches] == ["the number ends in 3", "the number ends in 4"]
    assert first.rationale.startswith("trunk, breadth, breadth: ")


@pytest.mark.slow
async def test_growth_that_is_not_significant_ends_and_every_branch_that_costs_nothing_is_cut(play: Any) -> None:
    def believer(text: str) -> str:
        """Adds one branch that helps for the threes, and then branches that help nobody."""
        if "Write one branch" not in text:
            return author(text)
        kind = "ends in 3" if "none yet" in text else f"is number {len(re.findall('If the', text)) * 7} in a list"
        return f"<branch>NEW: If the number {kind}: say whether it is even or odd</branch>"

    def lucky(messages: Sequence[Any]) -> str:
        """One row is right by luck as soon as a useless branch stands there."""
        text = messages[-1]["content"]
        row = int(re.findall(r"number (\d+)", text)[-1])
        said = answer(row, text)
        flipped = {"even": "odd", "odd": "even"}[said]
        return flipped if "in a list" in text and row == 2004 else said

    run = await play("ampo", believer, target=lucky, budget=Budget(target_calls=900, calls=2000), rows=40)
    operators = [orders[0]["operator"] for orders in run.orders]
    assert "branch-drop" in operators
    assert operators.index("branch-drop") < len(operators)
    assert "branch" not in operators[operators.index("branch-drop") :], "what is cut is not grown again"
    flat = run.candidates[run.best].program.main.branches
    assert any(branch.when == "the number ends in 3" for branch in flat)
    useless = [branch for branch in flat if "in a list" in branch.when]
    assert len(useless) <= 1, "at most the one that was lucky earns its place"


@pytest.mark.slow
async def test_with_sixty_calls_the_start_and_some_children_are_measured(play: Any) -> None:
    run = await play("ampo", author, target=branching, budget=Budget(target_calls=60, calls=200), rows=20)
    assert run.rows(next(iter(run.candidates)))
    assert len([one for one in run.made_by("branch") if run.rows(one.id)]) >= 3
    assert sum(one.split != "test" for one in run.evaluations) <= 60


async def test_an_author_that_never_fits_the_form_ends_the_search_with_the_start_prompt(play: Any) -> None:
    run = await play("ampo", lambda text: "I am not sure what to say.", target=branching)
    assert run.candidates[run.best].operator == "start"
    assert not run.made_by("branch")


def test_every_branch_that_may_be_grown_is_left_out_once() -> None:
    assert BranchDrop().most >= Branching().most


TREE = (Branch(when="it is a list", then="take the last"), Branch(when="it is a date", then="take the year"))


@pytest.mark.parametrize(
    ("said", "under", "when", "then"),
    [
        ("NEW: If it is a list: take the last", "", "it is a list", "take the last"),
        ("new if it is a list, then take the last.", "", "it is a list", "take the last."),
        ("2: If the year stands last: take the last word", "2", "the year stands last", "take the last word"),
        ("2.1. when it's a 'key: value' pair: give the value", "2.1", "it's a 'key: value' pair", "give the value"),
        ("2: take the month", "2", "", "take the month"),
        ("If it holds a name, give the name", "", "it holds a name", "give the name"),
        ("NEW: If INPUT STARTS WITH A DATE: THE DATE", "", "input starts with a date", "the date"),
        ("NEW: If it asks for a format: JSON", "", "it asks for a format", "JSON"),
    ],
)
def test_a_branch_is_read_in_the_forms_that_authors_use(said: str, under: str, when: str, then: str) -> None:
    found = read_revision(said)
    assert found is not None
    assert (found.under, found.when, found.then) == (under, when, then)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "take the last",
        "NEW: If the input ...: answer with ...",
        "NEW: If it is ...: do ...",
        "If it is a list",
        "NEW:",
    ],
)
def test_what_is_no_branch_is_none(said: str) -> None:
    assert read_revision(said) is None


def grow(said: str) -> Any:
    revision = read_revision(said)
    assert revision is not None
    return apply_revision(TREE, revision)


def test_breadth_adds_a_branch_and_depth_refines_one() -> None:
    assert [format_position(place) for place, _ in number_branches(grow("NEW: If it is a name: take it"))] == [
        "1",
        "2",
        "3",
    ]
    deeper = grow("2: If it is American: take the last number")
    assert [(format_position(place), one.when) for place, one in number_branches(deeper)][1:] == [
        ("2", "it is a date"),
        ("2.1", "it is American"),
    ]
    assert grow("2: take the month")[1].then == "take the month"
    assert grow("NEW: If it is a list: take the first") is None, "a condition that is there is not added twice"
    assert remove_branch(deeper, (2, 1)) == TREE
    assert remove_branch(deeper, (1,)) == deeper[1:]


def test_advice_to_prune_is_followed_but_for_the_new_branch_and_for_half_the_tree() -> None:
    from maieutic.core.prompt import Prompt

    before = Prompt(instruction="Do it.", branches=TREE)
    after = before.with_(branches=grow("NEW: If it is a name: take it"))
    assert [one.when for one in without_branches(after, before, "1").branches] == ["it is a date", "it is a name"]
    assert without_branches(after, before, "3") == after
    assert without_branches(after, before, "1, 2") == after
    assert without_branches(after, before, "none") == after
    assert "1. If it is a list: take the last" in render_branches(before)


@pytest.mark.parametrize(
    ("item", "told"), [("8 | lists", (8, "lists")), ("10/10: dates", (10, "dates")), ("lists", (5, "lists"))]
)
def test_patterns_are_weighed(item: str, told: tuple[int, str]) -> None:
    assert parse_importance(item) == told
