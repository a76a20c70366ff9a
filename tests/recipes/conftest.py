"""Recipes played to the end on two scripted models: a target whose accuracy the prompt says, and an author."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from maieutic.core.budget import Budget
from maieutic.core.candidate import Candidate
from maieutic.core.models import ModelRef, ModelSettings
from maieutic.core.report import Report
from maieutic.core.score import Evaluation
from maieutic.core.task import Models, Task
from maieutic.graphs.api import aoptimize
from maieutic.runtime.store import DialogueTurn, Store
from maieutic.testing import ScriptedModel, StubServer

Script = Callable[[str], str]


def level(text: str) -> int:
    """The number after the last `level` in a text: how many of ten rows such a prompt gets right; 3 without."""
    found = re.findall(r"level (\d+)", text)
    return min(10, int(found[-1])) if found else 3


def truth(row: int) -> str:
    return "even" if row % 2 == 0 else "odd"


def graded(messages: Sequence[Any]) -> str:
    """Right on the rows whose last digit is below the prompt's level."""
    text = "\n".join(message["content"] for message in messages)
    row = int(re.findall(r"number (\d+)", messages[-1]["content"])[-1])
    right = row % 10 < level(text)
    return truth(row if right else row + 1)


@dataclass(frozen=True, kw_only=True)
class Played:
    """What a run left in its store."""

    candidates: Mapping[str, Candidate]
    evaluations: Sequence[Evaluation]
    dialogue: Sequence[DialogueTurn]
    report: Report
    best: str
    target_calls: int
    author_calls: int
    orders: Sequence[Sequence[Mapping[str, Any]]]
    remarks: Sequence[Mapping[str, Any]]
    grown: Sequence[Mapping[str, Any]]

    def asked(self, skill: str) -> list[str]:
        """The questions of one skill, in the order of steps and orders."""
        return [turn.messages[0]["content"] for turn in self.dialogue if turn.skill == skill]

    @property
    def skills(self) -> Counter[str]:
        return Counter(turn.skill for turn in self.dialogue)

    def made_by(self, operator: str) -> list[Candidate]:
        return [one for one in self.candidates.values() if one.operator == operator and one.status != "rejected"]

    def rows(self, candidate: str, split: str = "val") -> list[Evaluation]:
        return [one for one in self.evaluations if one.candidate == candidate and one.split == split]

    def mean(self, candidate: str) -> float:
        rows = self.rows(candidate)
        return sum(one.score for one in rows) / len(rows)


def _asked_at(turn: DialogueTurn) -> tuple[int, int]:
    """The step and the order that asked. Orders of a step are worked on side by side, and their questions arrive as
    the machine has it; those of one order stay as they came."""
    stream = turn.place.split("/")[1]
    return turn.step, int(stream) if stream.isdigit() else -1


Play = Callable[..., Awaitable[Played]]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    monkeypatch.setenv("STUB_KEY", "anything")

    async def run(
        recipe: str,
        author: Script,
        *,
        target: Callable[[Sequence[Any]], str] = graded,
        budget: Budget | None = None,
        rows: int = 40,
        prompt: str = "Say even or odd.",
        settings: Mapping[str, str] | None = None,
        row: Callable[[int], tuple[str, ...]] = lambda n: (f"number {n}", truth(n)),
        provider: str = "openai",
        elsewhere: Sequence[Mapping[str, str]] = (),
        folder: Path = tmp_path,
        register: Literal["plain", "full"] = "plain",
        **fields: Any,
    ) -> Played:
        """One schedule, as published, whatever budget is left. row: from a number to input and reference, and an id
        where a third is given. provider: `llamacpp` where the target scores given texts. elsewhere: rows of the
        split target. register: how the author is asked."""

        def some(first: int, count: int) -> list[dict[str, str]]:
            return [dict(zip(("input", "output", "id"), row(first + n), strict=False)) for n in range(count)]

        thinker = ScriptedModel(lambda messages: author(messages[0]["content"]))
        with StubServer(ScriptedModel(target)) as one, StubServer(thinker) as two:
            refs = [ModelRef.parse(f"{provider}/stub@{stub.base}", key_env="STUB_KEY") for stub in (one, two)]
            refs[1] = refs[1].model_copy(update={"options": ModelSettings(instructions=register)})
            task = Task.create(
                prompt,
                train=some(1000, 20),
                val=some(2000, rows),
                test=some(3000, 20),
                target=elsewhere,
                models=Models(target=refs[0], optimizer=refs[1]),
                **fields,
            )
            done = await aoptimize(
                task,
                recipe=recipe,
                budget=budget or Budget(target_calls=400),
                folder=folder,
                run="r",
                settings={"grows": "none", **(settings or {})},
            )
            counts = one.count, two.count
        with Store.open(folder, read_only=True) as store:
            events = store.events("r")
            begun = [event.data["orders"] for event in events if event.kind == "round_started"]
            return Played(
                candidates={candidate.id: candidate for candidate in store.candidates("r")},
                evaluations=store.evaluations("r"),
                dialogue=sorted(store.dialogue("r"), key=_asked_at),
                report=done.report,
                best=done.candidate,
                target_calls=counts[0],
                author_calls=counts[1],
                orders=begun,
                remarks=[event.data.get("remarks", {}) for event in events if event.kind == "round_finished"],
                grown=[one for event in events if event.kind == "rows_added" for one in event.data["rows"]],
            )

    return run
