"""What measures found, as lines of the report."""

from __future__ import annotations

from ...core.measures import Figure, Reading
from .document import MeasureLine


def measure_line(name: str, reading: Reading, *, where: str) -> MeasureLine:
    """One measure in words. where: what was measured, such as `best, 40 test examples`; may be empty."""
    figures = "; ".join(_figure_text(figure) for figure in reading.figures)
    details = (where, figures, reading.advice)
    return MeasureLine(name=name, result=reading.verdict, detail=". ".join(part for part in details if part))


def _figure_text(figure: Figure) -> str:
    text = f"{figure.name} {figure.value:.3g}"
    if figure.low is None or figure.high is None:
        return text
    return f"{text} ({figure.low:.3g} to {figure.high:.3g})"
