"""Every skill has an instruction, and every instruction asks for what its ask and its reader know."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest
from maieutic.agents.instruction_leaks import leaked_instruction
from maieutic.agents.instructions import (
    REGISTERS,
    REPAIR_KEY,
    Instruction,
    Register,
    instruction_for,
    parse_instruction,
    shipped_instructions,
)
from maieutic.agents.parse.replies import parse_reply
from maieutic.core.asks import Ask
from maieutic.core.errors import RunFailed

ROOT = Path(__file__).parents[3]
MODULES = [
    import_module(".".join(("maieutic", *file.relative_to(ROOT).with_suffix("").parts)))
    for layer in ("agents", "plugins")
    for file in sorted((ROOT / layer).rglob("*.py"))
    if "(Ask[" in file.read_text(encoding="utf-8")
]
ASKS = [
    one
    for module in MODULES
    for _, one in inspect.getmembers(module, inspect.isclass)
    if issubclass(one, Ask) and "skill" in vars(one) and one.__module__ == module.__name__
]
FRONT = '+++\nrole = "critic"\nskill = "x"\nversion = 1\ntags = ["a"]\nform = "<a>…</a>"\n+++\n'


def test_all_asks_are_found() -> None:
    assert len(ASKS) >= 9


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.skill)
def test_a_skill_has_an_instruction_that_knows_its_fields(ask: type[Ask]) -> None:
    plain, full = (instruction_for(ask.role, ask.skill, register) for register in REGISTERS)
    assert plain.fields
    known = {*ask.model_fields, "aim", "tried"}
    assert set(plain.fields) <= (set(ask.model_fields) if plain is not full else known), "the ask does not have it"
    assert set(full.fields) <= known, "a placeholder that the ask does not have"
    assert set(ask.model_fields) <= {*plain.fields, *full.fields}, "a field that is never shown"
    assert set(plain.fields) <= {*full.fields}, "a capable model is told no less than a small one"


ALL_SHIPPED = [told for register in REGISTERS for told in shipped_instructions(register).values()]


@pytest.mark.parametrize("told", ALL_SHIPPED, ids=lambda told: told.name)
def test_the_form_names_the_tags(told: Instruction) -> None:
    for tag in told.tags:
        assert f"<{tag}>" in told.form
        assert f"<{tag}>" in told.body


@pytest.mark.parametrize("register", REGISTERS)
@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.skill)
def test_a_repeated_sample_or_form_is_no_answer(ask: type[Ask], register: Register) -> None:
    told = instruction_for(ask.role, ask.skill, register)
    asked = ask.model_construct(count=3, steps=4)
    tag = told.tags[0] if told.tags else ask.skill
    echo = "\n".join(f"<{tag}>{sample}</{tag}>" for sample in told.samples)
    assert parse_reply(asked, echo or told.form, samples=told.samples, tags=told.tags) is None
    assert parse_reply(asked, told.form, samples=told.samples, tags=told.tags) is None


@pytest.mark.parametrize("told", ALL_SHIPPED, ids=lambda told: told.name)
def test_an_instruction_in_a_prompt_is_found(told: Instruction) -> None:
    if told.form:
        assert leaked_instruction(f"Classify the review.\n{told.body.upper()}") is not None


def test_paragraphs_without_evidence_are_left_out() -> None:
    told = parse_instruction(f"{FRONT}Head.\n\nSeen:\n{{failures}}\n\nPrompt: {{prompt}}\n{{hints}}", where="here")
    assert told.fill({"prompt": "P {failures}", "failures": "", "hints": ""}) == "Head.\n\nPrompt: P {failures}\n"


@pytest.mark.parametrize("text", ["no front", "+++\nrole = 1\n+++\nx", f"{FRONT.replace('version', 'verzion')}x"])
def test_a_broken_file_is_named(text: str) -> None:
    with pytest.raises(RunFailed) as error:
        parse_instruction(text, where="critic.x.v1.md")
    assert error.value.where == "critic.x.v1.md"


def test_an_unwritten_skill_says_which_are_written() -> None:
    with pytest.raises(RunFailed) as error:
        instruction_for("critic", "sing")
    assert "critic.gradient" in error.value.possible
    assert REPAIR_KEY in error.value.possible
