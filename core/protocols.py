"""The protocols that plugins and the run itself implement. `maieutic.testing` checks implementations against them.

Two rules hold everywhere. An example that fails is data: a score of 0 with its `failure`. A system that fails is an
error: it is raised. What an implementation needs is declared in `needs`; a run that lacks one is refused before it
spends anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypeVar, runtime_checkable

from .asks import AgentReply, Ask
from .budget import Payer
from .dataset import Example
from .models import Call, ModelRef, Output, Reply
from .program import Program
from .prompt import TEXT_KINDS, TextKind
from .report import Report
from .search_types import Duel, Measurement, NewExample, Proposal, Request, Search, WorkOrder

Need = Literal[
    "references",
    "logprobs",
    "judge",
    "human",
    "train",
    "target",
    "embeddings",
    "schema",
    "optimizer",
    "baseline",
]
NEEDS_NOTHING: Final[frozenset[Need]] = frozenset()
NEEDS_TRAIN: Final[frozenset[Need]] = frozenset({"train"})
NEEDS_REFERENCES: Final[frozenset[Need]] = frozenset({"references"})
NEEDS_LABELLED_TRAIN: Final[frozenset[Need]] = frozenset({"train", "references"})
NEEDS_JUDGE: Final[frozenset[Need]] = frozenset({"judge"})
ANY_KIND: Final[frozenset[TextKind]] = frozenset(TEXT_KINDS)
PROSE_ONLY: Final[frozenset[TextKind]] = frozenset({"prose"})
Decision = Literal["keep", "drop", "undecided"]
A = TypeVar("A", bound=AgentReply)


class Gateway(Protocol):
    """Sends calls to models and charges them to one run's budget."""

    async def complete(self, call: Call, payer: Payer) -> Reply:
        """Send one call, or take its reply from the cache.

        Args:
            call: The request.
            payer: Whose share of the budget pays: `target` or `optimizer`.

        Returns:
            The model's reply.

        Raises:
            ModelError: The endpoint is unusable.
            BudgetSpent: The call does not fit into the budget.
        """
        ...

    async def loss(self, call: Call, reference: str, payer: Payer) -> float:
        """Compute how unlikely a reference is as the answer to a call.

        Args:
            call: The request that leads up to the answer.
            reference: The text of the answer.
            payer: Whose share of the budget pays.

        Returns:
            The mean negative log-likelihood per token of `reference`, in nats.

        Raises:
            ModelError: The endpoint is unusable.
            BudgetSpent: The call does not fit into the budget.
            NeedsError: The model returns no log-probabilities for a given text.
        """
        ...


@runtime_checkable
class CountsWork(Protocol):
    """A gateway that counts work of the caller's as calls: one in the process of the run."""

    async def run_counted(
        self, name: str, key: Mapping[str, Any], work: Callable[[], Awaitable[str]], payer: Payer = "target"
    ) -> Reply:
        """Do a piece of work once for each key, and count it as one call.

        Args:
            name: Whose work it is, in place of a model's name.
            key: What it depends on.
            work: Does it; its text is stored.
            payer: Whose share of the budget pays.

        Returns:
            The reply with the text.

        Raises:
            BudgetSpent: One more call does not fit into the budget.
        """
        ...


class Target(Protocol):
    """Runs a program on one input.

    Attributes:
        name: The name that tasks use.
        needs: What the run must have.
    """

    name: str
    needs: frozenset[Need]

    async def run(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> Output:
        """Run the program.

        Args:
            program: The prompts to use.
            example: The input.
            model: The target model.
            gateway: The only way to call it.

        Returns:
            The output. A reply that is empty or was cut short is an output too.

        Raises:
            ModelError: The endpoint is unusable.
            BudgetSpent: The next call does not fit into the budget.
        """
        ...

    def calls(self, program: Program) -> int:
        """The maximum number of model calls for one run of the program, at least 1. The budget is planned with it."""
        ...


class Team(Protocol):
    """The optimizer models: one per role, reached by typed questions (asks)."""

    async def act(self, ask: Ask[A]) -> A | None:
        """Ask one question.

        Args:
            ask: The question; its class names the role, the skill and the type of the reply.

        Returns:
            The typed reply, or None if it could not be read after one repair question. That is an event of the run, not
            an error.
        """
        ...

    async def choose_with_probabilities(self, ask: Ask[A], options: Sequence[str]) -> Mapping[str, float] | None:
        """Ask for one of several options and read the model's own probabilities. Takes one call.

        Args:
            ask: The question.
            options: The possible beginnings of the answer.

        Returns:
            Option → probability, summing to 1. If the model returns no log-probabilities, the option that it named has
            probability 1. None if it named none.
        """
        ...


class Agent(Protocol):
    """Replaces the shipped behaviour of a role, or of one skill of it.

    Attributes:
        name: The name that recipes use.
        needs: What the run must have.
        calls: The maximum number of model calls for one ask; 2 if it asks once (the question and its repair).
        instruction: The text of an instruction file that replaces the shipped one; empty keeps the shipped one.
    """

    name: str
    needs: frozenset[Need]
    instruction: str

    @property
    def calls(self) -> int: ...

    async def act(self, ask: Ask[A], team: Team) -> A | None:
        """Answer one ask.

        Args:
            ask: The question.
            team: A team in which this agent is not installed: `team.act(ask)` is the shipped answer. Each further
                question is another draw.

        Returns:
            The reply, or None if there is none.
        """
        ...


class Operator(Protocol):
    """Proposes new programs, or new examples. Draws random numbers from `request.rng` only.

    Attributes:
        name: The name that recipes use.
        needs: What the run must have.
        calls: The maximum number of model calls for one order. They are reserved before the operator starts.
    """

    name: str
    needs: frozenset[Need]

    @property
    def calls(self) -> int: ...

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal | NewExample]:
        """Carry out one order.

        Args:
            request: The order with its evidence.
            team: The optimizer models.

        Returns:
            Proposals and new examples; empty if there is nothing useful to propose. New examples join before the
            round's candidates are measured, and never the held-out test.
        """
        ...


def kinds_of(operator: object) -> frozenset[TextKind]:
    """The kinds of text that an operator works on."""
    return operator.kinds if isinstance(operator, WorksOnKinds) else PROSE_ONLY


class Strategy(Protocol):
    """Directs the search: which parents, which operators, what to keep.

    Attributes:
        name: The name that recipes use.
        needs: What the run must have.
    """

    name: str
    needs: frozenset[Need]

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        """Choose the next round's orders.

        Returns:
            The orders. None ends the search, except in round 1, which then only measures the pool.
        """
        ...

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        """Choose the candidates to measure now.

        Args:
            search: The state of the search.
            new: Ids of the candidates proposed in this round.

        Returns:
            Candidate ids, new ones and incumbents. Empty measures nothing in this round.
        """
        ...

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        """Decide who survives. Called once a round, after measuring.

        Args:
            search: The state of the search.
            pool: The candidates that were measured.
            verdicts: Candidate id → the allocator's decision.

        Returns:
            Candidate id → the strategy's decision.
        """
        ...

    def final(self, search: Search) -> str:
        """Return the id of the winner."""
        ...


@runtime_checkable
class WorksOnKinds(Protocol):
    """An operator that works on texts that are no prompts too. Without this attribute it works on prose alone."""

    @property
    def kinds(self) -> frozenset[TextKind]: ...


@runtime_checkable
class RequiresOperators(Protocol):
    """A strategy that names operators in its orders. A run that lacks one of them is refused before it spends."""

    @property
    def requires(self) -> frozenset[str]: ...


@runtime_checkable
class RestrictsOperators(Protocol):
    """A strategy whose guarantee holds for these operators only. A run with any other is refused before it spends."""

    @property
    def allows(self) -> frozenset[str]: ...


@runtime_checkable
class SuitsAuthors(Protocol):
    """A strategy that leaves operators of its recipe out, by what the optimizer models can do."""

    def unsuited(self, *, capable: bool) -> frozenset[str]:
        """The operators that are left out.

        Args:
            capable: Whether the optimizer models read many cases and write long texts.
        """
        ...


class Allocator(Protocol):
    """Decides which (candidate, example) pairs to measure next.

    Attributes:
        name: The name that recipes use.
        needs: What the run must have.
    """

    name: str
    needs: frozenset[Need]

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement | Duel]:
        """Choose the next batch.

        Args:
            search: The state of the search. Decided duels are in `search.duels`.
            pool: The candidates to tell apart.

        Returns:
            At most `search.remaining_runs` measurements, none of them made already; empty if enough is known. The
            outputs of a duel are measured first if they are missing.
        """
        ...

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        """Return what the evidence says of each candidate of the pool."""
        ...


class Exporter(Protocol):
    """Writes a program in another tool's format. It is pure: the same program gives the same text.

    Attributes:
        name: The name that `maieutic export` uses.
        suffix: The ending of the file name.
    """

    name: str
    suffix: str

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        """Write a program down.

        Args:
            program: The prompts to export.
            task_name: The name of the task.
            report: The run's report, if there is one.

        Returns:
            The text of the whole file.

        Raises:
            UsageError: The format cannot express this program.
        """
        ...
