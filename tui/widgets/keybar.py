"""The bottom line: what the keys do here, and which directives can be given now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.events import Click
from textual.screen import Screen

from ...runtime.monitor.snapshot import RunSnapshot
from ...runtime.steering.catalog import DIRECTIVE_SPECS
from ...runtime.steering.service import unavailable_reason
from ..format.text import Line, Span, cell_count
from .text_pane import TextPane

_EVERYWHERE = ("back", "filter", "command", "quit")
_FIRST = ("steer.revive", "steer.approve", "steer.resume")


@dataclass(frozen=True, kw_only=True)
class KeyHint:
    """One entry. key: as the application hears it. shown: as a person reads it."""

    key: str
    shown: str
    label: str

    @property
    def size(self) -> int:
        return cell_count([(f"{self.shown} {self.label}  ", "")])


class Keybar(TextPane):
    """One widget that draws all hints, not one for each; a click on a hint is its key. What has no room is left out."""

    def __init__(self) -> None:
        super().__init__(id="keys", about="What the keys do here. A click does the same; ? tells of all of them.")
        self._hints: Sequence[KeyHint] = ()
        self._orders: Sequence[str] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def show_directives(self, scene: RunSnapshot | None, steers: Sequence[str], *, read_only: bool) -> None:
        """Directives that are off now are left out here; the help says why they are."""
        orders = (
            [
                one.name
                for one in DIRECTIVE_SPECS
                if one.name in steers and unavailable_reason(one, scene.story.view, alive=scene.alive) is None
            ]
            if scene is not None and scene.playing is None and not read_only
            else []
        )
        if orders != self._orders:
            self._orders = orders
            self._collect_hints()

    def on_click(self, event: Click) -> None:
        event.stop()
        end = 0
        for hint in self._hints:
            end += hint.size
            if event.x < end:
                self.app.simulate_key(hint.key)
                return

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen:
            self._collect_hints()

    def _collect_hints(self) -> None:
        """Help first, what the run waits for, what is special here, what is everywhere, and directives while there is
        room."""
        known: dict[str, KeyHint] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            name = binding.id or binding.action
            if (binding.show or name.startswith("steer.")) and name not in known and active.enabled:
                shown = self.app.get_key_display(binding)
                known[name] = KeyHint(key=binding.key.split(",")[0], shown=shown, label=binding.description)
        steers = [f"steer.{name}" for name in self._orders]
        special = [name for name in known if name != "help" and name not in _EVERYWHERE and name[:6] != "steer."]
        urgent = [name for name in _FIRST if name in steers]
        order = dict.fromkeys(["help", *urgent, *special, *_EVERYWHERE, *steers])
        asked = [name for name in known if name.startswith("ask.")]  # while something is asked, letters are letters
        answer = [KeyHint(key="enter", shown="enter", label="Answer")] if asked else []
        self._hints = [*answer, *(known[name] for name in asked or order if name in known)]
        self.draw(lambda width, _: [self._line(width)])

    def _line(self, width: int) -> Line:
        spans: list[Span] = []
        for hint in self._hints:
            width -= hint.size
            if width < -2:  # the two blanks after the last one may fall off
                break
            spans += [(f"{hint.shown} ", "accent"), (f"{hint.label}  ", "")]
        return tuple(spans)
