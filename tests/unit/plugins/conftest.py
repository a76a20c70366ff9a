from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Install = Callable[..., None]


@pytest.fixture(autouse=True)
def _no_selection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAIEUTIC_PLUGINS", raising=False)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution of one module with one entry point of the group `maieutic`, for this test."""
    site = tmp_path / "site"
    site.mkdir()
    modules: list[str] = []

    def one(distribution: str, source: str, *, version: str = "1.2") -> None:
        module = distribution.replace("-", "_")
        (site / f"{module}.py").write_text(source)
        info = site / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[maieutic]\nplug = {module}\n")
        modules.append(module)
        monkeypatch.syspath_prepend(str(site))

    yield one
    for module in modules:
        sys.modules.pop(module, None)
