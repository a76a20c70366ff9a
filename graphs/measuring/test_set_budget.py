"""How many held-out examples a run reserves budget for, and how many its report can open in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from ...core.budget import Budget, Cost, Ledger, LedgerView
from ...core.candidate import Archive, Candidate
from ...core.dataset import Example
from ...core.messages import USUAL_IMAGE_TOKENS, ImagePart
from ...core.models import Call, Sampling
from ...core.program import Program
from ...core.render import Message, prompt_text, render
from ...core.words import expected_tokens
from ..run_config import RunConfig
from ..run_context import RunContext

# What proves the gain may take this much of a budget: more leaves too little to find one.
HELD_OUT_SHARE = 0.4
# The baseline drawn again on 20 examples shows whether the target repeats itself; more would cost a search.
RESAMPLED_EXAMPLES = 20
# Prompts differ in how long their answers are, and the estimate uses a mean: a quarter more rarely is too little.
_SIZE_MARGIN = 1.25
# The first examples of a split show how long its inputs are.
_SIZE_SAMPLE = 50


@dataclass(frozen=True, kw_only=True)
class HeldOutPlan:
    """What the report opens.

    Attributes:
        rows: how many test examples, for both programs.
        resampled: on how many of them the baseline is drawn a second time.
    """

    rows: int
    resampled: int


@dataclass(frozen=True, kw_only=True)
class _BudgetLimit:
    """What is left of one limit, and what an example takes of it: for both programs, and for the baseline alone."""

    remaining: float
    pair: float
    start: float


@dataclass(frozen=True, kw_only=True)
class _MeanCall:
    """Mean tokens and dollars of one call."""

    tokens: float
    usd: float


def held_out_count(config: RunConfig) -> int:
    """How many test examples the run reserves budget for: all, or what 40 % of the budget pays for two prompts.

    Calls are counted, tokens estimated for two prompts like the baseline. What the winner really takes, and money,
    show when the search is over: fewer may fit then, and the report opens only those.
    """
    rows, budget = 0 if config.human_judged else len(config.task.data.test), config.budget
    if budget.calls is not None:
        rows = min(rows, int(budget.calls * HELD_OUT_SHARE / config.calls_per_test_example))
    if rows and budget.tokens is not None:
        tokens_per_example = config.calls_per_test_example * tokens_per_call(config)
        rows = min(rows, max(1, int(budget.tokens * HELD_OUT_SHARE / tokens_per_example)))
    return rows


def tokens_per_call(config: RunConfig, *, answer: bool = True) -> float:
    """Tokens of the baseline on an example, with an answer as long as the longest reference unless `answer` is off."""
    task = config.task
    rows = [*task.data.test[:_SIZE_SAMPLE], *task.data.val[:_SIZE_SAMPLE]]
    prompt_sizes = [expected_tokens(message["content"]) for row in rows for message in render(task.program.main, row)]
    images = USUAL_IMAGE_TOKENS * sum(len(row.images) for row in rows) / max(1, len(rows))
    prompt_tokens = sum(prompt_sizes) / max(1, len(rows)) + images
    if not answer:
        return prompt_tokens
    longest_reference = max((expected_tokens(output) for row in rows for output in row.outputs[:1]), default=0)
    return prompt_tokens + min(task.answer_tokens, longest_reference + 1)


async def plan_held_out_test(
    context: RunContext,
    archive: Archive,
    baseline: Candidate,
    best: Candidate,
    rows: Sequence[Example],
    view: LedgerView,
) -> HeldOutPlan:
    """How many of `rows` fit by the ledger `view`, so that a report written again after a crash opens the same.

    Calls are counted. Tokens and money are estimated for each program from what calls took so far and from the length
    of its prompts and answers, with a margin; and one more call has to fit at its worst.
    """
    budget, config = context.ledger.budget, context.config
    baseline_calls, best_calls = (sum(config.calls_per_run(candidate.program)) for candidate in (baseline, best))
    calls_left = Ledger(budget=budget, used=dict(view.used), test_opened=True).calls_left("target")
    models = 1 + len(config.other_targets)
    limits = [_BudgetLimit(remaining=calls_left, pair=(baseline_calls + best_calls) * models, start=baseline_calls)]
    if budget.tokens is not None or budget.usd is not None:
        last = await context.model_client.worst_case(_longest_call(config, (baseline.program, best.program), rows))
        limits += _size_limits(config, budget, archive, baseline, best, view, last)
    fitting = min(len(rows), *(int(max(0.0, limit.remaining) / limit.pair) for limit in limits if limit.pair))
    spare = min(int(max(0.0, limit.remaining - fitting * limit.pair) / limit.start) for limit in limits if limit.start)
    return HeldOutPlan(rows=fitting, resampled=min(RESAMPLED_EXAMPLES, fitting, spare))


def _size_limits(
    config: RunConfig,
    budget: Budget,
    archive: Archive,
    baseline: Candidate,
    best: Candidate,
    view: LedgerView,
    last: Cost,
) -> list[_BudgetLimit]:
    """The limits on tokens and money. The mean call is as long as the mean of what was measured."""
    results = [*archive.scores, *archive.responses.values()]
    prompt_sizes = {candidate.id: _prompt_length(candidate.program) for candidate in archive.candidates.values()}
    mean_output = fmean(len(result.output) for result in results) if results else 0.0
    mean_input = fmean(len(row.text) for row in config.task.data.test)
    usual = (
        fmean(prompt_sizes[result.candidate] + mean_input + len(result.output) for result in results)
        if results
        else 0.0
    )
    judge_calls = config.judge.calls if config.judge is not None and not config.evaluators else 0
    target = _mean_call(view.used.get("target", Cost()), tokens_per_call(config))
    optimizer = _mean_call(view.used.get("optimizer", Cost()), 0)

    def relative_size(candidate: Candidate) -> float:
        """How long its calls are beside the mean call."""
        own = [len(result.output) for result in results if result.candidate == candidate.id]
        size = prompt_sizes[candidate.id] + mean_input + (fmean(own) if own else mean_output)
        return size / usual if usual else 1.0

    def limit(remaining: float, target_call: float, optimizer_call: float) -> _BudgetLimit:
        """target_call, optimizer_call: what one call takes, in the limit's unit."""

        def example_cost(candidate: Candidate) -> float:
            target_calls, scoring_calls = config.calls_per_run(candidate.program)
            cost = target_calls * target_call * relative_size(candidate) + scoring_calls * optimizer_call
            return _SIZE_MARGIN * cost

        judging = _SIZE_MARGIN * judge_calls * optimizer_call
        start = example_cost(baseline)
        pair = (start + example_cost(best)) * (1 + len(config.other_targets)) + judging
        return _BudgetLimit(remaining=remaining, pair=pair, start=start)

    limits = []
    if budget.tokens is not None:
        remaining = budget.tokens - view.total.tokens - last.tokens
        limits.append(limit(remaining, target.tokens, optimizer.tokens))
    if budget.usd is not None:
        limits.append(limit(budget.usd - view.total.usd - last.usd, target.usd, optimizer.usd))
    return limits


def _mean_call(cost: Cost, default_tokens: float) -> _MeanCall:
    """Of calls that were made; `default_tokens` and no money where none was."""
    if not cost.calls:
        return _MeanCall(tokens=default_tokens, usd=0.0)
    return _MeanCall(tokens=cost.tokens / cost.calls, usd=cost.usd / cost.calls)


def _prompt_length(program: Program) -> int:
    """Characters of the longest prompt of one call, without the example."""
    return max(len(prompt_text(program, name)) for name in program.prompts)


def _longest_call(config: RunConfig, programs: Sequence[Program], rows: Sequence[Example]) -> Call:
    """Longer than any of the calls can be: the longest prompt on the longest example."""
    prompt = max((prompt_text(program, name) for program in programs for name in program.prompts), key=len)
    longest_input = max((row.text for row in rows), key=len, default="")
    most = Sampling(max_tokens=config.target_options.get("max_tokens", config.task.answer_tokens))
    message: Message = {"role": "user", "content": prompt + longest_input}
    if images := max((row.images for row in rows), key=len, default=()):
        message["parts"] = tuple(ImagePart(type="image", url=url) for url in images)
    messages = (message,)
    return Call(model=config.task.models.target, messages=messages, sampling=most)
