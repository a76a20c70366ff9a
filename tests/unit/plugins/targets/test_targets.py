"""Targets: one chat call, or any function; a broken function is an error and no wrong answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Payer
from maieutic.core.dataset import Example
from maieutic.core.errors import BudgetSpent, PluginError, UsageError
from maieutic.core.models import Call, ModelRef, Output, Reply
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.routing import Router
from maieutic.plugins.system.registry import Registry
from maieutic.plugins.targets.callable import CallableTarget
from maieutic.plugins.targets.chat import ChatTarget

MODEL = ModelRef.parse("local/smollm2")
PROGRAM = Program.of("Judge.")
ROW = Example(input="fine", outputs=("good",))


class Echo:
    """A gateway that says back the last message, and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[Call, Payer]] = []

    async def complete(self, call: Call, payer: Payer) -> Reply:
        self.calls.append((call, payer))
        return Reply(text=call.messages[-1]["content"], prompt_tokens=3)


async def test_chat_is_one_call_paid_by_the_target() -> None:
    gateway = Echo()
    target = Registry.load(()).create("target", "chat", temperature=0.5, max_tokens=7, top_logprobs=2)
    output = await target.run(PROGRAM, ROW, MODEL, gateway)
    ((call, payer),) = gateway.calls
    assert payer == "target"
    assert (call.sampling.temperature, call.sampling.max_tokens, call.sampling.top_logprobs) == (0.5, 7, 2)
    assert output.text == "Judge.\n\nfine"
    assert output.messages == call.messages
    assert output.replies[0].prompt_tokens == 3
    assert target.needs == {"logprobs"}


async def test_a_second_draw_is_another_call() -> None:
    gateway = Echo()
    for target in (ChatTarget(), replace(ChatTarget(), sample=1)):
        await target.run(PROGRAM, ROW, MODEL, gateway)
    first, second = (call.key for call, _ in gateway.calls)
    assert first != second


def test_sampling_that_cannot_be_is_refused_when_the_target_is_made() -> None:
    with pytest.raises(UsageError, match="invalid sampling"):
        Registry.load(()).create("target", "chat", temperature=5.0)


async def by_messages(messages: list[dict[str, str]]) -> str:
    return messages[-1]["content"].upper()


def by_place(what: Program, row: Example) -> str:
    return f"{what.main.instruction} {row.text}"


def by_name(input: str, model: str, loud: bool = False) -> Output:
    return Output(text=f"{input} {model} {loud}")


def one_thing(chat: list[dict[str, str]]) -> str:
    return str(len(chat))


@pytest.mark.parametrize(
    ("function", "options", "text"),
    [
        (by_messages, {}, "JUDGE.\n\nFINE"),
        (by_place, {}, "Judge. fine"),
        (by_name, {"loud": True}, "fine local/smollm2 True"),
        (one_thing, {}, "1"),
    ],
)
async def test_any_function_is_a_target(function: Any, options: dict[str, Any], text: str) -> None:
    gateway = Echo()
    output = await CallableTarget(function, **options).run(PROGRAM, ROW, MODEL, gateway)
    assert output.text == text
    assert gateway.calls == []


async def test_a_function_is_found_beside_the_task(tmp_path: Any) -> None:
    (tmp_path / "app.py").write_text("def answer(input): return input[::-1]")
    target = Registry.load((), folder=tmp_path).create("target", "app.py:answer")
    assert (await target.run(PROGRAM, ROW, MODEL, Echo())).text == "enif"


def raises(input: str) -> str:
    raise ValueError(input)


def gives_none(input: str) -> None:
    return None


@pytest.mark.parametrize(("function", "said"), [(raises, "ValueError: fine"), (gives_none, "returned None")])
async def test_a_function_that_fails_is_an_error_of_the_system(function: Any, said: str) -> None:
    with pytest.raises(PluginError, match=said):
        await CallableTarget(function).run(PROGRAM, ROW, MODEL, Echo())


async def test_a_spent_budget_passes_through() -> None:
    def spends(input: str) -> str:
        raise BudgetSpent(input)

    with pytest.raises(BudgetSpent):
        await CallableTarget(spends).run(PROGRAM, ROW, MODEL, Echo())


def test_a_function_that_asks_for_too_much_is_refused() -> None:
    with pytest.raises(UsageError, match="asks for a, b, c"):
        CallableTarget(lambda a, b, c: "")


class Table:
    """A gateway that answers by what stands in the message; `spent` raises for one piece instead."""

    def __init__(self, answers: dict[str, str], spent: str = "") -> None:
        self.answers, self.spent, self.asked = answers, spent, list[str]()

    async def complete(self, call: Call, payer: Payer) -> Reply:
        text = call.messages[-1]["content"]
        self.asked.append(text)
        if self.spent and self.spent in text:
            raise BudgetSpent("no more")
        return Reply(text=next(answer for piece, answer in self.answers.items() if piece in text))


def _several(kind: str, **anchors: tuple[str, ...]) -> Program:
    prompts = {name: Prompt(instruction=f"As {name}.") for name in ("a", "b", "c")}
    return Program(prompts=prompts, router=Router.model_validate({"kind": kind, "anchors": anchors}))


async def test_a_routed_program_asks_only_the_prompt_that_fits() -> None:
    gateway = Table({"As b.": "good"})
    program = _several("centroid", a=("bad weather",), b=("fine film",))
    output = await ChatTarget().run(program, ROW, MODEL, gateway)
    assert gateway.asked == ["As b.\n\nfine"]
    assert (output.text, output.trajectory) == ("good", ({"prompt": "b", "input": "fine", "output": "good"},))
    assert ChatTarget().calls(program) == 1


async def test_votes_are_read_by_the_contract_and_the_majority_speaks() -> None:
    gateway = Table({"As a.": "good or bad", "As b.": "It is Bad.", "As c.": "bad"})
    target = ChatTarget(answer=AnswerContract(type="label", labels=("good", "bad")))
    output = await target.run(_several("vote"), ROW, MODEL, gateway)
    assert sorted(gateway.asked) == ["As a.\n\nfine", "As b.\n\nfine", "As c.\n\nfine"]
    assert (output.text, output.replies[0].text, len(output.replies)) == ("It is Bad.", "It is Bad.", 3)
    assert output.messages[-1]["content"] == "As b.\n\nfine"
    assert target.calls(_several("vote")) == 3
    assert target.calls(PROGRAM) == 1


async def test_a_vote_that_cannot_be_paid_in_full_is_none() -> None:
    gateway = Table({"As": "good"}, spent="As b.")
    with pytest.raises(BudgetSpent):
        await ChatTarget().run(_several("vote"), ROW, MODEL, gateway)
    assert len(gateway.asked) == 3
