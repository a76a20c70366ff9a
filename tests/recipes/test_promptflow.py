"""PromptFlow: one section at a time, and a gate that learns who should edit which."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from maieutic.agents.asks.common import ParaphrasePrompt
from maieutic.agents.asks.replies import PromptReply, TextReply
from maieutic.core.answer import AnswerContract
from maieutic.core.asks import Case
from maieutic.core.budget import Budget
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt, Section
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Request, Search, TaskBrief, WorkOrder
from maieutic.plugins.operators.section_edits import (
    SECTION_PURPOSES,
    EditSection,
    SectionAdd,
    SectionDrop,
    SectionEdit,
    SectionReword,
    WriteSection,
)
from maieutic.plugins.strategies.operator_gating import OperatorGating, edit_rewards

BRIEF = TaskBrief(name="x", description="Tell the colour.", answer=AnswerContract())
FAILURES = tuple(Case(input=f"row {n}", expected="red", output="blue") for n in range(6))
PROMPT = Prompt(
    instruction="Say red or blue.",
    sections=(Section(name="Steps", text="Look twice."), Section(name="Answer", text="One word.")),
)


def request(prompt: Prompt = PROMPT, **options: Any) -> Request:
    parent = Candidate(id="c", program=Program.of(prompt), operator="start")
    return Request(
        order=WorkOrder(operator="x", parents=("c",), options=options),
        task=BRIEF,
        parents=(parent,),
        train=tuple(Example(input=f"word {n}", outputs=("red",)) for n in range(8)),
        failures=FAILURES,
        rng=Random(3),
    )


class Author:
    def __init__(self, text: str | None = "Something better here.") -> None:
        self.text, self.asks = text, list[Any]()

    async def act(self, ask: Any) -> Any:
        self.asks.append(ask)
        if self.text is None:
            return None
        return PromptReply(prompt=self.text) if isinstance(ask, ParaphrasePrompt) else TextReply(text=self.text)


@pytest.mark.parametrize("operator", [SectionEdit(), SectionReword()], ids=lambda one: one.name)
@pytest.mark.parametrize("section", ["Task", "Steps", "Answer"])
async def test_one_section_changes_and_the_others_stay(operator: Any, section: str) -> None:
    author = Author()
    [made] = await operator.propose(request(section=section), author)
    before = {"Task": PROMPT.instruction, **{one.name: one.text for one in PROMPT.sections}}
    main = made.program.main
    after = {"Task": main.instruction, **{one.name: one.text for one in main.sections}}
    assert after == {**before, section: "Something better here."}
    [ask] = author.asks
    if isinstance(ask, EditSection):
        assert ask.text == before[section]
        assert len(ask.failures) == 4
    assert list(await operator.propose(request(section=section), Author(None))) == []


async def test_a_missing_section_is_added_with_its_purpose_and_an_existing_one_dropped() -> None:
    author = Author("Steps: Hear the word. Then decide.")
    [made] = await SectionAdd().propose(request(Prompt(instruction="Say it.")), author)
    [ask] = author.asks
    [section] = made.program.main.sections
    assert isinstance(ask, WriteSection)
    assert (section.name, ask.purpose) == (ask.section, SECTION_PURPOSES[ask.section])
    [made] = await SectionDrop().propose(request(section="Steps"), author)
    assert [one.name for one in made.program.main.sections] == ["Answer"]
    assert list(await SectionDrop().propose(request(Prompt(instruction="Say it.")), author)) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Say {input}.", "a section cannot ask for a field of the example: {input}"),
        ("Look  twice.", "it equals its parent"),
        ("The prompt is a great example.", "it is a remark about the prompt"),
    ],
)
async def test_what_cannot_be_a_section_is_refused_with_its_reason(text: str, reason: str) -> None:
    (proposal,) = await SectionEdit().propose(request(section="Steps"), Author(text))
    assert proposal.refusal == reason


@pytest.mark.parametrize("text", ["Say {colour}.", "word " * 200])
async def test_a_section_may_be_long_and_have_braces(text: str) -> None:
    (proposal,) = await SectionEdit().propose(request(section="Steps"), Author(text))
    assert not proposal.refusal


def search(gains: dict[str, float], **fields: Any) -> Search:
    """A start prompt, and five children by each operator that gained so much."""
    archive, rows = Archive([Candidate(id="s", program=Program.of(PROMPT), operator="start", status="kept")]), ("v0",)
    archive.scores.add(Evaluation(candidate="s", example="v0", split="val", output="", answer="", score=0.5))
    for operator, gain in gains.items():
        for n in range(5):
            steps = Section(name="Steps", text=f"{operator} {n}")
            child = Program.of(PROMPT.with_(sections=(steps, PROMPT.sections[1])))
            name = f"{operator}{n}"
            archive.add(Candidate(id=name, program=child, operator=operator, parents=("s",), status="dropped"))
            seen = Evaluation(candidate=name, example="v0", split="val", output="", answer="", score=0.5 + gain)
            archive.scores.add(seen)
    operators = dict.fromkeys(("good", "idle", "bad"), 1.0)
    seen_rows = {"v0": Example(id="v0", input="word", outputs=("red",))}
    given = {
        "examples": seen_rows,
        "train": (),
        "val": rows,
        "seed": 0,
        "round": 2,
        "step": 5,
        "remaining_runs": 4000,
        "total_runs": 4000,
        **fields,
    }
    return Search(archive=archive, operators=operators, **given)


def test_the_gate_draws_what_paid_off_and_forgets_nobody() -> None:
    told = search({"good": 0.3, "bad": -0.3})
    drawn = [
        order
        for step in range(40)
        for order in OperatorGating(children=4).ask(search({"good": 0.3, "bad": -0.3}, step=step))
    ]
    shares = {name: sum(order.operator == name for order in drawn) / len(drawn) for name in told.operators}
    assert shares["good"] > 0.6
    assert 0 < shares["bad"] < 0.2
    steps = [order.options["section"] for order in drawn if order.operator == "good"]
    assert steps.count("Steps") > len(steps) / 2


def test_orders_without_a_child_are_experience_too() -> None:
    told = search({})
    told.orders = (WorkOrder(operator="bad", parents=("s",), options={"section": "Task"}),)
    assert OperatorGating().pool(told, []) == ["s"]
    [(known, reward)] = edit_rewards(told)
    assert "bad in Task" in known
    assert reward < 0


def test_what_edits_no_section_is_told_of_the_main_one_whether_it_was_fruitful_or_not() -> None:
    added = PROMPT.with_(sections=(*PROMPT.sections, Section(name="Hard cases", text="Guess.")))
    told = search({})
    told.operators = {"section-add": 1.0, "good": 1.0}
    child = Candidate(id="c", program=Program.of(added), operator="section-add", parents=("s",), status="dropped")
    told.archive.add(child)
    seen = {"split": "val", "output": "", "answer": "", "score": 0.9}
    told.archive.scores.add(Evaluation(candidate="c", example="v0", **seen))  # type: ignore[arg-type]
    gate = OperatorGating(children=40, leaders=1)
    orders = [one for one in gate.ask(told) if one.operator == "section-add"]
    assert len(orders) > 20, "what it brought is seen where it is ordered"
    assert {one.options["section"] for one in orders} == {"Task"}
    told.orders = orders[:1]
    gate.pool(told, [])
    barren, fruitful = edit_rewards(told)
    assert barren[0] == fruitful[0]


def author(question: str) -> str:
    if "<section>" in question:
        return f"<section>Do it at level {3 + len(question) % 6}, please.</section>"
    return f"<prompt>Tell even from odd, level {len(question) % 5}.</prompt>"


async def test_sections_grow_where_they_pay(play: Any) -> None:
    played = await play("promptflow", author, rows=20, budget=Budget(target_calls=260))
    best = played.candidates[played.best]
    assert played.mean(played.best) > played.mean(next(iter(played.candidates)))
    assert best.program.main.sections or best.program.main.instruction != "Say even or odd."
    assert set(played.skills) <= {"edit-section", "write-section", "paraphrase"}
    counts = [len(played.rows(one)) for one in played.candidates]
    assert max(counts) <= 10
    assert sum(0 < count < 4 for count in counts) <= 1, "but for the one that the budget ends at"
    assert all(2 <= len(orders) <= 4 for orders in played.orders)
    kept = [one.id for one in played.candidates.values() if one.status == "kept"]
    assert 1 <= len(kept) <= 3
    assert any("Rows where the prompt went wrong" in text for text in played.asked("edit-section"))


async def test_a_small_budget_measures_the_start_and_some_children(play: Any) -> None:
    played = await play("promptflow", author, budget=Budget(calls=60))
    assert played.rows(next(iter(played.candidates)))
    assert sum(bool(played.rows(name)) for name in played.candidates) >= 3
    assert played.target_calls + played.author_calls <= 60
