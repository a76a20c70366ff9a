"""Guards: every refusal has its reason, and what is allowed passes."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.agents.instructions import shipped_instructions
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Format, Prompt
from maieutic.core.routing import Router
from maieutic.core.task import Constraints, Task
from maieutic.graphs.candidate_guards import candidate_id, prompt_tokens, rejection_reason

LONG = "the quick brown fox jumps over the lazy dog while seven grey geese watch from afar in silence"
ROWS = [
    {"input": LONG, "output": "yes"},
    {"input": "four words are here", "output": "no"},
    {"input": "two words", "output": "no"},
]


def task(prompt: str = "Say yes or no.", **constraints: Any) -> Task:
    val = [{"input": f"{row['input']} {n}", "output": "yes"} for n, row in enumerate(ROWS)]
    return Task.create(prompt, train=ROWS, val=val, constraints=Constraints(**constraints))


def refused(prompt: Prompt | str, of: Task | None = None) -> str:
    return rejection_reason(Program.of(prompt), of or task(), Archive())


def test_a_better_wording_passes() -> None:
    assert refused("Decide: yes or no?") == ""
    assert refused(Prompt(system="Be short.", instruction="Yes or no?", principles=("Look twice.",))) == ""


def test_a_lost_placeholder_is_named() -> None:
    assert refused("Is this so?", task("Is {input} so?")) == "it lost the placeholder {input}"
    assert refused("Tell me whether {input} is so.", task("Is {input} so?")) == ""


@pytest.mark.parametrize("prompt", [Prompt(), Prompt(instruction="  \n"), Prompt(principles=())])
def test_a_prompt_that_says_nothing_is_refused(prompt: Prompt) -> None:
    assert refused(prompt) == "the prompt is empty"


def test_demos_or_a_system_prompt_alone_are_a_prompt() -> None:
    assert refused(Prompt(demos=(Demo(input="two words", output="no"),))) == ""
    assert refused(Prompt(system="Say yes or no.")) == ""


def test_the_ceiling_counts_what_is_rendered_without_the_input() -> None:
    tight = task(max_prompt_tokens=10)
    assert refused("Yes or no?", tight) == ""
    assert "more than 10" in refused("Yes or no? " * 8, tight)
    shown = Prompt(instruction="Yes?", demos=(Demo(input=LONG, output="yes"),))
    assert "more than 10" in refused(shown, tight)
    assert 10 <= prompt_tokens(Program.of("x" * 40), tight) <= 12


def test_without_a_limit_of_the_task_an_instruction_may_have_four_thousand_tokens() -> None:
    assert refused(" ".join(f"Rule {number} is so." for number in range(900))) == ""
    assert refused("word " * 4000).startswith("it is too long: about 5000 tokens, more than 4000")
    assert refused("判断类别" * 1100).startswith("it is too long: about 4400 tokens")
    shown = Prompt(instruction="Yes?", demos=tuple(Demo(input="word " * 2000, output="no") for _ in range(4)))
    assert refused(shown) == ""
    long = "word " * 4000
    assert refused(f"{long[:-10]}other", task(long)) == ""


def test_copied_text_is_noticed_in_chinese() -> None:
    text = "昨天收到的耳机左边没有声音，我想换一个新的，请问怎么办理"
    rows = [{"input": text, "output": "no"}, {"input": "退款", "output": "yes"}]
    val = [{"input": "延误甲", "output": "no"}, {"input": "延误乙", "output": "yes"}]
    chinese = Task.create("判断工单类别。", train=rows, val=val)
    assert refused(f"判断工单类别。例如{text}，答案是否。", chinese).startswith("it copies an example")
    assert refused("客户说耳机没有声音时，归入换货类别，并说明怎么办理。", chinese) == ""


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt(instruction=f"Say yes when you read: {LONG}"),
        Prompt(instruction="Say yes to The QUICK brown fox jumps -- over the lazy dog, while seven grey geese!"),
        Prompt(instruction="Yes or no?", principles=("Say no where four words are here.",)),
        Prompt(instruction="Yes or no?", format=Format(answer_hint="no for: four words are here")),
        Prompt(instruction="Yes or no?", system="Remember that four words are here means no."),
    ],
)
def test_training_text_in_the_instruction_is_refused(prompt: Prompt) -> None:
    assert refused(prompt).startswith("it copies an example into the instruction")


def test_declared_demos_short_rows_and_the_users_own_words_are_no_copies() -> None:
    assert refused(Prompt(instruction="Yes or no?", demos=(Demo(input=LONG, output="yes"),))) == ""
    assert refused("Say no to two words.") == ""
    assert refused("Here four words are here, again. Yes or no?", task("Say no if four words are here.")) == ""


def several(kind: str, *texts: str) -> Program:
    names = ("region-01", "region-02") if kind == "centroid" else ("a-think", "prompt")
    anchors = dict.fromkeys(names, (LONG,)) if kind == "centroid" else {}
    prompts = {name: Prompt(instruction=text) for name, text in zip(names, texts, strict=True)}
    return Program(prompts=prompts, router=Router(kind=kind, anchors=anchors))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["centroid", "vote"])
def test_prompts_that_stand_in_the_place_of_the_one_are_held_to_it(kind: str) -> None:
    own = "Here four words are here, again. Is {input} so?"
    assert rejection_reason(several(kind, own, "Is {input} so?"), task(own), Archive()) == ""
    lost = rejection_reason(several(kind, own, "Is this so?"), task(own), Archive())
    assert lost == "it lost the placeholder {input}"
    copied = rejection_reason(several(kind, own, f"{LONG}: is {{input}} so?"), task(own), Archive())
    assert copied.startswith("it copies an example into the instruction")


def test_a_step_of_a_chain_needs_no_placeholder_of_the_last() -> None:
    assert rejection_reason(several("chain", "Think.", "Is {input} so?"), task("Is {input} so?"), Archive()) == ""


@pytest.mark.parametrize("where", ["instruction", "system"])
def test_an_agents_own_instruction_is_refused(where: str) -> None:
    words = shipped_instructions()["student.edit"].body.split("\n\n")[0]
    assert "leaked" in refused(Prompt(**{"instruction": "Yes or no?", where: f"Yes or no? {words}"}))


def test_what_was_tried_is_refused_by_content() -> None:
    known = Program.of("Yes or no?")
    archive = Archive([Candidate(id=candidate_id(known), program=known, operator="start")])
    assert rejection_reason(Program.of("Yes or no?"), task(), archive) == "duplicate of an earlier candidate"
    assert rejection_reason(Program.of("Yes or no, then?"), task(), archive) == ""
