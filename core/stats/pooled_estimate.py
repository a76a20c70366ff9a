"""How good a candidate is on all of val, estimated from few examples.

With 5 to 50 examples noise dominates, so evidence is pooled in four ways, each a shrinkage:

* *Examples.* If answers are labels and the target returns log-probabilities, candidates differ mostly by a shift: a
  demo set pushes all inputs towards one label. Each candidate's label log-odds are fitted as `shift + slope *
  consensus`, the consensus of all candidates about an example, and predicted for every example. On 42 demo sets of a
  two-label task, ranks from 4 examples agreed better with held-out accuracy (0.49) than ranks by right and wrong
  (0.32), and as well as those from 20 examples; see docs/decisions/2026-11-21-likelihoods-in-auto.md.
* *Attainable accuracy.* Without log-probabilities, the shift is read from the answers: a candidate that gives one class
  too often can be right on fewer examples, and few examples show it. On 58 demo sets of a task with copied answers,
  ranks from 16 examples agreed with held-out accuracy by 0.34 with it and by 0.25 without; see
  docs/decisions/2026-11-22-places.md.
* *Parts.* Candidates that share parts (number of demos, placement, wording) inform one another by ridge regression.
* *Parents.* A child is expected to inherit half of what its parent does better than the parent's parts explain.

The observed mean joins with the weight of its examples, after the ease of those examples was subtracted: a candidate
measured on four easy examples is not better than one measured on forty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..candidate import Archive, Candidate
from ..dataset import Example
from ..prompt import Prompt
from .answer_classes import answer_classifier, attainable, class_shares
from .label_bias import fit_log_odds

PRIOR_ROWS = 20.0
"""The weight of the prior, in examples, if only parts and parents speak: Var(right) / Var(between) = .22 / .01."""
LOG_ODDS_ROWS = 30.0
"""The weight of the fitted log-odds, in examples."""
# An example's ease is shrunk as if three candidates without any had been measured on it too.
_EASE_PRIOR = 3.0
_EASE_SWEEPS = 3
_PARENT_WEIGHT = 0.5
# How much of the unattainable accuracy is lost in the end: all of it if a candidate is else perfect, less if it errs.
_UNATTAINABLE_WEIGHT = 0.7
# The regression over parts costs the cube of its candidates: with more, the best measured ones speak for all.
_MAX_FITTED = 256
# A mean near 0 or 1 on few examples is no proof of a small variance.
_MIN_VARIANCE = 0.01

Array = NDArray[np.float64]
Columns = tuple[NDArray[np.int64], Array]
"""The indices of a candidate's measured examples, ascending, and its scores on them."""


@dataclass(frozen=True)
class PooledEstimate:
    """What is expected of a candidate on val.

    Attributes:
        mean: The expected score, in [0, 1].
        sd: The standard deviation of that mean.
        rows: How many examples were measured.
        potential: The mean that it would have if its answers were not shifted towards a label or a position.
    """

    mean: float
    sd: float
    rows: int
    potential: float

    def upper_bound(self, width: float = 1.0) -> float:
        """The mean and `width` standard deviations, for optimistic choices."""
        return self.mean + width * self.sd


def pooled_estimates(
    archive: Archive, candidates: Sequence[Candidate], examples: Mapping[str, Example], rows: Sequence[str]
) -> dict[str, PooledEstimate]:
    """Candidate id → what to expect on the examples `rows`. Unmeasured candidates get the prior.

    Pure, and the same in every process.
    """
    if not candidates:
        return {}
    named = tuple(candidate.id for candidate in candidates)
    # Relabelled examples are measured again, so their change is a new version; added ones change `rows`.
    key = ("pooled", named, len(archive.candidates), archive.scores.tracking_key(rows))
    return dict(archive.scores.memo_of_version(key, partial(_estimate, archive, candidates, examples, rows)))


def _estimate(
    archive: Archive, candidates: Sequence[Candidate], examples: Mapping[str, Example], rows: Sequence[str]
) -> dict[str, PooledEstimate]:
    fitted = fit_log_odds(archive, candidates, examples, rows)
    columns = {name: _columns(archive, name, rows) for name in archive.candidates}
    ease = _row_ease(columns, len(rows))
    prior = _prior_means(archive, candidates, columns, ease)
    unattainable, usual = _unattainable_shares(archive, examples, rows)
    estimates = {}
    for candidate in candidates:
        indices, scores = columns[candidate.id]
        total, weight = float((scores - ease[indices]).sum()), float(len(indices))
        lost = _UNATTAINABLE_WEIGHT * unattainable.get(candidate.id, usual)
        base, strength = prior[candidate.id] + _UNATTAINABLE_WEIGHT * usual - lost, PRIOR_ROWS
        if candidate.id in fitted:
            base, strength = fitted[candidate.id][0], LOG_ODDS_ROWS
        mean = min(1.0, max(0.0, (total + strength * base) / (weight + strength)))
        unmeasured = max(0.0, 1 - weight / max(1, len(rows)))
        variance = max(mean * (1 - mean), _MIN_VARIANCE) / (weight + strength)
        # What was measured is known; only the rest of val, and a quarter for the model's own noise, is uncertain.
        sd = float(np.sqrt(variance * (0.25 + 0.75 * unmeasured)))
        unshifted = fitted[candidate.id][1] if candidate.id in fitted else mean + lost * strength / (weight + strength)
        estimates[candidate.id] = PooledEstimate(
            mean=float(mean), sd=sd, rows=len(indices), potential=float(max(mean, unshifted))
        )
    return estimates


def _unattainable_shares(
    archive: Archive, examples: Mapping[str, Example], rows: Sequence[str]
) -> tuple[dict[str, float], float]:
    """The share of examples that a candidate must get wrong, since its classes differ from the references' in number.

    Returns:
        Candidate id → share, and the mean share, for candidates without one. Nothing for open answers.
    """
    classify = answer_classifier(examples[row] for row in rows)
    if classify is None:
        return {}, 0.0
    unattainable, counts = {}, {}
    key = ("unattainable", archive.scores.tracking_key(rows), classify)

    def share(name: str) -> tuple[float, int] | None:
        evaluations = archive.scores.row(name, rows)
        shares = class_shares(classify, [(examples[row], value) for row, value in evaluations.items()])
        return (1 - attainable(shares), len(evaluations)) if shares else None

    for name in archive.candidates:
        if (measured := archive.scores.memo(name, key, partial(share, name))) is not None:
            unattainable[name], counts[name] = measured
    usual = sum(unattainable[name] * counts[name] for name in unattainable) / max(1, sum(counts.values()))
    return unattainable, usual


def _columns(archive: Archive, candidate: str, rows: Sequence[str]) -> Columns:
    """One candidate's measured examples and scores; read again only after it was measured on more."""

    def read() -> Columns:
        evaluations = archive.scores.row(candidate, rows)
        indices = [index for index, row in enumerate(rows) if row in evaluations] if evaluations else []
        scores = [evaluations[rows[index]].score for index in indices]
        return np.array(indices, dtype=np.int64), np.array(scores, dtype=float)

    return archive.scores.memo(candidate, ("columns", archive.scores.tracking_key(rows)), read)


def _row_ease(columns: Mapping[str, Columns], count: int) -> Array:
    """How much better than usual candidates do on an example: shrunk residuals of a two-way fit, 0 on average."""
    ease = np.zeros(count)
    measured = [pair for pair in columns.values() if pair[0].size]
    if not measured:
        return ease
    indices = np.concatenate([pair[0] for pair in measured])
    scores = np.concatenate([pair[1] for pair in measured])
    sizes = np.array([pair[0].size for pair in measured])
    owners = np.repeat(np.arange(len(measured)), sizes)
    counts = np.bincount(indices, minlength=count)
    for _ in range(_EASE_SWEEPS):
        level = np.bincount(owners, weights=scores - ease[indices]) / sizes
        residuals = np.bincount(indices, weights=scores - level[owners], minlength=count)
        ease = residuals / (counts + _EASE_PRIOR)
        ease = ease - ease.sum() / max(1, count)
    return ease


def candidate_features(candidate: Candidate) -> dict[str, float]:
    """What candidates can share, as numbers for the regression over parts; of several prompts each under its name."""
    prompts = candidate.program.prompts
    if len(prompts) == 1:
        return _prompt_features(candidate.program.main)
    return {
        f"{name}: {key}": value for name, prompt in prompts.items() for key, value in _prompt_features(prompt).items()
    }


def _prompt_features(prompt: Prompt) -> dict[str, float]:
    style = prompt.format
    return {
        "demos": float(np.log2(1 + len(prompt.demos))),
        "any demos": float(bool(prompt.demos)),
        f"placement {style.placement}": 1.0,
        f"style {style.demos}": 1.0,
        f"prefix {bool(style.input_prefix)}": 1.0,
        f"hint {bool(style.answer_hint)}": 1.0,
        f"instruction {prompt.instruction[:80]}": 1.0,
    }


def _prior_means(
    archive: Archive, candidates: Sequence[Candidate], columns: Mapping[str, Columns], ease: Array
) -> dict[str, float]:
    """Candidate id → the mean that its parts and its first parent suggest, by ridge regression over parts."""

    def level(name: str) -> float:
        indices, scores = columns[name]
        return float((scores - ease[indices]).sum()) / max(1, len(indices))

    def features(candidate: Candidate) -> dict[str, float]:
        return archive.scores.memo(candidate.id, "features", partial(candidate_features, candidate))

    measured = [candidate for candidate in archive.candidates.values() if columns[candidate.id][0].size]
    if not measured:
        return {candidate.id: 0.5 for candidate in candidates}
    if len(measured) > _MAX_FITTED:
        best_known = sorted(measured, key=lambda candidate: -columns[candidate.id][0].size)[:_MAX_FITTED]
        names_fitted = {candidate.id for candidate in best_known}
        measured = [candidate for candidate in measured if candidate.id in names_fitted]
    counts = np.array([columns[candidate.id][0].size for candidate in measured], dtype=float)
    means = np.array([level(candidate.id) for candidate in measured])
    grand = float((counts * means).sum() / counts.sum())
    parts = [features(candidate) for candidate in measured]
    names = sorted({name for row in parts for name in row})
    design = np.array([[row.get(name, 0.0) for name in names] for row in parts])
    centre = (counts[:, None] * design).sum(0) / counts.sum()
    design = design - centre
    gram = (design * counts[:, None]).T @ design + PRIOR_ROWS * np.eye(len(names))
    solved = np.linalg.solve(gram, (design * counts[:, None]).T @ (means - grand))
    weights, base = dict(zip(names, solved.tolist(), strict=True)), grand - float(centre @ solved)

    def by_parts(candidate: Candidate) -> float:
        return base + math.fsum(value * weights.get(name, 0.0) for name, value in features(candidate).items())

    expected = {}
    for candidate in candidates:
        mean = by_parts(candidate)
        parents = [name for name in candidate.parents if name in archive and columns[name][0].size]
        if parents:
            count = columns[parents[0]][0].size
            surplus = level(parents[0]) - by_parts(archive[parents[0]])
            mean += _PARENT_WEIGHT * surplus * count / (count + PRIOR_ROWS)
        expected[candidate.id] = min(1.0, max(0.0, mean))
    return expected
