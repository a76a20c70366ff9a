"""What a number of examples can show before it is paid for, and what the best of many candidates is really worth."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

# Two prompts mostly fail on the same examples. The power depends little on this between 0.3 and 0.7.
_OUTCOME_CORRELATION = 0.5
# A prior this strong leaves nothing of the observed differences.
_MAX_PRIOR_ROWS = 10_000.0
_BISECTIONS = 30


class BetaPrior(BaseModel):
    """What is believed of a candidate before it is measured: a mean with the weight of `rows` measured examples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float = Field(ge=0, le=1)
    rows: float = Field(gt=0)


def detectable_gain(n_rows: int, base: float = 0.5, power: float = 0.8) -> float | None:
    """The smallest gain in accuracy that exact McNemar at .05 detects with this power.

    Args:
        n_rows: The number of examples.
        base: The accuracy of the baseline.
        power: The probability of detecting the gain.

    Returns:
        The gain, or None if no gain, up to all examples right, would be detected that often. The two prompts' outcomes
        on an example are assumed to correlate at 0.5.
    """
    low, high = 0.0, 1.0 - base
    if n_rows < 1 or high <= 0 or _power(n_rows, base, high) < power:
        return None
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if _power(n_rows, base, middle) >= power else (middle, high)
    return high


def fit_prior(counts: Sequence[int], sums: Sequence[float]) -> BetaPrior:
    """Fit the beta-binomial prior that the candidates themselves suggest, by moments.

    The less candidates differ beyond chance, the stronger the prior. Graded scores vary less than 0/1 scores, so for
    them it is stronger than necessary.

    Args:
        counts: The number of measured examples of each candidate.
        sums: The sum of its scores, each in [0, 1].
    """
    rows, total = sum(counts), sum(sums)
    if not rows:
        return BetaPrior(mean=0.5, rows=1.0)
    mean = min(1.0, max(0.0, total / rows))
    measured = [(count, score / count) for count, score in zip(counts, sums, strict=True) if count]
    chance = mean * (1 - mean)
    if len(measured) < 2 or chance <= 0:
        return BetaPrior(mean=mean, rows=_MAX_PRIOR_ROWS)
    spread = sum(count * (value - mean) ** 2 for count, value in measured) / chance
    scale = rows - sum(count**2 for count, _ in measured) / rows
    correlation = (spread - (len(measured) - 1)) / max(scale - (len(measured) - 1), 1e-9)
    correlation = min(max(correlation, 1 / (_MAX_PRIOR_ROWS + 1)), 0.999)
    return BetaPrior(mean=mean, rows=1 / correlation - 1)


def shrunk_means(counts: Sequence[int], sums: Sequence[float], prior: BetaPrior | None = None) -> list[float]:
    """Shrink each candidate's mean towards the prior, the more the fewer examples it has (the winner's curse).

    Without a prior, one is fitted to the candidates. An unmeasured candidate gets the prior's mean. Candidates with
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
    rejected = binom.sf(needed - 1, flipped, won / (won + lost))
    return float((binom.pmf(flipped, n, min(1.0, won + lost)) * rejected).sum())
