"""What a question shows of runs: all while they fit, else they are cut fairly and visibly, or summarized."""

from __future__ import annotations

import asyncio
import re

import pytest
from maieutic.agents.asks.common import EditPrompt, JudgeQuestions, SummarizeBatch
from maieutic.agents.evidence import EvidenceView, batches_of, cut_to_tokens, history_text
from maieutic.agents.team import ModelTeam
from maieutic.agents.turns import AgentTurn
from maieutic.core.asks import Case, ScoredPrompt
from maieutic.core.budget import Payer
from maieutic.core.models import Call, ModelRef, Reply
from maieutic.core.task import Models
from maieutic.core.words import estimate_tokens
from maieutic.plugins.operators.reflective_mutation import ReflectOnCases

LONG = " ".join(f"w{n}" for n in range(6000))


def reflect(*cases: Case) -> ReflectOnCases:
    return ReflectOnCases(task="t", prompt="Do it.", cases=cases)


def case(text: str, **fields: str) -> Case:
    return Case(input=text, expected="e", output="o", **fields)


def test_what_fits_stands_whole_with_its_steps() -> None:
    text = EvidenceView(tokens=16_000).field_texts(reflect(case(LONG, feedback="f" * 900, trace="(1) plan")))["cases"]
    assert LONG in text
    assert "f" * 900 in text
    assert "Steps: (1) plan" in text
    assert "left out" not in text


def test_small_models_read_what_they_did() -> None:
    text = EvidenceView().field_texts(reflect(case(LONG, trace=LONG)))["cases"]
    assert len(text) < 1300
    assert text.count("[…]") == 2


def test_what_does_not_fit_is_cut_at_the_longest_texts_and_says_so() -> None:
    text = EvidenceView(tokens=2000).field_texts(reflect(case(LONG), case("short one"), case(LONG)))["cases"]
    assert "[2] Input: short one" in text
    marks = re.findall(r"\[… ([\d,]+) of ([\d,]+) characters left out …\]", text)
    assert len(marks) == 2
    assert marks[0] == marks[1], "equally long texts are cut equally"
    assert estimate_tokens(text) <= 2100
    assert "w0 " in text
    assert "w5999" in text


def test_a_chinese_text_is_cut_by_its_tokens() -> None:
    shown = cut_to_tokens("输" * 5000, 1000)
    assert 900 <= shown.count("输") <= 1000


def test_of_earlier_prompts_the_best_are_shown() -> None:
    history = [ScoredPrompt(prompt=f"{n} {'x' * 400}", score=n / 10) for n in range(6)]
    text = history_text(history, 220)
    assert "Score: 50" in text
    assert "Score: 40" in text
    assert "Score: 0\n" not in text
    assert "(4 prompts with lower scores are left out.)" in text


def test_batches_hold_every_case_once_and_are_few() -> None:
    cases = [case(f"{n} {LONG}") for n in range(40)]
    batches = batches_of(cases, 16_000)
    assert [one for batch in batches for one in batch] == cases
    assert 2 <= len(batches) <= 6
    assert batches_of(cases[:2], 16_000) == [], "cutting loses less than half"


class Scripted:
    """Answers prompts and summaries, and remembers the questions."""

    def __init__(self) -> None:
        self.questions: list[str] = []

    async def complete(self, call: Call, payer: Payer) -> Reply:
        text = call.messages[0]["content"]
        self.questions.append(text)
        await asyncio.sleep(0)
        if "<summary>" in text:
            return Reply(text=f"<summary>Finding {len(self.questions)}: ends in a vowel.</summary>")
        return Reply(text="<prompt>Do it well, with care.</prompt>")


def team(gateway: Scripted, tokens: int | None, **fields: object) -> ModelTeam:
    models = Models(optimizer=ModelRef.parse("openai/big"))
    return ModelTeam(models=models, gateway=gateway, evidence_limit=lambda model: tokens, **fields)  # type: ignore[arg-type]


async def test_too_many_runs_are_summarized_in_batches_and_some_stand_whole() -> None:
    gateway, turns = Scripted(), list[AgentTurn]()

    async def listen(turn: AgentTurn) -> None:
        turns.append(turn)

    ask = reflect(*(case(f"case {n} {LONG[:2000]}") for n in range(40)))
    assert await team(gateway, 2000, on_turn=listen).act(ask) is not None
    *batches, last = gateway.questions
    assert len(batches) == 6
    assert {n for n in range(40) if any(f"case {n} " in text for text in batches)} == set(range(40))
    assert last.count("Finding") == 6
    assert "Runs 1 to " in last
    assert "Some of them, as they were:\n[1] Input: case" in last
    assert [turn.skill for turn in turns] == ["batch"] * 6 + ["reflect"]
    assert len({turn.key for turn in turns}) == 7


async def test_without_the_calls_for_it_runs_are_cut_instead() -> None:
    gateway = Scripted()
    ask = reflect(*(case(f"case {n} {LONG[:2000]}") for n in range(40)))
    assert await team(gateway, 2000, allowance=4).act(ask) is not None
    (only,) = gateway.questions
    assert "case 39" in only
    assert "left out" in only


async def test_a_batch_too_large_is_cut_and_not_divided_again() -> None:
    gateway = Scripted()
    await team(gateway, 200).act(SummarizeBatch(task="t", prompt="p", cases=(case(LONG), case(LONG), case(LONG))))
    assert len(gateway.questions) == 1


@pytest.mark.parametrize(("tokens", "whole"), [(2000, True), (None, False)])
async def test_a_capable_model_gets_its_unreadable_answer_back_whole(tokens: int | None, whole: bool) -> None:
    unreadable = f"I cannot say. {LONG}"
    calls: list[Call] = []

    class Gateway(Scripted):
        async def complete(self, call: Call, payer: Payer) -> Reply:
            calls.append(call)
            return Reply(text=unreadable if len(calls) == 1 else "<verdict>True</verdict>")

    assert await team(Gateway(), tokens).act(JudgeQuestions(questions=("Why?",))) is not None
    quote = calls[1].messages[1]["content"]
    assert (quote == unreadable) is whole
    assert whole or len(quote) < 1300


@pytest.mark.parametrize(("allowed", "seen"), [(("errors",), False), (("errors", "history"), True), (None, True)])
async def test_a_capable_author_is_told_the_aim_and_what_was_tried_where_it_may(
    allowed: tuple[str, ...] | None, seen: bool
) -> None:
    gateway = Scripted()
    author = team(
        gateway,
        4000,
        evidence={} if allowed is None else {"student": allowed},
        aim="- Measure: exact; higher is better.",
        tried=lambda: (ScoredPrompt(prompt="Earlier one.", score=0.4),),
    )
    await author.act(EditPrompt(task="t", prompt="Do it.", reason="vague", failures=(case("x"),)))
    (text,) = gateway.questions
    assert "- Measure: exact; higher is better." in text
    assert ("Prompt: Earlier one.\nScore: 40" in text) is seen
    assert "{" not in text.replace("{input}", "")
