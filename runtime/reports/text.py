"""A report for readers: a few plain lines, Markdown, HTML, JSON. Pure: texts in, texts out."""

from __future__ import annotations

import difflib
import re

from ...core.report import PromptScore, Report
from ...core.stats.tests import Difference
from ...core.stats.win_rate import WinRate
from .html import render_page

_BACKTICKS = re.compile(r"`+")
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")


def summary_lines(report: Report) -> list[str]:
    """Verdict, scores, shares, cost, choice, then one line for each caveat; no markup."""
    return [
        f"{report.verdict}: {_difference_text(report)}",
        _scores_text(report),
        _shares_text(report),
        _cost_text(report),
        _selection_text(report),
        *(f"{one.task}: {one.start:.3f} → {one.best:.3f} ({one.n} rows)" for one in report.tasks),
        *(f"note: {warning}" for warning in report.warnings),
    ]


def to_json(report: Report) -> str:
    return report.model_dump_json(indent=2)


def to_markdown(report: Report) -> str:
    verdict, *facts = [_escape_markdown(line) for line in summary_lines(report)[:5]]
    blocks = [
        f"# {_escape_markdown(report.task)}: {report.verdict}",
        "\n".join(f"- {line}" for line in (f"**{verdict}**", *facts)),
        "## Prompt, before and after",
        _code_block(prompt_diff(report) or "no change", "diff"),
        "### Start",
        _code_block(report.prompt.start),
        "### Best",
        _code_block(report.prompt.best),
        "## How sure this is",
        "\n".join(f"- {_escape_markdown(line)}" for line in evidence_lines(report)),
    ]
    if report.warnings:
        blocks += ["## Caveats", "\n".join(f"- {_escape_markdown(warning)}" for warning in report.warnings)]
    blocks += [
        f"Run {_escape_markdown(report.run)}, recipe {_escape_markdown(report.recipe)}, seed {report.seed}, "
        f"best candidate {_escape_markdown(report.best.candidate)}."
    ]
    return "\n\n".join(blocks) + "\n"


def to_html(report: Report) -> str:
    """One self-contained page: no script, nothing loaded, every text escaped, light and dark."""
    return render_page(report, summary_lines(report)[:5], evidence_lines(report), prompt_diff(report))


def evidence_lines(report: Report) -> list[str]:
    """What stands behind the verdict, a sentence a line."""
    found, shown = report.difference, report.format
    if report.preference is not None:
        return _preference_lines(report, report.preference)
    lines = [
        f"Difference {_signed_points(found.value)} points, "
        f"95 % interval {_signed_points(found.low)} to {_signed_points(found.high)} "
        f"(paired bootstrap, BCa), {_p_value_text(found.p)} ({found.test}), {_rows_text(report)}.",
        f"Start {_score_text(report.start)}; best {_score_text(report.best)}.",
        f"{report.flips.gained} rows got better, {report.flips.lost} got worse.",
        f"Unreadable answers: start {shown.start_failures}, best {shown.best_failures}. "
        f"Of the difference, {_signed_points(shown.gain)} points lie on rows where an answer could not be read, "
        f"{_signed_points(report.content.gain)} on the {report.content.n} rows that both prompts answered readably.",
    ]
    if report.noise_floor is None:
        lines.append("Noise floor: not measured (the start prompt was not run twice).")
    else:
        noise = report.noise_floor
        lines.append(
            f"Noise floor: the start prompt run twice on {noise.n} rows differed by {_signed_points(noise.difference)} "
            f"points; {100 * noise.changed:.0f} % of the rows changed; "
            f"chance alone reaches ±{100 * noise.floor:.1f} points."
        )
    lines += [
        f"Of these, {one.task}: {one.start:.3f} → {one.best:.3f}, {_signed_points(one.difference.value)} points "
        f"({_signed_points(one.difference.low)} to {_signed_points(one.difference.high)}) on {one.n} rows."
        for one in report.tasks
    ]
    if report.val is not None:
        lines.append(
            f"On the {report.val.n} val rows that chose it, the best had {report.val.best:.3f} "
            f"(start {report.val.start:.3f}); allowing for the choice among {report.tried}, {report.val.shrunk:.3f}."
        )
    return lines


def prompt_diff(report: Report) -> str:
    """Unified, whole texts as context; empty where nothing changed."""
    before, after = report.prompt.start.splitlines(), report.prompt.best.splitlines()
    context = max(len(before), len(after))
    return "\n".join(difflib.unified_diff(before, after, "start", "best", lineterm="", n=context))


def _difference_text(report: Report) -> str:
    found = report.difference
    if report.preference is not None:
        return (
            f"win rate {_win_rate_text(report.preference)}, {_p_value_text(found.p)}, {found.test}, "
            f"on {report.preference.n} {_split_label(report)} rows"
        )
    if not report.best.n:
        return "no row was scored for both prompts"
    return f"{gain_text(found)} on {_rows_text(report)}"


def _scores_text(report: Report) -> str:
    if (one := report.preference) is not None:
        return (
            f"{one.judge}: the best prompt's output {one.wins} times, the start's {one.losses} times, {one.ties} ties"
        )
    if report.start.score is None or report.best.score is None:
        return "start and best: not measured"
    gained, lost = report.flips.gained, report.flips.lost
    return f"score {report.start.score:.3f} → {report.best.score:.3f}; {gained} rows better, {lost} worse"


def _shares_text(report: Report) -> str:
    shown = report.format
    if report.preference is not None:
        return "nothing scores an output of this task: two outputs can be compared, none has a score"
    return (
        f"of the difference, format {_signed_points(shown.gain)}, content {_signed_points(report.content.gain)}; "
        f"unreadable answers {shown.start_failures} → {shown.best_failures}"
    )


def _cost_text(report: Report) -> str:
    calls = report.calls.target + report.calls.optimizer
    cached = f", {report.cached:,} of them from the cache" if report.cached else ""
    return (
        f"cost: {calls:,} calls ({report.calls.target:,} target, {report.calls.optimizer:,} optimizer{cached}), "
        f"{report.tokens:,} tokens, ${report.usd:,.4f} (${report.paid.usd:,.4f} paid), {_duration_text(report.seconds)}"
    )


def _selection_text(report: Report) -> str:
    return f"chosen among {report.tried} candidates; prompt {report.words.start} → {report.words.best} words"


def _rows_text(report: Report) -> str:
    return f"{report.best.n} {_split_label(report)} rows"


def _split_label(report: Report) -> str:
    return "sealed test" if report.split == "test" else "val"


def _win_rate_text(one: WinRate) -> str:
    return f"{one.rate:.2f} (95 % interval {one.low:.2f} to {one.high:.2f}; 0.50 is no difference)"


def _preference_lines(report: Report, one: WinRate) -> list[str]:
    """What stands behind a verdict by comparison."""
    return [
        f"Win rate of the best prompt against the start {_win_rate_text(one)}, {_p_value_text(report.difference.p)} "
        f"({report.difference.test}), on {one.n} {_split_label(report)} rows; a tie counts half.",
        f"Of the rows, {one.wins} went to the best prompt, {one.losses} to the start, {one.ties} to neither.",
        f"Compared by {one.judge}, each row in both orders; no output has a score.",
    ]


def _score_text(one: PromptScore) -> str:
    if one.score is None or one.low is None or one.high is None:
        return "not measured"
    return f"{one.score:.3f} ({one.low:.3f} to {one.high:.3f})"


def _signed_points(share: float) -> str:
    """A share as signed points, without a minus before zero."""
    points = round(100 * share, 1) + 0.0
    return f"{points:+.1f}" if points else "0.0"


def gain_text(gain: Difference) -> str:
    """A paired difference with its interval and its test."""
    inside = (
        f"95 % interval {_signed_points(gain.low)} to {_signed_points(gain.high)}, {_p_value_text(gain.p)}, {gain.test}"
    )
    return f"{_signed_points(gain.value)} points ({inside})"


def _p_value_text(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def _duration_text(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _code_block(text: str, language: str = "") -> str:
    """A fence longer than any run of backticks in the text, so that no prompt can end it."""
    fence = "`" * max(3, 1 + max((len(run) for run in _BACKTICKS.findall(text)), default=0))
    return f"{fence}{language or 'text'}\n{text}\n{fence}"


def _escape_markdown(text: str) -> str:
    return _MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(text.split()))
