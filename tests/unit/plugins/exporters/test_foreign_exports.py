"""Exports loaded by the real thing send what Maieutic sends: word for word, braces, quotes and all."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Format, Prompt
from maieutic.core.render import render, template_values
from maieutic.core.routing import Router
from maieutic.plugins.exporters.langchain import load_templates
from maieutic.plugins.exporters.openai_messages import fill_messages
from maieutic.plugins.system.registry import Registry
from maieutic.testing import ScriptedModel, StubServer

from .conftest import prompts_of

words = st.lists(
    st.one_of(
        st.sampled_from(
            ["{", "}", "{{x}}", "{%", "{#", "#}", "'", '"', '"""', "\\", "\n", "{{ '{' }}", "${y}", "</b>&"]
        ),
        st.text(max_size=6),
    ),
    max_size=5,
).map("".join)
asking = st.lists(st.one_of(words, st.sampled_from(["{input}", "{question}"])), max_size=4).map("".join)
said = words.filter(bool)
prompts = prompts_of(words, asking)
AWKWARD = Prompt(
    system="You say {{ and }}, {% if %} and \"'''.",
    instruction="Sort {input} by {question}: {{json}} {% raw %} {# no #} {{{{",
    demos=(Demo(input="a {b}", output='{"c": "ü"}'),),
    format=Format(input_prefix="Q{{", output_prefix="A:"),
)
ROW = Example(input={"input": 'x "y" \\ \n</b>&\'', "question": "size #1"})
PLAIN = Prompt(instruction="Praise or pan? {as JSON}", demos=(Demo(input="fine", output="praise"),))


def export(name: str, program: Program | Prompt) -> str:
    one = program if isinstance(program, Program) else Program.of(program)
    return str(Registry().create("exporter", name).export(one, "my task", None))


def by_openai(text: str, values: dict[str, str]) -> Any:
    return fill_messages(json.loads(text), values)


def by_python(text: str, values: dict[str, str]) -> Any:
    space: dict[str, Any] = {}
    exec(compile(text, "prompt.py", "exec"), space)
    return space["messages"](**values)


def by_jinja2(text: str, values: dict[str, str]) -> Any:
    import jinja2

    plain = json.loads(jinja2.Template(text).render(**values))
    assert json.loads(jinja2.Template(text, autoescape=True).render(**values)) == plain
    return plain


def by_hub(text: str, values: dict[str, str]) -> Any:
    template = load_templates(json.dumps(json.loads(text)["manifest"]))["prompt"]
    roles = {"system": "system", "human": "user", "ai": "assistant"}
    return [{"role": roles[one.type], "content": one.text} for one in template.format_messages(**values)]


READERS: dict[str, Callable[[str, dict[str, str]], Any]] = {
    "openai": by_openai,
    "python": by_python,
    "jinja2": by_jinja2,
    "langchain-hub": by_hub,
}


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=30)
@given(prompt=prompts, text=said, question=said)
def test_what_is_loaded_sends_what_maieutic_sends(name: str, prompt: Prompt, text: str, question: str) -> None:
    asked = {name: question for name in prompt.placeholders if name != "input"}
    row = Example(input={**asked, "input": text} if asked else text)
    assert READERS[name](export(name, prompt), template_values(row)) == render(prompt, row)


@pytest.mark.parametrize("name", READERS)
def test_awkward_words_and_values_survive(name: str) -> None:
    assert READERS[name](export(name, AWKWARD), template_values(ROW)) == render(AWKWARD, ROW)


def test_words_that_look_like_a_hole_are_refused_where_they_cannot_be_told_apart() -> None:
    with pytest.raises(UsageError, match="own words say"):
        export("openai", Prompt(instruction="Write {{{{input}}}} literally about {input}."))
    assert export("openai", Prompt(instruction="Write {{x}}: {input}."))


@pytest.mark.parametrize("name", ["openai", "python", "jinja2", "promptfoo"])
def test_several_prompts_go_under_their_names(name: str) -> None:
    program = Program(prompts={"ask": Prompt(instruction="Ask."), "check": Prompt(instruction="Check {input}!")})
    text = export(name, program)
    assert "check" in text
    if name == "python":
        space: dict[str, Any] = {}
        exec(text, space)
        assert space["messages"]("check", input="x") == [{"role": "user", "content": "Check x!"}]
    if name == "jinja2":
        import jinja2

        assert json.loads(jinja2.Template(text).render(input="x"))["check"][0]["content"] == "Check x!"


@pytest.mark.parametrize("name", ["openai", "python", "jinja2", "promptfoo", "dspy", "langchain-hub"])
def test_what_no_template_can_say_is_refused_with_what_can(name: str) -> None:
    two = {"a": Prompt(instruction="A"), "b": Prompt(instruction="B")}
    routed = Program(prompts=two, router=Router(anchors={"a": ("x",), "b": ("y",)}))
    grouped = Prompt(instruction="Add.", format=Format(numbers="grouped"))
    for program in (routed, grouped):
        with pytest.raises(UsageError) as error:
            export(name, program)
        assert "json" in error.value.possible
    assert export("markdown", routed)
    assert "More than is written here" in export("markdown", grouped)


def test_a_markdown_page_closes_no_fence_of_its_own_words() -> None:
    page = export("markdown", Prompt(instruction="Use\n```json\n{{}}\n```\nfor {input}."))
    assert page.count("````") == 2
    assert "for {input}." in page


async def test_the_openai_client_sends_the_export_word_for_word() -> None:
    from openai import AsyncOpenAI

    text = export("openai", PLAIN)
    with StubServer(ScriptedModel({}, otherwise="praise")) as stub:
        async with AsyncOpenAI(base_url=stub.base, api_key="x") as client:
            row = Example(input="A {dull} film")
            messages: Any = fill_messages(json.loads(text), template_values(row))
            await client.chat.completions.create(model="stub", messages=messages)
        assert stub.seen.bodies[0]["messages"] == render(PLAIN, row)


def test_langsmith_pulls_the_hub_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    from langsmith import Client
    from langsmith.schemas import PromptCommit

    commit = PromptCommit(**json.loads(export("langchain-hub", PLAIN)))
    monkeypatch.setattr(Client, "pull_prompt_commit", lambda self, *args, **named: commit)
    client = Client(api_key="x", api_url="http://127.0.0.1:9", auto_batch_tracing=False)
    template = client.pull_prompt(f"{commit.owner}/{commit.repo}")
    assert (commit.repo, template.metadata["lc_hub_repo"]) == ("my-task", "my-task")
    assert [one.text for one in template.format_messages(input="x")] == [
        one["content"] for one in render(PLAIN, Example(input="x"))
    ]


@pytest.mark.parametrize("prompt", [PLAIN, AWKWARD], ids=["plain", "awkward"])
def test_the_real_dspy_sends_the_export_word_for_word(prompt: Prompt) -> None:
    text = export("dspy", prompt)
    ast.parse(text)
    dspy = pytest.importorskip("dspy")
    space: dict[str, Any] = {"__name__": "exported"}
    exec(text, space)
    row = ROW if prompt is AWKWARD else Example(input="A {dull} film")
    with StubServer(ScriptedModel({}, otherwise=" praise\n")) as stub:
        model = dspy.LM("openai/stub", api_base=stub.base, api_key="x", cache=False)
        with dspy.context(lm=model):
            said = space["Optimized"]()(
                **{name: template_values(row)[name] for name in prompt.placeholders or ("input",)}
            )
        assert said.answer == "praise"
        assert stub.seen.bodies[0]["messages"] == render(prompt, row)


@pytest.mark.skipif(not os.environ.get("PROMPTFOO_HOME"), reason="PROMPTFOO_HOME names no folder with promptfoo")
def test_the_real_promptfoo_sends_the_export_word_for_word(tmp_path: Path) -> None:
    import yaml

    body = yaml.safe_load(export("promptfoo", AWKWARD))
    plain = yaml.safe_load(export("promptfoo", PLAIN))
    body["prompts"] += [{**plain["prompts"][0], "label": "plain"}]
    body["tests"] = [{"vars": template_values(ROW)}]
    (tmp_path / "promptfooconfig.yaml").write_text(yaml.safe_dump(body))
    home = Path(os.environ["PROMPTFOO_HOME"])
    quiet = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1", "PROMPTFOO_CONFIG_DIR": str(tmp_path)}
    done = subprocess.run(
        [str(home / "node_modules/.bin/promptfoo"), "eval", "--no-cache", "-o", str(tmp_path / "out.json")],
        cwd=tmp_path,
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (tmp_path / "out.json").is_file(), done.stdout + done.stderr
    results = json.loads((tmp_path / "out.json").read_text())["results"]["results"]
    sent = {one["prompt"]["label"]: json.loads(one["response"]["output"]) for one in results}
    assert sent == {
        "prompt": render(AWKWARD, ROW),
        "plain": render(PLAIN, Example(input=template_values(ROW)["input"])),
    }


def test_a_claim_goes_with_it() -> None:
    from maieutic.plugins.exporters.message_templates import gain_statement

    standing = {"score": 0.5, "n": 9}
    report: Any = SimpleNamespace(
        run="r1",
        verdict="improved",
        start=SimpleNamespace(**standing),
        best=SimpleNamespace(**{**standing, "score": 0.75}),
        difference=SimpleNamespace(value=0.25, low=0.1, high=0.4),
    )
    assert re.fullmatch(
        r"Run r1: improved, from 0\.500 to 0\.750 on 9 rows \(.*0\.100 to \+0\.400\)\.", gain_statement(report)
    )
    for name in ("python", "markdown", "dspy", "promptfoo", "langchain-hub"):
        assert "improved" in Registry().create("exporter", name).export(Program.of(PLAIN), "t", report)
