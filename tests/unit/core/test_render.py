"""Rendering: pure, nothing lost, and what candidates share comes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.dataset import Example
from maieutic.core.prompt import Branch, Demo, Format, Prompt, Section, placeholders_in, with_literals
from maieutic.core.render import fill_template, instruction_text, messages_as_text, render, template_values

plain = st.text(alphabet=st.characters(blacklist_characters="{}", blacklist_categories=("Cs",)), max_size=30)
filled = plain.filter(lambda text: bool(text.strip()))
formats = st.builds(
    Format,
    placement=st.sampled_from(["user", "system", "first"]),
    demos=st.sampled_from(["turns", "text"]),
    input_prefix=plain,
    output_prefix=plain,
    answer_hint=plain,
)
prompts = st.builds(
    Prompt,
    system=plain,
    instruction=filled,
    principles=st.lists(filled, max_size=2).map(tuple),
    sections=st.lists(st.builds(Section, name=filled, text=filled), max_size=2).map(tuple),
    demos=st.lists(st.builds(Demo, input=filled, output=filled), max_size=2).map(tuple),
    format=formats,
)


@given(prompt=prompts, text=filled)
def test_every_part_and_the_input_are_said(prompt: Prompt, text: str) -> None:
    messages = render(prompt, Example(input=text))
    said = messages_as_text(messages)
    for part in (prompt.system, prompt.instruction, *prompt.principles, prompt.format.answer_hint, text):
        assert part in said
    for demo in prompt.demos:
        assert demo.input in said
        assert demo.output in said
    assert messages == render(prompt, Example(input=text))


@given(prompt=prompts, text=filled)
def test_roles_take_turns_and_the_input_comes_last(prompt: Prompt, text: str) -> None:
    messages = render(prompt, Example(input=text))
    turns = [message["role"] for message in messages if message["role"] != "system"]
    assert turns == ["user", "assistant"] * (len(turns) // 2) + ["user"]
    assert [message["role"] for message in messages].index("user") <= 1
    assert text in messages[-1]["content"]


@given(prompt=prompts, one=filled, other=filled)
def test_two_inputs_share_all_but_the_last_message(prompt: Prompt, one: str, other: str) -> None:
    assert render(prompt, Example(input=one))[:-1] == render(prompt, Example(input=other))[:-1]


def test_placeholders_are_filled_and_nothing_is_appended() -> None:
    prompt = Prompt(instruction='Is {claim} true of {input}? Say {{"a": 1}}.')
    example = Example(input={"claim": "X", "text": "T"})
    assert prompt.placeholders == ("claim", "input")
    assert render(prompt, example) == [
        {"role": "user", "content": 'Is X true of claim: X\ntext: T? Say {"a": 1}.'},
    ]


def test_what_is_filled_in_is_not_filled_again() -> None:
    assert fill_template("{a} {b} {c} {{a}}", {"a": "{b}", "b": "B"}) == "{b} B {c} {a}"


@given(text=plain)
def test_text_without_braces_is_left_alone(text: str) -> None:
    assert fill_template(text, {"a": "b"}) == text
    assert placeholders_in(text) == ()


@pytest.mark.parametrize(
    ("casing", "said"), [("as-is", "very Good"), ("lower", "very good"), ("upper", "VERY GOOD"), ("title", "Very Good")]
)
def test_demos_are_written_in_the_casing(casing: str, said: str) -> None:
    prompt = Prompt(
        instruction="Judge.",
        demos=(Demo(input="d", output="very Good"),),
        format=Format.model_validate({"casing": casing}),
    )
    assert render(prompt, Example(input="x"))[1] == {"role": "assistant", "content": said}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("1234567 + 89012, or 999?", "1,234,567 + 89,012, or 999?"),
        ("1234.56789 and -20000.", "1,234.56789 and -20,000."),
        ("12,345 AB1234 0123 v1.2345 12345,678", "12,345 AB1234 0123 v1.2345 12345,678"),
    ],
)
def test_long_numbers_of_inputs_are_grouped_from_the_right(given: str, said: str) -> None:
    style = Format(numbers="grouped")
    assert render(Prompt(instruction="Add.", format=style), Example(input=given))[0]["content"] == f"Add.\n\n{said}"
    filled = Prompt(instruction="Add {input}!", demos=(Demo(input="5000", output="5000"),), format=style)
    messages = [one["content"] for one in render(filled, Example(input=given))]
    assert messages == ["Add 5,000!", "5000", f"Add {said}!"]


def test_branches_are_nested_and_the_rationale_stands_before_the_output() -> None:
    inner = Branch(when="it is short", then="say so")
    prompt = Prompt(
        instruction="Judge.",
        branches=(Branch(when="it is a poem", then="read aloud", branches=(inner,)),),
        demos=(Demo(input="d", output="good", rationale="since it rhymes"),),
    )
    assert instruction_text(prompt) == "Judge.\n\n- If it is a poem: read aloud\n  - If it is short: say so"
    assert render(prompt, Example(input="x"))[1]["content"] == "since it rhymes\ngood"


def test_values_of_a_mapping_are_its_fields_and_the_whole() -> None:
    assert template_values(Example(input={"a": 1, "b": "x"})) == {"input": "a: 1\nb: x", "a": "1", "b": "x"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{"team": {"name": "{team}"}} for {a}', '{"team": {"name": "{team}"}} for A'),
        ('{{"team": {{"name": 1}}}} for {a}', '{"team": {"name": 1}} for A'),
        ('{"a":{"b":{"c":1}}}', '{"a":{"b":{"c":1}}}'),
        ("{{{a}}}", "{A}"),
        ("}} {", "}} {"),
        ("[{{a}}]", "[{a}]"),
    ],
)
def test_braces_that_are_no_placeholder_are_literal(template: str, text: str) -> None:
    assert fill_template(template, {"a": "A"}) == text


def test_a_name_that_no_field_provides_is_text_and_the_input_follows() -> None:
    prompt = with_literals(Prompt(instruction="Answer with TEAM={team}."), {"input"})
    assert (prompt.literals, prompt.placeholders) == (("team",), ())
    assert Prompt.model_validate(prompt.parts()) == prompt
    (message,) = render(prompt, Example(input="where is it?"))
    assert message["content"] == "Answer with TEAM={team}.\n\nwhere is it?"
    both = with_literals(Prompt(instruction="TEAM={team} for {input}"), {"input"})
    assert both.placeholders == ("input",)
    assert render(both, Example(input="it"))[0]["content"] == "TEAM={team} for it"
    assert "literals" not in Prompt(instruction="x").parts()
