"""Scores of single examples, and the matrix that keeps every one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Failure = Literal["format", "example"]


class Score(BaseModel):
    """What one evaluator says of one output.

    value: in [0, 1], higher is better. values: named parts of it, any range. feedback: in words, for agents.
    failure: `format` where the answer could not be read, `example` where this row could not be scored;
    both come with value 0 and are counted apart from a wrong answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float = Field(ge=0, le=1, allow_inf_nan=False)
    values: Mapping[str, float] = Field(default_factory=dict)
    feedback: str | None = None
    failure: Failure | None = None


class Preference(BaseModel):
    """Which of two outputs is better. `margin` in [-1, 1]: positive prefers `a`, negative `b`, 0 is a tie."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    margin: float = Field(ge=-1, le=1)
    feedback: str | None = None


class Evaluation(BaseModel):
    """One paid-for fact: a candidate ran on an example and was scored.

    score: the weighted scalar in [0, 1]. scores: evaluator name → Score. likelihoods: label → the log-probability
    (nats) that the answer begins with it, where the target shows likelihoods and answers are labels; else empty.
    trajectory: where several prompts made the output, each step's `prompt`, `input` and `output`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidate: str
    example: str
    split: Literal["train", "val", "test", "target"]
    output: str
    answer: str | None
    score: float = Field(ge=0, le=1)
    scores: Mapping[str, Score] = Field(default_factory=dict)
    likelihoods: Mapping[str, float] = Field(default_factory=dict)
    trajectory: tuple[Mapping[str, str], ...] = ()
    step: int = 0

    @property
    def failure(self) -> Failure | None:
        return next((score.failure for score in self.scores.values() if score.failure), None)

    @property
    def feedback(self) -> str:
        return "\n".join(score.feedback for score in self.scores.values() if score.feedback)


class Response(BaseModel):
    """One paid-for fact of a task that nothing scores: what a candidate said on an example. It can be compared only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidate: str
    example: str
    split: Literal["train", "val", "test", "target"]
    output: str
    answer: str | None
    step: int = 0


class ScoreMatrix:
    """Sparse (candidate, example) → Evaluation. Means, paired differences and fronts are views of it."""

    def __init__(self, evaluations: Iterable[Evaluation] = ()) -> None:
        self._rows: dict[str, dict[str, Evaluation]] = {}
        for evaluation in evaluations:
            self.add(evaluation)

    def add(self, evaluation: Evaluation) -> None:
        self._rows.setdefault(evaluation.candidate, {})[evaluation.example] = evaluation

    def __iter__(self) -> Iterator[Evaluation]:
        for row in self._rows.values():
            yield from row.values()

    def __len__(self) -> int:
        return sum(len(row) for row in self._rows.values())

    def get(self, candidate: str, example: str) -> Evaluation | None:
        return self._rows.get(candidate, {}).get(example)

    def row(self, candidate: str, examples: Sequence[str] | None = None) -> dict[str, Evaluation]:
        """What is known of a candidate, on all examples or on some; in the order of `examples`."""
        known = self._rows.get(candidate, {})
        if examples is None:
            return dict(known)
        return {example: known[example] for example in examples if example in known}

    def mean(self, candidate: str, examples: Sequence[str] | None = None) -> float | None:
        """The mean score, or None where nothing was measured."""
        row = self.row(candidate, examples)
        return sum(one.score for one in row.values()) / len(row) if row else None

    def count(self, candidate: str, examples: Sequence[str] | None = None) -> int:
        return len(self.row(candidate, examples))

    def paired(self, first: str, second: str, examples: Sequence[str] | None = None) -> list[float]:
        """score(first) - score(second) on every example that both have, in [-1, 1]."""
        theirs = self.row(second, examples)
        return [one.score - theirs[key].score for key, one in self.row(first, examples).items() if key in theirs]

    def front(self, candidates: Sequence[str], examples: Sequence[str]) -> dict[str, list[str]]:
        """Example → the candidates that no other candidate beats on it; examples nobody ran are left out."""
        best: dict[str, list[str]] = {}
        for example in examples:
            known = {c: one.score for c in candidates if (one := self.get(c, example))}
            if known:
                top = max(known.values())
                best[example] = [c for c, score in known.items() if score == top]
        return best
