"""Scores of single examples, and the matrix that holds all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .trace import TraceStep

Failure = Literal["format", "example", "no_answer"]


class Score(BaseModel):
    """What one evaluator says of one output.

    Attributes:
        value: In [0, 1], higher is better.
        values: Named parts of the score, in any range.
        feedback: Words for the optimizer models.
        failure: `format` if the answer could not be read, `no_answer` if the model returned no text to read (a refusal,
            a tool call, `content: null`), `example` if this example could not be scored. All come with value 0 and
            are counted apart from a wrong answer.
        reason: What failed, in one line: the type and the message of what an app, a metric or a target raised, or why
            the model stopped without a text. Empty where nothing failed, and where an evaluator only says so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float = Field(ge=0, le=1, allow_inf_nan=False)
    values: Mapping[str, float] = Field(default_factory=dict)
    feedback: str | None = None
    failure: Failure | None = None
    reason: str = ""


class Preference(BaseModel):
    """Which of two outputs is better.

    Attributes:
        margin: In [-1, 1]: positive prefers `a`, negative `b`, 0 is a tie.
        feedback: The reason, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    margin: float = Field(ge=-1, le=1)
    feedback: str | None = None


class Evaluation(BaseModel):
    """One scored run of a candidate on an example.

    Attributes:
        candidate: Candidate id.
        example: Example id.
        split: The split of the example.
        output: The text that the target returned.
        answer: What the answer contract read from it; None if it could not be read.
        score: The weighted mean of the scores, in [0, 1].
        scores: Evaluator name → its score.
        likelihoods: Label → log-probability (nats) that the answer begins with it. Empty unless the target returns
            log-probabilities and answers are labels.
        trajectory: The `prompt`, `input` and `output` of each step, if several prompts made the output.
        trace: Everything that the target did, tool calls included, where it tells.
        step: The number of the graph's step that measured it.
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
    trace: tuple[TraceStep, ...] = ()
    step: int = 0

    @property
    def failure(self) -> Failure | None:
        return next((score.failure for score in self.scores.values() if score.failure), None)

    @property
    def failure_reason(self) -> str:
        """Why the example failed, in one line; empty where it did not fail."""
        failed = [score for score in self.scores.values() if score.failure]
        text = next((score.reason or score.feedback for score in failed if score.reason or score.feedback), None)
        return " ".join((text or "no reason was given").split()) if failed else ""

    @property
    def feedback(self) -> str:
        return "\n".join(score.feedback for score in self.scores.values() if score.feedback)


class Response(BaseModel):
    """One run of a candidate on an example that nothing scores. Its output can only be compared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidate: str
    example: str
    split: Literal["train", "val", "test", "target"]
    output: str
    answer: str | None
    step: int = 0


class ScoreMatrix:
    """Sparse matrix of evaluations by (candidate, example). Means, paired differences and fronts are computed from it.

    Candidates and examples are given by id. `examples` restricts a method to some of them; None means all.
    """

    def __init__(self, evaluations: Iterable[Evaluation] = ()) -> None:
        self._rows: dict[str, dict[str, Evaluation]] = {}
        for evaluation in evaluations:
            self.add(evaluation)

    def add(self, evaluation: Evaluation) -> None:
        """Add an evaluation. It replaces an earlier one of the same candidate and example."""
        self._rows.setdefault(evaluation.candidate, {})[evaluation.example] = evaluation

    def __iter__(self) -> Iterator[Evaluation]:
        for row in self._rows.values():
            yield from row.values()

    def __len__(self) -> int:
        return sum(len(row) for row in self._rows.values())

    def get(self, candidate: str, example: str) -> Evaluation | None:
        """Return one evaluation, or None if it was not measured."""
        return self._rows.get(candidate, {}).get(example)

    def row(self, candidate: str, examples: Sequence[str] | None = None) -> dict[str, Evaluation]:
        """Return example id → evaluation of one candidate, in the order of `examples`."""
        evaluations = self._rows.get(candidate, {})
        if examples is None:
            return dict(evaluations)
        return {example: evaluations[example] for example in examples if example in evaluations}

    def mean(self, candidate: str, examples: Sequence[str] | None = None) -> float | None:
        """Return the mean score in [0, 1], or None if nothing was measured."""
        row = self.row(candidate, examples)
        return sum(evaluation.score for evaluation in row.values()) / len(row) if row else None

    def count(self, candidate: str, examples: Sequence[str] | None = None) -> int:
        """Return the number of measured examples."""
        return len(self.row(candidate, examples))

    def paired(self, first: str, second: str, examples: Sequence[str] | None = None) -> list[float]:
        """Return score(first) - score(second), in [-1, 1], for every example that both were measured on."""
        others = self.row(second, examples)
        return [
            evaluation.score - others[example].score
            for example, evaluation in self.row(first, examples).items()
            if example in others
        ]

    def front(self, candidates: Sequence[str], examples: Sequence[str]) -> dict[str, list[str]]:
        """Return example id → the candidates with the best score on it. Examples without a score are left out."""
        best: dict[str, list[str]] = {}
        for example in examples:
            scores = {
                candidate: evaluation.score
                for candidate in candidates
                if (evaluation := self.get(candidate, example)) is not None
            }
            if scores:
                top = max(scores.values())
                best[example] = [candidate for candidate, score in scores.items() if score == top]
        return best
