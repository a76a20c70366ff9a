"""`maieutic serve` through the official client: the winning prompt in front of a model, streaming and not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Prompt
from maieutic.core.routing import Router
from maieutic.core.task import TargetSpec, Task
from maieutic.testing import StubServer

Stored = Callable[..., tuple[Path, Task]]
RUN = "20261121-100000-aaaa"
NAME = f"maieutic/{RUN}"
PLAIN = Program.of(Prompt(system="Be brief.", instruction="Judge.", demos=(Demo(input="a", output="good"),)))


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[str]:
    """The server as a process, until it is told to end."""
    command = [sys.executable, "-m", "maieutic", "serve", "--port", "0", "--json", "--folder", str(folder), *words]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "STUB_KEY": "client-key"}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, cwd=folder)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["model"] == NAME
        yield told["base"]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stdout is not None
        process.stdout.close()


def client(base: str, key: str = "client-key") -> openai.OpenAI:
    return openai.OpenAI(base_url=base, api_key=key, max_retries=0)


def ask(base: str, *said: tuple[str, str], model: str = NAME, **options: Any) -> Any:
    messages: Any = [{"role": role, "content": text} for role, text in said]
    with client(base) as one:
        return one.chat.completions.create(model=model, messages=messages, **options)


def streamed(base: str, text: str) -> list[Any]:
    with client(base) as one:
        with one.chat.completions.create(
            model=NAME, messages=[{"role": "user", "content": text}], stream=True
        ) as stream:
            return [part.choices[0] for part in stream]


def test_a_plain_prompt_stands_in_front_of_the_model(stored: Stored, stub: StubServer) -> None:
    folder, _ = stored(PLAIN)
    with serving(folder) as base:
        with client(base) as one:
            assert [model.id for model in one.models.list()] == [NAME, "stub"]
        said = ask(base, ("user", "b")).choices[0].message.content
        assert said == "system:Be brief. | user:Judge.\n\na | assistant:good | user:Judge.\n\nb"
        long = ask(base, ("system", "Mind."), ("user", "hi"), ("assistant", "ho"), ("user", "b"), max_tokens=7)
        assert long.choices[0].message.content == (
            "system:Be brief.\n\nMind. | user:Judge.\n\na | assistant:good | user:hi | assistant:ho | user:Judge.\n\nb"
        )
        assert long.usage.total_tokens > 0
        body = stub.seen.bodies[-1]
        assert (body["max_tokens"], body["temperature"], body["model"]) == (7, 0.0, "stub")
        assert ask(base, ("user", "b"), model="other").model == "other"
        assert stub.seen.bodies[-1]["model"] == "other"
        with client(base, "wrong") as wrong, pytest.raises(openai.AuthenticationError):
            wrong.chat.completions.create(model=NAME, messages=[{"role": "user", "content": "b"}])
        with pytest.raises(openai.BadRequestError, match="the last message must be the user's"):
            ask(base, ("user", "b"), ("assistant", "c"))


LOOKUP: Any = {"type": "function", "function": {"name": "lookup", "parameters": {"type": "object", "properties": {}}}}
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def test_a_conversation_with_tools_images_and_a_form_goes_through_whole(stored: Stored, stub: StubServer) -> None:
    folder, _ = stored(PLAIN)
    call = {"id": "c1", "type": "function", "function": {"name": "lookup", "arguments": "{}"}}
    image = {"type": "image_url", "image_url": {"url": PIXEL}}
    conversation: Any = [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "well"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "b"}, {"type": "image_url", "image_url": {"url": PIXEL}}],
        },
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "7"},
    ]
    form: Any = {"type": "json_object"}
    with serving(folder) as base, client(base) as opened:
        opened.chat.completions.create(model=NAME, messages=conversation, tools=[LOOKUP], response_format=form)
        body = stub.seen.bodies[-1]
        assert [message["role"] for message in body["messages"]] == [
            *("system", "user", "assistant"),
            *("user", "assistant", "user", "assistant", "tool"),
        ]
        assert body["messages"][-3]["content"] == [
            {"type": "text", "text": "Judge.\n\nb"},
            image,
        ]
        assert body["messages"][-2]["tool_calls"] == [call]
        assert (body["tools"], body["response_format"]) == ([LOOKUP], form)
        recording: Any = [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "x"}}]}]
        with pytest.raises(openai.BadRequestError, match="a message with audio cannot be sent"):
            opened.chat.completions.create(model=NAME, messages=recording)


def test_several_calls_make_one_answer_and_a_stream(stored: Stored) -> None:
    program = Program(prompts={"one": Prompt(instruction="One."), "two": Prompt(instruction="Two.")})
    steps = [{"prompt": "one"}, {"prompt": "two", "input": "{one}"}]
    folder, _ = stored(program, TargetSpec(use="pipeline", options={"steps": steps}))
    want = "user:Two.\n\nuser:One.\n\nx"
    with serving(folder, "--own-key") as base:
        whole = ask(base, ("user", "x"))
        assert whole.choices[0].message.content == want
        assert whole.usage.prompt_tokens > whole.usage.completion_tokens > 0
        parts = streamed(base, "x")
        assert "".join(part.delta.content or "" for part in parts) == want
        assert parts[-1].finish_reason == "stop"
        with pytest.raises(openai.BadRequestError, match="several calls, and none of them can be given tools"):
            ask(base, ("user", "x"), tools=[LOOKUP])


def test_a_router_sends_each_input_to_its_prompt_and_strangers_are_kept_out(stored: Stored) -> None:
    prompts = {"cats": Prompt(instruction="Meow."), "dogs": Prompt(instruction="Bark.")}
    folder, _ = stored(
        Program(prompts=prompts, router=Router(anchors={"cats": ("cats purr",), "dogs": ("dogs growl",)}))
    )
    with serving(folder) as base:
        assert ask(base, ("user", "the dogs growl")).choices[0].message.content == "user:Bark.\n\nthe dogs growl"
        for header in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "http://127.0.0.1:1"}):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(urllib.request.Request(f"{base}/models", headers=header))


def test_fields_are_sent_as_json(stored: Stored) -> None:
    folder, _ = stored(Program.of("Is {word} a {kind}?"))
    with serving(folder) as base:
        said = ask(base, ("user", '{"word": "cat", "kind": "dog"}')).choices[0].message.content
        assert said == "user:Is cat a dog?"
        with pytest.raises(openai.BadRequestError, match="fields kind, word"):
            ask(base, ("user", "cat"))
