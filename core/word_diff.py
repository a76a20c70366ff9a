"""What changed between two texts, word by word; of scripts without spaces, character by character."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Literal, NamedTuple, TypeAlias

from .words import UNIT

DiffKind = Literal["same", "removed", "added"]

# A word, or any other visible character, with the white space behind it.
_TOKEN = re.compile(rf"((?:{UNIT.pattern})|\S)(\s*)")
# Beyond so many pairs of words, frequent words no longer anchor the comparison; exact matching would take seconds.
_MAX_PAIRS = 16_000_000
# Fewer words that both texts share, amid changes, are chance: such as a lone comma.
_LEAST_SHARED = 2
_STOPS = frozenset(".!?。！？")


# A kind of change with its span in the first text and in the second, as difflib gives it.
_Code: TypeAlias = tuple[str, int, int, int, int]


class DiffRun(NamedTuple):
    """A stretch of text that both texts have, or only the first (`removed`), or only the second (`added`)."""

    kind: DiffKind
    text: str


class _Word(NamedTuple):
    text: str
    space: str


def word_diff(before: str, after: str) -> tuple[DiffRun, ...]:
    """Compare two texts on words, so that fifteen added words are fifteen added words.

    Args:
        before: The first text.
        after: The second text.

    Returns:
        Runs in reading order, no two of one kind in a row; what was removed comes before what replaced it. All runs
        but the added ones make `before`, all but the removed ones make `after`, to the last space.
    """
    return tuple(_joined(_runs(before, after)))


def changed_words(runs: Iterable[DiffRun]) -> tuple[int, int]:
    """How many words were removed and how many were added."""
    counts = {"removed": 0, "added": 0, "same": 0}
    for run in runs:
        counts[run.kind] += len(UNIT.findall(run.text))
    return counts["removed"], counts["added"]


def _runs(before: str, after: str) -> Iterator[DiffRun]:
    lead_before, words_before = _split(before)
    lead_after, words_after = _split(after)
    yield from _space_runs(lead_before, lead_after)
    keys_before, keys_after = [word.text for word in words_before], [word.text for word in words_after]
    exact = len(keys_before) * len(keys_after) <= _MAX_PAIRS
    matcher = SequenceMatcher(None, keys_before, keys_after, autojunk=not exact)
    codes = matcher.get_opcodes()
    rooms = [code[2] - code[1] for code in codes[1:]]
    changes = [
        _slide(code, words_before, words_after, room)
        for code, room in zip(codes, (*rooms, 0), strict=False)
        if code[0] != "equal"
    ]
    ends = (len(words_before), len(words_after))
    for shared, (start, end), (low, high) in _blocks(_with_shared(changes, ends)):
        if not shared:
            yield DiffRun("removed", "".join(word.text + word.space for word in words_before[start:end]))
            yield DiffRun("added", "".join(word.text + word.space for word in words_after[low:high]))
            continue
        for old, new in zip(words_before[start:end], words_after[low:high], strict=True):
            yield DiffRun("same", old.text)
            yield from _space_runs(old.space, new.space)


def _split(text: str) -> tuple[str, list[_Word]]:
    """The white space that a text begins with, and its words."""
    lead = text[: len(text) - len(text.lstrip())]
    return lead, [_Word(word, space) for word, space in _TOKEN.findall(text)]


def _space_runs(before: str, after: str) -> Iterator[DiffRun]:
    if before == after:
        yield DiffRun("same", before)
    else:
        yield DiffRun("removed", before)
        yield DiffRun("added", after)


def _slide(code: _Code, before: list[_Word], after: list[_Word], room: int) -> _Code:
    """What was added or removed may as well begin some words later; the best place is behind a line or a sentence.

    room: How many shared words follow it.
    """
    tag, start, end, low, high = code
    if tag not in ("insert", "delete"):
        return code
    words, first, last = (after, low, high) if tag == "insert" else (before, start, end)
    shifts = [0]
    while shifts[-1] < room and words[first + shifts[-1]].text == words[last + shifts[-1]].text:
        shifts.append(shifts[-1] + 1)
    best = max(shifts, key=lambda shift: _boundary(words[first + shift - 1] if first + shift else None))
    return tag, start + best, end + best, low + best, high + best


def _boundary(word: _Word | None) -> int:
    """How good a place it is behind a word: a line, a sentence, a word, or nothing ends there."""
    if word is None or "\n" in word.space:
        return 3
    return 2 if word.text in _STOPS else 1 if word.space else 0


def _with_shared(changes: list[_Code], ends: tuple[int, int]) -> list[_Code]:
    """The changes, and between them what both texts share. ends: the numbers of words."""
    codes: list[_Code] = []
    start = low = 0
    for change in [*changes, ("insert", ends[0], ends[0], ends[1], ends[1])]:
        _, first, last, bottom, top = change
        if first > start:
            codes.append(("equal", start, first, low, bottom))
        codes.append(change)
        start, low = last, top
    return codes[:-1]


def _blocks(codes: list[_Code]) -> Iterator[tuple[bool, tuple[int, int], tuple[int, int]]]:
    """Whether both texts share a block, and its span in each. A few shared words between larger changes are changed."""
    start = low = end = high = 0
    for place, (tag, first, last, bottom, top) in enumerate(codes):
        inside = 0 < place < len(codes) - 1
        if tag == "equal" and not (inside and last - first < _LEAST_SHARED and _is_amid(codes, place)):
            if (start, low) != (end, high):
                yield False, (start, end), (low, high)
            yield True, (first, last), (bottom, top)
            start, low = last, top
        end, high = last, top
    if (start, low) != (end, high):
        yield False, (start, end), (low, high)


def _is_amid(codes: list[_Code], place: int) -> bool:
    """Whether words were replaced on both sides: there shared words are chance, between insertions they are not."""
    return codes[place - 1][0] == "replace" and codes[place + 1][0] == "replace"


def _joined(runs: Iterable[DiffRun]) -> Iterator[DiffRun]:
    """Neighbours of one kind as one run, changes between two shared runs as one pair."""
    texts: dict[DiffKind, str] = {"same": "", "removed": "", "added": ""}
    for run in runs:
        if not run.text:
            continue
        if run.kind == "same" and (texts["removed"] or texts["added"]):
            yield from _pending(texts)
            texts = {"same": "", "removed": "", "added": ""}
        texts[run.kind] += run.text
    yield from _pending(texts)


def _pending(texts: dict[DiffKind, str]) -> Iterator[DiffRun]:
    yield from (DiffRun(kind, text) for kind, text in texts.items() if text)
