"""Run options: one frozen value from the command line or a call, through the store, to the run's parts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypedDict, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError

from ..core.budget import Budget
from ..core.deployment import Preferred
from ..core.error_messages import did_you_mean, validation_location, validation_message
from ..core.errors import UsageError
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

    budget: Budget | int | None
    concurrency: int
    folder: Path | str
    trust: bool


class GraphKeywords(MeasureKeywords, total=False):
    """The options of a run beside its recipe."""

    seed: int
    settings: Mapping[str, str] | None
    approve: bool
    origin: ForkOrigin | None
    executor: PluginRef | str
    observers: Sequence[PluginRef | str]
    patience: int | None
    prefer: Preferred
    targets: Sequence[str]


class RunKeywords(GraphKeywords, total=False):
    """`RunOptions` as keyword arguments of `optimize`, for type checkers and editors."""

    recipe: str | Recipe


class LimitKeywords(TypedDict, total=False):
    """Limits by their own names, in place of `budget`."""

    calls: int | None
    target_calls: int | None
    tokens: int | None
    usd: float | None
    minutes: float | None


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
        targets: further target models on which the report measures baseline and winner too, `provider/model` each.
        patience: the search ends after so many rounds in a row without a new best candidate; None for no such limit.
        prefer: of prompts that score the same on val, which one wins: the one that the recipe chose (`score`), the
            shorter one (`short`), or the one whose prompt and answers cost less (`cheap`).
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
    patience: int | None = None
    prefer: Preferred = "score"
    targets: Sequence[str] = ()

    @classmethod
    def from_keywords(cls, keywords: Mapping[str, Any], *, others: Collection[str] = ()) -> RunOptions:
        """The options in keyword arguments: `RunKeywords` with `LimitKeywords`. Raises UsageError for other ones.

        others: what else the caller could have named.
        """
        limits = {name: keywords[name] for name in Budget.model_fields if keywords.get(name) is not None}
        rest = {name: value for name, value in keywords.items() if name not in Budget.model_fields}
        names = [option.name for option in fields(cls)]
        if unknown := next((name for name in rest if name not in names), None):
            possible = [*others, *names, *Budget.model_fields]
            raise UsageError(
                f"there is no option {unknown!r}",
                where="the keyword arguments",
                possible=possible,
                remedy=did_you_mean(unknown, possible),
            )
        patience = rest.get("patience")
        if patience is not None and (not isinstance(patience, int) or isinstance(patience, bool) or patience < 1):
            raise UsageError(f"patience is {patience!r:.40}", where="patience", possible=("1 round or more", "None"))
        if rest.get("prefer", cls.prefer) not in get_args(Preferred):
            raise UsageError(f"prefer is {rest['prefer']!r:.40}", where="prefer", possible=get_args(Preferred))
        return cls(**{**rest, "budget": budget_from(rest.get("budget"), limits)})

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
            **({"targets": list(self.targets)} if self.targets else {}),
            **({"patience": self.patience} if self.patience is not None else {}),
            **({"prefer": self.prefer} if self.prefer != "score" else {}),
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
            patience=stored.get("patience"),
            prefer=stored.get("prefer", cls.prefer),
            targets=tuple(stored.get("targets", ())),
        )


def budget_from(budget: Any, limits: Mapping[str, Any] | None = None) -> Budget | None:
    """A budget as a caller gives it: a Budget, a number of calls, a dict of limits, or limits by their own names.

    Raises UsageError for anything else; None without any limit.
    """
    if budget is not None and limits:
        raise UsageError(
            f"budget and {', '.join(limits)} limit the same run",
            where="budget",
            remedy="give one of the two: budget=400, or calls=400",
        )
    if isinstance(budget, Budget | None) and not limits:
        return budget
    given = budget if budget is not None else limits
    if isinstance(given, int) and not isinstance(given, bool):
        given = {"calls": given}
    if not isinstance(given, Mapping):
        raise UsageError(
            f"a budget is no {type(given).__name__}: {given!r:.40}",
            where="budget",
            possible=("400 (calls)", "Budget(calls=400)", *(f"{name}=…" for name in Budget.model_fields)),
        )
    try:
        return Budget.model_validate(dict(given))
    except ValidationError as error:
        message, _ = validation_message(error)
        raise UsageError(
            f"{validation_location(error)} {message}", where="budget", possible=tuple(Budget.model_fields)
        ) from error


F = TypeVar("F", bound=Callable[..., Any])


def shows_options(function: F) -> F:
    """Let `help` and notebooks list the options where the function takes them as `**options`."""
    signature = inspect.signature(function)
    named = [parameter for parameter in signature.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    unpacked = next((p for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD), None)
    defaults = {option.name: option.default for option in fields(RunOptions)}
    listed = get_type_hints(function)[unpacked.name].__args__[0].__annotations__ if unpacked else {}
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(name), annotation=annotation)
        for name, annotation in sorted(listed.items(), key=lambda item: item[0] in defaults)
    ]
    function.__signature__ = signature.replace(parameters=[*named, *options])  # type: ignore[attr-defined]
    return function


def _plugin_ref(named: PluginRef | str) -> PluginRef:
    return PluginRef(use=named) if isinstance(named, str) else named
