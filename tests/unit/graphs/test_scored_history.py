"""The scored history that authors are shown."""

from __future__ import annotations

from maieutic.agents.evidence import history_text
from maieutic.core.candidate import Archive, Candidate, Status
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Prompt
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


def test_one_text_stands_once_for_each_number_of_worked_examples() -> None:
    """Forty sets of examples under one text are no forty prompts, and their scores are not the text's alone."""
    demos = [tuple(Demo(input=f"{n}{k}", output="x") for k in range(2)) for n in range(3)]
    programs = [Program.of("Say it."), *(Program.of(Prompt(instruction="Say it.", demos=shown)) for shown in demos)]
    scores = [0.25, 0.5, 0.75, 0.5]
    archive = Archive(
        [Candidate(id=f"c{n}", program=program, operator="x", status="kept") for n, program in enumerate(programs)],
        [
            Evaluation(candidate=f"c{n}", example="v", split="val", output="", answer="", score=score)
            for n, score in enumerate(scores)
        ],
    )
    assert history_text(scored_history(archive, ["v"])) == (
        "Prompt: Say it.\nScore: 25\nPrompt: Say it.\nScore: 75, with 2 worked examples beside it"
    )
    assert "Score: 75 on 1 input, with 2" in history_text(scored_history(archive, ["v"]), 500)
