"""Every export is read back as the same messages, or refused with the formats that are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.core.errors import UsageError
from maieutic.core.message_template import merged_turns, message_templates
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Format, Prompt
from maieutic.core.routing import Router
from maieutic.plugins.exporters.text import TextExporter
from maieutic.plugins.system.registry import Registry
from maieutic.runtime.tasks.prompt_files import READABLE_FORMATS, read_program, read_program_file

from .conftest import prompts_of

odd_words = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("{input}", "{", "}", "{{", "}}", "{{input}}", "{{{{q}}}}", "{topic}", '{"a": {"b": 1}}'),
                *("\n", "\n\n", "[user]", "\n[user]\n", "\n\\[system]\n", "=== a ===", "# x", "{% if x %}", "«input»"),
            ]
        ),
        st.text(max_size=6),
    ),
    max_size=4,
).map("".join)
prompts = prompts_of(odd_words, odd_words)
PLAIN = Prompt(instruction="Praise or pan? {as JSON}")
SHOTS = Prompt(
    system="You judge films.",
    instruction="Praise or pan? Write {{}}.",
    demos=(Demo(input="a {fine} film", output="praise"), Demo(input="two\n[user]\nlines", output="pan")),
    format=Format(input_prefix="Film: "),
)
FIELDS = Prompt(system="Of {topic}.", instruction="Say {topic} for {input}.", demos=(Demo(input="x", output="y"),))


def export(name: str, program: Program) -> str:
    return str(Registry(closed=True).create("exporter", name).export(program, "task", None))


def suffix(name: str) -> str:
    return str(Registry(closed=True).create("exporter", name).suffix)


def turns(prompt: Prompt) -> Any:
    return merged_turns(message_templates(prompt))


@pytest.mark.parametrize("name", READABLE_FORMATS)
@settings(max_examples=60, deadline=None)
@given(prompt=prompts)
def test_an_export_is_read_as_the_same_messages_or_refused(name: str, prompt: Prompt) -> None:
    refusal = None
    try:
        text = export(name, Program.of(prompt))
        program = read_program(text, Path(f"best{suffix(name)}"))
    except UsageError as error:
        refusal = error
    if refusal is None:
        assert turns(program.main) == turns(prompt)
    else:
        assert name != "json"
        assert "json" in f"{refusal.remedy} {refusal.possible}"


@pytest.mark.parametrize("name", READABLE_FORMATS)
@pytest.mark.parametrize("prompt", [PLAIN, SHOTS, FIELDS], ids=["plain", "shots", "fields"])
def test_usual_prompts_are_never_refused(name: str, prompt: Prompt, tmp_path: Path) -> None:
    path = tmp_path / f"best{suffix(name)}"
    path.write_text(export(name, Program.of(prompt)), encoding="utf-8")
    assert turns(read_program_file(path).main) == turns(prompt)


def test_worked_examples_become_a_transcript() -> None:
    text = export("text", Program.of(SHOTS))
    assert text.startswith("[system]\nYou judge films.\n\n[user]\n")
    assert "\n\\[user]\n" in text
    assert text.endswith("Film: {input}\n")
    assert export("text", Program.of(PLAIN)) == "Praise or pan? {as JSON}\n\n{input}\n"


@pytest.mark.parametrize("name", ["markdown", "promptfoo", "jinja2", "python", "dspy"])
def test_formats_for_other_programs_are_refused_by_their_name(name: str) -> None:
    text = export(name, Program.of(PLAIN))
    assert f"maieutic export: {name}" in text
    for path in (f"best{suffix(name)}", "renamed.txt"):
        with pytest.raises(UsageError, match=f"in the format {name}") as caught:
            read_program(text, Path(path))
        assert "--format json" in str(caught.value.remedy)


def test_several_parts_as_text_are_refused() -> None:
    two = {"a": Prompt(instruction="A"), "b": Prompt(instruction="B")}
    routed = Program(prompts=two, router=Router(kind="vote"))
    grouped = Program.of(Prompt(instruction="Add.", format=Format(numbers="grouped")))
    for program in (Program(prompts=two), routed, grouped):
        with pytest.raises(UsageError, match="several parts"):
            read_program(TextExporter().export(program, "task", None), Path("best.txt"))
    assert sorted(read_program(export("openai", Program(prompts=two)), Path("best.json")).prompts) == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("p.yaml", "prompts: [x]", "a file of YAML is no prompt"),
        ("p.py", "PROMPT = 'x'", "a file of Python is no prompt"),
        ("p.csv", "a,b", "a file of a table is no prompt"),
        ("p.txt", "[user]\na\n\n[assistant]\nb", "the messages are by user, assistant"),
        ("p.txt", "[user]\na\n\n[assistant]\nb\n\n[user]\nc", "cannot be told from the question"),
        ("p.json", "{", "not valid JSON"),
        ("p.json", '{"a": 1}', "not an exported program"),
        ("p.json", '{"messages": [{"role": "tool", "content": "x"}]}', "the messages are by tool"),
    ],
)
def test_what_is_no_prompt_is_refused(name: str, text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        read_program(text, Path(name))


def test_chat_messages_of_other_tools_are_prompts() -> None:
    body = {"messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Of {{ topic }}:"}]}
    prompt = read_program(json.dumps(body), Path("chat.json")).main
    assert (prompt.system, prompt.instruction) == ("Be brief.", "Of {topic}:")
    plain = read_program('{"messages": [{"role": "user", "content": "Sort it."}]}', Path("chat.json")).main
    assert plain == Prompt(instruction="Sort it.")
    assert read_program("{x} is how?", Path("p.txt")).main.instruction == "{x} is how?"
