"""Exports: what goes out is what Maieutic itself would send."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.program import Program
from maieutic.core.prompt import Branch, Demo, Format, Prompt, Section
from maieutic.core.render import program_text, render
from maieutic.core.routing import Router
from maieutic.plugins.exporters.json_file import JsonExporter, load_json
from maieutic.plugins.exporters.langchain import LangChainExporter, load_chain, read_messages
from maieutic.plugins.exporters.text import TextExporter
from maieutic.plugins.system.registry import Registry

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


def test_several_prompts_become_several_templates() -> None:
    prompts = {"ask": Prompt(instruction="Ask."), "check": Prompt(system="Check {{it}}.")}
    exported = LangChainExporter().export(Program(prompts=prompts), "task", None)
    for name, prompt in prompts.items():
        assert read_messages(exported, Example(input="x"), name) == render(prompt, Example(input="x"))


ROUTED = Program(
    prompts={"a": Prompt(instruction="Film?"), "b": Prompt(instruction="Food?", demos=(Demo(input="i", output="o"),))},
    router=Router(anchors={"a": ("a fine film",), "b": ("tasty food",)}),
)


def _echo() -> Any:
    from langchain_core.language_models import GenericFakeChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import RunnableLambda

    def say(prompt: Any) -> Any:
        last = prompt.to_messages()[-1].text
        return GenericFakeChatModel(messages=iter([AIMessage(last.partition("?")[0])])).invoke(prompt)

    return RunnableLambda(say)


def test_a_routed_program_runs_in_langchain_as_it_does_here() -> None:
    exported = LangChainExporter().export(ROUTED, "task", None)
    chain = load_chain(exported, _echo())
    for text in ("what a film", "food, tasty", "nothing known"):
        (name,) = ROUTED.prompts_for(text)
        assert read_messages(exported, Example(input=text), name) == render(ROUTED.prompts[name], Example(input=text))
        assert chain.invoke({"input": text}).text == {"a": "Film", "b": "Food"}[name]


def test_a_vote_runs_in_langchain() -> None:
    prompts = {name: Prompt(instruction=f"{said}?") for name, said in zip("abc", ("No", "yes", "Yes"), strict=True)}
    exported = LangChainExporter().export(Program(prompts=prompts, router=Router(kind="vote")), "task", None)
    assert load_chain(exported, _echo()).invoke({"input": "x"}).text == "yes"


def test_plain_programs_become_chains_too() -> None:
    exported = LangChainExporter().export(Program.of("Say?"), "task", None)
    assert load_chain(exported, _echo()).invoke({"input": "x"}).text == "Say"


def test_text_tells_how_a_prompt_is_chosen() -> None:
    text = TextExporter().export(ROUTED, "task", None)
    assert "=== a ===\nFilm?" in text
    assert "- b: 1 texts, such as tasty food" in text
    voting = TextExporter().export(ROUTED.model_copy(update={"router": Router(kind="vote")}), "task", None)
    assert "most frequent answer wins" in voting
    assert program_text(ROUTED).endswith("such as tasty food")


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
        ("{", "not valid JSON"),
        ("[]", "not an exported program"),
        ('{"format": "other"}', "not an exported program"),
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


def test_digits_that_are_grouped_before_sending_are_told_or_refused() -> None:
    program = Program.of(Prompt(instruction="Add.", format=Format(numbers="grouped")))
    assert "12,345" in TextExporter().export(program, "sums", None)
    assert json.loads(JsonExporter().export(program, "sums", None))
    with pytest.raises(UsageError, match="digits"):
        LangChainExporter().export(program, "sums", None)
