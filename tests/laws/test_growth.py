"""Searches go on while budget is left, or say what was left and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.errors import UsageError
from maieutic.core.program import Program
from maieutic.core.recipe import PluginRef, Recipe
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Proposal, Search, WorkOrder
from maieutic.graphs.passes import better_of
from maieutic.graphs.recipe_loader import apply_settings, load_recipe
from maieutic.plugins.system.registry import Registry
from maieutic.runtime.monitor.event_messages import message_for
from maieutic.runtime.reports.html import to_html
from maieutic.runtime.reports.markdown import to_markdown
from maieutic.runtime.reports.text import summary_lines
from maieutic.testing.run_harness import RunHarness, RunSummary

CALLS = 160


class Writer:
    """Writes a prompt of its own for each order, and never the same twice."""

    name, needs, calls = "writer", frozenset[Any](), 0

    async def propose(self, request: Any, team: Any) -> Any:
        return [Proposal(program=Program.of(f"Say red or blue. Draft {request.rng.getrandbits(30)}"))]


class TwoRounds:
    """A schedule of two rounds; each works on the baseline that it sees."""

    name, needs = "two-rounds", frozenset[Any]()
    # What each round worked on, with its number and the number over all passes.
    seen: list[tuple[int, int, str]] = []

    def ask(self, search: Search) -> Any:
        if search.round > 2:
            return []
        parent = search.archive.baseline.id
        self.seen.append((search.round, search.run_round, parent))
        return [WorkOrder(operator="writer", parents=(parent,))]

    def pool(self, search: Search, new: Any) -> Any:
        return [search.archive.baseline.id, *new]

    def tell(self, search: Search, pool: Any, verdicts: Any) -> Any:
        return dict.fromkeys(pool, "keep")

    def final(self, search: Search) -> str:
        return list(search.archive.candidates)[-1]


def two_rounds(**fields: Any) -> Recipe:
    return Recipe(
        name="two",
        summary="two rounds",
        strategy=PluginRef(use="two-rounds"),
        allocator=PluginRef(use="full"),
        operators=(PluginRef(use="writer"),),
        **fields,
    )


@pytest.fixture
def play(harness: RunHarness, log: Any) -> Callable[..., Any]:
    async def run(recipe: Recipe, calls: int = CALLS, **options: Any) -> tuple[Any, list[Any]]:
        TwoRounds.seen.clear()
        registry = harness.registry(operator={"writer": Writer}, strategy={"two-rounds": TwoRounds})
        folder = harness.new_folder()
        done = await harness.run(recipe=recipe, calls=calls, folder=folder, registry=registry, **options)
        return done, log(folder)

    return run


async def test_a_schedule_begins_again_at_the_best_prompt_while_budget_is_left(play: Any) -> None:
    done, events = await play(two_rounds(grows="passes"))
    passes = [event.data.get("passes", 0) for event in events if event.kind == "round_started"]
    assert passes[:6] == [0, 0, 1, 1, 2, 2]
    assert done.report.search.passes == passes[-1]
    assert done.report.search.share < 0.1
    rounds = [(number, overall) for number, overall, _ in TwoRounds.seen[:4]]
    assert rounds == [(1, 1), (2, 2), (1, 3), (2, 4)]
    first, second = TwoRounds.seen[0][2], TwoRounds.seen[2][2]
    best = [event.data["candidate"] for event in events if event.kind == "best_changed" and event.step < 20]
    assert first != second
    assert second in best


async def test_what_was_left_and_why_is_said_where_a_schedule_ends(play: Any) -> None:
    done, events = await play(two_rounds())
    end = done.report.search
    assert (end.reason, end.passes) == ("the recipe has nothing more to propose", 0)
    # Three prompts on twelve examples; the held-out test keeps its own calls.
    assert end.calls - end.left == 36
    text = f"the recipe has nothing more to propose; {end.left:,} of {end.calls:,} target calls were left"
    assert f"the search ended early: {text}" in summary_lines(done.report)
    assert text in to_html(done.report)
    assert "were left" in to_markdown(done.report)
    assert message_for(events[-1]) == f"run r finished: {text}"
    assert events[-1].data["left"] == end.left


async def test_a_limit_on_rounds_is_lifted_where_budget_is_left(play: Any) -> None:
    class Endless(TwoRounds):
        name = "two-rounds"

        def ask(self, search: Search) -> Any:
            return [WorkOrder(operator="writer", parents=(search.archive.baseline.id,))]

    TwoRounds.ask, ask = Endless.ask, TwoRounds.ask  # type: ignore[method-assign]
    try:
        limited, _ = await play(two_rounds(rounds=2))
        grown, _ = await play(two_rounds(rounds=2, grows="rounds"))
    finally:
        TwoRounds.ask = ask  # type: ignore[method-assign]
    assert limited.report.search.reason == "the recipe's rounds are done"
    assert limited.report.search.share > 0.5
    assert grown.report.search.share < 0.1


async def test_passes_end_where_nothing_new_is_written(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def same(self: Writer, request: Any, team: Any) -> Any:
        return [Proposal(program=Program.of("Say red or blue, once more."))]

    monkeypatch.setattr(Writer, "propose", same)
    done, _ = await play(two_rounds(grows="passes"))
    assert done.report.search.reason == "the recipe has nothing more to propose; the last pass brought no new prompt"
    assert done.report.search.passes == 1


async def test_passes_are_the_same_at_any_concurrency(harness: RunHarness, summary: Callable[..., RunSummary]) -> None:
    """L6, with a shipped recipe."""
    folders = [harness.new_folder(), harness.new_folder()]
    for folder, concurrency in zip(folders, (1, 5), strict=True):
        done = await harness.run(
            "random-demos", calls=130, folder=folder, concurrency=concurrency, settings={"pool.count": "3"}
        )
        assert done.report.search.passes > 0
    assert summary(folders[0]) == summary(folders[1])


def scored(means: dict[str, float]) -> Search:
    candidates = [Candidate(id=name, program=Program.of(name), operator="x") for name in means]
    rows = tuple(f"r{number}" for number in range(10))
    archive = Archive(
        candidates,
        [
            Evaluation(
                candidate=name, example=row, split="val", score=float(number < mean * 10), output="", answer="", step=0
            )
            for name, mean in means.items()
            for number, row in enumerate(rows)
        ],
    )
    return Search(archive=archive, train=(), val=rows, seed=0, round=1, step=1, remaining_runs=1, total_runs=1)


@pytest.mark.parametrize(("earlier", "later", "winner"), [(0.5, 0.8, "b"), (0.8, 0.5, "a"), (0.6, 0.6, "a")])
def test_no_winner_is_lost_to_a_later_pass(earlier: float, later: float, winner: str) -> None:
    assert better_of(scored({"a": earlier, "b": later}), "a", "b") == winner


def test_the_baseline_of_a_pass_is_what_it_began_with() -> None:
    archive = scored({"a": 0.1, "b": 0.2}).archive
    view = archive.rooted_at("b")
    assert (archive.baseline.id, view.baseline.id) == ("a", "b")
    view.add(Candidate(id="c", program=Program.of("c"), operator="x"))
    assert "c" in archive


def test_who_limits_the_rounds_gets_no_more_of_them() -> None:
    protegi = load_recipe("protegi", Registry.load())
    assert protegi.grows == "rounds"
    assert apply_settings(protegi, {"rounds": "3"}).grows == "none"
    assert apply_settings(protegi, {"rounds": "3", "grows": "rounds"}).grows == "rounds"
    with pytest.raises(UsageError, match="grows"):
        apply_settings(protegi, {"grows": "wild"})
