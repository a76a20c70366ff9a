"""What a person tells a run. Each takes effect at the next step boundary and says so in the log."""

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
    """What is in flight may finish; nothing new is asked until resume or stop."""

    kind: Literal["pause"] = "pause"


class Resume(_Directive):
    kind: Literal["resume"] = "resume"


class Stop(_Directive):
    """End the search; the best so far goes to the report. Without `report` the run can be taken up again."""

    kind: Literal["stop"] = "stop"
    report: bool = True


class Pin(_Directive):
    """Keep a candidate alive whatever the allocator says."""

    kind: Literal["pin"] = "pin"
    candidate: str


class Veto(_Directive):
    """Take a candidate out of the race; with `branch`, all that descend from it too."""

    kind: Literal["veto"] = "veto"
    candidate: str
    branch: bool = False


class Edit(_Directive):
    """A prompt by hand. It is a candidate of its own, made by the person, and passes the same gate.

    slot: which of the program's named prompts it replaces; empty is the main one.
    """

    kind: Literal["edit"] = "edit"
    candidate: str
    prompt: Prompt
    slot: str = ""


class Hint(_Directive):
    """Free text that teacher and student read from now on."""

    kind: Literal["hint"] = "hint"
    text: str


class Rule(_Directive):
    """Advice that holds where a predicate on an output does."""

    kind: Literal["rule"] = "rule"
    when: str
    advice: str


class Prefer(_Directive):
    """A person's verdict between two candidates; margin in [-1, 1], positive for `a`."""

    kind: Literal["prefer"] = "prefer"
    a: str
    b: str
    margin: float = Field(default=1.0, ge=-1, le=1)
    example: str | None = None


class Annotate(_Directive):
    """The wanted output of a row of train or val, in place of those it has."""

    kind: Literal["annotate"] = "annotate"
    example: str
    output: str


class AddExample(_Directive):
    """A row more, for example a boundary case. On val, all that are in the race are scored on it first."""

    kind: Literal["add-example"] = "add-example"
    split: Literal["train", "val"] = "val"
    input: str | Mapping[str, Any]
    output: str


class Approve(_Directive):
    """The next round may be paid for; with `rest`, all that follow too."""

    kind: Literal["approve"] = "approve"
    rest: bool = False


class Fork(_Directive):
    """A new run was begun from a candidate of this one."""

    kind: Literal["fork"] = "fork"
    candidate: str
    run: str = ""


class ChangeBudget(_Directive):
    """Other limits from now on. Each is a finite number: JSON has no other, and would keep it as no limit at all."""

    kind: Literal["budget"] = "budget"
    budget: Budget

    @field_validator("budget")
    @classmethod
    def _check_finite(cls, budget: Budget) -> Budget:
        for name, value in budget.model_dump(exclude_none=True).items():
            if not math.isfinite(value):
                raise ValueError(f"a budget of {value} {name} limits nothing; any finite number above 0 does")
        return budget


class ChangeRole(_Directive):
    """Another model for a role from now on."""

    kind: Literal["roles"] = "roles"
    role: Role
    model: ModelRef


class ChangeWeight(_Directive):
    """Another prior weight for an operator, for strategies that choose among operators."""

    kind: Literal["weights"] = "weights"
    of: Literal["operator", "evaluator"] = "operator"
    name: str
    weight: float = Field(gt=0, allow_inf_nan=False)


class Replan(_Directive):
    """The planner lays its path anew."""

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
