"""Two candidates on the rows that both were measured on: flips, differences, duels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.candidate import Candidate
from ...core.dataset import Example
from ...core.identity import seeded_random
from ...core.score import Evaluation
from ...runtime.store import Store
from ..format.text import Line, Tone, fit, one_line, wrap


@dataclass(frozen=True, kw_only=True)
class ExamplePair:
    """One row with what both said of it."""

    example: Example
    a: Evaluation
    b: Evaluation

    @property
    def flip(self) -> int:
        """1 where b did better, -1 where a did, 0 where both did the same."""
        return (self.b.score > self.a.score) - (self.b.score < self.a.score)


@dataclass(frozen=True, kw_only=True)
class PairedEvaluations:
    a: Candidate
    b: Candidate
    matches: tuple[ExamplePair, ...]

    @property
    def wins(self) -> int:
        return sum(one.flip > 0 for one in self.matches)

    @property
    def losses(self) -> int:
        return sum(one.flip < 0 for one in self.matches)

    @property
    def mean_scores(self) -> tuple[float, float]:
        size = len(self.matches) or 1
        return sum(one.a.score for one in self.matches) / size, sum(one.b.score for one in self.matches) / size

    @property
    def differing_pairs(self) -> list[ExamplePair]:
        """Rows on which the two said different things, in an order that neither side chose."""
        differ = [one for one in self.matches if one.a.output.strip() != one.b.output.strip()]
        seeded_random(0, "duels", self.a.id, self.b.id).shuffle(differ)
        return differ

    def is_swapped(self, example: str) -> bool:
        """Whether b stands on the left in the duel on a row: blind, and the same whenever it is asked."""
        return seeded_random(0, "side", self.a.id, self.b.id, example).random() < 0.5


def load_paired_evaluations(store: Store, run: str, a: str, b: str) -> PairedEvaluations | None:
    """None where one of them is not in the store. Safe in a thread."""
    first, second = store.candidate(run, a), store.candidate(run, b)
    if first is None or second is None:
        return None
    rows: Mapping[str, Example] = {row.id: row for split, row in store.examples(run) if split in ("train", "val")}
    mine = {(one.split, one.example): one for one in store.evaluations(run, candidate=a)}
    matches = [
        ExamplePair(example=rows[one.example], a=mine[one.split, one.example], b=one)
        for one in store.evaluations(run, candidate=b)
        if (one.split, one.example) in mine and one.example in rows
    ]
    return PairedEvaluations(a=first, b=second, matches=tuple(sorted(matches, key=lambda one: -abs(one.flip))))


def pair_head(width: int) -> Line:
    return ((fit(f"  {'a':>6} {'b':>6}  input", width), "head"),)


def pair_lines(matches: Sequence[ExamplePair], width: int) -> list[Line]:
    return [_pair_line(one, width) for one in matches]


def _pair_line(one: ExamplePair, width: int) -> Line:
    sign = {1: "+", -1: "-", 0: "="}[one.flip]
    tone: Tone = {1: "good", -1: "bad", 0: "dim"}[one.flip]  # type: ignore[assignment]
    return (
        (f"{sign} ", tone),
        (f"{_score_text(one.a):>6} {_score_text(one.b):>6}  ", "strong"),
        (fit(one_line(one.example.text), max(4, width - 17)), ""),
    )


def _score_text(one: Evaluation) -> str:
    return "unread" if one.failure else f"{one.score:.2f}"


def answer_lines(one: Evaluation | None, wanted: Sequence[str], width: int) -> list[Line]:
    """What one side got, what was wanted, what was read of its answer where that is less, what it said, feedback."""
    if one is None:
        return []
    told = fit(one_line(" | ".join(wanted)), width - 13).rstrip()
    lines: list[Line] = [((f"{one.score:.2f}  ", "strong"), ("wanted ", "dim"), (told, ""))]
    if one.answer is None:
        lines.append((("it could not be read", "warn"),))
    elif one.answer.strip() != one.output.strip():
        lines.append((("read as ", "dim"), (fit(one_line(one.answer), width - 8).rstrip(), "")))
    lines += [(), *(((text, ""),) for text in wrap(one.output.strip() or "(nothing)", width))]
    if one.feedback:
        lines += [(), *(((text, "accent"),) for text in wrap(one.feedback, width))]
    return lines
