"""The bottom line: what the keys do here, and which directives can be given now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.events import Click
from textual.screen import Screen

from ...runtime.monitor.snapshot import RunSnapshot
from ...runtime.steering.service import DIRECTIVE_SPECS, unavailable_reason
from ..format.text import Line, Span, cell_count
from .text_pane import TextPane

_EVERYWHERE = ("back", "filter", "command", "quit")
_URGENT = ("steer.revive", "steer.approve", "steer.resume")  # what a run may be waiting for
_TRAILING_BLANKS = 2  # after a hint; those of the last one may fall off


@dataclass(frozen=True, kw_only=True)
class KeyHint:
    """One entry. key: as the application hears it. display: as a person reads it."""

    key: str
    display: str
    label: str

    @property
    def size(self) -> int:
        return cell_count([(f"{self.display} {self.label}  ", "")])


class Keybar(TextPane):
    """One widget draws all hints, a click on a hint is its key, and hints that do not fit are left out."""

    def __init__(self) -> None:
        super().__init__(id="keys", help_text="What the keys do here. A click does the same; ? lists all of them.")
        self._hints: Sequence[KeyHint] = ()
        self._available: Sequence[str] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def show_directives(self, snapshot: RunSnapshot | None, directive_names: Sequence[str], *, read_only: bool) -> None:
        """Directives that are off now are left out; the help says why they are."""
        available: list[str] = []
        if snapshot is not None and snapshot.replay is None and not read_only:
            view, alive = snapshot.timeline.view, snapshot.alive
            available = [
                spec.name
                for spec in DIRECTIVE_SPECS
                if spec.name in directive_names and unavailable_reason(spec, view, alive=alive) is None
            ]
        if available != self._available:
            self._available = available
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
        """Help first, then what the run waits for, this screen's keys, the keys of all screens, and directives."""
        hints: dict[str, KeyHint] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            name = binding.id or binding.action
            if (binding.show or name.startswith("steer.")) and name not in hints and active.enabled:
                display = self.app.get_key_display(binding)
                hints[name] = KeyHint(key=binding.key.split(",")[0], display=display, label=binding.description)
        directives = [f"steer.{name}" for name in self._available]
        special = [name for name in hints if name not in ("help", *_EVERYWHERE) and not name.startswith("steer.")]
        urgent = [name for name in _URGENT if name in directives]
        order = dict.fromkeys(["help", *urgent, *special, *_EVERYWHERE, *directives])
        in_question = [name for name in hints if name.startswith("ask.")]  # then letters are text, not keys
        answer = [KeyHint(key="enter", display="enter", label="Answer")] if in_question else []
        self._hints = [*answer, *(hints[name] for name in in_question or order if name in hints)]
        self.draw(lambda width, _: [self._line(width)])

    def _line(self, width: int) -> Line:
        spans: list[Span] = []
        for hint in self._hints:
            width -= hint.size
            if width < -_TRAILING_BLANKS:
                break
            spans += [(f"{hint.display} ", "accent"), (f"{hint.label}  ", "")]
        return tuple(spans)
