"""Promptomatix against its card: a technique is chosen, a rewrite must pay for its words, a worse one is not kept."""

from __future__ import annotations

import re
from typing import Any

from maieutic.core.answer import AnswerContract
from maieutic.core.search_types import TaskBrief
from maieutic.plugins.operators.technique_choice import TECHNIQUE_DESCRIPTIONS, technique_by_rule


def author(texts: list[str]) -> Any:
    def think(text: str) -> str:
        texts.append(text)
        if "<technique>" in text:
            return "<technique>checklist: list what is to be checked</technique>"
        if "checklist:" in text:
            return "<prompt>Say even or odd, level 6.</prompt>"
        return "<prompt>Say even or odd, level 2.</prompt>"

    return think


async def test_the_planners_technique_and_the_rules_are_both_tried_and_measured(play: Any) -> None:
    texts: list[str] = []
    ran = await play("promptomatix", author(texts), settings={"rounds": "1"})
    assert ran.skills["technique"] == 1
    assert ran.skills["tailor"] == 2
    asked = ran.asked("tailor")
    assert sorted(re.findall(r"The technique: (\w+)", "\n".join(asked))) == ["checklist", "direct"], "side by side"
    assert {one.rationale for one in ran.made_by("tailor")} == {
        "in the technique 'checklist'",
        "in the technique 'direct'",
    }
    assert "level 6" in ran.candidates[ran.best].program.main.instruction
    assert all(len(ran.rows(one.id)) == 40 for one in ran.made_by("tailor"))


async def test_a_worse_rewrite_is_never_returned(play: Any) -> None:
    ran = await play("promptomatix", lambda text: "<prompt>Say even or odd, level 1.</prompt>")
    assert ran.candidates[ran.best].operator == "start"
    assert len(ran.orders) == 3  # its patience


async def test_words_cost_and_the_price_is_an_option(play: Any) -> None:
    def wordy(text: str) -> str:
        said = "take your time with the number " * 11
        return f"<prompt>Say even or odd, level 4. {said}</prompt>" if "<prompt>" in text else ""

    dear = {"rounds": "1", "thrifty.price": "0.01"}
    ran = await play("promptomatix", wordy, settings=dear)
    longer = ran.made_by("tailor")
    assert longer
    assert ran.mean(longer[0].id) > ran.mean(next(iter(ran.candidates)))
    assert ran.candidates[ran.best].operator == "start"


def test_without_a_planner_a_rule_names_the_technique() -> None:
    def brief(**answer: Any) -> TaskBrief:
        return TaskBrief(name="t", description="", answer=AnswerContract(**answer))

    assert technique_by_rule(brief(type="number")) == "steps"
    assert technique_by_rule(brief(type="label", labels=("a", "b"))) == "definitions"
    assert {technique_by_rule(brief()), technique_by_rule(brief(type="regex", pattern="a"))} == {"direct"}
    assert set(TECHNIQUE_DESCRIPTIONS) >= {"direct", "steps", "definitions", "format first"}
