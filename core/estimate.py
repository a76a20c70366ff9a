"""How good a candidate is on all of val, judged from few rows.

With 5 to 50 rows noise decides, so evidence is pooled in three ways, each a shrinkage:

* *Rows.* Where answers are labels and the target shows likelihoods, candidates differ mostly by a shift: a demo set
  pushes all inputs towards one label. Each candidate's label log-odds are fitted as `shift + slope * consensus`,
  the consensus of what all candidates said of a row, and read off for every row, seen or not. On 42 demo
  sets of a two-label task, ranks from 4 rows agreed better with held-out accuracy (0.49) than ranks by right and wrong
  (0.32), and as well as those from 20 rows; see docs/decisions/2026-11-21-likelihoods-in-auto.md.
* *Parts.* Candidates that share parts (number of demos, placement, wording) inform one another by ridge regression.
* *Parents.* What a parent does better than its parts explain, its child is expected to do half as much better.

The observed mean joins with the weight of its rows, after the ease of those rows was taken out: who was met on four
easy rows is not better than who was measured on forty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .answer import bare
from .candidate import Archive, Candidate
from .example import Example
from .labels import FLOOR
from .prompt import Prompt

Array = NDArray[np.float64]

PRIOR_ROWS = 20.0
"""What the prior weighs, in rows, where nothing but parts and parents speak: Var(right) / Var(between) = .22 / .01."""
FACTOR_ROWS = 30.0
"""What the fitted log-odds weigh, in rows."""
_EASE_PRIOR = 3.0
_INHERITED = 0.5
_NOISE = 0.05
_SLOPE, _SLOPE_ROWS = 0.9, 3.0
_DRAWS = 64


@dataclass(frozen=True)
class Estimate:
    """mean: expected score on val in [0, 1]. sd: of that mean. rows: how many were measured.

    potential: the mean that a candidate would have if its answers were not shifted towards a label; else the mean.
    """

    mean: float
    sd: float
    rows: int
    potential: float

    def optimistic(self, width: float = 1.0) -> float:
        return self.mean + width * self.sd


def estimate(
    archive: Archive, candidates: Sequence[Candidate], examples: Mapping[str, Example], rows: Sequence[str]
) -> dict[str, Estimate]:
    """Candidate id → what to expect on `rows`. Pure, and the same in every process. Unmeasured ones get the prior."""
    if not candidates:
        return {}
    fitted = _fit_log_odds(archive, candidates, examples, rows)
    ease = _ease(archive, rows)
    prior = _prior_means(archive, candidates, rows, ease)
    result = {}
    for one in candidates:
        seen = archive.scores.row(one.id, rows)
        total, weight = sum(e.score - ease[row] for row, e in seen.items()), float(len(seen))
        base, strength = (fitted[one.id][0], FACTOR_ROWS) if one.id in fitted else (prior[one.id], PRIOR_ROWS)
        mean = min(1.0, max(0.0, (total + strength * base) / (weight + strength)))
        left = max(0.0, 1 - len(seen) / max(1, len(rows)))
        sd = float(np.sqrt(max(mean * (1 - mean), 0.01) / (weight + strength) * (0.25 + 0.75 * left)))
        potential = max(mean, fitted[one.id][1]) if one.id in fitted else mean
        result[one.id] = Estimate(mean=float(mean), sd=sd, rows=len(seen), potential=float(potential))
    return result


def _ease(archive: Archive, rows: Sequence[str]) -> dict[str, float]:
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


def features(candidate: Candidate) -> dict[str, float]:
    """What candidates can share, as numbers for the regression over parts; of several prompts each under its name."""
    prompts = candidate.program.prompts
    if len(prompts) == 1:
        return _features(candidate.program.main)
    return {f"{name}: {key}": value for name, one in prompts.items() for key, value in _features(one).items()}


def _features(prompt: Prompt) -> dict[str, float]:
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
    described = [features(one) for one in measured]
    names = sorted({name for row in described for name in row})
    design = np.array([[row.get(name, 0.0) for name in names] for row in described])
    centre = (counts[:, None] * design).sum(0) / counts.sum()
    design = design - centre
    gram = (design * counts[:, None]).T @ design + PRIOR_ROWS * np.eye(len(names))
    weights = np.linalg.solve(gram, (design * counts[:, None]).T @ (means - grand))

    def by_parts(one: Candidate) -> float:
        told = features(one)
        return grand + float((np.array([told.get(name, 0.0) for name in names]) - centre) @ weights)

    expected = {}
    for one in candidates:
        guess = by_parts(one)
        parents = [p for p in one.parents if p in archive and archive.scores.count(p, rows)]
        if parents:
            seen = archive.scores.count(parents[0], rows)
            surplus = level(parents[0]) - by_parts(archive[parents[0]])
            guess += _INHERITED * surplus * seen / (seen + PRIOR_ROWS)
        expected[one.id] = float(np.clip(guess, 0.0, 1.0))
    return expected


def _fit_log_odds(
    archive: Archive, candidates: Sequence[Candidate], examples: Mapping[str, Example], rows: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """Candidate → (expected accuracy as it is, and with its shift taken out), for those that show likelihoods."""
    labels = _labels(archive, rows)
    gold = {row: _gold(examples[row], labels) for row in rows} if labels else {}
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
            level, sigma = _fitted_level(*logits[one.id], consensus)
            level = level[heard]
            kept, centred = (_accuracy(x, sigma, right[heard]) for x in (level, level - level.mean(axis=0)))
            result[one.id] = (kept * rate, centred * rate)
    return result


def _labels(archive: Archive, rows: Sequence[str]) -> list[str]:
    wanted = set(rows)
    for evaluation in archive.scores:
        if evaluation.likelihoods and evaluation.example in wanted:
            return sorted(evaluation.likelihoods)
    return []


def _gold(example: Example, labels: Sequence[str]) -> str | None:
    meant = {bare(output) for output in example.outputs}
    return next((label for label in labels if bare(label) in meant), None)


def _logits(
    archive: Archive, candidate: str, rows: Sequence[str], labels: Sequence[str]
) -> tuple[NDArray[np.int64], Array]:
    """The places in `rows` with likelihoods, and there (places, labels) log-probabilities centred over labels."""
    seen = archive.scores.row(candidate)
    places = [i for i, row in enumerate(rows) if row in seen and seen[row].likelihoods]
    values = np.array([[seen[rows[i]].likelihoods.get(label, FLOOR) for label in labels] for i in places])
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


def _fitted_level(places: NDArray[np.int64], values: Array, consensus: Array) -> tuple[Array, float]:
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
    noise = np.random.default_rng(0).standard_normal((_DRAWS, 1, level.shape[1])) * sigma
    chosen = (level[None] + noise).argmax(axis=2)
    return float((chosen == right[None]).mean())


def _label_rate(archive: Archive, candidate: str, rows: Sequence[str], labels: Sequence[str]) -> float:
    """How often the answer was a label at all, with a weak prior that it is."""
    names = {bare(label) for label in labels}
    answers = [one.answer for one in archive.scores.row(candidate, rows).values()]
    given = sum(answer is not None and bare(answer) in names for answer in answers)
    return (given + 0.9) / (len(answers) + 1)
