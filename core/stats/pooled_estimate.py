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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

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
# A mean near 0 or 1 on few examples is no proof of a small variance.
_MIN_VARIANCE = 0.01


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
    fitted = fit_log_odds(archive, candidates, examples, rows)
    ease = _row_ease(archive, rows)
    prior = _prior_means(archive, candidates, rows, ease)
    unattainable, usual = _unattainable_shares(archive, examples, rows)
    estimates = {}
    for candidate in candidates:
        evaluations = archive.scores.row(candidate.id, rows)
        total = sum(evaluation.score - ease[row] for row, evaluation in evaluations.items())
        weight = float(len(evaluations))
        lost = _UNATTAINABLE_WEIGHT * unattainable.get(candidate.id, usual)
        base, strength = prior[candidate.id] + _UNATTAINABLE_WEIGHT * usual - lost, PRIOR_ROWS
        if candidate.id in fitted:
            base, strength = fitted[candidate.id][0], LOG_ODDS_ROWS
        mean = min(1.0, max(0.0, (total + strength * base) / (weight + strength)))
        unmeasured = max(0.0, 1 - len(evaluations) / max(1, len(rows)))
        variance = max(mean * (1 - mean), _MIN_VARIANCE) / (weight + strength)
        # What was measured is known; only the rest of val, and a quarter for the model's own noise, is uncertain.
        sd = float(np.sqrt(variance * (0.25 + 0.75 * unmeasured)))
        unshifted = fitted[candidate.id][1] if candidate.id in fitted else mean + lost * strength / (weight + strength)
        estimates[candidate.id] = PooledEstimate(
            mean=float(mean), sd=sd, rows=len(evaluations), potential=float(max(mean, unshifted))
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
    for name in archive.candidates:
        evaluations = archive.scores.row(name, rows)
        if shares := class_shares(classify, [(examples[row], value) for row, value in evaluations.items()]):
            unattainable[name], counts[name] = 1 - attainable(shares), len(evaluations)
    usual = sum(unattainable[name] * counts[name] for name in unattainable) / max(1, sum(counts.values()))
    return unattainable, usual


def _row_ease(archive: Archive, rows: Sequence[str]) -> dict[str, float]:
    """How much better than usual candidates do on an example: shrunk residuals of a two-way fit, 0 on average."""
    scores = {name: archive.scores.row(name, rows) for name in archive.candidates}
    ease = dict.fromkeys(rows, 0.0)
    for _ in range(_EASE_SWEEPS):
        level = {
            name: sum(evaluation.score - ease[row] for row, evaluation in evaluations.items()) / len(evaluations)
            for name, evaluations in scores.items()
            if evaluations
        }
        residuals: dict[str, list[float]] = {row: [] for row in rows}
        for name, evaluations in scores.items():
            for row, evaluation in evaluations.items():
                residuals[row].append(evaluation.score - level[name])
        ease = {row: sum(values) / (len(values) + _EASE_PRIOR) for row, values in residuals.items()}
        usual = sum(ease.values()) / max(1, len(ease))
        ease = {row: value - usual for row, value in ease.items()}
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
    archive: Archive, candidates: Sequence[Candidate], rows: Sequence[str], ease: Mapping[str, float]
) -> dict[str, float]:
    """Candidate id → the mean that its parts and its first parent suggest, by ridge regression over parts."""

    def level(name: str) -> float:
        evaluations = archive.scores.row(name, rows)
        return sum(evaluation.score - ease[row] for row, evaluation in evaluations.items()) / max(1, len(evaluations))

    measured = [candidate for candidate in archive.candidates.values() if archive.scores.count(candidate.id, rows)]
    if not measured:
        return {candidate.id: 0.5 for candidate in candidates}
    counts = np.array([archive.scores.count(candidate.id, rows) for candidate in measured], dtype=float)
    means = np.array([level(candidate.id) for candidate in measured])
    grand = float((counts * means).sum() / counts.sum())
    features = [candidate_features(candidate) for candidate in measured]
    names = sorted({name for row in features for name in row})
    design = np.array([[row.get(name, 0.0) for name in names] for row in features])
    centre = (counts[:, None] * design).sum(0) / counts.sum()
    design = design - centre
    gram = (design * counts[:, None]).T @ design + PRIOR_ROWS * np.eye(len(names))
    weights = np.linalg.solve(gram, (design * counts[:, None]).T @ (means - grand))

    def by_parts(candidate: Candidate) -> float:
        row = candidate_features(candidate)
        return grand + float((np.array([row.get(name, 0.0) for name in names]) - centre) @ weights)

    expected = {}
    for candidate in candidates:
        mean = by_parts(candidate)
        parents = [name for name in candidate.parents if name in archive and archive.scores.count(name, rows)]
        if parents:
            count = archive.scores.count(parents[0], rows)
            surplus = level(parents[0]) - by_parts(archive[parents[0]])
            mean += _PARENT_WEIGHT * surplus * count / (count + PRIOR_ROWS)
        expected[candidate.id] = float(np.clip(mean, 0.0, 1.0))
    return expected
