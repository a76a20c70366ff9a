"""What follows from each input: the nearest examples, a chain of prompts, options in several orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Payer
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.models import Call, ModelRef, Reply
from maieutic.core.program import MAIN, Program
from maieutic.core.prompt import Demo, Format, Prompt
from maieutic.core.render import render
from maieutic.core.routing import Router
from maieutic.plugins.algorithms.input_variants import shuffle_options
from maieutic.plugins.exporters.langchain import LangChainExporter
from maieutic.plugins.exporters.text import TextExporter
from maieutic.plugins.targets.chat import ChatTarget

MODEL = ModelRef.parse("local/smollm2")
POOL = tuple(
    Demo(input=text, output=answer)
    for text, answer in (
        ("the train leaves the old station late", "travel"),
        ("the soup needs more salt and pepper", "food"),
        ("a train ticket to the coast", "travel"),
        ("bread with salt and butter", "food"),
    )
)
NEAREST = Prompt(instruction="Name the topic.", demos=POOL, format=Format(nearest=2))
OPTIONS = "Which is red?\nA) sky\nB) blood\nC) grass\nAnswer with a letter."


class Gateway:
    def __init__(self, say: Callable[[str], str]) -> None:
        self.say, self.calls = say, list[Call]()

    async def complete(self, call: Call, payer: Payer) -> Reply:
        assert payer == "target"
        self.calls.append(call)
        return Reply(text=self.say(call.messages[-1]["content"]))

    async def loss(self, call: Call, reference: str, payer: Payer) -> float:
        raise AssertionError


def said(prompt: Prompt, text: str) -> list[str]:
    return [message["content"] for message in render(prompt, Example(input=text))]


def test_the_nearest_examples_are_shown_and_the_most_like_stands_last() -> None:
    shown = NEAREST.demos_for("is there salt in the soup")
    assert [demo.input for demo in shown] == [POOL[3].input, POOL[1].input]
    assert sum(POOL[0].input in text for text in said(NEAREST, "is there salt in the soup")) == 0


def test_a_row_is_never_its_own_example() -> None:
    assert POOL[1] not in NEAREST.demos_for(POOL[1].input)
    assert POOL[1] not in NEAREST.demos_for(f"{POOL[1].input}\n\nnotes:\nsome")


@pytest.mark.parametrize("style", ["turns", "text"])
@pytest.mark.parametrize("words", ["Name the topic.", "Name the topic of {input}."])
def test_all_ways_of_showing_examples_take_the_nearest(style: Any, words: str) -> None:
    prompt = NEAREST.with_(instruction=words, format=Format(nearest=1, demos=style))
    told = "\n".join(said(prompt, "a train to the coast"))
    assert POOL[2].input in told
    assert POOL[1].input not in told


def test_a_prompt_without_them_keeps_the_id_it_had_before_they_came() -> None:
    assert "nearest" not in Prompt(instruction="x").parts()["format"]
    assert NEAREST.parts()["format"]["nearest"] == 2
    assert Prompt.model_validate(NEAREST.parts()) == NEAREST


def test_options_move_and_answers_come_back() -> None:
    text, letters = shuffle_options(OPTIONS, 1)
    assert text == "Which is red?\nA) blood\nB) grass\nC) sky\nAnswer with a letter."
    assert letters == {"A": "B", "B": "C", "C": "A"}


@pytest.mark.parametrize("text", ["no options", "A) alone", "B) first\nA) second", "A) x\nB) y\nB) z"])
def test_what_lists_no_options_stays(text: str) -> None:
    assert shuffle_options(text, 1) == (text, {})


@given(st.integers(0, 9), st.lists(st.text("abc", min_size=1), min_size=2, max_size=5))
def test_each_letter_names_the_option_it_had(turn: int, options: list[str]) -> None:
    before = {chr(65 + place): option for place, option in enumerate(options)}
    text, letters = shuffle_options("\n".join(f"({letter}) {option}" for letter, option in before.items()), turn)
    after = {line[1]: line[4:] for line in text.splitlines()}
    assert all(after[now] == before[letters.get(now, now)] for now in after)


async def test_options_are_asked_in_several_orders_and_the_majority_counts() -> None:
    def first(text: str) -> str:
        """Knows blood, and is fond of the first option where blood is the last."""
        lines = [line for line in text.splitlines() if line[1:2] == ")"]
        return "A" if "blood" in lines[-1] else next(line[0] for line in lines if "blood" in line)

    gateway = Gateway(first)
    target = ChatTarget(answer=AnswerContract(type="choice"))
    program = Program.of(Prompt(instruction="Choose.", format=Format(shuffles=3)))
    assert target.calls(program) == 3
    output = await target.run(program, Example(input=OPTIONS), MODEL, gateway)
    assert len(gateway.calls) == 3
    assert target.answer.read_answer(output.text) == "B"
    fields = Example(input={"question": OPTIONS, "subject": "colours"})
    assert (await target.run(program, fields, MODEL, Gateway(first))).text == "B"
    plain = Gateway(lambda text: "A")
    await target.run(program, Example(input="no options"), MODEL, plain)
    assert len(plain.calls) == 1


def chained(instruction: str = "Answer.") -> Program:
    prompts = {"1-rephrase": Prompt(instruction="Rephrase."), MAIN: Prompt(instruction=instruction)}
    return Program(prompts=prompts, router=Router(kind="chain"))


async def test_a_chain_tells_each_prompt_what_the_earlier_ones_said() -> None:
    gateway = Gateway(lambda text: "said better" if "Rephrase." in text else "the answer")
    target = ChatTarget(max_tokens=5, top_logprobs=3, step_tokens=99)
    output = await target.run(chained(), Example(input="what now"), MODEL, gateway)
    first, last = gateway.calls
    assert last.messages[-1]["content"] == "Answer.\n\nwhat now\n\nrephrase:\nsaid better"
    assert (first.sampling.max_tokens, first.sampling.top_logprobs) == (99, 0)
    assert (last.sampling.max_tokens, last.sampling.top_logprobs) == (5, 3)
    assert output.text == output.replies[0].text == "the answer"
    assert [one["prompt"] for one in output.trajectory] == ["1-rephrase", MAIN]
    assert target.calls(chained()) == 2
    assert chained().prompts_for("x") == (MAIN,)


async def test_fields_get_one_more_that_a_template_may_ask_for() -> None:
    gateway = Gateway(lambda text: "better")
    program = chained("{question} means {rephrase}.")
    await ChatTarget().run(program, Example(input={"question": "why"}), MODEL, gateway)
    assert gateway.calls[-1].messages[-1]["content"] == "why means better."


def test_exports_say_what_happens_to_an_input_or_refuse() -> None:
    shuffling = Program.of(Prompt(instruction="Choose.", format=Format(shuffles=3)))
    text = TextExporter().export(Program.of(NEAREST), "t", None)
    assert all(demo.input in text for demo in POOL)
    assert "only the 2 most like the input" in text
    assert "3 times" in TextExporter().export(shuffling, "t", None)
    assert "asked in this order" in TextExporter().export(chained(), "t", None)
    for program in (Program.of(NEAREST), shuffling, chained()):
        with pytest.raises(UsageError, match="templates"):
            LangChainExporter().export(program, "t", None)
