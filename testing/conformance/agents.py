"""Agents: they answer in place of a role."""

from __future__ import annotations

from typing import Any, ClassVar

from ...agents.asks.common import AskQuestions
from ...agents.asks.replies import QuestionsReply
from ...plugins.system.hookspecs import Kind
from .base import Conformance, run_with_timeout
from .operators import SilentTeam


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

    def test_a_team_that_cannot_be_read_gives_no_error(self) -> None:
        answer = run_with_timeout(self.make().act(self.ask(), SilentTeam()))
        assert answer is None or isinstance(answer, self.ask().reply)
