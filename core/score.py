"""Scores of single examples, and the matrix that holds all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from .exact_sums import ScoreSums
from .frozen import FrozenDict, FrozenMapping
from .trace import TraceStep

# Val, and the examples of one screening before it.
_TRACKED_SETS = 2
# An allocator and a strategy ask for the same estimates of the same archive.
_VERSION_KEYS = 8
T = TypeVar("T")
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
    values: FrozenMapping[str, float] = Field(default_factory=FrozenDict)
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
    scores: FrozenMapping[str, Score] = Field(default_factory=FrozenDict)
    likelihoods: FrozenMapping[str, float] = Field(default_factory=FrozenDict)
    trajectory: tuple[FrozenMapping[str, str], ...] = ()
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

    Candidates and examples are given by id. `examples` restricts a method to some of them; None means all. What is
    asked for again and again, such as all of val, is tracked: its counts and means are kept up to date instead of
    being summed anew.

    Attributes:
        version: Grows with each evaluation; what was computed from the matrix is valid for one version.
        has_likelihoods: Whether any evaluation has come with the log-probabilities of labels.
    """

    def __init__(self, evaluations: Iterable[Evaluation] = ()) -> None:
        self.version = 0
        self.has_likelihoods = False
        self._rows: dict[str, dict[str, Evaluation]] = {}
        self._tracked: list[ScoreSums] = []
        self._memos: dict[str, dict[Hashable, Any]] = {}
        self._version_memo: tuple[int, dict[Hashable, Any]] = (0, {})
        self._size = 0
        for evaluation in evaluations:
            self.add(evaluation)

    def add(self, evaluation: Evaluation) -> None:
        """Add an evaluation. It replaces an earlier one of the same candidate and example."""
        row = self._rows.setdefault(evaluation.candidate, {})
        replaced = row.get(evaluation.example)
        row[evaluation.example] = evaluation
        self._size += replaced is None
        self.version += 1
        self.has_likelihoods = self.has_likelihoods or bool(evaluation.likelihoods)
        self._memos.pop(evaluation.candidate, None)
        for sums in self._tracked:
            sums.add(evaluation, replaced)

    def track(self, examples: Sequence[str]) -> None:
        """Keep counts and means of these examples up to date. Of several sets, the last few are tracked."""
        if self._sums_of(examples) is None:
            self._tracked = [ScoreSums(examples, self), *self._tracked][:_TRACKED_SETS]

    def memo(self, candidate: str, key: Hashable, compute: Callable[[], T]) -> T:
        """What was computed from one candidate's evaluations, until it gets another one.

        key: names the computation and all else that it depends on.
        """
        values = self._memos.setdefault(candidate, {})
        if key not in values:
            values[key] = compute()
        result: T = values[key]
        return result

    def memo_of_version(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What was computed from all evaluations, until there is another one. The last few keys are held."""
        if self._version_memo[0] != self.version:
            self._version_memo = (self.version, {})
        values = self._version_memo[1]
        if key not in values:
            if len(values) >= _VERSION_KEYS:
                del values[next(iter(values))]
            values[key] = compute()
        result: T = values[key]
        return result

    def tracking_key(self, examples: Sequence[str]) -> Hashable:
        """Stands for a set of examples in the key of a memo; costs nothing where they are tracked."""
        return self._sums_of(examples) or tuple(examples)

    def _sums_of(self, examples: Sequence[str] | None) -> ScoreSums | None:
        if examples is None:
            return None
        return next((sums for sums in self._tracked if sums.covers(examples)), None)

    def __iter__(self) -> Iterator[Evaluation]:
        for row in self._rows.values():
            yield from row.values()

    def __len__(self) -> int:
        return self._size

    def get(self, candidate: str, example: str) -> Evaluation | None:
        """Return one evaluation, or None if it was not measured."""
        row = self._rows.get(candidate)
        return None if row is None else row.get(example)

    def row(self, candidate: str, examples: Sequence[str] | None = None) -> dict[str, Evaluation]:
        """Return example id → evaluation of one candidate, in the order of `examples`."""
        evaluations = self._rows.get(candidate, {})
        if examples is None:
            return dict(evaluations)
        sums = self._sums_of(examples)
        if sums is not None and len(evaluations) < len(examples):
            positions = sums.positions
            measured = sorted((example for example in evaluations if example in positions), key=positions.__getitem__)
            return {example: evaluations[example] for example in measured}
        return {example: evaluations[example] for example in examples if example in evaluations}

    def mean(self, candidate: str, examples: Sequence[str] | None = None) -> float | None:
        """Return the mean score in [0, 1], or None if nothing was measured."""
        if (sums := self._sums_of(examples)) is not None:
            return sums.mean(candidate)
        evaluations = self._rows.get(candidate, {})
        measured = evaluations if examples is None else [example for example in examples if example in evaluations]
        return math.fsum(evaluations[example].score for example in measured) / len(measured) if measured else None

    def count(self, candidate: str, examples: Sequence[str] | None = None) -> int:
        """Return the number of measured examples."""
        if (sums := self._sums_of(examples)) is not None:
            return sums.count(candidate)
        evaluations = self._rows.get(candidate, {})
        return len(evaluations) if examples is None else sum(example in evaluations for example in examples)

    def paired(self, first: str, second: str, examples: Sequence[str] | None = None) -> list[float]:
        """Return score(first) - score(second), in [-1, 1], for every example that both were measured on."""
        others = self._rows.get(second, {})
        return [
            evaluation.score - others[example].score
            for example, evaluation in self.row(first, examples).items()
            if example in others
        ]

    def front(self, candidates: Sequence[str], examples: Sequence[str]) -> dict[str, list[str]]:
        """Return example id → the candidates with the best score on it. Examples without a score are left out."""
        best: dict[str, tuple[float, list[str]]] = {}
        for candidate in candidates:
            for example, evaluation in self.row(candidate, examples).items():
                score, leaders = best.get(example, (-1.0, []))
                if evaluation.score > score:
                    best[example] = (evaluation.score, [candidate])
                elif evaluation.score == score:
                    leaders.append(candidate)
        return {example: best[example][1] for example in examples if example in best}


class ReadOnlyScores(ScoreMatrix):
    """The same evaluations, seen through an object that takes no new ones."""

    def __init__(self, scores: ScoreMatrix) -> None:
        self._scores = scores

    @property
    def version(self) -> int:  # type: ignore[override]
        return self._scores.version

    @property
    def has_likelihoods(self) -> bool:  # type: ignore[override]
        return self._scores.has_likelihoods

    @property
    def _rows(self) -> dict[str, dict[str, Evaluation]]:  # type: ignore[override]
        return self._scores._rows

    @property
    def _tracked(self) -> list[ScoreSums]:  # type: ignore[override]
        return self._scores._tracked

    @property
    def _memos(self) -> dict[str, dict[Hashable, Any]]:  # type: ignore[override]
        return self._scores._memos

    @property
    def _size(self) -> int:  # type: ignore[override]
        return self._scores._size

    def memo_of_version(self, key: Hashable, compute: Callable[[], T]) -> T:
        return self._scores.memo_of_version(key, compute)

    def add(self, evaluation: Evaluation) -> None:
        raise TypeError("the archive belongs to the run: a plugin returns what is to be measured, and adds no scores")

    def track(self, examples: Sequence[str]) -> None:
        self._scores.track(examples)
