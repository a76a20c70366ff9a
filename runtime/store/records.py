"""The store's records that are not values of the core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...core.budget import Budget, Cost, Ledger, Payer
from ...core.candidate import Status
from ...core.measures import Reading
from ...core.models import Role
from ...core.render import Message

RunState = Literal["running", "paused", "stopped", "finished", "failed"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunRecord(_Record):
    """One run.

    Attributes:
        task_json, recipe_json, budget_json: what the run started with, so that any process can rebuild it.
        best: the leading candidate's id.
        calls: for lists of runs; the ledger is exact.
        started, finished: UTC, ISO 8601. The store sets `started` where it is empty.
        source: the task file.
        pid: the process that runs it.
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


class RunEnd(_Record):
    """One end of a run's search. The death of a process is none, and so is an interruption or a failure.

    Attributes:
        number: from 1; a search that was stopped and then continued ends again, with the next number.
        state: `finished` with a report, `stopped` without one.
        step: the node that ended it.
        continued: when the search went on after it, None where it did not.
    """

    number: int = Field(ge=1)
    state: Literal["finished", "stopped"]
    reason: str = ""
    best: str | None = None
    step: int
    at: str
    continued: str | None = None


class StatusChange(_Record):
    """A step's decision on a candidate. The last one before a step is the candidate's status at that step."""

    candidate: str
    step: int
    status: Status
    reason: str = ""


class Attempt(_Record):
    """One request to an endpoint. worst: the reserved cost. role: the payer's name where no role was named."""

    run: str
    key: str
    model: str
    payer: Payer
    role: Role | Payer
    worst: Cost = Cost(calls=1)


class LedgerSums(_Record):
    """The sums over a run's attempts and charges. The endpoints saw `paid` calls plus `lost`.

    Attributes:
        used: finished attempts, answered or failed, and cached replies.
        paid: the same without cached replies.
        lost: attempts without an outcome, in neither sum.
        lost_worst: the most that those can have cost.
        in_flight: those of the lost that may still get an outcome.
    """

    used: Mapping[Payer, Cost] = Field(default_factory=dict)
    paid: Mapping[Payer, Cost] = Field(default_factory=dict)
    lost: int = 0
    lost_worst: Mapping[Payer, Cost] = Field(default_factory=dict)
    in_flight: int = 0

    def ledger(self, budget: Budget) -> Ledger:
        """The ledger in the state of these sums."""
        return Ledger(budget=budget, used=dict(self.used), paid=dict(self.paid), lost=self.lost)


class DialogueTurn(_Record):
    """One question to an agent and its answer.

    Attributes:
        place: the position in the step, the same whenever the step runs; (run, step, place) is unique.
        order: the index of the work order in the step.
        parsed: the typed answer; None where it was unreadable.
        number: set by the store; the cursor for readers.
        at: UTC, ISO 8601, set by the store.
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
    """A preference between two candidates.

    Attributes:
        margin: in [-1, 1], positive for `a`.
        by: `person`, or the judge's name.
        number: distinguishes repeated judgements of the same two.
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
    """Advice for the examples that a condition describes."""

    when: str
    advice: str
    step: int = 0


class AnswerCounts(_Record):
    """A run's answers of the target: all of them, and those without a usable end.

    Attributes:
        total: All answers.
        cut: Ended by the limit of tokens.
        too_long: Empty, because the prompt was too long for the model.
        filtered: Empty, because the provider refused the request.
    """

    total: int
    cut: int
    too_long: int
    filtered: int


class MeasureRecord(_Record):
    """What a measure found of one of a run's programs.

    Attributes:
        run: The run that the program is of.
        measure: The measure's name.
        program: The program's id.
        role: `start` for the baseline, `best` for the winner, else empty.
        split: The examples' split.
        model: The target model.
        examples: How many examples were measured.
        declared: The most calls that the measure announced.
        calls: The calls that it used, replies from the cache included.
        paid: The calls that the endpoints were asked for.
        reading: The figures.
        at: When, in UTC.
    """

    run: str
    measure: str
    program: str
    role: str = ""
    split: str
    model: str
    examples: int
    declared: int
    calls: int
    paid: int
    reading: Reading
    at: str = ""


class RoleSpending(_Record):
    """Requests of a run to one model in one role, that were answered or failed; replies from the cache are none.

    Attributes:
        role: The role, or the payer's name where no role was named.
        usd: Dollars; 0 also where the price is unknown.
    """

    role: str
    model: str
    calls: int
    tokens: int
    usd: float
