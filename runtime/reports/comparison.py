"""Several runs beside each other: each run's own claim, and the winners compared on the examples that they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...core.report import Report
from ...core.stats.tests import Difference, Verdict, compare_paired, verdict
from ...core.task import EvaluatorSpec
from .document import ReportDocument, ScoreBar
from .document_builder import build_document
from .run_facts import RunFacts
from .text import gain_text, score_cell, win_rate_text


@dataclass(frozen=True, kw_only=True)
class ComparedRun:
    """One run of a comparison, with its claim in words. gain: the win rate where a judge compared outputs."""

    run: str
    task: str
    recipe: str
    verdict: Verdict
    start: str
    best: ScoreBar
    gain: str
    examples: str
    words: str
    spent: str


@dataclass(frozen=True, kw_only=True)
class WinnerDifference:
    """The winner of a run against the first run's, example by example. why: why nothing is compared, else empty."""

    run: str
    first: str
    n: int
    difference: Difference | None
    verdict: Verdict | None
    why: str = ""

    @property
    def gain(self) -> str:
        """The difference in words, or why there is none."""
        return gain_text(self.difference) if self.difference is not None else self.why


@dataclass(frozen=True, kw_only=True)
class ReportComparison:
    """Runs in the order in which they were named, and each later winner against the first one's."""

    runs: tuple[ComparedRun, ...]
    differences: tuple[WinnerDifference, ...]
    caveats: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{len(self.runs)} runs compared"

    @property
    def table(self) -> tuple[tuple[str, ...], ...]:
        """One row a run, as the renderers show it: its name, its claim, its prompt's length and its cost."""
        return tuple(
            (
                run.run,
                run.task,
                run.recipe,
                run.verdict,
                run.start,
                score_cell(run.best.score),
                run.gain,
                run.examples,
                run.words,
                run.spent,
            )
            for run in self.runs
        )


COLUMNS = ("run", "task", "recipe", "verdict", "start", "best", "gain", "examples", "words", "cost of the run")


def compare_reports(runs: Sequence[tuple[Report, RunFacts]]) -> ReportComparison:
    """Compare runs. A gain is paired on common examples of the held-out test, or it is not computed.

    Args:
        runs: Two reports or more with what the store holds of their runs.
    """
    (first, first_facts), *others = runs
    differences = tuple(_difference(first, first_facts, other, facts) for other, facts in others)
    return ReportComparison(
        runs=tuple(_compared_run(report, build_document(report, facts)) for report, facts in runs),
        differences=differences,
        caveats=tuple(_caveats([report for report, _ in runs], differences)),
    )


def _compared_run(report: Report, document: ReportDocument) -> ComparedRun:
    best = report.best
    return ComparedRun(
        run=report.run,
        task=report.task,
        recipe=report.recipe,
        verdict=report.verdict,
        start=score_cell(report.start.score),
        best=ScoreBar(label=report.run, score=best.score, low=best.low, high=best.high, n=best.n),
        gain=_claim_text(report, document),
        examples=f"{report.preference.n if report.preference else best.n} {document.example_kind}",
        words=f"{report.words.start} → {report.words.best}",
        spent=document.spent,
    )


def _claim_text(report: Report, document: ReportDocument) -> str:
    if report.preference is not None:
        return f"win rate {win_rate_text(report.preference)}"
    return gain_text(document.gain) if document.gain is not None else "not measured"


def _difference(first: Report, first_facts: RunFacts, other: Report, facts: RunFacts) -> WinnerDifference:
    before = {row.id: row.best for row in first.rows}
    common = [row for row in other.rows if row.id in before]
    why = _why_not(first, first_facts, other, facts, len(common))
    if why:
        return WinnerDifference(run=other.run, first=first.run, n=0, difference=None, verdict=None, why=why)
    scores = ([before[row.id] for row in common], [row.best for row in common])
    difference = compare_paired(*scores, seed=first.seed)
    return WinnerDifference(
        run=other.run,
        first=first.run,
        n=len(common),
        difference=difference,
        verdict=verdict(difference, difference.p),
    )


def _why_not(first: Report, first_facts: RunFacts, other: Report, facts: RunFacts, common: int) -> str:
    """Why two winners cannot be compared; empty where they can."""
    if first.split != "test" or other.split != "test":
        return "one of the runs has no held-out test"
    if _metrics(first_facts) != _metrics(facts):
        return "the runs have different metrics"
    return "" if common else "the runs share no scored example"


def _metrics(facts: RunFacts) -> tuple[EvaluatorSpec, ...]:
    return facts.task.evaluators


def _caveats(reports: Sequence[Report], differences: Sequence[WinnerDifference]) -> Iterator[str]:
    if len(differences) > 1:
        count = len(differences)
        yield f"{count} comparisons are shown: that one of them excludes zero by chance is likelier than with one"
    for report in reports:
        yield from (f"{report.run}: {warning}" for warning in report.warnings)
