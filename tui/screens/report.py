"""What the sealed rows say: verdict, intervals, shares, cost, the prompt before and after."""

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

_VERDICTS: dict[str, Tone] = {"improved": "good", "worse": "bad"}


class ReportPage(Page):
    panes: ClassVar[tuple[str, ...]] = ("verdict", "changes")
    about: ClassVar[str] = "report"

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="verdict",
            title="report",
            picks=False,
            about="The comparison on rows that nothing had seen: improved is said only where the interval excludes "
            "zero and the exact test agrees.",
        )
        yield LineList(id="changes", title="prompt, before and after", picks=False, about="- went, + came.")

    def draw_panes(self, scene: RunSnapshot) -> None:
        self.read()

    @work(group="report", exclusive=True)
    async def read(self) -> None:
        scene = self.scene
        if scene is None:
            return
        text = await asyncio.to_thread(self.ui.store.report, scene.record.id)
        if not self.ready:
            return
        verdict, changes = self.pane("verdict"), self.pane("changes")
        if text is None:
            verdict.show([(("no report yet", "strong"),), (), *_no_report_lines(scene, max(20, verdict.columns))])
            changes.show([])
            return
        try:
            report = Report.model_validate_json(text)
        except ValidationError as error:
            verdict.show([((f"the report cannot be read: {error.error_count()} faults", "bad"),)])
            return
        verdict.show(report_lines(report, self.signs, max(24, verdict.columns)))
        changes.show(diff_lines(report.prompt.start, report.prompt.best, max(20, changes.columns)))


def report_lines(report: Report, signs: Glyphs, width: int) -> list[Line]:
    tone = _VERDICTS.get(report.verdict, "warn")
    first, *facts = summary_lines(report)
    lines: list[Line] = [((report.verdict.upper(), tone),), ()]
    lines += [((text, "strong"),) for text in wrap(first.removeprefix(f"{report.verdict}: "), width)]
    lines.append(())
    size = min(40, width - 24)
    for name, one in (("start", report.start), ("best", report.best)):
        lines.append(((f"{name:<6}", "dim"), *_interval_bar(one, signs, size)))
    lines.append(())
    for text in facts:
        lines += _bullet_lines(text, width, "")
    lines += [(), (("how sure this is", "head"),)]
    for text in evidence_lines(report):
        lines += _bullet_lines(text, width, "dim")
    return lines


def _interval_bar(one: PromptScore, signs: Glyphs, size: int) -> list[Span]:
    if one.score is None:
        return [("not measured", "dim")]
    low, high = one.low if one.low is not None else one.score, one.high if one.high is not None else one.score
    a, b, m = (round(part * (size - 1)) for part in (low, high, one.score))
    ruler: list[Span] = [(" " * a + signs.line * (m - a), "dim"), (signs.dot, "accent")]
    ruler.append((signs.line * (b - m) + " " * (size - 1 - b), "dim"))
    return [("0|", "dim"), *ruler, ("|1 ", "dim"), (f"{one.score:.3f} ({one.n})", "strong")]


def _bullet_lines(text: str, width: int, tone: Tone) -> list[Line]:
    first, *rest = wrap(text, width - 2) or [""]
    return [(("· ", "dim"), (first, tone)), *((("  ", ""), (more, tone)) for more in rest)]


def _no_report_lines(scene: RunSnapshot, width: int) -> list[Line]:
    word = {
        "running": "The sealed rows are opened once, at the end. s stops the search now and has the report written.",
        "paused": "The run is paused. r resumes it; s stops the search and has the report written.",
        "dead": "The run's process is gone. g takes it up again; nothing that was paid for is paid twice.",
    }.get(scene.state, f"The run {scene.state} without one.")
    return [((text, ""),) for text in wrap(word, width)]
