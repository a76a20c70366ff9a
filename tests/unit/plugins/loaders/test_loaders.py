"""Rows come through the loaders: the built-ins by suffix, a plugin's by its name."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import maieutic
import pytest
from maieutic.core.errors import TaskError, TrustError
from maieutic.plugins.loaders.files import dataset_reader
from maieutic.plugins.system.registry import Registry

HUB = """
from maieutic.plugin import SourceRow, hookimpl
class Hub:
    name = "hub"
    def read(self, source, folder):
        return [SourceRow(fields={"input": source, "output": "x"}, where=source)]
@hookimpl
def maieutic_loaders(register):
    register("hub", Hub)
"""


@pytest.mark.parametrize(("name", "content"), [("jsonl", '{"a": "b"}\n'), ("csv", "a\nb\n"), ("tsv", "a\nb\n")])
def test_the_builtin_loaders_read_files(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / f"rows.{name}").write_text(content)
    (row,) = Registry.load(()).create("loader", name).read(f"rows.{name}", tmp_path)
    assert (dict(row.fields), Path(row.where.partition(":")[0]).name) == ({"a": "b"}, f"rows.{name}")
    assert dataset_reader(Registry.load(()))(f"rows.{name}", tmp_path) == [row]


def test_a_plugin_loads_what_it_is_named_for(install: Callable[..., None], tmp_path: Path) -> None:
    install("hub-loader", HUB)
    (row,) = dataset_reader(Registry.load())("hub:reviews/train", tmp_path)
    assert row.fields["input"] == "reviews/train"


@pytest.mark.parametrize("source", ["rows.xls", "hugging:x", "rows"])
def test_a_source_that_nobody_loads_lists_who_is_there(tmp_path: Path, source: str) -> None:
    with pytest.raises(TaskError, match="cannot be read") as caught:
        dataset_reader(Registry.load(()))(source, tmp_path)
    assert "csv" in caught.value.possible


def test_python_reads_the_sources_that_the_command_line_takes(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "rows.db") as base:
        base.execute("CREATE TABLE reviews (input TEXT, output TEXT)")
        base.executemany("INSERT INTO reviews VALUES (?, ?)", [(f"review {n}", "good") for n in range(9)])
    (tmp_path / "task.toml").write_text('prompt = "Judge."\n[data]\npath = "sqlite:rows.db"\n', encoding="utf-8")
    assert len(list(maieutic.load_task(tmp_path).data.examples())) == 9


def test_python_runs_the_loader_of_a_task_only_after_consent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAIEUTIC_TRUST")
    (tmp_path / "hub.py").write_text(
        HUB.replace(
            "[SourceRow",
            "[SourceRow(fields={'input': f'{n}', 'output': 'x'}, where=source) for n in range(9)] or [SourceRow",
        ),
        encoding="utf-8",
    )
    task = 'prompt = "Judge."\nplugins = ["./hub.py"]\n[data]\npath = "hub:rows"\n'
    (tmp_path / "task.toml").write_text(task, encoding="utf-8")
    with pytest.raises(TrustError, match="nobody at this account has agreed"):
        maieutic.load_task(tmp_path)
    assert len(list(maieutic.load_task(tmp_path, trust=True).data.examples())) == 9
