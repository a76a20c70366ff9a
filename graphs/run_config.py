"""Everything a run is made of, checked before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.asks import CALLS_PER_ASK
from ..core.budget import Budget
from ..core.errors import NeedsError, UsageError
from ..core.executor import Executor
from ..core.models import ROLES
from ..core.observer import Observer
from ..core.program import Program
from ..core.protocols import (
    Agent,
    Allocator,
    AskingEvaluator,
    Evaluator,
    LossEvaluator,
    Operator,
    PairEvaluator,
    Strategy,
    Target,
)
from ..core.recipe import PluginRef, Recipe
from ..core.stats.labels import infer_labels
from ..core.task import EvaluatorSpec, Task
from ..plugins.evaluators.aggregate import evaluator_names
from ..plugins.executors.local import LocalExecutor
from ..plugins.system.hookspecs import Kind
from ..plugins.system.registry import Registry
from ..runtime.models.client import supports_loss
from .compatibility import check_operators, create_evaluator
from .inputs.fork import ForkOrigin
from .recipe_loader import apply_settings, load_recipe

DEFAULT_BUDGET = Budget(calls=400)


@dataclass(kw_only=True)
class RunConfig:
    """A run's parts. Making one creates every plugin by name, so an unknown name or option fails here.

    approve: whether the run waits for a person before each round that costs. origin: of a fork, where it began.
    """

    task: Task
    recipe: Recipe
    budget: Budget
    seed: int
    concurrency: int
    folder: Path
    registry: Registry
    strategy: Strategy
    allocator: Allocator
    operators: dict[str, Operator]
    evaluators: dict[str, Evaluator | AskingEvaluator]
    target: Target
    target_options: Mapping[str, Any]
    judge: PairEvaluator | None = None
    scorer: Evaluator | AskingEvaluator | None = None
    loss: LossEvaluator | None = None
    agents: Mapping[str, Agent] = field(default_factory=dict)
    executor: Executor = field(default_factory=LocalExecutor)
    executor_ref: PluginRef = field(default_factory=lambda: PluginRef(use="local"))
    observers: tuple[Observer, ...] = ()
    observer_refs: tuple[PluginRef, ...] = ()
    labels: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    approve: bool = False
    origin: ForkOrigin | None = None

    @classmethod
    def resolve(
        cls,
        task: Task,
        *,
        recipe: str | Recipe = "auto",
        budget: Budget | None = None,
        seed: int = 0,
        concurrency: int = 4,
        folder: Path | str = ".maieutic",
        settings: Mapping[str, str] | None = None,
        registry: Registry | None = None,
        approve: bool = False,
        origin: ForkOrigin | None = None,
        executor: PluginRef | str = "local",
        observers: Sequence[PluginRef | str] = (),
    ) -> RunConfig:
        """Raises UsageError, TaskError or NeedsError; spends nothing."""
        registry = registry or Registry.load()
        placed = _as_plugin_ref(executor)
        observed = tuple(_as_plugin_ref(one) for one in observers)
        base = Path(task.source).parent if task.source else Path()
        registry.require(task.plugins, folder=base)
        chosen = load_recipe(recipe, registry) if isinstance(recipe, str) else recipe
        chosen = apply_settings(chosen, settings or {})
        limits = budget or DEFAULT_BUDGET
        limits.check()
        if concurrency < 1:
            raise UsageError(f"a concurrency of {concurrency} runs nothing", possible=("1 or more",))
        if not task.data.empty:
            task.check()
        if chosen.hides:
            task = task.model_copy(update={"data": task.data.without_outputs(chosen.hides - {"test"})})
        labels = infer_labels(task.answer, [*task.data.train, *task.data.val])
        options = _target_options(registry, task, bool(labels))
        setup = cls(
            task=task,
            recipe=chosen,
            budget=limits,
            seed=seed,
            concurrency=concurrency,
            folder=Path(folder),
            registry=registry,
            strategy=_create(registry, "strategy", chosen.strategy),
            allocator=_create(registry, "allocator", chosen.allocator),
            operators={use.use: _create(registry, "operator", use) for use in chosen.operators},
            evaluators=_create_evaluators(registry, task),
            target=registry.create("target", task.target.use, **options),
            judge=create_evaluator("judge", registry, chosen.judge) if chosen.judge else None,
            scorer=create_evaluator("scorer", registry, chosen.scorer) if chosen.scorer else None,
            loss=create_evaluator("loss", registry, chosen.loss) if chosen.loss else None,
            target_options=options,
            agents={key: _create_agent(registry, key, use) for key, use in chosen.agents.items()},
            executor=_create(registry, "executor", placed),
            executor_ref=placed,
            observers=tuple(_create(registry, "observer", use) for use in observed),
            observer_refs=observed,
            labels=labels,
            settings=dict(settings or {}),
            approve=approve,
            origin=origin,
        )
        check_operators(setup.strategy, setup.operators)
        setup._check_needs()
        return setup

    @property
    def calls_per_test_example(self) -> int:
        """What one sealed row takes: start and winner, and the judge where nothing else scores. Repairs not counted."""
        judged = self.judge.calls // CALLS_PER_ASK if self.judge is not None and not self.evaluators else 0
        return 2 * sum(self.calls_per_run(self.task.program)) + judged

    @property
    def human_judged(self) -> bool:
        """Whether nothing but a person tells outputs apart: then the sealed rows stay sealed, for nobody could be asked
        about as many; the report tells what the duels of the search say."""
        return self.judge is not None and "human" in self.judge.needs and not self.evaluators

    def evaluators_for(self, specs: Sequence[EvaluatorSpec]) -> dict[str, Evaluator | AskingEvaluator]:
        """Those that score a row, in the order of its task's."""
        if tuple(specs) == self.task.evaluators:
            return self.evaluators
        named = list(zip(self.task.evaluators, self.evaluators.items(), strict=True))
        return dict(next(item for spec, item in named if spec == one) for one in specs)

    @property
    def model_evaluators(self) -> list[AskingEvaluator]:
        """The evaluators of the search and of the report that ask a model, or run a candidate again."""
        all_of_them = [*self.evaluators.values(), *([self.scorer] if self.scorer else [])]
        return [one for one in all_of_them if isinstance(one, AskingEvaluator)]

    def calls_per_run(self, program: Program, *, repairs: bool = False) -> tuple[int, int]:
        """Calls of the target and of the team that one run of a program takes with all that rates it."""
        asked = sum(one.calls for one in self.model_evaluators)
        target = self.target.calls(program) * (1 + sum(one.runs for one in self.model_evaluators))
        return target, asked if repairs else -(-asked // CALLS_PER_ASK)

    def resampling_target(self) -> Target:
        """The target once more, for answers that are drawn anew where it can tell draws apart."""
        use, options = self.task.target.use, dict(self.target_options)
        if "sample" in self.registry.options("target", use):
            options["sample"] = 1
        made: Target = self.registry.create("target", use, **options)
        return made

    def _check_needs(self) -> None:
        has = {"references"} if all(example.outputs for example in self.task.data.val) else set()
        has |= {"train"} if any(example.outputs for example in self.task.data.train) else set()
        has |= {"target"} if self.task.data.target else set()
        has |= self.recipe.makes
        if self.task.data.empty:
            has |= {"references", "train"}  # rows are drafted with their outputs before the search
        has |= {"judge"} if self.judge is not None else set()
        has |= {"human"}  # whoever drives the run can be asked: by directives, or by the graph's interrupts
        has |= {"logprobs"} if supports_loss(self.task.models.target) else set()
        if not self.evaluators and self.judge is None and self.scorer is None and self.loss is None:
            raise NeedsError(
                f"nothing scores this task's outputs, and the recipe {self.recipe.name!r} has no judge to compare them",
                where=self.task.where("[[evaluators]]"),
                remedy="give the rows outputs, name an evaluator that needs none, or choose a recipe with a judge: spo",
            )
        parts: list[tuple[str, Any]] = [("strategy", self.strategy), ("allocator", self.allocator)]
        parts += [("operator", one) for one in self.operators.values()]
        parts += [("executor", self.executor), *(("agent", one) for one in self.agents.values())]
        parts += [("observer", one) for one in self.observers]
        asked = [one for one in (self.judge, self.scorer, self.loss) if one is not None]
        parts += [("evaluator", one) for one in [*self.evaluators.values(), *asked]]
        for kind, part in [("recipe", self.recipe), *parts]:
            if missing := sorted(part.needs - has):
                raise NeedsError(
                    f"the {kind} {part.name!r} needs {', '.join(missing)}, which this run does not have",
                    where=self.task.where("[data]"),
                    possible=sorted(has),
                    remedy="bring what it needs, or choose another recipe (maieutic recipes)",
                )


def _as_plugin_ref(named: PluginRef | str) -> PluginRef:
    return PluginRef(use=named) if isinstance(named, str) else named


def _create(registry: Registry, kind: Kind, use: PluginRef) -> Any:
    return registry.create(kind, use.use, **use.options)


def _create_agent(registry: Registry, key: str, use: PluginRef) -> Agent:
    role = key.partition(".")[0]
    if role not in ROLES:
        raise UsageError(
            f"no role is called {role!r}", where=f"the recipe's agents, {key}", possible=[*ROLES, "ROLE.skill"]
        )
    made: Agent = _create(registry, "agent", use)
    return made


def _create_evaluators(registry: Registry, task: Task) -> dict[str, Evaluator | AskingEvaluator]:
    uses = [PluginRef(use=spec.use, options=spec.options) for spec in task.evaluators]
    made = [create_evaluator("evaluators", registry, use) for use in uses]
    return dict(zip(evaluator_names(task.evaluators), made, strict=True))


def create_target(registry: Registry, task: Task) -> Target:
    """The task's target alone, for who runs its programs outside of a run."""
    registry.require(task.plugins, folder=Path(task.source).parent if task.source else Path())
    made: Target = registry.create("target", task.target.use, **_target_options(registry, task, labels=False))
    return made


def _target_options(registry: Registry, task: Task, labels: bool) -> dict[str, Any]:
    """The task's own options, and of what follows from the task what this target takes."""
    offered = {
        "max_tokens": task.answer_tokens,
        "temperature": task.constraints.temperature,
        "top_logprobs": 20 if labels else 0,
        "answer": task.answer,
        "folder": str(Path(task.source).parent) if task.source else ".",
    }
    takes = registry.options("target", task.target.use)
    return {**{name: value for name, value in offered.items() if name in takes}, **task.target.options}
