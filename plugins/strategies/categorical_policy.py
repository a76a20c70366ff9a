"""Categorical distributions over phrases, learned without labels (unsupervised prompt learning, arXiv 2410.03124)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import numpy as np
from numpy.typing import NDArray

from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ...core.words import count_unspaced, is_unspaced, word_units
from ..algorithms.pseudo_labels import PseudoLabels, label_loss
from ..algorithms.selection import EXCLUDED, human_candidates, measured_ids
from ..operators.components import components_of
from ..operators.phrase_prefix import with_phrase_prefix

_AUTHOR, _LABELS = "prefix", "relabel"
# Nine of ten samples repeat the mode; another round would measure nothing new.
_SETTLED_PROBABILITY = 0.9
# A sample costs its val and train examples, about 40 runs in a usual budget.
_CALLS_PER_SAMPLE = 40
# The variance-reduced gradient compares samples with their mean.
_MIN_SAMPLES = 2
_WORD = re.compile(r"[^\W\d_]{4,}")
# Losses that differ by less are noise; dividing by their spread would amplify it.
_MIN_LOSS_SPREAD = 0.05
# Logits are stored as JSON; rounding keeps them equal after a reload.
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
        return tuple(int(index) for index in self.probabilities.argmax(axis=1))

    @property
    def mode_probability(self) -> float:
        """The probability that a sample is the mode."""
        return float(self.probabilities.max(axis=1).prod())

    def sample(self, count: int, rng: Random) -> list[SlotChoice]:
        tables = self.probabilities.tolist()
        return [tuple(rng.choices(range(len(table)), table)[0] for table in tables) for _ in range(count)]

    def gradient_step(self, samples: Sequence[SlotChoice], losses: Sequence[float], rate: float) -> CategoricalPolicy:
        """One step down the expected loss, estimated from samples of this policy and their losses.

        The mean loss of the samples is the baseline that reduces the variance, and their spread is the unit, so that
        the rate means the same for any loss. Fewer than two samples change nothing.
        """
        if len(samples) < 2:
            return self
        loss_values = np.asarray(losses, dtype=np.float64)
        advantage = (loss_values - loss_values.mean()) / max(float(loss_values.std()), _MIN_LOSS_SPREAD)
        share = self.probabilities
        gradient = np.zeros_like(share)
        for choice, weight in zip(samples, advantage, strict=True):
            hit = np.zeros_like(share)
            hit[np.arange(len(choice)), list(choice)] = 1.0
            gradient += weight * (hit - share)
        moved = np.asarray(self.logits, dtype=np.float64) - rate * gradient / (len(samples) - 1)
        return CategoricalPolicy(np.round(moved, _DIGITS).tolist())


def _words_and_pairs(text: str) -> list[str]:
    """The words of a text; of scripts without spaces each two neighbours, which is about a word."""
    pairs = ["".join(pair) for pair in pairwise(word_units(text)) if all(map(is_unspaced, pair))]
    return [*(word for word in _WORD.findall(text.casefold()) if not count_unspaced(word)), *pairs]


def typical_words(texts: Sequence[str], count: int) -> list[str]:
    """The `count` words of highest weight (frequency times rarity) that occur in several texts but not in most."""
    if not count:
        return []
    document_counts = Counter(word for text in texts for word in dict.fromkeys(_words_and_pairs(text)))
    weights = {word: many * math.log(len(texts) / many) for word, many in document_counts.items() if many > 1}
    return sorted(weights, key=lambda word: (-weights[word], word))[:count]


@dataclass(kw_only=True)
class CategoricalSearch:
    """Samples prompts from a policy and improves it by a policy gradient on pseudo-labels.

    In each of `slots` positions in front of the baseline a sampled prompt has a phrase, or none. What the baseline and
    the last round's prompts agree on labels the examples; the most confident of them train the policy by a
    variance-reduced policy gradient, and some of train become the demos of the next round's prompts. Labels and prompts
    are revised in turn. No reference is read.

    A prompt's value is how often its own answer is what the others agree on, on the most confident val examples. Where
    all of these have one label, or each one of its own, there is nothing to learn: no step is made, and the baseline
    wins.

    Args:
        slots: Phrases in front of the instruction.
        size: Phrases to choose from, sampled from the corpus.
        words: Typical words of the inputs, instead or in addition.
        categories: Categories of the corpus.
        draws: Prompts per round, fewer in a small budget; from the second round the most likely one in addition.
        demos: Demos at most.
        share: Share of each label's examples that is trusted.
        rate: Step size.
        patience: Rounds without a better prompt that end the search, as does a policy that samples its most likely
            prompt with a probability of 0.9.
    """

    name = "categorical"
    needs = NEEDS_NOTHING
    requires = frozenset({_AUTHOR})

    slots: Count = 2
    size: int = 12
    words: int = 0
    categories: Sequence[str] = ("advice", "focus", "format")
    draws: Count = 4
    demos: int = 4
    share: float = 0.6
    rate: float = 1.0
    patience: int = 4

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory, start = search.memory, search.archive.baseline.id
        policy, phrases = self._policy(search), memory["vocabulary"]
        count = max(_MIN_SAMPLES, min(self.draws, search.total_runs // _CALLS_PER_SAMPLE))
        count = min(count, search.remaining_runs // max(1, search.archive.scores.count(start)))
        if (
            count < _MIN_SAMPLES
            or memory.get("idle", 0) >= self.patience
            or policy.mode_probability > _SETTLED_PROBABILITY
        ):
            return []
        samples = policy.sample(count, search.rng("draws"))
        labels = self._labels(search)
        memory["demos"] = labels.label_demos(self.demos)
        memory["drawn"] = [list(choice) for choice in samples]
        memory["round"] = [*memory["drawn"], *([list(policy.mode)] if search.round > 1 else [])]
        options = {"phrases": [[phrases[at] for at in choice] for choice in memory["round"]], "demos": memory["demos"]}
        orders = [WorkOrder(operator=_AUTHOR, parents=(start,), options=options, count=len(memory["round"]))]
        if _LABELS in search.operators and (revised := labels.revised_labels()):
            orders.insert(0, WorkOrder(operator=_LABELS, parents=(start,), options={"labels": revised}))
        return orders

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        start, candidates = search.archive.baseline.id, self._candidates_in_batch(search, "round").values()
        return list(dict.fromkeys([start, *human_candidates(search), *candidates, *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory = search.memory
        measured = measured_ids(search, pool)
        if measured:
            memory["voters"] = measured
        sure = self._labels(search).sure
        losses = {
            index: label_loss(evaluations.values(), [sure[row].label for row in evaluations])
            for index, name in self._candidates_in_batch(search, "drawn").items()
            if (evaluations := search.archive.scores.row(name, list(sure)))
        }
        if sure and losses:
            samples: list[SlotChoice] = [tuple(memory["drawn"][index]) for index in losses]
            memory["logits"] = list(
                self._policy(search).gradient_step(samples, list(losses.values()), self.rate).logits
            )
        best = self.final(search)
        memory["idle"] = 0 if best != memory.get("best") else memory.get("idle", 0) + 1
        memory["best"] = best
        agreed = Counter(belief.label for belief in sure.values())
        search.remarks["agreed"] = dict(sorted(agreed.items()))
        search.remarks["settled"] = round(self._policy(search).mode_probability, 4)
        counts = ", ".join(f"{label} {rows}" for label, rows in sorted(agreed.items()))
        search.remarks["said"] = f"pseudo-labels: {counts}" if sure else "no shared labels: nothing to learn"
        return dict.fromkeys(measured, "keep")

    def final(self, search: Search) -> str:
        """The highest agreement with the others on the trusted val examples, then likelihood, then age."""
        labels, start = self._labels(search), search.archive.baseline.id
        if not labels.sure:
            return start
        worth = {candidate.id: labels.agreement_score(candidate.id) for candidate in search.archive.alive}
        return max(worth, key=lambda name: (worth[name], name == start), default=start)

    def _policy(self, search: Search) -> CategoricalPolicy:
        memory = search.memory
        if "vocabulary" not in memory:
            corpus = components_of(self.categories) if self.size else ()
            sample = search.rng("vocabulary").sample(corpus, min(self.size, len(corpus)))
            inputs = [search.examples[row].text for row in (*search.train, *search.val)]
            memory["vocabulary"] = ["", *sample, *typical_words(inputs, self.words)]
            memory["logits"] = list(CategoricalPolicy.uniform(self.slots, len(memory["vocabulary"])).logits)
        return CategoricalPolicy(memory["logits"])

    def _candidates_in_batch(self, search: Search, batch: str) -> dict[int, str]:
        """Position in the batch → the candidate that is this prompt, if it exists; each candidate once."""
        memory, ids_by_program = (
            search.memory,
            {candidate.program.id: candidate.id for candidate in search.archive.candidates.values()},
        )
        start, candidates = search.archive.baseline.program, dict[int, str]()
        for index, choice in enumerate(memory.get(batch, ())):
            phrases = [memory["vocabulary"][at] for at in choice]
            name = ids_by_program.get(with_phrase_prefix(start, phrases, memory["demos"], search.examples).id)
            if name is not None and search.archive[name].status not in EXCLUDED:
                candidates[index] = name
        return candidates

    def _labels(self, search: Search) -> PseudoLabels:
        return PseudoLabels(search, search.memory.get("voters", ()), self.share)
