"""Simulated authors know the same and write it differently; the simulated target does what the rules say."""

from __future__ import annotations

import pytest
from maieutic.agents.instructions import shipped_instructions
from maieutic.core.dataset import Example
from maieutic.core.models import Call, ModelRef, Sampling
from maieutic.core.prompt import Demo, Prompt
from maieutic.core.render import render
from maieutic.testing import AUTHORS, FAMILIES, RuleFollowingTarget, RuleWritingAuthor, ScriptedGateway, TaskFamily
from maieutic.testing.simulation.learner import learn
from maieutic.testing.simulation.rules import StatedRule, read_rules


def question(family: TaskFamily, cases: int, prompt: str = "") -> str:
    rows = family.examples("train", cases)
    shown = "\n".join(
        f"[{number}] Input: {row['input']}\n    Expected: {row['output']}\n    Got: nothing"
        for number, row in enumerate(rows, 1)
    )
    return (
        f'Prompt now:\n"""\n{prompt or family.prompt}\n"""\n\nFailures:\n{shown}\n\nWrite it so:\n<prompt>...</prompt>'
    )


def reply(kind: str, text: str, max_tokens: int | None = None) -> str:
    return RuleWritingAuthor(kind).answer_within([{"role": "user", "content": text}], 0, max_tokens).text


def prompt_of(text: str) -> str:
    return text.split("</think>")[-1].partition("<prompt>")[2].rpartition("</prompt>")[0]


def score(family: TaskFamily, prompt: Prompt, target: RuleFollowingTarget | None = None) -> float:
    target = target or RuleFollowingTarget(family)
    rows = family.examples("test", 60)
    answers = [target.answer(render(prompt, Example(input=row["input"]))).text for row in rows]
    return sum(
        answer.rpartition("Answer: ")[2] == row["output"] for answer, row in zip(answers, rows, strict=True)
    ) / len(rows)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_kind_of_author_writes_the_same_rules(name: str) -> None:
    family = FAMILIES[name]
    # Braces in a prompt name fields of an example, unless they are doubled.
    prompts = {
        kind: prompt_of(reply(kind, question(family, 40))).replace("{", "{{").replace("}", "}}") for kind in AUTHORS
    }
    scores = {kind: score(family, Prompt(instruction=text)) for kind, text in prompts.items()}
    assert set(scores.values()) == {scores["terse"]}
    assert scores["terse"] >= 0.9 > 0.4 > score(family, Prompt(instruction=family.prompt))


def test_styles_are_what_they_are_called() -> None:
    text = question(FAMILIES["routing"], 16)
    assert 160 <= len(prompt_of(reply("long", text)).split()) <= 190
    assert len(prompt_of(reply("terse", text)).split()) <= 90
    assert reply("reasoning", text).startswith("<think>")
    assert "## Rules" in prompt_of(reply("markdown", text))
    assert "</rules>" in prompt_of(reply("xml", text))
    assert "如果输入包含" in prompt_of(reply("chinese", text))
    assert reply("chatty", text).startswith("Sure!")
    assert "team=" not in text
    assert "{topic}" in prompt_of(reply("markdown", question(FAMILIES["format"], 16)))


def test_the_cutting_author_stops_at_the_limit_and_says_so() -> None:
    messages = [{"role": "user", "content": question(FAMILIES["routing"], 16)}]
    whole = RuleWritingAuthor("cutting").answer_within(messages, 0, 1000)
    short = RuleWritingAuthor("cutting").answer_within(messages, 0, 50)
    assert (whole.finish, short.finish) == ("stop", "length")
    assert whole.text.startswith(short.text)
    assert len(short.text.split()) == 50
    assert RuleWritingAuthor("long").answer_within(messages, 0, 50).finish == "stop"


async def test_a_gateway_passes_the_limit_on() -> None:
    gateway = ScriptedGateway(RuleWritingAuthor("cutting"))
    messages = ({"role": "user", "content": question(FAMILIES["routing"], 16)},)
    call = Call(model=ModelRef.parse("openai/x"), messages=messages, sampling=Sampling(max_tokens=20))
    assert (await gateway.complete(call, "optimizer")).finish == "length"


@pytest.mark.parametrize("kind", AUTHORS)
@pytest.mark.parametrize("key", [key for key, one in shipped_instructions().items() if one.tags])
def test_every_shipped_question_is_answered_in_its_form(key: str, kind: str) -> None:
    instruction = shipped_instructions()[key]
    cases = question(FAMILIES["routing"], 4).partition("Failures:\n")[2].partition("\n\n")[0]
    values = {name: cases if name in ("failures", "cases", "rows") else f"some {name}" for name in instruction.fields}
    text = reply(kind, instruction.fill(values)).split("</think>")[-1]
    wanted = [tag for tag in instruction.tags if tag != "suggestion"]
    assert [tag for tag in wanted if f"<{tag}>" not in text or f"</{tag}>" not in text] == []


def test_an_author_says_nothing_that_the_question_does_not_show() -> None:
    family = FAMILIES["routing"]
    assert read_rules(prompt_of(reply("terse", question(family, 0)))) == []
    shown = {row["input"].split("my ")[-1] for row in family.examples("train", 2)}
    rules = read_rules(prompt_of(reply("terse", question(family, 2))))
    assert len(rules) == 2
    assert all(any(word in text for text in shown) for rule in rules for word in rule.words)


def test_the_same_messages_get_the_same_answer_and_another_draw_another_wording() -> None:
    messages = [{"role": "user", "content": question(FAMILIES["policy"], 16)}]
    author = RuleWritingAuthor("terse")
    assert author.answer(messages, 1) == author.answer(messages, 1)
    wordings = {author.answer(messages, draw).text for draw in range(12)}
    assert len(wordings) > 6
    assert len({tuple(read_rules(text)) for text in wordings}) == 1


def test_known_rules_are_mended_by_the_cases() -> None:
    known = [StatedRule(words=frozenset({"flight"}), answer="pay"), StatedRule(words=frozenset({"taxi"}), answer="cap")]
    cases = [
        ("Request 1: about the flight and the upgrade, thanks", "ask"),
        ("Request 2: about the flight, thanks", "pay"),
        ("Request 3: about the taxi, thanks", "check"),
    ]
    decided = {tuple(sorted(rule.words)): rule.answer for rule in learn(cases, known)}
    assert decided == {("upgrade",): "ask", ("flight",): "pay", ("taxi",): "check"} or decided == {
        ("flight", "upgrade"): "ask",
        ("flight",): "pay",
        ("taxi",): "check",
    }


def test_a_target_reads_worked_examples_as_turns_and_as_text() -> None:
    family = FAMILIES["routing"]
    demos = tuple(Demo(input=row["input"], output=row["output"]) for row in family.examples("train", 16))
    turns = Prompt(instruction=family.prompt, demos=demos)
    text = turns.with_(format=turns.format.model_copy(update={"demos": "text"}))
    assert score(family, turns) == score(family, text) >= 0.9


def test_steps_need_room_and_thinking_costs_tokens() -> None:
    family = FAMILIES["steps"]
    rules = " ".join(f"{rule.sentence()}." for rule in family.rules)
    at_once, in_steps = Prompt(instruction=rules), Prompt(instruction=f"{rules} Work step by step.")
    assert score(family, at_once) < 0.9 < score(family, in_steps)
    thinking = RuleFollowingTarget(family, thinking=30)
    messages = render(at_once, Example(input=family.examples("test", 1)[0]["input"]))
    assert thinking.answer_within(messages, 0, 16).finish == "length"
    assert thinking.answer_within(messages, 0, 100).text.startswith("<think>")
    assert score(family, at_once, thinking) > 0.9
