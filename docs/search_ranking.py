"""A hook of the site's search: how-to pages first, notes on decisions not at all."""

from __future__ import annotations

from typing import Any

_HOW_TO = 4.0
_LONG_PAGES = frozenset({"results.md", "results-catalogue.md", "results-tui.md", "systems.md", "reference/python.md"})
_REFERENCE = 0.5


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Set what the search plugin reads of a page; the text stays."""
    name = page.file.src_uri
    if name.startswith("decisions/2"):
        page.meta["search"] = {"exclude": True}
    else:
        page.meta["search"] = {"boost": _REFERENCE if name in _LONG_PAGES else _HOW_TO}
    return markdown
