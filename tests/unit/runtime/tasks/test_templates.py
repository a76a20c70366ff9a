"""Prompts with conditions and filters are kept as templates, rendered in a sandbox, and refused where they are none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from maieutic.core.candidate import Archive
from maieutic.core.dataset import Example
from maieutic.core.errors import TaskError, UsageError
from maieutic.core.jinja_template import render_jinja
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.render import render
from maieutic.graphs.candidate_guards import rejection_reason
from maieutic.plugins.exporters.json_file import JsonExporter, load_json
from maieutic.plugins.system.registry import Registry
from maieutic.runtime.tasks.loader import load_task
from maieutic.runtime.tasks.prompt_placeholders import convert_placeholders

COLUMNS = ["ticket", "plan", "Customer Message", "inputs.text"]
JINJA = "{% if plan %}Plan: {{ plan | upper }}. {% endif %}Sort: {{ ticket }}{# a note #}"


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        (JINJA, JINJA),
        ("{{ ticket | trim }} {{ Customer Message }}", "{{ ticket | trim }} {{ customer_message }}"),
        (
            "{{#if plan}}P {{plan}}{{else}}none{{/if}}: {{ticket}}",
            "{% if plan %}P {{plan}}{% else %}none{% endif %}: {{ticket}}",
        ),
        ("{{#unless plan}}x{{/unless}}{{! c }}{{{ticket}}}", "{% if not plan %}x{% endif %}{{ ticket }}"),
        (
            "{{^plan}}none{{/plan}}{{#plan}}{{plan}}{{/plan}} {{ticket}}",
            "{% if not plan %}none{% endif %}{% if plan %}{{plan}}{% endif %} {{ticket}}",
        ),
        ("{{#each ticket}}{{this}}{{/each}}", "{% for this in ticket %}{{this}}{% endfor %}"),
        ("{% if text %}{{ text }}{% endif %}", "{% if text %}{{ text }}{% endif %}"),
    ],
)
def test_templates_are_kept_or_converted_to_jinja(prompt: str, text: str) -> None:
    template = convert_placeholders(prompt, COLUMNS)
    assert (template.kind, template.text) == ("jinja", text)
    assert set(template.fields.values()) <= {*COLUMNS, "text"}


@pytest.mark.parametrize(
    ("prompt", "what"),
    [
        ("{% if ticket %}{{ticket}}", "not valid Jinja"),
        ("{{> header}}{{ticket}}", "no twin in Jinja"),
        ("{{#if ticket}}{{ticket}}", "not closed"),
        ("{{ticket | nofilter}}", "nofilter"),
        ("{% if tikcet %}{{ ticket }}{% endif %}", "{{tikcet}}, which is no column"),
    ],
)
def test_what_is_no_template_is_refused(prompt: str, what: str, write: Any) -> None:
    rows = "".join(json.dumps({"ticket": f"row {n}", "output": "a"}) + "\n" for n in range(8))
    toml = f'prompt = {json.dumps(prompt)}\n[data]\npath = "rows.jsonl"\n'
    with pytest.raises(TaskError) as caught:
        load_task(write(toml, rows__jsonl=rows))
    assert what in str(caught.value)


def test_a_task_renders_its_template_for_each_example(write: Any) -> None:
    rows = [{"ticket": f"row {n}", "plan": "pro" if n % 2 else "", "label": "ab"[n % 2]} for n in range(8)]
    toml = f'prompt = {json.dumps(JINJA)}\n[data]\npath = "rows.jsonl"\n'
    task = load_task(write(toml, rows__jsonl="\n".join(map(json.dumps, rows))))
    assert task.program.main.template == "jinja"
    texts = {render(task.program.main, example)[-1]["content"] for example in task.data.examples()}
    assert texts == {f"Plan: PRO. Sort: row {n}" if n % 2 else f"Sort: row {n}" for n in range(8)}
    table = '[prompt]\ninstruction = "Braces {a} stay, {{ ticket }}"\ntemplate = "jinja"\n'
    named = f"{table}{toml.partition(chr(10))[2]}"
    task = load_task(write(named, rows__jsonl="\n".join(map(json.dumps, rows))))
    assert render(task.program.main, Example(input={"ticket": "t"}))[-1]["content"] == "Braces {a} stay, t"


def test_a_template_without_a_field_has_the_input_behind_it() -> None:
    prompt = Prompt(system="{# hidden #}S", instruction="{% if true %}Sort it.{% endif %}", template="jinja")
    assert [message["content"] for message in render(prompt, Example(input="{{ x }}"))] == ["S", "Sort it.\n\n{{ x }}"]


def test_a_proposal_that_is_no_template_is_refused_with_the_reason(write: Any) -> None:
    rows = "".join(json.dumps({"ticket": f"row {n}", "output": "a"}) + "\n" for n in range(8))
    task = load_task(write('prompt = "{{ ticket | trim }}"\n[data]\npath = "rows.jsonl"\n', rows__jsonl=rows))

    def reason(text: str) -> str:
        return rejection_reason(task.program.replace(task.program.main.with_(instruction=text)), task, Archive([], []))

    assert reason("Better: {{ ticket }}") == ""
    assert reason("{{ ticket }} {% if %}").startswith("it is no valid template")
    assert reason("Better.").startswith("it lost the placeholder")
    assert reason("{{ ticket | nofilter }}").startswith("it is no valid template")
    assert reason("{{ ticket * 999999999 }}").startswith("it is no valid template")


@pytest.mark.parametrize(
    "text",
    [
        "{{ ticket.__class__.__mro__ }}",
        "{{ 'x' * 10**9 }}",
        "{{ range(9) }}",
        "{{ ''.format }}{{ lipsum() }}",
        "{{ 'x' | center(10**9) }}",
    ],
)
def test_a_template_runs_no_code_and_makes_no_huge_text(text: str) -> None:
    try:
        shown = render_jinja(text, {"ticket": "t"})
    except UsageError:
        shown = ""
    assert len(shown) < 200
    assert "class" not in shown


def test_exports_keep_a_template_as_json_and_refuse_others() -> None:
    program = Program.of(Prompt(instruction=JINJA, template="jinja"))
    assert load_json(JsonExporter().export(program, "t", None)) == program
    assert '"template"' not in JsonExporter().export(Program.of("plain"), "t", None)
    make = Registry(closed=True).create
    assert "the prompt is a Jinja template" in make("exporter", "text").export(program, "t", None)
    with pytest.raises(UsageError, match="Jinja template"):
        make("exporter", "openai").export(program, "t", None)
