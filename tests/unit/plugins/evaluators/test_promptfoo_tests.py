"""The assertions of each promptfoo test: scored as promptfoo scores them, or refused by name before a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import TaskError
from maieutic.core.models import Output, Reply
from maieutic.core.score import Score
from maieutic.plugins.evaluators.promptfoo_assertions import PACKAGE_KINDS, known_kinds
from maieutic.plugins.evaluators.promptfoo_tests import promptfoo_evaluator
from maieutic.plugins.loaders.promptfoo import PromptfooLoader, first_prompt

SCHEMA = {"type": "object", "required": ["a"]}


def example(*assertions: dict[str, Any], **more: Any) -> Example:
    return Example(input={"name": "Ada, B"}, metadata={"assert": list(assertions), **more})


async def score(text: str, *assertions: dict[str, Any], **more: Any) -> Score:
    evaluator = promptfoo_evaluator(folder="/")
    row = example(*assertions, **more)
    evaluator.check_examples([row])  # type: ignore[union-attr]
    reply = Reply(text=text, finish="stop")
    return await evaluator.evaluate(row, Output(text=text, replies=(reply,)), text)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "value", "right", "wrong"),
    [
        ("equals", "four", "four", "Four"),
        ("equals", 4, "4", "4.0"),
        ("equals", {"b": [1], "a": True}, '{"a": true, "b": [1]}', '{"a": true}'),
        ("contains", "our", "four", "FOUR"),
        ("contains", 4, "it is 4", "four"),
        ("icontains", "OUR", "four", "five"),
        ("contains-any", ["x", "our"], "four", "five"),
        ("contains-any", 'x, "Ada, B"', "Ada, B!", "Ada"),
        ("contains-all", "f, r", "four", "five"),
        ("icontains-any", ["X", "OUR"], "four", "five"),
        ("icontains-all", ["F", "R"], "four", "five"),
        ("starts-with", "fo", "four", "of four"),
        ("ends-with", "ur", "four", "four."),
        ("regex", r"^(?<n>\d+)$", "42", "42\n"),
        ("regex", r"[$]\w+$", "$abc", "$é"),
        ("is-json", None, '{"a": 1}', "a: 1"),
        ("is-json", SCHEMA, '{"a": 1}', '{"b": 1}'),
        ("is-json", "{type: object, required: [a]}", '{"a": 1}', '{"b": 1}'),
        ("contains-json", None, 'so: {"a": 1}.', "so: {a}."),
        ("contains-json", SCHEMA, 'so: {"b": 1} and {"a": 1}.', 'so: {"b": 1}.'),
        ("word-count", 2, "two words", "three more words"),
        ("word-count", {"min": 1, "max": 2}, "two words", "three more words"),
        ("levenshtein", "kitten", "sitting", "something else"),
        ("finish-reason", "STOP", "any", None),
        ("contains", "{{ name }}", "for Ada, B.", "for {{ name }}"),
        ("not-contains", "{{ name }}", "for Bob", "for Ada, B"),
        ("not-is-json", None, "x", "{}"),
        ("not-regex", r"\d", "x", "7"),
    ],
)
async def test_comparisons_score_as_promptfoo_does(kind: str, value: Any, right: str, wrong: str | None) -> None:
    assertion = {"type": kind, **({} if value is None else {"value": value})}
    assert (await score(right, assertion)).value == 1
    if wrong is not None:
        lost = await score(wrong, assertion)
        assert (lost.value, lost.values["pass"]) == (0, 0)
        assert kind in str(lost.feedback)


async def test_a_test_scores_the_weighted_mean_and_passes_by_its_threshold() -> None:
    halves = ({"type": "contains", "value": "a"}, {"type": "contains", "value": "b", "weight": 3})
    one = await score("a", *halves)
    assert (one.value, one.values["pass"]) == (0.25, 0)
    assert (await score("a", *halves, assert_threshold=0.25)).values["pass"] == 1
    group = {"type": "assert-set", "threshold": 0.5, "assert": [{"type": "contains", "value": t} for t in "ax"]}
    both = await score("a", group, {"type": "starts-with", "value": "a"})
    assert (both.value, both.values["pass"]) == (0.75, 1)
    zero = await score("a", {"type": "contains", "value": "a"}, {"type": "contains", "value": "z", "weight": 0})
    assert (zero.value, zero.values["pass"]) == (1, 1)


async def test_a_value_that_promptfoo_refuses_fails_that_example_alone() -> None:
    lost = await score("x", {"type": "regex", "value": "("})
    assert (lost.failure, "regex '('" in lost.reason) == ("example", True)


@pytest.mark.parametrize("kind", known_kinds())
def test_every_kind_is_scored_or_refused_by_name(kind: str, tmp_path: Path) -> None:
    assertion = {"type": kind, "value": "x", "assert": [{"type": "equals", "value": "x"}]}
    refusal = None
    try:
        promptfoo_evaluator(folder=str(tmp_path)).check_examples([example(assertion)])  # type: ignore[union-attr]
    except TaskError as error:
        refusal = error
    if refusal is not None:
        assert kind in refusal.what
        assert f"ignore = ['{kind}']" in str(refusal.remedy)
        rest = promptfoo_evaluator(ignore=[kind], folder=str(tmp_path))
        rest.check_examples([example(assertion, {"type": "equals", "value": "x"})])  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("assertion", "what"),
    [
        ({"type": "icontain", "value": "x"}, "did you mean 'icontains'"),
        ({"type": "javascript", "value": "output.length"}, "npm install promptfoo|Node.js"),
        ({"type": "equals", "value": "x", "transform": "output.trim()"}, "equals with a script or transform"),
        ({"type": "llm-rubric", "value": "is polite"}, "judged = N"),
    ],
)
def test_what_has_no_score_here_names_the_remedy(assertion: dict[str, Any], what: str, tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=what):
        promptfoo_evaluator(folder=str(tmp_path)).check_examples([example(assertion)])  # type: ignore[union-attr]
    with pytest.raises(TaskError, match="no assertion scores"):
        promptfoo_evaluator(folder=str(tmp_path)).check_examples([example()])  # type: ignore[union-attr]
    assert "javascript" in PACKAGE_KINDS


CONFIG = """
prompts: [file://prompts/*.txt, 'Other {{message}}']
providers: [openai:gpt-4o]
assertionTemplates:
  polite: {type: icontains, value: please}
defaultTest: {assert: [{type: word-count, value: {max: 9}}]}
tests:
  - file://cases/*.yaml
  - vars: {message: [one, two], tone: dry}
    threshold: 0.5
    assert: [{$ref: '#/assertionTemplates/polite', weight: 2}, {type: equals, value: file://answer.txt}]
scenarios:
  - config: [{vars: {tone: dry}}, {vars: {tone: wet}}]
    tests: [{vars: {message: m}, assert: [{type: equals, value: y}]}]
"""


def test_a_project_is_read_whole(tmp_path: Path) -> None:
    for name, text in (
        ("promptfooconfig.yaml", CONFIG),
        ("cases/a.yaml", "- {vars: {message: file://m.txt, tone: dry}, assert: [{type: equals, value: 1}]}"),
        ("cases/m.txt", "long message\n"),
        ("answer.txt", "the answer\n"),
        ("prompts/p.txt", "Answer {{message}} in a {{tone}} tone.\n"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    rows = PromptfooLoader().read("promptfooconfig.yaml", tmp_path)
    assert [row.fields["input"]["message"] for row in rows] == ["long message", "one", "two", "m", "m"]
    assert [item["type"] for item in rows[0].fields["assert"]] == ["equals", "word-count"]
    assert rows[1].fields["assert"][:2] == [
        {"type": "icontains", "value": "please", "weight": 2},
        {"type": "equals", "value": "the answer"},
    ]
    assert rows[1].fields["assert_threshold"] == 0.5
    assert [row.fields["input"]["tone"] for row in rows[3:]] == ["dry", "wet"]
    assert "providers of promptfooconfig.yaml: left aside" in rows[0].notes[0]
    assert first_prompt("promptfooconfig.yaml", tmp_path) == (
        "Answer {{message}} in a {{tone}} tone.",
        ["1 further prompts of promptfooconfig.yaml are not used"],
    )


@pytest.mark.parametrize(
    ("cell", "assertion"),
    [
        ("plain, text", {"type": "equals", "value": "plain, text"}),
        ("not-icontains: x: y", {"type": "not-icontains", "value": "x: y"}),
        ("contains-any: a, b", {"type": "contains-any", "value": ["a", "b"]}),
        ("similar: x", {"type": "similar", "value": "x", "threshold": 0.8}),
        ("levenshtein(3): x", {"type": "levenshtein", "value": "x", "threshold": 3.0}),
        ("is-json", {"type": "is-json"}),
        ("fn: output == 1", {"type": "javascript", "value": "output == 1"}),
        ("grade: is kind", {"type": "llm-rubric", "value": "is kind"}),
        ("word-count: 3", {"type": "word-count", "value": "3"}),
        ("cost(0.1)", {"type": "cost", "threshold": 0.1}),
        ("cost", {"type": "equals", "value": "cost"}),
    ],
)
def test_cells_of_a_table_are_assertions(cell: str, assertion: dict[str, Any], tmp_path: Path) -> None:
    quoted = cell.replace('"', '""')
    (tmp_path / "t.csv").write_text(f'm,__expected,__threshold\nx,"{quoted}",0.5\n', encoding="utf-8")
    (row,) = PromptfooLoader().read("t.csv", tmp_path)
    assert row.fields["assert"] == [assertion]
    assert row.fields["assert_threshold"] == 0.5


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ("tests: file://gen.py", "made by code"),
        ("tests: [{path: 'file://gen.js:make'}]", "made by code"),
        ("tests: file://none*.yaml", "no file is called none"),
        ("tests: [{$ref: '#/gone'}]", "there is no 'gone'"),
        ("a: {$ref: '#/b'}\nb: {$ref: '#/a'}\ntests: []", "go round"),
        ("tests: [{vars: {m: x}, options: {transform: output.trim()}}]", "options.transform"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(config: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(config, encoding="utf-8")
    with pytest.raises(TaskError, match=what):
        PromptfooLoader().read("c.yaml", tmp_path)


async def test_a_judge_and_an_embedding_model_score_within_the_budget(bench: Any) -> None:
    rubric = {"type": "llm-rubric", "value": "greets {{ name }}"}
    row = example(rubric, {"type": "not-llm-rubric", "value": "rude"}, {"type": "contains", "value": "Hi"})
    evaluator: Any = promptfoo_evaluator(judged=2, folder="/")
    here, gateway = bench({"greets Ada, B": "Warm. <rating>8</rating>", "": "Not at all. <rating>1</rating>"})
    graded = await evaluator.rate(row, Output(text="Hi"), "Hi", bench=here)
    assert graded.value == pytest.approx((0.8 + 0.9 + 1) / 3)
    assert (graded.values["pass"], len(gateway.calls), evaluator.calls) == (1, 2, 4)
    evaluator.check_examples([row])
    with pytest.raises(TaskError, match="judged = 2"):
        promptfoo_evaluator(judged=1, folder="/").check_examples([row])  # type: ignore[union-attr]
    near: Any = promptfoo_evaluator(embeddings="openai/embedder", folder="/")
    near.check_examples([example({"type": "similar", "value": "Hi"})])
    same = await near.rate(example({"type": "similar", "value": "Hi"}), Output(text="Hi"), "Hi", bench=here)
    assert (round(same.value, 6), str(near.models[0])) == (1.0, "openai/embedder")
