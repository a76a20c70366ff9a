"""L2: after any end but its own, `resume` ends in the archive of an undisturbed run, and pays nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.directives import Pause, Resume, Stop
from maieutic.runtime.monitor.run_view import RunView
from maieutic.runtime.store import LedgerSums, Store
from maieutic.testing.run_harness import RunHarness

CALLS = 90


def ledger(folder: Path) -> tuple[LedgerSums, int]:
    with Store.open(folder, read_only=True) as store:
        rows = store.ledger_sums("r")
    return rows, sum(cost.calls for cost in rows.paid.values())


def repeats(keys: list[str]) -> int:
    return sum(count - 1 for count in Counter(keys).values())


@pytest.mark.parametrize(
    ("recipe", "concurrency", "moments"),
    [
        ("auto", 4, {3, 19, 41, 58, 75}),
        pytest.param("protegi", 1, {1, 20, 38, 52, 84}, marks=pytest.mark.slow),
    ],
)
async def test_L2_five_kills_change_nothing(
    harness: RunHarness, summary: Any, log: Any, recipe: str, concurrency: int, moments: set[int]
) -> None:
    calm = harness.new_folder()
    await harness.run(recipe, CALLS, folder=calm, concurrency=concurrency)
    meant = repeats(harness.request_keys)  # the noise floor asks some sealed rows a second time on purpose
    harness.reset()
    folder = harness.new_folder()
    killed = await asyncio.to_thread(harness.run_with_kills, folder, recipe, CALLS, moments, concurrency=concurrency)
    assert killed == 5
    assert summary(folder) == summary(calm)
    again = repeats(harness.request_keys) - meant
    rows, paid = ledger(folder)
    # A slot is free again when its answer is there, a moment before the answer is durable.
    assert again <= rows.lost <= killed * 2 * concurrency
    assert paid <= harness.request_count <= paid + rows.lost
    if concurrency == 1:
        assert paid + rows.lost == harness.request_count
    events = log(folder)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert Counter(event.kind for event in events)["test_opened"] == 1


@pytest.mark.parametrize(("recipe", "news"), [("auto", 8), pytest.param("mars", 6, marks=pytest.mark.slow)])
async def test_L2_kills_between_writing_and_going_on_change_nothing(
    harness: RunHarness, summary: Any, recipe: str, news: int
) -> None:
    calm, folder = harness.new_folder(), harness.new_folder()
    await harness.run(recipe, 60, folder=calm)
    harness.reset()
    killed = await asyncio.to_thread(harness.run_with_kills, folder, recipe, 60, set(), events=news)
    assert killed >= 4
    assert summary(folder) == summary(calm)
    rows, paid = ledger(folder)
    assert paid <= harness.request_count <= paid + rows.lost


async def test_L2_cancelled_runs_go_on_where_they_were(harness: RunHarness, summary: Any, any_recipe: str) -> None:
    calm, folder = harness.new_folder(), harness.new_folder()
    await harness.run(any_recipe, CALLS, folder=calm)
    whole = harness.request_count  # some recipes end before their budget does
    harness.reset()
    work = asyncio.create_task(harness.run(any_recipe, CALLS, folder=folder))
    for moment in (2, whole // 5, whole * 2 // 5, whole * 3 // 5):
        harness.at_request(moment, work.cancel)
        with pytest.raises(asyncio.CancelledError):
            await work
        with Store.open(folder, read_only=True) as store:
            assert store.run("r").state == "stopped"
        work = asyncio.create_task(harness.resume(folder))
    await work
    assert summary(folder) == summary(calm)
    rows, paid = ledger(folder)
    assert paid <= harness.request_count <= paid + rows.lost


@pytest.mark.slow
async def test_L2_killed_while_the_sealed_split_is_measured(harness: RunHarness, summary: Any, log: Any) -> None:
    calm, folder = harness.new_folder(), harness.new_folder()
    await harness.run("random-demos", CALLS, folder=calm)
    sealed = [n for n, body in enumerate(harness.target_bodies, 1) if "test word" in body["messages"][-1]["content"]]
    harness.reset()
    killed = await asyncio.to_thread(
        harness.run_with_kills, folder, "random-demos", CALLS, {sealed[0], sealed[-5]}, concurrency=1
    )
    assert killed == 2
    assert summary(folder) == summary(calm)
    assert Counter(event.kind for event in log(folder))["test_opened"] == 1
    rows, paid = ledger(folder)
    assert paid + rows.lost == harness.request_count
    assert rows.lost == 2


async def test_a_finished_run_is_returned_as_it_ended(harness: RunHarness) -> None:
    folder = harness.new_folder()
    done = await harness.run(folder=folder)
    assert await harness.resume(folder) == done


async def test_a_run_that_was_stopped_by_a_person_stays_as_it_ended(harness: RunHarness) -> None:
    folder = harness.new_folder()
    with Store.open(folder) as store:
        done = await harness.run(
            folder=folder, listen=harness.on_first("round_finished", lambda: store.add_directive("r", Stop()))
        )
        assert store.run("r").state == "finished"
    paid = harness.request_count
    assert await harness.resume(folder) == done
    assert harness.request_count == paid


async def test_a_pause_outlives_the_process(harness: RunHarness, summary: Any) -> None:
    """A paused run that dies stays paused when it is resumed, until a person says resume."""
    calm, folder = harness.new_folder(), harness.new_folder()
    await harness.run(folder=calm)
    with Store.open(folder) as store:
        work = asyncio.create_task(
            harness.run(
                folder=folder, listen=harness.on_first("round_finished", lambda: store.add_directive("r", Pause()))
            )
        )
        await harness.wait_until(lambda: store.has_run("r") and store.run("r").state == "paused")
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        work = asyncio.create_task(harness.resume(folder))
        await harness.wait_until(
            lambda: store.events("r")[-1].kind == "run_paused" and store.run("r").state == "paused"
        )
        kinds = [one.kind for one in store.events("r")]
        assert (kinds.count("run_paused"), kinds.index("run_resumed") < len(kinds) - 1) == (2, True)
        assert RunView.from_events(store.events("r")).state == "paused"
        await store.add_directive("r", Resume())
        await work
    assert summary(folder) == summary(calm)
