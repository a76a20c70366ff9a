"""A preference model: a latent worth per prompt, learned from duels (APOHF, arXiv 2405.17346).

The probability of a preference is the logistic of the difference in worth (Bradley and Terry). Worth is linear in the
prompt's features plus a term of its own, or a small neural network of the features. Its uncertainty follows from the
gradients of worth at the observed duels (NeuralUCB).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...core.candidate import Candidate
from ...core.errors import UsageError
from ...core.render import instruction_text
from ...core.search_types import Search
from ...core.tfidf import TfidfSpace, cosine
from ...core.words import length_in_words

Array = NDArray[np.float64]
ModelKind = Literal["neural", "linear"]
ObservedDuel = tuple[int, int, float]
MODEL_KINDS: tuple[ModelKind, ...] = ("neural", "linear")
# Principal axes of text similarity; a pool has a few dozen prompts.
_TEXT_AXES = 16
# The paper's network, scaled to pools of dozens instead of hundreds.
_HIDDEN_UNITS = 32
# Training on a few dozen duels has converged by then.
_ADAM_STEPS = 120
# Usual values of Adam and its decay for a network of this size.
_LEARNING_RATE = 0.03
# Newton's method on a ridge logistic loss converges in fewer.
_NEWTON_STEPS = 12
# A prompt's own term counts less than its features, so that duels generalize.
_OWN_WEIGHT_SCALE = 0.5
_WEIGHT_DECAY = 0.02


@dataclass(frozen=True, kw_only=True)
class PreferenceModel:
    """worth: one number per prompt, higher is better; only differences have a meaning."""

    worth: Array
    directions: Array
    seen: Array
    ridge: float

    def uncertainty(self, first: int) -> Array:
        """The standard deviation of each prompt's worth against that of `first`; 0 for itself."""
        apart = self.directions - self.directions[first]
        power = (apart**2).sum(1)
        if len(self.seen):
            projections = apart @ self.seen.T
            inner = np.linalg.inv(self.ridge * np.eye(len(self.seen)) + self.seen @ self.seen.T)
            power = power - ((projections @ inner) * projections).sum(1)
        return np.asarray(np.sqrt(np.maximum(power, 0.0) / self.ridge), dtype=float)

    def informative_pair(self, width: float) -> tuple[int, int]:
        """The prompt with the highest worth, and the one most likely to beat it."""
        first = int(np.argmax(self.worth))
        hoped = self.worth + width * self.uncertainty(first)
        hoped[first] = -np.inf
        return first, int(np.argmax(hoped))


def prompt_features(prompts: Sequence[Candidate]) -> Array:
    """One row per prompt: main axes of its text similarity to the others, its length, and its number of demos."""
    texts = [
        "\n".join(f"{prompt.system}\n{instruction_text(prompt)}" for prompt in p.program.prompts.values())
        for p in prompts
    ]
    space = TfidfSpace(texts)
    vectors = [space.vector(text) for text in texts]
    kernel = np.array([[cosine(a, b) for b in vectors] for a in vectors])
    values, axes = np.linalg.eigh(kernel - kernel.mean(0) - kernel.mean(1)[:, None] + kernel.mean())
    best = np.argsort(values)[::-1][:_TEXT_AXES]
    words = axes[:, best] * np.sqrt(np.maximum(values[best], 0.0))
    shape = np.array(
        [
            [np.log1p(length_in_words(text)), float(_demos(candidate))]
            for text, candidate in zip(texts, prompts, strict=True)
        ]
    )
    return np.hstack([words, standardize(shape)])


def standardize(columns: Array) -> Array:
    spread = columns.std(0)
    return np.asarray((columns - columns.mean(0)) / np.where(spread > 0, spread, 1.0), dtype=float)


def fit_preferences(
    features: Array, duels: Sequence[ObservedDuel], *, kind: ModelKind = "neural", ridge: float = 0.5, seed: int = 0
) -> PreferenceModel:
    """Fit on duels (first, second, margin in [-1, 1]) by index; a tie counts half for both. Pure."""
    first = np.array([duel[0] for duel in duels], dtype=int)
    second = np.array([duel[1] for duel in duels], dtype=int)
    wins = np.array([(1 + duel[2]) / 2 for duel in duels], dtype=float)
    if kind == "linear":
        return _linear(features, first, second, wins, ridge)
    return _neural(features, first, second, wins, ridge, seed)


def _linear(
    features: Array, first: NDArray[np.int_], second: NDArray[np.int_], wins: Array, ridge: float
) -> PreferenceModel:
    """Maximum a posteriori weights by Newton's method; each prompt has a weight of its own beside its features."""
    inputs = np.hstack([features, _OWN_WEIGHT_SCALE * np.eye(len(features))])
    apart = inputs[first] - inputs[second]
    weights = np.zeros(inputs.shape[1])
    for _ in range(_NEWTON_STEPS if len(wins) else 0):
        chance = _logistic(apart @ weights)
        slope = apart.T @ (chance - wins) + ridge * weights
        bend = (apart * (chance * (1 - chance))[:, None]).T @ apart + ridge * np.eye(len(weights))
        weights = weights - np.linalg.solve(bend, slope)
    chance = _logistic(apart @ weights)
    return PreferenceModel(
        worth=inputs @ weights, directions=inputs, seen=apart * np.sqrt(chance * (1 - chance))[:, None], ridge=ridge
    )


def _neural(
    features: Array, first: NDArray[np.int_], second: NDArray[np.int_], wins: Array, ridge: float, seed: int
) -> PreferenceModel:
    """Two hidden layers, trained from a fixed start by Adam on the logistic loss of the duels."""
    rng = np.random.default_rng(seed)
    sizes = [features.shape[1], _HIDDEN_UNITS, _HIDDEN_UNITS, 1]
    parts = [rng.normal(0, np.sqrt(2 / a), (a, b)) for a, b in pairwise(sizes)]
    parts[-1] = parts[-1] * 0.0
    moved, squared = [np.zeros_like(part) for part in parts], [np.zeros_like(part) for part in parts]
    for step in range(1, 1 + (_ADAM_STEPS if len(wins) else 0)):
        hidden1, hidden2, worth = _forward(features, parts)
        error = _logistic(worth[first] - worth[second]) - wins
        back = np.zeros(len(features))
        np.add.at(back, first, error)
        np.add.at(back, second, -error)
        last = (back[:, None] @ parts[2].T) * (hidden2 > 0)
        middle = (last @ parts[1].T) * (hidden1 > 0)
        slopes = [features.T @ middle, hidden1.T @ last, hidden2.T @ back[:, None]]
        for index, slope in enumerate(slopes):
            pull = (slope + _WEIGHT_DECAY * parts[index]) / len(wins)
            moved[index] = 0.9 * moved[index] + 0.1 * pull
            squared[index] = 0.999 * squared[index] + 0.001 * pull**2
            scale = np.sqrt(squared[index] / (1 - 0.999**step)) + 1e-8
            parts[index] = parts[index] - _LEARNING_RATE * moved[index] / (1 - 0.9**step) / scale
    _, _, worth = _forward(features, parts)
    directions = _gradients(features, parts) / np.sqrt(_HIDDEN_UNITS)
    return PreferenceModel(worth=worth, directions=directions, seen=directions[first] - directions[second], ridge=ridge)


def _forward(features: Array, parts: Sequence[Array]) -> tuple[Array, Array, Array]:
    hidden1 = np.maximum(features @ parts[0], 0.0)
    hidden2 = np.maximum(hidden1 @ parts[1], 0.0)
    return hidden1, hidden2, (hidden2 @ parts[2])[:, 0]


def _gradients(features: Array, parts: Sequence[Array]) -> Array:
    """For each prompt, how its worth changes with each weight."""
    hidden1, hidden2, _ = _forward(features, parts)
    last = (hidden2 > 0) * parts[2][:, 0]
    middle = (last @ parts[1].T) * (hidden1 > 0)
    rows = len(features)
    inner = [np.einsum("ni,nj->nij", a, b).reshape(rows, -1) for a, b in ((features, middle), (hidden1, last))]
    return np.hstack([*inner, hidden2])


def _logistic(value: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -30, 30))), dtype=float)


def _demos(candidate: Candidate) -> int:
    return sum(len(prompt.demos) for prompt in candidate.program.prompts.values())


def duels_within_pool(search: Search, pool: Sequence[str]) -> list[tuple[int, int, float]]:
    """The duels between prompts of the pool, by their indices, oldest first."""
    index = {name: at for at, name in enumerate(pool)}
    return [
        (index[duel.first], index[duel.second], duel.margin)
        for duel in search.duels
        if duel.first in index and duel.second in index
    ]


def check_model_kind(model: str, where: str) -> None:
    if model not in MODEL_KINDS:
        raise UsageError(f"unknown preference model {model!r}", where=where, possible=MODEL_KINDS)
