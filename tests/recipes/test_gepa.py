"""gepa against its card: fronts, a gate on the same rows, one reflection with runs in view, merges by part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.program import Program
from maieutic.core.prompt import Branch, Demo, Prompt
from maieutic.core.score import Evaluation, Score
from maieutic.core.search_types import ALL_PROMPTS, Request, Search, TaskBrief, WorkOrder
from maieutic.plugins.allocators.minibatch_gate import MinibatchGate
from maieutic.plugins.operators.program_combination import LineageMerge
from maieutic.plugins.strategies.pareto import ParetoSearch, next_minibatch, pareto_front

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def climber() -> Any:
    """Every other reflection is a level above the prompt it saw, the others are a level below."""
    number = count()

    def answer(text: str) -> str:
        found = re.findall(r"level (\d+)", text)
        now, turn = int(found[-1]) if found else 3, next(number)
        level = max(0, now - 2) if turn % 2 else now + 3
        return f"<prompt>Say even or odd, wording {turn}, at level {level}</prompt>"

    return answer


def handicapped(messages: Sequence[Any]) -> str:
    """Right where the last digit is below the level that the prompt names, 3 without."""
    text = "\n".join(message["content"] for message in messages)
    row = int(re.findall(r"number (\d+)", messages[-1]["content"])[-1])
    found = re.findall(r"level (\d+)", text)
    right = row % 10 < (int(found[-1]) if found else 3)
    return "even" if (row % 2 == 0) == right else "odd"


async def test_gepa_reflects_on_a_minibatch_and_measures_only_who_is_better_on_it(play: Any) -> None:
    run = await play("gepa", climber(), target=handicapped, budget=Budget(target_calls=400))
    start = next(iter(run.candidates.values()))
    full = len(run.rows(start.id))
    assert full == 40
    for child in run.made_by("reflect"):
        (parent,) = child.parents
        rows = run.rows(child.id, "train")
        shown = {one.example: one.score for one in rows if one.step == rows[0].step}
        before = {one.example: one.score for one in run.rows(parent, "train") if one.example in shown}
        if len(shown) < 3:
            continue
        gain = sum(shown.values()) - sum(before[row] for row in shown)
        measured = len(run.rows(child.id))
        assert (measured > 0) == (gain > 0), "strictly better on the very rows that the author saw"
        assert child.status == ("kept" if gain > 0 else "dropped") or not measured
    question = run.asked("reflect")[0]
    assert len(re.findall(r"\[\d\] Input:", question)) == 3, "failed and right runs of the minibatch"
    assert question.count("Got:") == 3
    assert run.report.best.score > run.report.start.score
    assert run.author_calls == run.skills["reflect"], "one call a reflection"
    assert len(run.asked("reflect")) <= len(run.orders), "a minibatch without a failure asks nobody"


async def test_children_are_measured_on_as_many_rows_however_many_authors_were_paid(play: Any) -> None:
    run = await play("gepa", climber(), target=handicapped, budget=Budget(calls=160), rows=60)
    measured = [len(run.rows(name)) for name in run.candidates if run.rows(name)]
    assert len(measured) > 2
    assert set(measured) == {18}, "0.15 of the 120 calls that the search began with"


@pytest.mark.slow
async def test_a_dozen_perfect_minibatches_in_a_row_do_not_end_the_search(play: Any) -> None:
    met: set[int] = set()

    def late(messages: Sequence[Any]) -> str:
        """Right on the first dozen train rows that are met, and on all others."""
        row = int(re.findall(r"number (\d+)", messages[-1]["content"])[-1])
        met.update({row} if row < 2000 else ())
        return "even" if (row % 2 == 0) == (row >= 2000 or len(met) <= 12) else "odd"

    one = {"pareto.minibatch": "1"}
    run = await play("gepa", climber(), target=late, rows=10, settings=one, budget=Budget(target_calls=40))
    assert run.skills["reflect"] > 0


async def test_a_prompt_that_is_always_right_ends_the_search(play: Any) -> None:
    run = await play("gepa", climber(), prompt="Say even or odd, at level 10.", rows=10)
    assert 7 < len(run.orders) < 20, "seven minibatches show all train rows, the next ten nothing new"


async def test_sixty_calls_measure_the_start_and_a_child(play: Any) -> None:
    run = await play("gepa", climber(), target=handicapped, budget=Budget(target_calls=60))
    start = next(iter(run.candidates.values()))
    assert len(run.rows(start.id)) == 9
    assert any(run.rows(one.id) for one in run.made_by("reflect"))
    assert sum(one.split != "test" for one in run.evaluations) <= 60


def world(scores: dict[str, str], parents: dict[str, tuple[str, ...]] | None = None, **fields: Any) -> Search:
    """Candidates with a string of rights and wrongs on val, all kept; parents where they are named."""
    archive = Archive()
    for name in scores:
        of = (parents or {}).get(name, () if name == "start" else ("start",))
        operator = "merge" if len(of) > 1 else "start" if not of else "reflect"
        one = Candidate(id=name, program=Program.of(f"prompt {name}"), parents=of, operator=operator, status="kept")
        archive.add(one)
    for name, row in scores.items():
        for number, score in enumerate(row):
            told = {"split": "val", "output": "", "answer": None, "score": float(score)}
            archive.scores.add(Evaluation(candidate=name, example=f"v{number}", **told))  # type: ignore[arg-type]
    width = max(map(len, scores.values()))
    given: dict[str, Any] = {"remaining_runs": 100, "total_runs": 100, "round": 1, "step": 1, "seed": 1}
    given |= {"operators": {"reflect": 1.0, "merge": 1.0}, "train": tuple(f"t{n}" for n in range(7))}
    return Search(archive=archive, val=tuple(f"v{n}" for n in range(width)), **{**given, **fields})


def test_parents_are_drawn_as_often_as_they_lead_and_the_dominated_never() -> None:
    search = world({"start": "1000", "twin": "1100", "other": "0011", "worst": "0000"})
    assert pareto_front(search) == {"twin": 2, "other": 2}
    drawn = [
        ParetoSearch().ask(world({"start": "1000", "twin": "1110", "other": "0001"}, seed=seed))[0]
        for seed in range(80)
    ]
    parents = [order.parents[0] for order in drawn]
    assert set(parents) == {"twin", "other"}
    assert parents.count("twin") > 1.8 * parents.count("other")
    assert all(order.cases == len(order.rows) == 3 for order in drawn)


def two_evaluators(scores: dict[str, list[tuple[float, float]]]) -> Search:
    """Candidates with scores of the evaluators `a` and `b` on each val example; an example's score is their mean."""
    search = world(dict.fromkeys(scores, ""))
    for name, rows in scores.items():
        for number, (a, b) in enumerate(rows):
            values = {"a": Score(value=a), "b": Score(value=b)}
            told = {"split": "val", "output": "", "answer": None, "score": (a + b) / 2, "scores": values}
            search.archive.scores.add(Evaluation(candidate=name, example=f"v{number}", **told))  # type: ignore[arg-type]
    return replace(search, val=tuple(f"v{number}" for number in range(len(rows))))


def test_a_front_has_places_for_examples_evaluators_both_or_pairs() -> None:
    search = two_evaluators(
        {
            "start": [(0.5, 0.5), (0.5, 0.5)],
            "left": [(1.0, 0.0), (0.6, 0.0)],
            "right": [(0.0, 0.9), (0.0, 0.9)],
            "even": [(0.6, 0.6), (0.2, 0.2)],
        }
    )
    assert set(pareto_front(search)) == {"start", "even"}
    assert pareto_front(search, "evaluators") == {"left": 1, "right": 1}
    assert pareto_front(search, "both") == {"start": 1, "even": 1, "left": 1, "right": 1}
    assert pareto_front(search, "pairs") == {"left": 2, "right": 2}


@pytest.mark.parametrize(
    ("rule", "parents"), [("best", {"twin"}), ("top", {"twin", "other"}), ("front", {"twin", "other"})]
)
def test_parents_are_drawn_by_the_rule(rule: Any, parents: set[str]) -> None:
    drawn = set()
    for seed in range(40):
        orders = ParetoSearch(parents=rule).ask(world({"start": "1000", "twin": "1110", "other": "0001"}, seed=seed))
        drawn |= {order.parents[0] for order in orders if order.operator == "reflect"}
    assert drawn == parents


def test_several_proposals_have_minibatches_of_their_own_and_a_parent_one() -> None:
    orders = ParetoSearch(proposals=4).ask(world({"start": "1000", "twin": "1110", "other": "0001"}))
    assert len(orders) == 4
    rows = {order.parents: order.rows for order in orders}
    assert all(order.rows == rows[order.parents] for order in orders)
    assert len(set(rows.values())) == len(rows)
    assert len({order.stream for order in orders}) == 4


def test_all_components_are_worked_on_in_one_round() -> None:
    search = world({"start": "10"})
    program = Program(prompts={name: Prompt(instruction=f"Do {name}.") for name in ("first", "second")})
    search.archive.candidates["start"] = search.archive["start"].model_copy(update={"program": program})
    orders = ParetoSearch(components="all").ask(search)
    assert [order.slot for order in orders] == ["first", "second"]
    assert len({(order.parents, order.rows) for order in orders}) == 1


@pytest.mark.parametrize("options", [{"front": "all"}, {"parents": "worst"}, {"proposals": 0}, {"components": "some"}])
def test_an_unknown_rule_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        ParetoSearch(**options)


def test_the_gate_may_let_in_who_is_no_worse() -> None:
    for rule, decision in (("better", "drop"), ("no-worse", "undecided")):
        assert MinibatchGate(accept=rule).tell(gated("10", "01"), ["child"])["child"] == decision  # type: ignore[arg-type]


async def test_a_reflection_template_of_ones_own(play: Any, tmp_path: Any) -> None:
    file = tmp_path / "mine.md"
    head = 'role = "student"\nskill = "reflect"\nversion = 9\ntags = ["prompt"]\nform = "<prompt>...</prompt>"'
    file.write_text(f"+++\n{head}\n+++\nMINE\n\n{{prompt}}\n\n{{cases}}\n\nWrite <prompt>...</prompt>")
    settings = {"instruction.student.reflect": str(file)}
    run = await play("gepa", climber(), target=handicapped, budget=Budget(target_calls=40), settings=settings)
    assert all(question.startswith("MINE\n\nSay even or odd") for question in run.asked("reflect")[:1])


def test_all_train_rows_are_shown_once_before_any_twice() -> None:
    seen = [row for round in (1, 2, 3) for row in next_minibatch(world({"start": "1"}, round=round), 3)]
    assert set(seen) == {f"t{n}" for n in range(7)}
    assert len(seen) == 9
    assert next_minibatch(world({"start": "1"}, round=1), 3) != next_minibatch(world({"start": "1"}, round=4), 3)


def test_two_lineages_merge_after_a_success_once_and_only_above_their_root() -> None:
    scores = {"start": "1000", "left": "1100", "right": "1011"}
    search = world(scores, memory={"due": True})
    orders = ParetoSearch().ask(search)
    assert [order.operator for order in orders] == ["reflect", "merge"]
    assert orders[1].parents == ("left", "right", "start")
    assert orders[1].slot == ALL_PROMPTS
    assert not search.memory["due"]
    search.memory["due"] = True
    assert len(ParetoSearch().ask(search)) == 1, "no pair twice"
    assert len(ParetoSearch().ask(world(scores))) == 1, "nothing was let in since"
    assert len(ParetoSearch().ask(world({**scores, "start": "1101"}, memory={"due": True}))) == 1, "the root is better"
    line = {"left": ("start",), "right": ("left",)}
    assert len(ParetoSearch().ask(world(scores, line, memory={"due": True}))) == 1, "parent and child are one lineage"
    assert len(ParetoSearch().ask(world(scores, memory={"due": True, "merges": 5}))) == 1


def gated(parent: str, child: str) -> Search:
    search = world(
        {"start": "10", "child": ""}, orders=(WorkOrder(operator="reflect", parents=("start",), rows=("t0", "t1")),)
    )
    search.archive.candidates["child"] = search.archive["child"].model_copy(update={"status": "racing"})
    for name, row in (("start", parent), ("child", child)):
        for number, score in enumerate(row):
            told = {"split": "train", "output": "", "answer": None, "score": float(score)}
            search.archive.scores.add(Evaluation(candidate=name, example=f"t{number}", **told))  # type: ignore[arg-type]
    return search


@pytest.mark.parametrize(
    ("parent", "child", "asked", "decision"),
    [
        ("10", "", {"t0", "t1"}, "undecided"),
        ("10", "11", {"v0", "v1"}, "undecided"),
        ("10", "01", set(), "drop"),
        ("11", "11", set(), "drop"),
    ],
)
def test_the_gate_opens_for_a_strict_win_on_the_rows_that_were_shown(
    parent: str, child: str, asked: set[str], decision: str
) -> None:
    search = gated(parent, child)
    assert {pair.example for pair in MinibatchGate().ask(search, ["child"])} == asked
    assert MinibatchGate().tell(search, ["child"]) == {"child": decision}


@pytest.mark.parametrize("total", [10, 1000])
def test_whoever_is_let_in_meets_the_rows_that_the_start_prompt_met(total: int) -> None:
    search = gated("10", "11")
    search.val, search.total_runs = tuple(f"v{n}" for n in range(30)), total
    assert {pair.example for pair in MinibatchGate().ask(search, ["child"])} == {"v0", "v1"}


def test_the_winner_is_not_who_met_the_easy_rows_alone() -> None:
    search = world({"start": "11110000", "better": "11110010", "lucky": "1111"})
    search.examples = {row: Example(id=row, input=row, outputs=("y",)) for row in search.val}
    assert ParetoSearch().final(search) == "better"


@pytest.mark.parametrize(("child", "decision"), [("110", "keep"), ("100", "keep"), ("000", "drop")])
def test_a_merged_child_must_be_no_worse_than_the_better_parent_on_mixed_val_rows(child: str, decision: str) -> None:
    scores = {"start": "000", "left": "100", "right": "010", "both": child}
    search = world(scores, {"both": ("left", "right")})
    search.archive.candidates["both"] = search.archive["both"].model_copy(update={"status": "racing"})
    assert MinibatchGate().ask(search, ["both"]) == []
    assert MinibatchGate().tell(search, ["both"]) == {"both": decision}


def request(root: Program, first: Program, second: Program, **scores: float) -> Request:
    made = [
        Candidate(id=name, program=program, operator="x")
        for name, program in (("one", first), ("two", second), ("root", root))
    ]
    return Request(
        order=WorkOrder(operator="merge", parents=("one", "two", "root")),
        task=TaskBrief(name="t", description="d", answer=AnswerContract()),
        parents=tuple(made),
        train=(Example(input="x", outputs=("y",)),),
        scores=scores,
        rng=Random(1),
    )


async def test_merge_takes_of_each_part_the_side_that_changed_it() -> None:
    root = Program.of("Do it.")
    demos = (Demo(input="a", output="b"),)
    first = Program.of(root.main.with_(branches=(Branch(when="it is old", then="say so"),), system="Be kind."))
    second = Program.of(root.main.with_(demos=demos, system="Be brief."))
    (made,) = await LineageMerge().propose(request(root, first, second, one=0.4, two=0.6), None)  # type: ignore[arg-type]
    prompt = made.program.main
    assert (prompt.branches, prompt.demos, prompt.system) == (first.main.branches, demos, "Be brief.")
    assert made.parents == ("one", "two")
    assert "branches from the first" in made.rationale
    assert made.program.id == Program.of(prompt).id


async def test_merge_of_programs_takes_prompts_from_both_and_makes_no_copy_of_a_parent() -> None:
    def program(**texts: str) -> Program:
        told = {"a": "A", "b": "B", **texts}
        return Program(prompts={name: Prompt(instruction=text) for name, text in told.items()})

    (made,) = await LineageMerge().propose(request(program(), program(a="A1"), program(b="B2")), None)  # type: ignore[arg-type]
    assert {name: one.instruction for name, one in made.program.prompts.items()} == {"a": "A1", "b": "B2"}
    assert made.rationale == "merged: a.instruction from the first, b.instruction from the second"
    assert await LineageMerge().propose(request(program(), program(a="A1"), program(a="A2")), None) == []  # type: ignore[arg-type]
