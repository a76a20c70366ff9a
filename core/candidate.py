"""Candidates, and the archive that holds all of them with their evaluations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from types import MappingProxyType
from typing import Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict

from .program import Program
from .score import Evaluation, ReadOnlyScores, Response, ScoreMatrix

Status = Literal["proposed", "rejected", "racing", "kept", "dropped", "pinned", "vetoed"]


class Candidate(BaseModel):
    """A program in a run: who made it from which parents, why, and when.

    Attributes:
        id: Unique within the run.
        program: The prompts.
        parents: Ids of the candidates that it was made from.
        operator: The name of the operator that made it.
        rationale: Why it was made.
        status: `proposed`, then `rejected` (by a guard) or `racing`, then `kept` or `dropped`. A person may pin or veto
            it.
        reason: Why it was rejected or dropped.
        round: The round that it was made in.
        step: The step of the graph that made it.
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
    """All candidates and all results up to one step. Append-only; candidates keep the order in which they came.

    Attributes:
        candidates: Id → candidate.
        scores: The evaluations.
        responses: (candidate, example) → output that nothing scores. It is in no mean and no comparison of scores.
    """

    def __init__(
        self,
        candidates: Iterable[Candidate] = (),
        evaluations: Iterable[Evaluation] = (),
        responses: Iterable[Response] = (),
    ) -> None:
        self.candidates: dict[str, Candidate] = {candidate.id: candidate for candidate in candidates}
        self.scores = ScoreMatrix(evaluations)
        self.responses: dict[tuple[str, str], Response] = {
            (response.candidate, response.example): response for response in responses
        }
        self._root = ""

    @property
    def read_only(self) -> Archive:
        """The same archive, which follows this one and takes nothing itself: what strategies and allocators get."""
        return ReadOnlyArchive(self)

    def add(self, candidate: Candidate) -> None:
        self.candidates[candidate.id] = candidate

    def add_results(self, results: Iterable[Evaluation | Response]) -> None:
        for result in results:
            if isinstance(result, Response):
                self.responses[result.candidate, result.example] = result
            else:
                self.scores.add(result)

    def result_of(self, candidate: str, example: str) -> Evaluation | Response | None:
        """Return a candidate's result on an example, scored or not; None if it was never run on it."""
        return self.scores.get(candidate, example) or self.responses.get((candidate, example))

    def __getitem__(self, candidate: str) -> Candidate:
        return self.candidates[candidate]

    def __contains__(self, candidate: str) -> bool:
        return candidate in self.candidates

    @property
    def baseline(self) -> Candidate:
        """The prompt as the user wrote it; in a later pass of a search the one that the pass began with."""
        return self.candidates[self._root] if self._root else next(iter(self.candidates.values()))

    def rooted_at(self, candidate: str) -> Archive:
        """The same archive, shared, with another candidate as its baseline."""
        view = copy(self)
        vars(view)["_root"] = candidate
        return view

    def with_status(self, *statuses: Status) -> list[Candidate]:
        return [candidate for candidate in self.candidates.values() if candidate.status in statuses]

    @property
    def alive(self) -> list[Candidate]:
        """All candidates that may still win: neither rejected nor dropped nor vetoed."""
        return self.with_status("proposed", "racing", "kept", "pinned")

    def ranked(self, candidates: Sequence[Candidate], examples: Sequence[str]) -> list[Candidate]:
        """Sort by mean score on the examples, best first; unmeasured ones last, ties by age."""

        def score(candidate: Candidate) -> float:
            mean = self.scores.mean(candidate.id, examples)
            return mean if mean is not None else -1.0

        return sorted(candidates, key=score, reverse=True)

    # Former names, for existing plugins.
    start = baseline
    seen = result_of
    learn = add_results


class ReadOnlyArchive(Archive):
    """An archive as a plugin sees it. A plugin decides by what it returns, and changes no facts."""

    def __init__(self, archive: Archive) -> None:
        vars(self).update(
            scores=ReadOnlyScores(archive.scores),
            candidates=MappingProxyType(archive.candidates),
            responses=MappingProxyType(archive.responses),
            _root=archive._root,
        )

    def __setattr__(self, name: str, value: Any) -> None:
        self._refuse(value)

    def _refuse(self, fact: object) -> NoReturn:
        raise TypeError("the archive belongs to the run: a plugin decides by what it returns, and changes no facts")

    def add(self, candidate: Candidate) -> None:
        self._refuse(candidate)

    def add_results(self, results: Iterable[Evaluation | Response]) -> None:
        self._refuse(results)

    learn = add_results


def descendants(parents: Mapping[str, Iterable[str]], candidate: str) -> list[str]:
    """Ids of all that come from a candidate. `parents` maps id → parents, parents first; the result is in its order."""
    branch = {candidate}
    for name, names in parents.items():
        if not branch.isdisjoint(names):
            branch.add(name)
    return [name for name in parents if name in branch and name != candidate]
