"""All bindings that have a name, so that a person can give them other keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.binding import Binding

from ..runtime.steering.catalog import DIRECTIVE_SPECS


def all_bindings() -> dict[str, str]:
    """Name → what it does."""
    from .app import MaieuticApp
    from .screens.base import Page
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
    homes: Iterable[Any] = (MaieuticApp, Page, HelpScreen, PromptBar, LineList, *pages)
    own = {one.id: one.description for home in homes for one in home.BINDINGS if isinstance(one, Binding) and one.id}
    return {**own, **{f"steer.{one.name}": one.title for one in DIRECTIVE_SPECS}}
