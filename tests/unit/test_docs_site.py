"""The site's pages: each is in the navigation, and the generated ones can be made."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [page.name for page in (ROOT / "docs").glob("*.md")]
    assert [page for page in pages if f": {page}\n" not in navigation] == []


def test_the_reference_has_every_command_and_every_public_name(tmp_path: Path) -> None:
    written = runpy.run_path(str(ROOT / "docs" / "write_reference.py"))
    written["write"](tmp_path)
    commands = (tmp_path / "reference" / "commands.md").read_text(encoding="utf-8")
    assert "## maieutic optimize\n" in commands
    assert "### maieutic plugins new\n" in commands
    assert "[data.fields]" in commands, "brackets in help are no markup"
    python = (tmp_path / "reference" / "python.md").read_text(encoding="utf-8")
    assert python.count("\n## ") > 28
    assert "\n## optimize\n" in python
    decisions = (tmp_path / "decisions" / "index.md").read_text(encoding="utf-8")
    assert "auto-capable-authors.md" in decisions
