"""How many sealed rows the report can show of two programs, with what the search left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from ...core.budget import Budget, Cost, Ledger, LedgerView
from ...core.candidate import Archive, Candidate
from ...core.dataset import Example
from ...core.models import Call, Sampling
from ...core.program import Program
from ...core.render import prompt_text
from ..preflight import tokens_per_call
from ..run_config import RunConfig
from ..run_context import RunContext

RESAMPLED_EXAMPLES = 20
_SIZE_MARGIN = 1.25


@dataclass(frozen=True, kw_only=True)
class HeldOutPlan:
    """rows: how many are opened, for both programs. again: on how many of them the start is drawn a second time."""

    rows: int
    resampled: int


@dataclass(frozen=True, kw_only=True)
class _BudgetLimit:
    """What is left of one limit, and what a row takes of it: for both programs, and for the start alone."""

    remaining: float
    pair: float
    start: float


async def plan_held_out_test(
    session: RunContext, archive: Archive, start: Candidate, best: Candidate, rows: Sequence[Example], view: LedgerView
) -> HeldOutPlan:
    """What fits of `rows` by the account `view`, so that a report that is written again after a crash opens the same.

    Calls are counted. Tokens and money are told for each program by what calls took so far and by the length of what
    it says and is answered, with a margin; and one more call has to fit at its worst.
    """
    budget, setup = session.ledger.budget, session.config
    calls = [sum(setup.calls_per_run(one.program)) for one in (start, best)]
    room = Ledger(budget=budget, used=dict(view.used), test_opened=True).calls_left("target")
    limits = [_BudgetLimit(remaining=room, pair=sum(calls), start=calls[0])]
    if budget.tokens is not None or budget.usd is not None:
        last = await session.model_client.worst_case(_longest_call(setup, (start.program, best.program), rows))
        limits += _size_limits(setup, budget, archive, (start, best), view, last)
    fitting = min(len(rows), *(int(max(0.0, one.remaining) / one.pair) for one in limits if one.pair))
    spare = min(int(max(0.0, one.remaining - fitting * one.pair) / one.start) for one in limits if one.start)
    return HeldOutPlan(rows=fitting, resampled=min(RESAMPLED_EXAMPLES, fitting, spare))


def _size_limits(
    setup: RunConfig, budget: Budget, archive: Archive, both: tuple[Candidate, Candidate], view: LedgerView, last: Cost
) -> list[_BudgetLimit]:
    """The limits on tokens and money. The mean call is as long as the mean of what was measured."""
    facts = [*archive.scores, *archive.responses.values()]
    words = {one.id: _prompt_length(one.program) for one in archive.candidates.values()}
    given = fmean(len(one.output) for one in facts) if facts else 0.0
    row = fmean(len(one.text) for one in setup.task.data.test)
    usual = fmean(words[one.candidate] + row + len(one.output) for one in facts) if facts else 0.0
    judged = setup.judge.calls if setup.judge is not None and not setup.evaluators else 0
    author = _mean_call(view.used.get("optimizer", Cost()), 0)
    target = _mean_call(view.used.get("target", Cost()), tokens_per_call(setup))

    def takes(one: Candidate, place: int) -> float:
        run, rated = setup.calls_per_run(one.program)
        mine = [len(fact.output) for fact in facts if fact.candidate == one.id]
        size = words[one.id] + row + (fmean(mine) if mine else given)
        return _SIZE_MARGIN * (run * target[place] * (size / usual if usual else 1.0) + rated * author[place])

    start, best = both
    return [
        _BudgetLimit(
            remaining=limit - spent - worst,
            pair=takes(start, place) + takes(best, place) + _SIZE_MARGIN * judged * author[place],
            start=takes(start, place),
        )
        for place, (limit, spent, worst) in enumerate(
            ((budget.tokens, view.total.tokens, last.tokens), (budget.usd, view.total.usd, last.usd))
        )
        if limit is not None
    ]


def _mean_call(taken: Cost, tokens: float) -> tuple[float, float]:
    """Tokens and money of one call, with `tokens` where none was made."""
    return (taken.tokens / taken.calls, taken.usd / taken.calls) if taken.calls else (tokens, 0.0)


def _prompt_length(program: Program) -> int:
    """Characters of the longest that is said in one call, but for the row."""
    return max(len(prompt_text(program, name)) for name in program.prompts)


def _longest_call(setup: RunConfig, programs: Sequence[Program], rows: Sequence[Example]) -> Call:
    """More than any of the calls can be: the longest prompt on the longest row."""
    prompt = max((prompt_text(one, name) for one in programs for name in one.prompts), key=len)
    row = max((row.text for row in rows), key=len, default="")
    most = Sampling(max_tokens=setup.target_options.get("max_tokens", setup.task.answer_tokens))
    return Call(model=setup.task.models.target, messages=({"role": "user", "content": prompt + row},), sampling=most)
