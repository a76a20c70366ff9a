"""Two outputs compared: by a judge model in both orders (SPO, arXiv 2502.06855), or by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...agents.asks.replies import ChoiceReply
from ...core.asks import CALLS_PER_ASK, Ask
from ...core.dataset import Example
from ...core.errors import NeedsError, UsageError
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING, Need, Team
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
    """Asks the role `judge` for `votes` comparisons, half of them with the outputs swapped; the margin is their mean.

    A judge that always prefers the first output, or the second, therefore gives a tie. So does a reply that cannot be
    read, which the log records. Equal outputs are a tie without a question.

    Attributes:
        requirements: What a good output is, in place of the task's description.
    """

    name = "judge"
    needs = NEEDS_NOTHING

    votes: int = 4
    requirements: str = ""
    calls: int = field(init=False)

    def __post_init__(self) -> None:
        if self.votes < 2 or self.votes % 2:
            raise UsageError(
                f"{self.votes} votes cannot be split between the two orders",
                where="judge.votes",
                possible=("2", "4", "6"),
                remedy="use an even number",
            )
        self.calls = CALLS_PER_ASK * self.votes

    async def prefer(self, example: Example, a: Output, b: Output, *, task: TaskBrief, team: Team) -> Preference:
        if a.text.strip() == b.text.strip():
            return Preference(margin=0.0, feedback="both say the same")
        requirements = self.requirements or task_description(task)
        straight = CompareOutputs(requirements=requirements, input=example.text, a=a.text, b=b.text)
        swapped = CompareOutputs(requirements=requirements, input=example.text, a=b.text, b=a.text)
        replies = await gather_all(team.act(ask) for _ in range(self.votes // 2) for ask in (straight, swapped))
        sides = [_vote(reply) * (-1 if place % 2 else 1) for place, reply in enumerate(replies)]
        return Preference(margin=sum(sides) / self.votes, feedback=_first_reason(replies))


def _vote(reply: ChoiceReply | None) -> int:
    return 0 if reply is None else {"a": 1, "b": -1, "tie": 0}[reply.choice]


def _first_reason(replies: Sequence[ChoiceReply | None]) -> str | None:
    """The first reason among the replies with the outputs in their original order."""
    return next((reply.why for reply in replies[::2] if reply is not None and reply.why), None)


@dataclass(kw_only=True)
class HumanJudge:
    """Duels wait for `maieutic duel RUN`, the TUI, the directive `prefer`, or an answer to the graph's interrupt.

    Equal outputs are a tie without a question. A person cannot be called like a model, so `prefer` answers only those.
    """

    name = "person"
    needs: frozenset[Need] = frozenset({"human"})
    calls = 0

    async def prefer(self, example: Example, a: Output, b: Output, *, task: TaskBrief, team: Team) -> Preference:
        if a.text.strip() == b.text.strip():
            return Preference(margin=0.0, feedback="both say the same")
        raise NeedsError(
            "a person has to compare these outputs, and cannot be called like a model",
            where="judge person",
            remedy="run it in Maieutic's graph, or use the evaluator judge, which asks a model",
        )
