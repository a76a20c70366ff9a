"""Betting against "no better": evidence that grows with rows, and may be looked at after any of them.

The stake is 1; a share of the wealth is bet on every paired difference in favour of the one that is said to be better.
Where it is no better, the wealth is 100-fold with a chance of at most 1 in 100, whenever one stops (Ville's inequality;
Waudby-Smith and Ramdas 2024, Estimating means of bounded random variables by betting).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

BET_FRACTIONS = (0.1, 0.25, 0.5, 0.75, 0.95)


def e_value(differences: Sequence[float]) -> float:
    """The evidence that the mean of differences in [-1, 1] is above 0: the mean wealth of bettors of fixed shares.

    1 without evidence; its order does not matter. At `alpha`, "no better" is given up where it reaches 1 / alpha.
    """
    return math.fsum(math.prod(1 + share * one for one in differences) for share in BET_FRACTIONS) / len(BET_FRACTIONS)


def lower_bound(differences: Sequence[float], alpha: float, steps: int = 200) -> float:
    """What the mean difference is above, at confidence 1 - alpha, at every number of rows at once; in [-1, 1].

    The largest value that the bet gives up: of differences to it, brought back into [-1, 1].
    """
    for step in range(steps, 0, -1):
        value = -1 + 2 * step / steps
        if e_value([(one - value) / 2 for one in differences]) >= 1 / alpha:
            return value
    return -1.0
