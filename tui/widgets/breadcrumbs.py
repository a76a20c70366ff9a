"""The top line: where one is, and the state of the run."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from ...runtime.monitor.snapshot import RunSnapshot
from ..format.text import Glyphs, Line, Span, cell_count, fit
from ..lines.status import phase_text, status_pill
from .text_pane import TextPane


class Breadcrumbs(TextPane):
    """Breadcrumbs on the left, phase and status pill on the right; the pill is always there."""

    def __init__(self) -> None:
        super().__init__(id="crumbs", about="Where you are, and what state the run is in. esc goes one step back.")

    def show_path(self, path: list[str], scene: RunSnapshot | None, signs: Glyphs) -> None:
        def line(width: int, _: int) -> list[Line]:
            right: list[Span] = []
            if scene is not None:
                said = phase_text(scene)
                right = [(f"{said} " if said and width >= 90 else "", "dim"), status_pill(scene, signs)]
            room = max(0, width - cell_count(right) - 1)
            left = breadcrumb_text(path, signs, room)
            return [((" ", ""), (fit(left, room, ellipsis=signs.ellipsis), "strong"), *right)]

        self.draw(line)


def breadcrumb_text(path: Sequence[str], signs: Glyphs, room: int) -> str:
    """Where not all of it fits, the beginning gives way: the last crumb is where one is."""
    trails = [f" {signs.crumb} ".join([signs.ellipsis, *path[cut:]] if cut else path) for cut in range(len(path))]
    return next((trail for trail in trails if cell_len(trail) <= room), trails[-1])
