"""How good a candidate is on all of val, judged from few rows.

With 5 to 50 rows noise decides, so evidence is pooled in four ways, each a shrinkage:

* *Rows.* Where answers are labels and the target shows likelihoods, candidates differ mostly by a shift: a demo set
  pushes all inputs towards one label. Each candidate's label log-odds are fitted as `shift + slope * consensus`,
  the consensus of what all candidates said of a row, and read off for every row, seen or not. On 42 demo
  sets of a two-label task, ranks from 4 rows agreed better with held-out accuracy (0.49) than ranks by right and wrong
  (0.32), and as well as those from 20 rows; see docs/decisions/2026-11-21-likelihoods-in-auto.md.
* *Reach.* Where no likelihoods are shown, the shift is read from the answers: who names one class too often can be
  right on fewer rows, and few rows show it. On 58 demo sets of a task whose answers are copied, ranks from 16 rows
  agreed with held-out accuracy by 0.34 with it and by 0.25 without; see docs/decisions/2026-11-22-places.md.
* *Parts.* Candidates that share parts (number of demos, placement, wording) inform one another by ridge regression.
* *Parents.* What a parent does better than its parts explain, its child is expected to do half as much better.

The observed mean joins with the weight of its rows, after the ease of those rows was taken out: who was met on four
easy rows is not better than who was measured on forty.
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
"""What the prior weighs, in rows, where nothing but parts and parents speak: Var(right) / Var(between) = .22 / .01."""
LOG_ODDS_ROWS = 30.0
"""What the fitted log-odds weigh, in rows."""
_EASE_PRIOR = 3.0
_PARENT_WEIGHT = 0.5
_UNATTAINABLE_WEIGHT = 0.7
"""How much of what is out of reach is lost in the end: all of it if a candidate is else perfect, less if it errs."""


@dataclass(frozen=True)
class PooledEstimate:
    """mean: expected score on val in [0, 1]. sd: of that mean. rows: how many were measured.

    potential: the mean that a candidate would have if its answers were not shifted towards a label or a place.
    """

    mean: float
    sd: float
    rows: int
    potential: float

    def upper_bound(self, width: float = 1.0) -> float:
        return self.mean + width * self.sd


def pooled_estimates(
    archive: Archive, candidates: Sequence[Candidate], examples: Mapping[str, Example], rows: Sequence[str]
) -> dict[str, PooledEstimate]:
    """Candidate id → what to expect on `rows`. Pure, and the same in every process. Unmeasured ones get the prior."""
    if not candidates:
        return {}
    fitted = fit_log_odds(archive, candidates, examples, rows)
    ease = _row_ease(archive, rows)
    prior = _prior_means(archive, candidates, rows, ease)
    missed, usual = _unattainable_shares(archive, examples, rows)
    result = {}
    for one in candidates:
        seen = archive.scores.row(one.id, rows)
        total, weight = sum(e.score - ease[row] for row, e in seen.items()), float(len(seen))
        lost = _UNATTAINABLE_WEIGHT * missed.get(one.id, usual)
        base, strength = prior[one.id] + _UNATTAINABLE_WEIGHT * usual - lost, PRIOR_ROWS
        if one.id in fitted:
            base, strength = fitted[one.id][0], LOG_ODDS_ROWS
        mean = min(1.0, max(0.0, (total + strength * base) / (weight + strength)))
        left = max(0.0, 1 - len(seen) / max(1, len(rows)))
        sd = float(np.sqrt(max(mean * (1 - mean), 0.01) / (weight + strength) * (0.25 + 0.75 * left)))
        levelled = fitted[one.id][1] if one.id in fitted else mean + lost * strength / (weight + strength)
        result[one.id] = PooledEstimate(mean=float(mean), sd=sd, rows=len(seen), potential=float(max(mean, levelled)))
    return result


def _unattainable_shares(
    archive: Archive, examples: Mapping[str, Example], rows: Sequence[str]
) -> tuple[dict[str, float], float]:
    """Candidate → the share of its rows that it cannot have right, since it does not name each class as often as is
    wanted; and the usual share, for those of whom it is not known. Nothing for open answers."""
    classify = answer_classifier(examples[row] for row in rows)
    if classify is None:
        return {}, 0.0
    missed, counts = {}, {}
    for name in archive.candidates:
        seen = archive.scores.row(name, rows)
        if shares := class_shares(classify, [(examples[row], one) for row, one in seen.items()]):
            missed[name], counts[name] = 1 - attainable(shares), len(seen)
    usual = sum(missed[name] * counts[name] for name in missed) / max(1, sum(counts.values()))
    return missed, usual


def _row_ease(archive: Archive, rows: Sequence[str]) -> dict[str, float]:
    """How much better than usual candidates do on a row: shrunken residuals of a two-way fit, 0 on average."""
    scores = {name: archive.scores.row(name, rows) for name in archive.candidates}
    ease = dict.fromkeys(rows, 0.0)
    for _ in range(3):
        level = {
            name: sum(e.score - ease[row] for row, e in seen.items()) / len(seen)
            for name, seen in scores.items()
            if seen
        }
        rest: dict[str, list[float]] = {row: [] for row in rows}
        for name, seen in scores.items():
            for row, evaluation in seen.items():
                rest[row].append(evaluation.score - level[name])
        ease = {row: sum(values) / (len(values) + _EASE_PRIOR) for row, values in rest.items()}
        usual = sum(ease.values()) / max(1, len(ease))
        ease = {row: value - usual for row, value in ease.items()}
    return ease


def candidate_features(candidate: Candidate) -> dict[str, float]:
    """What candidates can share, as numbers for the regression over parts; of several prompts each under its name."""
    prompts = candidate.program.prompts
    if len(prompts) == 1:
        return _prompt_features(candidate.program.main)
    return {f"{name}: {key}": value for name, one in prompts.items() for key, value in _prompt_features(one).items()}


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
    def level(name: str) -> float:
        seen = archive.scores.row(name, rows)
        return sum(e.score - ease[row] for row, e in seen.items()) / max(1, len(seen))

    measured = [one for one in archive.candidates.values() if archive.scores.count(one.id, rows)]
    if not measured:
        return {one.id: 0.5 for one in candidates}
    counts = np.array([archive.scores.count(one.id, rows) for one in measured], dtype=float)
    means = np.array([level(one.id) for one in measured])
    grand = float((counts * means).sum() / counts.sum())
    described = [candidate_features(one) for one in measured]
    names = sorted({name for row in described for name in row})
    design = np.array([[row.get(name, 0.0) for name in names] for row in described])
    centre = (counts[:, None] * design).sum(0) / counts.sum()
    design = design - centre
    gram = (design * counts[:, None]).T @ design + PRIOR_ROWS * np.eye(len(names))
    weights = np.linalg.solve(gram, (design * counts[:, None]).T @ (means - grand))

    def by_parts(one: Candidate) -> float:
        told = candidate_features(one)
        return grand + float((np.array([told.get(name, 0.0) for name in names]) - centre) @ weights)

    expected = {}
    for one in candidates:
        guess = by_parts(one)
        parents = [p for p in one.parents if p in archive and archive.scores.count(p, rows)]
        if parents:
            seen = archive.scores.count(parents[0], rows)
            surplus = level(parents[0]) - by_parts(archive[parents[0]])
            guess += _PARENT_WEIGHT * surplus * seen / (seen + PRIOR_ROWS)
        expected[one.id] = float(np.clip(guess, 0.0, 1.0))
    return expected
