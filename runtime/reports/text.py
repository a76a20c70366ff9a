"""A report in sentences, without markup, and as JSON. Pure functions."""

from __future__ import annotations

from ...core.report import PromptScore, ProposalCounts, Report, TransferScore
from ...core.stats.tests import Difference
from ...core.stats.win_rate import WinRate
from ..monitor.budget_left import has_room_left, room_text

# The most frequent reasons; the JSON report has all.
_MAX_REASONS = 3


def summary_lines(report: Report) -> list[str]:
    """Verdict, scores, shares, cost and selection, then one line per caveat; no markup."""
    return [
        f"{report.verdict}: {difference_text(report)}",
        _scores_text(report),
        shares_text(report),
        cost_text(report),
        _selection_text(report),
        *search_end_lines(report),
        *(f"on {transfer_text(transfer)}" for transfer in report.transfer),
        *(f"{task.task}: {task.start:.3f} → {task.best:.3f} ({task.n} examples)" for task in report.tasks),
        *(f"note: {warning}" for warning in report.warnings),
    ]


def fact_lines(report: Report) -> list[str]:
    """The first lines of the summary: what was gained, what it cost, and what was left."""
    return summary_lines(report)[: 5 + len(search_end_lines(report))]


def search_end_lines(report: Report) -> list[str]:
    """Why the search ended, where it left a part of its budget; else nothing."""
    end = report.search
    if end is None or not has_room_left(end.share):
        return []
    return [f"the search ended early: {end.reason}; {room_text(end.share, end.left, end.calls)}"]


def to_json(report: Report) -> str:
    return report.model_dump_json(indent=2)


def transfer_text(line: TransferScore) -> str:
    """One further target model in a line."""
    if line.difference is None:
        return f"{line.model}: not measured: {line.error}"
    return (
        f"{line.model}: {score_cell(line.start)} → {score_cell(line.best)}, {gain_text(line.difference)}, "
        f"{line.verdict} ({line.n} examples)"
    )


def score_cell(score: float | None) -> str:
    return "–" if score is None else f"{score:.3f}"


def evidence_lines(report: Report) -> list[str]:
    """The evidence for the verdict, one sentence per line."""
    gain, format_share = report.difference, report.format
    if report.preference is not None:
        return _preference_lines(report, report.preference)
    lines = [
        f"Difference {signed_points(gain.value)} points, "
        f"95 % interval {signed_points(gain.low)} to {signed_points(gain.high)} "
        f"(paired bootstrap, BCa), {_p_value_text(gain.p)} ({gain.test}), {_examples_text(report)}.",
        f"Baseline {_score_text(report.start)}; best {_score_text(report.best)}.",
        f"{report.flips.gained} examples got better, {report.flips.lost} got worse.",
        f"Unreadable answers: baseline {format_share.start_failures}, best {format_share.best_failures}. "
        f"Of the difference, {signed_points(format_share.gain)} points are from examples with an unreadable answer, "
        f"{signed_points(report.content.gain)} from the {report.content.n} that both prompts answered readably.",
    ]
    if report.no_answer.start or report.no_answer.best:
        lines.append(
            f"No answer (the model returned no text): baseline {report.no_answer.start}, best {report.no_answer.best}; "
            "counted apart from unreadable answers, and with them in the split of the difference."
        )
    if report.failed.count:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in report.failed.reasons.items())
        lines.append(f"{report.failed.count} of {report.failed.of} examples failed: {reasons}.")
    if report.noise_floor is None:
        lines.append("Noise floor: not measured (the baseline was not run twice on enough examples).")
    else:
        noise = report.noise_floor
        lines.append(
            f"Noise floor: the baseline run twice on {noise.n} examples differed by "
            f"{signed_points(noise.difference)} points; {100 * noise.changed:.0f} % of the examples changed; "
            f"chance alone reaches ±{100 * noise.floor:.1f} points."
        )
    lines += [f"On {transfer_text(transfer)}." for transfer in report.transfer]
    lines += [
        f"Of these, {task.task}: {task.start:.3f} → {task.best:.3f}, {signed_points(task.difference.value)} points "
        f"({signed_points(task.difference.low)} to {signed_points(task.difference.high)}) on {task.n} examples."
        for task in report.tasks
    ]
    if report.val is not None:
        lines.append(
            f"On the {report.val.n} val examples that selected it, the best prompt had {report.val.best:.3f} "
            f"(baseline {report.val.start:.3f}); allowing for the choice among {report.tried}, {report.val.shrunk:.3f}."
        )
    return lines


def difference_text(report: Report) -> str:
    gain = report.difference
    if report.preference is not None:
        return (
            f"win rate {win_rate_text(report.preference)}, {_p_value_text(gain.p)}, {gain.test}, "
            f"on {report.preference.n} {split_label(report)} examples"
        )
    if not report.best.n:
        return "no example was scored for both prompts"
    return f"{gain_text(gain)} on {_examples_text(report)}"


def _scores_text(report: Report) -> str:
    if (preference := report.preference) is not None:
        return (
            f"{preference.judge}: the best prompt's output {preference.wins} times, "
            f"the baseline's {preference.losses} times, {preference.ties} ties"
        )
    if report.start.score is None or report.best.score is None:
        return "baseline and best: not measured"
    gained, lost = report.flips.gained, report.flips.lost
    return f"score {report.start.score:.3f} → {report.best.score:.3f}; {gained} examples better, {lost} worse"


def shares_text(report: Report) -> str:
    format_share = report.format
    if report.preference is not None:
        return "no evaluator scores single outputs of this task; a judge compares two of them"
    format_points, content_points = signed_points(format_share.gain), signed_points(report.content.gain)
    return (
        f"of the difference, format {format_points}, content {content_points}; "
        f"unreadable answers {format_share.start_failures} → {format_share.best_failures}"
    )


def cost_text(report: Report) -> str:
    calls = report.calls.target + report.calls.optimizer
    cached = f", {report.cached:,} of them from the cache" if report.cached else ""
    return (
        f"cost: {calls:,} calls ({report.calls.target:,} target, {report.calls.optimizer:,} optimizer{cached}), "
        f"{report.tokens:,} tokens, {_money_text(report)}, {duration_text(report.seconds)}"
    )


def _money_text(report: Report) -> str:
    """What the run cost; nothing is called free unless the price of every model is known."""
    if report.usd or report.paid.usd:
        unpriced = " for the models with a known price" if report.priced is False else ""
        return f"{usd_text(report.usd)} ({usd_text(report.paid.usd)} paid){unpriced}"
    return "no charge" if report.priced else "price unknown"


def usd_text(usd: float) -> str:
    """Dollars with as many digits as tell them apart; a sum above zero is never written as zero."""
    if usd >= 1 or not usd:
        return f"${usd:,.2f}"
    return f"${usd:.4f}" if usd >= 0.0001 else "less than $0.0001"


def _selection_text(report: Report) -> str:
    chosen = f"chosen among {report.tried} candidates; prompt {report.words.start} → {report.words.best} words"
    return "; ".join(filter(None, (chosen, _proposals_text(report.proposals))))


def _proposals_text(proposals: ProposalCounts | None) -> str:
    """Empty where every proposal entered and every answer could be read."""
    if proposals is None or not (proposals.refused or proposals.unreadable):
        return ""
    text = f"{proposals.entered} of {proposals.written} proposals entered"
    if proposals.refused:
        reasons = ", ".join(f"{refusal.reason} ({refusal.count})" for refusal in proposals.refused[:_MAX_REASONS])
        text += f", the others were refused: {reasons}"
    return f"{text}; {proposals.unreadable} answers could not be read" if proposals.unreadable else text


def _examples_text(report: Report) -> str:
    return f"{report.best.n} {split_label(report)} examples"


def split_label(report: Report) -> str:
    return "held-out test" if report.split == "test" else "val"


def win_rate_text(win_rate: WinRate) -> str:
    return f"{win_rate.rate:.2f} (95 % interval {win_rate.low:.2f} to {win_rate.high:.2f}; 0.50 is no difference)"


def _preference_lines(report: Report, win_rate: WinRate) -> list[str]:
    """The evidence for a verdict by pairwise comparison."""
    return [
        f"Win rate of the best prompt against the baseline {win_rate_text(win_rate)}, "
        f"{_p_value_text(report.difference.p)} ({report.difference.test}), "
        f"on {win_rate.n} {split_label(report)} examples; a tie counts half.",
        f"The best prompt won {win_rate.wins} examples, the baseline {win_rate.losses}, neither {win_rate.ties}.",
        f"Compared by {win_rate.judge}, each example in both orders; no output has a score.",
    ]


def _score_text(prompt_score: PromptScore) -> str:
    if prompt_score.score is None or prompt_score.low is None or prompt_score.high is None:
        return "not measured"
    return f"{prompt_score.score:.3f} ({prompt_score.low:.3f} to {prompt_score.high:.3f})"


def signed_points(share: float) -> str:
    """A share as signed percentage points, without a minus before zero."""
    points = round(100 * share, 1) + 0.0
    return f"{points:+.1f}" if points else "0.0"


def gain_text(gain: Difference) -> str:
    """A paired difference with its interval and its test."""
    inside = (
        f"95 % interval {signed_points(gain.low)} to {signed_points(gain.high)}, {_p_value_text(gain.p)}, {gain.test}"
    )
    return f"{signed_points(gain.value)} points ({inside})"


def _p_value_text(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def duration_text(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
