"""The contracts between the floors. The docstring is the law; `maieutic.testing` holds implementations to it.

Everywhere: an example that fails is data, a system that fails is an error. Powers an implementation needs are
declared in `needs`, never sniffed; a run that lacks one is refused before it spends anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from .answer import AnswerContract
from .budget import Payer
from .candidate import Archive, Candidate
from .dialogue import Ask, Case, Past, Reply
from .example import Example
from .identity import seeded
from .models import Call, ModelRef, Output
from .models import Reply as ModelReply
from .program import Program
from .report import Report
from .score import Preference, Score

Need = Literal["references", "logprobs", "judge", "human", "train", "embeddings"]
Decision = Literal["keep", "drop", "undecided"]
A = TypeVar("A", bound=Reply)
WHOLE = "*"


class Evaluator(Protocol):
    """Scores one output. Pure: the same arguments give the same score. Raises nothing for a bad row:
    that is `Score(value=0, failure="example")`."""

    name: str
    needs: frozenset[Need]

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        """`answer` is what the task's contract read from the output; None is a format failure."""
        ...


class PairEvaluator(Protocol):
    """Says which of two outputs is better. `calls` is the most model calls one comparison may take."""

    name: str
    needs: frozenset[Need]
    calls: int

    async def prefer(self, example: Example, a: Output, b: Output, *, task: TaskBrief, team: Team) -> Preference:
        """Exchanging `a` and `b` negates the margin in expectation. What cannot be told apart is a tie."""
        ...


@runtime_checkable
class AskingEvaluator(Protocol):
    """Scores one output by asking a model, or by running the candidate once more; told apart by its method `rate`.

    calls: the most calls of the team that one output may take; they are charged to the optimizer's side. runs: the
    most further runs of the candidate. The same output on the same row is asked about with the same questions and
    draws, so that its score is paid for once.
    """

    name: str
    needs: frozenset[Need]
    calls: int
    runs: int

    async def rate(self, example: Example, output: Output, answer: str | None, *, bench: Bench) -> Score:
        """As `Evaluator.evaluate`. What a model said unreadably is `Score(value=0, failure="example")`."""
        ...


class LossEvaluator(Protocol):
    name: str
    needs: frozenset[Need]

    async def loss(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> float:
        """Mean negative log-likelihood per token of the reference, in nats, >= 0."""
        ...


class Gateway(Protocol):
    """The door to the models, bound to one run's ledger and store."""

    async def complete(self, call: Call, payer: Payer) -> ModelReply:
        """Raises ModelError when the endpoint is unusable, BudgetSpent when the call does not fit."""
        ...

    async def loss(self, call: Call, reference: str, payer: Payer) -> float:
        """Mean negative log-likelihood per token of `reference` as the answer, in nats.

        Raises as `complete` does, and NeedsError where the model gives no losses.
        """
        ...


class Target(Protocol):
    """Runs a program on one input. An answer cut short or empty is an Output; only a dead endpoint raises."""

    name: str
    needs: frozenset[Need]

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output: ...

    def calls(self, program: Program) -> int:
        """The most model calls that one run of the program takes, >= 1. What the budget is planned with."""
        ...


class Team(Protocol):
    """Who thinks. One model per role behind one call."""

    async def act(self, ask: Ask[A]) -> A | None:
        """The typed answer, or None where it could not be read after one repair question: an event, no error."""
        ...

    async def weigh(self, ask: Ask[A], options: Sequence[str]) -> Mapping[str, float] | None:
        """Option → probability that the answer begins with it, by the model's own likelihoods, in sum 1. One call.

        Where the model shows none, the option it said has all. None where it said no option.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What an evaluator that asks works with.

    rerun: the candidate that gave the output, run on another input: a call of the target, paid for like any other.
    """

    task: TaskBrief
    team: Team
    rerun: Callable[[Example], Awaitable[Output]]


class TaskBrief(BaseModel):
    """What an operator may know of the task. chat: whether programs are run by calls of a chat model alone, so that
    prompts may be added to one."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    answer: AnswerContract
    max_prompt_tokens: int | None = None
    chat: bool = True


class Order(BaseModel):
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

    answers: label → (share the first parent gave it, share the references want), where answers are labels.
    scores: candidate id → mean on val, of the parents, their ancestors and the peers, where measured. ancestors: of the
    first parent, oldest first. peers: the best measured candidates of the run, best first. examples: every row that
    may be seen, by id (none of the sealed split). outputs: what the first parent gave on train rows, scored or not,
    without what was wanted.
    """

    order: Order
    task: TaskBrief
    parents: tuple[Candidate, ...]
    train: tuple[Example, ...]
    failures: tuple[Case, ...] = ()
    successes: tuple[Case, ...] = ()
    history: tuple[Past, ...] = ()
    hints: tuple[str, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()
    answers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    ancestors: tuple[Candidate, ...] = ()
    peers: tuple[Candidate, ...] = ()
    examples: Mapping[str, Example] = field(default_factory=dict)
    outputs: tuple[Case, ...] = ()
    rng: Random


class Proposal(BaseModel):
    """A new program, why, and from whom (the order's parents unless named)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: Program
    rationale: str = ""
    parents: tuple[str, ...] | None = None


class Operator(Protocol):
    """Makes new programs. `calls` is the most model calls one order may take: it is set aside beforehand.

    Draws from `request.rng` only. Nothing useful to propose is an empty list.
    """

    name: str
    needs: frozenset[Need]
    calls: int

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]: ...


class Outcome(BaseModel):
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

    memory: the policy's own state, plain JSON, the only thing it may write. room: target calls that still fit.
    total: target calls that fitted when the search began. val, train: example ids in the task's order. operators:
    the recipe's operators with their prior weights. orders: what this round was ordered. duels: whose output was
    preferred, oldest first, by a judge or a person. remarks: what a policy puts on record with its `tell`.
    """

    archive: Archive
    train: tuple[str, ...]
    val: tuple[str, ...]
    seed: int
    round: int
    step: int
    room: int
    total: int
    plan: tuple[str, ...] = ()
    author_room: int = 2**31
    operators: Mapping[str, float] = field(default_factory=dict)
    examples: Mapping[str, Example] = field(default_factory=dict)
    orders: Sequence[Order] = ()
    duels: Sequence[Outcome] = ()
    memory: dict[str, Any] = field(default_factory=dict)
    remarks: dict[str, Any] = field(default_factory=dict)

    def rng(self, purpose: str) -> Random:
        return seeded(self.seed, purpose, self.step)


@dataclass(frozen=True)
class Pair:
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


class Strategy(Protocol):
    """The search: which parents, which operators, what to keep."""

    name: str
    needs: frozenset[Need]

    def ask(self, search: Search) -> Sequence[Order]:
        """The next round's orders; none ends the search."""
        ...

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        """Which candidates are measured now, the new ones and incumbents. Empty measures nothing this round."""
        ...

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        """Survivors. Called once a round, after measuring."""
        ...

    def final(self, search: Search) -> str:
        """The winner's id."""
        ...


class Allocator(Protocol):
    """Which (candidate, example) pairs to pay for next."""

    name: str
    needs: frozenset[Need]

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Pair | Duel]:
        """The next batch, at most `search.room` pairs, none known already; empty when enough is known.

        A duel's outputs are measured first where they are not known; what was decided stands in `search.duels`.
        """
        ...

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        """What the evidence says of each candidate of the pool."""
        ...


class Exporter(Protocol):
    """Writes a program down for another program. Pure: the same program gives the same text."""

    name: str
    suffix: str

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        """The whole file; `suffix` is how its name ends. Raises UsageError for a program the format cannot say."""
        ...
