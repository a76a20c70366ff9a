"""The report as one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ...core.report import Report

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1e; --dim: #62626a; --paper: #fdfdfb; --card: #f1f1ec; --line: #c9c9c2;
  --good: #17663a; --bad: #a3281f; --mark: #2456a6; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececea; --dim: #a2a2a8; --paper: #17171a; --card: #232327;
  --line: #46464d; --good: #6fcf97; --bad: #ff8a7d; --mark: #8db8ff; } }
body { max-width: 54rem; margin: 2.5rem auto; padding: 0 1.2rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; } h3 { font-size: 1rem; color: var(--dim); }
pre { background: var(--card); padding: .9rem 1rem; border-radius: .4rem; white-space: pre-wrap;
  overflow-wrap: anywhere; font: .88rem/1.5 ui-monospace, monospace; }
.verdict { font-weight: 600; } .improved { color: var(--good); } .worse { color: var(--bad); }
ins { color: var(--good); text-decoration: none; } del { color: var(--bad); text-decoration: none; }
svg { width: 100%; height: auto; } svg text { fill: var(--dim); font-size: 12px; }
footer { margin-top: 2.5rem; color: var(--dim); font-size: .88rem; }
"""
_WIDTH, _MIDDLE = 640, 40


def render_page(report: Report, summary: Sequence[str], evidence: Sequence[str], diff: str) -> str:
    """`summary` leads, `evidence` follows the prompts; the verdict stands in words, colour only repeats it."""
    first, *rest = summary
    caveats = f"<h2>Caveats</h2>\n{_list(report.warnings)}" if report.warnings else ""
    title = escape(f"{report.task}: {report.verdict}")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{title}</h1>
<p class="verdict {escape(report.verdict.split()[0])}">{escape(first)}</p>
{_picture(report)}
{_list(rest)}
<h2>Prompt, before and after</h2>
<pre>{_coloured(diff) if diff else "no change"}</pre>
<h3>Start</h3>
<pre>{escape(report.prompt.start)}</pre>
<h3>Best</h3>
<pre>{escape(report.prompt.best)}</pre>
<h2>How sure this is</h2>
{_list(evidence)}
{caveats}
<footer>Run {escape(report.run)}, recipe {escape(report.recipe)}, seed {report.seed},
best candidate {escape(report.best.candidate)}.</footer>
</body>
</html>
"""


def _list(lines: Sequence[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{escape(line)}</li>" for line in lines) + "\n</ul>"


def _coloured(diff: str) -> str:
    lines = []
    for number, line in enumerate(diff.split("\n")):
        tag = {"+": "ins", "-": "del"}.get(line[:1]) if number > 1 else None
        lines.append(f"<{tag}>{escape(line)}</{tag}>" if tag else escape(line))
    return "\n".join(lines)


def _picture(report: Report) -> str:
    """The interval of the difference around zero; a band shows the noise floor where it is known."""
    found, noise = report.difference, report.noise_floor.floor if report.noise_floor else 0.0
    reach = 1.15 * max(abs(found.low), abs(found.high), noise, 0.05)

    def x(share: float) -> float:
        return round(_WIDTH * (0.5 + 0.5 * share / reach), 1)

    low, high, value, zero = x(found.low), x(found.high), x(found.value), x(0.0)
    words = (
        f"difference {100 * found.value:.1f} points, 95 % interval {100 * found.low:.1f} to {100 * found.high:.1f}"
        + (f", noise floor ±{100 * noise:.1f}" if noise else "")
    )
    band = (
        f'<rect x="{x(-noise)}" y="14" width="{round(x(noise) - x(-noise), 1)}" height="52" fill="var(--card)"/>'
        if noise
        else ""
    )
    return f"""<svg viewBox="0 0 {_WIDTH} 92" role="img" aria-label="{escape(words)}">
{band}
<line x1="0" y1="{_MIDDLE}" x2="{_WIDTH}" y2="{_MIDDLE}" stroke="var(--line)"/>
<line x1="{zero}" y1="10" x2="{zero}" y2="70" stroke="var(--dim)" stroke-dasharray="3 3"/>
<line x1="{low}" y1="{_MIDDLE}" x2="{high}" y2="{_MIDDLE}" stroke="var(--mark)" stroke-width="5"/>
<line x1="{low}" y1="30" x2="{low}" y2="50" stroke="var(--mark)" stroke-width="2"/>
<line x1="{high}" y1="30" x2="{high}" y2="50" stroke="var(--mark)" stroke-width="2"/>
<circle cx="{value}" cy="{_MIDDLE}" r="7" fill="var(--mark)"/>
<text x="{zero}" y="86" text-anchor="middle">no difference</text>
<text x="4" y="86">start is better</text>
<text x="{_WIDTH - 4}" y="86" text-anchor="end">best is better</text>
</svg>"""
