"""The command palette: every screen, every look, every directive, with why it is off now."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from ..runtime.steering.service import DIRECTIVE_SPECS, unavailable_reason
from .routes import COMMANDS
from .screens.base import Page

_IN_HELP_TEXT = 0.1  # a match in the help ranks below every match in a name


class CommandProvider(Provider):
    """Directives that can do nothing now stay in the list and say why, so that nobody searches for them in vain."""

    async def discover(self) -> Hits:
        for name, help_text in self._entries():
            yield DiscoveryHit(name, partial(self._run, name), help=help_text)

    async def search(self, query: str) -> Hits:
        """By the letters of a name, then by words of its help."""
        matcher, words = self.matcher(query), query.casefold()
        for name, help_text in self._entries():
            score = matcher.match(name) or (_IN_HELP_TEXT if words in help_text.casefold() else 0.0)
            if score > 0:
                yield Hit(score, matcher.highlight(name), partial(self._run, name), text=name, help=help_text)

    def _entries(self) -> list[tuple[str, str]]:
        page = self.screen
        if not isinstance(page, Page):
            return []
        entries = [entry for entry in COMMANDS.items() if entry[0] != "theme"]
        entries += [(f"theme {name}", "colours") for name in ("dark", "light", "contrast")]
        snapshot = page.snapshot
        if snapshot is not None:
            for spec in DIRECTIVE_SPECS:
                reason = unavailable_reason(spec, snapshot.timeline.view, alive=snapshot.alive)
                entries.append((spec.name, f"off: {reason}" if reason else f"{spec.title}: {spec.help}"))
        return entries

    async def _run(self, name: str) -> None:
        if isinstance(self.screen, Page):
            self.screen.submit_command(name)
