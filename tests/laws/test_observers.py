"""L7 and L8 for observers: each hears all, and none can change, break or hold up a run."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from maieutic.core.budget import Budget
from maieutic.core.errors import PluginError, UsageError
from maieutic.core.events import Event
from maieutic.core.observer import RunClosed
from maieutic.graphs.api import build_graph
from maieutic.graphs.event_delivery import ObserverDispatcher
from maieutic.runtime.store import Store
from maieutic.testing import ObserverConformance
from maieutic.testing.run_harness import RunHarness


class Diary:
    """Writes down all it hears."""

    name = "diary"
    needs: frozenset[Any] = frozenset()

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.ends: list[RunClosed] = []

    async def hear(self, event: Event) -> None:
        self.heard.append(event)

    async def end(self, closing: RunClosed) -> None:
        self.ends.append(closing)


class TestDiary(ObserverConformance):
    def make(self) -> Diary:
        return Diary()


def raises(self: Any, event: Event) -> None:
    raise RuntimeError("no route to https://me:secret@host, my key is hunter2-hunter2")


def loops(self: Any, event: Event) -> None:
    while True:
        time.sleep(0.001)


async def waits(self: Any, event: Event) -> None:
    await asyncio.Event().wait()


def exits(self: Any, event: Event) -> None:
    raise SystemExit(3)


def meddles(self: Any, event: Event) -> None:
    event.data.clear()  # type: ignore[attr-defined]
    event.kind = "run_failed"  # type: ignore[misc]


BROKEN = {
    "raises": (raises, "no route"),
    "loops": (loops, "longer than"),
    "waits": (waits, "longer than"),
    "exits": (exits, "SystemExit"),
    "meddles": (meddles, "frozen"),
}


async def test_it_hears_every_committed_event_and_the_report(harness: RunHarness, log: Any) -> None:
    diary, folder = Diary(), harness.new_folder()
    registry = harness.registry(observer={"diary": lambda: diary})
    done = await harness.run(folder=folder, registry=registry, observers=["diary"])
    assert diary.heard == log(folder)
    (end,) = diary.ends
    assert (end.run, end.state, end.report) == ("r", "finished", done.report)
    assert done.candidate in {one.id for one in end.candidates}


async def test_without_being_asked_nobody_hears(harness: RunHarness) -> None:
    diary = Diary()
    await harness.run("random-demos", 60, registry=harness.registry(observer={"diary": lambda: diary}))
    assert (diary.heard, diary.ends) == ([], [])


@pytest.mark.parametrize("wrong", BROKEN)
async def test_one_that_is_broken_is_named_and_the_run_is_as_without_it(
    harness: RunHarness,
    summary: Any,
    log: Any,
    wrong: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTHER_KEY", "hunter2-hunter2")
    hear, said = BROKEN[wrong]
    plain, folder, diary = harness.new_folder(), harness.new_folder(), Diary()
    await harness.run("random-demos", 60, folder=plain)
    clock = {"seconds": 0.2} if said == "longer than" else {}
    broken = type("Broken", (Diary,), {"name": "broken", "hear": hear, **clock})
    registry = harness.registry(observer={"broken": broken, "diary": lambda: diary})
    with caplog.at_level(logging.WARNING, logger="maieutic"):
        await harness.run("random-demos", 60, folder=folder, registry=registry, observers=["broken", "diary"])
    assert summary(folder) == summary(plain)
    assert diary.heard == log(folder)
    (told,) = [one.getMessage() for one in caplog.records if "broken" in one.getMessage()]
    assert said in told
    assert "here 1, stage call" in told
    assert "hunter2" not in told
    assert "secret" not in told


async def test_the_end_of_a_run_waits_for_a_slow_one_only_so_long(
    harness: RunHarness, caplog: pytest.LogCaptureFixture
) -> None:
    folder = harness.new_folder()
    await harness.run("random-demos", 60, folder=folder)
    slow, diary = type("Slow", (Diary,), {"name": "slow", "hear": waits})(), Diary()
    hall = ObserverDispatcher(observers=[slow, diary], close_timeout=0.1)
    with Store.open(folder, read_only=True) as store, caplog.at_level(logging.WARNING, logger="maieutic"):
        hall.deliver(Event(run="r", kind="run_started", key="a"))
        await hall.aclose(store, "r")
    assert [end.state for end in diary.ends] == ["finished"]
    assert "the observer 'slow' had not handled all events after 0.1 seconds" in caplog.text


async def test_a_run_that_is_taken_up_is_heard_from_its_first_event(harness: RunHarness, log: Any) -> None:
    folder, first, second = harness.new_folder(), Diary(), Diary()
    registry = harness.registry(observer={"diary": lambda: first})
    running = asyncio.create_task(harness.run(folder=folder, registry=registry, observers=["diary"]))
    harness.at_request(30, running.cancel)
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [end.state for end in first.ends] == ["stopped"]
    harness.reset()
    done = await harness.resume(folder, registry=harness.registry(observer={"diary": lambda: second}))
    assert first.heard == log(folder)[: len(first.heard)]
    assert second.heard == log(folder)
    assert [end.report for end in second.ends] == [done.report]


async def test_inside_an_app_it_hears_each_stretch_between_two_interrupts(harness: RunHarness, log: Any) -> None:
    diary, folder = Diary(), harness.new_folder()
    registry = harness.registry(observer={"diary": lambda: diary})
    options: dict[str, Any] = {"budget": Budget(calls=60), "folder": folder, "approve": True, "registry": registry}
    graph = build_graph(harness.task(), "random-demos", checkpointer=InMemorySaver(), observers=["diary"], **options)
    config: Any = {"configurable": {"thread_id": "t"}, "recursion_limit": 10_000}
    await graph.ainvoke({"run": "r"}, config)
    assert [end.state for end in diary.ends] == ["paused"]
    await graph.ainvoke(Command(resume={"approve": False}), config)
    assert [end.state for end in diary.ends] == ["paused", "finished"]
    assert {event.number for event in diary.heard} == {event.number for event in log(folder)}


async def test_one_that_is_not_there_or_cannot_be_made_is_an_error_before_anything_is_spent(
    harness: RunHarness,
) -> None:
    with pytest.raises(UsageError, match="no observer is called 'mlfow'"):
        await harness.run(observers=["mlfow"])
    with pytest.raises(PluginError, match="here 1, stage contract"):
        await harness.run(registry=harness.registry(observer={"deaf": lambda: object()}), observers=["deaf"])
    assert harness.request_count == 0
