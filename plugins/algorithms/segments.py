"""A prompt in segments that can be masked or replaced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ...core.prompt import Prompt, Section, placeholders_in
from ...core.words import TOKEN, needs_space, sentence_spans

_CLAUSE = re.compile(
    r"\S.*?(?:[,;:]\s+|[，；：、]+\s*|(?=\s(?:and|or|whether|if|that|which|with|when|where|by|so)\s)|$)",
    re.IGNORECASE | re.DOTALL,
)
# Fewer sentences are divided into clauses.
_MIN_SENTENCES = 3


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A piece of the instruction (`start` to `end`), or a principle or section by its position."""

    part: Literal["instruction", "principle", "section"]
    text: str
    start: int
    end: int = 0


def split_segments(prompt: Prompt, most: int) -> list[Segment]:
    """At most so many segments in their order, neighbours in the instruction joined where there are more.

    The instruction falls into sentences; where those are under three, into clauses, and failing that into runs of
    words. What holds a placeholder is no segment: it has to stay.
    """
    others = [
        *(Segment(part="section", text=section.text, start=at) for at, section in enumerate(prompt.sections)),
        *(Segment(part="principle", text=text, start=at) for at, text in enumerate(prompt.principles)),
    ]
    for split in (sentence_spans, _clause_spans, _word_run_spans):
        spans = split(prompt.instruction)
        if len(spans) + len(others) >= _MIN_SENTENCES:
            break
    joined = _join_spans(spans, max(1, most - len(others)))
    pieces = [
        Segment(part="instruction", text=prompt.instruction[start:end].strip(), start=start, end=end)
        for start, end in joined
        if not placeholders_in(prompt.instruction[start:end])
    ]
    return [*pieces, *others][:most]


def without_segment(prompt: Prompt, segment: Segment) -> Prompt:
    """The prompt without a segment."""
    return replace_segment(prompt, segment, "")


def replace_segment(prompt: Prompt, segment: Segment, text: str) -> Prompt:
    """The prompt with another text for a segment; without it if the text is empty."""
    text, at = text.strip(), segment.start
    if segment.part == "instruction":
        before, after = prompt.instruction[:at], prompt.instruction[segment.end :]
        gap = re.search(r"\s*$", prompt.instruction[at : segment.end])
        if not text and before[-1:] == " " == after[:1]:
            after = after[1:]
        put = f"{text}{gap.group() if gap else ''}" if text else ""
        if text and needs_space(before, put):
            put = f" {put}"
        if needs_space(put, after):
            put = f"{put} "
        return prompt.with_(instruction=f"{before}{put}{after}".strip())
    if segment.part == "principle":
        listed = list(prompt.principles)
        listed[at : at + 1] = [text] if text else []
        return prompt.with_(principles=tuple(listed))
    sections = list(prompt.sections)
    sections[at : at + 1] = [Section(name=sections[at].name, text=text)] if text else []
    return prompt.with_(sections=tuple(sections))


def _clause_spans(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _CLAUSE.finditer(text) if match.group().strip()]


def _word_run_spans(text: str) -> list[tuple[int, int]]:
    """Runs of words of equal length, one more than there are sentences at least."""
    starts = [match.start() for match in TOKEN.finditer(text)]
    size = max(1, len(starts) // (_MIN_SENTENCES + 1))
    return list(pairwise([*starts[::size], len(text)])) if starts else []


def _join_spans(spans: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """Neighboring spans joined into at most `most` runs of about equal length."""
    if len(spans) <= most:
        return list(spans)
    ends = [round(len(spans) * index / most) for index in range(most + 1)]
    return [(spans[a][0], spans[b - 1][1]) for a, b in pairwise(ends)]
