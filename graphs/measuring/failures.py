"""Examples that fail: what is data of one example, and when most have failed, so that the run ends.

An example fails alone: its score is 0, with the reason. Two rules end a run, and both look at examples, not at prompts:
a prompt that breaks the application loses the search, it does not end it.

- More than half of the examples tried so far, and at least three, have failed with every prompt that was run on them.
- The endpoint gave up on most requests of one batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ...core.candidate import Archive
from ...core.errors import MaieuticError, ModelError, PluginError, RunFailed, UsageError
from ...core.report import FailedExamples
from ...core.score import Evaluation, Score

MOST_FAILED_RULE = "a run ends where more than half of the examples tried, and at least 3, failed with every prompt"
_FEWEST_FAILURES = 3  # one or two bad rows say nothing of an app or an endpoint
# Each call that hangs takes a plugin's whole time limit, two minutes: after three, waiting for the rest is pointless.
_MOST_HANGS = 3
_REASON_CHARACTERS = 300  # a line of a terminal or two; the log has the event
_REASONS_SHOWN = 3
# What the endpoint may say of one request while it serves others. A wrong key, a missing model and an address that
# nobody answers at hold for every request.
_ONE_REQUEST_KINDS = frozenset({"server", "timeout", "limited", "dropped", "refused"})


def is_example_failure(error: Exception) -> bool:
    """Whether what was raised is data of one example. A spent budget, a stop, a run that lacks something, the store and
    an endpoint that is unusable are not."""
    if isinstance(error, ModelError):
        return getattr(error.__cause__, "kind", "") in _ONE_REQUEST_KINDS
    if isinstance(error, MaieuticError):
        return isinstance(error, PluginError) or type(error) is UsageError
    return not isinstance(error, MemoryError)


def reason_of(error: BaseException) -> str:
    """Type and message in one line; an error of Maieutic's names what failed already."""
    text = error.what if isinstance(error, MaieuticError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:_REASON_CHARACTERS]


def failed_score(error: Exception) -> Score:
    """The score of an example on which an app, a metric or a target raised."""
    reason = reason_of(error)
    return Score(value=0.0, failure="example", reason=reason, feedback=reason)


def failures_text(count: int, total: int, reasons: Mapping[str, int]) -> str:
    """`3 of 24 examples failed: 2 × ValueError: boom; 1 × TimeoutError`."""
    return f"{count} of {total} examples failed: {reasons_text(reasons)}"


def reasons_text(reasons: Mapping[str, int]) -> str:
    """The commonest reasons with their counts, in one line."""
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{count} × {reason}" for reason, count in ordered[:_REASONS_SHOWN]]
    more = len(ordered) - _REASONS_SHOWN
    return "; ".join([*parts, *([f"{more} other reason{'s' if more > 1 else ''}"] if more > 0 else [])])


def count_reasons(evaluations: Iterable[Evaluation]) -> dict[str, int]:
    """Reason → how many examples failed for it, the commonest first."""
    reasons = Counter(evaluation.failure_reason for evaluation in evaluations if evaluation.failure == "example")
    return dict(reasons.most_common())


def failed_examples(evaluations: Sequence[Evaluation]) -> FailedExamples:
    """The examples of one or two prompts that failed for one of them, and why."""
    failed = [evaluation for evaluation in evaluations if evaluation.failure == "example"]
    reasons: dict[str, Evaluation] = {}
    for evaluation in failed:
        reasons.setdefault(evaluation.example, evaluation)
    return FailedExamples(
        count=len(reasons),
        of=len({evaluation.example for evaluation in evaluations}),
        reasons=count_reasons(reasons.values()),
    )


class BatchFailures:
    """The failures of one batch of (candidate, example) pairs, as they come.

    Whether most examples failed is decided as soon as it is certain, whatever the others give, so that the order of
    the answers makes no difference (L6).
    """

    def __init__(self, pairs: Sequence[tuple[str, str]], concurrency: int, archive: Archive | None) -> None:
        """pairs: candidate and example ids. archive: what was measured before, for a search; None for a test."""
        self._archive = archive
        self._pending = Counter(example for _, example in pairs)
        self._total, self._answered, self._hangs = len(pairs), 0, 0
        # As many requests as are sent at once may fail together before the first that fails alone is retried.
        self._enough_unanswered = min(len(pairs), max(_FEWEST_FAILURES, concurrency))
        self._failed: Counter[str] = Counter()
        self._errors: list[Exception] = []
        self._unanswered: list[ModelError] = []
        self._reasons: Counter[str] = Counter()
        self._before: tuple[frozenset[str], frozenset[str]] | None = None

    @property
    def unanswered(self) -> int:
        """Requests on which the endpoint gave up."""
        return len(self._unanswered)

    def add_answer(self) -> None:
        self._answered += 1

    def add_error(self, example: str, error: Exception) -> None:
        """An app, a metric, a target or the endpoint failed on an example. Raises where most examples have failed."""
        if isinstance(error, ModelError):
            self._unanswered.append(error)
            if self.unanswered > self._answered and self.unanswered >= self._enough_unanswered:
                raise self._endpoint_error()
            return
        self._errors.append(error)
        self._hangs += _has_hung(error)
        self.add_failure(example, reason_of(error))

    def add_failure(self, example: str, reason: str) -> None:
        """An example failed for a reason that somebody has caught. Raises where most examples have failed."""
        self._failed[example] += 1
        self._reasons[reason] += 1
        tried, failed = self._tried_and_failed()
        most = 2 * len(failed) > len(tried) and len(failed) >= _FEWEST_FAILURES
        if most or self._hangs >= _MOST_HANGS:
            raise most_failed_error(len(failed), len(tried), self._reasons, self._errors)

    def check_endpoint(self) -> None:
        """After the batch: raises the endpoint's error where it gave up on most of its requests."""
        if 2 * self.unanswered > self._total:
            raise self._endpoint_error()

    def _endpoint_error(self) -> ModelError:
        error = self._unanswered[0]
        done = self.unanswered + self._answered
        count = f"; {self.unanswered} of {done} requests failed" if done > 1 else ""
        copy = ModelError(
            f"{error.what}{count}",
            where=error.where,
            possible=error.possible,
            remedy=error.remedy,
            retryable=error.retryable,
            retry_after=error.retry_after,
        )
        copy.__cause__ = error
        return copy

    def _tried_and_failed(self) -> tuple[Collection[str], Collection[str]]:
        """The examples tried in this run, and those of them that failed with every prompt."""
        if self._before is None:
            scored = list(self._archive.scores) if self._archive is not None else []
            good = frozenset(evaluation.example for evaluation in scored if not _has_raised(evaluation))
            self._before = good, frozenset(evaluation.example for evaluation in scored) - good
        good, bad = self._before
        wholly = {example for example, count in self._failed.items() if count == self._pending[example]}
        failed = (wholly - good) | (bad - self._pending.keys())
        return self._pending.keys() | good | bad, failed


def most_failed_error(count: int, total: int, reasons: Mapping[str, int], errors: Sequence[Any] = ()) -> RunFailed:
    """The error of a run, or of a measurement, whose examples mostly failed; it keeps the place of the first error."""
    first = next((error for error in errors if isinstance(error, MaieuticError)), None)
    kind = PluginError if first is None or isinstance(first, PluginError) else RunFailed
    remedy = "run the app or metric alone on one of these examples, and correct it; maieutic resume goes on"
    return kind(
        f"{failures_text(count, total, reasons)} ({MOST_FAILED_RULE})",
        where=first.where if first else None,
        possible=first.possible if first else (),
        remedy=(first.remedy if first else None) or remedy,
    )


def _has_raised(evaluation: Evaluation) -> bool:
    return any(score.failure == "example" and score.reason for score in evaluation.scores.values())


def _has_hung(error: Exception) -> bool:
    return type(error.__cause__).__name__ == "PluginTimeout"
