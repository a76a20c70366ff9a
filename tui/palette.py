"""The command palette: every place, every look, every directive, with why it is off now."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from ..runtime.steering.catalog import DIRECTIVE_SPECS
from ..runtime.steering.service import unavailable_reason
from .commands import COMMANDS, run_command
from .screens.base import Page


class CommandProvider(Provider):
    """Directives that can do nothing now stay in the list and say why, so that nobody looks for them in vain."""

    async def discover(self) -> Hits:
        for name, help_text in self._entries():
            yield DiscoveryHit(name, partial(self._run, name), help=help_text)

    async def search(self, query: str) -> Hits:
        """By the letters of a name; by whole words of what is said of it after that."""
        matcher, wanted = self.matcher(query), query.casefold()
        for name, help_text in self._entries():
            match = matcher.match(name) or (0.1 if wanted in help_text.casefold() else 0.0)
            if match > 0:
                yield Hit(match, matcher.highlight(name), partial(self._run, name), text=name, help=help_text)

    def _entries(self) -> list[tuple[str, str]]:
        page = self.screen
        if not isinstance(page, Page):
            return []
        entries = [entry for entry in COMMANDS.items() if entry[0] != "theme"]
        entries += [(f"theme {name}", "how it looks") for name in ("dark", "light", "contrast")]
        scene = page.scene
        if scene is not None:
            for one in DIRECTIVE_SPECS:
                off = unavailable_reason(one, scene.story.view, alive=scene.alive)
                entries.append((one.name, f"off: {off}" if off else f"{one.title}: {one.help}"))
        return entries

    async def _run(self, name: str) -> None:
        if isinstance(self.screen, Page):
            await run_command(self.screen, name)
