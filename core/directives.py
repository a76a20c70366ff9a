"""Directives: what a person can tell a run. Each takes effect at the next step boundary and is logged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from .budget import Budget
from .models import ModelRef, Role
from .prompt import Prompt


class _Directive(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pause(_Directive):
    """Pause the run. Calls in flight may finish; no new one starts until resume or stop."""

    kind: Literal["pause"] = "pause"


class Resume(_Directive):
    """Resume a paused run."""

    kind: Literal["resume"] = "resume"


class Stop(_Directive):
    """End the search. The best candidate so far is reported; without `report` the run can be resumed.

    reason: why, where no person asked for it.
    """

    kind: Literal["stop"] = "stop"
    report: bool = True
    reason: str = ""


class Pin(_Directive):
    """Keep a candidate regardless of its scores."""

    kind: Literal["pin"] = "pin"
    candidate: str


class Veto(_Directive):
    """Remove a candidate from the search; with `branch`, its descendants too."""

    kind: Literal["veto"] = "veto"
    candidate: str
    branch: bool = False


class Edit(_Directive):
    """Add a prompt written by hand, as a candidate of its own that passes the same guards.

    `slot` names the prompt of the program that it replaces; empty is the main one.
    """

    kind: Literal["edit"] = "edit"
    candidate: str
    prompt: Prompt
    slot: str = ""


class Hint(_Directive):
    """Add text that teacher and student read from the next round on."""

    kind: Literal["hint"] = "hint"
    text: str


class Rule(_Directive):
    """Add advice that applies if a condition on an output holds."""

    kind: Literal["rule"] = "rule"
    when: str
    advice: str


class Prefer(_Directive):
    """Compare two candidates as a person; margin in [-1, 1], positive for `a`."""

    kind: Literal["prefer"] = "prefer"
    a: str
    b: str
    margin: float = Field(default=1.0, ge=-1, le=1)
    example: str | None = None


class Annotate(_Directive):
    """Replace the references of a train or val example."""

    kind: Literal["annotate"] = "annotate"
    example: str
    output: str


class AddExample(_Directive):
    """Add an example, such as a boundary case. On val, all active candidates are scored on it first."""

    kind: Literal["add-example"] = "add-example"
    split: Literal["train", "val"] = "val"
    input: str | Mapping[str, Any]
    output: str


class Approve(_Directive):
    """Approve the cost of the next round; with `rest`, of all later ones too."""

    kind: Literal["approve"] = "approve"
    rest: bool = False


class Fork(_Directive):
    """Record that a new run was started from a candidate of this one."""

    kind: Literal["fork"] = "fork"
    candidate: str
    run: str = ""


class ChangeBudget(_Directive):
    """Change the limits. Each is a finite number: JSON has no other and would store it as no limit."""

    kind: Literal["budget"] = "budget"
    budget: Budget

    @field_validator("budget")
    @classmethod
    def _check_finite(cls, budget: Budget) -> Budget:
        for name, value in budget.model_dump(exclude_none=True).items():
            if not math.isfinite(value):
                raise ValueError(f"a budget of {value} {name} limits nothing; use a finite number above 0")
        return budget


class ChangeRole(_Directive):
    """Change the model of a role."""

    kind: Literal["roles"] = "roles"
    role: Role
    model: ModelRef


class ChangeWeight(_Directive):
    """Change the prior weight of an operator, for strategies that choose among operators."""

    kind: Literal["weights"] = "weights"
    of: Literal["operator", "evaluator"] = "operator"
    name: str
    weight: float = Field(gt=0, allow_inf_nan=False)


class Replan(_Directive):
    """Let the planner make a new plan."""

    kind: Literal["replan"] = "replan"


Directive = Annotated[
    Pause
    | Resume
    | Stop
    | Pin
    | Veto
    | Edit
    | Hint
    | Rule
    | Prefer
    | Annotate
    | AddExample
    | Approve
    | Fork
    | ChangeBudget
    | ChangeRole
    | ChangeWeight
    | Replan,
    Field(discriminator="kind"),
]

directive_adapter: TypeAdapter[Directive] = TypeAdapter(Directive)
