"""The report document as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ...core.report import Report
from ...core.word_diff import DiffRun
from .document import ReportDocument
from .document_builder import build_document
from .run_facts import RunFacts

_BACKTICKS = re.compile(r"`+")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")
_MARKS = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
_MAX_EXAMPLES = 50
_MAX_CELL = 120  # characters


def to_markdown(report: Report, facts: RunFacts | None = None) -> str:
    """A run's report as Markdown."""
    return render_markdown(build_document(report, facts))


def render_markdown(document: ReportDocument) -> str:
    """The summary first, then the evidence. No text of a prompt or a model can end its block or become markup."""
    return "\n\n".join(block for block in _blocks(document) if block) + "\n"


def marked_diff(runs: Iterable[DiffRun]) -> str:
    """A word diff as `git diff --word-diff` writes it: `[-removed-]{+added+}`."""
    return "".join(f"{_MARKS[run.kind][0]}{run.text}{_MARKS[run.kind][1]}" for run in runs)


def escape_markdown(text: str) -> str:
    """A text on one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of escaped cells; empty without rows."""
    lines = [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return "\n".join([*head, *lines]) if lines else ""


def _blocks(document: ReportDocument) -> Iterator[str]:
    yield f"# {escape_markdown(document.title)}"
    yield f"**{escape_markdown(document.headline)}**"
    rows = [
        (bar.label, _number(bar.score), f"{_number(bar.low)} to {_number(bar.high)}", bar.n) for bar in document.scores
    ]
    yield markdown_table(("prompt", "score", "95 % interval", "examples"), rows)
    yield _summary_lines(document)
    costs = [(row.label, row.start, row.best) for row in document.costs]
    yield markdown_table(("use", "start", "best"), costs)
    yield f"This run: {escape_markdown(document.spent)}."
    yield from _section("What changed", _bullets(document.changes))
    yield from _section("Caveats", _bullets(document.caveats))
    yield from _section("How sure this is", _bullets(document.evidence))
    transfer = [(row.model, row.start, row.best, row.gain, row.verdict, row.n) for row in document.transfer]
    columns = ("target model", "baseline", "best", "gain", "verdict", "examples")
    yield from _section("Other target models", markdown_table(columns, transfer))
    measures = [(line.name, line.result, line.detail) for line in document.measures]
    yield from _section("Measures", markdown_table(("measure", "result", "detail"), measures))
    yield from _prompt_blocks(document)
    yield from _example_blocks(document)
    yield from _search_blocks(document)
    yield from _setup_blocks(document)
    yield from _section("Do it again", code_block("\n".join(document.reproduce), "sh"))
    yield escape_markdown(document.footer)


def _summary_lines(document: ReportDocument) -> str:
    flips = document.flips
    if not document.gain or not document.examples:
        return ""
    return escape_markdown(
        f"{flips['better']} examples better, {flips['worse']} worse, {flips['same']} the same; {document.shares}."
    )


def _prompt_blocks(document: ReportDocument) -> Iterator[str]:
    changed = [change for change in document.prompts if change.is_changed]
    yield "## Prompt, before and after"
    yield "`[-removed-]` and `{+added+}` words." if changed else "no change"
    for change in changed:
        yield f"### {escape_markdown(change.name)}"
        yield code_block(marked_diff(change.runs))
    yield "### Start, as it is sent"
    yield code_block(document.prompt_texts[0])
    yield "### Best, as it is sent"
    yield code_block(document.prompt_texts[1])


def _example_blocks(document: ReportDocument) -> Iterator[str]:
    """Those that changed come first; the page has all of them."""
    ranked = sorted(document.examples, key=lambda row: ("worse", "better", "not scored", "same").index(row.flip))
    rows = [
        (
            row.input or row.id,
            " | ".join(row.references),
            row.start_failure or row.start_output or "",
            row.best_failure or row.best_output or "",
            _number(row.start_score),
            _number(row.best_score),
            row.flip,
        )
        for row in ranked[:_MAX_EXAMPLES]
    ]
    columns = ("input", "reference", "start's output", "best's output", "start", "best", "change")
    yield from _section(f"{document.example_kind.capitalize()} examples", markdown_table(columns, rows))
    if (left := len(ranked) - len(rows)) > 0:
        yield f"{left} more examples are in the HTML report, `--format html`."


def _search_blocks(document: ReportDocument) -> Iterator[str]:
    history, proposals = document.history, document.proposals
    operators = [
        (row.operator, row.proposed, row.refused, "–" if row.measured is None else row.measured, row.kept, row.in_line)
        for row in history.operators
    ]
    columns = ("operator", "proposed", "refused", "measured", "kept", "in the winner's line")
    yield from _section("Operators", markdown_table(columns, operators))
    refusals = [(refusal.reason, refusal.count) for refusal in (proposals.refused if proposals else ())]
    yield from _section("Refused proposals", markdown_table(("reason", "refused"), refusals))
    line = [
        (row.id, row.operator, row.status, _number(row.score), f"{_number(row.low)} to {_number(row.high)}", row.n)
        for row in history.lineage
        if row.in_line
    ]
    columns = ("candidate", "operator", "status", "val score", "95 % interval", "examples")
    yield from _section("The winner's line", markdown_table(columns, line))


def _setup_blocks(document: ReportDocument) -> Iterator[str]:
    facts = [(fact.label, fact.value) for fact in document.facts]
    yield from _section("Setup", markdown_table(("property", "value"), facts))
    splits = [(split.split, split.count, split.sha256) for split in document.splits]
    columns = ("split", "examples", "SHA-256 as the run read them")
    files = [(file.path, file.size, file.sha256) for file in document.files]
    yield from _section("Data", markdown_table(columns, splits), _bullets(document.data_notes))
    yield markdown_table(("file as it is now", "bytes", "SHA-256"), files)
    models = [(model.role, model.model, model.settings or "its own") for model in document.models]
    yield from _section("Models", markdown_table(("role", "model", "settings"), models))
    spending = [(row.role, row.model, f"{row.calls:,}", f"{row.tokens:,}", row.usd) for row in document.spending]
    yield from _section("Spending", markdown_table(("role", "model", "requests", "tokens", "cost"), spending))


def _section(title: str, *blocks: str) -> Iterator[str]:
    """A heading and its blocks; nothing where they are empty."""
    filled = [block for block in blocks if block]
    if filled:
        yield f"## {title}"
        yield from filled


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {escape_markdown(line)}" for line in lines)


def _cell(value: object) -> str:
    text = " ".join(str(value).split())
    return escape_markdown(text if len(text) <= _MAX_CELL else f"{text[: _MAX_CELL - 1]}…")


def _number(score: float | None) -> str:
    return "–" if score is None else f"{score:.3f}"


def code_block(text: str, language: str = "text") -> str:
    """A code block whose fence is longer than any run of backticks in the text, so that no prompt can end it."""
    fence = "`" * max(3, 1 + max((len(run) for run in _BACKTICKS.findall(text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
