"""The parts of a run: every plugin created and every requirement checked before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.asks import CALLS_PER_ASK
from ..core.budget import Budget, Cost
from ..core.errors import NeedsError, UsageError
from ..core.evaluator_protocols import AskingEvaluator, Evaluator, LossEvaluator, PairEvaluator
from ..core.executor import Executor
from ..core.models import ROLES, ModelRef, Role
from ..core.observer import Observer
from ..core.program import Program
from ..core.protocols import Agent, Allocator, Operator, Strategy, Target
from ..core.recipe import PluginRef, Recipe
from ..core.stats.labels import infer_labels
from ..core.task import EvaluatorSpec, Task
from ..plugins.evaluators.aggregate import evaluator_names
from ..plugins.executors.worker import LocalExecutor
from ..plugins.system.consent import check_task_consent
from ..plugins.system.hookspecs import Kind
from ..plugins.system.registry import Registry
from ..plugins.system.task_access import access_of_task
from ..plugins.targets.chat import STEP_TOKENS
from ..runtime.models.client import supports_loss
from ..runtime.models.profile import evidence_tokens, profile_of, target_tokens
from .compatibility import check_kinds, check_operators, create_evaluator
from .recipe_loader import apply_settings, load_recipe
from .run_options import DEFAULT_BUDGET, RunOptions

_WRITING_ROLES: tuple[Role, ...] = ("planner", "teacher", "critic", "student")


@dataclass(kw_only=True)
class RunConfig:
    """A run's parts, resolved from a task and `RunOptions`.

    Attributes:
        options: as the caller chose them.
        recipe: with the settings applied; a directive may change its weights later.
        budget: the limits that hold now; a directive or a resume may change them.
        judge: compares two outputs, where the recipe has one.
        scorer: scores outputs during the search in place of the task's evaluators.
        loss: scores the reference's likelihood in place of a sampled answer.
        target_options: what the target was created with.
        labels: the task's answer labels, where they are few.
        instructed_limits: whether answers are limited by instruction and contract alone, as before model profiles.
    """

    task: Task
    options: RunOptions
    recipe: Recipe
    budget: Budget
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
    observers: tuple[Observer, ...] = ()
    labels: tuple[str, ...] = ()
    instructed_limits: bool = False

    @property
    def test_headroom(self) -> Cost:
        """Where the search scores losses, which write nothing: the longest answer of the held-out test."""
        tokens = int(self.target_options.get("max_tokens", self.task.answer_tokens))
        return Cost(tokens=tokens) if self.loss is not None else Cost()

    @property
    def has_capable_authors(self) -> bool:
        """Whether all who write and diagnose are asked in full."""
        models, budget = self.task.models, self.options.budget
        return not self.instructed_limits and all(
            evidence_tokens(models.for_role(role), budget) is not None for role in _WRITING_ROLES
        )

    @classmethod
    def resolve(cls, task: Task, options: RunOptions | None = None, registry: Registry | None = None) -> RunConfig:
        """Create all parts by name. Raises UsageError, TaskError or NeedsError for parts that do not fit."""
        options = options or RunOptions()
        registry = registry or Registry.load()
        _check_own_code(task, options, registry)
        registry.require(task.plugins, folder=_task_folder(task))
        recipe = load_recipe(options.recipe, registry) if isinstance(options.recipe, str) else options.recipe
        recipe = apply_settings(recipe, options.settings or {})
        budget = options.budget or DEFAULT_BUDGET
        budget.check()
        if options.concurrency < 1:
            raise UsageError(f"concurrency must be at least 1, got {options.concurrency}", possible=("1 or more",))
        if not task.data.empty:
            task.check()
        if recipe.hides:
            task = task.model_copy(update={"data": task.data.without_outputs(recipe.hides - {"test"})})
        labels = infer_labels(task.answer, [*task.data.train, *task.data.val])
        target_options = _target_options(registry, task, bool(labels))
        config = cls(
            task=task,
            options=options,
            recipe=recipe,
            budget=budget,
            registry=registry,
            strategy=_create(registry, "strategy", recipe.strategy),
            allocator=_create(registry, "allocator", recipe.allocator),
            operators={use.use: _create(registry, "operator", use) for use in recipe.operators},
            evaluators=_create_evaluators(registry, task),
            target=registry.create("target", task.target.use, **target_options),
            target_options=target_options,
            judge=create_evaluator("judge", registry, recipe.judge) if recipe.judge else None,
            scorer=create_evaluator("scorer", registry, recipe.scorer) if recipe.scorer else None,
            loss=create_evaluator("loss", registry, recipe.loss) if recipe.loss else None,
            agents={key: _create_agent(registry, key, use) for key, use in recipe.agents.items()},
            executor=_create(registry, "executor", options.executor_ref),
            observers=tuple(_create(registry, "observer", use) for use in options.observer_refs),
            labels=labels,
        )
        check_operators(config.strategy, config.operators)
        config._check_needs()
        check_kinds(task.program, config.operators)
        config._check_other_targets()
        return config

    @property
    def folder(self) -> Path:
        """Where the store lives."""
        return Path(self.options.folder)

    @property
    def seed(self) -> int:
        return self.options.seed

    @property
    def calls_per_test_example(self) -> int:
        """Calls that one held-out example takes: baseline and winner, and the judge where nothing else scores. Repairs
        of unreadable replies are not counted."""
        models = 1 + len(self.other_targets)
        judged = self.judge.calls // CALLS_PER_ASK if self.judge is not None and not self.evaluators else 0
        return 2 * sum(self.calls_per_run(self.task.program)) * models + judged

    @property
    def other_targets(self) -> tuple[ModelRef, ...]:
        """The further target models that the report measures. Raises UsageError for what is no model's name."""
        refs = [ModelRef.parse(name) for name in self.options.targets]
        return tuple({str(ref): ref for ref in refs if str(ref) != str(self.task.models.target)}.values())

    @property
    def human_judged(self) -> bool:
        """Whether only a person compares outputs. Nobody could be asked about all test examples, so the held-out test
        stays closed and the report shows the duels of the search."""
        return self.judge is not None and "human" in self.judge.needs and not self.evaluators

    def evaluators_for(self, specs: Sequence[EvaluatorSpec]) -> dict[str, Evaluator | AskingEvaluator]:
        """The evaluators of the specs by name, in the order of the task's."""
        if tuple(specs) == self.task.evaluators:
            return self.evaluators
        by_spec = list(zip(self.task.evaluators, self.evaluators.items(), strict=True))
        return dict(next(item for task_spec, item in by_spec if task_spec == spec) for spec in specs)

    @property
    def has_own_calls(self) -> bool:
        """Whether the target is known to call no model of the run, but perhaps others, which nobody counts."""
        return bool(getattr(self.target, "has_own_calls", False))

    @property
    def declared_own_calls(self) -> int | None:
        """Calls of other models that the target makes for one example, where its task says so."""
        declared: int | None = getattr(self.target, "calls_per_example", None)
        return declared

    @property
    def model_evaluators(self) -> list[AskingEvaluator]:
        """The evaluators of search and report that ask a model or run a candidate again."""
        scoring = [*self.evaluators.values(), *([self.scorer] if self.scorer else [])]
        return [evaluator for evaluator in scoring if isinstance(evaluator, AskingEvaluator)]

    def calls_per_run(self, program: Program, *, repairs: bool = False) -> tuple[int, int]:
        """Target calls and optimizer calls that one run of a program takes, with everything that scores it."""
        evaluator_calls = sum(evaluator.calls for evaluator in self.model_evaluators)
        reruns = sum(evaluator.runs for evaluator in self.model_evaluators)
        target_calls = self.target.calls(program) * (1 + reruns)
        return target_calls, evaluator_calls if repairs else -(-evaluator_calls // CALLS_PER_ASK)

    def resampling_target(self) -> Target:
        """The target again, drawing new answers where it distinguishes draws."""
        use, options = self.task.target.use, dict(self.target_options)
        if "sample" in self.registry.options("target", use):
            options["sample"] = 1
        target: Target = self.registry.create("target", use, **options)
        return target

    def _check_needs(self) -> None:
        available = self._available_needs()
        if not self.evaluators and self.judge is None and self.scorer is None and self.loss is None:
            raise NeedsError(
                f"nothing scores this task's outputs, and the recipe {self.recipe.name!r} has no judge to compare them",
                where=self.task.where("[[evaluators]]"),
                remedy="give the examples outputs, name an evaluator that needs none, or choose a judge's recipe: spo",
            )
        for kind, part in self._parts():
            if missing := sorted(part.needs - available):
                raise NeedsError(
                    f"the {kind} {part.name!r} needs {', '.join(missing)}, which this run does not have",
                    where=self.task.where("[data]"),
                    possible=sorted(available),
                    remedy="provide what it needs, or choose another recipe (maieutic recipes)",
                )

    def _check_other_targets(self) -> None:
        if not self.other_targets:
            return
        if not self.evaluators:
            raise NeedsError(
                "nothing scores this task's outputs, so that further targets cannot be compared",
                where="--targets",
                remedy="name an evaluator, or leave the further targets out",
            )
        if self.executor.name != LocalExecutor.name:
            raise UsageError(
                f"further targets are measured in the process of the run, not by the executor {self.executor.name!r}",
                where="--targets",
                remedy="leave one of the two out",
            )

    def _available_needs(self) -> set[str]:
        """What this run can give to its parts."""
        data = self.task.data
        available: set[str] = set(self.recipe.makes)
        if all(example.outputs for example in data.val):
            available.add("references")
        if any(example.outputs for example in data.train):
            available.add("train")
        if data.target:
            available.add("target")
        if data.empty:  # examples are drafted with their outputs before the search
            available |= {"references", "train"}
        if self.judge is not None:
            available.add("judge")
        if any(prompt.kind == "schema" for prompt in self.task.program.prompts.values()):
            available.add("schema")
        if supports_loss(self.task.models.target):
            available.add("logprobs")
        # Whoever drives the run can be asked: by directives, or by the graph's interrupts.
        available.add("human")
        return available

    def _parts(self) -> list[tuple[str, Any]]:
        """Kind and part of everything that declares needs, in the order in which they are checked."""
        comparing = [evaluator for evaluator in (self.judge, self.scorer, self.loss) if evaluator is not None]
        return [
            ("recipe", self.recipe),
            ("strategy", self.strategy),
            ("allocator", self.allocator),
            *(("operator", operator) for operator in self.operators.values()),
            ("executor", self.executor),
            *(("agent", agent) for agent in self.agents.values()),
            *(("observer", observer) for observer in self.observers),
            *(("evaluator", evaluator) for evaluator in [*self.evaluators.values(), *comparing]),
        ]


def create_target(registry: Registry, task: Task) -> Target:
    """The task's target alone, to run its programs outside of a run."""
    registry.require(task.plugins, folder=_task_folder(task))
    target: Target = registry.create("target", task.target.use, **_target_options(registry, task, labels=False))
    return target


def _check_own_code(task: Task, options: RunOptions, registry: Registry) -> None:
    """Raises UsageError where the task's code may not run, TrustError where nobody agreed to its code and hosts.

    A task that was made in Python is its caller's own.
    """
    if not registry.own_code and (code := access_of_task(task).code):
        raise UsageError(
            f"this task would {code[0]}, and --no-plugins does not run code of a task",
            where=str(_task_folder(task)),
            remedy="read that code, then run without --no-plugins",
        )
    if task.source and not task.trusted and not options.trust:
        check_task_consent(task)


def _task_folder(task: Task) -> Path:
    return Path(task.source).parent if task.source else Path()


def _create(registry: Registry, kind: Kind, use: PluginRef) -> Any:
    return registry.create(kind, use.use, **use.options)


def _create_agent(registry: Registry, key: str, use: PluginRef) -> Agent:
    role = key.partition(".")[0]
    if role not in ROLES:
        raise UsageError(
            f"no role is called {role!r}", where=f"the recipe's agents, {key}", possible=[*ROLES, "ROLE.skill"]
        )
    agent: Agent = _create(registry, "agent", use)
    return agent


def _create_evaluators(registry: Registry, task: Task) -> dict[str, Evaluator | AskingEvaluator]:
    uses = [PluginRef(use=spec.use, options=spec.options) for spec in task.evaluators]
    evaluators = [create_evaluator("evaluators", registry, use) for use in uses]
    return dict(zip(evaluator_names(task.evaluators), evaluators, strict=True))


def _target_options(registry: Registry, task: Task, labels: bool) -> dict[str, Any]:
    """The task's own options, and those that follow from the task and that this target accepts."""
    derived = {
        "max_tokens": target_tokens(task),
        "temperature": task.constraints.temperature,
        # An inner step may write as much as the last one; small models need less for a line of reasoning.
        "step_tokens": STEP_TOKENS if profile_of(task.models.target).small else max(STEP_TOKENS, target_tokens(task)),
        # Labels are compared by their likelihoods; 20 is the most that providers return.
        "top_logprobs": 20 if labels else 0,
        "answer": task.answer,
        "folder": str(_task_folder(task)),
    }
    accepted = registry.options("target", task.target.use)
    return {**{name: value for name, value in derived.items() if name in accepted}, **task.target.options}
