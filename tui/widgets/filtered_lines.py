"""The lines of a list: which are shown under a filter, and where a key stands. Pure, no Textual."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..format.text import Line, plain_text


@dataclass(kw_only=True)
class FilteredLines:
    """Lines with keys and a filter.

    Attributes:
        lines: all of them.
        keys: one for each line, or none at all.
        haystack: the text of a line that the filter looks in, where drawing the line itself would cost too much.
        query: the words that a line must hold.
        visible: positions of the lines that pass the filter.
    """

    lines: Sequence[Line] = ()
    keys: Sequence[str] = ()
    haystack: Callable[[int], str] | None = None
    query: str = ""
    visible: Sequence[int] = field(default_factory=lambda: range(0))

    def set_lines(self, lines: Sequence[Line], keys: Sequence[str], haystack: Callable[[int], str] | None) -> None:
        self.lines, self.keys, self.haystack = lines, keys, haystack
        self.apply_filter(self.query)

    def apply_filter(self, query: str) -> None:
        """Keep the lines that hold all words of the query, in any case."""
        self.query = query.strip().casefold()
        if not self.query:
            self.visible = range(len(self.lines))
            return
        haystack = self.haystack or (lambda position: plain_text(self.lines[position]))
        words = self.query.split()
        texts = ((position, haystack(position).casefold()) for position in range(len(self.lines)))
        self.visible = [position for position, text in texts if all(word in text for word in words)]

    def __len__(self) -> int:
        return len(self.visible)

    def line(self, index: int) -> Line:
        return self.lines[self.visible[index]]

    def key(self, index: int) -> str:
        """Of a visible line, or of the last one where there are fewer; empty where lines have no keys."""
        if not self.visible or not self.keys:
            return ""
        return self.keys[self.visible[min(index, len(self.visible) - 1)]]

    def index_of(self, key: str) -> int | None:
        """Where a key stands among the visible lines."""
        for index, position in enumerate(self.visible):
            if position < len(self.keys) and self.keys[position] == key:
                return index
        return None

    @property
    def text(self) -> str:
        return "\n".join(plain_text(self.lines[position]).rstrip() for position in self.visible)
