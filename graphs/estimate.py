"""What a run will take, before it takes anything: arithmetic over task, recipe and budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..core.budget import Budget, Payer
from ..core.errors import UsageError
from ..core.models import ROLES, ModelRef
from ..core.recipe import Recipe
from ..core.render import instruction_text
from ..core.stats.shrinkage import detectable_gain
from ..core.task import Task
from ..plugins.system.registry import Registry
from .preflight import CHARACTERS_PER_TOKEN, HELD_OUT_SHARE, held_out_count, tokens_per_call
from .run_config import RunConfig

_EXAMPLES_PER_CANDIDATE = 20
_MAX_PROMPT_GROWTH = 3
_OPTIMIZER_PROMPT_TOKENS, _OPTIMIZER_ANSWER_TOKENS = 900, 250
# The embedded model's slots share this machine's processors, so more at a time makes it no faster.
_LOCAL_SECONDS = {"target": 0.5, "optimizer": 2.0}
_SECONDS_PER_REMOTE_CALL = 1.5
BASE_ACCURACY = 0.5


class CallEstimate(BaseModel):
    """Calls by what they are for. target: while searching. sealed: start and winner on the test rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: int
    optimizer: int
    sealed: int

    @property
    def total(self) -> int:
        return self.target + self.optimizer + self.sealed


class TokenEstimate(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: int
    answer: int


class RunEstimate(BaseModel):
    """Expectations, not limits: the budget is the limit, and `exceeds` names where they are above it.

    sealed_rows: `sealed_by` says what keeps them from being more, `rows` for the task's own number. calls: from a limit
    on tokens or money where none counts them; None where time alone limits the search, or money at unknown prices; then
    tokens are None too. usd: 0 for local models, None where no price is known or the calls are not. minutes: at usual
    speeds. detectable_gain: the smallest gain in accuracy over 0.5 that the sealed rows would show four times in five;
    None where they cannot show any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    recipe: str
    rows: dict[str, int]
    sealed_rows: int
    sealed_by: Literal["rows", "budget"] = "rows"
    calls: CallEstimate | None
    tokens: dict[str, TokenEstimate] | None
    usd: float | None
    minutes: float | None
    detectable_gain: float | None
    exceeds: tuple[str, ...] = ()


class TokenPrice(BaseModel):
    """US dollars for one token."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: float = 0.0
    answer: float = 0.0


def estimate_run(
    task: Task,
    recipe: str | Recipe,
    budget: Budget | None,
    registry: Registry,
    *,
    concurrency: int = 4,
    settings: Mapping[str, str] | None = None,
    prices: Mapping[str, TokenPrice] | None = None,
) -> RunEstimate:
    """Raises UsageError, TaskError or NeedsError, as a run with the same arguments would.

    prices: by model id; the embedded model is free, for others a price that is missing makes `usd` None.
    """
    setup = RunConfig.resolve(
        task, recipe=recipe, budget=budget, concurrency=concurrency, settings=settings, registry=registry
    )
    if task.data.empty:
        raise UsageError(
            "a task without rows cannot be forecast: how many are drafted, and how long they are, shows in the run",
            where=task.where("[data]"),
            remedy="give rows, or run it with a limit: maieutic optimize TASK --calls N",
        )
    each = _call_costs(setup, prices or {})
    sealed = _test_examples(setup, each)
    calls = _expected_calls(setup, sealed) or _calls_by_size(setup, sealed, each)
    tokens = _expected_tokens(setup, calls) if calls else None
    usd = _expected_usd(setup, tokens, prices or {})
    minutes = _expected_minutes(setup, calls) if calls else setup.budget.minutes
    return RunEstimate(
        task=task.name,
        recipe=setup.recipe.name,
        rows={split: len(task.data[split]) for split in ("train", "val", "test")},
        sealed_rows=sealed,
        sealed_by="rows" if setup.human_judged or sealed == len(task.data.test) else "budget",
        calls=calls,
        tokens=tokens,
        usd=usd,
        minutes=minutes,
        detectable_gain=detectable_gain(sealed, base=BASE_ACCURACY) if sealed else None,
        exceeds=_exceeds(setup.budget, tokens, usd, minutes),
    )


def _expected_calls(setup: RunConfig, sealed: int) -> CallEstimate | None:
    """The search's calls, shared between authors and target as one proposal and its measuring need them."""
    budget = setup.budget
    share = _optimizer_share(setup)
    if budget.calls is not None:
        search = max(0, budget.calls - sealed * setup.calls_per_test_example)
        target = search - round(search * share)
        if budget.target_calls is not None:
            target = min(target, budget.target_calls)
        return CallEstimate(
            target=target, optimizer=round(search * share), sealed=sealed * setup.calls_per_test_example
        )
    if budget.target_calls is not None:
        optimizer = round(budget.target_calls * share / (1 - share))
        return CallEstimate(
            target=budget.target_calls, optimizer=optimizer, sealed=sealed * setup.calls_per_test_example
        )
    return None


def _optimizer_share(setup: RunConfig) -> float:
    """The part of a search's calls that go to the optimizer's model."""
    weights = [use.weight for use in setup.recipe.operators]
    asked = [setup.operators[use.use].calls for use in setup.recipe.operators]
    authors = sum(w * a for w, a in zip(weights, asked, strict=True)) / sum(weights) if any(asked) else 0.0
    run, rated = setup.calls_per_run(setup.task.program)
    rows = min(_EXAMPLES_PER_CANDIDATE, len(setup.task.data.val))
    authors += rows * rated
    return authors / (authors + rows * run / setup.target.calls(setup.task.program)) if authors else 0.0


@dataclass(frozen=True, kw_only=True)
class _CallCosts:
    """Tokens and money of one call: of the start prompt, of the prompts that the search grows, and of an author. usd is
    None where a price is unknown."""

    start: tuple[float, float | None]
    grown: tuple[float, float | None]
    author: tuple[float, float | None]


def _call_costs(setup: RunConfig, prices: Mapping[str, TokenPrice]) -> _CallCosts:
    answer, asked = float(setup.task.answer_tokens), _baseline_prompt_tokens(setup)
    price = _payer_prices(setup, prices)

    def one(who: Payer, prompt: float, said: float) -> tuple[float, float | None]:
        known = price[who]
        return prompt + said, None if known is None else prompt * known.prompt + said * known.answer

    return _CallCosts(
        start=one("target", asked, answer),
        grown=one("target", _search_prompt_tokens(setup), answer),
        author=one("optimizer", _OPTIMIZER_PROMPT_TOKENS, _OPTIMIZER_ANSWER_TOKENS),
    )


def _test_examples(setup: RunConfig, each: _CallCosts) -> int:
    """As the run keeps them, for a winner as long as the search is taken to grow it: that much is opened in the end."""
    rows, budget = held_out_count(setup), setup.budget
    runs = sum(setup.calls_per_run(setup.task.program))
    for place, limit in enumerate((budget.tokens, budget.usd)):
        first, second = each.start[place], each.grown[place]
        if limit is not None and first is not None and second is not None and first + second > 0:
            rows = min(rows, int(HELD_OUT_SHARE * limit / (runs * (first + second))))
    return rows


def _calls_by_size(setup: RunConfig, sealed: int, each: _CallCosts) -> CallEstimate | None:
    """The search's calls where tokens or money alone limit it."""
    budget, share = setup.budget, _optimizer_share(setup)
    runs, fitting = sum(setup.calls_per_run(setup.task.program)), []
    for place, limit in enumerate((budget.tokens, budget.usd)):
        start, grown, author = each.start[place], each.grown[place], each.author[place]
        if limit is None or start is None or grown is None or (share and author is None):
            continue
        usual = (1 - share) * grown + share * (author or 0.0)
        if usual > 0:
            fitting.append(max(0.0, limit - sealed * runs * (start + grown)) / usual)
    if not fitting:
        return None
    optimizer = round(min(fitting) * share)
    return CallEstimate(
        target=int(min(fitting)) - optimizer, optimizer=optimizer, sealed=sealed * setup.calls_per_test_example
    )


def _baseline_prompt_tokens(setup: RunConfig) -> float:
    """Tokens of the start prompt on a row."""
    return tokens_per_call(setup, answer=False)


def _search_prompt_tokens(setup: RunConfig) -> float:
    """Tokens of a prompt that is halfway between the start and its ceiling, on a row; at most three times the start,
    for a ceiling that was set high says nothing."""
    task, start = setup.task, _baseline_prompt_tokens(setup)
    ceiling = task.constraints.max_prompt_tokens or 4 * len(instruction_text(task.program.main)) / CHARACTERS_PER_TOKEN
    return min(_MAX_PROMPT_GROWTH * start, (start + max(start, ceiling)) / 2)


def _expected_tokens(setup: RunConfig, calls: CallEstimate) -> dict[str, TokenEstimate]:
    """Of target and optimizer. The prompt is taken to grow; half of the sealed calls are of the start."""
    starts = calls.sealed // 2
    answered = calls.target + calls.sealed
    return {
        "target": TokenEstimate(
            prompt=round((answered - starts) * _search_prompt_tokens(setup) + starts * _baseline_prompt_tokens(setup)),
            answer=answered * setup.task.answer_tokens,
        ),
        "optimizer": TokenEstimate(
            prompt=calls.optimizer * _OPTIMIZER_PROMPT_TOKENS, answer=calls.optimizer * _OPTIMIZER_ANSWER_TOKENS
        ),
    }


def _payer_prices(setup: RunConfig, prices: Mapping[str, TokenPrice]) -> dict[Payer, TokenPrice | None]:
    """Of target and authors, at the dearest of those who play the authors' roles; None where one is unknown."""
    models = setup.task.models
    played: dict[Payer, list[ModelRef]] = {
        "target": [models.target],
        "optimizer": [models.for_role(role) for role in ROLES if role != "target"],
    }
    found: dict[Payer, TokenPrice | None] = {}
    for who, refs in played.items():
        known = [TokenPrice() if one.provider == "local" else prices.get(one.id) for one in refs]
        priced = [one for one in known if one is not None]
        dearest = {"prompt": max((one.prompt for one in priced), default=0.0)}
        dearest["answer"] = max((one.answer for one in priced), default=0.0)
        found[who] = TokenPrice(**dearest) if len(priced) == len(known) else None
    return found


def _expected_usd(
    setup: RunConfig, tokens: dict[str, TokenEstimate] | None, prices: Mapping[str, TokenPrice]
) -> float | None:
    """Where nobody knows how many tokens it will be, models that are free cost nothing all the same."""
    total = 0.0
    for player, price in _payer_prices(setup, prices).items():
        used = tokens[player] if tokens else None
        if used is None and price == TokenPrice():
            continue
        if used is None or (used.prompt and price is None):
            return None
        if price is not None:
            total += used.prompt * price.prompt + used.answer * price.answer
    return round(total, 4)


def _expected_minutes(setup: RunConfig, calls: CallEstimate) -> float:
    at_once = {who: model.provider != "local" for who, model in _payer_models(setup)}
    each = {
        who: _SECONDS_PER_REMOTE_CALL / setup.concurrency if at_once[who] else _LOCAL_SECONDS[who] for who in at_once
    }
    return round(((calls.target + calls.sealed) * each["target"] + calls.optimizer * each["optimizer"]) / 60, 1)


def _payer_models(setup: RunConfig) -> list[tuple[Payer, ModelRef]]:
    return [("target", setup.task.models.target), ("optimizer", setup.task.models.optimizer)]


def _exceeds(
    budget: Budget, tokens: dict[str, TokenEstimate] | None, usd: float | None, minutes: float | None
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
