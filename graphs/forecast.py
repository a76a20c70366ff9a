"""What a run will take, before it takes anything: arithmetic over task, recipe and budget."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from pydantic import BaseModel, ConfigDict

from ..core.budget import Budget, Payer
from ..core.errors import UsageError
from ..core.models import ModelRef
from ..core.recipe import Recipe
from ..core.render import brief, render
from ..core.statistics import detectable_gain
from ..core.task import Task
from ..plugins.registry import Registry
from .preflight import sealed_rows
from .setup import Setup

_CHARACTERS_PER_TOKEN = 4
_ROWS_PER_CANDIDATE = 20
_AUTHOR_PROMPT_TOKENS, _AUTHOR_ANSWER_TOKENS = 900, 250
_SECONDS_PER_CALL = {"local": 0.6}
_SECONDS_PER_REMOTE_CALL = 1.5
_BASE = 0.5


class Calls(BaseModel):
    """Calls by what they are for. target: while searching. sealed: start and winner on the test rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: int
    optimizer: int
    sealed: int

    @property
    def total(self) -> int:
        return self.target + self.optimizer + self.sealed


class Tokens(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: int
    answer: int


class Forecast(BaseModel):
    """Expectations, not limits: the budget is the limit, and `exceeds` names where they are above it.

    calls: None where nothing but time, tokens or money limits the search; then tokens are None too. usd: 0 for
    local models, None where no price is known. minutes: at usual speeds. detectable_gain: the smallest gain in
    accuracy over 0.5 that the sealed rows would show four times in five; None where they cannot show any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    recipe: str
    rows: dict[str, int]
    sealed_rows: int
    calls: Calls | None
    tokens: dict[str, Tokens] | None
    usd: float | None
    minutes: float | None
    detectable_gain: float | None
    exceeds: tuple[str, ...] = ()


class Price(BaseModel):
    """US dollars for one token."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: float = 0.0
    answer: float = 0.0


def forecast(
    task: Task,
    recipe: str | Recipe,
    budget: Budget | None,
    registry: Registry,
    *,
    concurrency: int = 4,
    prices: Mapping[str, Price] | None = None,
) -> Forecast:
    """Raises UsageError, TaskError or NeedsError, as a run with the same arguments would.

    prices: by model id; the embedded model is free, for others a price that is missing makes `usd` None.
    """
    setup = Setup.make(task, recipe=recipe, budget=budget, concurrency=concurrency, registry=registry)
    if task.data.empty:
        raise UsageError(
            "a task without rows cannot be forecast: how many are drafted, and how long they are, shows in the run",
            where=task.where("[data]"),
            remedy="give rows, or run it with a limit: maieutic optimize TASK --calls N",
        )
    sealed = sealed_rows(setup)
    calls = _calls(setup, sealed)
    tokens = _tokens(setup, calls) if calls else None
    usd = _usd(setup, tokens, prices or {}) if tokens else None
    minutes = _minutes(setup, calls) if calls else setup.budget.minutes
    return Forecast(
        task=task.name,
        recipe=setup.recipe.name,
        rows={split: len(task.data[split]) for split in ("train", "val", "test")},
        sealed_rows=sealed,
        calls=calls,
        tokens=tokens,
        usd=usd,
        minutes=minutes,
        detectable_gain=detectable_gain(sealed, base=_BASE) if sealed else None,
        exceeds=_exceeds(setup.budget, tokens, usd, minutes),
    )


def _calls(setup: Setup, sealed: int) -> Calls | None:
    """The search's calls, shared between authors and target as one proposal and its measuring need them."""
    budget = setup.budget
    share = _author_share(setup)
    if budget.calls is not None:
        search = max(0, budget.calls - sealed * setup.sealed_calls)
        target = search - round(search * share)
        if budget.target_calls is not None:
            target = min(target, budget.target_calls)
        return Calls(target=target, optimizer=round(search * share), sealed=sealed * setup.sealed_calls)
    if budget.target_calls is not None:
        optimizer = round(budget.target_calls * share / (1 - share))
        return Calls(target=budget.target_calls, optimizer=optimizer, sealed=sealed * setup.sealed_calls)
    return None


def _author_share(setup: Setup) -> float:
    """The part of a search's calls that go to the optimizer's model."""
    weights = [use.weight for use in setup.recipe.operators]
    asked = [setup.operators[use.use].calls for use in setup.recipe.operators]
    authors = sum(w * a for w, a in zip(weights, asked, strict=True)) / sum(weights) if any(asked) else 0.0
    run, rated = setup.run_calls(setup.task.program)
    rows = min(_ROWS_PER_CANDIDATE, len(setup.task.data.val))
    authors += rows * rated
    return authors / (authors + rows * run / setup.target.calls(setup.task.program)) if authors else 0.0


def _tokens(setup: Setup, calls: Calls) -> dict[str, Tokens]:
    """Of target and optimizer. The prompt is taken to grow to halfway between the start and its ceiling."""
    task = setup.task
    rows = task.data.val[:50]
    asked = fmean(sum(len(m["content"]) for m in render(task.program.main, row)) for row in rows)
    start = asked / _CHARACTERS_PER_TOKEN
    ceiling = task.constraints.max_prompt_tokens or 4 * len(brief(task.program.main)) / _CHARACTERS_PER_TOKEN
    prompt = (start + max(start, ceiling)) / 2
    answered = calls.target + calls.sealed
    return {
        "target": Tokens(prompt=round(answered * prompt), answer=answered * task.answer_tokens),
        "optimizer": Tokens(
            prompt=calls.optimizer * _AUTHOR_PROMPT_TOKENS, answer=calls.optimizer * _AUTHOR_ANSWER_TOKENS
        ),
    }


def _usd(setup: Setup, tokens: dict[str, Tokens], prices: Mapping[str, Price]) -> float | None:
    total = 0.0
    for player, model in _players(setup):
        used = tokens[player]
        price = Price() if model.provider == "local" else prices.get(model.id)
        if used.prompt and price is None:
            return None
        if price is not None:
            total += used.prompt * price.prompt + used.answer * price.answer
    return round(total, 4)


def _minutes(setup: Setup, calls: Calls) -> float:
    pace = {who: _SECONDS_PER_CALL.get(model.provider, _SECONDS_PER_REMOTE_CALL) for who, model in _players(setup)}
    seconds = (calls.target + calls.sealed) * pace["target"] + calls.optimizer * pace["optimizer"]
    return round(seconds / setup.concurrency / 60, 1)


def _players(setup: Setup) -> list[tuple[Payer, ModelRef]]:
    return [("target", setup.task.models.target), ("optimizer", setup.task.models.optimizer)]


def _exceeds(
    budget: Budget, tokens: dict[str, Tokens] | None, usd: float | None, minutes: float | None
) -> tuple[str, ...]:
    expected = {
        "tokens": sum(one.prompt + one.answer for one in tokens.values()) if tokens else None,
        "usd": usd,
        "minutes": minutes,
    }
    limits = budget.model_dump()
    return tuple(
        name
        for name, value in expected.items()
        if value is not None and limits[name] is not None and value > limits[name]
    )
