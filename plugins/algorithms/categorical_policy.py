"""Categorical distributions over choices, one for each slot, learned by a policy gradient (BDPL, arXiv 2201.08531)."""

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
    """logits: for each slot, one number for each choice; plain lists, so that they can be a policy's memory."""

    logits: Sequence[Sequence[float]]

    @classmethod
    def uniform(cls, slots: int, choices: int) -> CategoricalPolicy:
        return cls([[0.0] * choices for _ in range(slots)])

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Slots x choices, each row in sum 1."""
        logits = np.asarray(self.logits, dtype=np.float64)
        mass = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(mass / mass.sum(axis=1, keepdims=True))

    @property
    def mode(self) -> SlotChoice:
        """The likeliest choice of each slot, the first on ties."""
        return tuple(int(place) for place in self.probabilities.argmax(axis=1))

    @property
    def mode_probability(self) -> float:
        """The chance that a draw is the mode."""
        return float(self.probabilities.max(axis=1).prod())

    def sample(self, count: int, rng: Random) -> list[SlotChoice]:
        tables = self.probabilities.tolist()
        return [tuple(rng.choices(range(len(one)), one)[0] for one in tables) for _ in range(count)]

    def gradient_step(self, drawn: Sequence[SlotChoice], losses: Sequence[float], rate: float) -> CategoricalPolicy:
        """One step down the expected loss, estimated from draws of these distributions and their losses.

        The mean loss of the draws is the baseline that reduces the variance, and their spread the unit, so that the
        rate means the same for any loss. Fewer than two draws tell nothing.
        """
        if len(drawn) < 2:
            return self
        told = np.asarray(losses, dtype=np.float64)
        advantage = (told - told.mean()) / max(float(told.std()), _SPREAD)
        share = self.probabilities
        gradient = np.zeros_like(share)
        for choice, weight in zip(drawn, advantage, strict=True):
            hit = np.zeros_like(share)
            hit[np.arange(len(choice)), list(choice)] = 1.0
            gradient += weight * (hit - share)
        moved = np.asarray(self.logits, dtype=np.float64) - rate * gradient / (len(drawn) - 1)
        return CategoricalPolicy(np.round(moved, _DIGITS).tolist())
