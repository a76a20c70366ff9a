"""Contextual help: what the focused pane is, the keys that work now, the directives, and the signs."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from ...runtime.steering.catalog import DIRECTIVE_SPECS
from ...runtime.steering.service import unavailable_reason
from ..format.text import Line, wrap
from .base import Page
from .text_modal import TextModal


class HelpScreen(TextModal):
    """esc, q or ? leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "Close", key_display="esc", id="help.close")
    ]

    def __init__(self, page: Page) -> None:
        super().__init__(f"help · {page.about}")
        self._page = page

    def lines(self, width: int) -> list[Line]:
        page, out = self._page, list[Line]()
        focused = page.focused
        about = getattr(focused, "about", "") if focused is not None else ""
        if about:
            name = getattr(focused, "border_title", None) or "here"
            out += [((str(name), "head"),), *((("  ", ""), (text, "")) for text in wrap(about, width - 2)), ()]
        out.append((("keys", "head"), ("  and the names by which keys.toml gives them others", "dim")))
        seen: set[str] = set()
        for active in page.active_bindings.values():
            binding = active.binding
            if binding.id and binding.id not in seen and not binding.id.startswith("steer.") and binding.description:
                seen.add(binding.id)
                key = binding.key_display or page.app.get_key_display(binding)
                out.append(((f"  {key:<12} ", "accent"), (f"{binding.description:<20} ", ""), (binding.id, "dim")))
        if page.directive_names:
            out += [(), (("directives", "head"),), *self._directives(width)]
        signs = page.signs
        legend = [
            (signs.best, "best so far"), (signs.kept, "kept"), (signs.racing, "racing"), (signs.dropped, "dropped"),
            (signs.rejected, "rejected by a guard"), (signs.pinned, "pinned"), (signs.vetoed, "vetoed"),
        ]  # fmt: skip
        out += [(), (("signs", "head"),), *(((f"  {sign}  ", "accent"), (word, "")) for sign, word in legend)]
        ruler = f"  {signs.line * 2}{signs.dot}{signs.line * 3}  "
        return [*out, ((ruler, "accent"), ("95 % interval on a ruler from 0 to 1, the mean on it", ""))]

    def _directives(self, width: int) -> list[Line]:
        scene, out = self._page.scene, list[Line]()
        for one in DIRECTIVE_SPECS:
            off = unavailable_reason(one, scene.story.view, alive=scene.alive) if scene is not None else None
            key = one.key if one.name in self._page.directive_names else f":{one.name}"
            first, *rest = wrap(f"{one.help} (off: {off})" if off else one.help, max(16, width - 38)) or [""]
            out.append(((f"  {key:<13}", "accent"), (f"{one.title:<22} ", "dim" if off else ""), (first, "dim")))
            out += [((" " * 38, ""), (text, "dim")) for text in rest]
        return out
