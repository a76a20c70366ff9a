"""How the runs and earlier prompts of a question become text: whole while they fit, else cut fairly or summarized.

Small models read plain evidence, each text of it within a limit of its own. Capable ones have a budget of tokens for
all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.asks import Ask, Case, ScoredPrompt
from ..core.budget import fair_shares
from ..core.words import estimate_tokens

# One text among several of a plain question; the whole question has to fit a small context.
MAX_FIELD_CHARACTERS = 600
# Outputs and feedback are read beside the input, and are often long without saying more.
_MAX_OUTPUT_CHARACTERS = 300
# Where cutting would leave less than half of the runs, reading them in batches is worth the calls.
_LEAST_SHARE = 2
# Batches of one question at most: each is a question of its own.
MAX_BATCHES = 6
# Beside the summaries of batches some runs stand whole, in half of the tokens: they say what summaries lose.
_SHARE_BESIDE_SUMMARIES = 2
# Earlier prompts take at most half of what runs do not need.
_SHARE_OF_HISTORY = 2
_PARTS = (("expected", "Expected"), ("output", "Got"), ("feedback", "Feedback"), ("trace", "Steps"))


@dataclass(frozen=True, kw_only=True)
class EvidenceView:
    """How the evidence of one question is written.

    Attributes:
        tokens: What may be shown of it; None is the plain view with limits for each text.
        summaries: Field → what batches of all its runs show, where they are too many to be shown.
    """

    tokens: int | None = None
    summaries: Mapping[str, str] | None = None

    def field_texts(self, ask: Ask[Any]) -> dict[str, str]:
        """Field name → text: cases as numbered blocks, history with whole-number scores, other lists as lines."""
        values = {name: getattr(ask, name) for name in type(ask).model_fields}
        if self.tokens is None:
            return {name: _plain_text(value) for name, value in values.items()}
        cases = {name: value for name, value in values.items() if is_cases(value)}
        texts = {name: _plain_text(value) for name, value in values.items() if name not in cases}
        available = self.tokens
        for name, value in values.items():
            if is_history(value):
                texts[name] = history_text(value, available // _SHARE_OF_HISTORY)
                available -= estimate_tokens(texts[name])
        summaries = self.summaries or {}
        if summaries:
            available //= _SHARE_BESIDE_SUMMARIES
            cases = {
                name: value if name not in summaries else _those_that_fit(value, available)
                for name, value in cases.items()
            }
        for name, text in _case_texts(cases, available).items():
            texts[name] = f"{summaries[name]}\n\nSome of them, as they were:\n{text}" if name in summaries else text
        return texts


def is_cases(value: object) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(isinstance(item, Case) for item in value)


def is_history(value: object) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(isinstance(item, ScoredPrompt) for item in value)


def batches_of(cases: Sequence[Case], tokens: int) -> list[list[Case]]:
    """Runs in batches that fit, in their order; none where they can be shown together without losing half of them."""
    sizes = [_case_tokens(case) for case in cases]
    if len(cases) < 2 or sum(sizes) <= _LEAST_SHARE * tokens:
        return []
    available = max(tokens, -(-sum(min(size, tokens) for size in sizes) // MAX_BATCHES))
    batches: list[list[Case]] = [[]]
    used = 0
    for case, size in zip(cases, sizes, strict=True):
        if batches[-1] and used + min(size, tokens) > available and len(batches) < MAX_BATCHES:
            batches.append([])
            used = 0
        batches[-1].append(case)
        used += min(size, tokens)
    return batches


def history_text(history: Sequence[ScoredPrompt], tokens: int | None = None) -> str:
    """Earlier prompts, worst first.

    With a limit in tokens, each has the number of inputs behind its score. Where not all fit, the best ones do, and how
    many were left out is said.
    """
    texts = [
        f"Prompt: {past.prompt.strip()}\nScore: {_score_text(past, counted=tokens is not None)}" for past in history
    ]
    if tokens is None:
        return "\n".join(texts)
    best_texts: list[str] = []
    for text in reversed(texts):
        tokens -= estimate_tokens(text)
        if best_texts and tokens < 0:
            break
        best_texts.append(text)
    left_out = len(texts) - len(best_texts)
    note = [f"({left_out} prompts with lower scores are left out.)"] if left_out else []
    return "\n\n".join([*note, *reversed(best_texts)])


def _score_text(past: ScoredPrompt, *, counted: bool) -> str:
    """In percent; a score that worked examples took part in is no score of the text alone."""
    score = f"{round(100 * past.score)}" + (
        f" on {past.rows} input{'s' * (past.rows > 1)}" if counted and past.rows else ""
    )
    return (
        f"{score}, with {past.demos} worked example{'s' if past.demos > 1 else ''} beside it" if past.demos else score
    )


def clip(text: str, limit: int = MAX_FIELD_CHARACTERS) -> str:
    """Shorten a text to a limit by cutting its middle out."""
    text = text.strip()
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f"{text[:head].rstrip()} […] {text[-(limit - head) :].lstrip()}"


def cut_to_tokens(text: str, tokens: int) -> str:
    """The beginning and the end of a text, with a mark between them that says how much is missing."""
    text = text.strip()
    size = estimate_tokens(text)
    if size <= tokens:
        return text
    characters = max(2, len(text) * tokens // size)
    head = characters * 2 // 3
    mark = f"[… {len(text) - characters:,} of {len(text):,} characters left out …]"
    return f"{text[:head].rstrip()} {mark} {text[-(characters - head) :].lstrip()}"


def _case_texts(cases: Mapping[str, Sequence[Case]], tokens: int) -> dict[str, str]:
    """Field → its runs. Short texts stay whole, the longest share what is left equally."""
    pieces = [(name, number, part, text) for name in cases for number, part, text in _pieces(cases[name])]
    shares = fair_shares([estimate_tokens(text) for *_, text in pieces], tokens)
    lines: dict[str, list[str]] = {name: [] for name in cases}
    for (name, number, part, text), share in zip(pieces, shares, strict=True):
        piece = cut_to_tokens(text, share)
        lines[name].append(f"[{number}] Input: {piece}" if part == "Input" else f"    {part}: {piece}")
    return {name: "\n".join(parts) for name, parts in lines.items()}


def _pieces(cases: Sequence[Case]) -> Iterator[tuple[int, str, str]]:
    for number, case in enumerate(cases, 1):
        yield number, "Input", case.input.strip()
        for field, part in _PARTS:
            if text := str(getattr(case, field)).strip():
                yield number, part, text


def _case_tokens(case: Case) -> int:
    return sum(estimate_tokens(text) for _, _, text in _pieces([case]))


def _those_that_fit(cases: Sequence[Case], tokens: int) -> Sequence[Case]:
    """The shortest runs that fit together, in their order; at least one."""
    chosen: list[int] = []
    for index in sorted(range(len(cases)), key=lambda index: _case_tokens(cases[index])):
        tokens -= _case_tokens(cases[index])
        if chosen and tokens < 0:
            break
        chosen.append(index)
    return [cases[index] for index in sorted(chosen)]


def _plain_text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, Sequence):
        return str(value)
    if all(isinstance(item, Case) for item in value):
        return "\n".join(_plain_case(number, case) for number, case in enumerate(value, 1))
    if all(isinstance(item, ScoredPrompt) for item in value):
        return history_text(value)
    return "\n".join(f"{number}. {str(item).strip()}" for number, item in enumerate(value, 1))


def _plain_case(number: int, case: Case) -> str:
    lines = [f"[{number}] Input: {clip(case.input)}"]
    if case.expected.strip():
        lines.append(f"    Expected: {clip(case.expected)}")
    if case.output.strip():
        lines.append(f"    Got: {clip(case.output, _MAX_OUTPUT_CHARACTERS)}")
    if case.feedback.strip():
        lines.append(f"    Feedback: {clip(case.feedback, _MAX_OUTPUT_CHARACTERS)}")
    if case.trace.strip():
        lines.append(f"    Steps: {clip(case.trace)}")
    return "\n".join(lines)
