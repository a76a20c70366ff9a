"""The top line: where one is, and the state of the run."""

from __future__ import annotations

from ..feed import Scene
from ..gauges import phase, pill
from ..words import Line, Signs, Span, cells, fit
from .block import Block


class Crumbs(Block):
    """Breadcrumbs on the left, phase and status pill on the right; the pill is always there."""

    def __init__(self) -> None:
        super().__init__(id="crumbs", about="Where you are, and what state the run is in. esc goes one step back.")

    def tell(self, path: list[str], scene: Scene | None, signs: Signs) -> None:
        def line(width: int, _: int) -> list[Line]:
            right: list[Span] = []
            if scene is not None:
                said = phase(scene)
                right = [(f"{said} " if said and width >= 90 else "", "dim"), pill(scene, signs)]
            left = f" {signs.crumb} ".join(path)
            room = max(0, width - cells(right) - 1)
            return [((" ", ""), (fit(left, room, ellipsis=signs.ellipsis), "strong"), *right)]

        self.draw(line)
