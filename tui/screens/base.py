"""What all screens share: breadcrumbs, status pill, panes, filter, commands, help, jump, copy, and the wheel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Key
from textual.widget import Widget

from ...runtime.monitor.snapshot import RunSnapshot
from ..format.text import Glyphs
from ..widgets.breadcrumbs import Breadcrumbs
from ..widgets.keybar import Keybar
from ..widgets.line_list import LineList
from ..widgets.pane_tabs import PaneTabs
from ..widgets.prompt_bar import PromptBar
from .asker import PromptScreen

if TYPE_CHECKING:
    from ..app import MaieuticApp

_WIDE, _TALL = 100, 30


class Page(PromptScreen):
    """A screen of panes. Wide, they stand side by side; narrow, one is shown and a strip names the others.

    panes: their ids in the order of their number keys. crumb: the word in the breadcrumbs. steers: which actions have
    their keys here. `fill` draws the panes from a scene; `load` reads what a scene does not hold.
    """

    panes: ClassVar[tuple[str, ...]] = ()
    directive_names: ClassVar[tuple[str, ...]] = ()
    about: ClassVar[str] = ""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (_TALL, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", key_display="?", id="help"),
        Binding("slash", "filter", "Filter", key_display="/", id="filter"),
        Binding("colon", "command", "Command", key_display=":", id="command"),
        Binding("semicolon", "jump", "Jump", key_display=";", show=False, id="jump"),
        Binding("escape", "back", "Back", key_display="esc", id="back"),
        Binding("minus", "last", "Last view", key_display="-", show=False, id="last"),
        Binding("C", "copy", "Copy", show=False, id="copy"),
        Binding("1,2,3,4,5", "pane", "Pane", show=False, id="pane"),
        Binding("q", "app.quit", "Quit", id="quit"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.shown = self.panes[0] if self.panes else ""
        self._composed = False
        self._stamp: object = None
        self._due = False

    @property
    def ready(self) -> bool:
        """Whether the widgets are there: not before they were made, and not while the screen is taken down."""
        return self._composed and any(child.id == "crumbs" for child in self.children)

    @property
    def ui(self) -> MaieuticApp:
        from ..app import MaieuticApp

        assert isinstance(self.app, MaieuticApp)
        return self.app

    @property
    def scene(self) -> RunSnapshot | None:
        return self.ui.scene

    @property
    def signs(self) -> Glyphs:
        return self.ui.signs

    @property
    def crumb(self) -> str:
        return self.about

    @property
    def selected_arguments(self) -> Mapping[str, str]:
        """What the cursor stands on, by the name of the argument it answers: candidate, a, b, example."""
        return {}

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
        self._composed = True
        if self.panes:
            self.show_pane(self.shown)

    def show_snapshot(self, scene: RunSnapshot) -> None:
        """A new scene; panes are drawn where more than the clock changed."""
        if not self.ready:
            return
        self.query_one(Breadcrumbs).show_path(self.ui.path, scene, self.signs)
        self.tick(scene)
        if scene.stamp != self._stamp:
            self._stamp = scene.stamp
            self.draw_panes(scene)
            self.update_tabs()
            self.query_one(Keybar).show_directives(scene, self.directive_names, read_only=self.ui.read_only)

    def tick(self, scene: RunSnapshot) -> None:
        """What changes with the clock alone."""

    def draw_panes(self, scene: RunSnapshot) -> None:
        """What changes with the run."""

    def reopen(self, ui: MaieuticApp) -> None:
        """After it was left: a new page on the same thing."""
        ui.push_screen(type(self)())

    def poll_store(self) -> object:
        """Called once a second where no run is watched."""

    def redraw(self) -> None:
        """Draw all panes again: the size or the look changed."""
        self._stamp = None
        if self.scene is not None and self.ready:
            self.show_snapshot(self.scene)

    def schedule_redraw(self) -> None:
        """Once, when the layout is done, however many wanted it meanwhile: before that no pane knows its width."""
        if not self._due:
            self._due = True
            self.call_after_refresh(self._redraw_scheduled)

    def on_resize(self) -> None:
        self.schedule_redraw()

    def on_line_list_resized(self) -> None:
        self.schedule_redraw()

    def on_screen_resume(self) -> None:
        self.schedule_redraw()

    def pane(self, name: str) -> LineList:
        return self.query_one(f"#{name}", LineList)

    @property
    def active_list(self) -> LineList | None:
        """The list that has the keys, else the one that is shown."""
        if isinstance(self.focused, LineList):
            return self.focused
        return self.pane(self.shown) if self.shown else None

    def pane_visible(self, name: str) -> bool:
        """Hidden panes are not drawn."""
        return self.has_class("-wide") or name == self.shown

    def on_key(self, event: Key) -> None:
        typing = self.query_one(PromptBar).has_focus_within
        if event.key.isdigit() and 0 < int(event.key) <= len(self.panes) and not typing:
            event.stop()
            self.show_pane(self.panes[int(event.key) - 1])

    def action_pane(self) -> None:
        """Number keys are heard by `on_key`, which knows the number; the binding shows them in the help."""

    def show_pane(self, name: str) -> None:
        self.shown = name
        for one in self.panes:
            self.query_one(f"#{one}").set_class(one == name, "-shown")
        target = self.query_one(f"#{name}")
        if target.can_focus:
            target.focus()
        self.update_tabs()
        self.schedule_redraw()

    def _redraw_scheduled(self) -> None:
        self._due = False
        self.redraw()

    def update_tabs(self) -> None:
        """The strip says what the panes say of themselves; called after whatever may have changed a title."""
        titles = [str(self.query_one(f"#{name}").border_title or name) for name in self.panes]
        self.query_one(PaneTabs).set_tabs(titles, self.panes.index(self.shown) if self.panes else 0)

    def on_pane_tabs_selected(self, event: PaneTabs.Selected) -> None:
        self.show_pane(self.panes[event.place])

    def action_copy(self) -> None:
        lines = self.active_list
        if lines is None or not lines.text:
            self.notify("there is nothing to copy here", severity="warning")
            return
        self.app.copy_to_clipboard(lines.text)
        self.notify(f"copied {len(lines.text.splitlines())} lines of {lines.border_title or 'this pane'}")

    def action_help(self) -> None:
        from .help import HelpScreen

        self.app.push_screen(HelpScreen(self))

    def action_jump(self) -> None:
        from .jump import JumpScreen

        self.app.push_screen(JumpScreen(self), lambda name: self.show_pane(name) if name else None)

    def action_back(self) -> None:
        focused = self.focused
        if isinstance(focused, LineList) and focused.filter_text:
            focused.apply_filter("")
        else:
            self.ui.go_back()

    def action_last(self) -> None:
        self.ui.open_last_page()
