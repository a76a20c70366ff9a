"""Where a command leads: every screen by its name, with the help that palette and prompt bar show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from textual.binding import Binding
from textual.screen import Screen

from ..core.errors import UsageError
from ..runtime.monitor.snapshot import RunSnapshot
from ..runtime.steering.catalog import DIRECTIVE_SPECS
from .screens.base import Page

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "runs": "all runs of this folder",
        "run": "back to the watched run; run ID opens another one",
        "candidate": "candidate ID opens one; best and start work too",
        "compare": "compare A B shows two candidates side by side",
        "duel": "blind duels between the two compared candidates",
        "examples": "the examples, hardest first",
        "report": "the report on the held-out test",
        "library": "recipes and plugins",
        "theme": "theme dark, light or contrast",
        "ascii": "switch between ASCII and line drawing",
        "export": "export FILE.svg or FILE.png draws the lineage",
        "screenshot": "save this screen as an SVG file",
        "keys": "where keys are remapped, and the names of all bindings",
        "help": "keys and directives of this screen",
        "quit": "leave; the run continues",
    }
)


@dataclass(frozen=True, kw_only=True)
class RouteRequest:
    """What a route may use.

    Attributes:
        words: what was typed after the command.
        snapshot: of the watched run, None where none is watched.
        page: the page on top.
        marked: the candidate marked for a comparison, empty where none is.
    """

    words: Sequence[str] = ()
    snapshot: RunSnapshot | None = None
    page: Page | None = None
    marked: str = ""

    def require_run(self) -> RunSnapshot:
        """Raises UsageError where no run is watched."""
        if self.snapshot is None:
            raise UsageError("no run is watched; choose one first")
        return self.snapshot

    @property
    def selection(self) -> Mapping[str, str]:
        return self.page.selected_arguments if self.page is not None else MappingProxyType({})


def _candidate(request: RouteRequest) -> Screen[None]:
    from .screens.candidate import CandidatePage

    return CandidatePage(request.require_run().find_candidate(request.words[0] if request.words else ""))


def _compare(request: RouteRequest) -> Screen[None]:
    """The two that are named; else the marked one or the baseline, against the best."""
    from .screens.compare import ComparePage

    run, words = request.require_run(), request.words
    a = run.find_candidate(words[0]) if words else request.marked or run.find_candidate("start")
    b = run.find_candidate(words[1] if len(words) > 1 else "best")
    if a == b:
        raise UsageError("a comparison needs two candidates; mark one with c, then press c on another")
    return ComparePage(a, b)


def _duel(request: RouteRequest) -> Screen[None]:
    from .screens.duel import DuelPage

    words, selection = request.words, request.selection
    if len(words) > 1:
        return DuelPage(words[0], words[1])
    pending = request.snapshot.timeline.view.pending_duel if request.snapshot else {}
    if pending and ("a" not in selection or "b" not in selection):
        return DuelPage(str(pending["first"]), str(pending["second"]))
    if "a" not in selection or "b" not in selection:
        raise UsageError("open a comparison first; duels are between its two candidates")
    return DuelPage(selection["a"], selection["b"])


def _examples(request: RouteRequest) -> Screen[None]:
    from .screens.examples import ExamplesPage

    request.require_run()
    return ExamplesPage()


def _report(request: RouteRequest) -> Screen[None]:
    from .screens.report import ReportPage

    request.require_run()
    return ReportPage()


def _library(request: RouteRequest) -> Screen[None]:
    from .screens.library import LibraryPage

    return LibraryPage()


def _help(request: RouteRequest) -> Screen[None]:
    from .screens.help import HelpScreen

    if request.page is None:
        raise UsageError("there is no help for a dialog")
    return HelpScreen(request.page)


ROUTES: Mapping[str, Callable[[RouteRequest], Screen[None]]] = MappingProxyType(
    {
        "candidate": _candidate,
        "compare": _compare,
        "duel": _duel,
        "examples": _examples,
        "report": _report,
        "library": _library,
        "help": _help,
    }
)


def export_lineage(snapshot: RunSnapshot, path: Path) -> None:
    """The lineage as a picture. Raises UsageError for another format, or a file that cannot be written."""
    from .lines.lineage_svg import lineage_svg, write_png

    if path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"{path.name} is neither .svg nor .png")
    svg = lineage_svg(snapshot)
    try:
        if path.suffix.lower() == ".png":
            write_png(svg, path)
        else:
            path.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error


def all_bindings(*homes: Any) -> dict[str, str]:
    """Every named binding of the pages, widgets and `homes`, with what it does: these names stand in keys.toml."""
    from .screens.candidate import CandidatePage
    from .screens.compare import ComparePage
    from .screens.duel import DuelPage
    from .screens.examples import ExamplesPage
    from .screens.help import HelpScreen
    from .screens.library import LibraryPage
    from .screens.report import ReportPage
    from .screens.run import RunPage
    from .screens.runs import RunsPage
    from .widgets.line_list import LineList
    from .widgets.prompt_bar import PromptBar

    pages = (RunsPage, RunPage, CandidatePage, ComparePage, DuelPage, ExamplesPage, ReportPage, LibraryPage)
    everywhere: tuple[Any, ...] = (*homes, Page, HelpScreen, PromptBar, LineList, *pages)
    named = {
        binding.id: binding.description
        for home in everywhere
        for binding in home.BINDINGS
        if isinstance(binding, Binding) and binding.id
    }
    return {**named, **{f"steer.{spec.name}": spec.title for spec in DIRECTIVE_SPECS}}
