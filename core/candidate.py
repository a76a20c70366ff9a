"""Candidates, and the archive that remembers all of them with their evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .program import Program
from .score import Evaluation, Response, ScoreMatrix

Status = Literal["proposed", "rejected", "racing", "kept", "dropped", "pinned", "vetoed"]


class Candidate(BaseModel):
    """A program in a run: who made it from whom, why, and when.

    status: proposed → rejected (by a guard) | racing → kept | dropped; a person may pin or veto it.
    reason: why it was rejected or dropped. step: the step of the state machine that made it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    program: Program
    parents: tuple[str, ...] = ()
    operator: str
    rationale: str = ""
    status: Status = "proposed"
    reason: str = ""
    round: int = 0
    step: int = 0


class Archive:
    """Append-only: what was tried and what was seen, up to one step. Candidates keep the order they came in.

    responses: what was said where nothing scores it; such rows are in no mean and in no comparison of scores.
    """

    def __init__(
        self,
        candidates: Iterable[Candidate] = (),
        evaluations: Iterable[Evaluation] = (),
        responses: Iterable[Response] = (),
    ) -> None:
        self.candidates: dict[str, Candidate] = {candidate.id: candidate for candidate in candidates}
        self.scores = ScoreMatrix(evaluations)
        self.responses: dict[tuple[str, str], Response] = {(one.candidate, one.example): one for one in responses}

    def add(self, candidate: Candidate) -> None:
        self.candidates[candidate.id] = candidate

    def add_results(self, facts: Iterable[Evaluation | Response]) -> None:
        for fact in facts:
            if isinstance(fact, Response):
                self.responses[fact.candidate, fact.example] = fact
            else:
                self.scores.add(fact)

    def result_of(self, candidate: str, example: str) -> Evaluation | Response | None:
        """What a candidate gave on an example, scored or not; None where it was never run on it."""
        return self.scores.get(candidate, example) or self.responses.get((candidate, example))

    def __getitem__(self, candidate: str) -> Candidate:
        return self.candidates[candidate]

    def __contains__(self, candidate: str) -> bool:
        return candidate in self.candidates

    @property
    def baseline(self) -> Candidate:
        """The prompt as the user wrote it."""
        return next(iter(self.candidates.values()))

    def with_status(self, *statuses: Status) -> list[Candidate]:
        return [candidate for candidate in self.candidates.values() if candidate.status in statuses]

    @property
    def alive(self) -> list[Candidate]:
        """All that may still win: everything but rejected, dropped and vetoed."""
        return self.with_status("proposed", "racing", "kept", "pinned")

    def ranked(self, candidates: Sequence[Candidate], examples: Sequence[str]) -> list[Candidate]:
        """By mean score on the examples, best first; unmeasured last, ties by age."""
        mean = self.scores.mean
        return sorted(candidates, key=lambda one: -(m if (m := mean(one.id, examples)) is not None else -1.0))
