"""Growing with the budget: what a recipe does where its schedule ends and a part of the budget is left.

A recipe was published with a schedule: so many rounds, stages or trials. A small budget shrinks it, a large one goes
on: with `grows = "rounds"` the limit on rounds is lifted, with `grows = "passes"` the whole schedule begins again, at
the best prompt so far in place of the baseline and with what was measured in view.
"""

from __future__ import annotations

from ..core.search_types import Search
from ..plugins.algorithms.selection import EXCLUDED
from .run_context import RunContext
from .state import RunState

# The schedule ends for good where less is left: a pass of a tenth of the budget could not compare what it writes.
MIN_SHARE = 0.1


def has_budget_left(search: Search) -> bool:
    """Whether so much of the budget is left that a schedule goes on."""
    return search.remaining_runs >= max(2, MIN_SHARE * search.total_runs)


def next_pass(context: RunContext, state: RunState, search: Search) -> tuple[RunState | None, str]:
    """The state in which another pass begins; or None, and why, where budget would be left for one.

    Rounds without anything new go on counting: where the last ones brought none, a fresh start has few left to try.
    """
    if context.config.recipe.grows != "passes" or not has_budget_left(search):
        return None, ""
    best, archive = state["best"], context.archive(state["step"])
    entered = sum(candidate.status != "rejected" for candidate in archive.candidates.values())
    if entered <= state.get("pass_entered", 1):
        return None, "the last pass brought no new prompt" if state.get("passes") else ""
    mean, count = archive.scores.mean(best, search.val), archive.scores.count(best, search.val)
    if mean is None:
        return None, ""
    # A second pass measures on more examples than the schedule has, so that it may tell perfect prompts apart.
    if mean >= 1.0 and (count >= len(search.val) or state.get("passes")):
        return None, f"the best prompt is right on all {count} val examples that it was measured on"
    beginning: RunState = {
        "passes": state.get("passes", 0) + 1,
        "pass_round": state["round"],
        "pass_root": best,
        "pass_entered": entered,
        "memory": {**state["memory"], "strategy": {}},
    }
    return beginning, ""


def better_of(search: Search, earlier: str, later: str) -> str:
    """The later winner where it is better on the val examples that both were measured on, else that of an earlier pass.

    A pass may end worse than it began, and no winner may be lost to it.
    """
    archive = search.archive
    if later == earlier or earlier not in archive or archive[earlier].status in EXCLUDED:
        return later
    gains = archive.scores.paired(later, earlier, search.val)
    return later if gains and sum(gains) > 0 else earlier
