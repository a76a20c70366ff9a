"""Everything about one candidate, read from the store at once, and its lines."""

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
from .lineage import candidate_state, short_id


@dataclass(frozen=True, kw_only=True)
class CandidateDetails:
    """evaluations: the worst first. ancestors: the first parent of each, the baseline last."""

    candidate: Candidate | None
    evaluations: tuple[Evaluation, ...] = ()
    examples: Mapping[str, Example]
    ancestors: tuple[Candidate, ...] = ()
    turns: tuple[DialogueTurn, ...] = ()

    def filter_evaluations(self, which: str) -> list[Evaluation]:
        match which:
            case "wrong":
                return [row for row in self.evaluations if row.score < 1 and row.failure is None]
            case "unreadable":
                return [row for row in self.evaluations if row.failure is not None]
            case "right":
                return [row for row in self.evaluations if row.score >= 1]
        return list(self.evaluations)

    def diff_from(self, ancestor: Candidate | None, width: int) -> list[Line]:
        if self.candidate is None or ancestor is None:
            return [(("the baseline: it has no parent", "dim"),)]
        before, after = prompts_text(ancestor), prompts_text(self.candidate)
        removed, added = count_changed_words(before, after)
        head: Line = (
            (f"from {short_id(ancestor.id)} ({ancestor.operator}): ", "dim"),
            (f"-{removed} +{added} words", "strong"),
        )
        return [head, (), *diff_lines(before, after, width)]


def load_candidate_details(store: Store, snapshot: RunSnapshot, name: str) -> CandidateDetails:
    """The candidate, its line of first parents, and the dialogue of the step that proposed it. Safe in a thread."""
    run = snapshot.record.id
    candidate = store.candidate(run, name)
    evaluations = [row for row in store.evaluations(run, candidate=name) if row.split in ("train", "val")]
    evaluations.sort(key=lambda row: (row.score, row.failure is None))
    proposed = candidate is not None and candidate.operator != "start" and candidate.id in snapshot.timeline.candidates
    return CandidateDetails(
        candidate=candidate,
        evaluations=tuple(evaluations),
        examples={example.id: example for split, example in store.examples(run) if split in ("train", "val")},
        ancestors=tuple(_first_parents(store, run, candidate)),
        turns=tuple(store.turns_of_step(run, candidate.step)) if candidate is not None and proposed else (),
    )


def _first_parents(store: Store, run: str, candidate: Candidate | None) -> list[Candidate]:
    line: list[Candidate] = []
    visited: set[str] = set()
    while candidate is not None and candidate.parents and candidate.id not in visited:
        visited.add(candidate.id)
        candidate = store.candidate(run, candidate.parents[0])
        if candidate is not None and candidate.id not in visited:
            line.append(candidate)
    return line


def prompts_text(candidate: Candidate) -> str:
    """All prompts of a program, as text."""
    prompts = candidate.program.prompts
    if len(prompts) == 1:
        main = candidate.program.main
        demos = [f"[{demo.input}] → {demo.output}" for demo in main.demos]
        return "\n".join(part for part in (main.system, instruction_text(main), *demos) if part)
    return "\n\n".join(f"== {name} ==\n{instruction_text(prompt)}" for name, prompt in prompts.items())


def prompt_lines(details: CandidateDetails, width: int) -> list[Line]:
    """The messages as the target model gets them, around the first example."""
    if details.candidate is None:
        return [(("this candidate is not in the store", "warn"),)]
    lines: list[Line] = []
    example = next(iter(details.examples.values()), Example(input="(the input)"))
    prompts = details.candidate.program.prompts
    for name, prompt in prompts.items():
        if len(prompts) > 1:
            lines.append(((f"== {name} ==", "head"),))
        for message in render(prompt, example):
            lines.append(((message["role"], "teacher" if message["role"] == "assistant" else "student"),))
            lines += [(("  ", ""), (text, "")) for text in wrap(message["content"], width - 2)]
            lines.append(())
    return lines


def outcome_mark(evaluation: Evaluation, glyphs: Glyphs) -> tuple[str, Tone]:
    """Sign and tone of an outcome: right, wrong, or an unreadable answer."""
    if evaluation.failure is not None:
        return "?", "warn"
    return (glyphs.finished, "good") if evaluation.score >= 1 else (glyphs.failed, "bad")


def outcome_table(
    details: CandidateDetails, evaluations: Sequence[Evaluation], glyphs: Glyphs, width: int
) -> tuple[Line, list[Line]]:
    """Head and lines. Answer and reference get no more cells than they take, and the input the rest."""
    texts = [(_answer_text(row), _reference_text(details, row)) for row in evaluations]
    answer_width, reference_width = (
        min(most, max([least, *(cell_len(pair[column]) for pair in texts)]))
        for column, (least, most) in enumerate(((6, 15), (9, 11)))
    )
    head = f"  {'split':<6}{'score':<6}{'answer':<{answer_width + 1}}{'reference':<{reference_width + 1}}input"
    lines: list[Line] = []
    for row, (answer, reference) in zip(evaluations, texts, strict=True):
        (sign, tone), example = outcome_mark(row, glyphs), details.examples.get(row.example)
        text = one_line(example.text if example else row.example)
        lines.append(
            (
                (f"{sign} ", tone),
                (f"{row.split:<6}", "dim"),
                (f"{row.score:.2f}  ", "strong"),
                (f"{fit(answer, answer_width)} ", tone if row.failure is not None else ""),
                (f"{fit(reference, reference_width)} ", "dim"),
                (fit(text, max(4, width - answer_width - reference_width - 16)), ""),
            )
        )
    return ((fit(head, width), "head"),), lines


def _answer_text(evaluation: Evaluation) -> str:
    if evaluation.failure is not None:
        return "unreadable"
    return one_line(evaluation.answer if evaluation.answer is not None else evaluation.output)


def _reference_text(details: CandidateDetails, evaluation: Evaluation) -> str:
    example = details.examples.get(evaluation.example)
    return one_line(" | ".join(example.outputs)) if example else ""


def outcome_detail(details: CandidateDetails, example_id: str) -> list[Line]:
    """Input, reference, output, the parsed answer where it is less, parts of the score, feedback."""
    evaluation = next((row for row in details.evaluations if row.example == example_id), None)
    example = details.examples.get(example_id)
    if evaluation is None:
        return [(("this example was not measured", "dim"),)]
    lines: list[Line] = [(("input", "head"),), (("  ", ""), (example.text if example else "", "")), ()]
    lines += [(("reference", "head"),), (("  ", ""), (" | ".join(example.outputs) if example else "", "")), ()]
    lines += [(("output", "head"),), (("  ", ""), (evaluation.output, "")), ()]
    if evaluation.answer is None:
        lines += [(("the answer is unreadable", "warn"),), ()]
    elif evaluation.answer.strip() != evaluation.output.strip():
        lines += [(("parsed answer", "head"),), (("  ", ""), (evaluation.answer, "")), ()]
    lines.append(((f"score {evaluation.score:.2f}", "head"),))
    for name, part in evaluation.scores.items():
        lines.append((("  ", ""), (f"{name} {part.value:.2f} {part.failure or ''}", "")))
        if part.feedback:
            lines.append((("    ", ""), (part.feedback, "accent")))
    return [part for line in lines for part in _split_newlines(line)]


def _split_newlines(line: Line) -> list[Line]:
    if not line:
        return [line]
    *before, (text, tone) = line
    return [(*before, (piece, tone)) for piece in text.split("\n")]


def origin_lines(details: CandidateDetails, snapshot: RunSnapshot, glyphs: Glyphs, width: int) -> list[Line]:
    """Operator, parents, status, score, cost, rationale, and the dialogue that proposed it."""
    candidate = details.candidate
    if candidate is None:
        return []
    view = snapshot.timeline.candidates.get(candidate.id)
    sign, _, word = candidate_state(view, snapshot.best, glyphs) if view else ("", "", candidate.status)
    unreadable = sum(row.failure is not None for row in details.evaluations)
    by_split = [f"{sum(row.split == split for row in details.evaluations)} {split}" for split in ("val", "train")]
    operator = f"{candidate.operator}, round {candidate.round}, step {candidate.step}"
    facts = [
        ("id", candidate.id),
        ("status", f"{sign} {word}"),
        ("score", _score_line(snapshot, candidate.id)),
        ("operator", operator if candidate.parents else ""),
        ("parents", ", ".join(short_id(parent) for parent in candidate.parents)),
        ("cost", f"{count_noun(len(details.evaluations), 'target call')} ({', '.join(by_split)})"),
        ("dialogue", f"{count_noun(len(details.turns), 'turn')} in its step" if candidate.parents else ""),
        ("unreadable", str(unreadable)),
        ("reason", candidate.reason),
    ]
    lines = labelled_lines([(name, fit(value, width - 12).rstrip()) for name, value in facts if value])
    if candidate.rationale:
        rationale = wrap(candidate.rationale, width - 2)
        lines += [(), (("rationale", "head"),), *((("  ", ""), (text, "")) for text in rationale)]
    for turn in details.turns:
        lines += [(), ((turn.role, role_tone(turn.role)), (f" · {turn.skill}", "dim"))]
        lines += [(("  ", ""), (text, "")) for text in wrap(turn.raw.strip(), width - 2) if text.strip()]
    return lines


def _score_line(snapshot: RunSnapshot, candidate: str) -> str:
    tally = snapshot.leaderboard.get(candidate)
    if tally is None:
        return "not measured"
    low, high = tally.interval
    return f"{tally.mean:.3f} [{low:.2f}, {high:.2f}] on {count_noun(tally.n, 'val example')}"
