"""Metrics of LangChain, DSPy, Inspect and promptfoo, used as they are; each with the real package, where installed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import PluginError, UsageError
from maieutic.core.models import Output
from maieutic.core.score import Score
from maieutic.plugins.evaluators.from_langchain import LangChainEvaluator
from maieutic.plugins.evaluators.from_promptfoo import PromptfooAssertion
from maieutic.plugins.system.registry import Registry

ROW = Example(input={"question": "2+2?"}, outputs=("4",), metadata={"level": 1})


async def score(evaluator: object, text: str, row: Example = ROW) -> Score:
    return await evaluator.evaluate(row, Output(text=text), text or None)  # type: ignore[attr-defined, no-any-return]


OWN = """
class Close:
    requires_reference = True
    requires_input = True
    def __init__(self, top=10): self.top = top
    async def aevaluate_strings(self, *, prediction, input, reference):
        if prediction == "boom": raise ValueError("no")
        if prediction == "exit": raise SystemExit(0)
        if prediction == "said": return {"value": "Y", "score": None}
        return {"score": self.top if prediction == reference else 1, "reasoning": input}
def none(): return object()
"""


async def test_an_object_that_evaluates_strings_as_langchain_does(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    made = LangChainEvaluator("own.py:Close", {"top": 10}, scale=10, folder=str(tmp_path))
    assert ((await score(made, "4")).value, (await score(made, "5")).value) == (1.0, 0.1)
    assert (await score(made, "5")).feedback == "question: 2+2?"
    assert ((await score(made, "said")).value, (await score(made, "boom")).failure) == (1.0, "example")
    assert (await score(made, "exit")).feedback == "langchain:own.py:Close failed on this example: SystemExit: 0"
    assert (await score(made, "4", Example(input="x"))).failure == "example"
    far = LangChainEvaluator("own.py:Close", {"top": 0}, distance=True, folder=str(tmp_path))
    assert ((await score(far, "4")).value, (await score(far, "5")).value) == (1.0, 0.0)
    with pytest.raises(UsageError, match="does not evaluate strings"):
        LangChainEvaluator("own.py:none", folder=str(tmp_path))


@pytest.mark.parametrize(
    ("name", "options", "module"),
    [
        ("langchain", {"evaluator": "exact_match"}, "langchain_classic"),
        ("dspy", {"metric": "dspy.evaluate:answer_exact_match"}, "dspy"),
        ("inspect", {"scorer": "inspect_ai.scorer:match"}, "inspect_ai"),
    ],
)
def test_a_missing_library_is_named_with_the_command(
    name: str, options: dict[str, str], module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(UsageError) as error:
        Registry().create("evaluator", name, **options)
    assert error.value.remedy == f'pip install "maieutic[{name}]"'


async def test_the_real_langchain() -> None:
    pytest.importorskip("langchain_classic")
    exact = Registry().create("evaluator", "langchain", evaluator="exact_match")
    assert ((await score(exact, "4")).value, (await score(exact, "5")).value) == (1.0, 0.0)
    assert exact.needs == {"references"}
    valid = LangChainEvaluator("json_validity")
    assert ((await score(valid, "{}")).value, valid.needs) == (1.0, frozenset())
    wrong = await score(valid, "{")
    assert (wrong.value, "Expecting" in str(wrong.feedback)) == (0.0, True)
    with pytest.raises(UsageError, match="no evaluator"):
        LangChainEvaluator("exactly")


async def test_the_real_dspy(tmp_path: Path) -> None:
    pytest.importorskip("dspy")
    make = Registry().create
    exact = make("evaluator", "dspy", metric="dspy.evaluate:answer_exact_match")
    assert ((await score(exact, "4")).value, (await score(exact, "5")).value) == (1.0, 0.0)
    (tmp_path / "mine.py").write_text(
        "import dspy\n"
        "def metric(example, pred, trace=None):\n"
        "    assert isinstance(example, dspy.Example) and isinstance(pred, dspy.Prediction) and trace is None\n"
        "    assert list(example.inputs().keys()) == ['question'] and example.level == 1\n"
        "    return dspy.Prediction(score=0.25, feedback=pred.why)\n"
    )
    mine = make("evaluator", "dspy", metric="mine.py:metric", folder=str(tmp_path))
    told = await score(mine, '{"answer": "4", "why": "since"}')
    assert (told.value, told.feedback) == (0.25, "since")
    assert (await score(mine, "no json")).failure == "example"
    assert (await score(mine, "")).failure == "format"


async def test_the_real_inspect() -> None:
    pytest.importorskip("inspect_ai")
    make = Registry().create
    match = make("evaluator", "inspect", scorer="inspect_ai.scorer:match")
    assert ((await score(match, "It is 4")).value, (await score(match, "It is 5")).value) == (1.0, 0.0)
    first = make("evaluator", "inspect", scorer="inspect_ai.scorer:match", options={"location": "begin"})
    assert (await score(first, "It is 4")).value == 0
    f1 = make("evaluator", "inspect", scorer="inspect_ai.scorer:f1")
    assert 0 < (await score(f1, "4 or 5")).value < 1


@pytest.mark.skipif(not os.environ.get("PROMPTFOO_HOME"), reason="PROMPTFOO_HOME names no folder with promptfoo")
async def test_the_real_promptfoo() -> None:
    home = os.environ.get("PROMPTFOO_HOME", "")
    make = Registry().create
    for assertion, right, wrong in (
        ({"type": "icontains", "value": "RED"}, "it is red", "it is blue"),
        ({"type": "not-contains", "value": "{{question}}"}, "4", "2+2? is 4"),
        ({"type": "equals", "value": "{{expected}}"}, "4", "5"),
        ({"type": "is-json", "value": {"required": ["a"]}}, '{"a": 1}', "{}"),
    ):
        one = make("evaluator", "promptfoo", assertion=assertion, folder=home)
        assert ((await score(one, right)).value, (await score(one, wrong)).value) == (1.0, 0.0), assertion
        assert (await score(one, wrong)).feedback
    partly = PromptfooAssertion({"type": "javascript", "value": "output.length / 10"}, folder=home)
    assert (await score(partly, "12345")).value == 0.5
    assert (await score(PromptfooAssertion({"type": "no-such"}, folder=home), "x")).failure == "example"
    endless = {"type": "javascript", "value": "(() => { while (true) {} })()"}
    with pytest.raises(PluginError, match="no answer within"):
        await score(PromptfooAssertion(endless, seconds=3, folder=home), "x")


def test_promptfoo_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        PromptfooAssertion({"type": "equals"}, folder=str(tmp_path))
    assert "npm install promptfoo" in str(error.value.remedy)
    with pytest.raises(UsageError, match="has a type"):
        PromptfooAssertion({"value": 3}, folder=str(tmp_path))
