"""Agents that plugins bring, and asks that bring their own instruction."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from maieutic.agents.asks.common import AskQuestions, JudgeQuestions
from maieutic.agents.asks.replies import JudgementReply, TextReply
from maieutic.agents.team import ModelTeam
from maieutic.core.asks import Ask
from maieutic.core.errors import RunFailed, UsageError
from maieutic.core.models import ModelRef
from maieutic.core.task import Models
from maieutic.plugins.agents.instruction_file import InstructionFileAgent
from maieutic.plugins.agents.panel import PanelAgent
from maieutic.testing import ScriptedGateway, ScriptedModel

OWN = """+++
role = "student"
skill = "rhyme"
version = 1
tags = ["rhyme"]
form = "<rhyme>words</rhyme>"
+++
Rhyme on {word}.

Write <rhyme>words</rhyme>.
"""


class Rhyme(Ask[TextReply]):
    role = "student"
    skill = "rhyme"
    reply = TextReply
    instruction = OWN
    word: str


class Broken(Rhyme):
    instruction = "no front matter"


def team(say: Any, **fields: Any) -> tuple[ModelTeam, ScriptedModel]:
    model = ScriptedModel(say)
    ref = ModelRef.parse("openai/x")
    made = ModelTeam(models=Models(target=ref, optimizer=ref), gateway=ScriptedGateway(model), **fields)
    return made, model


async def test_an_ask_of_a_plugin_brings_its_own_instruction() -> None:
    made, model = team({"Rhyme on moon": "<rhyme>soon</rhyme>"})
    assert (await made.act(Rhyme(word="moon"))).text == "soon"  # type: ignore[union-attr]
    assert model.asked[0][0]["content"].startswith("Rhyme on moon.")
    with pytest.raises(RunFailed, match="begins with TOML") as caught:
        await made.act(Broken(word="moon"))
    assert "Broken.instruction" in str(caught.value)


async def test_an_instruction_file_of_ones_own_takes_the_place_of_the_shipped(tmp_path: Path) -> None:
    file = tmp_path / "mine.md"
    file.write_text(OWN.replace('rhyme"', 'ask"').replace("{word}", "{prompt}").replace("student", "teacher"))
    agent = InstructionFileAgent(file=str(file))
    made, model = team({"Rhyme on": "<question>What rhymes with it, and why?</question>"}, agents={"teacher": agent})
    reply = await made.act(AskQuestions(task="t", prompt="Say it.", step="s"))
    assert reply is not None
    assert "Rhyme on Say it." in model.asked[0][0]["content"]
    with pytest.raises(UsageError, match="cannot be read"):
        InstructionFileAgent(file=str(tmp_path / "none.md"))


async def test_a_panel_counts_voices_that_are_draws_of_their_own() -> None:
    said = iter([True, False, False])

    class Voices:
        asked: Counter[str] = Counter()

        async def act(self, ask: Any) -> Any:
            self.asked[ask.skill] += 1
            return JudgementReply(accepted=next(said), suggestion=f"hint {self.asked.total()}")

    ask = JudgeQuestions(questions=("Is it?",))
    reply = await PanelAgent(voices=3).act(ask, Voices())
    assert reply is not None
    assert (reply.accepted, reply.suggestion) == (False, "hint 2")
    with pytest.raises(UsageError):
        PanelAgent(voices=0)


async def test_draws_of_a_panel_differ_and_repeat_in_another_run() -> None:
    async def seeds() -> list[Any]:
        gateway = ScriptedGateway(ScriptedModel({}, otherwise="<rhyme>soon</rhyme>"))
        ref = ModelRef.parse("openai/x")
        made = ModelTeam(models=Models(target=ref, optimizer=ref), gateway=gateway, agents={"student": PanelAgent()})
        await made.act(Rhyme(word="moon"))
        return [call.sampling.seed for call, _ in gateway.calls]

    first = await seeds()
    assert len(set(first)) == 3
    assert first == await seeds()
