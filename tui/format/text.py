"""Text and glyphs on screen, as pure functions without Textual; nothing is shown by colour alone.

A line is a tuple of spans, each a text and a tone. `styles.py` says what a tone looks like under a theme.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, chop_cells, set_cell_size

from ...core.terminal import clean

Tone = Literal[
    "",
    "dim",
    "strong",
    "good",
    "bad",
    "warn",
    "accent",
    "best",
    "head",
    "mark",
    "teacher",
    "critic",
    "student",
    "planner",
]
Span = tuple[str, Tone]
Line = tuple[Span, ...]

_PLAIN = str.maketrans(
    {"—": "-", "·": "-", "×": "x", "…": "~", "→": ">", "←": "<", "±": "+", "«": "<", "»": ">"}
    | {"↑": "up", "↓": "down", "⏎": "enter"}
)
_ROLES: dict[str, Tone] = {"teacher": "teacher", "critic": "critic", "student": "student", "planner": "planner"}


@dataclass(frozen=True, kw_only=True)
class Glyphs:
    """The drawing characters of a terminal: Unicode, or ASCII alone."""

    best: str
    kept: str
    racing: str
    dropped: str
    rejected: str
    pinned: str
    vetoed: str
    tee: str
    elbow: str
    pipe: str
    more: str
    line: str
    dot: str
    full: str
    empty: str
    arrow: str
    ellipsis: str
    running: str
    paused: str
    stopped: str
    finished: str
    failed: str
    dead: str
    crumb: str
    folded: str


UNICODE = Glyphs(
    best="★", kept="●", racing="○", dropped="·", rejected="✗", pinned="◆", vetoed="⊘",
    tee="├─", elbow="└─", pipe="│ ", more="⋯ ", line="─", dot="●", full="█", empty="░", arrow="▸", ellipsis="…",
    running="●", paused="‖", stopped="■", finished="✓", failed="✗", dead="†", crumb="›", folded="▸",
)  # fmt: skip
ASCII = Glyphs(
    best="*", kept="o", racing="?", dropped=".", rejected="x", pinned="#", vetoed="!",
    tee="|-", elbow="`-", pipe="| ", more="..", line="-", dot="o", full="#", empty=".", arrow=">", ellipsis="~",
    running="o", paused="=", stopped="#", finished="+", failed="x", dead="!", crumb=">", folded="+",
)  # fmt: skip


def sanitize(text: str) -> str:
    """The text without what could control a terminal: control and direction characters become a middle dot."""
    return clean(text).replace("\t", "    ")


def to_ascii(text: str) -> str:
    """The glyphs that these screens use, in ASCII; other letters stay as they are."""
    return text if text.isascii() else text.translate(_PLAIN)


def one_line(text: str) -> str:
    return " ".join(sanitize(text).split())


def fit(text: str, width: int, *, ellipsis: str = "…") -> str:
    """Exactly so many cells: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 1) + ellipsis
    return text + " " * (width - size)


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most so many cells, broken between words where possible; indentation of a paragraph is kept."""
    width = max(8, width)
    lines: list[str] = []
    for paragraph in sanitize(text).split("\n"):
        if cell_len(paragraph) <= width:
            lines.append(paragraph)
            continue
        indent = paragraph[: len(paragraph) - len(paragraph.lstrip())][: width // 2]
        line = indent
        for word in paragraph.split():
            separator = "" if line == indent else " "
            if cell_len(line) + len(separator) + cell_len(word) <= width:
                line = f"{line}{separator}{word}"
                continue
            if line != indent:
                lines.append(line)
            *whole, rest = chop_cells(word, width - cell_len(indent)) or [""]
            lines += [indent + piece for piece in whole]
            line = indent + rest
        lines.append(line)
    return lines


def plain_text(line: Line) -> str:
    return "".join(text for text, _ in line)


def cell_count(spans: Iterable[Span]) -> int:
    return sum(cell_len(text) for text, _ in spans)


def score_text(value: float | None) -> str:
    return " —  " if value is None else f"{value:.2f}"


def duration_text(seconds: float | None) -> str:
    """`1:05`, `2:03:09`; a dash where it is unknown."""
    if seconds is None:
        return "—"
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def time_of_day(at: str) -> str:
    """`14:03:11` of a timestamp; empty where it is none."""
    return at[11:19] if len(at) >= 19 else ""


def date_time(at: str) -> str:
    return at[:16].replace("T", " ")


def role_tone(name: str) -> Tone:
    return _ROLES.get(name, "strong")


def count_noun(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def labelled_lines(pairs: Sequence[tuple[str, str]], width: int = 11) -> list[Line]:
    return [((f"{name:<{width}} ", "dim"), (value, "")) for name, value in pairs]
