"""The report as one self-contained HTML page, from the template `report.html.jinja`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ...core.report import Report

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATE = "report.html.jinja"
_WIDTH = 640
_LEAST_REACH = 0.05  # without it the chart of a difference near zero would show noise as large
_DIFF_HEADER_LINES = 2
_TAGS = {"+": "ins", "-": "del"}


def render_page(report: Report, summary: Sequence[str], evidence: Sequence[str], diff: str) -> str:
    """`summary` comes first, `evidence` after the prompts. The verdict is in words; colour only repeats it."""
    return _template().render(
        title=f"{report.task}: {report.verdict}",
        verdict_class=report.verdict.split()[0],
        summary=summary,
        evidence=evidence,
        diff=_diff_lines(diff),
        report=report,
        chart=_chart(report),
    )


@cache
def _template() -> Template:
    """Autoescape is on: task, prompts and model outputs are untrusted text."""
    from jinja2 import Environment

    text = resources.files(__package__).joinpath(_TEMPLATE).read_text(encoding="utf-8")
    return Environment(autoescape=True, keep_trailing_newline=True).from_string(text)


def _diff_lines(diff: str) -> list[dict[str, str]]:
    return [
        {"text": line, "tag": _TAGS.get(line[:1], "") if number >= _DIFF_HEADER_LINES else ""}
        for number, line in enumerate(diff.split("\n") if diff else ())
    ]


def _chart(report: Report) -> dict[str, Any]:
    """Positions for the interval of the difference around zero, and the band of the noise floor where it is known."""
    gain, noise = report.difference, report.noise_floor.floor if report.noise_floor else 0.0
    reach = 1.15 * max(abs(gain.low), abs(gain.high), noise, _LEAST_REACH)

    def x(share: float) -> float:
        return round(_WIDTH * (0.5 + 0.5 * share / reach), 1)

    label = f"difference {100 * gain.value:.1f} points, 95 % interval {100 * gain.low:.1f} to {100 * gain.high:.1f}"
    return {
        "width": _WIDTH,
        "zero": x(0.0),
        "low": x(gain.low),
        "high": x(gain.high),
        "value": x(gain.value),
        "noise": {"x": x(-noise), "width": round(x(noise) - x(-noise), 1)} if noise else None,
        "label": label + (f", noise floor ±{100 * noise:.1f}" if noise else ""),
    }
