"""Two endpoints of one simulated task, named as `optimize` takes them, and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from maieutic.testing.run_harness import RunHarness
from maieutic.testing.simulated_models import true_label

INPUTS = [f"{split} word {number}" for split in ("train", "val", "test") for number in range(12)]


@pytest.fixture(scope="module")
def _endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunHarness]:
    with RunHarness.open(tmp_path_factory.mktemp("runs")) as harness:
        yield harness


@pytest.fixture
def options(_endpoints: RunHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What every call has: models, a budget, a folder."""
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    _endpoints.reset()
    return {
        "target": f"openai/stub@{_endpoints.target.base}",
        "optimizer": f"openai/stub@{_endpoints.optimizer.base}",
        "recipe": "random-demos",
        "calls": 80,
        "folder": tmp_path / "store",
    }


@pytest.fixture
def rows() -> list[dict[str, str]]:
    return [{"text": text, "colour": true_label(text)} for text in INPUTS]
