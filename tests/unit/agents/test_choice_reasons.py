"""A judge's reason is asked for in front of the choice, and has no mark of its own."""

from __future__ import annotations

import pytest
from maieutic.agents.asks.replies import ChoiceReply
from maieutic.agents.parse.replies import parse_reply
from maieutic.core.answer import AnswerContract
from maieutic.core.dataset import Example
from maieutic.core.models import Output
from maieutic.core.search_types import TaskBrief
from maieutic.plugins.evaluators.pairwise import CompareOutputs, PairwiseJudge

ASK = CompareOutputs(requirements="Greet.", input="Ann", a="hello", b="hi")


@pytest.mark.parametrize(
    ("said", "choice", "why"),
    [
        ("A names the person, B does not.\n<choice>A</choice>", "a", "A names the person, B does not."),
        ("<why>B is short.</why> So it is. <choice>B</choice>", "b", "B is short."),
        ("<choice>A</choice>\nNo, B is warmer.\n<choice>B</choice>", "b", "A No, B is warmer."),
        ("<choice>tie</choice>", "tie", ""),
        ("B", "b", ""),
    ],
)
def test_what_is_said_before_the_choice_is_its_reason(said: str, choice: str, why: str) -> None:
    reply = parse_reply(ASK, said)
    assert isinstance(reply, ChoiceReply)
    assert (reply.choice, reply.why) == (choice, why)


async def test_a_preference_tells_the_judges_reason() -> None:
    class Team:
        async def act(self, ask: CompareOutputs) -> ChoiceReply | None:
            return parse_reply(ask, "One is warmer. <choice>A</choice>")  # type: ignore[return-value]

    brief = TaskBrief(name="t", description="Greet.", answer=AnswerContract())
    told = await PairwiseJudge(votes=2).prefer(
        Example(input="Ann"),
        Output(text="hello"),
        Output(text="hi"),
        task=brief,
        team=Team(),  # type: ignore[arg-type]
    )
    assert told.feedback == "One is warmer."
