"""The report document as lines for a terminal of a given width. Styles only repeat what the words say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, chop_cells

from ...core.report import Report
from .document import ReportDocument, ScoreBar
from .document_builder import build_document
from .markdown import marked_diff
from .run_facts import RunFacts

LineStyle = Literal["", "title", "head", "good", "bad", "warn", "dim"]

_LEAST_WIDTH, _MOST_WIDTH = 40, 100
_MAX_EXAMPLES = 8
_VERDICT_STYLES: dict[str, LineStyle] = {"improved": "good", "worse": "bad"}
_GAP = 2  # cells between columns


@dataclass(frozen=True, kw_only=True)
class TerminalLine:
    """One line without control characters of its own; the text is not cleaned of those that a model wrote."""

    text: str
    style: LineStyle = ""


def to_terminal(report: Report, width: int, facts: RunFacts | None = None) -> list[TerminalLine]:
    """A run's report for a terminal."""
    return render_terminal(build_document(report, facts), width)


def render_terminal(document: ReportDocument, width: int) -> list[TerminalLine]:
    """Lines of at most `width` cells, commands alone excepted; on a wide terminal they stay short enough to read."""
    return list(_lines(document, max(_LEAST_WIDTH, min(width, _MOST_WIDTH))))


def _lines(document: ReportDocument, width: int) -> Iterator[TerminalLine]:
    yield from text_lines(document.title, width, "title")
    yield from text_lines(document.headline, width, _VERDICT_STYLES.get(document.verdict, "warn"))
    yield TerminalLine(text="")
    for bar in document.scores:
        yield TerminalLine(text=_bar_line(bar, width))
    if document.scores:
        yield TerminalLine(text=_axis_line(width), style="dim")
    if document.gain and document.examples:
        flips = document.flips
        text = f"{flips['better']} examples better, {flips['worse']} worse, {flips['same']} the same; {document.shares}"
        yield from text_lines(text, width)
    yield from bullet_lines("What changed", document.changes, width)
    yield from table_lines(
        "Cost of a use", ("", "start", "best"), ((c.label, c.start, c.best) for c in document.costs), width
    )
    yield from text_lines(f"This run: {document.spent}.", width, "dim")
    yield from bullet_lines("Caveats", document.caveats, width, "warn")
    yield from bullet_lines("How sure this is", document.evidence, width)
    rows = ((row.model, row.start, row.best, row.verdict) for row in document.transfer)
    yield from table_lines("Other target models", ("model", "start", "best", "verdict"), rows, width)
    lines = [f"{line.name}: {line.result}" + (f" ({line.detail})" if line.detail else "") for line in document.measures]
    yield from bullet_lines("Measures", lines, width)
    yield from _prompt_lines(document, width)
    yield from _example_lines(document, width)
    rows_of_operators = (
        (row.operator, str(row.proposed), str(row.kept), str(row.in_line)) for row in document.history.operators
    )
    yield from table_lines("Operators", ("operator", "proposed", "kept", "winner's line"), rows_of_operators, width)
    proposals = document.proposals
    refusals = [f"{refusal.reason}: {refusal.count}" for refusal in (proposals.refused if proposals else ())]
    yield from bullet_lines("Refused proposals", refusals, width)
    spending = ((row.role, row.model, f"{row.calls:,}", f"{row.tokens:,}", row.usd) for row in document.spending)
    yield from table_lines("Spending", ("role", "model", "requests", "tokens", "cost"), spending, width)
    yield from bullet_lines("Setup", [f"{fact.label}: {fact.value}" for fact in document.facts], width)
    data = [f"{split.split}: {split.count} examples, SHA-256 {split.sha256[:16]}…" for split in document.splits]
    yield from bullet_lines("Data", [*data, *document.data_notes], width)
    yield from _head("Do it again")
    yield from (TerminalLine(text=command) for command in document.reproduce)  # whole, to be copied


def _prompt_lines(document: ReportDocument, width: int) -> Iterator[TerminalLine]:
    changed = [change for change in document.prompts if change.is_changed]
    yield from _head("Prompt, [-removed-] and {+added+}" if changed else "Prompt")
    if not changed:
        yield TerminalLine(text="no change")
    for change in changed:
        yield from text_lines(f"{change.name}: {change.added} words added, {change.removed} removed", width, "dim")
        for line in marked_diff(change.runs).splitlines():
            yield from text_lines(line, width - 2, indent="  ")


def _example_lines(document: ReportDocument, width: int) -> Iterator[TerminalLine]:
    """The first that got worse and better; the page has all of them."""
    changed = sorted((row for row in document.examples if row.flip in ("worse", "better")), key=lambda row: row.flip)
    worse = [row for row in changed if row.flip == "worse"][: _MAX_EXAMPLES // 2]
    better = [row for row in changed if row.flip == "better"][: _MAX_EXAMPLES - len(worse)]
    if not worse and not better:
        return
    yield from _head(f"Examples: {len(worse) + len(better)} of {len(document.examples)}; all are in --format html")
    for row in (*worse, *better):
        start, best = (
            failure or " ".join((output or "").split())
            for failure, output in ((row.start_failure, row.start_output), (row.best_failure, row.best_output))
        )
        text = " ".join(row.input.split()) or row.id
        yield TerminalLine(text=_cut(f"{row.flip}: {text}", width), style="bad" if row.flip == "worse" else "good")
        yield TerminalLine(text=_cut(f"  {start or '(empty)'} → {best or '(empty)'}", width))


def bullet_lines(title: str, lines: Sequence[str], width: int, style: LineStyle = "") -> Iterator[TerminalLine]:
    """A heading and its lines, wrapped; nothing without lines."""
    if lines:
        yield from _head(title)
    for line in lines:
        first, *rest = _wrap(line, width - 2)
        yield TerminalLine(text=f"• {first}", style=style)
        yield from (TerminalLine(text=f"  {more}", style=style) for more in rest)


def table_lines(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], width: int
) -> Iterator[TerminalLine]:
    """As wide as its cells; on a narrow terminal the widest columns are cut."""
    cells = [columns, *rows]
    if len(cells) == 1:
        return
    widths = [max(cell_len(row[place]) for row in cells) for place in range(len(columns))]
    while sum(widths) + _GAP * (len(widths) - 1) > width:
        widths[widths.index(max(widths))] -= 1
    yield from _head(title)
    for number, row in enumerate(cells):
        line = (" " * _GAP).join(_pad(_cut(cell, size), size) for cell, size in zip(row, widths, strict=True))
        yield TerminalLine(text=line.rstrip(), style="" if number else "dim")


def _head(title: str) -> Iterator[TerminalLine]:
    yield TerminalLine(text="")
    yield TerminalLine(text=title, style="head")


def text_lines(text: str, width: int, style: LineStyle = "", *, indent: str = "") -> Iterator[TerminalLine]:
    """A text, wrapped."""
    yield from (TerminalLine(text=f"{indent}{line}", style=style) for line in _wrap(text, width))


def _bar_line(bar: ScoreBar, width: int) -> str:
    """`start ──●──  0.61 (0.51 to 0.70)` on an axis from 0 to 1."""
    if bar.score is None or bar.low is None or bar.high is None:
        return f"{bar.label:<6}not measured"
    size = _axis_size(width)
    low, high, mean = (round(value * (size - 1)) for value in (bar.low, bar.high, bar.score))
    ruler = "".join("●" if place == mean else "━" if low <= place <= high else "·" for place in range(size))
    return f"{bar.label:<6}{ruler} {bar.score:.2f} ({bar.low:.2f} to {bar.high:.2f})"


def _axis_line(width: int) -> str:
    size = _axis_size(width)
    ruler = [" "] * (size + 4)
    for share in (0, 0.5, 1):
        place = round(share * (size - 1))
        ruler[place : place + len(f"{share:g}")] = list(f"{share:g}")
    return f"{'':<6}{''.join(ruler).rstrip()}"


def _axis_size(width: int) -> int:
    """Cells of the axis; the label before it takes 6 and the numbers behind it 22."""
    return max(10, min(50, width - 28))


def _pad(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else f"{chop_cells(text, max(1, width - 1))[0].rstrip()}…"


def _wrap(text: str, width: int) -> list[str]:
    """Lines of at most this width, broken between words where there are any; what begins a line stays indented."""
    lead = text[: len(text) - len(text.lstrip(" "))][: width // 2]
    lines = [lead]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1].strip() else f"{lines[-1]}{word}"
        if cell_len(longer) <= width:
            lines[-1] = longer
            continue
        *full, rest = chop_cells(word, width)
        lines += [*full, rest]
    filled = [line for line in lines if line.strip()]
    return filled or [""]
