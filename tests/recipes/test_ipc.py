"""IPC against its card: hard rows are made and labelled, incumbents meet them first, an analysis leads each step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.errors import TaskError
from maieutic.core.events import Event
from maieutic.core.models import ModelRef
from maieutic.core.program import Program
from maieutic.core.task import Models, Task
from maieutic.graphs.api import Result, aoptimize
from maieutic.runtime.monitor.event_messages import message_for
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedModel, StubServer

ANSWER = {"type": "label", "labels": ("even", "odd")}


def truth(row: int) -> str:
    return "odd" if row % 2 else "even"


def target(messages: Sequence[Any]) -> str:
    """Right on rows whose last digit is below the prompt's level."""
    text = "\n".join(message["content"] for message in messages)
    level = int((re.findall(r"level (\d+)", text) or ["3"])[-1])
    row = int(re.findall(r"number (\d+)", messages[-1]["content"])[-1])
    return truth(row if row % 10 < level else row + 1)


class Author:
    def __init__(self, *, readable: bool = True) -> None:
        self.asked: dict[str, list[str]] = {"rows": [], "label": [], "analysis": [], "prompt": []}
        self.readable = readable
        self.rows = 5000

    def __call__(self, messages: Sequence[Any]) -> str:
        text = messages[0]["content"]
        if "You write test cases" in text:
            self.asked["rows"].append(text)
            self.rows += 5
            # What the writer says of its own rows is wrong throughout: the judge's answer has to count.
            return "".join(
                f"<input>number {n}</input><output>{truth(n + 1)}</output>" for n in range(self.rows - 5, self.rows)
            )
        if "careful person" in text:
            self.asked["label"].append(text)
            row = int(re.findall(r"number (\d+)", text)[-1])
            return f"<answer>{truth(row)}</answer>" if self.readable else "<answer>perhaps</answer>"
        if "You analyse" in text:
            self.asked["analysis"].append(text)
            return "<analysis>The prompt takes large digits for something else.</analysis>"
        self.asked["prompt"].append(text)
        return f"<prompt>Say even or odd, at level {min(10, 4 + len(self.asked['prompt']))}.</prompt>"


def some(first: int, count: int) -> list[dict[str, str]]:
    return [{"input": f"number {n}", "output": truth(n)} for n in range(first, first + count)]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_KEY", "anything")


async def ran(
    folder: Path, author: Author, *, data: bool = True, calls: int = 900, recipe: str = "ipc", rounds: str = "4"
) -> tuple[Result, list[Event], int]:
    events: list[Event] = []
    with StubServer(ScriptedModel(target)) as one, StubServer(ScriptedModel(author)) as two:
        models = Models(
            target=ModelRef.parse(f"openai/stub@{one.base}", key_env="STUB_KEY"),
            optimizer=ModelRef.parse(f"openai/stub@{two.base}", key_env="STUB_KEY"),
        )
        rows = {"train": some(1000, 10), "val": some(2000, 20), "test": some(3000, 30)}
        task = Task.create("Say even or odd.", models=models, answer=ANSWER, **rows) if data else None
        empty = Task(name="digits", program=Program.of("Say even or odd."), models=models, answer=ANSWER)
        done = await aoptimize(
            task or empty,
            recipe=recipe,
            budget=Budget(calls=calls),
            folder=folder,
            run="r",
            listen=events.append,
            settings={"rounds": rounds},
        )
        return done, events, one.count + two.count


async def test_rows_are_added_labelled_by_the_judge_and_met_by_all_in_the_race(tmp_path: Path) -> None:
    author = Author()
    done, events, _ = await ran(tmp_path, author)
    added = [one for event in events if event.kind == "rows_added" for one in event.data["rows"]]
    assert len(added) == 40
    assert [one["split"] for one in added[:4]] == ["val", "train", "val", "train"]
    for one in added:
        row = one["row"]
        assert row["outputs"] == [truth(int(row["input"].split()[1]))]
        assert row["metadata"]["by"] == "synthesizer"
    with Store.open(tmp_path, read_only=True) as store:
        val = {row.id for _, row in store.examples("r", "val")}
        measured = {
            one.id: {e.example for e in store.evaluations("r", split="val", candidate=one.id)}
            for one in store.candidates("r")
            if one.status in ("kept", "racing")
        }
    assert len(val) == 40
    assert len(measured) >= 3
    assert all(rows == val for rows in measured.values())
    assert done.report is not None
    assert done.report.verdict == "improved"


@pytest.mark.slow
async def test_the_analysis_is_of_the_confusion_and_the_step_sees_history_not_rows(tmp_path: Path) -> None:
    author = Author()
    await ran(tmp_path, author)
    assert len(author.asked["rows"]) == 8  # four rounds, five rows a question
    assert len(author.asked["analysis"]) == 3  # the first round only adds rows
    first = author.asked["analysis"][0]
    assert re.search(r"even → odd: \d+", first)
    assert "number 3" not in "".join(author.asked["analysis"] + author.asked["prompt"])  # nothing sealed
    assert "takes large digits" in author.asked["prompt"][0]
    assert "level 5" in author.asked["prompt"][1]
    # Who labels is not shown what the writer said, nor the prompt that is worked on.
    assert not any("level" in text for text in author.asked["label"])


async def test_a_task_without_data_is_drafted_and_the_report_says_so(tmp_path: Path) -> None:
    author = Author()
    done, events, count = await ran(tmp_path, author, data=False, calls=600, rounds="3")
    first = next(event for event in events if event.kind == "rows_added")
    assert {one["split"] for one in first.data["rows"]} == {"train", "val", "test"}
    wanted = next(event for event in events if event.kind == "rows_asked")
    assert message_for(wanted) == "the task has no examples: models draft and label 50 first"
    assert events.index(wanted) < events.index(first)
    assert events.index(first) < next(at for at, event in enumerate(events) if event.kind == "run_started")
    assert done.report is not None
    assert any("made up by a model" in warning for warning in done.report.warnings)
    assert done.report.split == "test"
    assert done.report.calls.target + done.report.calls.optimizer <= 600
    assert count <= 600


async def test_any_recipe_begins_without_data(tmp_path: Path) -> None:
    done, _, _ = await ran(tmp_path, Author(), data=False, calls=300, recipe="random-demos", rounds="1")
    assert done.report is not None
    assert any("made up by a model" in warning for warning in done.report.warnings)


async def test_a_judge_that_cannot_be_read_drafts_nothing(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="only 0 of"):
        await ran(tmp_path, Author(readable=False), data=False)
