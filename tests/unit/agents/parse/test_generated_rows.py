"""Rows that a synthesizer writes, in the forms that real models write them in."""

from __future__ import annotations

import pytest
from maieutic.agents.asks.replies import CasesReply
from maieutic.agents.parse.replies import parse_reply
from maieutic.core.asks import Case
from maieutic.plugins.algorithms.example_generation import WriteBoundaryExamples

ASK = WriteBoundaryExamples(task="Say whether a review praises the film.", prompt="")
WANTED = (Case(input="Just okay.", expected="negative"), Case(input="I enjoyed it a lot!", expected="positive"))


@pytest.mark.parametrize(
    "text",
    [
        "1. <input>Just okay.</input>\n<output>negative</output>\n\n2. <input>\nI enjoyed it a lot!\n</input>\n"
        "<output>positive</output>\n\nThese cover a range.",
        '1. Input: "Just okay."\n   Output: negative\n\n2. Input: "I enjoyed it a lot!"\n   Output: positive',
        'Here are two inputs:\n\n**Input 1:**\n"Just okay."\n\n**Output 1:** negative\n\n'
        '**Input 2:** "I enjoyed it a lot!"\n**Output 2:** positive',
        "1. **Input**: Just okay.\n   **Expected**: negative\n   **Got**: A fine film.\n\n"
        "2. **Input**: I enjoyed it a lot!\n   **Expected**: positive",
        '[{"input": "Just okay.", "output": "negative"}, {"input": "I enjoyed it a lot!", "label": "positive"}]',
    ],
)
def test_cases_are_found(text: str) -> None:
    reply = parse_reply(ASK, text, tags=("input", "output"))
    assert isinstance(reply, CasesReply)
    assert reply.cases == WANTED


@pytest.mark.parametrize("text", ["The input you provided is not clear.", "<input></input><output>x</output>", ""])
def test_no_case_is_made_up(text: str) -> None:
    assert parse_reply(ASK, text, tags=("input", "output")) is None
