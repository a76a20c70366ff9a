"""The protocols of evaluators: what scores one output, compares two, or asks models about one.

The rules of `core/protocols.py` hold here too: an example that cannot be scored is a score of 0 with its `failure`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from .dataset import Example
from .models import ModelRef, Output
from .program import Program
from .protocols import Gateway, Need, Team
from .score import Preference, Score
from .search_types import TaskBrief


@runtime_checkable
class Evaluator(Protocol):
    """Scores one output without calling a model.

    It is pure: the same arguments give the same score.

    Attributes:
        name: The name that tasks and recipes use.
        needs: What the run must have.
    """

    name: str
    needs: frozenset[Need]

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        """Score one output.

        Args:
            example: The input with its references.
            output: What the target returned.
            answer: What the task's answer contract read from the output; None if it could not be read.

        Returns:
            A score in [0, 1]. An example that cannot be scored gives `Score(value=0, failure="example")`; nothing is
            raised for it.
        """
        ...


@runtime_checkable
class PairEvaluator(Protocol):
    """Decides which of two outputs is better.

    Attributes:
        name: The name that recipes use.
        needs: What the run must have.
        calls: The maximum number of model calls for one comparison.
    """

    name: str
    needs: frozenset[Need]

    @property
    def calls(self) -> int: ...

    async def prefer(self, example: Example, a: Output, b: Output, *, task: TaskBrief, team: Team) -> Preference:
        """Compare two outputs for the same example.

        Args:
            example: The input with its references, if any.
            a: The first output.
            b: The second output.
            task: What may be known of the task.
            team: The models to ask.

        Returns:
            A margin in [-1, 1], positive if `a` is better. Swapping `a` and `b` negates it in expectation. Outputs that
            cannot be told apart are a tie (0).
        """
        ...


@runtime_checkable
class AskingEvaluator(Protocol):
    """Scores one output by asking a model, or by running the candidate again.

    The method `rate` distinguishes it from `Evaluator`. The same output on the same example must lead to the same
    questions and draws, so that its score is paid for once.

    Attributes:
        name: The name that tasks and recipes use.
        needs: What the run must have.
        calls: The maximum number of team calls for one output. They count as optimizer calls.
        runs: The maximum number of further runs of the candidate. They count as target calls.
    """

    name: str
    needs: frozenset[Need]
    runs: int

    @property
    def calls(self) -> int: ...

    async def rate(self, example: Example, output: Output, answer: str | None, *, bench: EvaluatorContext) -> Score:
        """Score one output with the help of models.

        Args:
            example: The input with its references, if any.
            output: What the target returned.
            answer: What the task's answer contract read from the output; None if it could not be read.
            bench: The models and the candidate to work with.

        Returns:
            A score in [0, 1]. A model reply that cannot be read gives `Score(value=0, failure="example")`.
        """
        ...


@runtime_checkable
class UsesOwnModels(Protocol):
    """An evaluator with models of its own, apart from the task's.

    Attributes:
        models: The models to check, with the others, before a run spends anything.
    """

    models: Sequence[ModelRef]


@runtime_checkable
class ChecksExamples(Protocol):
    """An evaluator that can tell without an output whether it will score an example.

    It is not tried on the references: an output may be right without being equal to one.
    """

    def check_examples(self, examples: Sequence[Example]) -> None:
        """Check all examples that it will score, before a run spends anything.

        Args:
            examples: In any order.

        Raises:
            TaskError: An example has no score, with what to do.
        """
        ...


@runtime_checkable
class LossEvaluator(Protocol):
    """Scores a program by the likelihood of the references. Needs a model that returns log-probabilities.

    Attributes:
        name: The name that recipes use.
        needs: What the run must have.
    """

    name: str
    needs: frozenset[Need]

    async def loss(self, program: Program, example: Example, model: ModelRef, gateway: Gateway) -> float:
        """Compute the loss of a program on one example.

        Args:
            program: The candidate's program.
            example: The input with its reference.
            model: The target model.
            gateway: The only way to call it.

        Returns:
            The mean negative log-likelihood per token of the reference, in nats, at least 0.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class EvaluatorContext:
    """What an `AskingEvaluator` works with.

    Attributes:
        task: What may be known of the task.
        team: The optimizer models.
        rerun: Runs the candidate that gave the output on another input. Counts as a target call.
        similarities: Computes how similar an embedding model finds a text and each of some others. One optimizer call.
    """

    task: TaskBrief
    team: Team
    rerun: Callable[[Example], Awaitable[Output]]
    similarities: Callable[[ModelRef, str, Sequence[str]], Awaitable[Sequence[float]]]

    @property
    def likeness(self) -> Callable[[ModelRef, str, Sequence[str]], Awaitable[Sequence[float]]]:
        """The former name of `similarities`, for existing plugins."""
        return self.similarities
