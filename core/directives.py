"""What a person tells a run. Each takes effect at the next step boundary and says so in the log."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from .budget import Budget
from .prompt import Prompt


class _Directive(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pause(_Directive):
    kind: Literal["pause"] = "pause"


class Resume(_Directive):
    kind: Literal["resume"] = "resume"


class Stop(_Directive):
    """End the search; the best so far goes to the report unless `report` is false."""

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
    """A prompt by hand. It is a candidate of its own, made by the person, and passes the same gate."""

    kind: Literal["edit"] = "edit"
    candidate: str
    prompt: Prompt


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
    kind: Literal["annotate"] = "annotate"
    example: str
    output: str


class Fork(_Directive):
    """Start a new run from a candidate of this one."""

    kind: Literal["fork"] = "fork"
    candidate: str


class ChangeBudget(_Directive):
    kind: Literal["budget"] = "budget"
    budget: Budget


class Replan(_Directive):
    kind: Literal["replan"] = "replan"


Directive = Annotated[
    Pause | Resume | Stop | Pin | Veto | Edit | Hint | Rule | Prefer | Annotate | Fork | ChangeBudget | Replan,
    Field(discriminator="kind"),
]

directive_adapter: TypeAdapter[Directive] = TypeAdapter(Directive)
