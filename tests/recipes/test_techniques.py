"""Recipes of structure: techniques, minstrel, meta-prompting and rewriters, eccentric, medprompt, adaptive."""

from __future__ import annotations

import re
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.plugins.operators.minstrel import module_descriptions
from maieutic.plugins.operators.published_techniques import technique_catalog
from maieutic.plugins.operators.snippets import snippet_grid
from maieutic.plugins.operators.trained_rewriter import TrainedRewriter, rewriter_profiles

PARITY = AnswerContract(type="label", labels=("even", "odd"))


def parity(right: int) -> Any:
    """A target that is right on the rows whose last digit is below a level that the whole conversation decides."""

    def say(messages: Any) -> str:
        text = "\n".join(message["content"] for message in messages)
        row = int(re.findall(r"number (\d+)", text)[-1])
        if "final answer yet" in text:
            return "the last digit decides"
        level = 9 if "thoughts:\nthe last digit decides" in text else right
        return "even" if (row % 2 == 0) == (row % 10 < level) else "odd"

    return say


async def test_techniques_are_measured_from_simple_to_complex_and_the_one_that_helps_stays(play: Any) -> None:
    names = '["zero-shot-cot", "task-agnostic-prefix", "script", "role", "rephrase-then-respond"]'
    done = await play(
        "techniques",
        lambda question: "<part>You are a mathematician.</part>",
        target=parity(3),
        settings={"technique.names": names},
        answer=PARITY,
        budget=Budget(target_calls=500),
    )
    made = [one for one in done.made_by("technique") if one.round == 1]
    assert [technique_catalog()[one.rationale.split()[0]].level for one in made] == [1, 2, 2, 2, 3]
    assert {one.example for one in done.rows(made[0].id)} == {one.example for one in done.rows(made[-1].id)}
    best = done.candidates[done.best].program
    assert best.chain[0] == "1-thoughts"
    assert done.report.best.score == 0.9
    assert "=== 1-thoughts ===" in done.report.prompt.best
    assert done.skills == {"part": done.skills["part"]}


async def test_with_little_room_a_few_techniques_are_met_on_several_rows(play: Any) -> None:
    done = await play("techniques", lambda _: "", target=parity(3), answer=PARITY, budget=Budget(target_calls=60))
    measured = [name for name in done.candidates if done.rows(name)]
    assert next(iter(done.candidates)) in measured
    assert 4 <= len(measured) <= 10
    assert min(len(done.rows(name)) for name in measured if done.candidates[name].round == 1) >= 2


def minstrels(question: str) -> str:
    if "<parts>" in question:
        return "<parts>Workflow, Goal</parts>"
    if "<advice>" in question:
        return "<part>Workflow</part><advice>Say which digit counts.</advice>"
    if "Say which digit counts." in question:
        return "<part>Look at the last digit: level 8.</part>"
    return "<part>Look at the number.</part>"


async def test_minstrel_chooses_writes_reviews_and_keeps_what_measures_better(play: Any) -> None:
    done = await play("minstrel", minstrels)
    drafted, reviewed = done.made_by("minstrel")[:2]
    assert [one.name for one in drafted.program.main.sections] == ["Goal", "Workflow"]
    assert reviewed.program.main.sections[0] == drafted.program.main.sections[0]
    assert "last digit" in reviewed.program.main.sections[1].text
    assert done.best == reviewed.id
    assert done.mean(done.best) > done.mean(next(iter(done.candidates))) + 0.2
    first = done.asked("parts")[0]
    assert all(name in first for name in module_descriptions())
    assert "Goal: Look at the number." in done.asked("part")[1]
    assert "Expected:" in done.asked("weakest-part")[0]
    assert "number 20" not in done.asked("weakest-part")[0]


async def test_a_choice_of_modules_that_cannot_be_read_gives_the_usual_ones(play: Any) -> None:
    done = await play("minstrel", lambda question: "" if "<parts>" in question else "<part>Mind the level 5.</part>")
    assert len(done.made_by("minstrel")[0].program.main.sections) == 5


async def test_meta_prompting_shows_no_row_and_val_chooses(play: Any) -> None:
    levels = iter((2, 7, 4, 5, 1, 6))
    done = await play("meta-prompting", lambda _: f"<prompt>Tell whether it is even, level {next(levels)}.</prompt>")
    assert done.skills == {"rewritten": 6}
    assert not any("number 1" in text for text in done.asked("rewritten"))
    assert "level 7" in done.candidates[done.best].program.main.instruction


@pytest.mark.parametrize("form", rewriter_profiles())
async def test_each_form_of_a_rewriter_is_sent_alone_and_its_reply_is_put_where_it_belongs(
    play: Any, form: str
) -> None:
    done = await play(
        "rewriter",
        lambda text: "Look closely at the last digit of it, level 8." if "even" in text else "",
        settings={"rewriter.form": form},
        budget=Budget(target_calls=150),
    )
    made = done.made_by("rewriter")[0].program.main
    asked = [turn.messages[0]["content"] for turn in done.dialogue]
    assert all("Say even or odd." in text for text in asked[:4])
    match rewriter_profiles()[form].keep:
        case "replace":
            assert made.instruction == "Look closely at the last digit of it, level 8."
        case "append":
            assert made.instruction.startswith("Say even or odd.\n\n")
            assert asked[0] == "Say even or odd."
        case "system":
            assert made.system.endswith("level 8.")
    assert done.mean(done.best) > done.mean(next(iter(done.candidates))) + 0.2


async def test_a_template_of_ones_own_gets_a_row_that_went_wrong(play: Any) -> None:
    mine = '"RAW: {prompt} GOT: {output} WANTED: {expected}"'
    reply = "<prompt>Say what it is, at level 6.</prompt>"
    done = await play("rewriter", lambda _: reply, settings={"rewriter.template": mine})
    assert re.fullmatch(r"RAW: Say even or odd\. GOT: (even|odd) WANTED: (even|odd)", done.asked("rewritten")[0])


@pytest.mark.parametrize("template", ["no field", "{prompt} and {nonsense}"])
def test_a_template_that_cannot_be_filled_is_refused(template: str) -> None:
    with pytest.raises(Exception, match="template"):
        TrainedRewriter(template=template)


async def test_eccentric_measures_the_grid_and_then_an_author(play: Any) -> None:
    def fond(messages: Any) -> str:
        text = "\n".join(message["content"] for message in messages)
        row = int(re.findall(r"number (\d+)", messages[-1]["content"])[-1])
        right = row % 10 < 3 + 4 * ("fun" in text) + 2 * ("odd words" in text)
        return "even" if (row % 2 == 0) == right else "odd"

    author = lambda _: "<prompt>Speak odd words of parity now.</prompt>"  # noqa: E731
    done = await play("eccentric", author, target=fond, budget=Budget(target_calls=900))
    assert len(snippet_grid()) == 59
    assert len(done.made_by("snippets")) == 59
    best = done.candidates[done.best].program.main
    assert "fun" in best.system
    assert "odd words" in best.instruction


async def test_medprompt_shows_each_input_its_nearest_examples_with_reasoning_and_votes_over_orders(play: Any) -> None:
    kinds = ("apple tree", "iron nail")

    def row(number: int) -> tuple[str, str]:
        kind = kinds[number % 2]
        return f"number {number}: the {kind} is what?\nA) living\nB) dead\nC) neither", "AB"[number % 2]

    def knows(messages: Any) -> str:
        """Follows the examples where they are of the input's kind, else takes the first option."""
        text, asked = "\n".join(one["content"] for one in messages), messages[-1]["content"]
        if "final answer yet" in text:
            return "trees live and nails do not"
        kind = next(one for one in kinds if one in asked.rpartition("number")[2])
        like = sum(one["content"].count(kind) for one in messages[:-1] if one["role"] == "user")
        wanted = "living" if kind == kinds[0] else "dead"
        return next(line[0] for line in asked.splitlines() if line[1:] == f") {wanted}") if like >= 3 else "A"

    done = await play(
        "medprompt",
        lambda question: "<reasoning>Look at what it is made of.</reasoning>",
        target=knows,
        row=row,
        answer=AnswerContract(type="choice"),
        budget=Budget(target_calls=900),
    )
    (pool,) = done.made_by("nearest-demos")
    assert len(pool.program.main.demos) == 20
    assert pool.program.main.format.nearest == 5
    assert done.mean(pool.id) == 1.0
    (shuffle,) = done.made_by("option-shuffle")
    assert shuffle.program.main.format.shuffles == 5
    assert done.report.best.score == 1.0


async def test_adaptive_finds_a_technique_for_each_region(play: Any) -> None:
    words = {"film": "with its actor, camera and scene", "soup": "with its salt, spoon and bowl"}

    def row(number: int) -> tuple[str, str]:
        topic = tuple(words)[number % 2]
        return f"number {number}: the {topic} {words[topic]}", "good" if number // 2 % 2 else "bad"

    def target(messages: Any) -> str:
        text = "\n".join(one["content"] for one in messages)
        number = int(re.findall(r"number (\d+)", text)[-1])
        helps = "script" in text if "film" in row(number)[0] else "our task" in text or "In each case" in text
        said = row(number)[1]
        return said if helps or number % 10 < 2 else "bad" if said == "good" else "good"

    settings = {"regions.most": "2", "technique.names": '["script", "task-agnostic-prefix", "zero-shot-cot"]'}
    done = await play("adaptive", lambda _: "", target=target, row=row, settings=settings)
    best = done.candidates[done.best].program
    assert best.router is not None
    assert best.router.kind == "centroid"
    assert done.report.best.score == 1.0
    assert done.author_calls == 0
