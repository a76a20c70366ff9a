"""All that is known of one candidate, read in one go, and its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from ...core.candidate import Candidate
from ...core.dataset import Example
from ...core.render import instruction_text, render
from ...core.score import Evaluation
from ...runtime.monitor.snapshot import RunSnapshot
from ...runtime.store import DialogueTurn, Store
from ..format.text import Glyphs, Line, Tone, count_noun, fit, labelled_lines, one_line, role_tone, wrap
from .diff import count_changed_words, diff_lines
from .lineage import all_candidates, candidate_state, short_id


@dataclass(frozen=True, kw_only=True)
class CandidateDetails:
    """evaluations: the worst first. ancestors: parents first, the start prompt last."""

    candidate: Candidate | None
    evaluations: tuple[Evaluation, ...] = ()
    examples: Mapping[str, Example]
    ancestors: tuple[Candidate, ...] = ()
    turns: tuple[DialogueTurn, ...] = ()

    def filter_evaluations(self, which: str) -> list[Evaluation]:
        match which:
            case "wrong":
                return [one for one in self.evaluations if one.score < 1 and one.failure is None]
            case "unreadable":
                return [one for one in self.evaluations if one.failure is not None]
            case "right":
                return [one for one in self.evaluations if one.score >= 1]
        return list(self.evaluations)

    def diff_from(self, other: Candidate | None, width: int) -> list[Line]:
        if self.candidate is None or other is None:
            return [(("the start prompt: nothing came before it", "dim"),)]
        before, after = prompts_text(other), prompts_text(self.candidate)
        gone, came = count_changed_words(before, after)
        head: Line = ((f"from {short_id(other.id)} ({other.operator}): ", "dim"), (f"-{gone} +{came} words", "strong"))
        return [head, (), *diff_lines(before, after, width)]


def load_candidate_details(store: Store, scene: RunSnapshot, name: str) -> CandidateDetails:
    """Of the candidate, its line of first parents, and what was said in the step that made it. Safe in a thread."""
    run = scene.record.id
    one = store.candidate(run, name)
    people = all_candidates(scene.story)
    line: list[Candidate] = []
    seen, parents = {name}, list(one.parents if one else ())
    while parents and (found := store.candidate(run, parents[0])) is not None and found.id not in seen:
        line.append(found)
        seen.add(found.id)
        parents = list(found.parents)
    rows = [row for row in store.evaluations(run, candidate=name) if row.split in ("train", "val")]
    rows.sort(key=lambda row: (row.score, row.failure is None))
    examples = {row.id: row for split, row in store.examples(run) if split in ("train", "val")}
    made = one is not None and one.operator != "start" and one.id in people
    turns = store.turns_of_step(run, one.step) if one is not None and made else []
    return CandidateDetails(
        candidate=one, evaluations=tuple(rows), examples=examples, ancestors=tuple(line), turns=tuple(turns)
    )


def prompts_text(candidate: Candidate) -> str:
    """All prompts of a program, as they ask."""
    prompts = candidate.program.prompts
    if len(prompts) == 1:
        main = candidate.program.main
        demos = [f"[{demo.input}] → {demo.output}" for demo in main.demos]
        return "\n".join(part for part in (main.system, instruction_text(main), *demos) if part)
    return "\n\n".join(f"== {name} ==\n{instruction_text(prompt)}" for name, prompt in prompts.items())


def prompt_lines(told: CandidateDetails, width: int) -> list[Line]:
    """The messages around the first row that is known; what is the row's own is not told apart by the target either."""
    if told.candidate is None:
        return [(("this candidate is not in the store", "warn"),)]
    out: list[Line] = []
    row = next(iter(told.examples.values()), Example(input="(the input)"))
    for name, prompt in told.candidate.program.prompts.items():
        if len(told.candidate.program.prompts) > 1:
            out.append(((f"== {name} ==", "head"),))
        for message in render(prompt, row):
            out.append(((message["role"], "teacher" if message["role"] == "assistant" else "student"),))
            out += [(("  ", ""), (text, "")) for text in wrap(message["content"], width - 2)]
            out.append(())
    return out


def outcome_mark(one: Evaluation, signs: Glyphs) -> tuple[str, Tone]:
    """Sign and tone of an outcome: right, wrong, or an answer that could not be read."""
    if one.failure is not None:
        return "?", "warn"
    return (signs.finished, "good") if one.score >= 1 else (signs.failed, "bad")


def outcome_table(
    told: CandidateDetails, rows: Sequence[Evaluation], signs: Glyphs, width: int
) -> tuple[Line, list[Line]]:
    """Head and lines. What was said and what was wanted get no more room than they take, and the input the rest."""
    cells = [(_answer_text(one), _reference_text(told, one)) for one in rows]
    said, wanted = (
        min(most, max([least, *(cell_len(cell[at]) for cell in cells)]))
        for at, (least, most) in enumerate(((4, 15), (6, 11)))
    )
    head = f"  {'split':<6}{'score':<6}{'said':<{said + 1}}{'wanted':<{wanted + 1}}input"
    lines: list[Line] = []
    for one, (words, want) in zip(rows, cells, strict=True):
        (sign, tone), row = outcome_mark(one, signs), told.examples.get(one.example)
        text = one_line(row.text if row else one.example)
        lines.append(
            (
                (f"{sign} ", tone),
                (f"{one.split:<6}", "dim"),
                (f"{one.score:.2f}  ", "strong"),
                (f"{fit(words, said)} ", tone if one.failure is not None else ""),
                (f"{fit(want, wanted)} ", "dim"),
                (fit(text, max(4, width - said - wanted - 16)), ""),
            )
        )
    return ((fit(head, width), "head"),), lines


def _answer_text(one: Evaluation) -> str:
    return "unreadable" if one.failure is not None else one_line(one.answer if one.answer is not None else one.output)


def _reference_text(told: CandidateDetails, one: Evaluation) -> str:
    row = told.examples.get(one.example)
    return one_line(" | ".join(row.outputs)) if row else ""


def outcome_detail(told: CandidateDetails, example: str) -> list[Line]:
    """Input, wanted, said, what was read of it where that is less, parts of the score, feedback."""
    one = next((row for row in told.evaluations if row.example == example), None)
    row = told.examples.get(example)
    if one is None:
        return [(("nothing is known of this row", "dim"),)]
    lines: list[Line] = [(("input", "head"),), (("  ", ""), (row.text if row else "", "")), ()]
    lines += [(("wanted", "head"),), (("  ", ""), (" | ".join(row.outputs) if row else "", "")), ()]
    lines += [(("said", "head"),), (("  ", ""), (one.output, "")), ()]
    if one.answer is None:
        lines += [(("it could not be read", "warn"),), ()]
    elif one.answer.strip() != one.output.strip():
        lines += [(("read as", "head"),), (("  ", ""), (one.answer, "")), ()]
    lines.append(((f"score {one.score:.2f}", "head"),))
    for name, part in one.scores.items():
        lines.append((("  ", ""), (f"{name} {part.value:.2f} {part.failure or ''}", "")))
        if part.feedback:
            lines.append((("    ", ""), (part.feedback, "accent")))
    return [line for entry in lines for line in _split_newlines(entry)]


def _split_newlines(line: Line) -> list[Line]:
    if not line:
        return [line]
    *before, (text, tone) = line
    return [(*before, (piece, tone)) for piece in text.split("\n")]


def origin_lines(told: CandidateDetails, scene: RunSnapshot, signs: Glyphs, width: int) -> list[Line]:
    """Who, from whom, why, at what cost, and what was said when it was made."""
    one = told.candidate
    if one is None:
        return []
    born = all_candidates(scene.story).get(one.id)
    sign, _, word = candidate_state(born, scene.best, signs) if born else ("", "", one.status)
    tally = scene.standings.get(one.id)
    low, high = tally.interval if tally else (0.0, 0.0)
    standing = (
        f"{tally.mean:.3f} [{low:.2f}, {high:.2f}] on {count_noun(tally.n, 'val row')}" if tally else "not measured"
    )
    unread = sum(row.failure is not None for row in told.evaluations)
    by_split = [f"{sum(row.split == split for row in told.evaluations)} {split}" for split in ("val", "train")]
    facts = [
        ("id", one.id),
        ("state", f"{sign} {word}"),
        ("score", standing),
        ("made by", f"{one.operator}, round {one.round}, step {one.step}" if one.parents else ""),
        ("from", ", ".join(short_id(parent) for parent in one.parents)),
        ("cost", f"{count_noun(len(told.evaluations), 'target call')} ({', '.join(by_split)})"),
        ("authors", count_noun(len(told.turns), "turn") + " in the step that made it" if one.parents else ""),
        ("unreadable", str(unread)),
        ("reason", one.reason),
    ]
    lines = labelled_lines([(name, fit(value, width - 12).rstrip()) for name, value in facts if value])
    if one.rationale:
        lines += [(), (("why", "head"),), *((("  ", ""), (text, "")) for text in wrap(one.rationale, width - 2))]
    for turn in told.turns:
        lines += [(), ((turn.role, role_tone(turn.role)), (f" · {turn.skill}", "dim"))]
        lines += [(("  ", ""), (text, "")) for text in wrap(turn.raw.strip(), width - 2) if text.strip()]
    return lines
