"""The shift of a candidate towards a label, from the log-probabilities that its target returns.

Each candidate's label log-odds are fitted as `shift + slope * consensus`, the consensus of all candidates about an
example, and predicted for every example, measured or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..candidate import Archive, Candidate
from ..dataset import Example
from ..label_reader import normalize_answer
from .labels import MIN_LOGPROB

Array = NDArray[np.float64]

# Fewer labelled examples, candidates or measurements of a candidate cannot carry the fit.
_MIN_EXAMPLES, _MIN_CANDIDATES, _MIN_MEASURED = 4, 3, 3
# Variance that remains even if a candidate follows the consensus exactly.
_NOISE = 0.05
# A candidate follows the consensus a little less than fully; this prior weighs as much as so many examples.
_SLOPE, _SLOPE_ROWS = 0.9, 3.0
# A spread below this is an artefact of few examples and would blow up the scale.
_MIN_SPREAD = 0.3
_SWEEPS = 3
_NOISE_DRAWS = 64


def fit_log_odds(
    archive: Archive, candidates: Sequence[Candidate], examples: Mapping[str, Example], rows: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """Candidate id → (expected accuracy, expected accuracy without its shift), for those with log-probabilities."""
    labels = _labels_with_likelihoods(archive, rows)
    if len(labels) < 2:
        return {}
    references = {row: _reference_label(examples[row], labels) for row in rows}
    labelled = [row for row in rows if references.get(row) is not None]
    key = ("logits", tuple(labels), archive.scores.tracking_key(rows), hash(tuple(labelled)))
    fits = {
        name: archive.scores.memo(name, key, partial(_logits, archive, name, labelled, labels))
        for name in archive.candidates
    }
    logits = {name: fit for name, fit in fits.items() if fit[0].size >= _MIN_MEASURED}
    if len(labelled) < _MIN_EXAMPLES or len(logits) < _MIN_CANDIDATES:
        return {}
    right = np.array([labels.index(references[row] or "") for row in labelled])
    consensus, measured = _consensus(logits, len(labelled), len(labels))
    result = {}
    for candidate in candidates:
        if candidate.id in logits:
            rate = _label_rate(archive, candidate.id, rows, labels)
            level, sigma = _fit_shift_and_slope(*logits[candidate.id], consensus)
            level = level[measured]
            shifted, centred = (_accuracy(x, sigma, right[measured]) for x in (level, level - level.mean(axis=0)))
            result[candidate.id] = (shifted * rate, centred * rate)
    return result


def _labels_with_likelihoods(archive: Archive, rows: Sequence[str]) -> list[str]:
    if not archive.scores.has_likelihoods:
        return []
    among = set(rows)
    for evaluation in archive.scores:
        if evaluation.likelihoods and evaluation.example in among:
            return sorted(evaluation.likelihoods)
    return []


def _reference_label(example: Example, labels: Sequence[str]) -> str | None:
    references = {normalize_answer(output) for output in example.outputs}
    return next((label for label in labels if normalize_answer(label) in references), None)


def _logits(
    archive: Archive, candidate: str, rows: Sequence[str], labels: Sequence[str]
) -> tuple[NDArray[np.int64], Array]:
    """The indices in `rows` with log-probabilities, and (indices, labels) values centred over labels."""
    evaluations = archive.scores.row(candidate)
    indices = [index for index, row in enumerate(rows) if row in evaluations and evaluations[row].likelihoods]
    values = np.array(
        [[evaluations[rows[index]].likelihoods.get(label, MIN_LOGPROB) for label in labels] for index in indices]
    )
    if not indices:
        return np.array([], dtype=np.int64), np.zeros((0, len(labels)))
    return np.array(indices), values - values.mean(axis=1, keepdims=True)


def _consensus(
    logits: Mapping[str, tuple[NDArray[np.int64], Array]], rows: int, labels: int
) -> tuple[Array, NDArray[np.bool_]]:
    """What all candidates say of each example, without each one's shift and scale; and which examples they measured."""
    consensus = np.zeros((rows, labels))
    for _ in range(_SWEEPS):
        total, weight = np.zeros((rows, labels)), np.zeros(rows)
        for indices, values in logits.values():
            level = consensus[indices]
            shift = (values - level).mean(axis=0)
            scale = max(_MIN_SPREAD, float((values - values.mean(axis=0)).std()))
            total[indices] += (values - shift) / scale
            weight[indices] += 1
        consensus = np.where(weight[:, None] > 0, total / np.maximum(weight, 1)[:, None], 0.0)
        consensus -= consensus[weight > 0].mean(axis=0)
    return consensus, weight > 0


def _fit_shift_and_slope(indices: NDArray[np.int64], values: Array, consensus: Array) -> tuple[Array, float]:
    """A candidate's log-odds on every example as shift + slope * consensus, and the spread of the residuals."""
    level = consensus[indices]
    x, y = level - level.mean(axis=0), values - values.mean(axis=0)
    spread = max(_MIN_SPREAD, float(y.std()))
    slope = (float((x * y).sum()) + _SLOPE_ROWS * _SLOPE * spread) / (float((x * x).sum()) + _SLOPE_ROWS)
    shift = values.mean(axis=0) - slope * level.mean(axis=0)
    residuals = values - shift - slope * level
    sigma = float(np.sqrt((residuals**2).sum() / max(1, residuals.size) + _NOISE))
    return shift + slope * consensus, sigma


def _accuracy(level: Array, sigma: float, right: NDArray[np.int64]) -> float:
    # Fixed draws: the expectation over a candidate's own noise, the same in every process.
    noise = np.random.default_rng(0).standard_normal((_NOISE_DRAWS, 1, level.shape[1])) * sigma
    chosen = (level[None] + noise).argmax(axis=2)
    return float((chosen == right[None]).mean())


def _label_rate(archive: Archive, candidate: str, rows: Sequence[str], labels: Sequence[str]) -> float:
    """How often the answer was a label at all, with a weak prior that it is."""
    names = {normalize_answer(label) for label in labels}
    answers = [evaluation.answer for evaluation in archive.scores.row(candidate, rows).values()]
    count = sum(answer is not None and normalize_answer(answer) in names for answer in answers)
    return (count + 0.9) / (len(answers) + 1)
