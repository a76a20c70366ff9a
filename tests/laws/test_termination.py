"""Searches end by themselves, also where nothing new can be found."""

from __future__ import annotations

from typing import Any

from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.core.program import Program
from maieutic.core.recipe import PluginRef, Recipe
from maieutic.core.search_types import Proposal, Search, WorkOrder
from maieutic.core.task import Constraints
from maieutic.testing.run_harness import RunHarness


async def test_a_search_whose_every_candidate_is_refused_ends(harness: RunHarness, log: Any) -> None:
    folder = harness.new_folder()
    done = await harness.run(folder=folder, task=harness.task(constraints=Constraints(max_prompt_tokens=8)), calls=300)
    events = log(folder)
    assert events[-1].data["reason"] == "10 rounds in a row brought nothing new"
    assert {event.kind for event in events} >= {"candidate_rejected", "run_finished"}
    assert done.report.start.n == 12


async def test_a_prompt_that_breaks_the_form_scores_nothing_and_is_told_as_a_failure_of_form(
    harness: RunHarness,
) -> None:
    """METHODS 2.5: what cannot be read is no wrong answer and never a lucky one."""
    broken = "Explain at length. BREAK"

    class Breaker:
        name, needs, calls = "breaker", frozenset[Any](), 0

        async def propose(self, request: Any, team: Any) -> Any:
            return [Proposal(program=Program.of(broken))]

    class Stubborn:
        """Insists on the newest prompt, whatever it scores."""

        name, needs = "stubborn", frozenset[Any]()

        def ask(self, search: Search) -> Any:
            return [WorkOrder(operator="breaker", parents=(search.archive.baseline.id,))] if search.round == 1 else []

        def pool(self, search: Search, new: Any) -> Any:
            return [search.archive.baseline.id, *new]

        def tell(self, search: Search, pool: Any, verdicts: Any) -> Any:
            return dict.fromkeys(pool, "keep")

        def final(self, search: Search) -> str:
            return list(search.archive.candidates)[-1]

    registry = harness.registry(operator={"breaker": Breaker}, strategy={"stubborn": Stubborn})
    recipe = Recipe(
        name="broken",
        summary="breaks the form",
        strategy=PluginRef(use="stubborn"),
        allocator=PluginRef(use="full"),
        operators=(PluginRef(use="breaker"),),
    )
    task = harness.task(answer=AnswerContract(type="label", labels=("red", "blue")))
    done = await harness.run(recipe, task=task, registry=registry)
    assert done.report.best.score == 0
    assert done.report.format.best_failures == 12
    assert done.report.format.gain == done.report.difference.value < 0
    assert done.report.content.gain == 0
    assert done.report.verdict == "worse"


async def test_authors_leave_room_to_measure_what_they_wrote(harness: RunHarness, log: Any) -> None:
    """`ape` may ask up to a hundred questions; of sixty calls it gets a share."""
    folder = harness.new_folder()
    await harness.run("ape", folder=folder, calls=60)
    told = [event for event in log(folder) if event.kind in ("request_finished", "batch_finished")]
    assert told[0].data["proposals"] >= 3
    assert sum(event.data["pairs"] for event in told if event.kind == "batch_finished") >= 10


async def test_authors_write_one_round_at_most_that_the_rest_cannot_measure(
    harness: RunHarness, log: Any, any_recipe: str
) -> None:
    """Calls of authors are not limited here: a search that cannot measure any more, or finds nothing new, ends."""
    folder = harness.new_folder()
    await harness.run(any_recipe, folder=folder, budget=Budget(target_calls=97))
    events = log(folder)
    last = max(place for place, event in enumerate(events) if event.kind == "batch_finished")
    written = [e for e in events[last:] if e.kind == "agent_spoke" and e.data["role"] != "judge"]
    assert len(written) <= 12, "a judge measures: it is no author"
