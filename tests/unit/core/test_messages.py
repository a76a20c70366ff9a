"""Messages with images and tools: their text, their spelling on the wire, and the keys of calls."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.images import image_url
from maieutic.core.messages import Message, ToolDefinition, from_wire, readable, to_wire
from maieutic.core.models import Call, ModelRef
from maieutic.core.prompt import Prompt
from maieutic.core.render import messages_as_text, render

PIXEL = "data:image/png;base64,iVBORw0KGgo="
MODEL = ModelRef.parse("openai/x@http://h/v1")
PLAIN: tuple[Message, ...] = ({"role": "system", "content": "a"}, {"role": "user", "content": "b"})
CALLS = [{"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"q": "x"}'}}]


@pytest.mark.parametrize(
    "turn",
    [
        {"role": "user", "content": "plain"},
        {"role": "assistant", "content": None, "tool_calls": CALLS},
        {"role": "assistant", "content": "let me look", "tool_calls": CALLS},
        {"role": "tool", "content": "found", "tool_call_id": "c1"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "what is this"},
                {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
            ],
        },
    ],
)
def test_what_openai_spells_is_read_and_written_alike(turn: dict[str, Any]) -> None:
    assert dict(to_wire(from_wire(turn))) == turn


def test_the_text_of_every_message_is_its_content() -> None:
    image = from_wire({"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "image", "url": PIXEL}]})
    assert image["content"] == "look"
    assert readable(image) == "look\n[image]"
    call = from_wire({"role": "assistant", "content": None, "tool_calls": CALLS})
    assert call["content"] == ""
    assert messages_as_text([call]) == '[assistant]\nsearch({"q": "x"})'
    assert from_wire({"role": "developer", "content": "x"}) == {"role": "system", "content": "x"}


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"type": "input_audio", "input_audio": {"data": "x"}}, "a message with audio"),
        ({"type": "file", "file": {"file_id": "f"}}, "a message with files"),
        ({"type": "hologram"}, "a part of type 'hologram'"),
    ],
)
def test_what_no_model_of_text_and_images_takes_is_refused_by_its_name(part: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        from_wire({"role": "user", "content": [part]})


def test_a_plain_call_keeps_the_key_that_its_paid_answer_is_stored_under() -> None:
    assert Call(model=MODEL, messages=PLAIN).key == "d9fac2c2dbc422284748a4d1869e91f4e4ce5555cfa936b41de8b794d4ed6b24"


def test_tools_form_and_images_are_part_of_the_key() -> None:
    tool = ToolDefinition(name="search", description="Finds things.")
    image: tuple[Message, ...] = ({**PLAIN[1], "parts": ({"type": "image", "url": PIXEL},)},)
    calls = [
        Call(model=MODEL, messages=PLAIN),
        Call(model=MODEL, messages=PLAIN, tools=(tool,)),
        Call(model=MODEL, messages=PLAIN, tools=(tool.model_copy(update={"description": "Finds hotels."}),)),
        Call(model=MODEL, messages=PLAIN, tools=(tool,), tool_choice="search"),
        Call(model=MODEL, messages=PLAIN, tools=(tool,), parallel_tool_calls=False),
        Call(model=MODEL, messages=PLAIN, response_format={"type": "json_object"}),
        Call(model=MODEL, messages=PLAIN[1:]),
        Call(model=MODEL, messages=image),
    ]
    assert len({call.key for call in calls}) == len(calls)


@pytest.mark.parametrize(
    ("value", "url"),
    [
        (PIXEL, PIXEL),
        ("https://a/b.png", None),
        ("a text", None),
        ({"image": "https://a/b.png"}, "https://a/b.png"),
        ({"type": "image_url", "image_url": {"url": PIXEL}}, PIXEL),
        ({"type": "input_image", "image_url": "https://a/b"}, "https://a/b"),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}, PIXEL),
        ({"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"}, PIXEL),
        ({"type": "file", "data": "x"}, None),
        ({"name": "Ada"}, None),
    ],
)
def test_images_are_known_in_their_usual_spellings(value: Any, url: str | None) -> None:
    assert image_url(value) == url


def test_an_image_of_an_example_is_a_mark_in_texts_and_a_part_of_the_last_message() -> None:
    example = Example(input={"question": "How many cats?", "photo": {"image": "https://a/cats.png"}}, outputs=("2",))
    assert example.text == "question: How many cats?\nphoto: [image photo]"
    *_, last = render(Prompt(instruction="Look closely."), example)
    assert last["content"] == "Look closely.\n\nquestion: How many cats?\nphoto: [image photo]"
    assert last["parts"] == (
        {"type": "text", "text": last["content"]},
        {"type": "image", "url": "https://a/cats.png"},
    )
    *_, filled = render(Prompt(instruction="{question} in {photo}"), example)
    assert filled["content"] == "How many cats? in [image photo]"


def test_a_tool_that_is_no_function_is_refused() -> None:
    with pytest.raises(UsageError, match="a tool of type 'web_search'"):
        ToolDefinition.from_wire({"type": "web_search"})
    assert ToolDefinition.from_wire(ToolDefinition(name="x").to_wire()) == ToolDefinition(name="x")
