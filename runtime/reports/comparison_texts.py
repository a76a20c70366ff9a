"""A comparison of runs as HTML, as Markdown and for a terminal, from one value."""

from __future__ import annotations

from .charts import score_chart
from .comparison import COLUMNS, ReportComparison
from .html import render_page
from .markdown import escape_markdown, markdown_table
from .terminal import TerminalLine, bullet_lines, table_lines, text_lines

_TEMPLATE = "comparison.html.jinja"
_HEAD = ("run", "against", "gain", "verdict", "examples")
# On a terminal, in columns that fit; the page and the Markdown have all of them.
_SHORT = (0, 2, 3, 4, 5, 7)


def comparison_html(comparison: ReportComparison) -> str:
    """One page, as self-contained as a report's."""
    bars = [run.best for run in comparison.runs]
    return render_page(_TEMPLATE, comparison=comparison, columns=COLUMNS, chart=score_chart(bars))


def comparison_markdown(comparison: ReportComparison) -> str:
    """Two tables and the caveats."""
    blocks = [
        f"# {comparison.title}",
        markdown_table(COLUMNS, comparison.table),
        "## Winners against the first run's, on common examples",
        markdown_table(_HEAD, _difference_rows(comparison)),
    ]
    if comparison.caveats:
        blocks += ["## Caveats", "\n".join(f"- {escape_markdown(caveat)}" for caveat in comparison.caveats)]
    return "\n\n".join(blocks) + "\n"


def comparison_terminal(comparison: ReportComparison, width: int) -> list[TerminalLine]:
    """Lines of at most `width` cells."""
    rows = [tuple(row[place] for place in _SHORT) for row in comparison.table]
    lines = list(text_lines(comparison.title, width, "title"))
    lines += table_lines("Each run's own claim", tuple(COLUMNS[place] for place in _SHORT), rows, width)
    gains = [
        f"{run}: {gain} ({verdict}, {n} common examples)" for run, _, gain, verdict, n in _difference_rows(comparison)
    ]
    lines += bullet_lines(f"Winners against that of {comparison.runs[0].run}", gains, width)
    return [*lines, *bullet_lines("Caveats", comparison.caveats, width, "warn")]


def _difference_rows(comparison: ReportComparison) -> list[tuple[str, str, str, str, str]]:
    return [
        (line.run, line.first, line.gain, line.verdict or "not compared", str(line.n))
        for line in comparison.differences
    ]
