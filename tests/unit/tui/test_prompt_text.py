"""What is copied of a prompt: no row of the data, and everything that is sent."""

from __future__ import annotations

from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Prompt, Section
from maieutic.tui.lines.prompt_text import takeaway_text


def test_a_plain_prompt_stands_alone_with_a_place_for_the_input() -> None:
    assert takeaway_text(Program.of("Name the colour.")) == "Name the colour.\n\n{input}"


def test_placeholders_and_sections_stay() -> None:
    prompt = Prompt(instruction="Sort {ticket} for {team}.", sections=(Section(name="Rules", text="Be brief."),))
    text = takeaway_text(Program.of(prompt))
    assert "Sort {ticket} for {team}." in text
    assert "Be brief." in text


def test_worked_examples_are_turns() -> None:
    text = takeaway_text(Program.of(Prompt(instruction="Name it.", demos=(Demo(input="sky", output="blue"),))))
    assert text == "[user]\nName it.\n\nsky\n\n[assistant]\nblue\n\n[user]\nName it.\n\n{input}"


def test_each_of_several_prompts_has_its_name() -> None:
    program = Program(prompts={"read": Prompt(instruction="Read."), "sort": Prompt(instruction="Sort.")})
    text = takeaway_text(program)
    assert text.startswith("== read ==\nRead.")
    assert "== sort ==\nSort." in text
