"""L5 the sealed rows stay sealed; L7 the log is whole, balanced, and no observer can change a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from maieutic.core.events import Event
from maieutic.core.protocols import Decision
from maieutic.core.recipe import PluginRef, Recipe
from maieutic.core.search_types import Measurement, Search, WorkOrder
from maieutic.graphs.recipe_loader import load_recipe
from maieutic.plugins.algorithms.llm_helpers import with_instruction
from maieutic.plugins.allocators.full_evaluation import FullEvaluation
from maieutic.plugins.strategies.beam_search import BeamSearch
from maieutic.runtime.monitor.run_view import RunView
from maieutic.runtime.store import Store
from maieutic.testing.run_harness import RunHarness

PAIRS = (("request_started", "request_finished"), ("round_started", "round_finished"))


class SpyStrategy(BeamSearch):
    seen: list[Search]

    def ask(self, search: Search) -> Any:
        self.seen.append(search)
        return super().ask(search)

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        self.seen.append(search)
        return super().tell(search, pool, verdicts)

    def final(self, search: Search) -> str:
        self.seen.append(search)
        return super().final(search)


class SpyAllocator(FullEvaluation):
    seen: list[Search]

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        self.seen.append(search)
        return super().ask(search, pool)


async def test_L5_no_test_row_is_sent_before_the_seal_is_opened_nor_to_an_author(
    harness: RunHarness, log: Any, any_recipe: str
) -> None:
    folder = harness.new_folder()
    opened: list[int] = []

    def listen(event: Event) -> None:
        if event.kind == "test_opened":
            opened.append(harness.request_count)

    await harness.run(any_recipe, folder=folder, listen=listen)
    target = ["test word" in str(body) for body in harness.target_bodies]
    author = [body for body in harness.request_bodies[len(target) :] if "test word" in str(body)]
    assert len(opened) == 1
    assert author == []
    before = opened[0] - (harness.request_count - len(target))
    assert not any(target[:before])
    assert all(target[before:])
    assert any(target)
    assert Counter(event.kind for event in log(folder))["test_opened"] == 1


async def test_L5_policies_see_no_test_row(harness: RunHarness) -> None:
    seen: list[Search] = []

    registry = harness.registry(
        strategy={"spy": lambda: _with(SpyStrategy(), seen)},
        allocator={"spy": lambda: _with(SpyAllocator(rows=6), seen)},
    )
    recipe = load_recipe("protegi", registry).model_copy(
        update={"strategy": PluginRef(use="spy"), "allocator": PluginRef(use="spy")}
    )
    task = harness.task()
    done = await harness.run(recipe, task=task, registry=registry)
    assert done.report.start.n == 12
    sealed = {example.id for example in task.data.test}
    assert len(seen) > 4
    for search in seen:
        assert sealed.isdisjoint(search.examples)
        assert sealed.isdisjoint([*search.train, *search.val])
        assert sealed.isdisjoint(evaluation.example for evaluation in search.archive.scores)


async def test_L7_events_are_gap_free_and_balanced(harness: RunHarness, log: Any, any_recipe: str) -> None:
    folder = harness.new_folder()
    heard: list[Event] = []
    await harness.run(any_recipe, folder=folder, listen=heard.append)
    events = log(folder)
    assert heard == events
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert len({event.key for event in events}) == len(events)
    for began, over in PAIRS:
        starts = [event.key.split(":", 2)[::2] for event in events if event.kind == began]
        ends = [event.key.split(":", 2)[::2] for event in events if event.kind == over]
        assert len(starts) == len(ends) > 0
        if began == "request_started":  # by step and place; a round ends in a later step than it begins
            assert sorted(starts) == sorted(ends)
    assert events[-1].kind == "run_finished"
    last_round = max(event.number for event in events if event.kind == "round_finished")
    assert next(event.number for event in events if event.kind == "test_opened") > last_round


async def test_L7_an_observer_that_raises_changes_nothing(harness: RunHarness, summary: Any, log: Any) -> None:
    calm, folder = harness.new_folder(), harness.new_folder()
    heard: list[str] = []

    def raising(event: Event) -> None:
        heard.append(event.kind)
        raise RuntimeError("the screen is gone")

    await harness.run(folder=calm)
    await harness.run(folder=folder, listen=raising)
    assert summary(folder) == summary(calm)
    assert heard == [event.kind for event in log(folder)]


async def test_L7_a_replayed_log_is_the_live_view(harness: RunHarness, log: Any) -> None:
    folder = harness.new_folder()
    live = [RunView()]
    done = await harness.run(folder=folder, listen=lambda event: live.append(live[-1].apply(event)))
    events = log(folder)
    assert RunView.from_events(events) == live[-1]
    assert RunView.from_events([one for event in events for one in (event, event)]) == live[-1]
    assert live[-1].state == "finished"
    assert live[-1].spent.calls == harness.request_count
    with Store.open(folder, read_only=True) as store:
        assert live[-1].candidate_count == len(store.candidates("r")) - 1
    assert live[-1].report["verdict"] == done.report.verdict


def _with(spy: Any, seen: list[Search]) -> Any:
    spy.seen = seen
    return spy


async def test_every_proposal_enters_or_is_refused_with_a_reason(harness: RunHarness, log: Any) -> None:
    """L10: what an operator, the screen or a duplicate keeps out is in the log, and the report counts it."""

    class Author:
        name, needs, calls = "author", frozenset[Any](), 0

        async def propose(self, request: Any, team: Any) -> Any:
            texts = (request.parents[0].program.main.instruction, "Answer as TEAM={team}.", "Say yes or no. " * 1500)
            return [*(with_instruction(request, text) for text in texts), with_instruction(request, texts[1])]

    class Once:
        name, needs = "once", frozenset[Any]()

        def ask(self, search: Search) -> Any:
            start = search.archive.baseline.id
            return [WorkOrder(operator="author", parents=(start,))] if search.round == 1 else []

        def pool(self, search: Search, new: Any) -> Any:
            return [search.archive.baseline.id, *new]

        def tell(self, search: Search, pool: Any, verdicts: Any) -> Any:
            return dict.fromkeys(pool, "keep")

        def final(self, search: Search) -> str:
            return list(search.archive.candidates)[-1]

    folder = harness.new_folder()
    recipe = Recipe(
        name="once",
        summary="asks one author once",
        strategy=PluginRef(use="once"),
        allocator=PluginRef(use="full"),
        operators=(PluginRef(use="author"),),
    )
    registry = harness.registry(operator={"author": Author}, strategy={"once": Once})
    done = await harness.run(recipe, folder=folder, registry=registry)  # type: ignore[arg-type]
    events = log(folder)
    refused = [event.data["reason"].partition(":")[0] for event in events if event.kind == "candidate_rejected"]
    assert sorted(refused) == ["duplicate of an earlier candidate", "it equals its parent", "it is too long"]
    (entered,) = [event for event in events if event.kind == "candidate_proposed"]
    assert done.report.proposals is not None
    assert (done.report.proposals.written, done.report.proposals.entered) == (4, 1)
    assert {refusal.reason: refusal.count for refusal in done.report.proposals.refused} == dict.fromkeys(refused, 1)
    view = RunView()
    for event in events:
        view = view.apply(event)
    assert view.candidates[entered.data["candidate"]].status != "rejected"
