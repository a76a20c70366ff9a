"""Any text against any function: a pattern, a Python function with tests, a text alone; counted, limited, resumable."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import maieutic
import pytest
from maieutic.core.errors import TaskError, UsageError
from maieutic.core.models import ModelRef
from maieutic.core.program import Program
from maieutic.graphs.integrations.text import as_example, text_registry
from maieutic.plugins.targets.text_function import TextFunctionTarget
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedGateway, ScriptedModel, StubServer

DATES = [
    {"input": f"due {2000 + n}-0{n % 9 + 1}-1{n % 9}", "output": f"{2000 + n}-0{n % 9 + 1}-1{n % 9}"} for n in range(10)
]
ORDERS = [{"input": f"order {37 * n} of today", "output": "none"} for n in range(1, 11)]
ISO = r"\d{4}-\d{2}-\d{2}"
SOURCE = 'def roman(number):\n    """The Roman numeral of a number from 1 to 3999."""\n    return "I" * number'
BETTER = '''def roman(number):
    """The Roman numeral of a number from 1 to 3999."""
    text = ""
    for value, sign in {10: "X", 9: "IX", 5: "V", 4: "IV", 1: "I"}.items():
        while number >= value:
            text, number = f"{text}{sign}", number - value
    return text'''
NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XIV")


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    monkeypatch.chdir(tmp_path)


def author(*replies: str) -> StubServer:
    """An author that gives these replies in turn, the last one again and again."""
    turns: Iterator[str] = iter(replies)
    return StubServer(ScriptedModel(lambda messages: next(turns, replies[-1])))


def score_pattern(text: str, example: dict[str, str]) -> tuple[float, str]:
    match = re.search(text, example["input"])
    found = match[0] if match else "none"
    return float(found == example["output"]), f"it matches {found!r}, wanted {example['output']!r}"


def questions(stub: StubServer) -> Sequence[str]:
    return [body["messages"][-1]["content"] for body in stub.seen.bodies]


@pytest.mark.slow
def test_a_pattern_is_improved_and_the_gain_measured_on_held_out_examples() -> None:
    calls = []

    def counted(text: str, example: dict[str, str]) -> tuple[float, str]:
        calls.append(text)
        return score_pattern(text, example)

    with author("<text>(\\d{4}-</text>", f"```regex\n{ISO}\n```", f"<text>`{ISO}`</text>") as stub:
        result = maieutic.optimize_text(
            r"\d+",
            evaluate=counted,
            kind="code",
            description="A pattern that finds ISO dates.",
            examples=[*DATES, *ORDERS],
            optimizer=f"openai/stub@{stub.base}",
            calls=90,
        )
    report = result.result.report
    assert (result.text, result.score, result.baseline_score) == (ISO, 1.0, 0.0)
    assert report is not None
    assert (report.verdict, result.held_out) == ("improved", True)
    assert (report.calls.target, report.calls.optimizer) == (len(calls), stub.count)
    assert len(calls) + stub.count <= 90
    first = questions(stub)[0]
    assert first.startswith("You improve a file that a program uses")
    assert "<file>\n\\d+\n</file>" in first
    assert "it matches '20" in first
    assert report.prompt.best == ISO
    broken = [text for text in questions(stub) if "raised" in text and "(\\d{4}-" in text]
    assert not broken, "a pattern that fails everywhere does not become a parent"


@pytest.mark.slow
def test_code_keeps_braces_and_indentation_and_is_tested_in_the_confined_runner() -> None:
    tests = [{"test": f"assert roman({n}) == {text!r}, roman({n})"} for n, text in enumerate(NUMERALS, 1)]
    with author(
        "def roman(number:\n  return 1", "I would add a loop.", f"Here:\n<text>\n```python\n{BETTER}\n```\n</text>"
    ) as stub:
        result = maieutic.optimize_text(
            SOURCE,
            evaluate=maieutic.code_tests(seconds=10),
            kind="code",
            examples=tests,
            optimizer=f"openai/stub@{stub.base}",
            calls=60,
        )
    assert result.text == BETTER
    assert result.score == 1.0
    assert "AssertionError: IIII" in "".join(questions(stub))


def test_code_that_is_no_code_any_more_is_refused_with_the_reason() -> None:
    with author("<text>def roman(number:\n    return 1</text>") as stub:
        result = maieutic.optimize_text(
            SOURCE,
            evaluate=lambda text: 0.5,
            kind="code",
            optimizer=f"openai/stub@{stub.base}",
            calls=12,
        )
    with Store.open(Path(".maieutic"), read_only=True) as store:
        reasons = [
            event.data["reason"] for event in store.events(result.result.run) if event.kind == "candidate_rejected"
        ]
    assert reasons
    assert reasons[0].startswith("it is no Python any more: ")


def test_a_function_of_the_text_alone_is_called_once_for_each_text() -> None:
    seen: list[str] = []

    async def letters(text: str) -> dict[str, Any]:
        seen.append(text)
        await asyncio.sleep(0)
        return {"score": len(set(text)) / 30, "feedback": "more letters {please}"}

    with author(
        "<prompt>Say alpha and beta.</prompt>", "<prompt>Say {this}: the quick brown fox jumps.</prompt>"
    ) as stub:
        result = maieutic.optimize_text("Say {x}.", evaluate=letters, optimizer=f"openai/stub@{stub.base}", calls=30)
    assert result.text == "Say {this}: the quick brown fox jumps."
    assert len(seen) == len(set(seen)) == 3
    assert result.held_out is False
    report = result.result.report
    assert report is not None
    assert report.verdict == "no evidence of improvement", "one measurement proves nothing"
    assert any("no test examples" in warning for warning in report.warnings)


def test_what_the_function_raises_is_feedback_and_no_end() -> None:
    def strict(text: str) -> float:
        if "again" not in text:
            raise ValueError("say it again")
        return 1.0

    with author("<prompt>Say it again and again.</prompt>") as stub:
        result = maieutic.optimize_text(
            "Say it.", evaluate=strict, optimizer=f"openai/stub@{stub.base}", calls=20, minutes=5.0
        )
    assert (result.baseline_score, result.score) == (0.0, 1.0)
    assert "strict raised ValueError: say it again" in questions(stub)[0]


def test_several_texts_are_worked_on_each_in_the_words_of_its_kind() -> None:
    def both(texts: dict[str, str]) -> tuple[float, str]:
        return ("ISO" in texts["hint"]) / 2 + (texts["pattern"] == ISO) / 2, "the pattern or the hint is wrong"

    replies = {
        "<file>": f"<text>{ISO}</text>",
        "You improve the prompt": "<prompt>Write dates as ISO has them.</prompt>",
    }
    with StubServer(ScriptedModel(lambda m: next(r for key, r in replies.items() if key in m[-1]["content"]))) as stub:
        result = maieutic.optimize_text(
            {"pattern": r"\d+", "hint": "Write dates."},
            evaluate=both,
            kind={"pattern": "code"},
            optimizer=f"openai/stub@{stub.base}",
            calls=60,
        )
    assert result.texts == {"pattern": ISO, "hint": "Write dates as ISO has them."}
    assert result.text == ISO
    assert "It works with these parts: pattern, hint." in questions(stub)[0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"evaluate": lambda: 1.0}, "cannot be given"),
        ({"evaluate": lambda text, example: 1.0}, "there are none"),
        ({"evaluate": lambda text: 1.0, "examples": DATES}, "takes none"),
        ({"evaluate": lambda text: 1.0, "kind": "poem"}, "no kind of text 'poem'"),
        ({"evaluate": score_pattern, "examples": DATES, "val": DATES}, "splits too"),
        ({"evaluate": lambda text: 1.0, "kind": "code", "recipe": "protegi"}, "works on the code 'prompt'"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_spent(options: dict[str, Any], says: str) -> None:
    with pytest.raises((UsageError, TaskError), match=says):
        maieutic.optimize_text(r"\d+", **options)


def test_a_score_out_of_range_names_the_function() -> None:
    def points(text: str) -> float:
        return 12.5

    with (
        author("<prompt>Say more of it.</prompt>") as stub,
        pytest.raises(Exception, match=r"the function points returned 12\.5"),
    ):
        maieutic.optimize_text("Say it.", evaluate=points, optimizer=f"openai/stub@{stub.base}", calls=20)


@pytest.mark.parametrize(
    ("row", "given"),
    [
        ({"input": "due 2001", "output": "2001"}, {"input": "due 2001", "output": "2001"}),
        ({"a": "1", "b": "2", "output": "3"}, {"a": "1", "b": "2", "output": "3"}),
        ("assert f(1) == 2", "assert f(1) == 2"),
        ({"test": "assert f(1) == 2"}, {"test": "assert f(1) == 2"}),
    ],
)
async def test_a_resumed_run_gives_the_function_its_examples_again(row: Any, given: Any) -> None:
    seen: list[Any] = []

    def evaluate(text: str, example: Any) -> float:
        seen.append(example)
        return 1.0

    target = TextFunctionTarget(evaluate, {}, 5.0)
    gateway = ScriptedGateway(ScriptedModel({}))
    await target.run(Program.of("x"), as_example(row), ModelRef.parse("openai/x"), gateway)
    assert seen == [given]
    assert gateway.work == [("evaluate", "target")]


def test_a_finished_run_is_resumed_with_the_function_and_calls_nothing_again() -> None:
    with author("<text>" + ISO + "</text>") as stub:
        result = maieutic.optimize_text(
            r"\d+",
            evaluate=score_pattern,
            kind="code",
            examples=[*DATES, *ORDERS],
            optimizer=f"openai/stub@{stub.base}",
            calls=90,
        )
        count = stub.count
        registry = text_registry(score_pattern)
        again = maieutic.resume(result.result.run, registry=registry)
        assert stub.count == count
    assert again.program.main.instruction == ISO
    assert again.program.main.kind == "code"
