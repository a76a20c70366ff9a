"""A recipe: a published method as data. Strategy, operators, allocator, team, defaults, citation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .asks import Evidence
from .dataset import Split
from .models import Role
from .protocols import Need

SlotRule = Literal["in-turn", "credit", "shared"]


class PluginRef(BaseModel):
    """A plugin by name with its options. `weight` is a prior for strategies that choose among operators."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    use: str
    weight: float = Field(default=1.0, gt=0)
    options: Mapping[str, Any] = Field(default_factory=dict)


class Recipe(BaseModel):
    """See `graphs/recipes/*.toml`.

    evidence: role → what it may read; a role that is not named reads all. planner: whether something is planned first;
    plans: a path of sub-goals, or which views of the evidence count. rounds: the most rounds; the budget may end the
    run before. differs: what differs from the paper and why.
    makes: what its parts may need and it brings itself, such as the references of a recipe that labels rows.
    hides: splits whose rows stand there without outputs from before the run begins, whatever the data say; never test.
    judge: who decides duels, a pair evaluator by name, where the allocator asks for some. scorer: how candidates are
    scored while searching, in place of the task's own evaluators; loss: a loss evaluator instead, a candidate's score
    is then exp(-loss). The sealed test is always scored by the task's own.
    slots: of a program's several prompts, which is worked on next: each in turn, by what edits of it brought, or the
    one that stands before all others.
    agents: who stands behind a role in place of the shipped, by `role` or `role.skill`.
    expected_calls: of target and optimizer at the defaults, in words or arithmetic over `val` and `train`.
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
    plans: Literal["path", "views"] = "path"
    rounds: int = Field(default=10_000, gt=0, strict=True)
    judge: PluginRef | None = None
    scorer: PluginRef | None = None
    loss: PluginRef | None = None
    slots: SlotRule = "credit"
    temperature: Mapping[Role, float] = Field(default_factory=dict)
    agents: Mapping[str, PluginRef] = Field(default_factory=dict)
