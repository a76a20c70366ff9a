"""What all pages share: breadcrumbs, panes, filter, jump, copy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Key
from textual.message import Message
from textual.widget import Widget

from ...runtime.monitor.snapshot import RunSnapshot
from ..lines.lineage import short_id
from ..lines.prompt_text import takeaway_text
from ..widgets.breadcrumbs import Breadcrumbs
from ..widgets.keybar import Keybar
from ..widgets.line_list import LineList
from ..widgets.pane_tabs import PaneTabs
from ..widgets.prompt_bar import PromptBar
from .jump import JumpScreen
from .questions import PromptScreen

_WIDE, _TALL = 100, 30  # cells: from there on panes stand side by side, in frames


class Page(PromptScreen):
    """A screen of panes. Wide, they stand side by side; narrow, one is shown and a strip names the others.

    `draw_panes` draws them from a snapshot; what a snapshot does not hold, a page reads from the store.

    Attributes:
        panes: their ids, in the order of their number keys.
        directive_names: the directives that have their keys here.
        page_name: what the help calls it.
        route: the command that opens it.
    """

    class Ready(Message):
        """The widgets are there: keys that came before are for them."""

    panes: ClassVar[tuple[str, ...]] = ()
    directive_names: ClassVar[tuple[str, ...]] = ()
    page_name: ClassVar[str] = ""
    route: ClassVar[str] = ""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (_TALL, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "navigate('help')", "Help", key_display="?", id="help"),
        Binding("slash", "filter", "Filter", key_display="/", id="filter"),
        Binding("colon", "command", "Command", key_display=":", id="command"),
        Binding("semicolon", "jump", "Jump", key_display=";", show=False, id="jump"),
        Binding("escape", "back", "Back", key_display="esc", id="back"),
        Binding("minus", "navigate('last')", "Last view", key_display="-", show=False, id="last"),
        Binding("C", "copy", "Copy", show=False, id="copy"),
        Binding("Y", "copy_prompt", "Copy the prompt", show=False, id="copy_prompt"),
        Binding("1,2,3,4,5", "pane", "Pane", show=False, id="pane"),
        Binding("q", "app.quit", "Quit", id="quit"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.active_pane = self.panes[0] if self.panes else ""
        self.composed = False
        self._version: object = None
        self._redraw_pending = False

    @property
    def ready(self) -> bool:
        return self.composed and any(child.id == "crumbs" for child in self.children)

    @property
    def crumb(self) -> str:
        """Its word in the breadcrumbs."""
        return self.page_name

    @property
    def route_words(self) -> tuple[str, ...]:
        """What the route needs to open this page on the same thing again."""
        return ()

    def compose(self) -> ComposeResult:
        yield Breadcrumbs()
        yield PaneTabs()
        with Container(id="panes"):
            yield from self.body()
        yield from self.below()
        yield PromptBar()
        yield Keybar()

    def body(self) -> Iterable[Widget]:
        return ()

    def below(self) -> Iterable[Widget]:
        return ()

    def on_mount(self) -> None:
        self.composed = True
        if self.panes:
            self.show_pane(self.active_pane)
        self.post_message(self.Ready())

    # Drawing

    def show_snapshot(self, snapshot: RunSnapshot) -> None:
        """Panes are drawn again where more than the clock changed."""
        if not self.ready:
            return
        self.query_one(Breadcrumbs).show_path(self.ui.breadcrumbs, snapshot, self.glyphs)
        self.tick(snapshot)
        if snapshot.version != self._version:
            self._version = snapshot.version
            self.draw_panes(snapshot)
            self.update_tabs()
            self.query_one(Keybar).show_directives(snapshot, self.directive_names, read_only=self.ui.read_only)

    def tick(self, snapshot: RunSnapshot) -> None:
        """What changes with the clock alone."""

    def draw_panes(self, snapshot: RunSnapshot) -> None:
        """What changes with the run."""

    def poll_store(self) -> object:
        """Called once a second where no run is watched."""

    def redraw(self) -> None:
        """Draw all panes again: the size or the look changed."""
        self._version = None
        if self.snapshot is not None and self.ready:
            self.show_snapshot(self.snapshot)

    def schedule_redraw(self) -> None:
        """Once, after the layout, however often it is called until then: before that no pane knows its width."""
        if not self._redraw_pending:
            self._redraw_pending = True
            self.call_after_refresh(self._redraw_scheduled)

    def on_resize(self) -> None:
        self.schedule_redraw()

    def on_line_list_resized(self) -> None:
        self.schedule_redraw()

    def on_screen_resume(self) -> None:
        self.schedule_redraw()

    def _redraw_scheduled(self) -> None:
        self._redraw_pending = False
        self.redraw()

    # Panes

    def pane(self, name: str) -> LineList:
        return self.query_one(f"#{name}", LineList)

    @property
    def active_list(self) -> LineList | None:
        """The list that has the focus, else the one that is shown."""
        if isinstance(self.focused, LineList):
            return self.focused
        return self.pane(self.active_pane) if self.active_pane else None

    def pane_visible(self, name: str) -> bool:
        """Hidden panes are not drawn."""
        return self.has_class("-wide") or name == self.active_pane

    def show_pane(self, name: str) -> None:
        self.active_pane = name
        for other in self.panes:
            self.query_one(f"#{other}").set_class(other == name, "-shown")
        target = self.query_one(f"#{name}")
        if target.can_focus:
            target.focus()
        self.update_tabs()
        self.schedule_redraw()

    def update_tabs(self) -> None:
        """The strip repeats the titles of the panes; called after whatever may have changed one."""
        titles = [str(self.query_one(f"#{name}").border_title or name) for name in self.panes]
        self.query_one(PaneTabs).set_tabs(titles, self.panes.index(self.active_pane) if self.panes else 0)

    def on_pane_tabs_pane_selected(self, event: PaneTabs.PaneSelected) -> None:
        self.show_pane(self.panes[event.index])

    def on_key(self, event: Key) -> None:
        typing = self.bar.has_focus_within
        if event.key.isdigit() and 0 < int(event.key) <= len(self.panes) and not typing:
            event.stop()
            self.show_pane(self.panes[int(event.key) - 1])

    def action_pane(self) -> None:
        """`on_key` handles number keys, since it knows the number; the binding shows them in the help."""

    def action_copy(self) -> None:
        lines = self.active_list
        if lines is None or not lines.text:
            self.notify("there is nothing to copy here", severity="warning")
            return
        self.app.copy_to_clipboard(lines.text)
        self.notify(f"copied {len(lines.text.splitlines())} lines of {lines.border_title or 'this pane'}")

    def action_copy_prompt(self) -> None:
        """The prompt of the selected candidate, or of the best one, as it can be used elsewhere."""
        snapshot = self.snapshot
        name = self.selected_arguments.get("candidate", "") or (snapshot.best if snapshot else "")
        candidate = self.ui.store.candidate(snapshot.record.id, name) if snapshot and name else None
        if candidate is None:
            self.notify("there is no prompt to copy yet", severity="warning")
            return
        self.app.copy_to_clipboard(takeaway_text(candidate.program))
        self.notify(f"copied the prompt of {short_id(candidate.id)}; maieutic export has other formats")

    def action_jump(self) -> None:
        regions = {
            name: self.query_one(f"#{name}").region.offset if self.pane_visible(name) else None for name in self.panes
        }
        self.app.push_screen(JumpScreen(regions), lambda name: self.show_pane(name) if name else None)

    def action_back(self) -> None:
        focused = self.focused
        if isinstance(focused, LineList) and focused.filter_text:
            focused.apply_filter("")
        else:
            self.action_navigate("back")

    def action_filter(self) -> None:
        self.bar.expect_question()
        self.run_question(self._ask_filter)

    async def _ask_filter(self) -> None:
        lines = self.active_list
        if lines is None:
            return
        before = lines.filter_text
        answer = await self.open_bar().ask(
            "/", value=before, hint="words to look for; empty shows all", change=lines.apply_filter
        )
        lines.apply_filter(before if answer is None else answer)
