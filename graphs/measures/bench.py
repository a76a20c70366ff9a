"""The bench of a measure: programs run and questions asked through the run's gateway, within what was declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.asks import CALLS_PER_ASK
from ...core.candidate import Candidate
from ...core.dataset import Example, Split
from ...core.errors import BudgetSpent, RunFailed, RunStopped, UsageError
from ...core.identity import digest, seeded_random
from ...core.measures import (
    DeclaredCalls,
    ExamplePerturber,
    ExampleVariant,
    MeasureBench,
    PromptPerturber,
    PromptVariant,
)
from ...core.models import Call
from ...core.program import Program
from ...core.prompt import Prompt
from ...core.recipe import PluginRef
from ...core.render import render, with_shared_prompt
from ...core.score import Evaluation
from ..candidate_guards import candidate_id
from ..measuring.measure import measure
from ..run_context import RunContext
from ..run_team import run_team


@dataclass(kw_only=True)
class RunBench:
    """What one measure has used of its declared calls. Not thread-safe.

    Attributes:
        context: The run that pays.
        name: The measure's name: its questions are draws of its own.
        declared: What the measure said that it takes.
        split: Of the examples.
        used: What it has taken so far.
    """

    context: RunContext
    name: str
    declared: DeclaredCalls
    split: Split
    used: DeclaredCalls = field(default_factory=DeclaredCalls)
    _evaluations: dict[str, Evaluation] = field(default_factory=dict)

    def open(self) -> MeasureBench:
        """The bench as the measure sees it."""
        stream, asks = f"measure/{self.name}", self.declared.asks
        return MeasureBench(
            evaluate=self.evaluate,
            loss=self.loss,
            vary_prompt=self.vary_prompt,
            vary_example=self.vary_example,
            team=run_team(self.context, 0, stream, asks * CALLS_PER_ASK),
        )

    async def evaluate(self, pairs: Sequence[tuple[Program, Example]]) -> Sequence[Evaluation]:
        """Evaluations in the order of the pairs. Raises RunStopped where they do not fit the budget."""
        keys = [digest([program.id, row.model_dump(mode="json")]) for program, row in pairs]
        new = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in self._evaluations}
        self._take(DeclaredCalls(runs=len(new)))
        candidates = [
            (Candidate(id=candidate_id(program), program=program, operator=self.name, step=1), row)
            for program, row in new.values()
        ]
        results = await measure(self.context, candidates, split=self.split, step=1, keep=False)
        if len(results) < len(candidates):
            raise _budget_error(self.name)
        for key, result in zip(new, results, strict=True):
            if not isinstance(result, Evaluation):
                raise UsageError("nothing scores this task's outputs", where=self.context.config.task.name)
            self._evaluations[key] = result
        return [self._evaluations[key] for key in keys]

    async def loss(self, program: Program, example: Example, answer: str) -> float:
        """Nats per token of the answer. Raises RunStopped where it does not fit the budget."""
        self._take(DeclaredCalls(losses=1))
        prompt = with_shared_prompt(program, program.prompts_for(example)[0])
        call = Call(model=self.context.config.task.models.target, messages=tuple(render(prompt, example)))
        try:
            return await self.context.gateway.loss(call, answer, "target")
        except BudgetSpent as error:
            raise _budget_error(self.name) from error

    async def vary_prompt(self, perturber: PluginRef | str, prompt: Prompt, count: int) -> Sequence[PromptVariant]:
        """Variants of a prompt; the same ones for the same perturber, prompt, count and seed."""
        use = PluginRef(use=perturber) if isinstance(perturber, str) else perturber
        created: PromptPerturber = self.context.config.registry.create("perturber", use.use, **use.options)
        self._check_kind(use.use, created, "vary_prompt")
        self._take(DeclaredCalls(asks=-(-created.calls * count // CALLS_PER_ASK)))
        stream = self._stream(use, prompt.id, count)
        team = run_team(self.context, 0, stream, created.calls * count)
        rng = seeded_random(self.context.config.seed, stream)
        return await created.vary_prompt(prompt, count, rng=rng, team=team)

    async def vary_example(self, perturber: PluginRef | str, example: Example, count: int) -> Sequence[ExampleVariant]:
        """Variants of an example; the same ones for the same perturber, example, count and seed."""
        use = PluginRef(use=perturber) if isinstance(perturber, str) else perturber
        created: ExamplePerturber = self.context.config.registry.create("perturber", use.use, **use.options)
        self._check_kind(use.use, created, "vary_example")
        self._take(DeclaredCalls(asks=-(-created.calls * count // CALLS_PER_ASK)))
        stream = self._stream(use, example.id, count)
        team = run_team(self.context, 0, stream, created.calls * count)
        rng = seeded_random(self.context.config.seed, stream)
        return await created.vary_example(example, count, rng=rng, team=team)

    def _stream(self, use: PluginRef, subject: str, count: int) -> str:
        """By perturber and subject alone, so that two measures share the variants that they pay for."""
        return f"perturb/{use.use}/{digest(use.model_dump(mode='json'))[:12]}/{subject}/{count}"

    def _check_kind(self, name: str, perturber: object, method: str) -> None:
        if not callable(getattr(perturber, method, None)):
            other = "examples" if method == "vary_prompt" else "prompts"
            raise UsageError(f"the perturber {name!r} varies {other} only", where=f"measure {self.name}")

    def _take(self, more: DeclaredCalls) -> None:
        """Raises RunFailed for a measure that takes more than it declared: its calls were promised as the most."""
        total = DeclaredCalls(
            runs=self.used.runs + more.runs, asks=self.used.asks + more.asks, losses=self.used.losses + more.losses
        )
        declared = self.declared
        if total.runs > declared.runs or total.asks > declared.asks or total.losses > declared.losses:
            raise RunFailed(
                f"the measure {self.name!r} takes more than it declared",
                where=f"{total.runs} runs of {declared.runs}, {total.asks} asks of {declared.asks}, "
                f"{total.losses} losses of {declared.losses}",
                remedy="its method calls() has to declare the most that it takes: tell its author",
            )
        self.used = total


def _budget_error(name: str) -> RunStopped:
    return RunStopped(
        f"the calls were spent before the measure {name!r} was complete; completed calls are in the cache",
        where="--calls",
        remedy="run it again with more calls: what was answered costs nothing",
    )
