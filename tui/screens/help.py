"""Help for what is on screen: the focused pane, the keys that work now, the directives, and the signs."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from ...runtime.steering.service import DIRECTIVE_SPECS, unavailable_reason
from ..format.text import Line, wrap
from .base import Page
from .text_modal import TextModal

_DIRECTIVE_INDENT = 38  # cells: key and title, so that help texts start in one column


class HelpScreen(TextModal):
    """esc, q or ? closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "Close", key_display="esc", id="help.close")
    ]

    def __init__(self, page: Page) -> None:
        super().__init__(f"help · {page.page_name}")
        self._page = page

    def lines(self, width: int) -> list[Line]:
        page, lines = self._page, list[Line]()
        focused = page.focused
        help_text = getattr(focused, "help_text", "")
        if help_text:
            title = getattr(focused, "border_title", None) or "here"
            lines += [((str(title), "head"),), *((("  ", ""), (text, "")) for text in wrap(help_text, width - 2)), ()]
        lines += self._keys()
        if page.directive_names:
            lines += [(), (("directives", "head"),), *self._directives(width)]
        return [*lines, (), *self._legend()]

    def _keys(self) -> list[Line]:
        lines: list[Line] = [(("keys", "head"), ("  and the names that keys.toml remaps them by", "dim"))]
        names: set[str] = set()
        for active in self._page.active_bindings.values():
            binding = active.binding
            if not binding.id or binding.id in names or binding.id.startswith("steer.") or not binding.description:
                continue
            names.add(binding.id)
            key = binding.key_display or self._page.app.get_key_display(binding)
            lines.append(((f"  {key:<12} ", "accent"), (f"{binding.description:<20} ", ""), (binding.id, "dim")))
        return lines

    def _directives(self, width: int) -> list[Line]:
        snapshot, lines = self._page.snapshot, list[Line]()
        for spec in DIRECTIVE_SPECS:
            view = snapshot.timeline.view if snapshot is not None else None
            alive = snapshot is not None and snapshot.alive
            reason = unavailable_reason(spec, view, alive=alive) if view is not None else None
            key = spec.key if spec.name in self._page.directive_names else f":{spec.name}"
            text = f"{spec.help} (off: {reason})" if reason else spec.help
            first, *rest = wrap(text, max(16, width - _DIRECTIVE_INDENT)) or [""]
            lines.append(((f"  {key:<13}", "accent"), (f"{spec.title:<22} ", "dim" if reason else ""), (first, "dim")))
            lines += [((" " * _DIRECTIVE_INDENT, ""), (text, "dim")) for text in rest]
        return lines

    def _legend(self) -> list[Line]:
        glyphs = self._page.glyphs
        signs = [
            (glyphs.best, "best so far"),
            (glyphs.kept, "kept"),
            (glyphs.racing, "racing"),
            (glyphs.dropped, "dropped"),
            (glyphs.rejected, "rejected by a guard"),
            (glyphs.pinned, "pinned"),
            (glyphs.vetoed, "vetoed"),
        ]
        ruler = f"  {glyphs.line * 2}{glyphs.dot}{glyphs.line * 3}  "
        return [
            (("signs", "head"),),
            *(((f"  {sign}  ", "accent"), (meaning, "")) for sign, meaning in signs),
            ((ruler, "accent"), ("95 % interval on a ruler from 0 to 1, the mean on it", "")),
        ]
