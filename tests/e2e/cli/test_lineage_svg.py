"""`maieutic lineage --format svg`: the picture that the TUI saves, without the TUI."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from maieutic.core.events import Event
from maieutic.runtime.store import Store


def test_the_lineage_is_drawn_as_svg(call: Any, ids: Any, folder: Path, tmp_path: Path) -> None:
    born = {"candidate": ids.best, "operator": "gradient", "parents": [ids.start]}
    with Store.open(folder) as store:
        asyncio.run(store.append_events([Event(run=ids.run, kind="candidate_proposed", key="2", data=born)]))
    assert call("lineage", ids.run, "--format", "svg", "-o", "tree.svg").code == 0
    drawn = (tmp_path / "tree.svg").read_text(encoding="utf-8")
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert [mean in drawn for mean in (">0.50<", ">0.75<", "gradient")] == [True, True, True]
