"""Operators and agents: what they propose, how often they ask, and that an unreadable reply is no error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from ...agents.asks.common import AskQuestions
from ...agents.asks.replies import QuestionsReply
from ...agents.instructions import instruction_for, parse_instruction
from ...core.answer import AnswerContract
from ...core.asks import AgentReply, Ask, Case, ScoredPrompt
from ...core.candidate import Candidate
from ...core.dataset import Example
from ...core.errors import BudgetSpent
from ...core.program import Program
from ...core.prompt import Demo, Prompt
from ...core.search_types import Proposal, Request, TaskBrief, WorkOrder
from ...plugins.system.hookspecs import Kind
from .base import Conformance, run_with_timeout


class SilentTeam:
    """A team without a model: it answers by `say`, by default never. `asked` records the asks."""

    def __init__(self, say: Callable[[Ask[Any]], AgentReply | None] = lambda ask: None) -> None:
        self._say = say
        self.asked: list[Ask[Any]] = []

    async def act(self, ask: Ask[Any]) -> Any:
        self.asked.append(ask)
        await asyncio.sleep(0)
        return self._say(ask)

    async def choose_with_probabilities(self, ask: Ask[Any], options: Sequence[str]) -> Mapping[str, float] | None:
        self.asked.append(ask)
        return None

    weigh = choose_with_probabilities  # the former name, for existing plugins


class SpentBudgetTeam(SilentTeam):
    async def act(self, ask: Ask[Any]) -> Any:
        raise BudgetSpent("nothing is left")


class OperatorConformance(Conformance):
    """Override `say` (what the team answers to an ask) and `request` where the shipped sample does not fit."""

    kind: ClassVar[Kind] = "operator"

    def say(self, ask: Ask[Any]) -> AgentReply | None:
        return None

    def request(self, seed: int = 5) -> Request:
        train = tuple(Example(input=f"row {n}", outputs=(("red", "blue")[n % 2],)) for n in range(12))
        demos = (Demo(input="row x", output="red"), Demo(input="row y", output="blue"))
        prompt = Prompt(instruction="Say the colour. Be short.\n\nNever guess.", demos=demos)
        ids = [f"c-{n}" for n in range(4)]
        parents = tuple(
            Candidate(id=name, program=Program.of(prompt.with_(system=f"You are painter {n}.")), operator="start")
            for n, name in enumerate(ids)
        )
        wrong = tuple(Case(input=f"row {n}", expected="red", output="green", feedback="not red") for n in range(4))
        right = tuple(Case(input=f"row {n}", expected="blue", output="blue") for n in range(4, 6))
        return Request(
            order=WorkOrder(operator="kit", parents=tuple(ids), cases=6, count=2, plan_step="Name the colours."),
            task=TaskBrief(
                name="kit", description="Name colours.", answer=AnswerContract(type="label", labels=("red", "blue"))
            ),
            parents=parents,
            train=train,
            failures=wrong,
            successes=right,
            outputs=wrong,
            history=(ScoredPrompt(prompt="Colours!", score=0.25), ScoredPrompt(prompt="Say it.", score=0.5)),
            hints=("be kind",),
            scores={name: 0.25 * n for n, name in enumerate(ids)},
            peers=parents,
            examples={example.id: example for example in train},
            rng=Random(seed),
        )

    def test_it_proposes_whole_programs_within_its_declared_calls(self) -> None:
        operator, team = self.make(), SilentTeam(self.say)
        proposals = run_with_timeout(operator.propose(self.request(), team))
        assert all(isinstance(proposal, Proposal) for proposal in proposals)
        assert all(proposal.program.prompts for proposal in proposals)
        assert len(team.asked) <= operator.calls
        related = {parent.id for parent in self.request().parents} | {peer.id for peer in self.request().peers}
        assert all(set(proposal.parents or ()) <= related for proposal in proposals)

    def test_the_same_request_gives_the_same_proposals_and_asks(self) -> None:
        first, second = SilentTeam(self.say), SilentTeam(self.say)
        proposals = list(run_with_timeout(self.make().propose(self.request(), first)))
        assert list(run_with_timeout(self.make().propose(self.request(), second))) == proposals
        assert first.asked == second.asked

    def test_a_run_can_use_every_proposal(self) -> None:
        run_with_timeout(self.make_guarded().propose(self.request(), SilentTeam(self.say)))

    def test_agents_that_cannot_be_read_are_no_error(self) -> None:
        assert all(
            isinstance(proposal, Proposal)
            for proposal in run_with_timeout(self.make().propose(self.request(), SilentTeam()))
        )

    def test_every_ask_has_an_instruction_that_shows_what_it_brings(self) -> None:
        team = SilentTeam(self.say)
        run_with_timeout(self.make().propose(self.request(), team))
        for ask in team.asked:
            instruction = (
                parse_instruction(ask.instruction, where=ask.skill)
                if ask.instruction
                else instruction_for(ask.role, ask.skill)
            )
            assert set(instruction.fields) <= set(type(ask).model_fields)

    def test_a_spent_budget_goes_through(self) -> None:
        try:
            run_with_timeout(self.make().propose(self.request(), SpentBudgetTeam()))
        except BudgetSpent:
            return
        team = SilentTeam(self.say)
        run_with_timeout(self.make().propose(self.request(), team))
        assert not team.asked, "it asked, and swallowed BudgetSpent"


class AgentConformance(Conformance):
    """Override `ask` and `reply` where your agent answers another ask than the teacher's."""

    kind: ClassVar[Kind] = "agent"

    def ask(self) -> Any:
        return AskQuestions(task="colours", prompt="Say red or blue.", step="be short")

    def reply(self) -> Any:
        return QuestionsReply(questions=("What is asked?",))

    def test_it_answers_in_the_ask_s_own_type_within_its_calls(self) -> None:
        team = SilentTeam(lambda ask: self.reply())
        answer = run_with_timeout(self.make().act(self.ask(), team))
        assert answer is None or isinstance(answer, self.ask().reply)
        assert 2 * len(team.asked) <= self.make().calls

    def test_a_run_can_use_its_answer(self) -> None:
        run_with_timeout(self.make_guarded().act(self.ask(), SilentTeam(lambda ask: self.reply())))

    def test_a_team_that_cannot_be_read_gives_no_error(self) -> None:
        answer = run_with_timeout(self.make().act(self.ask(), SilentTeam()))
        assert answer is None or isinstance(answer, self.ask().reply)
