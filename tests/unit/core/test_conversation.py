"""An input that is a conversation keeps its roles: the prompt and its worked examples stand before it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from maieutic.core.dataset import Example
from maieutic.core.prompt import Demo, Format, Prompt
from maieutic.core.render import render
from maieutic.runtime.tasks.column_values import conversation_input
from maieutic.runtime.tasks.loader import load_task
from maieutic.runtime.tasks.writer import write_task

TURNS: list[Any] = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Yes?"},
    {"role": "user", "content": "Sort {it}."},
]
OWN = {"role": "system", "content": "Be kind."}


def roles(prompt: Prompt, example: Example) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in render(prompt, example)]


def test_the_prompt_stands_before_the_turns() -> None:
    demo = Demo(input="i", output="o")
    prompt = Prompt(system="A", instruction="B {it}", demos=(demo,))
    turns = [(turn["role"], turn["content"]) for turn in TURNS]
    assert roles(prompt, Example(input=[OWN, *TURNS])) == [
        ("system", "A\n\nB {it}\n\nBe kind."),
        ("user", "i"),
        ("assistant", "o"),
        *turns,
    ]
    as_text = prompt.with_(format=Format(demos="text", output_prefix="O:").model_dump())
    assert roles(as_text, Example(input=TURNS)) == [("system", "A\n\nB {it}\n\ni\nO: o"), *turns]
    assert roles(Prompt(), Example(input=TURNS)) == turns


def test_fields_beside_the_turns_fill_the_prompt() -> None:
    example = Example(input={"product": "Acme", "messages": TURNS})
    assert roles(Prompt(instruction="You serve {product}."), example)[0] == ("system", "You serve Acme.")
    (only,) = roles(Prompt(instruction="Of {product}: {messages}"), example)
    assert only == ("user", "Of Acme: user: Hi\n\nassistant: Yes?\n\nuser: Sort {it}.")
    assert example.text.startswith("product: Acme\nuser: Hi")
    assert len(roles(Prompt(instruction="Read {input}"), Example(input=TURNS))) == 1


def test_tool_calls_and_results_stay() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    turns: list[Any] = [
        TURNS[0],
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "r"},
    ]
    sent = render(Prompt(instruction="P"), Example(input=turns))
    assert sent[2]["tool_calls"] == ({"id": "c", "name": "f", "arguments": "{}"},)
    assert (sent[3]["role"], sent[3]["tool_call_id"], sent[3]["content"]) == ("tool", "c", "r")


def test_a_conversation_survives_store_and_file(tmp_path: Any) -> None:
    example = Example(input=[OWN, *TURNS], outputs=("x",))
    assert Example.model_validate_json(example.model_dump_json()) == example
    others = [Example(input=[*TURNS[:2], {"role": "user", "content": f"{n}"}], outputs=("x",)) for n in range(5)]
    tables = {"name": "t", "prompt": "p"}
    task = load_task(write_task(tmp_path / "t", tables, {"train": [example, *others[:2]], "val": others[2:]}))
    assert task.data.train[0].conversation == example.conversation
    assert json.loads((tmp_path / "t" / "train.jsonl").read_text().splitlines()[0])["input"]["messages"][0] == OWN


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ([{"from": "human", "value": "q"}], "q"),
        (
            [{"from": "system", "value": "s"}, {"from": "human", "value": "q"}],
            {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]},
        ),
        ([{"role": "narrator", "content": "n"}, {"role": "user", "content": "q"}], "narrator: n\n\nuser: q"),
    ],
)
def test_rows_of_other_tools_become_messages(value: Any, read: Any) -> None:
    assert conversation_input(value) == read
