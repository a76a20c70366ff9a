"""Evidence that grows with examples and may be looked at after any of them: testing by betting.

A bettor starts with a wealth of 1 and bets a fraction of it on every paired difference in favour of the candidate that
is claimed to be better. If it is no better, the wealth reaches 100 with a probability of at most 1 in 100, whenever one
stops (Ville's inequality; Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting").
"""

from __future__ import annotations

import math
from collections.abc import Sequence

# Bold bettors find large gains early, careful ones small gains late; their mean is nearly as good as the best of them.
BET_FRACTIONS = (0.1, 0.25, 0.5, 0.75, 0.95)


def e_value(differences: Sequence[float]) -> float:
    """The evidence that the mean of differences in [-1, 1] is above 0: the bettors' mean wealth.

    1 without evidence. The order of the differences does not matter. "No better" is rejected at level `alpha` once it
    reaches 1 / alpha.
    """
    wealth = [math.prod(1 + fraction * difference for difference in differences) for fraction in BET_FRACTIONS]
    return math.fsum(wealth) / len(BET_FRACTIONS)
