"""The top line: where a person is, and the state of the run."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from ...runtime.monitor.snapshot import RunSnapshot
from ..format.text import Glyphs, Line, Span, cell_count, fit
from ..lines.status import phase_text, status_pill
from .text_pane import TextPane

_WITH_PHASE = 90  # cells: below, the phase takes the space of the breadcrumbs


class Breadcrumbs(TextPane):
    """Breadcrumbs on the left, phase and state on the right; the state is always there."""

    def __init__(self) -> None:
        super().__init__(id="crumbs", help_text="Where you are, and the state of the run. esc goes one step back.")

    def show_path(self, path: list[str], snapshot: RunSnapshot | None, glyphs: Glyphs) -> None:
        def draw_lines(width: int, _: int) -> list[Line]:
            right: list[Span] = []
            if snapshot is not None:
                phase = phase_text(snapshot) if width >= _WITH_PHASE else ""
                right = [(f"{phase} " if phase else "", "dim"), status_pill(snapshot, glyphs)]
            path_width = max(0, width - cell_count(right) - 1)
            text = breadcrumb_text(path, glyphs, path_width)
            return [((" ", ""), (fit(text, path_width, ellipsis=glyphs.ellipsis), "strong"), *right)]

        self.draw(draw_lines)


def breadcrumb_text(path: Sequence[str], glyphs: Glyphs, width: int) -> str:
    """Where not all of it fits, the beginning is cut: the last crumb says where a person is."""
    separator = f" {glyphs.crumb} "
    texts = [separator.join([glyphs.ellipsis, *path[cut:]] if cut else path) for cut in range(len(path))]
    return next((text for text in texts if cell_len(text) <= width), texts[-1])
