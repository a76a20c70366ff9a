"""What duels tell of prompts that never met: a latent worth for each, learned from who was preferred (APOHF).

The chance that one is preferred to another is the logistic of the difference of their worths (Bradley and Terry). Worth
is linear in what describes a prompt plus something of its own, or a small neural network of what describes it. How sure
that is follows from the gradients of worth at the duels seen (NeuralUCB; arXiv 2405.17346).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...core.candidate import Candidate
from ...core.render import instruction_text
from ...core.tfidf import TfidfSpace, cosine

Array = NDArray[np.float64]
ModelKind = Literal["neural", "linear"]
ObservedDuel = tuple[int, int, float]
MODEL_KINDS: tuple[ModelKind, ...] = ("neural", "linear")
_AXES = 16
_HIDDEN = 32
_STEPS = 120
_RATE = 0.03
_NEWTON = 12
_OWN = 0.5
_DECAY = 0.02


@dataclass(frozen=True, kw_only=True)
class PreferenceModel:
    """worth: one number for each prompt, higher is better; only differences mean something."""

    worth: Array
    directions: Array
    seen: Array
    ridge: float

    def uncertainty(self, first: int) -> Array:
        """For each prompt, the standard deviation of its worth against that of `first`; 0 for itself."""
        apart = self.directions - self.directions[first]
        power = (apart**2).sum(1)
        if len(self.seen):
            known = apart @ self.seen.T
            inner = np.linalg.inv(self.ridge * np.eye(len(self.seen)) + self.seen @ self.seen.T)
            power = power - ((known @ inner) * known).sum(1)
        return np.asarray(np.sqrt(np.maximum(power, 0.0) / self.ridge), dtype=float)

    def informative_pair(self, width: float) -> tuple[int, int]:
        """The prompt that promises most, and the one that most plausibly beats it: what a duel tells most about."""
        first = int(np.argmax(self.worth))
        hoped = self.worth + width * self.uncertainty(first)
        hoped[first] = -np.inf
        return first, int(np.argmax(hoped))


def prompt_features(prompts: Sequence[Candidate]) -> Array:
    """A row of numbers for each: main axes of its words' likeness to the others', and its length and demos."""
    texts = ["\n".join(f"{one.system}\n{instruction_text(one)}" for one in p.program.prompts.values()) for p in prompts]
    space = TfidfSpace(texts)
    vectors = [space.vector(text) for text in texts]
    kernel = np.array([[cosine(a, b) for b in vectors] for a in vectors])
    values, axes = np.linalg.eigh(kernel - kernel.mean(0) - kernel.mean(1)[:, None] + kernel.mean())
    best = np.argsort(values)[::-1][:_AXES]
    words = axes[:, best] * np.sqrt(np.maximum(values[best], 0.0))
    shape = np.array(
        [[np.log1p(len(text.split())), float(_demos(one))] for text, one in zip(texts, prompts, strict=True)]
    )
    return np.hstack([words, standardize(shape)])


def standardize(columns: Array) -> Array:
    spread = columns.std(0)
    return np.asarray((columns - columns.mean(0)) / np.where(spread > 0, spread, 1.0), dtype=float)


def fit_preferences(
    features: Array, met: Sequence[ObservedDuel], *, kind: ModelKind = "neural", ridge: float = 0.5, seed: int = 0
) -> PreferenceModel:
    """met: (first, second, margin in [-1, 1]) by place in `features`; a tie speaks for both alike. Pure."""
    first = np.array([one[0] for one in met], dtype=int)
    second = np.array([one[1] for one in met], dtype=int)
    wins = np.array([(1 + one[2]) / 2 for one in met], dtype=float)
    if kind == "linear":
        return _linear(features, first, second, wins, ridge)
    return _neural(features, first, second, wins, ridge, seed)


def _linear(
    features: Array, first: NDArray[np.int_], second: NDArray[np.int_], wins: Array, ridge: float
) -> PreferenceModel:
    """The most likely weights by Newton's method; beside its description each prompt has a weight of its own."""
    shown = np.hstack([features, _OWN * np.eye(len(features))])
    apart = shown[first] - shown[second]
    weights = np.zeros(shown.shape[1])
    for _ in range(_NEWTON if len(wins) else 0):
        chance = _logistic(apart @ weights)
        slope = apart.T @ (chance - wins) + ridge * weights
        bend = (apart * (chance * (1 - chance))[:, None]).T @ apart + ridge * np.eye(len(weights))
        weights = weights - np.linalg.solve(bend, slope)
    chance = _logistic(apart @ weights)
    return PreferenceModel(
        worth=shown @ weights, directions=shown, seen=apart * np.sqrt(chance * (1 - chance))[:, None], ridge=ridge
    )


def _neural(
    features: Array, first: NDArray[np.int_], second: NDArray[np.int_], wins: Array, ridge: float, seed: int
) -> PreferenceModel:
    """Two hidden layers, trained from the same start by Adam on the logistic loss of the duels."""
    rng = np.random.default_rng(seed)
    sizes = [features.shape[1], _HIDDEN, _HIDDEN, 1]
    parts = [rng.normal(0, np.sqrt(2 / a), (a, b)) for a, b in pairwise(sizes)]
    parts[-1] = parts[-1] * 0.0
    moved, squared = [np.zeros_like(one) for one in parts], [np.zeros_like(one) for one in parts]
    for step in range(1, 1 + (_STEPS if len(wins) else 0)):
        one, two, worth = _forward(features, parts)
        error = _logistic(worth[first] - worth[second]) - wins
        back = np.zeros(len(features))
        np.add.at(back, first, error)
        np.add.at(back, second, -error)
        last = (back[:, None] @ parts[2].T) * (two > 0)
        middle = (last @ parts[1].T) * (one > 0)
        slopes = [features.T @ middle, one.T @ last, two.T @ back[:, None]]
        for place, slope in enumerate(slopes):
            pull = (slope + _DECAY * parts[place]) / len(wins)
            moved[place] = 0.9 * moved[place] + 0.1 * pull
            squared[place] = 0.999 * squared[place] + 0.001 * pull**2
            scale = np.sqrt(squared[place] / (1 - 0.999**step)) + 1e-8
            parts[place] = parts[place] - _RATE * moved[place] / (1 - 0.9**step) / scale
    _, _, worth = _forward(features, parts)
    directions = _gradients(features, parts) / np.sqrt(_HIDDEN)
    return PreferenceModel(worth=worth, directions=directions, seen=directions[first] - directions[second], ridge=ridge)


def _forward(features: Array, parts: Sequence[Array]) -> tuple[Array, Array, Array]:
    one = np.maximum(features @ parts[0], 0.0)
    two = np.maximum(one @ parts[1], 0.0)
    return one, two, (two @ parts[2])[:, 0]


def _gradients(features: Array, parts: Sequence[Array]) -> Array:
    """For each prompt, how its worth changes with each weight."""
    one, two, _ = _forward(features, parts)
    last = (two > 0) * parts[2][:, 0]
    middle = (last @ parts[1].T) * (one > 0)
    rows = len(features)
    inner = [np.einsum("ni,nj->nij", a, b).reshape(rows, -1) for a, b in ((features, middle), (one, last))]
    return np.hstack([*inner, two])


def _logistic(value: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -30, 30))), dtype=float)


def _demos(one: Candidate) -> int:
    return sum(len(prompt.demos) for prompt in one.program.prompts.values())
