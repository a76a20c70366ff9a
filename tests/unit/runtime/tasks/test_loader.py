"""Tasks as people write them: many formats, encodings and column names, one Task."""

from __future__ import annotations

import csv
import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import TaskError
from maieutic.runtime.tasks.loader import load_task
from maieutic.runtime.tasks.rows import SourceRow

HEAD = 'name = "t"\nprompt = "Judge the review."\n'
DATA = '[data]\ntrain = "train.jsonl"\nval = "val.jsonl"\n'
PAIRS = [("so fine", "good"), ("so, so", "bad"), ('a "quote" — é', "good")]


def jsonl(*rows: dict[str, Any]) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def table(pairs: list[tuple[str, str]], delimiter: str) -> str:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in pair) for pair in pairs]
    return "\n".join(["input,output", *quoted]).replace('","', f'"{delimiter}"').replace("input,", f"input{delimiter}")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom"])
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "tsv", "json"])
def test_every_format_in_every_encoding_gives_the_same_rows(
    write: Any, suffix: str, encoding: str, newline: str
) -> None:
    rows = [{"input": a, "output": b} for a, b in PAIRS]
    text = {"jsonl": jsonl(*rows), "json": json.dumps(rows), "csv": table(PAIRS, ","), "tsv": table(PAIRS, "\t")}
    content = text[suffix].replace("\n", newline)
    if encoding.endswith("-bom"):
        data = ("\ufeff" + content).encode(encoding.removesuffix("-bom"))
    else:
        data = content.encode(encoding)
    task = load_task(write(HEAD + DATA.replace("train.jsonl", f"t.{suffix}"), **{f"t__{suffix}": data}))
    assert [(one.input, one.outputs) for one in task.data.train] == [(a, (b,)) for a, b in PAIRS]


def test_reading_a_table_leaves_the_csv_module_as_it_was(write: Any) -> None:
    before = csv.field_size_limit()
    cell = "x" * 500_000
    task = load_task(write(HEAD + DATA.replace("train.jsonl", "t.csv"), t__csv=f"input,output\n{cell},good\n"))
    assert task.data.train[0].input == cell
    assert csv.field_size_limit() == before


@pytest.mark.parametrize("given", ["input", "inputs", "question", "text"])
@pytest.mark.parametrize("wanted", ["output", "outputs", "target", "answer", "expected", "label"])
def test_the_usual_column_names(write: Any, given: str, wanted: str) -> None:
    task = load_task(write(HEAD + DATA, train__jsonl=jsonl({given: "x", wanted: "y", "page": 3})))
    assert task.data.train == (Example(input="x", outputs=("y",), metadata={"page": 3}),)


@pytest.mark.parametrize(
    ("value", "outputs"),
    [
        ("y", ("y",)),
        (3, ("3",)),
        (2.5, ("2.5",)),
        (True, ("true",)),
        (["a", 1, "a"], ("a", "1")),
        ({"b": 1, "a": None}, ('{"a": null, "b": 1}',)),
    ],
)
def test_outputs_of_any_plain_type_become_texts(write: Any, value: object, outputs: tuple[str, ...]) -> None:
    task = load_task(write(HEAD + DATA, train__jsonl=jsonl({"input": "x", "output": value})))
    assert task.data.train[0].outputs == outputs


def test_references_are_written_as_the_contract_writes_answers(write: Any) -> None:
    rows = jsonl({"input": "x", "output": "Thus #### 1,000"})
    numbers = jsonl({"input": "a", "output": "1"}, {"input": "b", "output": 2})
    task = load_task(write(HEAD + DATA + '[answer]\ntype = "number"\n', train__jsonl=rows, val__jsonl=numbers))
    assert task.data.train[0].outputs == ("1000",)


def test_a_field_map_names_columns(write: Any) -> None:
    fields = '[data.fields]\ninput = "body"\noutput = ["gold", "also"]\nid = "uid"\n'
    rows = jsonl({"uid": 7, "body": "x", "gold": "a", "also": "b", "input": "no"})
    more = jsonl({"uid": 8, "body": "y", "gold": "a", "also": ""}, {"uid": 9, "body": "z", "gold": "a", "also": ""})
    task = load_task(write(HEAD + DATA + fields, train__jsonl=rows, val__jsonl=more))
    assert task.data.train == (Example(id="7", input="x", outputs=("a", "b"), metadata={"input": "no"}),)
    assert task.data.val[0].outputs == ("a",)


@pytest.mark.parametrize("spelled", ['["title", "body"]', '{ title = "title", body = "body" }'])
def test_a_field_map_of_several_columns_is_a_mapping(write: Any, spelled: str) -> None:
    rows = [{"title": f"T{n}", "body": "B", "output": "x"} for n in range(4)]
    task = load_task(
        write(
            HEAD + DATA + f"[data.fields]\ninput = {spelled}\n",
            train__jsonl=jsonl(*rows[:2]),
            val__jsonl=jsonl(*rows[2:]),
        )
    )
    assert task.data.train[0].input == {"title": "T0", "body": "B"}


def test_placeholders_that_name_columns_make_a_mapping(write: Any) -> None:
    rows = [{"claim": f"C{n}", "text": "T", "label": "x", "page": 1} for n in range(4)]
    toml = HEAD.replace("the review", "{claim} by {text}") + DATA
    task = load_task(write(toml, train__jsonl=jsonl(*rows[:2]), val__jsonl=jsonl(*rows[2:])))
    assert task.data.train[0].input == {"claim": "C0", "text": "T"}
    assert task.data.train[0].metadata == {"page": 1}


def test_one_file_is_split_by_hash_and_a_folder_by_names(write: Any, tmp_path: Path) -> None:
    rows = [{"input": f"row {n}", "output": "good"} for n in range(20)]
    whole = load_task(write(HEAD + 'data = "all.jsonl"\n', all__jsonl=jsonl(*rows)))
    assert [len(whole.data[split]) for split in ("train", "val", "test")] == [6, 7, 7]
    again = load_task(write(HEAD + '[data]\ntrain = "all.jsonl"\n', all__jsonl=jsonl(*reversed(rows))))
    assert again.data == whole.data
    folder = load_task(write(HEAD + '[data]\npath = "."\n'))
    assert [len(folder.data[split]) for split in ("train", "val", "test")] == [2, 2, 0]


def test_a_target_split_needs_no_outputs_and_unlabelled_data_says_so(write: Any) -> None:
    inputs = [jsonl({"input": name}) for name in ("a", "b", "c")]
    task = load_task(write(HEAD + DATA + 'target = "new.jsonl"\n', new__jsonl=inputs[0]))
    assert task.data.target == (Example(input="a"),)
    bare = load_task(
        write(HEAD + DATA + "labelled = false\n", train__jsonl=inputs[0], val__jsonl=f"{inputs[1]}\n{inputs[2]}")
    )
    assert [one.outputs for one in bare.data.examples()] == [(), (), ()]


def test_without_data_the_splits_are_empty(write: Any) -> None:
    assert list(load_task(write(HEAD)).data.examples()) == []


def test_prompts_from_files_and_tables(write: Any) -> None:
    for spelled in ('"p.md"', '{ file = "p.md" }'):
        task = load_task(write(f"prompt = {spelled}\n" + DATA, p__md="Judge.\r\nWell.\n"))
        assert task.program.main.instruction == "Judge.\nWell."
    toml = '[program.plan]\nfile = "p.md"\n[program.act]\ninstruction = "Do."\nprinciples = ["be kind"]\n' + DATA
    task = load_task(write(toml, p__md="Plan."))
    assert {name: one.instruction for name, one in task.program.prompts.items()} == {"plan": "Plan.", "act": "Do."}
    assert task.program.prompts["act"].principles == ("be kind",)


def test_the_whole_file(write: Any) -> None:
    toml = (
        HEAD
        + 'plugins = ["./mine.py"]\n'
        + DATA
        + '[[evaluators]]\nuse = "numeric"\nweight = 2\ndirection = "minimize"\nabs_tol = 0.5\n'
        + '[models]\ntarget = "openai:gpt"\nkey_env = "KEY"\n[models.api_base]\n"openai/gpt" = "http://h/v1/"\n'
        + '[models.roles]\njudge = "local/smollm2"\n[constraints]\nmax_prompt_tokens = 9\n'
    )
    task = load_task(write(toml) / "task.toml")
    (spec,) = task.evaluators
    assert (spec.use, spec.weight, spec.direction, spec.options) == ("numeric", 2, "minimize", {"abs_tol": 0.5})
    assert str(task.models.target) == "openai/gpt@http://h/v1"
    assert task.models.target.key_env == "KEY"
    assert task.models.optimizer == task.models.target
    assert task.models.for_role("judge").key_env is None
    assert task.plugins == ("./mine.py",)
    assert task.constraints.max_prompt_tokens == 9


def test_rows_may_come_from_anywhere(write: Any) -> None:
    def read(source: str, folder: Path) -> list[SourceRow]:
        return [SourceRow(fields={"input": f"{source} {n}", "output": "x"}, where=f"{source} {n}") for n in range(3)]

    task = load_task(write(HEAD + '[data]\ntrain = "hub:a"\nval = "hub:b"\n'), read=read)
    assert task.data.val[2].input == "hub:b 2"


def test_parquet_without_its_library_says_what_to_install(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(TaskError) as caught:
        load_task(write(HEAD + DATA.replace("train.jsonl", "t.parquet"), t__parquet=b"PAR1"))
    assert 'pip install "maieutic[parquet]"' in str(caught.value)


def test_parquet_rows_are_read_through_the_library(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Table:
        @staticmethod
        def to_pylist() -> list[dict[str, object]]:
            return [{"input": "x", "output": 1.0, "seen": b"raw"}]

    fake = ModuleType("pyarrow.parquet")
    fake.__dict__["read_table"] = lambda path: Table()
    monkeypatch.setitem(sys.modules, "pyarrow", ModuleType("pyarrow"))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", fake)
    task = load_task(write(HEAD + DATA.replace("train.jsonl", "t.parquet"), t__parquet=b"PAR1"))
    assert task.data.train == (Example(input="x", outputs=("1.0",), metadata={"seen": "b'raw'"}),)


def test_a_broken_parquet_file_is_a_mistake_of_the_data(write: Any) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(TaskError, match="no Parquet file"):
        load_task(write(HEAD + DATA.replace("train.jsonl", "t.parquet"), t__parquet=b"PAR1"))


@pytest.mark.parametrize("name", ["reviews", "tickets"])
def test_the_shipped_tasks_load(name: str) -> None:
    package = importlib.import_module("maieutic")
    assert package.__file__ is not None
    task = load_task(Path(package.__file__).parent / "examples" / name)
    assert all(task.data[split] for split in ("train", "val", "test"))
