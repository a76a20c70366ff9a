"""What two lines would have caught in the originals: unreadable answers score 0 and say so; who is preferred wins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.recipe import PluginRef
from maieutic.core.score import Preference
from maieutic.graphs.recipe_loader import all_recipes
from maieutic.plugins.system.registry import Registry
from maieutic.runtime.store import Store
from maieutic.testing import Answer
from maieutic.testing.run_harness import RunHarness

START = "Say red or blue."
SHIPPED = [one for one in all_recipes(Registry.load()) if "schema" not in one.needs]
# Where the search reads likelihoods of given texts, no answer is read while it goes on.
_READING = [one.name for one in SHIPPED if one.loss is None and one.scorer is None and "logprobs" not in one.needs]
# Six stand for all where time is short.
_FAST = {"auto", "protegi", "gepa", "mipro", "capo", "mop"}
READING = [pytest.param(name, marks=[] if name in _FAST else [pytest.mark.slow]) for name in _READING]
JUDGED = [one for one in SHIPPED if one.judge is not None]
CONTRACT = AnswerContract(type="label", labels=("red", "blue"))


class Stubborn:
    """Answers the start prompt as before, and every other one in a form that nobody can read."""

    def __init__(self, honest: Any) -> None:
        self._honest = honest

    def answer(self, messages: Sequence[Any], draw: int = 0) -> Answer:
        only = len(messages) == 1 and messages[0]["content"].startswith(f"{START}\n\n")
        if only and len(messages[0]["content"].split()) <= len(START.split()) + 3:
            said: Answer = self._honest.answer(messages, draw)
            return said
        return Answer(text="I would rather not say")


class Always:
    """Prefers the second output, or the first, whatever they are."""

    needs: frozenset[Any] = frozenset()
    calls = 0

    def __init__(self, margin: float) -> None:
        self.name, self._margin = "always", margin

    async def prefer(self, example: Any, a: Any, b: Any, *, task: Any, team: Any) -> Preference:
        return Preference(margin=self._margin)


@pytest.mark.parametrize("recipe", READING)
async def test_who_breaks_the_format_scores_nothing_and_is_told_apart_from_the_wrong(
    harness: RunHarness, recipe: str
) -> None:
    honest, folder = harness.target._model, harness.new_folder()
    harness.target._model = Stubborn(honest)
    task = harness.task(train=8, val=8, test=8, answer=CONTRACT, prompt=START)
    try:
        done = await harness.run(recipe, task=task, folder=folder, calls=260 if recipe == "ape" else 130)
    finally:
        harness.target._model = honest
    with Store.open(folder, read_only=True) as store:
        seen = store.evaluations("r")
        made = store.candidates("r")
    start = made[0].id
    # Behind a router the start prompt itself may answer some rows.
    readable = {one.id for one in made if made[0].program.main in one.program.prompts.values()}
    assert {one.candidate for one in seen} > {start}, "the recipe measured nothing but the start prompt"
    broken = [one for one in seen if one.candidate not in readable or one.answer is None]
    assert {(one.score, one.failure, one.answer) for one in broken if one.candidate != start} <= {(0.0, "format", None)}
    if recipe not in {one.name for one in JUDGED}:
        assert done.candidate in readable
    else:
        assert done.report.format.best_failures == (0 if done.candidate == start else done.report.best.n)


@pytest.mark.parametrize("recipe", JUDGED, ids=lambda one: one.name)
@pytest.mark.parametrize(("margin", "newcomer"), [(-1.0, True), (1.0, False)])
async def test_whom_the_judge_prefers_wins(harness: RunHarness, recipe: Any, margin: float, newcomer: bool) -> None:
    registry = harness.registry(evaluator={"always": lambda: Always(margin)})
    partial = recipe.model_copy(update={"judge": PluginRef(use="always")})
    done = await harness.run(partial, registry=registry, task=harness.task(train=6, val=6, test=6), calls=80)
    assert (done.prompt.instruction != "Say red or blue.") == newcomer
