"""APOHF against its card: a pool once, the pair that tells most, a person or a judge, worth from preferences alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from maieutic.core.budget import Budget
from maieutic.core.directives import Prefer
from maieutic.core.events import Event
from maieutic.core.models import ModelRef
from maieutic.core.task import Models, Task
from maieutic.graphs.api import Result, aoptimize, build_graph
from maieutic.plugins.algorithms.preference_model import fit_preferences
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedModel, StubServer

SETTINGS = {"dueling.duels": "12", "paraphrase.count": "6"}


def target(messages: Sequence[Any]) -> str:
    """As warm as the prompt is: the number of its marks."""
    return f"hello{'!' * messages[-1]['content'].count('!')}"


class Author:
    """Paraphrases of zero to six marks, and a judge who likes marks."""

    def __init__(self) -> None:
        self.written = 0
        self.judged: list[str] = []

    def __call__(self, messages: Sequence[Any]) -> str:
        text = messages[0]["content"]
        if "<choice>" in text:
            self.judged.append(text)
            a, b = re.findall(r'Answer [AB]:\n"""\n(.*?)\n"""', text, re.DOTALL)
            return f"<choice>{'A' if a.count('!') > b.count('!') else 'B'}</choice>"
        self.written += 1
        return f"<prompt>Greet {'the kind ' * self.written}person{'!' * self.written}</prompt>"


def task(one: str, two: str) -> Task:
    refs = [ModelRef.parse(f"openai/stub@{base}", key_env="STUB_KEY") for base in (one, two)]
    some = {split: [{"input": f"{split} {n}"} for n in range(6)] for split in ("train", "val", "test")}
    return Task.create("Greet the person.", models=Models(target=refs[0], optimizer=refs[1]), **some)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_KEY", "anything")


def of(events: Sequence[Event], kind: str) -> list[dict[str, Any]]:
    return [dict(event.data) for event in events if event.kind == kind]


@pytest.mark.parametrize("model", ["linear", "neural"])
async def test_a_judge_stands_in_and_the_preferred_prompt_wins(tmp_path: Path, model: str) -> None:
    author, events = Author(), []
    with StubServer(ScriptedModel(target)) as one, StubServer(ScriptedModel(author)) as two:
        done = await aoptimize(
            task(one.base, two.base),
            recipe="apohf",
            budget=Budget(calls=400),
            folder=tmp_path,
            listen=events.append,
            settings={**SETTINGS, "dueling.model": model, "preferred.model": model},
        )
    assert len(of(events, "round_started")) == 1
    assert author.written == 6
    assert len(of(events, "duel_judged")) == 12 + 6  # the sealed rows are judged at the end
    assert not of(events, "duel_asked")
    assert done.prompt.instruction.count("!") >= 5
    assert done.report is not None
    assert done.report.verdict == "improved"
    # After the random pairs, the pair is told by what was learned: the best is in most of them.
    late = of(events, "duel_judged")[5:12]
    assert sum(done.candidate in (duel["first"], duel["second"]) for duel in late) >= 4


async def test_a_person_decides_by_directives_and_no_model_judges(tmp_path: Path) -> None:
    author, events = Author(), []
    with StubServer(ScriptedModel(target)) as one, StubServer(ScriptedModel(author)) as two:
        work = asyncio.create_task(
            aoptimize(
                task(one.base, two.base),
                recipe="apohf",
                budget=Budget(calls=400),
                folder=tmp_path,
                run="r",
                listen=events.append,
                settings={**SETTINGS, "judge": "person"},
            )
        )
        with Store.open(tmp_path) as store:
            answered = await answer_all(store, work)
        done = await work
    assert author.judged == []
    assert answered == 12
    with Store.open(tmp_path, read_only=True) as store:
        kept = [one for one in store.preferences("r") if one.by == "person"]
        assert len(kept) >= 12
    assert done.prompt.instruction.count("!") >= 5
    assert done.report is not None
    assert done.report.split == "val"


async def answer_all(store: Store, work: asyncio.Task[Result]) -> int:
    """A person who looks at the log, and prefers the warmer one."""
    said: set[str] = set()
    while not work.done():
        asked = [event for event in store.events("r") if event.kind == "duel_asked"] if store.has_run("r") else []
        for event in asked:
            if event.key in said:
                continue
            said.add(event.key)
            marks = {c.id: c.program.main.instruction.count("!") for c in store.candidates("r")}
            a, b = event.data["first"], event.data["second"]
            margin = 1.0 if marks[a] > marks[b] else -1.0
            await store.add_directive("r", Prefer(a=b, b=a, margin=-margin, example=event.data["example"]))
        await asyncio.sleep(0.02)
    return len(said)


async def test_an_embedded_graph_interrupts_with_both_outputs_and_no_names_of_prompts(tmp_path: Path) -> None:
    author = Author()
    with StubServer(ScriptedModel(target)) as one, StubServer(ScriptedModel(author)) as two:
        graph = build_graph(
            task(one.base, two.base),
            "apohf",
            checkpointer=InMemorySaver(),
            budget=Budget(calls=400),
            folder=tmp_path,
            settings={**SETTINGS, "judge": "person", "dueling.duels": "4"},
        )
        config: Any = {"configurable": {"thread_id": "t"}, "recursion_limit": 1000}
        state = await graph.ainvoke({}, config)
        asked = []
        while "__interrupt__" in state:
            asked.append(state["__interrupt__"][0].value)
            left, right = asked[-1]["left"], asked[-1]["right"]
            state = await graph.ainvoke(Command(resume="left" if len(left) > len(right) else "right"), config)
    assert len(asked) == 4
    assert all("Greet" not in f"{one['input']}{one['left']}{one['right']}" for one in asked)
    assert {one["swapped"] for one in asked} == {True, False}
    with Store.open(tmp_path, read_only=True) as store:
        rows = store.preferences(state["run"])
        marks = {c.id: c.program.main.instruction.count("!") for c in store.candidates(state["run"])}
    assert len(rows) == 4
    assert all((row.margin > 0) == (marks[row.a] > marks[row.b]) for row in rows)


@pytest.mark.parametrize("kind", ["linear", "neural"])
def test_worth_follows_preferences_and_doubt_falls_where_duels_were(kind: Any) -> None:
    rng = np.random.default_rng(0)
    shown = rng.normal(size=(12, 3))
    hidden = shown @ np.array([2.0, -1.0, 0.5])
    pairs = [tuple(rng.choice(12, 2, replace=False)) for _ in range(60)]
    met = [(int(a), int(b), 1.0 if hidden[a] > hidden[b] else -1.0) for a, b in pairs]
    told = fit_preferences(shown, met, kind=kind)
    assert np.corrcoef(told.worth, hidden)[0, 1] > 0.8
    fresh = fit_preferences(shown, met[:5], kind=kind)
    assert fresh.uncertainty(0)[0] == 0
    assert (fresh.uncertainty(0)[1:] > 0).any()
    if kind == "linear":  # what a network is unsure of moves with its weights
        assert told.uncertainty(0)[1:].mean() < fresh.uncertainty(0)[1:].mean()
    first, second = told.informative_pair(0.3)
    assert first == int(np.argmax(told.worth))
    assert first != second


def test_a_model_of_worth_that_nobody_knows_is_refused() -> None:
    from maieutic.core.errors import UsageError
    from maieutic.plugins.allocators.duels import DuelingBandit

    with pytest.raises(UsageError, match="preference model"):
        DuelingBandit(model="quadratic")  # type: ignore[arg-type]
