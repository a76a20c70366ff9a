"""Texts that are no prompts: instructions of their own, and replies of which every character is kept."""

from __future__ import annotations

import pytest
from maieutic.agents.asks.common import EditPrompt, FindReasons
from maieutic.agents.asks.replies import PromptReply
from maieutic.agents.kind_instructions import instruction_of_kind, kind_instructions
from maieutic.agents.parse.replies import parse_reply
from maieutic.core.prompt import TEXT_KINDS, TextKind
from maieutic.plugins.operators.reflective_mutation import ReflectOnCases

FUNCTION = 'def f(x):\n    """Doc."""\n    return {x: f"{x}{{}}", "prompt": "<b>"}'


def test_each_kind_but_prose_has_its_own_words_for_what_its_operators_ask() -> None:
    kinds = [kind for kind in TEXT_KINDS if kind != "prose"]
    assert set(kind_instructions()) == {(kind, f"student.{skill}") for kind in kinds for skill in ("reflect", "edit")}
    assert instruction_of_kind("prose", "student", "edit") is None


@pytest.mark.parametrize(("kind", "key"), list(kind_instructions()))
def test_an_instruction_shows_every_field_of_its_ask(kind: TextKind, key: str) -> None:
    instruction = kind_instructions()[kind, key]
    ask = {"student.reflect": ReflectOnCases, "student.edit": EditPrompt}[key]
    assert set(ask.model_fields) - set(instruction.fields) <= {"kind"}
    assert set(instruction.fields) <= set(ask.model_fields)
    for tag in instruction.tags:
        assert f"<{tag}>" in instruction.body
        assert f"<{tag}>" in instruction.form


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (f"<text>\n{FUNCTION}\n</text>", FUNCTION),
        (f"Sure! Here it is:\n<text>\n```python\n{FUNCTION}\n```\n</text>\nI hope this helps.", FUNCTION),
        (f"The loop is wrong.\n```python\n{FUNCTION}\n```\nIt adds a case.", FUNCTION),
        (f"```python\nold = 1\n```\nbecomes\n```python\n{FUNCTION}\n```", FUNCTION),
        ("<text>\n    indented: true\n</text>", "    indented: true"),
        (r"<text>^\d{4}-(?P<month>\d\d)$</text>", r"^\d{4}-(?P<month>\d\d)$"),
        (r"<text>`\d+`</text>", r"\d+"),
        (r"\d{4}-\d{2}", r"\d{4}-\d{2}"),
        ("<prompt>a{2,3}</prompt>", "a{2,3}"),
        ("<text>a\n\n\nb  \n</text>", "a\n\n\nb"),
        (f"<text>\n{FUNCTION}", None),
        ("I am sorry, I cannot.", None),
        ("The pattern should also match dates with slashes in them.", None),
        ("<text>...</text>", None),
        ("<text></text>", None),
    ],
)
def test_a_text_of_code_is_taken_as_it_stands(reply: str, text: str | None) -> None:
    ask = ReflectOnCases(task="", prompt="x")
    parsed = parse_reply(ask, reply, tags=("text",), kind="code")
    assert (parsed.prompt if isinstance(parsed, PromptReply) else None) == text


def test_of_a_reply_that_was_cut_only_a_closed_block_counts() -> None:
    ask = ReflectOnCases(task="", prompt="x")
    assert parse_reply(ask, r"\d+", tags=("text",), kind="code", cut=True) is None
    assert parse_reply(ask, f"<text>{FUNCTION}</text> and", tags=("text",), kind="code", cut=True) is not None


def test_notes_may_be_unmarked_and_reasons_are_read_as_ever() -> None:
    notes = parse_reply(
        ReflectOnCases(task="", prompt="x"), "- Ask for the id first.\n- Then look it up.", kind="playbook"
    )
    assert isinstance(notes, PromptReply)
    assert notes.prompt == "- Ask for the id first.\n- Then look it up."
    reasons = parse_reply(FindReasons(prompt="x"), "<reason>It misses the year.</reason>", kind="code")
    assert reasons is not None
    assert reasons.reasons == ("It misses the year.",)  # type: ignore[attr-defined]
