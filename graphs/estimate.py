"""What a run will take, estimated from task, recipe and budget before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..core.budget import Budget, Payer
from ..core.errors import UsageError
from ..core.models import ROLES, ModelRef
from ..core.protocols import SuitsAuthors
from ..core.render import instruction_text
from ..core.stats.shrinkage import detectable_gain
from ..core.task import Task
from ..core.words import expected_tokens
from ..plugins.system.registry import Registry
from .measuring.test_set_budget import HELD_OUT_SHARE, held_out_count, tokens_per_call
from .run_config import RunConfig
from .run_options import RunOptions

# A race drops a candidate that loses after some twenty examples; few are measured on more.
_EXAMPLES_PER_CANDIDATE = 20
# Prompts grow while a search goes on; a limit that was set high says nothing about how much.
_MAX_PROMPT_GROWTH = 3
# A target that may reason does so in some answers, and seldom up to its limit.
_USED_SHARE_OF_LIMIT = 0.25
# A usual ask: the shipped instruction with a prompt and a few cases; and a usual reply.
_OPTIMIZER_PROMPT_TOKENS, _OPTIMIZER_ANSWER_TOKENS = 900, 250
# The embedded model's slots share this machine's processors, so more requests at a time make it no faster.
_LOCAL_SECONDS: Mapping[Payer, float] = {"target": 0.5, "optimizer": 2.0}
_SECONDS_PER_REMOTE_CALL = 1.5
# The accuracy at which a gain is hardest to show.
BASE_ACCURACY = 0.5


class CallEstimate(BaseModel):
    """Calls by what they are for. target: while searching. sealed: baseline and winner on the test examples."""

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

    sealed_rows: test examples that the report can open. sealed_by: what keeps them from being more.
    calls: from a limit on tokens or money where none counts them; None where time alone limits the search, or money at
        unknown prices; then tokens are None too.
    usd: 0 for local models, None where no price is known or the calls are not.
    minutes: at usual speeds.
    detectable_gain: the smallest gain in accuracy over 0.5 that the test examples would show four times in five; None
        where they cannot show any.
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


@dataclass(frozen=True, kw_only=True)
class _CallCost:
    """Tokens and dollars of one call; usd is None where the price is unknown."""

    tokens: float
    usd: float | None


@dataclass(frozen=True, kw_only=True)
class _CallCosts:
    """Of a call with the baseline, with a prompt as the search makes them, and of the optimizer model."""

    baseline: _CallCost
    searched: _CallCost
    optimizer: _CallCost


def estimate_run(
    task: Task,
    options: RunOptions,
    registry: Registry | None = None,
    *,
    prices: Mapping[str, TokenPrice] | None = None,
) -> RunEstimate:
    """Estimate calls, tokens, cost, time and the smallest detectable gain. Makes no model calls.

    Args:
        task: what would be optimized.
        options: as the run would have them.
        registry: the plugins to choose from; all installed ones if None.
        prices: by model id. The embedded model is free; a price that is missing for another makes `usd` None.

    Raises:
        UsageError, TaskError, NeedsError: as a run with the same options would.
    """
    config, prices = RunConfig.resolve(task, options, registry), prices or {}
    if task.data.empty:
        raise UsageError(
            "a task without examples cannot be estimated: how many are drafted, and how long, shows in the run",
            where=task.where("[data]"),
            remedy="give examples, or run it with a limit: maieutic optimize TASK --calls N",
        )
    costs = _call_costs(config, prices)
    test_examples = _test_examples(config, costs)
    calls = _expected_calls(config, test_examples) or _calls_by_size(config, test_examples, costs)
    tokens = _expected_tokens(config, calls) if calls else None
    usd = _expected_usd(config, tokens, prices)
    minutes = _expected_minutes(config, calls) if calls else config.budget.minutes
    return RunEstimate(
        task=task.name,
        recipe=config.recipe.name,
        rows={split: len(task.data[split]) for split in ("train", "val", "test")},
        sealed_rows=test_examples,
        sealed_by="rows" if config.human_judged or test_examples == len(task.data.test) else "budget",
        calls=calls,
        tokens=tokens,
        usd=usd,
        minutes=minutes,
        detectable_gain=detectable_gain(test_examples, base=BASE_ACCURACY) if test_examples else None,
        exceeds=_exceeds(config.budget, tokens, usd, minutes),
    )


def _expected_calls(config: RunConfig, test_examples: int) -> CallEstimate | None:
    """The calls of a budget that counts them, shared as one proposal and its measuring need them."""
    budget, share = config.budget, _optimizer_share(config)
    test_calls = test_examples * config.calls_per_test_example
    if budget.calls is not None:
        search = max(0, budget.calls - test_calls)
        optimizer = round(search * share)
        target = search - optimizer
        if budget.target_calls is not None:
            target = min(target, budget.target_calls)
        return CallEstimate(target=target, optimizer=optimizer, sealed=test_calls)
    if budget.target_calls is not None:
        optimizer = round(budget.target_calls * share / (1 - share))
        return CallEstimate(target=budget.target_calls, optimizer=optimizer, sealed=test_calls)
    return None


def _optimizer_share(config: RunConfig) -> float:
    """The part of a search's calls that go to the optimizer model."""
    strategy = config.strategy
    unsuited: frozenset[str] = frozenset()
    if isinstance(strategy, SuitsAuthors):
        unsuited = strategy.unsuited(capable=config.has_capable_authors)
    used = [use for use in config.recipe.operators if use.use not in unsuited]
    weights = [use.weight for use in used]
    calls = [config.operators[use.use].calls for use in used]
    proposing = sum(w * c for w, c in zip(weights, calls, strict=True)) / sum(weights) if any(calls) else 0.0
    program = config.task.program
    run_calls, scoring_calls = config.calls_per_run(program)
    rows = min(_EXAMPLES_PER_CANDIDATE, len(config.task.data.val))
    optimizer = proposing + rows * scoring_calls
    return optimizer / (optimizer + rows * run_calls / config.target.calls(program)) if optimizer else 0.0


def _call_costs(config: RunConfig, prices: Mapping[str, TokenPrice]) -> _CallCosts:
    payer_prices = _payer_prices(config, prices)
    answer_tokens = _answer_tokens(config)

    def cost(payer: Payer, prompt: float, answer: float) -> _CallCost:
        price = payer_prices[payer]
        usd = None if price is None else prompt * price.prompt + answer * price.answer
        return _CallCost(tokens=prompt + answer, usd=usd)

    return _CallCosts(
        baseline=cost("target", _baseline_prompt_tokens(config), answer_tokens),
        searched=cost("target", _searched_prompt_tokens(config), answer_tokens),
        optimizer=cost("optimizer", _OPTIMIZER_PROMPT_TOKENS, _OPTIMIZER_ANSWER_TOKENS),
    )


def _test_examples(config: RunConfig, costs: _CallCosts) -> int:
    """As many as the run reserves budget for, with a winner as long as the search is expected to make it."""
    rows, budget = held_out_count(config), config.budget
    runs = sum(config.calls_per_run(config.task.program))
    for limit, baseline, searched in (
        (budget.tokens, costs.baseline.tokens, costs.searched.tokens),
        (budget.usd, costs.baseline.usd, costs.searched.usd),
    ):
        if limit is not None and baseline is not None and searched is not None and baseline + searched > 0:
            rows = min(rows, int(HELD_OUT_SHARE * limit / (runs * (baseline + searched))))
    return rows


def _calls_by_size(config: RunConfig, test_examples: int, costs: _CallCosts) -> CallEstimate | None:
    """The search's calls where tokens or money alone limit it."""
    budget, share = config.budget, _optimizer_share(config)
    runs, fitting = sum(config.calls_per_run(config.task.program)), []
    for limit, baseline, searched, optimizer in (
        (budget.tokens, costs.baseline.tokens, costs.searched.tokens, costs.optimizer.tokens),
        (budget.usd, costs.baseline.usd, costs.searched.usd, costs.optimizer.usd),
    ):
        if limit is None or baseline is None or searched is None or (share and optimizer is None):
            continue
        usual = (1 - share) * searched + share * (optimizer or 0.0)
        if usual > 0:
            fitting.append(max(0.0, limit - test_examples * runs * (baseline + searched)) / usual)
    if not fitting:
        return None
    optimizer_calls = round(min(fitting) * share)
    test_calls = test_examples * config.calls_per_test_example
    return CallEstimate(target=int(min(fitting)) - optimizer_calls, optimizer=optimizer_calls, sealed=test_calls)


def _answer_tokens(config: RunConfig) -> float:
    """Tokens of an answer of the target: its contract's, and a part of what it may write beyond that."""
    needed = config.task.answer_tokens
    limit = int(config.target_options.get("max_tokens", needed))
    return min(needed, limit) + _USED_SHARE_OF_LIMIT * max(0, limit - needed)


def _baseline_prompt_tokens(config: RunConfig) -> float:
    """Tokens of the baseline on an example, without the answer."""
    return tokens_per_call(config, answer=False)


def _searched_prompt_tokens(config: RunConfig) -> float:
    """Tokens of a prompt halfway between the baseline and its limit; at most three times the baseline."""
    task, baseline = config.task, _baseline_prompt_tokens(config)
    # Without a limit, a prompt four times as long as the baseline counts as one.
    limit = task.constraints.max_prompt_tokens or 4 * expected_tokens(instruction_text(task.program.main))
    return min(_MAX_PROMPT_GROWTH * baseline, (baseline + max(baseline, limit)) / 2)


def _expected_tokens(config: RunConfig, calls: CallEstimate) -> dict[str, TokenEstimate]:
    """Of target and optimizer. Half of the test's calls are of the baseline."""
    baseline_calls = calls.sealed // 2
    answers = calls.target + calls.sealed
    searched = (answers - baseline_calls) * _searched_prompt_tokens(config)
    return {
        "target": TokenEstimate(
            prompt=round(searched + baseline_calls * _baseline_prompt_tokens(config)),
            answer=round(answers * _answer_tokens(config)),
        ),
        "optimizer": TokenEstimate(
            prompt=calls.optimizer * _OPTIMIZER_PROMPT_TOKENS, answer=calls.optimizer * _OPTIMIZER_ANSWER_TOKENS
        ),
    }


def _payer_prices(config: RunConfig, prices: Mapping[str, TokenPrice]) -> dict[Payer, TokenPrice | None]:
    """Of target and optimizer, at the dearest of the models in the optimizer's roles; None where one is unknown."""
    models = config.task.models
    refs_by_payer: dict[Payer, list[ModelRef]] = {
        "target": [models.target],
        "optimizer": [models.for_role(role) for role in ROLES if role != "target"],
    }
    payer_prices: dict[Payer, TokenPrice | None] = {}
    for payer, refs in refs_by_payer.items():
        listed = [TokenPrice() if ref.provider == "local" else prices.get(ref.id) for ref in refs]
        priced = [price for price in listed if price is not None]
        dearest = TokenPrice(
            prompt=max((price.prompt for price in priced), default=0.0),
            answer=max((price.answer for price in priced), default=0.0),
        )
        payer_prices[payer] = dearest if len(priced) == len(listed) else None
    return payer_prices


def _expected_usd(
    config: RunConfig, tokens: dict[str, TokenEstimate] | None, prices: Mapping[str, TokenPrice]
) -> float | None:
    """Free models cost nothing, however many tokens it will be."""
    total = 0.0
    for payer, price in _payer_prices(config, prices).items():
        used = tokens[payer] if tokens else None
        if used is None and price == TokenPrice():
            continue
        if used is None or (used.prompt and price is None):
            return None
        if price is not None:
            total += used.prompt * price.prompt + used.answer * price.answer
    return round(total, 4)


def _expected_minutes(config: RunConfig, calls: CallEstimate) -> float:
    models: Mapping[Payer, ModelRef] = {
        "target": config.task.models.target,
        "optimizer": config.task.models.optimizer,
    }
    remote_seconds = _SECONDS_PER_REMOTE_CALL / config.options.concurrency
    seconds = {
        payer: _LOCAL_SECONDS[payer] if model.provider == "local" else remote_seconds for payer, model in models.items()
    }
    target_calls = calls.target + calls.sealed
    return round((target_calls * seconds["target"] + calls.optimizer * seconds["optimizer"]) / 60, 1)


def _exceeds(
    budget: Budget, tokens: dict[str, TokenEstimate] | None, usd: float | None, minutes: float | None
) -> tuple[str, ...]:
    expected = {
        "tokens": sum(estimate.prompt + estimate.answer for estimate in tokens.values()) if tokens else None,
        "usd": usd,
        "minutes": minutes,
    }
    limits = budget.model_dump()
    return tuple(
        name
        for name, value in expected.items()
        if value is not None and limits[name] is not None and value > limits[name]
    )
