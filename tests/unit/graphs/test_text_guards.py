"""What a rewritten file, schema or playbook has to keep."""

from __future__ import annotations

import json

import pytest
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt, TextKind
from maieutic.core.task import Task
from maieutic.graphs.candidate_guards import candidate_id, rejection_reason
from maieutic.graphs.text_guards import structure_lost

PYTHON = "import re\n\ndef f(x):\n    return re.sub('{a}', '', x)\n"
SCHEMA = json.dumps(
    {"name": "find", "parameters": {"type": "object", "properties": {"title": {"type": "string", "description": "A."}}}}
)
SKILL = "---\nname: invoices\ndescription: Reads invoices.\n---\n\n# Steps\n\n1. Find the total."


@pytest.mark.parametrize(
    ("kind", "before", "after", "says"),
    [
        ("code", PYTHON, PYTHON.replace("return", "retrun"), "it is no Python any more"),
        ("code", PYTHON, PYTHON.replace("''", "'-'"), ""),
        ("code", r"\d+", r"(\d+", ""),  # whether a pattern is one, the user's function says
        ("code", "word", r"\bword\b", ""),
        ("code", 'a = 1\n[t]\nb = "x"', 'a = 1\n[t\nb = "x"', "it is no TOML any more"),
        ("code", '{"a": 1}', '{"a": 1,}', "it is no JSON any more"),
        ("schema", SCHEMA, SCHEMA.replace('"A."', '"The title, in full."'), ""),
        ("schema", SCHEMA, SCHEMA.replace('"title"', '"name"'), "it changes the schema itself"),
        ("schema", SCHEMA, SCHEMA.replace('"string"', '"integer"'), "it changes the schema itself"),
        ("schema", "Finds a book.", "Finds a book by its title.", ""),
        ("playbook", SKILL, SKILL.replace("Reads invoices.", "Reads invoices and receipts."), ""),
        ("playbook", SKILL, SKILL.partition("# Steps")[2], "it lost its head"),
        ("playbook", SKILL, SKILL.replace("name: invoices\n", ""), "its head lost name"),
        ("prose", SKILL, SKILL.replace("name: invoices", "name: bills"), "its head has another name: 'bills'"),
        ("prose", PYTHON, "Anything.", ""),
    ],
)
def test_structure(kind: TextKind, before: str, after: str, says: str) -> None:
    reason = structure_lost(Prompt(instruction=before, kind=kind), Prompt(instruction=after, kind=kind))
    assert reason.startswith(says) if says else reason == ""


def test_names_in_braces_are_fields_of_prose_alone() -> None:
    assert Prompt(instruction="Say {x}.").placeholders == ("x",)
    assert Prompt(instruction="f'{x}'", kind="code").placeholders == ()


def test_the_id_of_a_prompt_without_a_kind_is_what_it_was() -> None:
    assert "kind" not in Prompt(instruction="Say {x}.").parts()
    assert Prompt(instruction="a").id != Prompt(instruction="a", kind="code").id


def test_a_long_playbook_may_grow_and_an_instructions_words_may_stand_in_code() -> None:
    rows = [{"input": f"row {n}", "output": "x"} for n in range(4)]
    task = Task.create("Say.", train=rows[:2], val=rows[2:])
    notes = Prompt(instruction="- Look at the date first.\n" * 900, kind="playbook")
    task = task.model_copy(update={"program": Program.of(notes)})
    archive = Archive([Candidate(id=candidate_id(task.program), program=task.program, operator="start")])
    longer = Program.of(notes.with_(instruction=f"{notes.instruction}\n- Then at the name."))
    assert rejection_reason(longer, task, archive) == ""
    prose = task.model_copy(update={"program": Program.of("Say.")})
    assert "too long" in rejection_reason(Program.of(longer.main.with_(kind="prose")), prose, archive)
