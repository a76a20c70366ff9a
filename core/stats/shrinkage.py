"""What a number of rows can show before it is paid for, and what the best of many is really worth."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

_OUTCOME_CORRELATION = 0.5
_MAX_PRIOR_ROWS = 10_000.0


class BetaPrior(BaseModel):
    """What is believed of a candidate before it is measured: a mean, held as firmly as `rows` measured rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float = Field(ge=0, le=1)
    rows: float = Field(gt=0)


def detectable_gain(n_rows: int, base: float = 0.5, power: float = 0.8) -> float | None:
    """The smallest gain in accuracy over `base` that exact McNemar at .05 finds with this power, or None.

    The two prompts' outcomes on a row are taken to correlate at 0.5; None means that no gain, up to all rows
    right, would be found often enough.
    """
    low, high = 0.0, 1.0 - base
    if n_rows < 1 or high <= 0 or _power(n_rows, base, high) < power:
        return None
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if _power(n_rows, base, middle) >= power else (middle, high)
    return high


def fit_prior(counts: Sequence[int], sums: Sequence[float]) -> BetaPrior:
    """The beta-binomial prior that the candidates themselves suggest, by moments.

    counts: rows measured of each candidate. sums: its summed scores, each in [0, 1]. The less candidates differ
    beyond what chance would do on so few rows, the firmer the prior. Graded scores vary less than 0/1 ones, so
    for them it is firmer than needed.
    """
    rows, total = sum(counts), sum(sums)
    if not rows:
        return BetaPrior(mean=0.5, rows=1.0)
    mean = min(1.0, max(0.0, total / rows))
    known = [(count, score / count) for count, score in zip(counts, sums, strict=True) if count]
    chance = mean * (1 - mean)
    if len(known) < 2 or chance <= 0:
        return BetaPrior(mean=mean, rows=_MAX_PRIOR_ROWS)
    spread = sum(count * (one - mean) ** 2 for count, one in known) / chance
    room = rows - sum(count**2 for count, _ in known) / rows
    alike = (spread - (len(known) - 1)) / max(room - (len(known) - 1), 1e-9)
    alike = min(max(alike, 1 / (_MAX_PRIOR_ROWS + 1)), 0.999)
    return BetaPrior(mean=mean, rows=1 / alike - 1)


def shrunk_means(counts: Sequence[int], sums: Sequence[float], prior: BetaPrior | None = None) -> list[float]:
    """Each candidate's mean, drawn to the prior as far as it rests on few rows (against the winner's curse).

    Without a prior it is fitted to the candidates; an unmeasured candidate has the prior's mean. Candidates with
    equal counts keep their order.
    """
    belief = prior or fit_prior(counts, sums)
    return [
        (score + belief.rows * belief.mean) / (count + belief.rows) for count, score in zip(counts, sums, strict=True)
    ]


def _power(n: int, base: float, gain: float) -> float:
    import numpy as np
    from scipy.stats import binom

    after = base + gain
    both = base * after + _OUTCOME_CORRELATION * (base * (1 - base) * after * (1 - after)) ** 0.5
    both = min(both, base, after)
    won, lost = after - both, base - both
    if won + lost <= 0:
        return 0.0
    flipped = np.arange(1, n + 1)
    needed = binom.isf(0.025, flipped, 0.5) + 1
    found = binom.sf(needed - 1, flipped, won / (won + lost))
    return float((binom.pmf(flipped, n, min(1.0, won + lost)) * found).sum())
