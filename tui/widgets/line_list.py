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

    Args:
        title: in the frame, and in the strip of names where there is no frame.
        help_text: what the help says of it.
        selectable: whether there is a cursor; without one, the keys scroll.
        follow: whether the newest line stays in sight while the end is in sight.
        empty: what is shown where there are no lines.
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
        """Enter or a double click on a line."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Highlighted(Message):
        """The cursor moved to another line."""

    class Resized(Message):
        """It has another width than it was drawn for."""

    def __init__(
        self,
        *,
        id: str,
        title: str = "",
        help_text: str = "",
        selectable: bool = True,
        follow: bool = False,
        empty: str = "nothing here yet",
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.border_title = title
        self.help_text, self.selectable, self.follow, self.empty = help_text, selectable, follow, empty
        self._lines = FilteredLines()
        self._head: Line | None = None
        self._at_end = follow
        self._scrolling_to_end = False
        self._drawn_width = 0

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
        haystack: Callable[[int], str] | None = None,
    ) -> None:
        """haystack: the text of a line that the filter looks in, where drawing the line would cost too much."""
        key = self.key
        self._drawn_width = self.columns  # a list that was hidden has none
        self._head = head
        self._lines.set_lines(lines, keys, haystack)
        if key and self.selectable and key != self.key:
            self.set_reactive(LineList.cursor, self._index_of(key))
        self._update_virtual_size()
        self._scroll_to_end()
        self.refresh()

    def apply_filter(self, query: str) -> None:
        """Keep the lines that hold all words of the query."""
        key = self.key
        self._lines.apply_filter(query)
        self.cursor = self._index_of(key)
        self.border_subtitle = f"/{query}  {len(self._lines)} of {len(self._lines.lines)}" if query else ""
        self._update_virtual_size()
        self.refresh()

    @property
    def columns(self) -> int:
        """The cells of a line: without scrollbar, and without the cursor's own mark."""
        return max(0, self.scrollable_content_region.width - self.selectable)

    @property
    def filter_text(self) -> str:
        return self._lines.query

    @property
    def key(self) -> str:
        """The key of the line under the cursor; empty where there is none."""
        return self._lines.key(self.cursor) if self.selectable else ""

    @property
    def text(self) -> str:
        """All visible lines as plain text, for the clipboard."""
        return self._lines.text

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.visual_style.rich_style
        if self._head is not None:
            if y == 0:
                return self._strip(((" ", ""), *self._head) if self.selectable else self._head, base, width)
            y -= 1
        index = y + round(self.scroll_offset.y)
        if not self._lines:
            texts = wrap(self._empty_text, width - 1)
            return self._strip(((" " + texts[y] if y < len(texts) else "", "dim"),), base, width)
        if index >= len(self._lines):
            return Strip.blank(width, base)
        line = self._lines.line(index)
        if not self.selectable:
            return self._strip(line, base, width)
        current = index == min(self.cursor, len(self._lines) - 1)
        sign = ("▌" if self._unicode else ">") if current else " "
        style = base + self._tone_styles[self._cursor_tone] if current else base
        return self._strip(((sign, "mark" if current else ""), *line), style, width)

    def action_step(self, by: int) -> None:
        if self.selectable:
            self.cursor += by
        else:
            self.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        self.action_step(by * max(1, self._visible_rows - 1))

    def action_edge(self, last: int) -> None:
        if self.selectable:
            self.cursor = len(self._lines) - 1 if last else 0
        else:
            self.scroll_to(y=self.max_scroll_y if last else 0, animate=False)

    def action_pick(self) -> None:
        if self.key:
            self.post_message(self.Selected(self.key))

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self._lines) - 1))

    def watch_cursor(self) -> None:
        if self.selectable and self.is_mounted:
            self._scroll_to_cursor()
            self.post_message(self.Highlighted())
        self.refresh()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        if self.selectable:
            self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.follow and not self._scrolling_to_end and self.size.height:
            self._at_end = new_value >= self.max_scroll_y - 1

    def on_resize(self) -> None:
        self._update_virtual_size()
        self._scroll_to_end()
        if self.columns != self._drawn_width:
            self.post_message(self.Resized())

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or not self.selectable:
            return
        index = offset.y + round(self.scroll_offset.y) - (self._head is not None)
        if 0 <= index < len(self._lines):
            self.cursor = index
            if event.chain == 2:
                self.action_pick()

    @property
    def _empty_text(self) -> str:
        if self.filter_text:
            return f"nothing matches {self.filter_text!r}; esc clears the filter"
        return self.empty

    @property
    def _unicode(self) -> bool:
        return not getattr(self.app, "ascii_only", False)

    @property
    def _visible_rows(self) -> int:
        return max(1, self.size.height - (self._head is not None))

    def _index_of(self, key: str) -> int:
        index = self._lines.index_of(key)
        return self.validate_cursor(self.cursor) if index is None else index

    def _update_virtual_size(self) -> None:
        self.virtual_size = Size(0, len(self._lines) + (self._head is not None))

    def _scroll_to_end(self) -> None:
        """A person who scrolled up reads on undisturbed; one who is at the end stays there."""
        if self._at_end and self.size.height:
            self._scrolling_to_end = True
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
            self._scrolling_to_end = False

    def _scroll_to_cursor(self) -> None:
        top = round(self.scroll_offset.y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + self._visible_rows:
            self.scroll_to(y=self.cursor - self._visible_rows + 1, animate=False, immediate=True)

    def _strip(self, line: Line, base: Style, width: int) -> Strip:
        styles = self._tone_styles
        spans: Line = line if self._unicode else tuple((to_ascii(text), tone) for text, tone in line)
        segments = [Segment(text, base + styles[tone] if tone else base) for text, tone in spans if text]
        return Strip(segments).adjust_cell_length(width, base)

    @property
    def _tone_styles(self) -> Mapping[str, Style]:
        return styles_by_tone(self.app.theme_variables)

    @property
    def _cursor_tone(self) -> str:
        return "cursor-focus" if self.has_focus else "cursor"
