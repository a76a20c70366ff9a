"""Two candidates on the examples that both were measured on: flips, differences, duels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.candidate import Candidate
from ...core.dataset import Example
from ...core.identity import seeded_random
from ...core.score import Evaluation
from ...runtime.store import Store
from ..format.text import Line, Tone, fit, one_line, wrap

_FLIP_SIGNS: Mapping[int, tuple[str, Tone]] = {1: ("+", "good"), -1: ("-", "bad"), 0: ("=", "dim")}


@dataclass(frozen=True, kw_only=True)
class ExamplePair:
    """One example with the evaluations of both candidates."""

    example: Example
    a: Evaluation
    b: Evaluation

    @property
    def flip(self) -> int:
        """1 where b is better, -1 where a is, 0 for a tie."""
        return (self.b.score > self.a.score) - (self.b.score < self.a.score)


@dataclass(frozen=True, kw_only=True)
class PairedEvaluations:
    """pairs: the largest flips first."""

    a: Candidate
    b: Candidate
    pairs: tuple[ExamplePair, ...]

    @property
    def wins(self) -> int:
        """Examples on which b is better."""
        return sum(pair.flip > 0 for pair in self.pairs)

    @property
    def losses(self) -> int:
        """Examples on which a is better."""
        return sum(pair.flip < 0 for pair in self.pairs)

    @property
    def mean_scores(self) -> tuple[float, float]:
        size = len(self.pairs) or 1
        return sum(pair.a.score for pair in self.pairs) / size, sum(pair.b.score for pair in self.pairs) / size

    @property
    def differing_pairs(self) -> list[ExamplePair]:
        """Examples with different outputs, in an order that favours neither side."""
        differing = [pair for pair in self.pairs if pair.a.output.strip() != pair.b.output.strip()]
        seeded_random(0, "duels", self.a.id, self.b.id).shuffle(differing)
        return differing

    def is_swapped(self, example_id: str) -> bool:
        """Whether b stands on the left in the duel on an example: random to the eye, the same at every call."""
        return seeded_random(0, "side", self.a.id, self.b.id, example_id).random() < 0.5


def load_paired_evaluations(store: Store, run: str, a: str, b: str) -> PairedEvaluations | None:
    """None where one of them is not in the store. Safe in a thread."""
    first, second = store.candidate(run, a), store.candidate(run, b)
    if first is None or second is None:
        return None
    examples = {example.id: example for split, example in store.examples(run) if split in ("train", "val")}
    evaluations_of_a = {(row.split, row.example): row for row in store.evaluations(run, candidate=a)}
    pairs = [
        ExamplePair(example=examples[row.example], a=evaluations_of_a[row.split, row.example], b=row)
        for row in store.evaluations(run, candidate=b)
        if (row.split, row.example) in evaluations_of_a and row.example in examples
    ]
    return PairedEvaluations(a=first, b=second, pairs=tuple(sorted(pairs, key=lambda pair: -abs(pair.flip))))


def pair_head(width: int) -> Line:
    return ((fit(f"  {'a':>6} {'b':>6}  input", width), "head"),)


def pair_lines(pairs: Sequence[ExamplePair], width: int) -> list[Line]:
    return [_pair_line(pair, width) for pair in pairs]


def _pair_line(pair: ExamplePair, width: int) -> Line:
    sign, tone = _FLIP_SIGNS[pair.flip]
    return (
        (f"{sign} ", tone),
        (f"{_score_text(pair.a):>6} {_score_text(pair.b):>6}  ", "strong"),
        (fit(one_line(pair.example.text), max(4, width - 17)), ""),
    )


def _score_text(evaluation: Evaluation) -> str:
    return "unread" if evaluation.failure else f"{evaluation.score:.2f}"


def answer_lines(evaluation: Evaluation | None, references: Sequence[str], width: int) -> list[Line]:
    """Score and reference, the parsed answer where it is less than the output, the output, feedback."""
    if evaluation is None:
        return []
    reference = fit(one_line(" | ".join(references)), width - 16).rstrip()
    lines: list[Line] = [((f"{evaluation.score:.2f}  ", "strong"), ("reference ", "dim"), (reference, ""))]
    if evaluation.answer is None:
        lines.append((("the answer is unreadable", "warn"),))
    elif evaluation.answer.strip() != evaluation.output.strip():
        lines.append((("parsed ", "dim"), (fit(one_line(evaluation.answer), width - 7).rstrip(), "")))
    lines += [(), *(((text, ""),) for text in wrap(evaluation.output.strip() or "(empty output)", width))]
    if evaluation.feedback:
        lines += [(), *(((text, "accent"),) for text in wrap(evaluation.feedback, width))]
    return lines
