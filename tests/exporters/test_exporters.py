"""Exports: what goes out is what Maieutic itself would send."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.core.errors import UsageError
from maieutic.core.example import Example
from maieutic.core.program import Program, Router
from maieutic.core.prompt import Branch, Demo, Format, Prompt, Section
from maieutic.core.render import render
from maieutic.plugins.exporters.json_file import JsonExporter, load_json
from maieutic.plugins.exporters.langchain import LangChainExporter, read_messages
from maieutic.plugins.exporters.text import TextExporter
from maieutic.plugins.registry import Registry

awkward = st.one_of(
    st.sampled_from(
        [
            "{input}",
            "{",
            "}",
            "{{",
            "}}",
            "{{{",
            "{}",
            "{0}",
            "{a.b}",
            "{x!r:>3}",
            "{{input}}",
            "{{{{q}}}}",
            "«input»",
            "%s",
            "$x",
        ]
    ),
    st.text(max_size=12),
)
texts = st.lists(awkward, max_size=4).map("".join)
asking = st.lists(st.one_of(awkward, st.sampled_from(["{input}", "{question}"])), max_size=5).map("".join)
said = st.lists(awkward, min_size=1, max_size=4).map("".join).filter(bool)
demos = st.builds(Demo, input=texts, output=texts, rationale=st.none() | texts)
formats = st.builds(
    Format,
    placement=st.sampled_from(["user", "system", "first"]),
    demos=st.sampled_from(["turns", "text"]),
    input_prefix=texts,
    output_prefix=texts,
    separator=st.sampled_from(["\n\n", "\n", " {} ", "###"]),
    answer_hint=texts,
    casing=st.sampled_from(["as-is", "lower", "upper", "title"]),
)
prompts = st.builds(
    Prompt,
    system=asking,
    instruction=asking,
    sections=st.lists(st.builds(Section, name=texts, text=texts), max_size=2).map(tuple),
    principles=st.lists(texts, max_size=2).map(tuple),
    branches=st.lists(st.builds(Branch, when=texts, then=texts), max_size=2).map(tuple),
    demos=st.lists(demos, max_size=3).map(tuple),
    format=formats,
)


@settings(max_examples=200, deadline=None)
@given(prompts, said, said)
def test_langchain_sends_exactly_what_maieutic_sends(prompt: Prompt, text: str, question: str) -> None:
    asked = prompt.placeholders and prompt.placeholders != ("input",)
    example = Example(input={"input": text, "question": question} if asked else text)
    exported = LangChainExporter().export(Program.of(prompt), "task", None)
    assert read_messages(exported, example) == render(prompt, example)


@pytest.mark.parametrize("placement", ["user", "system", "first"])
@pytest.mark.parametrize("style", ["turns", "text"])
@pytest.mark.parametrize("instruction", ["Sort it as {{json}}.", "Sort {input} as {{json}}."])
def test_every_placement_and_demo_style_survives(placement: str, style: str, instruction: str) -> None:
    prompt = Prompt(
        system="You say {{ and }}.",
        instruction=instruction,
        demos=(Demo(input="{input}", output='{"a": "ü"}'), Demo(input="two", output="{}", rationale="since {x}")),
        format=Format(placement=placement, demos=style, input_prefix="Q: ", output_prefix="A:", answer_hint="As {}."),  # type: ignore[arg-type]
    )
    exported = LangChainExporter().export(Program.of(prompt), "task", None)
    for text in ("plain", "{input} {{x}} «Q»", "日本語\n}{"):
        assert read_messages(exported, Example(input=text)) == render(prompt, Example(input=text))


def test_rows_of_several_fields_fill_the_template() -> None:
    prompt = Prompt(system="Read {context}.", instruction="Then answer {question} in {{braces}}.")
    example = Example(input={"context": "{c}", "question": "q?"})
    exported = LangChainExporter().export(Program.of(prompt), "task", None)
    assert read_messages(exported, example) == render(prompt, example)


def test_several_prompts_become_several_templates_and_a_router_is_refused() -> None:
    prompts = {"ask": Prompt(instruction="Ask."), "check": Prompt(system="Check {{it}}.")}
    exported = LangChainExporter().export(Program(prompts=prompts), "task", None)
    for name, prompt in prompts.items():
        assert read_messages(exported, Example(input="x"), name) == render(prompt, Example(input="x"))
    with pytest.raises(UsageError, match="router"):
        LangChainExporter().export(Program(prompts=prompts, router=Router()), "task", None)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["prompt", "a", "b"]), prompts, min_size=1), st.booleans())
def test_json_gives_the_same_program_back(parts: dict[str, Prompt], routed: bool) -> None:
    program = Program(prompts=parts, router=Router(anchors={"a": ("x",)}) if routed else None)
    back = load_json(JsonExporter().export(program, "task", None))
    assert back.id == program.id
    assert back.parts() == program.parts()
    assert list(back.prompts) == list(program.prompts)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "no JSON"),
        ("[]", "no exported program"),
        ('{"format": "other"}', "no exported program"),
        ('{"format": "maieutic-program", "version": 9}', "version 9"),
        ('{"format": "maieutic-program", "version": 1}', "cannot be read"),
        (
            '{"format": "maieutic-program", "version": 1, "program": {"prompts": {"p": {"sytem": ""}}}}',
            "cannot be read",
        ),
    ],
)
def test_what_is_no_export_is_named(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        load_json(text, where="best.json")
    assert (caught.value.where or "").startswith("best.json")


def test_text_is_what_is_said_with_the_slot_shown() -> None:
    export = TextExporter().export
    assert export(Program.of("Is it good?"), "task", None) == "Is it good?\n\n{input}\n"
    assert export(Program.of("Is {thing} good?"), "task", None) == "Is {thing} good?\n"
    system = Program.of(Prompt(system="Be brief.", instruction="Sort it."))
    assert export(system, "task", None) == "[system]\nBe brief.\n\n[user]\nSort it.\n\n{input}\n"
    two = Program(prompts={"a": Prompt(instruction="A"), "b": Prompt(instruction="B")})
    assert export(two, "task", None) == "=== a ===\nA\n\n{input}\n\n=== b ===\nB\n\n{input}\n"


def test_exporters_come_in_by_the_same_door() -> None:
    registry = Registry(closed=True)
    for name, suffix in {"text": ".txt", "json": ".json", "langchain": ".json"}.items():
        exporter = registry.create("exporter", name)
        assert (exporter.name, exporter.suffix) == (name, suffix)
        assert exporter.export(Program.of("Go."), "task", None).strip()


def test_json_says_which_task_it_is_for() -> None:
    body = json.loads(JsonExporter().export(Program.of("Go."), "tickets", None))
    assert (body["task"], body["report"]) == ("tickets", None)
