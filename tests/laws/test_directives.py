"""Directives that change what a run is made of: rows, models, weights, duels, rules, approvals."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.core.candidate import Candidate
from maieutic.core.directives import (
    AddExample,
    Annotate,
    Approve,
    ChangeRole,
    ChangeWeight,
    Directive,
    Edit,
    Fork,
    Hint,
    Pause,
    Pin,
    Prefer,
    Replan,
    Resume,
    Rule,
    Stop,
)
from maieutic.core.errors import ModelError
from maieutic.core.events import Event
from maieutic.core.models import ModelRef
from maieutic.core.prompt import Prompt
from maieutic.core.task import Models
from maieutic.graphs.api import build_graph
from maieutic.graphs.run_options import ForkOrigin
from maieutic.runtime.monitor.run_view import RunView
from maieutic.runtime.store import Store
from maieutic.testing.run_harness import RunHarness


async def steered(
    harness: RunHarness, *directives: Directive, recipe: str = "auto", when: str = "round_started", **options: Any
) -> tuple[Any, Path]:
    folder = options.pop("folder", None) or harness.new_folder()
    with Store.open(folder) as store:

        async def tell() -> None:
            for one in directives:
                await store.add_directive("r", one)

        done = await harness.run(recipe, folder=folder, listen=harness.on_first(when, tell), **options)
    return done, folder


def told(folder: Path, kind: str, run: str = "r") -> list[Event]:
    with Store.open(folder, read_only=True) as store:
        return [event for event in store.events(run) if event.kind == kind]


def candidates(folder: Path, run: str = "r") -> dict[str, Candidate]:
    with Store.open(folder, read_only=True) as store:
        return {one.id: one for one in store.candidates(run)}


def refusals(folder: Path) -> list[str]:
    return [event.data["reason"] for event in told(folder, "directive_refused")]


async def test_an_annotation_scores_anew_what_was_scored_and_asks_nobody(harness: RunHarness) -> None:
    row = harness.task().data.val[0]
    other = "blue" if row.output == "red" else "red"
    calm = harness.new_folder()
    await harness.run(folder=calm)
    harness.reset()
    _, folder = await steered(harness, Annotate(example=row.id, output=other), Stop(report=False), when="best_changed")
    [event] = [one for one in told(folder, "directive_applied") if one.data["directive"]["kind"] == "annotate"]
    assert (event.data["before"], event.data["after"]) == (row.output, other)
    with Store.open(folder, read_only=True) as store, Store.open(calm, read_only=True) as before:
        met = {one.candidate: one for one in store.evaluations("r") if one.example == row.id}
        earlier = {one.candidate: one for one in before.evaluations("r") if one.example == row.id}
        assert event.data["rescored"] == len(met) > 0
        for name, seen in met.items():
            assert seen.score == float(seen.answer == other)
            assert (seen.output, seen.step) == (earlier[name].output, earlier[name].step)
        assert store.example("r", row.id).outputs == (other,)
    assert len(harness.request_keys) == len(set(harness.request_keys))


async def test_test_rows_cannot_be_annotated_nor_added(harness: RunHarness) -> None:
    sealed = harness.task().data.test[0]
    known = harness.task().data.train[0]
    _, folder = await steered(
        harness,
        Annotate(example=sealed.id, output="red"),
        Annotate(example="e-nobody", output="red"),
        Annotate(example=known.id, output="green"),
        AddExample(input=sealed.input, output="red"),
        AddExample(input=known.input, output="red"),
        AddExample(input="new word", output="green"),
        AddExample(input={"a": "new", "b": "word"}, output="red"),
        Stop(),
        task=harness.task(answer=AnswerContract(type="label", labels=("red", "blue"))),
    )
    assert [reason.split(":")[0] for reason in refusals(folder)] == [
        "the example is in the held-out test, which cannot change during a run",
        "there is no example e-nobody in train or val",
        "'green' is no answer under the task's contract",
        "the example is in test already",
        "the example is in train already",
        "'green' is no answer under the task's contract",
        "examples of this task have other fields",
    ]


async def test_a_new_val_row_is_met_by_all_in_the_race_before_anything_is_compared(harness: RunHarness) -> None:
    new = AddExample(input="val word 999", output="red")
    _, folder = await steered(harness, new, when="best_changed", calls=160)
    assert refusals(folder) == []
    [event] = told(folder, "directive_applied")
    row = event.data["example"]
    assert event.data["scored"] > 0
    with Store.open(folder, read_only=True) as store:
        assert row in {one.id for split, one in store.examples("r", "val")}
        at = [one.candidate for one in store.evaluations("r") if one.example == row and one.step == event.step]
        assert len(at) == event.data["scored"]
    assert any("val word 999" in str(body["messages"]) for body in harness.target_bodies)


async def test_a_row_that_the_race_cannot_meet_is_refused(harness: RunHarness) -> None:
    _, folder = await steered(harness, AddExample(input="val word 999", output="red"), when="report_written")
    assert refusals(folder) == ["the search was over before it could be applied"]


async def test_a_rule_reaches_those_who_write(harness: RunHarness) -> None:
    rule = Rule(when="the word is long", advice="mind the ultramarine")
    _, folder = await steered(harness, rule, recipe="protegi", calls=420)
    with Store.open(folder, read_only=True) as store:
        assert [(one.when, one.advice) for one in store.rules("r")] == [("the word is long", "mind the ultramarine")]
        assert any("ultramarine" in turn.messages[0]["content"] for turn in store.dialogue("r"))


async def test_a_preference_is_a_duel_that_searches_see(harness: RunHarness) -> None:
    calm = harness.new_folder()
    await harness.run(folder=calm)
    first, second = list(candidates(calm))[:2]
    row = harness.task().data.val[0].id
    _, folder = await steered(
        harness,
        Prefer(a=first, b=second, example=row, margin=-0.5),
        Prefer(a=first, b=first),
        Prefer(a=first, b="c-nobody"),
        Prefer(a=first, b=second, example=harness.task().data.test[0].id),
        Stop(),
    )
    with Store.open(folder, read_only=True) as store:
        [kept] = store.preferences("r")
    assert (kept.a, kept.b, kept.example, kept.margin, kept.by) == (first, second, row, -0.5, "person")
    assert len(refusals(folder)) == 3


@pytest.mark.slow
async def test_another_model_plays_a_role_from_then_on(harness: RunHarness) -> None:
    other = ModelRef.parse(
        f"openai/stub@{harness.optimizer.base.replace('127.0.0.1', 'localhost')}", key_env="STUB_KEY"
    )
    nobody = ModelRef.parse("openai/other@http://127.0.0.1:9/v1", key_env="NO_SUCH_KEY_AT_ALL")
    _, folder = await steered(
        harness,
        ChangeRole(role="student", model=other),
        ChangeRole(role="target", model=other),
        ChangeRole(role="student", model=nobody),
        recipe="protegi",
        calls=900,
    )
    with sqlite3.connect(folder / "maieutic.db") as db:
        asked = {model for (model,) in db.execute("SELECT model FROM attempts WHERE payer = 'optimizer'")}
    assert asked == {str(harness.task().models.optimizer), str(other)}
    assert len(refusals(folder)) == 2
    assert "scores of another could not be compared" in refusals(folder)[0]


@pytest.mark.slow
async def test_an_operator_can_be_weighed_and_an_evaluator_cannot(harness: RunHarness) -> None:
    _, folder = await steered(
        harness,
        ChangeWeight(name="layout", weight=1000.0),
        ChangeWeight(name="layuot", weight=2.0),
        ChangeWeight(of="evaluator", name="exact", weight=2.0),
        calls=300,
    )
    rounds = [event for event in told(folder, "round_started") if event.data["round"] > 1]
    drawn = [order["operator"] for event in rounds for order in event.data["orders"]]
    assert drawn
    assert drawn.count("layout") > len(drawn) * 0.8
    assert "did you mean 'layout'" in refusals(folder)[0]
    assert "could not be compared" in refusals(folder)[1]


async def test_what_a_recipe_has_no_use_for_is_refused(harness: RunHarness) -> None:
    _, folder = await steered(harness, Replan(), Approve(), Fork(candidate="c"), Fork(candidate="c", run="x"), Stop())
    assert [reason.split(";")[0] for reason in refusals(folder)] == [
        "the recipe auto has no planner",
        "this run asks for no approval",
        "a fork is a run of its own: maieutic fork RUN CANDIDATE starts one",
    ]
    assert told(folder, "directive_applied")[0].data["fork"] == "x"


async def approving(harness: RunHarness, folder: Path, say: Callable[[int], list[Directive]]) -> Any:
    """Drive a run that asks: `say` tells what a person answers to the n-th question."""
    with Store.open(folder) as store:
        work = asyncio.create_task(harness.run(folder=folder, approve=True))
        answered = 0
        while not work.done():
            await harness.wait_until(lambda seen=answered: work.done() or len(told_now(store, "approval_asked")) > seen)
            if work.done():
                break
            for directive in say(answered):
                await store.add_directive("r", directive)
            answered += 1
        return await work


def told_now(store: Store, kind: str) -> list[Event]:
    return [event for event in store.events("r") if event.kind == kind] if store.has_run("r") else []


async def test_nothing_is_paid_before_a_person_approves_and_then_all_is_as_if_nobody_had_asked(
    harness: RunHarness, summary: Any
) -> None:
    calm, folder = harness.new_folder(), harness.new_folder()
    await harness.run(folder=calm)
    harness.reset()
    seen: list[int] = []

    def say(number: int) -> list[Directive]:
        seen.append(harness.request_count)
        return [Approve()]

    await approving(harness, folder, say)
    assert seen[0] == 0
    assert summary(folder) == summary(calm)
    asked = told(folder, "approval_asked")
    assert len(asked) == len(seen) >= 2
    spent = [*seen[1:], harness.request_count]
    for question, before, after in zip(asked[:-1], seen, spent, strict=False):
        assert after - before <= question.data["target"] + question.data["optimizer"]


async def test_one_approval_may_hold_for_the_rest_and_a_stop_declines(harness: RunHarness, summary: Any) -> None:
    calm, folder, other = harness.new_folder(), harness.new_folder(), harness.new_folder()
    await harness.run(folder=calm)
    await approving(harness, folder, lambda number: [Approve(rest=True)])
    assert len(told(folder, "approval_asked")) == 1
    assert summary(folder) == summary(calm)
    hinted = harness.new_folder()
    await approving(harness, hinted, lambda number: [Hint(text="red first"), Approve(rest=True)])
    assert len(told(hinted, "approval_asked")) == 1
    harness.reset()
    done = await approving(harness, other, lambda number: [Stop(report=False)])
    assert done.state == "stopped"
    assert harness.request_count == 0


async def test_an_embedded_run_is_approved_by_resuming_the_graph(harness: RunHarness) -> None:
    folder = harness.new_folder()
    graph = build_graph(
        harness.task(), budget=Budget(calls=90), folder=folder, approve=True, checkpointer=InMemorySaver()
    )
    config: Any = {"configurable": {"thread_id": "t"}, "recursion_limit": 10_000}
    asked = await graph.ainvoke({"run": "r"}, config)
    question = asked["__interrupt__"][0].value
    assert question["round"] == 1
    assert harness.request_count == 0
    asked = await graph.ainvoke(Command(resume=True), config)
    assert asked["__interrupt__"][0].value["round"] == 2
    assert harness.request_count > 0
    final = await graph.ainvoke(Command(resume={"approve": False}), config)
    assert "__interrupt__" not in final
    assert told(folder, "run_finished")[0].data["reason"] == "a person stopped it"


async def test_a_pause_holds_in_the_middle_of_a_round_and_changes_nothing(harness: RunHarness, summary: Any) -> None:
    calm, folder = harness.new_folder(), harness.new_folder()
    await harness.run("ape", folder=calm)
    with Store.open(folder) as store:
        listen = harness.on_first("request_started", lambda: store.add_directive("r", Pause()))
        work = asyncio.create_task(harness.run("ape", folder=folder, listen=listen))
        await harness.wait_until(lambda: bool(told_now(store, "run_paused")))
        assert not told_now(store, "round_finished")
        view = RunView.from_events(store.events("r"))
        assert view.state == "paused"
        await store.add_directive("r", Resume())
        await work
    assert summary(folder) == summary(calm)


async def test_a_run_that_was_stopped_without_a_report_is_stopped_and_can_be_taken_up_again(
    harness: RunHarness,
) -> None:
    done, folder = await steered(harness, Stop(report=False))
    assert (done.state, done.report) == ("stopped", None)
    assert told(folder, "run_finished") == []
    assert told(folder, "run_stopped")[-1].data["reason"] == "a person stopped it"
    with Store.open(folder, read_only=True) as store:
        assert store.run("r").state == "stopped"
    again = await harness.resume(folder)
    assert again.state == "finished"
    assert again.report.start.n == 12
    assert len(told(folder, "round_finished")) > 1


async def test_steering_survives_a_death_between_two_steps(harness: RunHarness, summary: Any) -> None:
    row = harness.task().data.val[1]
    told_all: list[Directive] = [
        Annotate(example=row.id, output="red"),
        AddExample(input="val word 999", output="blue"),
        ChangeWeight(name="layout", weight=5.0),
        Rule(when="always", advice="be short"),
    ]
    _, calm = await steered(harness, *told_all, calls=160)
    assert refusals(calm) == []
    folder = harness.new_folder()
    with Store.open(folder) as store:
        work: list[asyncio.Task[Any]] = []
        left = [3]

        async def tell() -> None:
            for one in told_all:
                await store.add_directive("r", one)

        say = harness.on_first("round_started", tell)

        def listen(event: Event) -> None:
            say(event)
            if event.kind == "directive_applied" and left[0]:
                left[0] -= 1
                work[-1].cancel()

        work.append(asyncio.create_task(harness.run(folder=folder, listen=listen, calls=160)))
        for _ in range(8):
            try:
                await work[-1]
                break
            except asyncio.CancelledError:
                work.append(asyncio.create_task(harness.resume(folder, listen=listen)))
    assert summary(folder) == summary(calm)
    assert len(told(folder, "directive_applied")) == 4


async def test_a_fork_begins_with_what_was_forked_and_pays_for_nothing_twice(harness: RunHarness) -> None:
    folder = harness.new_folder()
    await harness.run(folder=folder)
    chosen = next(one for one in candidates(folder).values() if one.status != "rejected" and one.parents)
    with Store.open(folder, read_only=True) as store:
        known = [one for one in store.evaluations("r", candidate=chosen.id) if one.split == "val"]
    harness.reset()
    origin = ForkOrigin(run="r", candidate=chosen.id)
    done = await harness.run(folder=folder, run="f", origin=origin)
    mine = candidates(folder, "f")
    start, forked = list(mine.values())[:2]
    assert (forked.program, forked.operator, forked.parents) == (chosen.program, "person", ())
    assert f"forked from run r, candidate {chosen.id}" in forked.rationale
    first = told(folder, "round_started", "f")[0].data["orders"]
    assert {tuple(order["parents"]) for order in first} == {(forked.id,)}
    assert told(folder, "run_started", "f")[0].data["origin"] == origin.model_dump()
    with Store.open(folder, read_only=True) as store:
        assert store.run("f").options["origin"] == origin.model_dump()
        assert store.evaluations("f", candidate=forked.id)
        used = sum(cost.calls for cost in store.ledger_sums("f").used.values())
    assert known
    assert harness.request_count < used
    assert done.report.start.n == 12
    assert start.operator == "start"


async def test_what_a_guard_rejected_can_be_neither_pinned_nor_forked(harness: RunHarness) -> None:
    start = next(iter(candidates((await steered(harness, Stop()))[1])))
    _, folder = await steered(
        harness,
        Edit(candidate=start, prompt=Prompt(instruction="Say {colour} of it.")),
        Edit(candidate=start, prompt=Prompt(instruction="x"), slot="nowhere"),
        Pin(candidate="c-nobody"),
        Stop(),
    )
    assert "which no example has" in refusals(folder)[0]
    assert "no prompt 'nowhere'" in refusals(folder)[1]


async def test_an_embedded_run_that_ends_before_its_end_says_so_in_its_record(harness: RunHarness) -> None:
    stopped, failed = harness.new_folder(), harness.new_folder()
    graph = build_graph(harness.task(), "random-demos", budget=Budget(calls=60), folder=stopped)
    work = asyncio.create_task(graph.ainvoke({"run": "r"}, {"recursion_limit": 10_000}))
    harness.at_request(5, work.cancel)
    with pytest.raises(asyncio.CancelledError):
        await work
    nobody = ModelRef.parse("openai/nobody@http://127.0.0.1:9/v1", key_env="STUB_KEY")
    models = Models(target=nobody, optimizer=nobody)
    graph = build_graph(harness.task(models=models), "random-demos", budget=Budget(calls=60), folder=failed)
    with pytest.raises(ModelError):
        await graph.ainvoke({"run": "r"}, {"recursion_limit": 10_000})
    for folder, state in ((stopped, "stopped"), (failed, "failed")):
        with Store.open(folder, read_only=True) as store:
            assert store.run("r").state == state
            assert store.events("r")[-1].kind == f"run_{state}"


async def test_another_process_steers_by_the_command_line(harness: RunHarness) -> None:
    folder = harness.new_folder()

    async def maieutic(*words: str) -> Any:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "maieutic",
            *words,
            "--json",
            "--folder",
            str(folder),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await child.communicate()
        return json.loads(out)

    with Store.open(folder) as store:
        listen = harness.on_first("round_started", lambda: store.add_directive("r", Pause()))
        work = asyncio.create_task(harness.run(folder=folder, listen=listen))
        await harness.wait_until(lambda: bool(told_now(store, "run_paused")))
        said = await maieutic("steer", "r", "hint", "mind the zero")
        assert (said["directive"], said["alive"], said["unavailable"]) == ("hint", True, None)
        dry = await maieutic("steer", "r", "veto", "start", "--branch", "--dry-run")
        assert dry["dry_run"] is True
        assert (await maieutic("steer", "r", "resume"))["number"] > said["number"]
        await work
    kinds = [event.data["directive"]["kind"] for event in told(folder, "directive_applied")]
    assert sorted(kinds) == ["hint", "pause", "resume"]
