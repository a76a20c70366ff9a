"""GPO (arXiv 2305.13954): labelled rows from one place, inputs from another, prompts that hold on both."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.errors import NeedsError
from maieutic.core.events import Event
from maieutic.core.identity import digest
from maieutic.core.models import ModelRef
from maieutic.core.task import Models, Task
from maieutic.graphs.api import Result, aoptimize, aresume
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedModel, StubServer

LABELS = ("even", "odd")
ANSWER = {"type": "label", "labels": LABELS}
ELSEWHERE = [{"input": f"at the harbour they counted number {4000 + n} ships"} for n in range(24)]


def level(text: str, word: str) -> int:
    found = re.findall(rf"{word} (\d+)", text)
    return int(found[-1]) if found else 7


def target(messages: Sequence[Any]) -> str:
    """How many of ten rows are right the prompt says, for rows of the one place and of the other; which ones, differs
    from prompt to prompt."""
    text, asked = "\n".join(message["content"] for message in messages), messages[-1]["content"]
    row = int(re.findall(r"number (\d+)", asked)[-1])
    right = int(digest([text])[:6], 16) % 10 < level(text, "harbour" if "at the harbour" in asked else "level")
    return LABELS[(row + (not right)) % 2]


class Author:
    """Three prompts a question; with rows of the harbour in view they get those right too."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        turn, there = len(self.asked), "at the harbour" in question
        said = [f"Say even or odd, level {8 + n % 2}, harbour {10 if there else 8}, way {turn}{n}." for n in range(3)]
        return "".join(f"<prompt>{one}</prompt>" for one in said)


class Steady(Author):
    """The same prompts for the same question, in whatever process."""

    def __call__(self, question: str) -> str:
        turn = int(digest([question])[:6], 16) % 1000
        there = "at the harbour" in question
        return "".join(
            f"<prompt>Say even or odd, level 8, harbour {10 if there else 8}, way {turn}{n}.</prompt>" for n in range(3)
        )


async def played(play: Any, author: Any, **fields: Any) -> Any:
    fields = {"target": target, "answer": ANSWER, "elsewhere": ELSEWHERE, "budget": Budget(target_calls=500), **fields}
    return await play("gpo", author, **fields)


async def test_prompts_label_the_other_place_and_then_have_to_hold_on_both(play: Any) -> None:
    author = Author()
    ran = await played(play, author)
    named = [[order["operator"] for order in orders] for orders in ran.orders]
    assert named[:4] == [["several"], ["relabel"], ["several"], ["several"]]

    # The first questions show source rows alone, those after the vote both groups in equal parts; none a sealed row.
    assert all("at the harbour" not in text for text in author.asked[:2])
    shown = re.findall(r"Input: (at the harbour|number)", author.asked[2])
    assert shown.count("at the harbour") == shown.count("number") == 3
    assert not re.search(r"number 3\d\d\d\b", "".join(author.asked))

    # Start and six prompts answered the other place's inputs; what three quarters agreed on joined val and train.
    assert len(ran.grown) >= 4
    assert [one["split"] for one in ran.grown[:4]] == ["val", "train", "val", "train"]
    assert all(one["row"]["metadata"]["confidence"] >= 0.75 for one in ran.grown)
    assert all("at the harbour" in one["row"]["input"] for one in ran.grown)
    started = {one.example for one in ran.rows(next(iter(ran.candidates)))}
    assert {one["row"]["id"] for one in ran.grown if one["split"] == "val"} <= started

    # The winner is one that was written in view of both, and it was met on both.
    best = ran.candidates[ran.best]
    assert best.round > 2
    assert "harbour 10" in best.program.main.instruction
    assert ran.report.best.score > ran.report.start.score
    shift = ran.remarks[0]["shift"]
    assert shift["against"] == ""
    assert shift["p"] <= 0.05
    assert ran.remarks[0]["said"].endswith("got labels")


async def once(task: Task, folder: Path, *, cancelled: bool) -> Result:
    """A run to its end; where `cancelled`, with a break at the moment rows join."""
    joined: list[Event] = []

    def hear(event: Event) -> None:
        if event.kind == "rows_added":
            joined.append(event)
            if cancelled:
                work.cancel()

    budget, settings = Budget(target_calls=400), {"rounds": "4"}
    work = asyncio.ensure_future(
        aoptimize(task, recipe="gpo", budget=budget, folder=folder, run="r", settings=settings, listen=hear)
    )
    with suppress(asyncio.CancelledError):
        await work
    assert joined
    return await aresume("r", folder=folder) if cancelled else work.result()


@pytest.mark.slow
async def test_a_run_that_was_cancelled_when_rows_joined_goes_on_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_KEY", "anything")

    def some(first: int, count: int) -> list[dict[str, str]]:
        return [{"input": f"number {first + n}", "output": LABELS[(first + n) % 2]} for n in range(count)]

    ended = []
    with StubServer(ScriptedModel(target)) as one, StubServer(ScriptedModel(lambda m: author(m[0]["content"]))) as two:
        refs = [ModelRef.parse(f"openai/stub@{stub.base}", key_env="STUB_KEY") for stub in (one, two)]
        models = Models(target=refs[0], optimizer=refs[1])
        splits = {"train": some(1000, 10), "val": some(2000, 20), "test": some(3000, 6), "target": ELSEWHERE}
        task = Task.create("Say even or odd.", models=models, answer=ANSWER, **splits)  # type: ignore[arg-type]
        for cancelled in (False, True):
            author, folder = Steady(), tmp_path / str(cancelled)
            done = await once(task, folder, cancelled=cancelled)
            with Store.open(folder, read_only=True) as store:
                rows = store.examples("r")
                ended.append((store.candidates("r"), store.evaluations("r"), done.candidate, rows))
    assert ended[0] == ended[1]
    rows = ended[0][3]
    assert {split for split, row in rows if row.metadata.get("by") == "agreement"} == {"train", "val"}
    assert len({row.id for _, row in rows}) == len(rows)


@pytest.mark.slow
async def test_inputs_like_those_with_references_are_not_worth_labelling(play: Any) -> None:
    def row(n: int) -> tuple[str, str]:
        return f"number {n * 7919 % 9973}", LABELS[n * 7919 % 9973 % 2]

    same = [{"input": row(n)[0]} for n in range(5000, 5020)]
    ran = await played(play, Author(), elsewhere=same, row=row)
    assert "do not differ" in ran.remarks[0]["said"]
    assert all(order["operator"] == "several" for orders in ran.orders for order in orders)
    assert not ran.grown


@pytest.mark.slow
async def test_what_is_wrong_where_references_tell_labels_nothing(play: Any) -> None:
    def wrong(messages: Sequence[Any]) -> str:
        return LABELS[(int(re.findall(r"number (\d+)", messages[-1]["content"])[-1]) + 1) % 2]

    ran = await played(play, Author(), target=wrong)
    assert "is right for 0% of the examples" in ran.remarks[0]["said"]
    assert not ran.grown


@pytest.mark.slow
async def test_prompts_that_disagree_label_nothing(play: Any) -> None:
    def split(messages: Sequence[Any]) -> str:
        asked = messages[-1]["content"]
        if "at the harbour" in asked:
            return LABELS[int(digest([message["content"] for message in messages])[:6], 16) % 2]
        return target(messages)

    ran = await played(play, Author(), target=split, settings={"joint.threshold": "0.95", "joint.least": "6"})
    assert "examples of the other group, 6 are needed" in ran.remarks[0]["said"]


async def test_without_inputs_of_the_other_place_it_is_refused_before_anything_is_spent(play: Any) -> None:
    with pytest.raises(NeedsError, match="needs target"):
        await played(play, Author(), elsewhere=())


async def test_a_small_budget_still_measures_the_start_and_some(play: Any) -> None:
    ran = await played(play, Author(), budget=Budget(target_calls=60))
    assert len([one for one in ran.evaluations if one.split != "test"]) <= 60
    assert len([one for one in ran.candidates if ran.rows(one)]) >= 3
