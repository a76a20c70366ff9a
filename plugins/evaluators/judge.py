"""A model as the judge of two outputs, asked in both orders (the evaluator of SPO, arXiv 2502.06855)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...agents.asks.replies import ChoiceReply
from ...core.asks import CALLS_PER_ASK, Ask
from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.models import Output
from ...core.protocols import Need, Team
from ...core.score import Preference
from ...core.search_types import TaskBrief
from ..algorithms.llm_helpers import gather_all, task_description


class CompareOutputs(Ask[ChoiceReply]):
    """Which of two outputs for one input is better. Neither prompts nor references are shown."""

    role = "judge"
    skill = "compare"
    reply = ChoiceReply
    requirements: str
    input: str
    a: str
    b: str


@dataclass(kw_only=True)
class PairwiseJudge:
    """`votes` judgements of the role `judge`, half of them with the outputs exchanged; the margin is their balance.

    A judge that always names the first output, or the second, is a tie by this; so is an answer that cannot be read,
    which the log tells. Equal outputs are a tie without a question. requirements: what a good output is, in place of
    the task's description.
    """

    votes: int = 4
    requirements: str = ""
    name: str = field(default="judge", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(init=False)

    def __post_init__(self) -> None:
        if self.votes < 2 or self.votes % 2:
            raise UsageError(
                f"{self.votes} votes cannot be shared between both orders",
                where="judge.votes",
                possible=("2", "4", "6"),
                remedy="name an even number",
            )
        self.calls = CALLS_PER_ASK * self.votes

    async def prefer(self, example: Example, a: Output, b: Output, *, task: TaskBrief, team: Team) -> Preference:
        if a.text.strip() == b.text.strip():
            return Preference(margin=0.0, feedback="both say the same")
        wanted = self.requirements or task_description(task)
        straight = CompareOutputs(requirements=wanted, input=example.text, a=a.text, b=b.text)
        swapped = CompareOutputs(requirements=wanted, input=example.text, a=b.text, b=a.text)
        replies = await gather_all(team.act(ask) for _ in range(self.votes // 2) for ask in (straight, swapped))
        sides = [_vote(reply) * (-1 if place % 2 else 1) for place, reply in enumerate(replies)]
        return Preference(margin=sum(sides) / self.votes, feedback=_first_reason(replies))


def _vote(reply: ChoiceReply | None) -> int:
    return 0 if reply is None else {"a": 1, "b": -1, "tie": 0}[reply.choice]


def _first_reason(replies: Sequence[ChoiceReply | None]) -> str | None:
    """The first reason that was given, as it was said: of swapped outputs it names them the other way round."""
    return next((reply.why for reply in replies[::2] if reply is not None and reply.why), None)
