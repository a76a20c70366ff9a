"""The scored history that authors are shown."""

from __future__ import annotations

from maieutic.core.candidate import Archive, Candidate, Status
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.graphs.scored_history import scored_history


def test_what_a_person_took_out_is_no_example_and_what_was_dropped_still_is() -> None:
    told: list[tuple[str, Status, float]] = [("start", "kept", 0.5), ("vetoed", "vetoed", 1.0), ("worse", "dropped", 0)]
    archive = Archive(
        [Candidate(id=name, program=Program.of(name), operator="x", status=status) for name, status, _ in told],
        [
            Evaluation(candidate=name, example="v", split="val", output="", answer="", score=score)
            for name, _, score in told
        ],
    )
    assert [(past.prompt, past.score) for past in scored_history(archive, ["v"])] == [("worse", 0.0), ("start", 0.5)]
