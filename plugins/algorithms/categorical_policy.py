"""Categorical distributions over choices, one per slot, learned by a policy gradient (BDPL, arXiv 2201.08531)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

_SPREAD = 0.05
_DIGITS = 6

SlotChoice = tuple[int, ...]


@dataclass(frozen=True)
class CategoricalPolicy:
    """logits: for each slot, one number per choice; plain lists, so that they can be a strategy's memory."""

    logits: Sequence[Sequence[float]]

    @classmethod
    def uniform(cls, slots: int, choices: int) -> CategoricalPolicy:
        return cls([[0.0] * choices for _ in range(slots)])

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Slots x choices; each row sums to 1."""
        logits = np.asarray(self.logits, dtype=np.float64)
        mass = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(mass / mass.sum(axis=1, keepdims=True))

    @property
    def mode(self) -> SlotChoice:
        """The most likely choice of each slot, the first on ties."""
        return tuple(int(place) for place in self.probabilities.argmax(axis=1))

    @property
    def mode_probability(self) -> float:
        """The probability that a sample is the mode."""
        return float(self.probabilities.max(axis=1).prod())

    def sample(self, count: int, rng: Random) -> list[SlotChoice]:
        tables = self.probabilities.tolist()
        return [tuple(rng.choices(range(len(table)), table)[0] for table in tables) for _ in range(count)]

    def gradient_step(self, samples: Sequence[SlotChoice], losses: Sequence[float], rate: float) -> CategoricalPolicy:
        """One step down the expected loss, estimated from draws of these distributions and their losses.

        The mean loss of the draws is the baseline that reduces the variance, and their spread the unit, so that the
        rate means the same for any loss. Fewer than two draws tell nothing.
        """
        if len(samples) < 2:
            return self
        loss_values = np.asarray(losses, dtype=np.float64)
        advantage = (loss_values - loss_values.mean()) / max(float(loss_values.std()), _SPREAD)
        share = self.probabilities
        gradient = np.zeros_like(share)
        for choice, weight in zip(samples, advantage, strict=True):
            hit = np.zeros_like(share)
            hit[np.arange(len(choice)), list(choice)] = 1.0
            gradient += weight * (hit - share)
        moved = np.asarray(self.logits, dtype=np.float64) - rate * gradient / (len(samples) - 1)
        return CategoricalPolicy(np.round(moved, _DIGITS).tolist())
