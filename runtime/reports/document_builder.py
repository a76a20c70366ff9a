"""Builds the report document from a run's report and from what its store holds. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...core.candidate import Candidate
from ...core.dataset import Example
from ...core.report import PromptScore, Report
from ...core.score import Evaluation, Response
from .document import (
    UNKNOWN,
    CostRow,
    MeasureLine,
    PromptChange,
    ReportDocument,
    ScoreBar,
    SearchHistory,
    SpendingRow,
    TransferRow,
)
from .example_results import example_results
from .measure_lines import measure_line
from .prompt_changes import change_lines, compare_programs, compare_texts
from .run_facts import RunFacts
from .search_history import search_history
from .task_facts import model_facts, reproduce_commands, split_facts, task_facts
from .text import (
    cost_text,
    evidence_lines,
    gain_text,
    score_cell,
    search_end_lines,
    shares_text,
    signed_points,
    split_label,
    usd_text,
)
from .use_cost import can_estimate_use, cost_rows, known_price, mean_use


def build_document(report: Report, facts: RunFacts | None = None) -> ReportDocument:
    """Build the document.

    Args:
        report: The run's report.
        facts: What the store holds of the run; without it the sections that need it are empty.
    """
    start, best = _both_candidates(report, facts)
    prompts = _prompt_changes(report, start, best)
    scored = report.preference is None and bool(report.best.n)
    compared = scored and not _is_unchanged(report)
    score_title, score_unit = _score_words(report)
    return ReportDocument(
        run=report.run,
        title=f"{report.task}: {report.verdict}",
        verdict=report.verdict,
        headline=_headline(report),
        scores=_bars(report, scored=scored),
        score_title=score_title,
        score_unit=score_unit,
        gain=report.difference if compared else None,
        noise=report.noise_floor.floor if report.noise_floor and compared else None,
        costs=_costs(report, facts, start, best),
        shares=shares_text(report) if compared else "",
        spent=cost_text(_with_known_prices(report, facts)).removeprefix("cost: "),
        changes=_changes(report, prompts, best),
        caveats=(*report.warnings, *search_end_lines(report)),
        facts=task_facts(report, facts),
        splits=split_facts(facts) if facts else (),
        files=facts.files if facts else (),
        data_notes=report.data,
        models=model_facts(facts) if facts else (),
        evidence=tuple(evidence_lines(report)),
        transfer=tuple(_transfer_rows(report)),
        example_kind=split_label(report),
        examples=example_results(report, facts),
        prompts=prompts,
        prompt_texts=(report.prompt.start, report.prompt.best),
        history=_history(report, facts),
        spending=tuple(_spending_rows(facts)) if facts else (),
        proposals=report.proposals,
        measures=tuple(_measure_lines(facts)) if facts else (),
        reproduce=reproduce_commands(report, facts),
        footer=_footer(report, facts),
    )


def _measure_lines(facts: RunFacts) -> Iterator[MeasureLine]:
    """What measures found, those of the start before those of the winner."""
    for record in sorted(facts.measures, key=lambda record: (record.measure, record.role != "start")):
        where = f"{record.role} prompt, {record.examples} {record.split} examples".strip()
        yield measure_line(record.measure, record.reading, where=where)


def _both_candidates(report: Report, facts: RunFacts | None) -> tuple[Candidate | None, Candidate | None]:
    if facts is None or not facts.candidates:
        return None, None
    return facts.candidates[0], next((c for c in facts.candidates if c.id == report.best.candidate), None)


def _with_known_prices(report: Report, facts: RunFacts | None) -> Report:
    """A report of an earlier version does not say whether the models have a price; the task does."""
    if report.priced is not None or facts is None:
        return report
    prices = [known_price(ref) for ref in facts.task.models.by_name().values()]
    return report.model_copy(update={"priced": None not in prices})


def _headline(report: Report) -> str:
    gain, examples = report.difference, f"{report.best.n} {split_label(report)} examples"
    interval = f"95 % interval {signed_points(gain.low)} to {signed_points(gain.high)}"
    if (preference := report.preference) is not None:
        share = f"{preference.judge} prefers them on {100 * preference.rate:.0f} % of {preference.n}"
        bounds = f"95 % interval {100 * preference.low:.0f} to {100 * preference.high:.0f} %; 50 % is no difference"
        return f"{_claim(report)} {share} {split_label(report)} examples ({bounds})."
    if not report.best.n:
        return "Nothing was measured for both prompts, so nothing is claimed."
    if _is_unchanged(report):
        return f"No better prompt was found; the start scores {report.start.score or 0.0:.2f} on {examples}."
    points = f"{abs(100 * gain.value):.1f} points"
    if report.verdict == "improved":
        return f"The best prompt scores {points} more than the start on {examples} ({interval})."
    if report.verdict == "worse":
        return f"The best prompt scores {points} less than the start on {examples} ({interval})."
    if report.split == "val":
        return f"Nothing is claimed without a held-out test: {signed_points(gain.value)} points on {examples}."
    return f"No gain is proved: {signed_points(gain.value)} points on {examples} ({interval})."


def _claim(report: Report) -> str:
    claims = {"improved": "The best prompt's outputs are better:", "worse": "The best prompt's outputs are worse:"}
    return claims.get(report.verdict, "No gain is proved by the best prompt's outputs:")


def _is_unchanged(report: Report) -> bool:
    """Whether the winner is the prompt that the run started with: there is then no difference to measure."""
    return report.prompt.start == report.prompt.best


def _score_words(report: Report) -> tuple[str, str]:
    if report.preference is not None:
        return "How often the best prompt is preferred", "Share of duels won, 0.5 is no difference,"
    return ("The start" if _is_unchanged(report) else "Start and best"), "Mean score"


def _bars(report: Report, *, scored: bool) -> tuple[ScoreBar, ...]:
    if (preference := report.preference) is not None:
        share = ScoreBar(label="wins", score=preference.rate, low=preference.low, high=preference.high, n=preference.n)
        return (share,)
    if scored and _is_unchanged(report):
        return (_score_bar("start", report.start),)
    return (_score_bar("start", report.start), _score_bar("best", report.best)) if scored else ()


def _score_bar(label: str, score: PromptScore) -> ScoreBar:
    return ScoreBar(label=label, score=score.score, low=score.low, high=score.high, n=score.n)


def _prompt_changes(report: Report, start: Candidate | None, best: Candidate | None) -> tuple[PromptChange, ...]:
    """By blocks where the programs are known; else the whole texts as they are sent."""
    if start is not None and best is not None:
        return compare_programs(start.program, best.program)
    return (compare_texts(report.prompt.start, report.prompt.best),)


def _changes(report: Report, prompts: tuple[PromptChange, ...], best: Candidate | None) -> tuple[str, ...]:
    operator = best.operator if best is not None and best.parents else ""
    rationale = best.rationale if best is not None else ""
    return tuple(change_lines(prompts, (report.words.start, report.words.best), operator, rationale))


def _costs(
    report: Report, facts: RunFacts | None, start: Candidate | None, best: Candidate | None
) -> tuple[CostRow, ...]:
    if facts is None or start is None or best is None:
        return ()
    if not can_estimate_use(facts.task.target.use):
        return cost_rows(None, None, facts.task.models.target)
    before, after = (mean_use(c.program, _results_of(facts, c.id, report.split)) for c in (start, best))
    return cost_rows(before, after, facts.task.models.target)


def _results_of(facts: RunFacts, candidate: str, split: str) -> Iterator[tuple[Example, Evaluation | Response]]:
    for (name, example), result in facts.results.items():
        if name == candidate and result.split == split and example in facts.by_id:
            yield facts.by_id[example], result


def _transfer_rows(report: Report) -> Iterator[TransferRow]:
    if not report.transfer:
        return
    yield TransferRow(
        model="the run's own",
        start=score_cell(report.start.score),
        best=score_cell(report.best.score),
        gain=gain_text(report.difference),
        verdict=report.verdict,
        n=report.best.n,
    )
    for line in report.transfer:
        yield TransferRow(
            model=line.model,
            start=score_cell(line.start),
            best=score_cell(line.best),
            gain=gain_text(line.difference) if line.difference else line.error,
            verdict=line.verdict or "not measured",
            n=line.n,
        )


def _history(report: Report, facts: RunFacts | None) -> SearchHistory:
    if facts is None:
        return SearchHistory()
    return search_history(facts.candidates, facts.tallies, facts.events, report.best.candidate)


def _spending_rows(facts: RunFacts) -> Iterator[SpendingRow]:
    refs = facts.task.models.by_name().values()
    prices = {str(ref): known_price(ref) for ref in refs} | {ref.id: known_price(ref) for ref in refs}
    for row in facts.spending:
        price = prices.get(row.model)
        free = "free" if price == (0.0, 0.0) else UNKNOWN
        yield SpendingRow(
            role=row.role,
            model=facts.redactor.text(row.model.partition("@")[0]),
            calls=row.calls,
            tokens=row.tokens,
            usd=usd_text(row.usd) if row.usd else free,
        )


def _footer(report: Report, facts: RunFacts | None) -> str:
    parts: Sequence[str] = (
        f"Run {report.run}",
        f"recipe {report.recipe}",
        f"seed {report.seed}",
        f"best candidate {report.best.candidate}",
        f"Maieutic {report.version}" if report.version else "",
        facts.record.started[:10] if facts and facts.record.started else "",
    )
    return ", ".join(part for part in parts if part) + "."
