"""Operators that let agents write: what they ask, what they propose, and what it may cost."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from maieutic.agents.asks.common import (
    AnswerQuestions,
    AskQuestions,
    EditPrompt,
    FindReasons,
    JudgeQuestions,
    ParaphrasePrompt,
)
from maieutic.agents.asks.replies import JudgementReply, PromptReply, QuestionsReply, ReasonsReply, TextReply
from maieutic.core.answer import AnswerContract
from maieutic.core.asks import AgentReply, Ask, Case, ScoredPrompt
from maieutic.core.candidate import Candidate
from maieutic.core.dataset import Example
from maieutic.core.errors import BudgetSpent
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Format, Prompt, Section
from maieutic.core.protocols import Operator
from maieutic.core.search_types import Request, TaskBrief, WorkOrder
from maieutic.plugins.algorithms.branch_tree import read_revision
from maieutic.plugins.operators import induce_instruction as induce
from maieutic.plugins.operators import rewrites as rewrite
from maieutic.plugins.operators import scored_history as history
from maieutic.plugins.operators import socratic
from maieutic.plugins.operators import textual_gradient as gradient
from maieutic.plugins.operators.failure_claims import _with_rule
from maieutic.plugins.operators.induce_instruction import InducePrompt
from maieutic.plugins.operators.scored_history import ImproveOnHistory
from maieutic.plugins.operators.section_edits import SectionEdit
from maieutic.plugins.operators.segment_edits import SegmentRewrite

TASK = TaskBrief(
    name="reviews", description="Judge reviews.", answer=AnswerContract(type="label", labels=("positive", "negative"))
)
TRAIN = tuple(Example(input=f"review {n}", outputs=("positive",)) for n in range(12))
FAILURES = tuple(Case(input=f"review {n}", expected="positive", output="bad") for n in range(6))
PARENT = Prompt(
    instruction="Judge the review.",
    demos=(Demo(input="fine", output="positive"),),
    format=Format(input_prefix="Review: "),
)


class FakeTeam:
    """Answers each ask by a rule and counts the asks."""

    def __init__(self, rule: Callable[[Ask[Any], int], AgentReply | None]) -> None:
        self.rule = rule
        self.asks: list[Ask[Any]] = []

    async def act(self, ask: Ask[Any]) -> Any:
        self.asks.append(ask)
        return self.rule(ask, len(self.asks))

    def of(self, kind: type[Ask[Any]]) -> list[Any]:
        return [ask for ask in self.asks if isinstance(ask, kind)]


def helpful(ask: Ask[Any], number: int) -> AgentReply | None:
    match ask:
        case FindReasons():
            return ReasonsReply(reasons=(f"reason {number}", "one too many"))
        case AskQuestions():
            return QuestionsReply(questions=("What is missing?", "Why so?", "And a third?"))
        case JudgeQuestions():
            return JudgementReply(accepted=True)
        case _:
            return PromptReply(prompt=f"Judge the review, variant {number}.")


def request(prompt: Prompt = PARENT, **fields: Any) -> Request:
    parent = Candidate(id="c-1", program=Program.of(prompt), operator="start")
    given = {"train": TRAIN, "failures": FAILURES, "rng": Random(5), **fields}
    order = given.pop("order", WorkOrder(operator="x", parents=("c-1",), plan_step="Name the labels."))
    return Request(order=order, task=TASK, parents=(parent,), **given)


ALL: list[Operator] = [
    gradient.TextualGradient(),
    gradient.TextualGradient(gradients=2, reasons_per_gradient=2, steps_per_gradient=2, paraphrases=1),
    history.ScoredHistory(count=3),
    induce.InduceInstruction(subsamples=2, per_sample=3),
    rewrite.ParaphraseInstruction(),
    rewrite.FailureRewrite(count=2),
    socratic.Socratic(),
]


@pytest.mark.parametrize("operator", ALL, ids=lambda one: one.name)
async def test_proposals_keep_all_but_the_instruction_and_cost_no_more_than_declared(operator: Operator) -> None:
    team = FakeTeam(helpful)
    proposals = await operator.propose(request(history=(ScoredPrompt(prompt="p", score=0.5),)), team)
    assert proposals
    assert 2 * len(team.asks) <= operator.calls
    for proposal in proposals:
        main = proposal.program.main
        assert main.with_(instruction=PARENT.instruction) == PARENT
        assert main.instruction.startswith("Judge the review, variant")
        assert proposal.rationale
        assert proposal.parents is None
    assert len({proposal.program.id for proposal in proposals}) == len(proposals)


@pytest.mark.parametrize("operator", ALL, ids=lambda one: one.name)
async def test_unreadable_agents_give_no_proposals(operator: Operator) -> None:
    assert list(await operator.propose(request(), FakeTeam(lambda ask, number: None))) == []


@pytest.mark.parametrize("operator", ALL, ids=lambda one: one.name)
async def test_the_same_request_asks_the_same(operator: Operator) -> None:
    first, second = FakeTeam(helpful), FakeTeam(helpful)
    await operator.propose(request(), first)
    await operator.propose(request(), second)
    assert first.asks == second.asks


@pytest.mark.parametrize("operator", ALL, ids=lambda one: one.name)
async def test_a_spent_budget_ends_the_operator(operator: Operator) -> None:
    def spent(ask: Ask[Any], number: int) -> AgentReply | None:
        raise BudgetSpent("no more")

    with pytest.raises(BudgetSpent):
        await operator.propose(request(), FakeTeam(spent))


async def test_gradient_walks_from_reasons_to_edits_to_paraphrases() -> None:
    team = FakeTeam(helpful)
    proposals = await gradient.TextualGradient(gradients=2, errors_per_gradient=3).propose(request(), team)
    assert [type(ask) for ask in team.asks] == [FindReasons] * 2 + [EditPrompt] * 2 + [ParaphrasePrompt] * 4
    assert all(len(ask.failures) == 3 for ask in team.of(FindReasons))
    assert [ask.reason for ask in team.of(EditPrompt)] == ["reason 1", "reason 2"]
    assert sorted(proposal.rationale for proposal in proposals) == ["reason 1"] * 3 + ["reason 2"] * 3
    assert "Answer with one of: positive, negative." in team.of(EditPrompt)[0].task


async def test_without_failures_there_is_no_gradient_and_no_rewrite() -> None:
    team = FakeTeam(helpful)
    assert list(await gradient.TextualGradient().propose(request(failures=()), team)) == []
    assert list(await rewrite.FailureRewrite().propose(request(failures=()), team)) == []
    assert team.asks == []
    assert await rewrite.FailureRewrite().propose(request(failures=(), hints=("shorter",)), team)


async def test_history_shows_the_best_in_rising_order() -> None:
    past = tuple(ScoredPrompt(prompt=f"p{n}", score=n / 30) for n in reversed(range(30)))
    team = FakeTeam(helpful)
    await history.ScoredHistory(count=2).propose(request(history=past), team)
    first, second = team.of(ImproveOnHistory)
    assert first == second
    assert [one.prompt for one in first.history] == [f"p{n}" for n in range(10, 30)]
    assert len(first.rows) == 3


async def test_induce_draws_sets_of_labelled_rows() -> None:
    rows = (*TRAIN, Example(input="no label"))
    team = FakeTeam(helpful)
    await induce.InduceInstruction(subsamples=3, per_sample=2, demos=20).propose(request(train=rows), team)
    asks = team.of(InducePrompt)
    assert len(asks) == 6
    assert asks[0] == asks[1] != asks[2]
    assert all(len(ask.rows) == 12 for ask in asks)
    assert list(await induce.InduceInstruction().propose(request(train=(Example(input="no label"),)), team)) == []


async def test_socratic_asks_again_after_a_no_and_is_not_judged_again() -> None:
    def strict(ask: Ask[Any], number: int) -> AgentReply | None:
        return (
            JudgementReply(accepted=False, suggestion="Be open.")
            if isinstance(ask, JudgeQuestions)
            else helpful(ask, number)
        )

    team = FakeTeam(strict)
    (proposal,) = await socratic.Socratic().propose(request(), team)
    assert [type(ask) for ask in team.asks] == [AskQuestions, JudgeQuestions, AskQuestions, AnswerQuestions]
    assert team.of(AskQuestions)[1].suggestion == "Be open."
    assert team.of(AskQuestions)[0].step == "Name the labels."
    assert team.of(AnswerQuestions)[0].questions == ("What is missing?", "Why so?")
    assert proposal.rationale == "What is missing? Why so?"


async def test_rules_reach_the_student_as_hints() -> None:
    team = FakeTeam(helpful)
    await rewrite.FailureRewrite().propose(request(hints=("short",), rules=(("it rambles", "cut it"),)), team)
    assert team.of(EditPrompt)[0].hints == ("short", "Where it rambles: cut it")


RULES = " ".join(f"Rule {number}: topic {number} goes to team {number % 7}." for number in range(300))
TEMPLATE = Prompt(instruction="Judge the review.\n\nReview: {input}\nLabel:")
INLINE = Prompt(instruction="Is {input} good?")
PAIR = Prompt(instruction="Does {premise} entail {claim}?")
PAIRS = (Example(input={"premise": "a", "claim": "b"}, outputs=("yes",)),)


@pytest.mark.parametrize(
    ("parent", "text", "wanted"),
    [
        (TEMPLATE, "Rate it well.", "Rate it well.\n\nReview: {input}\nLabel:"),
        (TEMPLATE, "Rate {input} well.", "Rate {input} well."),
        (TEMPLATE, "Rate {review} well.", "Rate {review} well.\n\nReview: {input}\nLabel:"),
        (TEMPLATE, 'Rate {input} as {"team": "{team}"}.', 'Rate {input} as {"team": "{team}"}.'),
        (INLINE, "Say whether it is good.", "Say whether it is good.\n\n{input}"),
        (PARENT, "Answer with TEAM={team}.", "Answer with TEAM={team}."),
        (PARENT, "Rate {input} as {label}.", "Rate {input} as {label}."),
        (PARENT, "Rate it as {label} or {other}.", "Rate it as {label} or {other}."),
        (PARENT, RULES, RULES),
        (PARENT, "Answer as {{x}}.", "Answer as {{x}}."),
    ],
)
async def test_a_new_instruction_asks_for_what_rows_bring(parent: Prompt, text: str, wanted: str) -> None:
    team = FakeTeam(lambda ask, number: PromptReply(prompt=text))
    (proposal,) = await rewrite.FailureRewrite().propose(request(parent), team)
    assert proposal.program.main.instruction == wanted
    assert not proposal.refusal


@pytest.mark.parametrize(
    ("text", "reason"), [("  Judge  the review. ", "it equals its parent"), ("   ", "it is empty")]
)
async def test_a_rewrite_that_cannot_enter_says_why(text: str, reason: str) -> None:
    team = FakeTeam(lambda ask, number: PromptReply(prompt=text))
    (proposal,) = await rewrite.FailureRewrite().propose(request(PARENT), team)
    assert (proposal.refusal, proposal.text) == (reason, text.strip())


async def test_of_equal_rewrites_all_but_the_first_are_refused() -> None:
    team = FakeTeam(lambda ask, number: PromptReply(prompt="Rate it well."))
    first, *others = await rewrite.FailureRewrite(count=3).propose(request(PARENT), team)
    assert not first.refusal
    assert [other.refusal for other in others] == ["it repeats another proposal of its order"] * 2


async def test_parts_of_a_prompt_may_be_as_long_as_their_author_writes_them() -> None:
    parent = Prompt(instruction="Judge the review.", sections=(Section(name="Steps", text="Look."),))
    answer = FakeTeam(lambda ask, number: TextReply(text=f"{RULES} TEAM={{team}}"))
    options = {"section": "Steps", "segment": 0}
    asked = request(parent, order=WorkOrder(operator="x", parents=("c-1",), options=options))
    (section,) = await SectionEdit().propose(asked, answer)
    assert section.program.main.sections[0].text == f"{RULES} TEAM={{team}}"
    (segment, *_) = await SegmentRewrite(variants=1).propose(asked, answer)
    assert f"{RULES} TEAM={{team}}" in str(segment.program.main)
    (rule,) = [_with_rule(asked, f"{RULES} TEAM={{team}}", "a claim")]
    assert rule.program.main.principles == (f"{RULES} TEAM={{team}}",)
    assert not section.refusal + segment.refusal + rule.refusal
    for text in ("Use {input} here.", "Look.", " "):
        answer = FakeTeam(lambda ask, number, text=text: TextReply(text=text))  # type: ignore[misc]
        (refused,) = await SectionEdit().propose(asked, answer)
        assert refused.refusal


def test_a_branch_may_be_long_and_in_chinese() -> None:
    revision = read_revision(f"NEW: If the case is hard: {RULES}")
    assert revision is not None
    assert revision.then == RULES
    chinese = read_revision("NEW: If 客户在来信里提到退款或者换货……: 归账务组，并说明原因，不要再问别的问题")
    assert chinese is not None
    assert read_revision("NEW: If …: …") is None


async def test_several_lost_fields_come_back_by_name() -> None:
    team = FakeTeam(lambda ask, number: PromptReply(prompt="Compare both."))
    (proposal,) = await rewrite.FailureRewrite().propose(request(PAIR, train=PAIRS), team)
    assert proposal.program.main.instruction == "Compare both.\n\npremise: {premise}\nclaim: {claim}"
    assert proposal.program.main.placeholders == ("premise", "claim")
