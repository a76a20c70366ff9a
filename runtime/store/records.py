"""The rows of the store that are not values of the core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...core.budget import Budget, Cost, Ledger, Payer
from ...core.candidate import Status
from ...core.models import Role
from ...core.render import Message

RunState = Literal["running", "paused", "stopped", "finished", "failed"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunRecord(_Record):
    """One run. `*_json` are JSON texts of the values the run began with, so that any process can rebuild them.

    best: the leading candidate's id. calls: for lists; the ledger is the truth. started, finished: UTC, ISO 8601;
    the store stamps `started` where it is empty. source: the task file. pid: the process that runs it.
    """

    id: str = Field(min_length=1)
    task: str
    task_json: str = "{}"
    recipe: str
    recipe_json: str = "{}"
    seed: int = Field(default=0, ge=-(2**63), lt=2**63)
    state: RunState = "running"
    best: str | None = None
    best_score: float | None = None
    calls: int = 0
    started: str = ""
    finished: str | None = None
    budget_json: str = "{}"
    folder: str = ""
    source: str = ""
    pid: int | None = None
    options: Mapping[str, Any] = Field(default_factory=dict)


class StatusChange(_Record):
    """What a step decided of a candidate. The last one before a step is the candidate's status at that step."""

    candidate: str
    step: int
    status: Status
    reason: str = ""


class Attempt(_Record):
    """One request on its way to an endpoint. `worst` is what was reserved for it; the role is the payer's name where
    the asker did not say more."""

    run: str
    key: str
    model: str
    payer: Payer
    role: Role | Payer
    worst: Cost = Cost(calls=1)


class LedgerSums(_Record):
    """The sums over a run's rows.

    used: attempts with an outcome, answered or failed, and answers taken from other runs. paid: the same without
    the latter. lost: attempts that were sent and of which nothing came back; `lost_worst` is the most they can
    have taken; they are in neither sum. in_flight: those of the lost that nobody has given up yet.
    `paid` calls plus `lost` is what the endpoints saw.
    """

    used: Mapping[Payer, Cost] = Field(default_factory=dict)
    paid: Mapping[Payer, Cost] = Field(default_factory=dict)
    lost: int = 0
    lost_worst: Mapping[Payer, Cost] = Field(default_factory=dict)
    in_flight: int = 0

    def ledger(self, budget: Budget) -> Ledger:
        """The running account as it stood when these rows were written."""
        return Ledger(budget=budget, used=dict(self.used), paid=dict(self.paid), lost=self.lost)


class DialogueTurn(_Record):
    """One question to an agent and its answer.

    place: where in the step it was said, the same on every execution of the step; (run, step, place) is said once.
    order: the index of the step's order it belongs to. parsed: the typed answer, None where it was unreadable.
    number: given by the store, the cursor for readers. at: UTC, ISO 8601, given by the store.
    """

    step: int
    place: str
    order: int = 0
    role: Role
    skill: str
    messages: tuple[Message, ...] = ()
    raw: str = ""
    parsed: Mapping[str, Any] | None = None
    number: int = 0
    at: str = ""


class PreferenceRow(_Record):
    """A verdict between two candidates; margin in [-1, 1], positive for `a`. by: `person`, or the judge's name.

    number: tells repeated judgements of the same two apart.
    """

    a: str
    b: str
    example: str | None = None
    margin: float = Field(ge=-1, le=1)
    by: str = "person"
    feedback: str = ""
    step: int = 0
    number: int = 0


class RuleRow(_Record):
    """Advice that holds where a predicate does."""

    when: str
    advice: str
    step: int = 0


class OperatorStat(_Record):
    """What one operator did in one step: proposals made, proposals kept, calls taken, best gain over its parent."""

    operator: str
    step: int
    proposed: int = 0
    kept: int = 0
    calls: int = 0
    gain: float = 0.0
