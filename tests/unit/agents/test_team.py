"""A team of models: evidence, draws, repair, and what listeners are told."""

import asyncio
from collections.abc import Callable
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
from maieutic.agents.asks.replies import JudgementReply
from maieutic.agents.deadline import WritingDeadline
from maieutic.agents.instructions import parse_instruction
from maieutic.agents.team import ModelTeam
from maieutic.agents.turns import AgentTurn
from maieutic.core.asks import Case
from maieutic.core.budget import Payer
from maieutic.core.errors import BudgetSpent, UsageError
from maieutic.core.models import Call, ModelRef, Reply
from maieutic.core.task import Models
from maieutic.plugins.operators.critique import CritiquePrompt
from maieutic.plugins.operators.crossover import CrossAndMutate, CrossPrompts, StepByDifference
from maieutic.plugins.operators.induce_instruction import InducePrompt
from maieutic.plugins.operators.section_edits import EditSection

CASE = Case(input="a dull film", expected="negative", output="POSITIVE!")
EDIT = EditPrompt(task="t", prompt="Judge it.", reason="too vague", failures=(CASE,), hints=("be brief",))


class Scripted:
    """Answers by a function of the call and remembers all calls."""

    def __init__(self, answer: Callable[[Call], str | Reply]) -> None:
        self.answer = answer
        self.calls: list[Call] = []
        self.payers: set[Payer] = set()

    async def complete(self, call: Call, payer: Payer) -> Reply:
        self.calls.append(call)
        self.payers.add(payer)
        await asyncio.sleep(0)
        said = self.answer(call)
        return said if isinstance(said, Reply) else Reply(text=said)


def said(call: Call) -> str:
    return "\n".join(message["content"] for message in call.messages)


def good(call: Call) -> str:
    return "<prompt>Judge the film well.</prompt>"


async def test_an_ask_becomes_a_typed_answer_paid_by_the_optimizer() -> None:
    gateway = Scripted(good)
    reply = await ModelTeam(models=Models(), gateway=gateway).act(EDIT)
    assert reply is not None
    assert reply.prompt == "Judge the film well."
    assert gateway.payers == {"optimizer"}
    text = said(gateway.calls[0])
    assert "[1] Input: a dull film\n    Expected: negative\n    Got: POSITIVE!" in text
    assert "too vague" in text
    assert "1. be brief" in text


async def test_each_role_has_its_model_and_its_temperature() -> None:
    gateway = Scripted(lambda call: "<verdict>True</verdict>")
    critic = ModelRef.parse("openai/critic")
    models = Models(roles={"critic": critic})
    verdict = await ModelTeam(models=models, gateway=gateway, temperature={"critic": 0.3}).act(
        JudgeQuestions(questions=("Why?",))
    )
    assert isinstance(verdict, JudgementReply)
    assert gateway.calls[0].model == critic
    assert gateway.calls[0].sampling.temperature == 0.3


@pytest.mark.parametrize(("allowed", "seen"), [((), False), (("errors",), True), (None, True)])
async def test_a_role_reads_what_the_recipe_lets_it_read(allowed: tuple[str, ...] | None, seen: bool) -> None:
    gateway = Scripted(good)
    evidence = {} if allowed is None else {"student": allowed}
    await ModelTeam(models=Models(), gateway=gateway, evidence=evidence).act(EDIT)
    text = said(gateway.calls[0])
    assert ("a dull film" in text) is seen
    assert ("went wrong" in text) is seen
    assert ("be brief" in text) is (allowed is None)
    assert "Judge it." in text


async def test_evidence_hidden_from_an_ask_that_consists_of_it_is_a_wrong_recipe() -> None:
    gateway = Scripted(good)
    with pytest.raises(UsageError) as error:
        await ModelTeam(models=Models(), gateway=gateway, evidence={"student": ()}).act(InducePrompt(rows=(CASE,)))
    assert "rows" in str(error.value)
    assert gateway.calls == []


async def test_like_asks_are_different_draws_and_a_second_run_draws_the_same() -> None:
    runs = []
    for _ in range(2):
        gateway = Scripted(good)
        team = ModelTeam(models=Models(), gateway=gateway, seed=3).for_request("r1", 0)
        await asyncio.gather(*(team.act(ParaphrasePrompt(prompt=text)) for text in ("a b", "a b", "c d", "a b")))
        runs.append([(call.sample, call.key) for call in gateway.calls])
    assert runs[0] == runs[1]
    assert [sample for sample, _ in runs[0]] == [0, 1, 0, 2]
    assert len({key for _, key in runs[0]}) == 4


async def test_requests_and_seeds_draw_apart() -> None:
    gateway = Scripted(good)
    for seed, path in ((1, (0,)), (1, (1,)), (2, (0,))):
        await ModelTeam(models=Models(), gateway=gateway, seed=seed).for_request(*path).act(EDIT)
    assert len({call.key for call in gateway.calls}) == 3
    assert len({call.sampling.seed for call in gateway.calls}) == 3


async def test_one_repair_question_and_what_was_heard_of_it() -> None:
    heard: list[AgentTurn] = []

    async def listen(turn: AgentTurn) -> None:
        heard.append(turn)

    gateway = Scripted(lambda call: good(call) if len(call.messages) > 1 else "I'm sorry, I cannot.")
    team = ModelTeam(models=Models(), gateway=gateway, on_turn=listen).for_request("r1", 4)
    assert await team.act(EDIT) is not None
    (turn,) = heard
    assert turn.repaired
    assert turn.kind == "agent_spoke"
    assert [message["role"] for message in turn.messages] == ["user", "assistant", "user"]
    assert "<prompt>...</prompt>" in turn.messages[-1]["content"]
    assert turn.key.startswith("r1/4/student.edit/")


async def test_what_cannot_be_read_is_an_event_and_none() -> None:
    heard: list[AgentTurn] = []

    async def listen(turn: AgentTurn) -> None:
        heard.append(turn)

    gateway = Scripted(lambda call: "")
    team = ModelTeam(models=Models(), gateway=gateway, on_turn=listen)
    assert await team.act(EDIT) is None
    assert await team.act(EDIT) is None
    assert [turn.kind for turn in heard] == ["answer_unreadable"] * 2
    assert heard[0].key != heard[1].key
    assert len(gateway.calls) == 4
    assert all(call.messages[-1]["role"] == "user" and call.messages[0]["content"] for call in gateway.calls)


async def test_a_spent_budget_is_not_swallowed() -> None:
    def spent(call: Call) -> str:
        raise BudgetSpent("the next optimizer call does not fit into the budget")

    with pytest.raises(BudgetSpent):
        await ModelTeam(models=Models(), gateway=Scripted(spent)).act(EDIT)


async def test_a_long_prompt_has_room_to_be_written_anew() -> None:
    gateway = Scripted(good)
    team = ModelTeam(models=Models(), gateway=gateway)
    await team.act(EDIT)
    await team.act(EDIT.model_copy(update={"prompt": "word " * 600}))
    short, long = (call.sampling.max_tokens for call in gateway.calls)
    assert long >= 1200 > short


LONG = "word " * 600


@pytest.mark.parametrize(
    "ask",
    [
        CrossPrompts(task="t", first="Short.", second=LONG),
        CrossAndMutate(task="t", first=LONG, second="Short."),
        StepByDifference(task="t", base="Short.", first="Short.", second="Short.", best=LONG),
        EditSection(task="t", prompt="Short.", section="Steps", text=LONG),
    ],
)
async def test_whatever_is_written_anew_has_room_for_its_longest_source(ask: Any) -> None:
    gateway = Scripted(lambda call: "")
    await ModelTeam(models=Models(), gateway=gateway).act(ask)
    assert all(call.sampling.max_tokens >= 1200 for call in gateway.calls)


async def test_a_section_is_not_given_the_room_of_the_whole_prompt() -> None:
    gateway = Scripted(lambda call: "")
    await ModelTeam(models=Models(), gateway=gateway).act(
        EditSection(task="t", prompt=LONG, section="S", text="Short.")
    )
    assert all(call.sampling.max_tokens < 1200 for call in gateway.calls)


CUT = "<prompt>Judge the film. Answer wi"
MONOLOGUE = "Okay, so the prompt is too short. I should think about what"
UNFINISHED = "<think>I will write <prompt>Judge the film.</prompt> and then"


async def test_a_cut_answer_is_asked_once_more_with_twice_the_room() -> None:
    gateway = Scripted(
        lambda call: Reply(text=CUT, finish="length") if "cut off" not in said(call) else Reply(text=good(call))
    )
    reply = await ModelTeam(models=Models(), gateway=gateway).act(EDIT)
    assert reply is not None
    first, second = gateway.calls
    assert second.sampling.max_tokens == 2 * first.sampling.max_tokens
    assert [message["role"] for message in second.messages] == ["user"]


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        (CUT, "length", "it was cut at its limit of 640 tokens"),
        (MONOLOGUE, "length", "it was cut at its limit of 640 tokens"),
        ('{"prompt": "Judge the film. Answer wi', "length", "it was cut at its limit of 640 tokens"),
        ("```\nJudge the film. Answer wi", "length", "it was cut at its limit of 640 tokens"),
        (UNFINISHED, "length", "its reasoning was cut at its limit of 640 tokens: there is no answer after it"),
        (UNFINISHED, "stop", "its reasoning has no end"),
        ("", "length", "the answer is empty: the model stopped at its limit of 640 tokens, before it began to answer"),
    ],
)
async def test_what_is_cut_twice_is_an_event_with_its_reason_and_no_prompt(text: str, finish: str, reason: str) -> None:
    turns: list[AgentTurn] = []

    async def listen(turn: AgentTurn) -> None:
        turns.append(turn)

    gateway = Scripted(lambda call: Reply(text=text, finish=finish))
    assert await ModelTeam(models=Models(), gateway=gateway, on_turn=listen).act(EDIT) is None
    assert len(gateway.calls) == 2
    assert [(turn.kind, turn.reason, turn.raw) for turn in turns] == [("answer_unreadable", reason, text)]


async def test_advice_that_is_cut_twice_ends_with_a_whole_sentence() -> None:
    gateway = Scripted(lambda call: Reply(text="<critique>It is vague. It does n", finish="length"))
    ask = CritiquePrompt(prompt="p", failures=(CASE,))
    reply = await ModelTeam(models=Models(), gateway=gateway).act(ask)
    assert reply is not None
    assert reply.text == "It is vague."
    assert len(gateway.calls) == 2


async def test_a_prompt_that_ended_before_the_cut_is_whole() -> None:
    gateway = Scripted(lambda call: Reply(text="<prompt>Judge the film.</prompt> It is bet", finish="length"))
    reply = await ModelTeam(models=Models(), gateway=gateway).act(EDIT)
    assert reply is not None
    assert reply.prompt == "Judge the film."
    assert len(gateway.calls) == 1


async def test_fields_of_an_ask_are_never_filled_twice() -> None:
    gateway = Scripted(good)
    ask = AnswerQuestions(task="t", prompt="Classify {input} as {{x}}.", questions=("What of {task}?",))
    await ModelTeam(models=Models(), gateway=gateway).act(ask)
    assert "Classify {input} as {{x}}." in said(gateway.calls[0])
    assert "What of {task}?" in said(gateway.calls[0])


async def test_an_instruction_may_be_exchanged() -> None:
    front = (
        '+++\nrole = "critic"\nskill = "gradient"\nversion = 9\ntags = ["reason"]\nform = "<reason>…</reason>"\n+++\n'
    )
    gateway = Scripted(lambda call: "<reason>It is vague about labels.</reason>")
    team = ModelTeam(
        models=Models(),
        gateway=gateway,
        instructions={"critic.gradient": parse_instruction(f"{front}Why is {{prompt}} bad?", where="mine")},
    )
    reply = await team.act(FindReasons(prompt="P1"))
    assert reply is not None
    assert said(gateway.calls[0]) == "Why is P1 bad?"


async def test_long_rows_are_clipped() -> None:
    gateway = Scripted(lambda call: "<question>What is missing here?</question>")
    row = Case(input="x" * 9000, expected="y")
    await ModelTeam(models=Models(), gateway=gateway).act(AskQuestions(task="t", prompt="p", step="", failures=(row,)))
    assert len(said(gateway.calls[0])) < 3000


async def test_what_goes_beyond_the_allowance_is_not_asked() -> None:
    gateway = Scripted(good)
    team = ModelTeam(models=Models(), gateway=gateway, allowance=5)
    replies = [await team.act(ParaphrasePrompt(prompt=f"Judge {n}.")) for n in range(4)]
    assert [reply is not None for reply in replies] == [True, True, False, False]
    assert len(gateway.calls) == 2


async def test_who_waits_for_a_seat_when_the_time_is_up_is_not_asked() -> None:
    gateway = Scripted(good)
    pace = WritingDeadline(slots=asyncio.Semaphore(2), expired=lambda _: len(gateway.calls) >= 3)
    team = ModelTeam(models=Models(), gateway=gateway, deadline=pace)
    replies = await asyncio.gather(*(team.act(ParaphrasePrompt(prompt=f"Judge {n}.")) for n in range(6)))
    assert sum(reply is not None for reply in replies) == len(gateway.calls) < 6


async def test_an_unreadable_answer_is_told_where_there_is_no_time_to_repair_it() -> None:
    gateway, heard = Scripted(lambda call: ""), []

    async def listen(turn: AgentTurn) -> None:
        heard.append(turn)

    pace = WritingDeadline(slots=asyncio.Semaphore(1), expired=lambda _: bool(gateway.calls))
    team = ModelTeam(models=Models(), gateway=gateway, deadline=pace, on_turn=listen)
    assert await team.act(EDIT) is None
    assert [(turn.kind, turn.repaired) for turn in heard] == [("answer_unreadable", False)]


async def test_what_follows_from_an_answer_is_asked_when_nothing_new_is_begun_any_more() -> None:
    gateway = Scripted(good)
    pace = WritingDeadline(slots=asyncio.Semaphore(2), expired=lambda follows: not follows)
    team = ModelTeam(models=Models(), gateway=gateway, deadline=pace)
    assert await team.act(ParaphrasePrompt(prompt="Judge it.")) is None
    assert await team.act(EDIT) is not None
    assert await team.act(ParaphrasePrompt(prompt="Judge it well.")) is None
    asked_before = ModelTeam(models=Models(), gateway=gateway, deadline=pace, first_skill=EDIT.skill)
    assert await asked_before.act(EDIT) is None
    assert await asked_before.act(ParaphrasePrompt(prompt="Judge it.")) is not None
