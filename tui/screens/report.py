"""The report on the held-out test: verdict, intervals, cost, the prompt before and after."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from pydantic import ValidationError
from textual import work
from textual.widget import Widget

from ...core.report import PromptScore, Report
from ...runtime.monitor.snapshot import RunSnapshot
from ...runtime.reports.text import evidence_lines, summary_lines
from ..format.text import Glyphs, Line, Span, Tone, wrap
from ..lines.diff import diff_lines
from ..widgets.line_list import LineList
from .base import Page

_VERDICT_TONES: dict[str, Tone] = {"improved": "good", "worse": "bad"}
_MISSING: dict[str, str] = {
    "running": "The held-out test runs once, at the end. s stops the search now and writes the report.",
    "paused": "The run is paused. r resumes it; s stops the search and writes the report.",
    "asking": "The run waits for you: answer it on the run's page, or s stops the search and writes the report.",
    "dead": "The run's process is gone. g resumes it; completed calls are reused.",
}


class ReportPage(Page):
    panes: ClassVar[tuple[str, ...]] = ("verdict", "changes")
    page_name: ClassVar[str] = "report"
    route: ClassVar[str] = "report"

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="verdict",
            title="report",
            selectable=False,
            help_text="The comparison on held-out examples. The verdict is improved only where the interval excludes "
            "zero and the exact test agrees.",
        )
        yield LineList(
            id="changes", title="prompt, before and after", selectable=False, help_text="- removed, + added."
        )

    def draw_panes(self, snapshot: RunSnapshot) -> None:
        self.load()

    @work(group="report", exclusive=True)
    async def load(self) -> None:
        snapshot = self.snapshot
        if snapshot is None:
            return
        text = await asyncio.to_thread(self.ui.store.report, snapshot.record.id)
        if not self.ready:
            return
        verdict, changes = self.pane("verdict"), self.pane("changes")
        if text is None:
            verdict.show([(("no report yet", "strong"),), (), *_no_report_lines(snapshot, max(20, verdict.columns))])
            changes.show([])
            return
        try:
            report = Report.model_validate_json(text)
        except ValidationError as error:
            verdict.show([((f"the report cannot be read: {error.error_count()} errors", "bad"),)])
            return
        verdict.show(report_lines(report, self.glyphs, max(24, verdict.columns)))
        changes.show(diff_lines(report.prompt.start, report.prompt.best, max(20, changes.columns)))


def report_lines(report: Report, glyphs: Glyphs, width: int) -> list[Line]:
    tone = _VERDICT_TONES.get(report.verdict, "warn")
    first, *facts = summary_lines(report)
    lines: list[Line] = [((report.verdict.upper(), tone),), ()]
    lines += [((text, "strong"),) for text in wrap(first.removeprefix(f"{report.verdict}: "), width)]
    lines.append(())
    ruler_width = min(40, width - 27)
    for name, score in (("baseline", report.start), ("best", report.best)):
        lines.append(((f"{name:<9}", "dim"), *_interval_bar(score, glyphs, ruler_width)))
    lines.append(())
    for text in facts:
        lines += _bullet_lines(text, width, "")
    lines += [(), (("how certain this is", "head"),)]
    for text in evidence_lines(report):
        lines += _bullet_lines(text, width, "dim")
    return lines


def _interval_bar(score: PromptScore, glyphs: Glyphs, width: int) -> list[Span]:
    if score.score is None:
        return [("not measured", "dim")]
    low = score.low if score.low is not None else score.score
    high = score.high if score.high is not None else score.score
    left, right, mean = (round(value * (width - 1)) for value in (low, high, score.score))
    ruler: list[Span] = [(" " * left + glyphs.line * (mean - left), "dim"), (glyphs.dot, "accent")]
    ruler.append((glyphs.line * (right - mean) + " " * (width - 1 - right), "dim"))
    return [("0|", "dim"), *ruler, ("|1 ", "dim"), (f"{score.score:.3f} ({score.n})", "strong")]


def _bullet_lines(text: str, width: int, tone: Tone) -> list[Line]:
    first, *rest = wrap(text, width - 2) or [""]
    return [(("· ", "dim"), (first, tone)), *((("  ", ""), (more, tone)) for more in rest)]


def _no_report_lines(snapshot: RunSnapshot, width: int) -> list[Line]:
    text = _MISSING.get(snapshot.state, f"The run {snapshot.state} without one.")
    return [((line, ""),) for line in wrap(text, width)]
