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

CALLS = 90


def ledger(folder: Path) -> tuple[LedgerSums, int]:
    with Store.open(folder, read_only=True) as store:
        rows = store.ledger_sums("r")
    return rows, sum(cost.calls for cost in rows.paid.values())


def repeats(keys: list[str]) -> int:
    return sum(count - 1 for count in Counter(keys).values())


@pytest.mark.parametrize(
    ("recipe", "concurrency", "moments"), [("auto", 4, {3, 19, 41, 58, 75}), ("protegi", 1, {1, 20, 38, 52, 84})]
)
async def test_L2_five_kills_change_nothing(
    lab: Any, ended: Any, log: Any, recipe: str, concurrency: int, moments: set[int]
) -> None:
    calm = lab.folder()
    await lab.run(recipe, CALLS, folder=calm, concurrency=concurrency)
    meant = repeats(lab.keys)  # the noise floor asks some sealed rows a second time on purpose
    lab.fresh()
    folder = lab.folder()
    killed = await asyncio.to_thread(lab.outlive, folder, recipe, CALLS, moments, concurrency=concurrency)
    assert killed == 5
    assert ended(folder) == ended(calm)
    again = repeats(lab.keys) - meant
    rows, paid = ledger(folder)
    # A slot is free again when its answer is there, a moment before the answer is durable.
    assert again <= rows.lost <= killed * 2 * concurrency
    assert paid <= lab.asked <= paid + rows.lost
    if concurrency == 1:
        assert paid + rows.lost == lab.asked
    events = log(folder)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert Counter(event.kind for event in events)["test_opened"] == 1


@pytest.mark.parametrize(("recipe", "news"), [("auto", 8), ("mars", 6)])
async def test_L2_kills_between_writing_and_going_on_change_nothing(
    lab: Any, ended: Any, recipe: str, news: int
) -> None:
    calm, folder = lab.folder(), lab.folder()
    await lab.run(recipe, 60, folder=calm)
    lab.fresh()
    killed = await asyncio.to_thread(lab.outlive, folder, recipe, 60, set(), news=news)
    assert killed >= 4
    assert ended(folder) == ended(calm)
    rows, paid = ledger(folder)
    assert paid <= lab.asked <= paid + rows.lost


async def test_L2_cancelled_runs_go_on_where_they_were(lab: Any, ended: Any, any_recipe: str) -> None:
    calm, folder = lab.folder(), lab.folder()
    await lab.run(any_recipe, CALLS, folder=calm)
    whole = lab.asked  # some recipes end before their budget does
    lab.fresh()
    work = asyncio.create_task(lab.run(any_recipe, CALLS, folder=folder))
    for moment in (2, whole // 5, whole * 2 // 5, whole * 3 // 5):
        lab.call_at(moment, work.cancel)
        with pytest.raises(asyncio.CancelledError):
            await work
        with Store.open(folder, read_only=True) as store:
            assert store.run("r").state == "stopped"
        work = asyncio.create_task(lab.resume(folder))
    await work
    assert ended(folder) == ended(calm)
    rows, paid = ledger(folder)
    assert paid <= lab.asked <= paid + rows.lost


async def test_L2_killed_while_the_sealed_split_is_measured(lab: Any, ended: Any, log: Any) -> None:
    calm, folder = lab.folder(), lab.folder()
    await lab.run("random-demos", CALLS, folder=calm)
    sealed = [n for n, body in enumerate(lab.target_bodies, 1) if "test word" in body["messages"][-1]["content"]]
    lab.fresh()
    killed = await asyncio.to_thread(lab.outlive, folder, "random-demos", CALLS, {sealed[0], sealed[-5]}, concurrency=1)
    assert killed == 2
    assert ended(folder) == ended(calm)
    assert Counter(event.kind for event in log(folder))["test_opened"] == 1
    rows, paid = ledger(folder)
    assert paid + rows.lost == lab.asked
    assert rows.lost == 2


async def test_a_finished_run_is_returned_as_it_ended(lab: Any) -> None:
    folder = lab.folder()
    done = await lab.run(folder=folder)
    assert await lab.resume(folder) == done


async def test_a_run_that_was_stopped_by_a_person_stays_as_it_ended(lab: Any) -> None:
    folder = lab.folder()
    with Store.open(folder) as store:
        done = await lab.run(folder=folder, listen=lab.at("round_finished", lambda: store.add_directive("r", Stop())))
        assert store.run("r").state == "finished"
    paid = lab.asked
    assert await lab.resume(folder) == done
    assert lab.asked == paid


async def test_a_pause_outlives_the_process(lab: Any, ended: Any) -> None:
    """A paused run that dies stays paused when it is resumed, until a person says resume."""
    calm, folder = lab.folder(), lab.folder()
    await lab.run(folder=calm)
    with Store.open(folder) as store:
        work = asyncio.create_task(
            lab.run(folder=folder, listen=lab.at("round_finished", lambda: store.add_directive("r", Pause())))
        )
        await lab.until(lambda: store.has_run("r") and store.run("r").state == "paused")
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        work = asyncio.create_task(lab.resume(folder))
        await lab.until(lambda: store.events("r")[-1].kind == "run_paused" and store.run("r").state == "paused")
        kinds = [one.kind for one in store.events("r")]
        assert (kinds.count("run_paused"), kinds.index("run_resumed") < len(kinds) - 1) == (2, True)
        assert RunView.from_events(store.events("r")).state == "paused"
        await store.add_directive("r", Resume())
        await work
    assert ended(folder) == ended(calm)
