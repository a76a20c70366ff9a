"""The contracts between the floors. The docstring is the law; `maieutic.testing` holds implementations to it.

Everywhere: an example that fails is data, a system that fails is an error. Powers an implementation needs are
declared in `needs`, never sniffed; a run that lacks one is refused before it spends anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar, runtime_checkable

from .asks import AgentReply, Ask
from .budget import Payer
from .dataset import Example
from .models import Call, ModelRef, Output
from .models import Reply as ModelReply
from .program import Program
from .report import Report
from .score import Preference, Score
from .search_types import Duel, Measurement, NewExample, Proposal, Request, Search, TaskBrief, WorkOrder

Need = Literal["references", "logprobs", "judge", "human", "train", "target", "embeddings"]
Decision = Literal["keep", "drop", "undecided"]
A = TypeVar("A", bound=AgentReply)


@runtime_checkable
class Evaluator(Protocol):
    """Scores one output. Pure: the same arguments give the same score. Raises nothing for a bad row:
    that is `Score(value=0, failure="example")`."""

    name: str
    needs: frozenset[Need]

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        """`answer` is what the task's contract read from the output; None is a format failure."""
        ...


@runtime_checkable
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

    async def rate(self, example: Example, output: Output, answer: str | None, *, bench: EvaluatorContext) -> Score:
        """As `Evaluator.evaluate`. What a model said unreadably is `Score(value=0, failure="example")`."""
        ...


@runtime_checkable
class UsesOwnModels(Protocol):
    """An evaluator with models of its own beside those of the task: they too are looked at before a run spends."""

    models: Sequence[ModelRef]


@runtime_checkable
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

    async def choose_with_probabilities(self, ask: Ask[A], options: Sequence[str]) -> Mapping[str, float] | None:
        """Option → probability that the answer begins with it, by the model's own likelihoods, in sum 1. One call.

        Where the model shows none, the option it said has all. None where it said no option.
        """
        ...


class Agent(Protocol):
    """What stands behind a role, or behind one skill of it, in place of the shipped.

    instruction: the text of an instruction file to be told in place of the shipped one; empty keeps that. calls: the
    most model calls that one ask may take, 2 where it asks once (the question and its repair).
    """

    name: str
    needs: frozenset[Need]
    calls: int
    instruction: str

    async def act(self, ask: Ask[A], team: Team) -> A | None:
        """The answer, or None where there is none. `team` answers as if this agent stood nowhere, so that
        `team.act(ask)` is the usual answer; each further question is another draw."""
        ...


@dataclass(frozen=True, kw_only=True)
class EvaluatorContext:
    """What an evaluator that asks works with.

    rerun: the candidate that gave the output, run on another input: a call of the target, paid for like any other.
    likeness: how alike a model finds a text and each of some others; one call, on the optimizer's side.
    """

    task: TaskBrief
    team: Team
    rerun: Callable[[Example], Awaitable[Output]]
    likeness: Callable[[ModelRef, str, Sequence[str]], Awaitable[Sequence[float]]]


class Operator(Protocol):
    """Makes new programs, or new rows. `calls` is the most model calls one order may take: it is set aside beforehand.

    Draws from `request.rng` only. Nothing useful to propose is an empty list.
    """

    name: str
    needs: frozenset[Need]
    calls: int

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal | NewExample]:
        """Rows join before the round's candidates are measured, and never the sealed split."""
        ...


class Strategy(Protocol):
    """The search: which parents, which operators, what to keep."""

    name: str
    needs: frozenset[Need]

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        """The next round's orders; none ends the search, but in round 1, which then only measures the pool."""
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


@runtime_checkable
class RequiresOperators(Protocol):
    """A strategy that names operators in its orders: a run that lacks one of them is refused before it spends."""

    @property
    def requires(self) -> frozenset[str]: ...


@runtime_checkable
class RestrictsOperators(Protocol):
    """A strategy whose promise holds for these operators alone: a run with any other is refused before it spends."""

    @property
    def allows(self) -> frozenset[str]: ...


class Allocator(Protocol):
    """Which (candidate, example) pairs to pay for next."""

    name: str
    needs: frozenset[Need]

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement | Duel]:
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
