"""From measurements to a report: the claim, its parts and its caveats."""

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Cost, LedgerView
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Dataset, Example
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.render import program_text
from maieutic.core.report import Report
from maieutic.core.score import Evaluation, Score
from maieutic.core.task import Task
from maieutic.runtime.reports.report_builder import ReportMeasurements, build_report

START = Candidate(id="c-start", program=Program.of("Is it good?"), operator="start")
BEST = Candidate(id="c-best", program=Program.of("Say yes or no: is it good?"), parents=("c-start",), operator="phrase")
OTHER = Candidate(id="c-other", program=Program.of("Hm?"), parents=("c-start",), operator="phrase", status="rejected")


def task(test: int = 40) -> Task:
    def rows(split: str, n: int) -> tuple[Example, ...]:
        return tuple(Example(id=f"{split}-{i}", input=f"{split} {i}", outputs=("yes",)) for i in range(n))

    return Task(
        name="quality",
        program=START.program,
        data=Dataset(train=rows("train", 2), val=rows("val", 10), test=rows("test", test)),
        answer=AnswerContract(type="label", labels=("yes", "no")),
    )


def said(candidate: str, scores: list[float | str | None], split: str = "test") -> list[Evaluation]:
    """A number is a score; None is an answer that could not be read; "broken" a row that could not be scored."""
    found = []
    for i, score in enumerate(scores):
        failure = {None: "format", "broken": "example"}.get(score) if not isinstance(score, float) else None
        value = score if isinstance(score, float) else 0.0
        one = Score(value=value, failure=failure)  # type: ignore[arg-type]
        found.append(
            Evaluation(
                candidate=candidate,
                example=f"{split}-{i}",
                split=split,
                output="",
                answer=None,
                score=value,  # type: ignore[arg-type]
                scores={"exact": one},
            )
        )
    return found


def report(measured: ReportMeasurements, *, best: str = "c-best", test: int = 40, lost: int = 0) -> Report:
    val = said("c-start", [1.0] * 4 + [0.0] * 6, "val") + said("c-best", [1.0] * 9, "val")
    ledger = LedgerView(
        used={"target": Cost(calls=100, tokens=900), "optimizer": Cost(calls=7, tokens=100, usd=0.5)},
        paid={"target": Cost(calls=60, tokens=500), "optimizer": Cost(calls=7, tokens=100, usd=0.25)},
        lost=lost,
        seconds=61,
    )
    return build_report(
        run="r-1",
        task=task(test),
        recipe="mars",
        seed=3,
        archive=Archive([START, BEST, OTHER], val),
        best=best,
        measured=measured,
        ledger=ledger,
    )


def test_a_clear_gain_is_an_improvement_with_all_its_numbers() -> None:
    made = report(
        ReportMeasurements(start=said("c-start", [0.0] * 20 + [1.0] * 20), best=said("c-best", [1.0] * 38 + [0.0] * 2))
    )
    assert made.verdict == "improved"
    assert (made.start.score, made.start.n, made.best.score, made.best.candidate) == (0.5, 40, 0.95, "c-best")
    assert made.difference.value == pytest.approx(0.45)
    assert 0 < made.difference.low < 0.45 < made.difference.high
    assert made.difference.test == "exact McNemar"
    assert (made.flips.gained, made.flips.lost) == (20, 2)
    assert made.calls.model_dump() == {"target": 100, "optimizer": 7}
    assert made.paid.model_dump() == {"target": 60, "optimizer": 7, "tokens": 600, "usd": 0.25}
    assert (made.cached, made.tokens, made.usd, made.seconds) == (40, 1000, 0.5, 61)
    assert (made.words.start, made.words.best) == (3, 7)
    assert made.prompt.best == "[user]\nSay yes or no: is it good?\n\n«input»"
    assert made.tried == 1
    assert [row.model_dump() for row in made.rows[:1]] == [{"id": "test-0", "start": 0.0, "best": 1.0}]
    assert made.warnings == ()


def test_the_shape_that_scripts_rely_on() -> None:
    shape = report(ReportMeasurements(start=said("c-start", [0.0] * 40), best=said("c-best", [1.0] * 40))).model_dump()
    assert {"run", "task", "recipe", "seed", "verdict", "tokens", "usd", "seconds"} <= shape.keys()
    assert {"score", "n"} <= shape["start"].keys()
    assert {"score", "n", "candidate"} <= shape["best"].keys()
    assert {"value", "low", "high", "p"} <= shape["difference"].keys()
    assert {"target", "optimizer"} <= shape["calls"].keys()
    assert {"start", "best"} <= shape["prompt"].keys()


def test_val_means_are_on_shared_rows_and_the_winner_is_promised_less() -> None:
    val = report(ReportMeasurements(start=said("c-start", [0.0] * 40), best=said("c-best", [1.0] * 40))).val
    assert val is not None
    assert (val.n, val.start, val.best) == (9, 4 / 9, 1.0)
    assert 4 / 9 < val.shrunk < 1.0


def test_format_and_content_add_up_to_the_difference() -> None:
    made = report(
        ReportMeasurements(
            start=said("c-start", [None] * 10 + [0.0] * 10 + [1.0] * 20),
            best=said("c-best", [1.0] * 10 + [1.0] * 4 + [0.0] * 6 + [1.0] * 18 + [None] * 2),
        )
    )
    assert (made.format.start_failures, made.format.best_failures) == (10, 2)
    assert made.format.gain == pytest.approx(8 / 40)
    assert made.content.gain == pytest.approx(4 / 40)
    assert (made.content.n, made.content.mean) == (28, pytest.approx(4 / 28))
    assert made.format.gain + made.content.gain == pytest.approx(made.difference.value)


def test_a_candidate_that_breaks_the_format_is_worse_and_says_why() -> None:
    made = report(ReportMeasurements(start=said("c-start", [1.0] * 40), best=said("c-best", [None] * 40)))
    assert made.verdict == "worse"
    assert made.format.best_failures == 40
    assert made.format.gain == -1.0
    assert (made.content.n, made.content.mean) == (0, None)


def test_the_start_as_the_winner_claims_nothing() -> None:
    made = report(ReportMeasurements(start=said("c-start", [1.0] * 20 + [0.0] * 20)), best="c-start")
    assert made.verdict == "no evidence of improvement"
    assert (made.difference.value, made.difference.low, made.difference.high, made.difference.p) == (0, 0, 0, 1)
    assert any("same prompt" in warning for warning in made.warnings)


def test_val_rows_support_no_claim() -> None:
    measured = ReportMeasurements(start=said("c-start", [0.0] * 10, "val"), best=said("c-best", [1.0] * 10, "val"))
    made = report(measured, test=0)
    assert made.split == "val"
    assert made.difference.p < 0.05
    assert made.verdict == "no evidence of improvement"
    assert any("no test examples" in warning for warning in made.warnings)


def test_rows_of_one_prompt_alone_are_left_out_and_few_rows_are_called_few() -> None:
    made = report(ReportMeasurements(start=said("c-start", [0.0] * 30), best=said("c-best", [1.0] * 12)))
    assert made.best.n == made.start.n == len(made.rows) == 12
    assert "the test split was scored on 12 of 40 examples to stay within the budget" in made.warnings
    assert any(warning.startswith("only 12 test examples: gains below") for warning in made.warnings)


def test_nothing_measured_is_no_score_at_all() -> None:
    made = report(ReportMeasurements(start=(), best=()))
    assert (made.start.score, made.best.score, made.verdict) == (None, None, "no evidence of improvement")
    assert Report.model_validate_json(made.model_dump_json()) == made


def test_the_noise_floor_stands_beside_the_claim() -> None:
    first = said("c-start", [1.0, 0.0] * 20)
    again = said("c-start", [1.0, 1.0, 0.0, 0.0] * 10)
    best = said("c-best", [1.0, 0.0] * 18 + [1.0] * 4)
    made = report(ReportMeasurements(start=first, best=best, again=again))
    assert made.noise_floor is not None
    assert made.noise_floor.changed == 0.5
    assert any("by chance alone" in warning for warning in made.warnings)


def test_unscored_rows_and_lost_calls_are_named() -> None:
    start = said("c-start", ["broken", *([0.0] * 39)])
    made = report(ReportMeasurements(start=start, best=said("c-best", [1.0] * 40)), lost=2)
    assert "1 of 40 examples could not be scored for a prompt and count as 0 there" in made.warnings
    assert "2 calls may have been paid for without a reply" in made.warnings


def test_prompts_show_a_marker_where_the_row_goes() -> None:
    several = Program(prompts={"ask": Prompt(instruction="Q: {question}"), "sum": Prompt(system="Sum up.")})
    assert program_text(several) == (
        "=== ask ===\n[user]\nQ: «question»\n\n=== sum ===\n[system]\nSum up.\n\n[user]\n«input»"
    )
