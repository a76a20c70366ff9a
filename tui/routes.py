"""Where a command leads: screens, looks, files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from .lines.lineage import all_candidates

if TYPE_CHECKING:
    from .app import MaieuticApp


def open_route(app: MaieuticApp, name: str, words: Sequence[str]) -> None:
    """Raises UsageError where the place is not there."""
    match name:
        case "runs":
            while app.page is not None and app.page.about != "runs":
                app.go_back()
        case "run" if words or app.scene is None:
            app.attach(words[0] if words else app.run_name)
        case "run":
            while app.page is not None and app.page.about not in ("run", "runs"):
                app.go_back()
        case "candidate":
            open_candidate(app, words[0] if words else "")
        case "compare":
            open_compare(app, words)
        case "duel":
            _open_duel(app)
        case "examples" | "report" | "library":
            _open_screen(app, name)
        case "theme":
            app.use_theme(words[0] if words else "dark")
        case "ascii":
            app.ascii_only = not app.ascii_only
            app.redraw_pages()
        case "export":
            export_lineage(app, Path(words[0] if words else "lineage.svg"))
        case "screenshot":
            app.notify(f"wrote {app.save_screenshot()}")
        case "keys":
            from .bindings import all_bindings
            from .keys import keymap_path

            app.notify(f"{keymap_path()}\n{', '.join(sorted(all_bindings()))}", title="remap keys in", timeout=20)
        case "help":
            app.screen.action_help()  # type: ignore[attr-defined]
        case "quit":
            app.exit()


def resolve_candidate(app: MaieuticApp, word: str) -> str:
    """A candidate's id by itself, its beginning, best or start. Raises UsageError for anything else."""
    if app.scene is None:
        raise UsageError("no run is watched; choose one first")
    people = all_candidates(app.scene.story)
    if word in ("", "best"):
        word = app.scene.best
    if word == "start":
        word = next(iter(people), "")
    found = [name for name in people if name == word] or [name for name in people if word and name.startswith(word)]
    if len(found) != 1:
        raise UsageError(f"{word!r} is {'the beginning of several candidates' if found else 'no candidate'}")
    return found[0]


def open_candidate(app: MaieuticApp, word: str) -> None:
    from .screens.candidate import CandidatePage

    app.push_screen(CandidatePage(resolve_candidate(app, word)))


def open_compare(app: MaieuticApp, words: Sequence[str]) -> None:
    """The two that are named; else the marked one or the start, against the best."""
    from .screens.compare import ComparePage

    a = resolve_candidate(app, words[0]) if words else app.marked or resolve_candidate(app, "start")
    b = resolve_candidate(app, words[1]) if len(words) > 1 else resolve_candidate(app, "best")
    if a == b:
        raise UsageError("a comparison needs two candidates; mark one with c, then press c on another")
    app.push_screen(ComparePage(a, b))


def _open_duel(app: MaieuticApp) -> None:
    from .screens.compare import ComparePage
    from .screens.duel import DuelPage

    if not isinstance(app.screen, ComparePage):
        raise UsageError("open a comparison first; duels are fought between its two candidates")
    app.push_screen(DuelPage(app.screen.a, app.screen.b))


def _open_screen(app: MaieuticApp, name: str) -> None:
    from .screens.examples import ExamplesPage
    from .screens.library import LibraryPage
    from .screens.report import ReportPage

    pages = {"examples": ExamplesPage, "report": ReportPage, "library": LibraryPage}
    if name != "library" and app.scene is None:
        raise UsageError("no run is watched; choose one first")
    app.push_screen(pages[name]())


def export_lineage(app: MaieuticApp, path: Path) -> None:
    """The lineage as a picture. Raises UsageError for a form that cannot be drawn, or a file that cannot be written."""
    from .lines.lineage_svg import lineage_svg, write_png

    if app.scene is None:
        raise UsageError("no run is watched; choose one first")
    drawn = lineage_svg(app.scene)
    if path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"{path.name} is neither .svg nor .png")
    try:
        if path.suffix.lower() == ".png":
            write_png(drawn, path)
        else:
            path.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    app.notify(f"wrote {path.absolute()}")
