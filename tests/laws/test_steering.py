"""A person steers a run that goes on: each directive takes effect at the next boundary, and the log says so."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.candidate import Candidate
from maieutic.core.directives import (
    Annotate,
    ChangeBudget,
    Directive,
    Edit,
    Hint,
    Pause,
    Pin,
    Replan,
    Resume,
    Stop,
    Veto,
)
from maieutic.core.events import Event
from maieutic.core.lineage import Lineage
from maieutic.core.prompt import Prompt
from maieutic.core.task import Constraints
from maieutic.runtime.store import Store
from maieutic.testing.run_harness import RunHarness


async def steered(
    harness: RunHarness, *directives: Directive, recipe: str = "auto", when: str = "round_started", **options: Any
) -> tuple[Any, Path]:
    """A run that is told everything at one event, before its first boundary."""
    folder = harness.new_folder()
    with Store.open(folder) as store:
        tell = [lambda one=one: store.add_directive("r", one) for one in directives]

        async def all_of_them() -> None:
            for one in tell:
                await one()

        done = await harness.run(recipe, folder=folder, listen=harness.on_first(when, all_of_them), **options)
    return done, folder


def told(folder: Path, kind: str) -> list[Event]:
    with Store.open(folder, read_only=True) as store:
        return [event for event in store.events("r") if event.kind == kind]


def candidates(folder: Path) -> dict[str, Candidate]:
    with Store.open(folder, read_only=True) as store:
        return {one.id: one for one in store.candidates("r")}


async def of_a_calm_run(harness: RunHarness, recipe: str = "auto") -> dict[str, Candidate]:
    """The same ids as the steered run has in its first round."""
    folder = harness.new_folder()
    await harness.run(recipe, folder=folder)
    return candidates(folder)


async def test_stop_ends_the_search_and_the_best_so_far_is_tested(harness: RunHarness) -> None:
    done, folder = await steered(harness, Stop())
    assert len(told(folder, "round_finished")) == 1
    assert done.report.start.n == 12
    assert told(folder, "run_finished")[0].data["reason"] == "a person stopped it"
    assert [event.data["directive"] for event in told(folder, "directive_applied")] == [
        {"kind": "stop", "report": True, "reason": ""}
    ]


async def test_stop_without_a_report_leaves_the_seal_alone(harness: RunHarness) -> None:
    done, folder = await steered(harness, Stop(report=False))
    assert done.report is None
    assert told(folder, "test_opened") == []
    assert not any("test word" in str(body["messages"]) for body in harness.request_bodies)
    assert done.prompt == candidates(folder)[done.candidate].program.main


async def test_a_stop_is_a_stop_whatever_is_said_with_it(harness: RunHarness) -> None:
    _, folder = await steered(harness, Stop(), ChangeBudget(budget=Budget(calls=500)), Pause(), Resume())
    assert len(told(folder, "round_finished")) == 1


async def test_a_paused_run_asks_nothing_until_it_is_resumed(harness: RunHarness, summary: Any) -> None:
    calm, folder = harness.new_folder(), harness.new_folder()
    await harness.run(folder=calm)
    with Store.open(folder) as store:
        listen = harness.on_first("round_started", lambda: store.add_directive("r", Pause()))
        work = asyncio.create_task(harness.run(folder=folder, listen=listen))
        await harness.wait_until(lambda: store.has_run("r") and store.run("r").state == "paused")
        asked, running = harness.request_count, harness.target.seen.running + harness.optimizer.seen.running
        assert running == 0
        await harness.wait_until(lambda: bool(told(folder, "run_paused")))
        assert harness.request_count == asked
        await store.add_directive("r", Resume())
        await work
    assert summary(folder) == summary(calm)
    assert [event.data["directive"]["kind"] for event in told(folder, "directive_applied")] == ["pause", "resume"]


async def test_a_pin_survives_what_the_race_says(harness: RunHarness) -> None:
    loser = next(
        one.id for one in (await of_a_calm_run(harness)).values() if one.status == "dropped" and one.round == 1
    )
    _, folder = await steered(harness, Pin(candidate=loser))
    assert candidates(folder)[loser].status == "pinned"
    assert candidates(folder)[loser].reason == "by a person"


async def test_a_veto_takes_a_candidate_out_for_good(harness: RunHarness) -> None:
    calm = harness.new_folder()
    first = (await harness.run(folder=calm)).candidate
    done, folder = await steered(harness, Veto(candidate=first))
    if first in candidates(folder):
        assert candidates(folder)[first].status == "vetoed"
    assert done.candidate != first


@pytest.mark.parametrize("report", [True, False])
async def test_a_vetoed_leader_wins_nothing_even_when_the_run_stops_there(harness: RunHarness, report: bool) -> None:
    plain, where = await steered(harness, Stop(report=report), when="best_changed")
    assert plain.candidate != next(iter(candidates(where)))
    done, folder = await steered(harness, Veto(candidate=plain.candidate), Stop(report=report), when="best_changed")
    assert candidates(folder)[plain.candidate].status == "vetoed"
    assert done.candidate != plain.candidate
    assert told(folder, "best_changed")[-1].data["candidate"] == done.candidate


async def test_a_veto_of_a_branch_takes_all_that_descends_from_it(harness: RunHarness) -> None:
    start = next(iter(await of_a_calm_run(harness)))
    done, folder = await steered(harness, Veto(candidate=start, branch=True), Stop())
    below = Lineage(candidates(folder).values()).descendants(start)
    assert len(below) > 3
    assert {
        candidates(folder)[one].status for one in (start, *below) if candidates(folder)[one].status != "rejected"
    } == {"vetoed"}
    assert done.candidate == start


@pytest.mark.parametrize(
    "recipe",
    ["auto", *(pytest.param(name, marks=pytest.mark.slow) for name in ("random-demos", "opro", "protegi", "mars"))],
)
async def test_an_edit_enters_the_race_as_the_persons_own(harness: RunHarness, recipe: str) -> None:
    start = next(iter(await of_a_calm_run(harness, recipe)))
    mine = Prompt(instruction="Which of the two colours, red or blue? One word.")
    _, folder = await steered(harness, Edit(candidate=start, prompt=mine), recipe=recipe, calls=420)
    one = next(one for one in candidates(folder).values() if one.program.main == mine)
    assert (one.operator, one.parents, one.rationale) == ("person", (start,), "edited by a person")
    assert one.id in [event.data["candidate"] for event in told(folder, "candidate_proposed")]
    with Store.open(folder, read_only=True) as store:
        assert store.evaluations("r", candidate=one.id)


async def test_an_edit_passes_the_guards(harness: RunHarness) -> None:
    start = next(iter(await of_a_calm_run(harness)))
    texts = ("", "Say red or blue.", "Say red or blue, for example for train word 3 xyz.")
    edits = [Edit(candidate=start, prompt=Prompt(instruction=text)) for text in texts]
    task = harness.task(constraints=Constraints(max_prompt_tokens=8))
    _, folder = await steered(harness, *edits, task=task)
    reasons = [event.data["reason"] for event in told(folder, "directive_refused")]
    assert reasons == [
        "the prompt is empty",
        "duplicate of an earlier candidate",
        "it is too long: about 14 tokens, more than 8",
    ]
    assert all(one.operator != "person" for one in candidates(folder).values())


@pytest.mark.parametrize("recipe", ["protegi", "mars"])
async def test_a_hint_reaches_those_who_write(harness: RunHarness, recipe: str) -> None:
    _, folder = await steered(harness, Hint(text="Mind the ultramarine words."), recipe=recipe, calls=420)
    with Store.open(folder, read_only=True) as store:
        reached = {turn.role for turn in store.dialogue("r") if "ultramarine" in turn.messages[0]["content"]}
    assert "student" in reached
    assert recipe != "mars" or "teacher" in reached


async def test_a_larger_budget_is_used_and_a_smaller_one_kept(harness: RunHarness) -> None:
    more, folder = await steered(harness, ChangeBudget(budget=Budget(calls=140)))
    assert 90 < harness.request_count <= 140
    assert more.report.calls.target + more.report.calls.optimizer == harness.request_count
    with Store.open(folder, read_only=True) as store:
        assert Budget.model_validate_json(store.run("r").budget_json) == Budget(calls=140)
    harness.reset()
    less, folder = await steered(harness, ChangeBudget(budget=Budget(calls=3)))
    assert less.report.start.n == 0
    assert less.report.verdict == "no evidence of improvement"
    assert told(folder, "run_finished")[0].data["reason"] == "the budget is spent"


async def test_a_new_plan_is_made(harness: RunHarness) -> None:
    _, folder = await steered(harness, Replan(), recipe="mars", calls=160)
    assert len(told(folder, "plan_made")) == 2


async def test_what_cannot_be_done_is_refused_with_a_reason(harness: RunHarness) -> None:
    _, folder = await steered(
        harness,
        Pin(candidate="c-nobody"),
        Veto(candidate="c-nobody"),
        ChangeBudget(budget=Budget()),
        ChangeBudget(budget=Budget(calls=0)),
        Annotate(example="e", output="red"),
    )
    assert [event.data["reason"] for event in told(folder, "directive_refused")] == [
        "there is no candidate c-nobody",
        "there is no candidate c-nobody",
        "no budget was set",
        "a budget of 0 calls leaves nothing to spend",
        "there is no example e in train or val",
    ]
    assert told(folder, "directive_applied") == []


async def test_directives_are_applied_once_though_the_process_dies_on_them(harness: RunHarness, summary: Any) -> None:
    start = next(iter(await of_a_calm_run(harness)))
    mine = Edit(candidate=start, prompt=Prompt(instruction="Which colour? One word."))
    _, calm = await steered(harness, mine, Hint(text="red first"))
    folder = harness.new_folder()
    with Store.open(folder) as store:
        tell = harness.on_first("round_started", lambda: store.add_directive("r", mine))
        tell_more = harness.on_first("round_started", lambda: store.add_directive("r", Hint(text="red first")))
        work: list[asyncio.Task[Any]] = []

        def listen(event: Event) -> None:
            tell(event)
            tell_more(event)
            if event.kind == "directive_applied":
                work[0].cancel()

        work.append(asyncio.create_task(harness.run(folder=folder, listen=listen)))
        with pytest.raises(asyncio.CancelledError):
            await work[0]
        await harness.resume(folder)
    assert summary(folder) == summary(calm)
    assert len(told(folder, "directive_applied")) == 2
