"""Differential privacy for votes: noisy choices whose probabilities are known exactly, and their total cost.

Neighbouring data differ by one example that is added or removed. Each example belongs to one voter, so neighbouring
data change at most one vote. A choice is sampled from its exact distribution, which is that of the largest count under
Gumbel noise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

NO_CHOICE = ""


class PrivacyAccountant(BaseModel):
    """The privacy cost of a sequence of votes, by zCDP, or by simple addition if that is less.

    A choice that is epsilon-private by the exponential mechanism is epsilon²/8-zCDP (arXiv 2004.07223). These add up to
    rho, and rho-zCDP is (rho + 2 sqrt(rho ln(1/slack)), slack)-private.

    Attributes:
        epsilons: The epsilon of each vote.
        deltas: The sum of the votes' deltas.
        slack: The delta of the conversion.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epsilons: tuple[float, ...] = ()
    deltas: float = Field(default=0.0, ge=0)
    slack: float = Field(gt=0, lt=1)

    def spend(self, epsilon: float, delta: float = 0.0) -> Self:
        """Return the account after one more vote."""
        return self.model_copy(update={"epsilons": (*self.epsilons, epsilon), "deltas": self.deltas + delta})

    @property
    def total(self) -> tuple[float, float]:
        """(epsilon, delta) of all votes together."""
        added = sum(self.epsilons)
        rho = sum(epsilon * epsilon for epsilon in self.epsilons) / 8
        concentrated = rho + 2 * math.sqrt(rho * math.log(1 / self.slack))
        if concentrated < added:
            return concentrated, self.deltas + self.slack
        return added, self.deltas


def per_vote_epsilon(epsilon: float, votes: int, slack: float) -> float:
    """The epsilon that each of so many votes may cost so that all of them cost at most `epsilon`."""
    logs = math.log(1 / slack)
    rho = (math.sqrt(logs + epsilon) - math.sqrt(logs)) ** 2
    return max(epsilon / votes, math.sqrt(8 * rho / votes))


def exponential_mechanism(counts: Mapping[str, int], epsilon: float) -> dict[str, float]:
    """Option → probability, if the options themselves reveal nothing of the examples. epsilon-private.

    One changed vote lowers one count and raises another, each by one: the sensitivity is one.
    """
    top = max(counts.values())
    weights = {option: math.exp(epsilon / 2 * (count - top)) for option, count in counts.items()}
    return {option: weight / sum(weights.values()) for option, weight in weights.items()}


def limited_domain_choice(counts: Mapping[str, int], epsilon: float, delta: float, most: int = 10) -> dict[str, float]:
    """Option → probability, if the options come from the examples. (epsilon, delta)-private.

    The `most` largest counts compete with a threshold above the next one (Durfee and Rogers 2019, arXiv 1905.04273, for
    one choice). That is private for a vote that is added or removed. A vote that changes is both, so half of epsilon is
    used, and delta / (1 + e^(epsilon/2)).

    Returns:
        The probabilities; that of `NO_CHOICE` is high if no option has enough votes.
    """
    half = epsilon / 2
    small = delta / (1 + math.exp(half))
    ranked = sorted(((count, option) for option, count in counts.items() if count > 0), key=_largest_first)
    next_count = ranked[most][0] if len(ranked) > most else 0
    threshold = next_count + 1 + math.log(1 / small) / half
    scores = {option: float(count) for count, option in ranked[:most]} | {NO_CHOICE: threshold}
    top = max(scores.values())
    weights = {option: math.exp(half * (score - top)) for option, score in scores.items()}
    return {option: weight / sum(weights.values()) for option, weight in weights.items()}


def votes_needed(epsilon: float, delta: float) -> float:
    """The votes that an option needs to be as likely as no choice, if no other option has any."""
    return 1 + math.log((1 + math.exp(epsilon / 2)) / delta) / (epsilon / 2)


def sample_choice(probabilities: Mapping[str, float], rng: Random) -> str:
    options: Sequence[str] = sorted(probabilities)
    return rng.choices(options, [probabilities[option] for option in options])[0]


def _largest_first(entry: tuple[int, str]) -> tuple[int, str]:
    count, option = entry
    return -count, option
