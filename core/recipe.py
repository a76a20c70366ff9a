"""A recipe: a published method as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .asks import Evidence
from .dataset import Split
from .frozen import FrozenDict, FrozenMapping
from .models import Role
from .protocols import Need

SlotRule = Literal["in-turn", "credit", "shared"]


class PluginRef(BaseModel):
    """A plugin by name with its options.

    Attributes:
        use: The name.
        weight: A prior weight, for strategies that choose among operators.
        options: The options of its constructor.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    use: str
    weight: float = Field(default=1.0, gt=0)
    options: FrozenMapping[str, Any] = Field(default_factory=FrozenDict)


class Recipe(BaseModel):
    """One optimization method: the parts it combines, and their defaults. See `graphs/recipes/*.toml`.

    Attributes:
        name: What `--recipe` takes.
        summary: What it does, in a sentence.
        paper: The citation.
        differs: What differs from the paper, and why.
        expected_calls: Target and optimizer calls at the defaults, in words or arithmetic over `val` and `train`.
        needs: What the run must have.
        makes: Needs that the recipe fulfils itself, such as the references of a recipe that labels examples.
        hides: Splits whose references are removed before the run begins, whatever the data say; never test.
        strategy: What directs the search.
        allocator: What decides which measurements to make.
        operators: What proposes prompts and examples.
        evidence: Role → what it may read; a role that is not named reads everything.
        planner: Whether the run begins with a plan.
        plans: What the plan is: the path on which the task is solved, the edits that the prompt needs, or the views of
            the evidence that matter. With `auto` capable optimizer models plan a path, small ones edits.
        rounds: The maximum number of rounds. The budget may end the run before.
        grows: What a budget beyond the schedule is for: `rounds` lifts the limit on rounds, `passes` begins the
            schedule again at the best prompt so far; with `none` the search ends, and its report says what was left.
        judge: The pair evaluator that decides duels, if the allocator asks for some.
        scorer: What scores candidates during the search, in place of the task's evaluators. The held-out test is always
            scored by the task's own.
        loss: A loss evaluator in place of a scorer. A candidate's score is then exp(-loss).
        slots: Which of a program's prompts is worked on next: each in turn, by the gain of earlier edits, or the shared
            one.
        temperature: Role → temperature, in place of the instruction's own.
        agents: `role` or `role.skill` → the agent that replaces the shipped behaviour.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    summary: str
    paper: str = ""
    differs: str = ""
    expected_calls: str = ""
    needs: frozenset[Need] = frozenset()
    makes: frozenset[Need] = frozenset()
    hides: frozenset[Split] = frozenset()
    strategy: PluginRef
    allocator: PluginRef
    operators: tuple[PluginRef, ...]
    evidence: Mapping[Role, tuple[Evidence, ...]] = Field(default_factory=dict)
    planner: bool = Field(default=False, strict=True)
    plans: Literal["auto", "path", "edits", "views"] = "auto"
    rounds: int = Field(default=10_000, gt=0, strict=True)
    grows: Literal["none", "rounds", "passes"] = "none"
    judge: PluginRef | None = None
    scorer: PluginRef | None = None
    loss: PluginRef | None = None
    slots: SlotRule = "credit"
    temperature: Mapping[Role, float] = Field(default_factory=dict)
    agents: Mapping[str, PluginRef] = Field(default_factory=dict)
