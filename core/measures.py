"""The protocols of measures and perturbers, and what they give and receive.

A measure tells how much of a prompt's score is format, wording, luck, memory, order or bias. It searches nothing: it
runs programs on examples through its bench, and returns figures. Calls are cached, so the same measure is paid once.

    class Capitals:
        "The change of the score where inputs are written in capitals."

        name = "capitals"
        needs = NEEDS_REFERENCES

        def calls(self, subject):
            return DeclaredCalls(runs=2 * len(subject.examples))

        async def measure(self, subject, bench):
            loud = [(await bench.vary_example("capitals", row, 1))[0].example for row in subject.examples]
            before = await bench.scores(subject.program, subject.examples)
            after = await bench.scores(subject.program, loud)
            change = paired_difference(before, after, seed=subject.seed)
            return Reading(figures=(Figure.of("change", change),), verdict=f"capitals cost {-change.value:.2f}")
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from .dataset import Example
from .identity import seeded_random
from .models import ModelRef
from .program import Program
from .prompt import Prompt
from .protocols import Need, Team
from .recipe import PluginRef
from .score import Evaluation
from .search_types import TaskBrief
from .stats.intervals import Interval

Cell = str | int | float | None


@dataclass(frozen=True, kw_only=True)
class PromptVariant:
    """A prompt with the same intent.

    Attributes:
        prompt: The variant.
        change: What was changed, in a few words.
        component: The part that was changed, such as `instruction`, `format`, `demos` or `section: rules`.
    """

    prompt: Prompt
    change: str
    component: str = ""


@dataclass(frozen=True, kw_only=True)
class ExampleVariant:
    """An example with the same right answer, written in the letters of its own options where it has some.

    Attributes:
        example: The variant. Its references are those that hold for it.
        change: What was changed, in a few words.
    """

    example: Example
    change: str


class PromptPerturber(Protocol):
    """Rewrites a prompt without changing what it asks for.

    Attributes:
        name: The name that measures use.
        needs: What the run must have.
        calls: The maximum number of model calls for one variant; 0 if it asks nobody.
    """

    name: str
    needs: frozenset[Need]

    @property
    def calls(self) -> int: ...

    async def vary_prompt(self, prompt: Prompt, count: int, *, rng: Random, team: Team) -> Sequence[PromptVariant]:
        """Make variants.

        Args:
            prompt: The prompt.
            count: How many at most, 1 or more.
            rng: The only source of random numbers.
            team: The optimizer models.

        Returns:
            Different variants, none equal to the prompt; fewer than `count` where there are no more.
        """
        ...


class ExamplePerturber(Protocol):
    """Rewrites an input so that the right answer stays, or follows from it.

    Attributes:
        name: The name that measures use.
        needs: What the run must have.
        calls: The maximum number of model calls for one variant; 0 if it asks nobody.
    """

    name: str
    needs: frozenset[Need]

    @property
    def calls(self) -> int: ...

    async def vary_example(self, example: Example, count: int, *, rng: Random, team: Team) -> Sequence[ExampleVariant]:
        """Make variants.

        Args:
            example: The example.
            count: How many at most, 1 or more.
            rng: The only source of random numbers.
            team: The optimizer models.

        Returns:
            Different variants, none equal to the example; fewer than `count` where there are no more.
        """
        ...


Perturber = PromptPerturber | ExamplePerturber


@dataclass(frozen=True, kw_only=True)
class MeasureSubject:
    """What is measured.

    Attributes:
        task: What may be known of the task.
        program: The prompts.
        baseline: The prompts that the search started from; None where there was no search.
        examples: On which they are measured, at least 1.
        labels: The task's answer labels, where they are few; else empty.
        model: The target model.
        seed: The same seed gives the same draws.
    """

    task: TaskBrief
    program: Program
    examples: tuple[Example, ...]
    model: ModelRef
    baseline: Program | None = None
    labels: tuple[str, ...] = ()
    seed: int = 0

    def rng(self, *path: str | int) -> Random:
        """A generator for one purpose."""
        return seeded_random(self.seed, "measure", *path)


@dataclass(frozen=True, kw_only=True)
class DeclaredCalls:
    """The most that a measure takes. The bench refuses more.

    Attributes:
        runs: Runs of a program on an example, with everything that scores them.
        asks: Questions to the team, those of perturbers included; each may need a repair.
        losses: Likelihoods of a text.
    """

    runs: int = 0
    asks: int = 0
    losses: int = 0


@dataclass(frozen=True, kw_only=True)
class MeasureBench:
    """What a measure works with. Equal requests are made once. All of it is awaited.

    Attributes:
        evaluate: Runs programs on examples; evaluations in the order of the pairs. An example that failed scores 0.
        loss: The mean negative log-likelihood per token, in nats, of a text as the answer of a program to an example.
            Needs `logprobs`.
        vary_prompt: Variants of a prompt by a perturber, `name` or `PluginRef` with options, and their number.
        vary_example: The same for an example.
        team: The optimizer models, for questions of the measure's own.
    """

    evaluate: Callable[[Sequence[tuple[Program, Example]]], Awaitable[Sequence[Evaluation]]]
    loss: Callable[[Program, Example, str], Awaitable[float]]
    vary_prompt: Callable[[PluginRef | str, Prompt, int], Awaitable[Sequence[PromptVariant]]]
    vary_example: Callable[[PluginRef | str, Example, int], Awaitable[Sequence[ExampleVariant]]]
    team: Team

    async def scores(self, program: Program, examples: Sequence[Example]) -> list[float]:
        """The scores of one program, in [0, 1], in the order of the examples."""
        return [evaluation.score for evaluation in await self.evaluate([(program, row) for row in examples])]


class Figure(BaseModel):
    """One number that a measure found. A bound is None where there is no interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, name: str, interval: Interval) -> Figure:
        """A value with its interval, 95 % unless the measure says otherwise."""
        return cls(name=name, value=interval.value, low=interval.low, high=interval.high)


class Reading(BaseModel):
    """What a measure found.

    Attributes:
        figures: The numbers; the first one is the headline.
        verdict: What they mean, one sentence.
        advice: What to do about it, one sentence; empty where there is nothing to do.
        columns: The names of the table's columns.
        rows: The table.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    figures: tuple[Figure, ...]
    verdict: str
    advice: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()

    def figure(self, name: str) -> Figure | None:
        """The figure of that name, if there is one."""
        return next((figure for figure in self.figures if figure.name == name), None)


class Measure(Protocol):
    """Measures a program on examples.

    Attributes:
        name: The name that `maieutic measure` uses.
        needs: What the run must have: `references`, `logprobs`, `optimizer`, `judge` or `baseline`.
    """

    name: str
    needs: frozenset[Need]

    def calls(self, subject: MeasureSubject) -> DeclaredCalls:
        """Declare the most that `measure` takes. It asks nobody.

        Examples are left out, from the last on, until this fits the limit; fewer examples must not take more.

        Raises:
            NeedsError: The subject does not fit the measure, with the reason, such as inputs without options.
        """
        ...

    async def measure(self, subject: MeasureSubject, bench: MeasureBench) -> Reading:
        """Measure.

        Args:
            subject: What is measured.
            bench: The only way to run and ask.

        Returns:
            The figures. Equal subjects and answers give equal figures.
        """
        ...
