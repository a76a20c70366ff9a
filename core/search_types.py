"""What a search is told and what it decides: orders, requests, proposals, pairs to pay for. Data, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .answer import AnswerContract
from .asks import Case, ScoredPrompt
from .candidate import Archive, Candidate
from .dataset import Example, Split
from .identity import seeded_random
from .program import Program

ALL_PROMPTS = "*"


class TaskBrief(BaseModel):
    """What an operator may know of the task. chat: whether programs are run by calls of a chat model alone, so that
    prompts may be added to one."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    answer: AnswerContract
    max_prompt_tokens: int | None = None
    chat: bool = True


class WorkOrder(BaseModel):
    """A strategy's decision, plain JSON: let `operator` work on `parents`.

    cases: how many train rows the first parent is run on, so that there are failures to show. rows: which train rows
    in place of drawn ones; the operator then sees cases of these alone. within: where set, the train rows it may learn
    from at all: cases are drawn among them, and `Request.train` holds no others.
    count: how many proposals are wanted. stream: keeps the random draws of like orders apart. slot: which of a
    program's named prompts is worked on: the operator sees parents of that one prompt, and what it proposes is put
    back in its place. Empty is the only prompt; of several, one is chosen. `WHOLE` is all of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    operator: str
    parents: tuple[str, ...]
    options: Mapping[str, Any] = Field(default_factory=dict)
    cases: int = 0
    rows: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    count: int = 1
    plan_step: str = ""
    stream: int = 0
    slot: str = ""
    allowance: int | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """An order with all its evidence. `failures` and `successes` belong to the first parent, from train rows only.

    answers: label → (share the first parent gave it, share the references want), where answers are labels. places: the
    same of the halves of the input, `early` and `late`, where answers are copied from it (`core.stats.answer_classes`).
    scores: candidate id → mean on val, of the parents, their ancestors and the peers, where measured. ancestors: of the
    first parent, oldest first. peers: the best measured candidates of the run, best first. examples: every row that
    may be seen, by id (none of the sealed split). outputs: what the first parent gave on train rows, scored or not,
    without what was wanted.
    """

    order: WorkOrder
    task: TaskBrief
    parents: tuple[Candidate, ...]
    train: tuple[Example, ...]
    failures: tuple[Case, ...] = ()
    successes: tuple[Case, ...] = ()
    history: tuple[ScoredPrompt, ...] = ()
    hints: tuple[str, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()
    answers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    ancestors: tuple[Candidate, ...] = ()
    peers: tuple[Candidate, ...] = ()
    examples: Mapping[str, Example] = field(default_factory=dict)
    outputs: tuple[Case, ...] = ()
    rng: Random


class NewExample(BaseModel):
    """A row that an operator brings, to join train or val, or the output of one that is there.

    row: where set, the id of the row that gets this output, and moves to `split`. by: who says so, for the record and
    the report. confidence: in [0, 1], where whoever labelled it tells.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: Split
    input: str | Mapping[str, Any]
    output: str = ""
    row: str = ""
    by: str = "synthesizer"
    confidence: float | None = None


class Proposal(BaseModel):
    """A new program, why, and from whom (the order's parents unless named)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: Program
    rationale: str = ""
    parents: tuple[str, ...] | None = None


class DuelOutcome(BaseModel):
    """One duel that was decided. margin: in [-1, 1], positive where the output of `first` was preferred.

    example: empty where a person judged the prompts as a whole. number: the duel's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: str
    second: str
    example: str
    margin: float = Field(ge=-1, le=1)
    author: str = "judge"
    number: int = 0


@dataclass(kw_only=True)
class Search:
    """What strategies and allocators decide from. Pure given this value: a resumed run decides the same.

    memory: the policy's own state, plain JSON, the only thing it may write. room: runs of the start program that
    still fit (target calls, where a run takes one). total: those that fitted when the search began, the same all the
    time: limits on tokens and money alone are told by the mean size of the calls so far. val, train: example ids in the
    task's order; target: those of inputs from where the prompt will be used. operators: the recipe's operators with
    their prior weights. orders: what this round was ordered. duels: whose output was preferred, oldest first, by a
    judge or a person. remarks: what a policy puts on record with its `tell`.
    """

    archive: Archive
    train: tuple[str, ...]
    val: tuple[str, ...]
    seed: int
    round: int
    step: int
    remaining_runs: int
    total_runs: int
    target: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()
    remaining_optimizer_calls: int = 2**31
    operators: Mapping[str, float] = field(default_factory=dict)
    examples: Mapping[str, Example] = field(default_factory=dict)
    orders: Sequence[WorkOrder] = ()
    duels: Sequence[DuelOutcome] = ()
    memory: dict[str, Any] = field(default_factory=dict)
    remarks: dict[str, Any] = field(default_factory=dict)

    def rng(self, purpose: str) -> Random:
        return seeded_random(self.seed, purpose, self.step)


@dataclass(frozen=True)
class Measurement:
    """One measurement to pay for. The example may be a val row, or a train row where a method gates on those."""

    candidate: str
    example: str


@dataclass(frozen=True)
class Duel:
    """One comparison to pay for: both candidates' outputs on an example go to the recipe's judge.

    number: tells repeated judgements of the same two apart; each is a draw of its own.
    """

    first: str
    second: str
    example: str
    number: int = 0
