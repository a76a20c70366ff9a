"""The shift of a candidate towards a label, from the likelihoods that its target shows.

Each candidate's label log-odds are fitted as `shift + slope * consensus`, the consensus of what all candidates said of
a row, and read off for every row, measured or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..answer import normalize_answer
from ..candidate import Archive, Candidate
from ..dataset import Example
from .labels import MIN_LOGPROB

Array = NDArray[np.float64]

_NOISE = 0.05
_SLOPE, _SLOPE_ROWS = 0.9, 3.0
_NOISE_DRAWS = 64


def fit_log_odds(
    archive: Archive, candidates: Sequence[Candidate], examples: Mapping[str, Example], rows: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """Candidate → (expected accuracy as it is, and with its shift taken out), for those that show likelihoods."""
    labels = _labels_with_likelihoods(archive, rows)
    gold = {row: _reference_label(examples[row], labels) for row in rows} if labels else {}
    known = [row for row in rows if gold.get(row) is not None]
    shown = [one for one in archive.candidates.values() if _logits(archive, one.id, known, labels)[0].size >= 3]
    if len(labels) < 2 or len(known) < 4 or len(shown) < 3:
        return {}
    right = np.array([labels.index(gold[row] or "") for row in known])
    logits = {one.id: _logits(archive, one.id, known, labels) for one in shown}
    consensus, heard = _consensus(logits, len(known), len(labels))
    result = {}
    for one in candidates:
        if one.id in logits:
            rate = _label_rate(archive, one.id, rows, labels)
            level, sigma = _fit_shift_and_slope(*logits[one.id], consensus)
            level = level[heard]
            kept, centred = (_accuracy(x, sigma, right[heard]) for x in (level, level - level.mean(axis=0)))
            result[one.id] = (kept * rate, centred * rate)
    return result


def _labels_with_likelihoods(archive: Archive, rows: Sequence[str]) -> list[str]:
    wanted = set(rows)
    for evaluation in archive.scores:
        if evaluation.likelihoods and evaluation.example in wanted:
            return sorted(evaluation.likelihoods)
    return []


def _reference_label(example: Example, labels: Sequence[str]) -> str | None:
    meant = {normalize_answer(output) for output in example.outputs}
    return next((label for label in labels if normalize_answer(label) in meant), None)


def _logits(
    archive: Archive, candidate: str, rows: Sequence[str], labels: Sequence[str]
) -> tuple[NDArray[np.int64], Array]:
    """The places in `rows` with likelihoods, and there (places, labels) log-probabilities centred over labels."""
    seen = archive.scores.row(candidate)
    places = [i for i, row in enumerate(rows) if row in seen and seen[row].likelihoods]
    values = np.array([[seen[rows[i]].likelihoods.get(label, MIN_LOGPROB) for label in labels] for i in places])
    if not places:
        return np.array([], dtype=np.int64), np.zeros((0, len(labels)))
    return np.array(places), values - values.mean(axis=1, keepdims=True)


def _consensus(
    logits: Mapping[str, tuple[NDArray[np.int64], Array]], rows: int, labels: int
) -> tuple[Array, NDArray[np.bool_]]:
    """What the candidates together say of each row, with each one's shift and scale taken out (three sweeps)."""
    consensus = np.zeros((rows, labels))
    for _ in range(3):
        total, weight = np.zeros((rows, labels)), np.zeros(rows)
        for places, values in logits.values():
            level = consensus[places]
            shift = (values - level).mean(axis=0)
            scale = max(0.3, float((values - values.mean(axis=0)).std()))
            total[places] += (values - shift) / scale
            weight[places] += 1
        consensus = np.where(weight[:, None] > 0, total / np.maximum(weight, 1)[:, None], 0.0)
        consensus -= consensus[weight > 0].mean(axis=0)
    return consensus, weight > 0


def _fit_shift_and_slope(places: NDArray[np.int64], values: Array, consensus: Array) -> tuple[Array, float]:
    """A candidate's log-odds on every row as shift + slope * consensus, and the spread of what is left."""
    seen = consensus[places]
    x, y = seen - seen.mean(axis=0), values - values.mean(axis=0)
    spread = max(0.3, float(y.std()))
    slope = (float((x * y).sum()) + _SLOPE_ROWS * _SLOPE * spread) / (float((x * x).sum()) + _SLOPE_ROWS)
    shift = values.mean(axis=0) - slope * seen.mean(axis=0)
    rest = values - shift - slope * seen
    sigma = float(np.sqrt((rest**2).sum() / max(1, rest.size) + _NOISE))
    return shift + slope * consensus, sigma


def _accuracy(level: Array, sigma: float, right: NDArray[np.int64]) -> float:
    # Fixed draws: the expectation over a candidate's own noise, the same in every process.
    noise = np.random.default_rng(0).standard_normal((_NOISE_DRAWS, 1, level.shape[1])) * sigma
    chosen = (level[None] + noise).argmax(axis=2)
    return float((chosen == right[None]).mean())


def _label_rate(archive: Archive, candidate: str, rows: Sequence[str], labels: Sequence[str]) -> float:
    """How often the answer was a label at all, with a weak prior that it is."""
    names = {normalize_answer(label) for label in labels}
    answers = [one.answer for one in archive.scores.row(candidate, rows).values()]
    given = sum(answer is not None and normalize_answer(answer) in names for answer in answers)
    return (given + 0.9) / (len(answers) + 1)
