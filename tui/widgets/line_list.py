"""A list of lines that draws only what is seen: the one list widget of all screens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip

from ..format.styles import styles_by_tone
from ..format.text import Line, to_ascii, wrap
from .filtered_lines import FilteredLines


class _BlankScrollBar(ScrollBarRender):
    """A scrollbar of whole cells: no character but the blank, so that it is the same in ASCII."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8


class LineList(ScrollView, can_focus=True):
    """`show` replaces the lines. A key names a line, so that the cursor stays on it when others come and go.

    picks: whether there is a cursor at all; without one, the keys scroll. follows: the newest line stays in sight
    while the end is in sight. about: what F1 says of it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "Up", show=False, id="list.up"),
        Binding("down,j", "step(1)", "Down", show=False, id="list.down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="list.page-up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="list.page-down"),
        Binding("home", "edge(0)", "First", show=False, id="list.first"),
        Binding("end", "edge(1)", "Last", show=False, id="list.last"),
        Binding("enter", "pick", "Open", show=False, id="list.open"),
    ]
    cursor: reactive[int] = reactive(0, repaint=False)

    class Selected(Message):
        """A line was chosen."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Highlighted(Message):
        """The cursor went to another line."""

    class Resized(Message):
        """It has another width than it was drawn for."""

    def __init__(
        self,
        *,
        id: str,
        title: str = "",
        about: str = "",
        picks: bool = True,
        follows: bool = False,
        empty: str = "nothing here yet",
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.border_title = title
        self.about, self.picks, self.follows, self.empty = about, picks, follows, empty
        self._rows = FilteredLines()
        self._head: Line | None = None
        self._following = follows
        self._moving = False
        self._drawn_for = 0

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        bar = super().vertical_scrollbar
        bar.renderer = _BlankScrollBar  # type: ignore[misc]  # a bar of its own for one kind of widget
        return bar

    def on_mount(self) -> None:
        self.set_titles(str(self.border_title or ""))

    def set_titles(self, title: str, subtitle: str | None = None) -> None:
        """The words in the frame, and in the strip of names where there is none; None leaves the subtitle."""
        self.border_title = title if self._unicode else to_ascii(title)
        if subtitle is not None:
            self.border_subtitle = subtitle

    def show(
        self,
        lines: Sequence[Line],
        *,
        keys: Sequence[str] = (),
        head: Line | None = None,
        hay: Callable[[int], str] | None = None,
    ) -> None:
        """hay: the text of a line that the filter looks in, where drawing the line would cost too much."""
        here = self.key
        self._drawn_for = self.columns  # a list that was hidden has none
        self._head = head
        self._rows.set_lines(lines, keys, hay)
        if here and self.picks and here != self.key:
            self.set_reactive(LineList.cursor, self._index_of(here))
        self._update_virtual_size()
        self._scroll_to_end()
        self.refresh()

    def apply_filter(self, needle: str) -> None:
        """Keep the lines that contain the words."""
        here = self.key
        self._rows.apply_filter(needle)
        self.cursor = self._index_of(here)
        self.border_subtitle = f"/{needle}  {len(self._rows)} of {len(self._rows.lines)}" if needle else ""
        self._update_virtual_size()
        self.refresh()

    @property
    def columns(self) -> int:
        """The cells of a line: without scrollbar, and without the cursor's own mark."""
        return max(0, self.scrollable_content_region.width - self.picks)

    @property
    def filter_text(self) -> str:
        return self._rows.needle

    @property
    def key(self) -> str:
        """The key of the line under the cursor; empty where there is none."""
        return self._rows.key(self.cursor) if self.picks else ""

    def go_to(self, key: str) -> None:
        self.cursor = self._index_of(key)

    @property
    def text(self) -> str:
        """All lines as plain text, for the clipboard."""
        return self._rows.text

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.visual_style.rich_style
        if self._head is not None:
            if y == 0:
                return self._strip(((" ", ""), *self._head) if self.picks else self._head, base, width)
            y -= 1
        at = y + round(self.scroll_offset.y)
        if not self._rows:
            said = wrap(self._empty_text, width - 1)
            return self._strip(((" " + said[y] if y < len(said) else "", "dim"),), base, width)
        if at >= len(self._rows):
            return Strip.blank(width, base)
        line = self._rows.line(at)
        if not self.picks:
            return self._strip(line, base, width)
        here = at == min(self.cursor, len(self._rows) - 1)
        mark: Line = (("▌" if here and self._unicode else ">" if here else " ", "mark" if here else ""),)
        return self._strip((*mark, *line), base + self._tone_styles[self._cursor_tone] if here else base, width)

    def action_step(self, by: int) -> None:
        if self.picks:
            self.cursor += by
        else:
            self.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        self.action_step(by * max(1, self._visible_rows - 1))

    def action_edge(self, last: int) -> None:
        if self.picks:
            self.cursor = len(self._rows) - 1 if last else 0
        else:
            self.scroll_to(y=self.max_scroll_y if last else 0, animate=False)

    def action_pick(self) -> None:
        if self.key:
            self.post_message(self.Selected(self.key))

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self._rows) - 1))

    def watch_cursor(self) -> None:
        if self.picks and self.is_mounted:
            self._scroll_to_cursor()
            self.post_message(self.Highlighted())
        self.refresh()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        if self.picks:
            self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.follows and not self._moving and self.size.height:
            self._following = new_value >= self.max_scroll_y - 1

    def on_resize(self) -> None:
        self._update_virtual_size()
        self._scroll_to_end()
        if self.columns != self._drawn_for:
            self.post_message(self.Resized())

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None or not self.picks:
            return
        at = place.y + round(self.scroll_offset.y) - (self._head is not None)
        if 0 <= at < len(self._rows):
            self.cursor = at
            if event.chain == 2:
                self.action_pick()

    @property
    def _empty_text(self) -> str:
        return f"nothing matches {self.filter_text!r}; esc clears the filter" if self.filter_text else self.empty

    @property
    def _unicode(self) -> bool:
        return not getattr(self.app, "ascii_only", False)

    @property
    def _visible_rows(self) -> int:
        return max(1, self.size.height - (self._head is not None))

    def _index_of(self, key: str) -> int:
        place = self._rows.index_of(key)
        return self.validate_cursor(self.cursor) if place is None else place

    def _update_virtual_size(self) -> None:
        self.virtual_size = Size(0, len(self._rows) + (self._head is not None))

    def _scroll_to_end(self) -> None:
        """Whoever scrolled up reads on undisturbed; who is at the end stays there."""
        if self._following and self.size.height:
            self._moving = True
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
            self._moving = False

    def _scroll_to_cursor(self) -> None:
        top = round(self.scroll_offset.y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + self._visible_rows:
            self.scroll_to(y=self.cursor - self._visible_rows + 1, animate=False, immediate=True)

    def _strip(self, line: Line, base: Style, width: int) -> Strip:
        looks = self._tone_styles
        said: Line = line if self._unicode else tuple((to_ascii(text), tone) for text, tone in line)
        segments = [Segment(text, base + looks[tone] if tone else base) for text, tone in said if text]
        return Strip(segments).adjust_cell_length(width, base)

    @property
    def _tone_styles(self) -> Mapping[str, Style]:
        return styles_by_tone(self.app.theme_variables)

    @property
    def _cursor_tone(self) -> str:
        return "cursor-focus" if self.has_focus else "cursor"
