"""From what a run measured to its report. Pure: the same facts give the same report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ...core.budget import Cost, LedgerView
from ...core.candidate import Archive
from ...core.dataset import Example
from ...core.program import MAIN, Program
from ...core.prompt import Prompt
from ...core.render import messages_as_text, render, with_shared_prompt
from ...core.report import (
    CallCounts,
    ContentShare,
    ExampleScores,
    Flips,
    FormatShare,
    PaidUsage,
    PromptScore,
    PromptTexts,
    Report,
    TaskResult,
    ValScores,
    Winner,
    WordCounts,
)
from ...core.score import Evaluation
from ...core.stats.shrinkage import detectable_gain, shrunk_means
from ...core.stats.tests import Difference, NoiseFloor, compare_paired, count_flips, mean_interval, noise_floor, verdict
from ...core.stats.win_rate import margins_in_order, win_rate
from ...core.task import TASK_FIELD, Task

_FEW_ROWS = 30


@dataclass(frozen=True, kw_only=True)
class ReportMeasurements:
    """What the report's own measuring gave: the start and the best prompt on the sealed rows.

    again: the start prompt on the same rows a second time, where the model is stochastic or noise was asked for.
    Where the best is the start, `best` may stay empty. margins: of a task that nothing scores, row → how far `judge`
    preferred the best prompt's output to the start's, in [-1, 1].
    """

    start: Sequence[Evaluation] = ()
    best: Sequence[Evaluation] = ()
    again: Sequence[Evaluation] = ()
    margins: Mapping[str, float] | None = None
    judge: str = ""


@dataclass(frozen=True, kw_only=True)
class _PairedEvaluations:
    """The rows both prompts were measured on, in the task's order."""

    ids: tuple[str, ...]
    start: tuple[Evaluation, ...]
    best: tuple[Evaluation, ...]
    of: int

    @property
    def before(self) -> list[float]:
        return [one.score for one in self.start]

    @property
    def after(self) -> list[float]:
        return [one.score for one in self.best]

    @property
    def unread(self) -> list[bool]:
        pairs = zip(self.start, self.best, strict=True)
        return [a.failure == "format" or b.failure == "format" for a, b in pairs]


def build_report(
    *,
    run: str,
    task: Task,
    recipe: str,
    seed: int,
    archive: Archive,
    best: str,
    measured: ReportMeasurements,
    ledger: LedgerView,
) -> Report:
    """The report of one run.

    task: with its test rows. best: the chosen candidate's id. measured: evaluations of the test split; of val where
    the task has no test rows, and then no claim is made. Rows that only one prompt was measured on are left out.
    """
    start = archive.baseline
    rows = _pair_evaluations(task, measured, same=best == start.id)
    before, after, preferred = rows.before, rows.after, None
    if measured.margins is not None:
        judged = margins_in_order(measured.margins, [example.id for example in task.data.test or task.data.val])
        preferred, compared = win_rate(judged, judge=measured.judge, seed=seed)
        before, after = [(1 - one) / 2 for one in judged], [(1 + one) / 2 for one in judged]
    else:
        compared = compare_paired(before, after, seed=seed)
    noise = _noise(measured)
    used, paid = ledger.used, ledger.paid
    total, total_paid = ledger.total, ledger.total_paid
    claimed = verdict(compared, compared.p) if task.data.test else "no evidence of improvement"
    gained, lost = count_flips(before, after)
    first, last = start.program, archive[best].program
    return Report(
        run=run,
        task=task.name,
        recipe=recipe,
        seed=seed,
        split="test" if task.data.test else "val",
        verdict=claimed,
        start=_prompt_score(rows.before, seed),
        best=Winner(**_prompt_score(rows.after, seed).model_dump(), candidate=best),
        difference=compared,
        flips=Flips(gained=gained, lost=lost),
        format=_format_share(rows),
        content=_content_share(rows),
        noise_floor=noise,
        preference=preferred,
        tried=len(_measured_candidates(archive, task)),
        val=_val_scores(archive, task, best),
        calls=CallCounts(target=used.get("target", Cost()).calls, optimizer=used.get("optimizer", Cost()).calls),
        paid=PaidUsage(
            target=paid.get("target", Cost()).calls,
            optimizer=paid.get("optimizer", Cost()).calls,
            tokens=total_paid.tokens,
            usd=total_paid.usd,
        ),
        cached=max(0, total.calls - total_paid.calls),
        lost=ledger.lost,
        tokens=total.tokens,
        usd=total.usd,
        seconds=ledger.seconds,
        words=WordCounts(start=_count_words(first), best=_count_words(last)),
        prompt=PromptTexts(start=program_text(first), best=program_text(last)),
        rows=tuple(
            ExampleScores(id=id_, start=a, best=b) for id_, a, b in zip(rows.ids, rows.before, rows.after, strict=True)
        ),
        tasks=tuple(_task_results(task, rows, seed)),
        warnings=tuple(_warnings(task, rows, (before, after), compared, noise, ledger, best == start.id)),
    )


def program_text(program: Program) -> str:
    """What is said to the target, with a marker like «input» where a row's text goes."""
    texts = {name: prompt_text(program, name) for name in program.prompts if name != program.shared}
    if list(texts) == [MAIN] and program.router is None:
        return texts[MAIN]
    told = [f"=== {name} ===\n{text}" for name, text in texts.items()]
    return "\n\n".join([*told, *([f"=== which prompt ===\n{program.router}"] if program.router else [])])


def prompt_text(program: Program, name: str) -> str:
    """One prompt of a program as it is said, markers in place of a row's fields."""
    prompt = with_shared_prompt(program, name)
    return messages_as_text(render(prompt, placeholder_example(prompt)))


def placeholder_example(prompt: Prompt) -> Example:
    """An example whose every field is its own name in guillemets."""
    if not prompt.placeholders:
        return Example(input="«input»")
    return Example(input={name: f"«{name}»" for name in ("input", *prompt.placeholders)})


def _pair_evaluations(task: Task, measured: ReportMeasurements, *, same: bool) -> _PairedEvaluations:
    start = {one.example: one for one in measured.start}
    best = {one.example: one for one in measured.best} or (start if same else {})
    wanted = task.data.test or task.data.val
    ids = tuple(example.id for example in wanted if example.id in start and example.id in best)
    return _PairedEvaluations(
        ids=ids, start=tuple(start[one] for one in ids), best=tuple(best[one] for one in ids), of=len(wanted)
    )


def _prompt_score(scores: Sequence[float], seed: int) -> PromptScore:
    if not scores:
        return PromptScore(score=None, n=0)
    found = mean_interval(scores, seed=seed)
    return PromptScore(score=found.value, n=len(scores), low=found.low, high=found.high)


def _format_share(rows: _PairedEvaluations) -> FormatShare:
    gain = sum(b - a for a, b, unread in zip(rows.before, rows.after, rows.unread, strict=True) if unread)
    return FormatShare(
        start_failures=sum(one.failure == "format" for one in rows.start),
        best_failures=sum(one.failure == "format" for one in rows.best),
        gain=gain / len(rows.ids) if rows.ids else 0.0,
    )


def _content_share(rows: _PairedEvaluations) -> ContentShare:
    read = [b - a for a, b, unread in zip(rows.before, rows.after, rows.unread, strict=True) if not unread]
    mean = sum(read) / len(read) if read else None
    return ContentShare(gain=sum(read) / len(rows.ids) if rows.ids else 0.0, n=len(read), mean=mean)


def _task_results(task: Task, rows: _PairedEvaluations, seed: int) -> list[TaskResult]:
    """The claim's rows by task, where there are several. These intervals are for reading: the claim is of the mean."""
    whose = {row.id: str(row.metadata.get(TASK_FIELD, "")) for row in task.data.examples()}
    found = []
    for name in task.subtasks:
        pairs = [(a, b) for one, a, b in zip(rows.ids, rows.before, rows.after, strict=True) if whose[one] == name]
        if pairs:
            before, after = [a for a, _ in pairs], [b for _, b in pairs]
            found.append(
                TaskResult(
                    task=name,
                    start=fmean(before),
                    best=fmean(after),
                    difference=compare_paired(before, after, seed=seed),
                    n=len(pairs),
                )
            )
    return found


def _noise(measured: ReportMeasurements) -> NoiseFloor | None:
    first = {one.example: one.score for one in measured.start}
    pairs = [(first[one.example], one.score) for one in measured.again if one.example in first]
    return noise_floor([a for a, _ in pairs], [b for _, b in pairs]) if pairs else None


def _measured_candidates(archive: Archive, task: Task) -> list[str]:
    val = [example.id for example in task.data.val]
    return [
        one
        for one in archive.candidates
        if one != archive.baseline.id and any(archive.result_of(one, row) is not None for row in val)
    ]


def _val_scores(archive: Archive, task: Task, best: str) -> ValScores | None:
    ids = [example.id for example in task.data.val]
    known = archive.scores.row(archive.baseline.id, ids)
    both = list(archive.scores.row(best, list(known)))
    start, chosen = archive.scores.mean(archive.baseline.id, both), archive.scores.mean(best, both)
    if start is None or chosen is None:
        return None
    entered = list(dict.fromkeys([archive.baseline.id, *_measured_candidates(archive, task)]))
    counts = [archive.scores.count(one, ids) for one in entered]
    sums = [sum(row.score for row in archive.scores.row(one, ids).values()) for one in entered]
    shrunk = shrunk_means(counts, sums)[entered.index(best)]
    return ValScores(start=start, best=chosen, n=len(both), shrunk=shrunk)


def _count_words(program: Program) -> int:
    return sum(prompt.words for prompt in program.prompts.values())


def _warnings(
    task: Task,
    rows: _PairedEvaluations,
    shares: tuple[Sequence[float], Sequence[float]],
    compared: Difference,
    noise: NoiseFloor | None,
    ledger: LedgerView,
    unchanged: bool,
) -> list[str]:
    before, after = shares
    n, split = len(before), "test" if task.data.test else "val"
    found: list[str] = []
    if unchanged:
        found.append("no candidate was chosen over the start prompt: start and best are the same prompt")
    claimed = task.data.test or task.data.val
    if made := sum(row.metadata.get("by") == "synthesizer" for row in claimed):
        of = f"{made} of {len(claimed)} {split} rows were made up by a model and labelled by the judge"
        found.append(f"{of}: the claim holds for such rows alone")
    if agreed := sum(row.metadata.get("by") == "agreement" for row in claimed):
        found.append(f"{agreed} of {len(claimed)} {split} rows have a label that prompts agreed on: it may be wrong")
    if not task.data.test:
        found.append("the task has no test rows: these are the val rows that chose the winner, so nothing is claimed")
    if not task.evaluators and not n and not unchanged:
        found.append("nothing scores an output and no judge compared any: nothing is claimed")
    if n < rows.of and (n or task.evaluators):
        found.append(f"the {split} split was scored on {n} of {rows.of} rows to stay within the budget")
    if 0 < n < _FEW_ROWS:
        seen = detectable_gain(n, base=min(0.99, sum(before) / n))
        reach = f"gains below {100 * seen:.0f} points are likely to be missed" if seen else "no gain can be proved"
        found.append(f"only {n} {split} row{'s' if n > 1 else ''}: {reach}")
    if unscored := sum(
        a.failure == "example" or b.failure == "example" for a, b in zip(rows.start, rows.best, strict=True)
    ):
        found.append(f"{unscored} of {n} rows could not be scored for a prompt and count as 0 there")
    if n and not unchanged and before == after:
        found.append("no row changed its score: the interval is the point itself, which is no proof of equality")
    if compared.excludes_zero and compared.p >= 0.05:
        found.append(f"the interval excludes zero, but the {compared.test} test does not reject: nothing is claimed")
    if noise and compared.value and abs(compared.value) <= noise.floor:
        found.append(
            f"the start prompt measured twice differs by up to {100 * noise.floor:.1f} points by chance alone, "
            "as much as the difference"
        )
    if ledger.lost:
        found.append(f"{ledger.lost} call{'s' if ledger.lost > 1 else ''} may have been paid for without an answer")
    return found
