"""A task that is written reads back, appears whole, and takes the place of nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.runtime.tasks.loader import load_task
from maieutic.runtime.tasks.writer import to_toml, write_task

texts = st.text(alphabet=st.characters(blacklist_categories=("Cs",)))
values = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
ROWS = {
    "train": [Example(input="a “quoted”\nline", outputs=("good",)), Example(input="b", outputs=("good", "fine"))],
    "val": [Example(input={"x": "1"}, outputs=("bad",)), Example(input="d", outputs=("bad",), metadata={"page": 2})],
}
TABLES = {"name": "t", "prompt": 'Say:\n"x" \\ y', "evaluators": [{"use": "set", "mode": "exact"}]}


@given(tables=st.dictionaries(texts, values, max_size=4))
def test_toml_says_what_it_is_given(tables: dict[str, object]) -> None:
    assert tomllib.loads(to_toml(tables)) == tables


def test_a_written_task_loads(tmp_path: Path) -> None:
    file = write_task(tmp_path / "new", TABLES, ROWS)  # type: ignore[arg-type]
    task = load_task(file)
    assert list(task.data.examples()) == [*ROWS["train"], *ROWS["val"]]
    assert task.program.main.instruction == TABLES["prompt"]
    assert task.evaluators[0].options == {"mode": "exact"}
    assert sorted(one.name for one in file.parent.iterdir()) == ["task.toml", "train.jsonl", "val.jsonl"]


@pytest.mark.parametrize("there", ["task.toml", "val.jsonl"])
def test_nothing_is_written_over_and_nothing_half_written(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    with pytest.raises(UsageError, match=there):
        write_task(tmp_path, TABLES, ROWS)  # type: ignore[arg-type]
    assert [one.name for one in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"
