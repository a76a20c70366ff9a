"""What changed between two prompts, word by word; plus, minus and brackets say it, never colour alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...core.word_diff import DiffKind, DiffRun, changed_words, word_diff
from ..format.text import Line, Span, Tone, wrap

_TONES: dict[DiffKind, Tone] = {"same": "dim", "removed": "bad", "added": "good"}
_SIGNS: dict[DiffKind, str] = {"same": "  ", "removed": "- ", "added": "+ "}
# Inside a line that is changed in part, as git marks words.
_BRACKETS: dict[DiffKind, tuple[str, str]] = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}


def diff_lines(before: str, after: str, width: int) -> list[Line]:
    """Both texts in one, wrapped, with all that they share; one line that says so where nothing changed.

    A line that is whole on one side has its sign in front, as in a unified diff. In a line that is changed in part
    removed words stand as `[-so-]` and added ones as `{+so+}`.
    """
    if before == after:
        return [(("no difference", "dim"),)]
    lines: list[Line] = []
    for runs in _text_lines(word_diff(before, after)):
        kinds = {run.kind for run in runs if run.text.strip()}
        if "same" in kinds and len(kinds) > 1:
            lines += _changed_line(runs, width)
            continue
        for kind in _SIGNS:
            text = "".join(run.text for run in runs if run.kind == kind)
            if text.strip() or (kind == "same" and not kinds):
                pieces = wrap(text, width - 2) or [""]
                lines += [((f"{_SIGNS[kind]}{piece}", _TONES[kind]),) for piece in pieces]
    return lines


def count_changed_words(before: str, after: str) -> tuple[int, int]:
    """Words removed and words added."""
    return changed_words(word_diff(before, after))


def _text_lines(runs: Sequence[DiffRun]) -> Iterator[list[DiffRun]]:
    """The runs of each line of text, without its line break."""
    line: list[DiffRun] = []
    for run in runs:
        for number, text in enumerate(run.text.split("\n")):
            if number:
                yield line
                line = []
            if text:
                line.append(DiffRun(run.kind, text))
    if line:
        yield line


def _changed_line(runs: Sequence[DiffRun], width: int) -> list[Line]:
    characters: list[tuple[str, Tone]] = []
    for run in runs:
        opening, closing = _BRACKETS[run.kind]
        words = run.text.strip()
        lead, _, trail = run.text.partition(words) if words else (run.text, "", "")
        marked = f"{lead}{opening}{words}{closing}{trail}" if words else run.text
        characters += [(character, _TONES[run.kind]) for character in marked]
    lines: list[Line] = []
    place = 0
    for piece in wrap("".join(character for character, _ in characters), width - 2):
        spans: list[Span] = [("~ ", "accent")]
        for character in piece:
            while place < len(characters) - 1 and characters[place][0] != character and characters[place][0].isspace():
                place += 1  # white space that wrapping left out
            tone = characters[min(place, len(characters) - 1)][1]
            if spans[-1][1] == tone and len(spans) > 1:
                spans[-1] = (spans[-1][0] + character, tone)
            else:
                spans.append((character, tone))
            place += 1
        lines.append(tuple(spans))
    return lines
