"""The rows of a list: which are shown under a filter, and where a key stands. Pure, no Textual."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..format.text import Line, plain_text


@dataclass(kw_only=True)
class FilteredLines:
    """needle: words that a row must hold to be shown. hay: the text they are looked for in, where drawing the line
    itself would cost too much."""

    lines: Sequence[Line] = ()
    keys: Sequence[str] = ()
    hay: Callable[[int], str] | None = None
    needle: str = ""
    shown: Sequence[int] = field(default_factory=lambda: range(0))

    def set_lines(self, lines: Sequence[Line], keys: Sequence[str], hay: Callable[[int], str] | None) -> None:
        self.lines, self.keys, self.hay = lines, keys, hay
        self.apply_filter(self.needle)

    def apply_filter(self, needle: str) -> None:
        """Keep the rows that hold all words of the needle, in any case."""
        self.needle = needle.strip().casefold()
        if not self.needle:
            self.shown = range(len(self.lines))
            return
        hay = self.hay or (lambda at: plain_text(self.lines[at]))
        words = self.needle.split()
        texts = ((at, hay(at).casefold()) for at in range(len(self.lines)))
        self.shown = [at for at, text in texts if all(word in text for word in words)]

    def __len__(self) -> int:
        return len(self.shown)

    def line(self, place: int) -> Line:
        return self.lines[self.shown[place]]

    def key(self, place: int) -> str:
        """Of the row at a place, or of the last one before it; empty where rows have none."""
        if not self.shown or not self.keys:
            return ""
        return self.keys[self.shown[min(place, len(self.shown) - 1)]]

    def index_of(self, key: str) -> int | None:
        """Where a key stands among those that are shown."""
        for place, at in enumerate(self.shown):
            if at < len(self.keys) and self.keys[at] == key:
                return place
        return None

    @property
    def text(self) -> str:
        return "\n".join(plain_text(self.lines[at]).rstrip() for at in self.shown)
