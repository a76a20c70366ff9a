"""Differential privacy for votes: noisy choices whose chances are known exactly, and what they cost together.

Neighbouring data differ by one row that is added or taken out. Rows are dealt to voters so that a row belongs to one
voter alone: neighbouring data change at most one vote. A choice is drawn from its exact distribution, which is that of
the largest count under Gumbel noise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

NO_CHOICE = ""


class PrivacyAccountant(BaseModel):
    """What a sequence of votes cost, by zero-concentrated differential privacy (zCDP), or by simple addition where that
    is less.

    A choice that is epsilon-private by the exponential mechanism is epsilon²/8-zCDP (arXiv 2004.07223); those add up to
    rho, and rho-zCDP is (rho + 2 sqrt(rho ln(1/slack)), slack)-private. deltas: of the votes, which add up.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epsilons: tuple[float, ...] = ()
    deltas: float = Field(default=0.0, ge=0)
    slack: float = Field(gt=0, lt=1)

    def spend(self, epsilon: float, delta: float = 0.0) -> Self:
        return self.model_copy(update={"epsilons": (*self.epsilons, epsilon), "deltas": self.deltas + delta})

    @property
    def total(self) -> tuple[float, float]:
        """(epsilon, delta) of all votes together."""
        added = sum(self.epsilons)
        rho = sum(one * one for one in self.epsilons) / 8
        concentrated = rho + 2 * math.sqrt(rho * math.log(1 / self.slack))
        if concentrated < added:
            return concentrated, self.deltas + self.slack
        return added, self.deltas


def per_vote_epsilon(epsilon: float, votes: int, slack: float) -> float:
    """How much each of so many votes may cost so that all of them cost no more than epsilon."""
    logs = math.log(1 / slack)
    rho = (math.sqrt(logs + epsilon) - math.sqrt(logs)) ** 2
    return max(epsilon / votes, math.sqrt(8 * rho / votes))


def exponential_mechanism(counts: Mapping[str, int], epsilon: float) -> dict[str, float]:
    """Option → its chance, where the options themselves tell nothing of the rows. epsilon-private.

    One changed vote lowers one count and raises another, each by one: the exponential mechanism with sensitivity one.
    """
    top = max(counts.values())
    weights = {option: math.exp(epsilon / 2 * (count - top)) for option, count in counts.items()}
    return {option: weight / sum(weights.values()) for option, weight in weights.items()}


def limited_domain_choice(counts: Mapping[str, int], epsilon: float, delta: float, most: int = 10) -> dict[str, float]:
    """Option → its chance, where the options come from the rows; `NOTHING` where no option has enough votes.

    The `most` largest counts compete with a threshold above the next one (Durfee and Rogers 2019, arXiv 1905.04273,
    for one choice). That is private for a vote that is added or taken out; a vote that changes is both, so that half of
    epsilon is used, and delta / (1 + e^(epsilon/2)). (epsilon, delta)-private.
    """
    half = epsilon / 2
    small = delta / (1 + math.exp(half))
    ranked = sorted(
        ((count, option) for option, count in counts.items() if count > 0), key=lambda one: (-one[0], one[1])
    )
    floor = ranked[most][0] if len(ranked) > most else 0
    threshold = floor + 1 + math.log(1 / small) / half
    scores = {option: float(count) for count, option in ranked[:most]} | {NO_CHOICE: threshold}
    top = max(scores.values())
    weights = {option: math.exp(half * (score - top)) for option, score in scores.items()}
    return {option: weight / sum(weights.values()) for option, weight in weights.items()}


def votes_needed(epsilon: float, delta: float) -> float:
    """How many votes an option needs to be as likely as nothing, where no other has any."""
    return 1 + math.log((1 + math.exp(epsilon / 2)) / delta) / (epsilon / 2)


def sample_choice(chances: Mapping[str, float], noise: Random) -> str:
    options: Sequence[str] = sorted(chances)
    return noise.choices(options, [chances[one] for one in options])[0]
