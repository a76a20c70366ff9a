"""Run options: one frozen value from the command line or a call, through the store, to the run's parts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypedDict, TypeVar

from pydantic import BaseModel, ConfigDict

from ..core.budget import Budget
from ..core.recipe import PluginRef, Recipe
from ..runtime.store import RunRecord

# What the demo takes: enough for a small task to show a gain, minutes on the embedded model.
DEFAULT_BUDGET = Budget(calls=400)


class ForkOrigin(BaseModel):
    """The candidate of an earlier run that a fork starts from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    candidate: str


class MeasureKeywords(TypedDict, total=False):
    """The options that also hold for scoring one program without a search."""

    budget: Budget | None
    concurrency: int
    folder: Path | str
    trust: bool


class RunKeywords(MeasureKeywords, total=False):
    """`RunOptions` as keyword arguments of `optimize`, for type checkers and editors."""

    recipe: str | Recipe
    seed: int
    settings: Mapping[str, str] | None
    approve: bool
    origin: ForkOrigin | None
    executor: PluginRef | str
    observers: Sequence[PluginRef | str]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Everything a caller may choose about a run besides its task.

    Attributes:
        recipe: the method, by name or as a value.
        budget: the limits; `DEFAULT_BUDGET` if None.
        seed: the same seed gives the same search, as far as the models repeat themselves.
        concurrency: model calls in flight at a time, 1 or more.
        folder: where the store lives; runs in one folder share the cache of answers.
        settings: changes of the recipe, as `--set` takes them: `{"beam.width": "8"}`.
        approve: wait for the directive `approve` before each round that spends calls.
        origin: start from a candidate of an earlier run in the same folder.
        executor: where measurements run, by name (`local`, `ray`) or with options.
        observers: who receives the run's events, by name (`mlflow`) or with options.
        trust: agree that a task file's code is executed, and keys are sent to the hosts that it names. A task made in
            Python needs no consent.
    """

    recipe: str | Recipe = "auto"
    budget: Budget | None = None
    seed: int = 0
    concurrency: int = 4
    folder: Path | str = ".maieutic"
    settings: Mapping[str, str] | None = None
    approve: bool = False
    origin: ForkOrigin | None = None
    executor: PluginRef | str = "local"
    observers: Sequence[PluginRef | str] = ()
    trust: bool = False

    @property
    def executor_ref(self) -> PluginRef:
        return _plugin_ref(self.executor)

    @property
    def observer_refs(self) -> tuple[PluginRef, ...]:
        return tuple(_plugin_ref(observer) for observer in self.observers)

    def to_record(self) -> dict[str, Any]:
        """The JSON that a run's record keeps in its `options`. Recipe, budget and seed have columns of their own."""
        return {
            "concurrency": self.concurrency,
            "settings": dict(self.settings or {}),
            "approve": self.approve,
            "executor": self.executor_ref.model_dump(),
            "observers": [observer.model_dump() for observer in self.observer_refs],
            "origin": self.origin.model_dump() if self.origin else None,
            "answer_limits": "model",
        }

    @classmethod
    def from_record(cls, record: RunRecord, *, folder: Path | str) -> RunOptions:
        """The options a recorded run started with. Its recipe has the settings applied already."""
        stored = record.options
        return cls(
            recipe=Recipe.model_validate_json(record.recipe_json),
            budget=Budget.model_validate_json(record.budget_json),
            seed=record.seed,
            concurrency=int(stored.get("concurrency", cls.concurrency)),
            folder=folder,
            approve=bool(stored.get("approve")),
            origin=ForkOrigin.model_validate(stored["origin"]) if stored.get("origin") else None,
            executor=PluginRef.model_validate(stored.get("executor", {"use": cls.executor})),
            observers=tuple(PluginRef.model_validate(observer) for observer in stored.get("observers", ())),
        )


F = TypeVar("F", bound=Callable[..., Any])


def shows_options(function: F) -> F:
    """Let `help` and notebooks list the options where the function takes them as `**options`."""
    signature = inspect.signature(function)
    named = [parameter for parameter in signature.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    options = [
        inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=option.default, annotation=option.type)
        for option in fields(RunOptions)
    ]
    function.__signature__ = signature.replace(parameters=[*named, *options])  # type: ignore[attr-defined]
    return function


def _plugin_ref(named: PluginRef | str) -> PluginRef:
    return PluginRef(use=named) if isinstance(named, str) else named
