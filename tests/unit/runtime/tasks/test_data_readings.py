"""Rows as tools and offices write them: encodings, sheets, constants, placeholders, near-duplicates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.errors import TaskError
from maieutic.core.render import render
from maieutic.plugins.loaders.dspy_promptfoo import PromptfooLoader
from maieutic.runtime.tasks.columnar import with_label_names
from maieutic.runtime.tasks.loader import load_task, load_task_with_schemas
from maieutic.runtime.tasks.prompt_placeholders import convert_placeholders
from maieutic.runtime.tasks.rows import read_source

ONE_FILE = '[data]\npath = "rows.jsonl"\n'


def rows_of(count: int = 8, **more: Any) -> str:
    listed = [{"input": f"row {n}", "output": "good" if n % 2 else "bad", **more} for n in range(count)]
    return "".join(f"{json.dumps(row)}\n" for row in listed)


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("Read {ticket}.", "Read {ticket}."),
        ("Read {{ticket}}.", "Read {ticket}."),
        ("Read $ticket for $5 and $other.", "Read {ticket} for $5 and $other."),
        ("Read {{ Customer Message }}.", "Read {customer_message}."),
        ('{{ticket}} as {"a": {"b": 1}}', '{ticket} as {{"a": {{"b": 1}}}}'),
        ('{ticket} as {"a": {"b": 1}}', '{ticket} as {{"a": {{"b": 1}}}}'),
        ('{ticket} as {{"a": 1}}', '{ticket} as {{"a": 1}}'),
        ("{ticket}, literally {{ticket}}", "{ticket}, literally {{ticket}}"),
        ('No placeholder, {"a": {"b": 1}} alone', 'No placeholder, {"a": {"b": 1}} alone'),
        ("Read {{inputs.plan}}", "Read {plan}"),
        ("Read {问题}", "Read {field_4}"),
    ],
)
def test_placeholders_are_recognized_by_the_columns(prompt: str, text: str) -> None:
    assert convert_placeholders(prompt, ["ticket", "Customer Message", "inputs.plan", "问题"]).text == text


@pytest.mark.parametrize("prompt", ["Read {{tikcet}}.", "{{ticket | upper}} {{ nope }}", "{{ticket}} {{ nope }}"])
def test_what_cannot_be_filled_is_refused(prompt: str) -> None:
    with pytest.raises(TaskError) as caught:
        convert_placeholders(prompt, ["ticket"])
    assert "{{ticket}}" in str(caught.value)


def test_constants_fill_placeholders(write: Any) -> None:
    toml = 'prompt = "You serve {{ product }}."\n' + ONE_FILE + '[data.values]\nproduct = "Acme"\n'
    task = load_task(write(toml, rows__jsonl=rows_of()))
    example = task.data.train[0]
    assert isinstance(example.input, dict)
    assert render(task.program.main, example)[-1]["content"] == f"You serve Acme.\n\n{example.input['input']}"


def test_an_encoding_may_be_named(write: Any) -> None:
    toml = 'prompt = "p"\n[data]\npath = "rows.jsonl"\nencoding = "cp1252"\n'
    task = load_task(write(toml, rows__jsonl=rows_of().replace("row 0", "für 5 €").encode("cp1252")))
    assert "für 5 €" in {example.input for example in task.data.examples()}
    with pytest.raises(TaskError, match="no encoding 'cp12'"):
        load_task(write(toml.replace("cp1252", "cp12"), rows__jsonl=rows_of()))


def test_near_duplicates_across_splits_are_counted(write: Any) -> None:
    train = rows_of(2) + json.dumps({"input": "val  0", "output": "good"})
    val = json.dumps({"input": "Val 0 ", "output": "bad"}) + "\n" + json.dumps({"input": "x", "output": "good"})
    toml = 'prompt = "p"\n[data]\ntrain = "train.jsonl"\nval = "val.jsonl"\n'
    (note,) = load_task_with_schemas(write(toml, train__jsonl=train, val__jsonl=val)).notes
    assert note.startswith("1 inputs of val are also in train")


def test_excel_rows(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for cells in (["text", "label", None], ["two\nlines", 3, None], [None, None, None], ["last", "b", None]):
        book.active.append(cells)
    book.create_sheet("empty")
    book.save(tmp_path / "rows.xlsx")
    rows = read_source("rows.xlsx", tmp_path)
    assert [dict(row.fields) for row in rows] == [{"text": "two\nlines", "label": 3}, {"text": "last", "label": "b"}]
    assert rows[1].where.endswith("Sheet:4")


def test_class_labels_are_names() -> None:
    assert with_label_names({"label": 1, "n": 1}, {"label": ["neg", "pos"]}) == {"label": "pos", "n": 1}
    assert with_label_names({"label": -1}, {"label": ["neg", "pos"]}) == {"label": None}


def test_promptfoo_cells_and_globs(tmp_path: Path) -> None:
    cells = 'message,__expected,__expected2\nm1,icontains: refund,javascript: output.length < 40\nm2,"equals: a, b",\n'
    (tmp_path / "t.csv").write_text(cells, encoding="utf-8")
    first, second = PromptfooLoader().read("t.csv", tmp_path)
    assert (first.fields["output"], second.fields["output"]) == ("refund", "a, b")
    assert [one["type"] for one in first.fields["assert"]] == ["icontains", "javascript"]
    (tmp_path / "cases").mkdir()
    for name in "ab":
        (tmp_path / "cases" / f"{name}.yaml").write_text(f"- vars: {{m: {name}}}\n", encoding="utf-8")
    (tmp_path / "c.yaml").write_text("tests: file://cases/*.yaml\n", encoding="utf-8")
    assert [row.fields["input"] for row in PromptfooLoader().read("c.yaml", tmp_path)] == [{"m": "a"}, {"m": "b"}]


def test_a_leak_is_refused_or_allowed_and_told(write: Any) -> None:
    rows = rows_of(4)
    toml = 'prompt = "p"\n[data]\ntrain = "train.jsonl"\nval = "val.jsonl"\n'
    files = {"train__jsonl": rows, "val__jsonl": rows_of(2) + json.dumps({"input": "new", "output": "bad"})}
    with pytest.raises(TaskError, match="the same row is in train and val") as caught:
        load_task(write(toml, **files))
    assert "allow_leak = true" in str(caught.value.remedy)
    task = load_task(write(f"{toml}allow_leak = true\n", **files))
    assert [len(task.data.train), len(task.data.val)] == [4, 3]
    assert task.data_notes[0] == "train.jsonl, val.jsonl: input ← input; output ← output"
    assert "2 inputs of val are also in train" in task.data_notes[1]


def test_a_report_says_what_was_read_and_what_was_not(write: Any) -> None:
    task = load_task(write(f'prompt = "p"\n{ONE_FILE}', rows__jsonl=rows_of(clerk="K")))
    assert task.data_notes == ("rows.jsonl: input ← input; output ← output; not used: clerk",)
