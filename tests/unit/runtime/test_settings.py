"""The environment variables of the package, read in one place."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from maieutic.core.errors import UsageError
from maieutic.runtime.settings import Settings, settings

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MAIEUTIC_")]:
        monkeypatch.delenv(name)


def test_nothing_set_gives_the_defaults() -> None:
    assert settings() == Settings()
    assert settings().plugins is None
    assert not settings().plugins_strict
    assert settings().cache is None


def test_values_are_read_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIEUTIC_PLUGINS", " a, b ,")
    monkeypatch.setenv("MAIEUTIC_PLUGINS_STRICT", "1")
    monkeypatch.setenv("MAIEUTIC_CACHE", "/somewhere")
    assert settings().plugins == ("a", "b")
    assert settings().plugins_strict
    assert settings().cache == Path("/somewhere")
    monkeypatch.setenv("MAIEUTIC_PLUGINS", "")
    monkeypatch.setenv("MAIEUTIC_PLUGINS_STRICT", "")
    monkeypatch.setenv("MAIEUTIC_CACHE", "")
    assert settings().plugins == ()
    assert not settings().plugins_strict
    assert settings().cache is None


def test_an_unusable_value_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIEUTIC_PLUGINS_STRICT", "perhaps")
    with pytest.raises(UsageError, match="'perhaps' cannot be used") as caught:
        settings()
    assert caught.value.where == "MAIEUTIC_PLUGINS_STRICT"


def test_the_noise_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIEUTIC_NOISE_KEY", "very-secret")
    assert "very-secret" not in repr(settings())


def test_no_other_module_reads_a_variable_of_the_package() -> None:
    reads = re.compile(r"""(environ(\.get\(|\[)|getenv\()\s*["']MAIEUTIC_""")
    folders = ("core", "runtime", "agents", "plugins", "graphs", "cli", "tui", "serve")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert [path for path in files if reads.search(path.read_text(encoding="utf-8"))] == []
