"""Each mistake in a task is one block: what, file and line, what was possible, what to do. Exit code 2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.errors import TaskError
from maieutic.runtime.tasks.loader import load_task

HEAD = 'name = "t"\nprompt = "Judge the review."\n'
DATA = '[data]\ntrain = "train.jsonl"\nval = "val.jsonl"\n'
LABELS = '[answer]\ntype = "label"\nlabels = ["good", "bad"]\n'


def lines(*rows: Mapping[str, Any]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def labelled(name: str, count: int = 2) -> str:
    return lines(*({"input": f"{name} {n}", "output": "good" if n % 2 else "bad"} for n in range(count)))


GOOD = {"input": "fine", "output": "good"}
MAP = '[data.fields]\ninput = "review"\n'


def csv_of(*rows: str) -> str:
    return "\n".join(("input,output", *rows)) + "\n"


BAD: dict[str, tuple[str, dict[str, str | bytes], tuple[str, ...]]] = {
    "no TOML": (HEAD + "a = = 1\n", {}, ("not valid TOML", "task.toml:3", "correct the line")),
    "unknown key": (HEAD + 'descripton = "x"\n' + DATA, {}, ("descripton", "task.toml:3", "mean 'description'")),
    "unknown key in data": (HEAD + DATA + 'tset = "x"\n', {}, ("tset", "task.toml:6", "mean 'test'")),
    "unknown key in answer": (HEAD + DATA + '[answer]\ntyp = "label"\n', {}, ("typ", "task.toml:7", "mean 'type'")),
    "unknown key in constraints": (
        HEAD + DATA + "[constraints]\nmax_prompt_token = 3\n",
        {},
        ("max_prompt_token", "task.toml:7", "mean 'max_prompt_tokens'"),
    ),
    "unknown key in a prompt": (
        'name = "t"\n[program.first]\ninstuction = "x"\n' + DATA,
        {},
        ("instuction", "task.toml:3", "mean 'instruction'"),
    ),
    "no prompt": ('name = "t"\n' + DATA, {}, ("needs a prompt", "task.toml")),
    "prompt and program": (HEAD + '[program.a]\ninstruction = "x"\n' + DATA, {}, ("not both",)),
    "empty prompt": ('name = "t"\nprompt = " "\n' + DATA, {}, ("prompt is empty", "task.toml:2")),
    "prompt of a wrong type": ('name = "t"\nprompt = 3\n' + DATA, {}, ("a prompt is a text", "task.toml:2")),
    "missing prompt file": (
        'name = "t"\nprompt = "prompt.txt"\n' + DATA,
        {},
        ("no file prompt.txt", "prompt.txt", "train.jsonl"),
    ),
    "wrong type deep inside": (
        'name = "t"\n[program.a]\ninstruction = "x"\nformat = { placement = "above" }\n' + DATA,
        {},
        ("program.a.format.placement", "task.toml:4", "'user', 'system' or 'first'", "above"),
    ),
    "missing data file": (HEAD + DATA.replace("val.j", "vla.j"), {}, ("no file vla.jsonl", "val.jsonl")),
    "data of an unknown kind": (HEAD + '[data]\ntrain = "rows.xls"\nval = "val.jsonl"\n', {}, ("rows.xls", ".jsonl")),
    "data that names nothing": (HEAD + "[data]\n", {}, ("names no file", "task.toml:3")),
    "path and splits": (HEAD + DATA + 'path = "x.jsonl"\n', {}, ("both path and train", "task.toml:6")),
    "empty split": (HEAD + DATA, {"val__jsonl": "\n\n"}, ("val.jsonl has no rows", "val.jsonl")),
    "one val row": (HEAD + DATA, {"val__jsonl": labelled("val", 1)}, ("one val example", "task.toml", "at least 2")),
    "no val": (HEAD + '[data]\ntrain = "train.jsonl"\ntest = "val.jsonl"\n', {}, ("split val has no examples",)),
    "too few to split": (HEAD + '[data]\ntrain = "train.jsonl"\n', {}, ("2 rows", "too few", "6 rows or more")),
    "malformed line": (
        HEAD + DATA,
        {"train__jsonl": lines(GOOD) + '{"input": "x", }\n'},
        ("malformed JSON", "train.jsonl:2", "column"),
    ),
    "deeply nested line": (HEAD + DATA, {"train__jsonl": "[" * 100_000}, ("nested too deeply", "train.jsonl:1")),
    "line that is no object": (HEAD + DATA, {"train__jsonl": "[1, 2]\n"}, ("a list", "train.jsonl:1")),
    "too many cells": (
        HEAD + DATA.replace("train.jsonl", "t.csv"),
        {"t__csv": csv_of('"two\nlines",good', "a,b,bad")},
        ("3 cells, the header 2", "t.csv:4", "input, output"),
    ),
    "too few cells": (
        HEAD + DATA.replace("train.jsonl", "t.tsv"),
        {"t__tsv": "input\toutput\nalone\n"},
        ("1 cells, the header 2", "t.tsv:2"),
    ),
    "unclosed quote": (
        HEAD + DATA.replace("train.jsonl", "t.csv"),
        {"t__csv": csv_of("a,good", '"b,bad')},
        ("cannot be read", "t.csv:3"),
    ),
    "column twice": (
        HEAD + DATA.replace("train.jsonl", "t.csv"),
        {"t__csv": "input,output,output\na,b,c\n"},
        ("'output' twice", "t.csv:1"),
    ),
    "no input column": (
        HEAD + DATA,
        {"train__jsonl": lines({"review": "x", "output": "y"})},
        ("no input column", "train.jsonl:1", "possible: output, review", "[data.fields]"),
    ),
    "no output column": (
        HEAD + DATA,
        {"train__jsonl": lines({"input": "x", "stars": 3})},
        ("no output column", "train.jsonl:1", "possible: input, stars", "labelled = false"),
    ),
    "empty output": (HEAD + DATA, {"train__jsonl": lines({"input": "x", "output": ""})}, ("output is empty", ":1")),
    "empty input": (HEAD + DATA, {"train__jsonl": lines({"input": " ", "output": "y"})}, ("input is empty", ":1")),
    "mapped column that is not there": (
        HEAD + DATA + MAP,
        {},
        ("no input column (review)", "train.jsonl:1", "possible: input, output"),
    ),
    "field map with an unknown key": (
        HEAD + DATA + '[data.fields]\ninptu = "x"\n',
        {},
        ("inptu", "task.toml:7", "mean 'input'"),
    ),
    "same row twice": (HEAD + DATA, {"train__jsonl": lines(GOOD, GOOD)}, ("duplicate row", "train.jsonl:2 repeats")),
    "duplicate ids": (
        HEAD + DATA,
        {"train__jsonl": lines({**GOOD, "id": 7}, {"input": "other", "output": "bad", "id": 7})},
        ("duplicate id '7'", "train.jsonl:2", "train.jsonl:1"),
    ),
    "the same row in two splits": (
        HEAD + DATA,
        {"train__jsonl": lines({**GOOD, "id": 1}), "val__jsonl": labelled("val") + lines({**GOOD, "id": 2})},
        ("is in train and val", "val.jsonl:3 repeats", "train.jsonl:1"),
    ),
    "label outside the contract": (
        HEAD + LABELS + DATA,
        {"val__jsonl": labelled("val") + lines({"input": "x", "output": "goood"})},
        ("'goood'", "val.jsonl:3", "possible: good, bad", "mean 'good'"),
    ),
    "a field of 10 MB": (
        HEAD + DATA,
        {"train__jsonl": lines(GOOD, {"input": "x" * 10_000_000, "output": "good"})},
        ("input is 10.0 MB", "train.jsonl:2", "at most 1 MB"),
    ),
    "a CSV cell of 2 MB": (
        HEAD + DATA.replace("train.jsonl", "t.csv"),
        {"t__csv": csv_of("x" * 2_000_000 + ",good")},
        ("input is 2.0 MB", "t.csv:2"),
    ),
    "a list as input": (
        HEAD + DATA,
        {"train__jsonl": lines({"input": ["a", "b"], "output": "good"})},
        ("input must be a text", '["a", "b"]', "train.jsonl:1"),
    ),
    "null as input": (
        HEAD + DATA,
        {"train__jsonl": lines({"input": None, "output": "good"})},
        ("must be a text", "null"),
    ),
    "NUL byte": (HEAD + DATA, {"train__jsonl": lines(GOOD).encode() + b'{"input": "a\0"}'}, ("NUL", "train.jsonl:2")),
    "escaped NUL": (HEAD + DATA, {"train__jsonl": '{"input": "a\\u0000b", "output": "x"}'}, ("NUL", "train.jsonl:1")),
    "half a character": (
        HEAD + DATA,
        {"train__jsonl": '{"input": "\\ud83d", "output": "x"}'},
        ("half a character", "train.jsonl:1"),
    ),
    "Latin-1": (HEAD + DATA, {"train__jsonl": lines(GOOD).encode() + b'{"input": "\xe9"}'}, ("UTF-8", "train.jsonl:2")),
    "unknown placeholder": (
        HEAD.replace("the review", "{reveiw}") + DATA,
        {},
        ("{reveiw}", "task.toml:2", "possible: {input}\n", "rename"),
    ),
    "placeholder for the wanted output": (
        HEAD.replace("the review", "{input} {output}") + DATA,
        {},
        ("{output}, which is the output column", "task.toml:2", "possible: {input}\n"),
    ),
    "wrong model name": (HEAD + DATA + '[models]\ntarget = "gpt"\n', {}, ("'gpt'", "task.toml:7", "provider/model")),
    "model that is no text": (HEAD + DATA + "[models]\ntarget = 4\n", {}, ("must be a text", "task.toml:7")),
    "unknown role": (
        HEAD + DATA + '[models.roles]\ncritc = "local/smollm2"\n',
        {},
        ("critc", "task.toml:7", "mean 'critic'"),
    ),
    "a key in the file": (
        HEAD + DATA + '[models]\ntarget = "openai/x"\nkey_env = "sk-secret-1234"\n',
        {},
        ("environment variable", "task.toml:8", "OPENAI_API_KEY"),
    ),
    "endpoint that is none": (
        HEAD + DATA + '[models]\ntarget = "openai/x"\napi_base = "localhost"\n',
        {},
        ("'localhost' is not an endpoint", "task.toml:8"),
    ),
    "endpoint for nobody": (
        HEAD + DATA + '[models]\ntarget = "openai/x"\n[models.api_base]\n"openai/y" = "http://h/v1"\n',
        {},
        ("openai/y", "task.toml:9", "mean 'openai/x'"),
    ),
    "weight of zero": (
        HEAD + DATA + '[[evaluators]]\nuse = "exact"\n[[evaluators]]\nuse = "set"\nweight = 0\n',
        {},
        ("evaluators.2.weight", "task.toml:10", "greater than 0"),
    ),
    "evaluator without a name": (HEAD + DATA + "[[evaluators]]\nweight = 1\n", {}, ("use", "field required")),
    "no evaluators": (HEAD + "evaluators = []\n" + DATA, {}, ("at least one", "task.toml:3")),
    "labels missing": (HEAD + DATA + '[answer]\ntype = "label"\n', {}, ("two different labels", "task.toml:6")),
    "unknown contract": (HEAD + DATA + '[answer]\ntype = "lable"\n', {}, ("answer.type", "task.toml:7", "'label'")),
    "temperature": (HEAD + DATA + "[constraints]\ntemperature = 3\n", {}, ("constraints.temperature", "task.toml:7")),
    "name of a wrong type": ('name = 3\nprompt = "x"\n' + DATA, {}, ("name", "task.toml:1", "string")),
    "no name": ('name = " "\nprompt = "x"\n' + DATA, {}, ("needs a name", "task.toml")),
}


@pytest.mark.parametrize("mistake", BAD)
def test_a_mistake_is_one_clear_block(mistake: str, write: Any) -> None:
    toml, files, parts = BAD[mistake]
    with pytest.raises(TaskError) as caught:
        load_task(write(toml, **files))
    said = str(caught.value)
    for part in parts:
        assert part in said, said
    assert caught.value.exit_code == 2
    assert caught.value.where
    assert "pydantic" not in said
    assert len(said) < 1500
    assert said.count("where: ") == 1
    assert str(write(toml, **files)) in said


def test_a_key_is_never_shown(write: Any) -> None:
    toml, files, _ = BAD["a key in the file"]
    with pytest.raises(TaskError) as caught:
        load_task(write(toml, **files))
    assert "sk-secret" not in str(caught.value)


def test_a_folder_without_a_task_and_a_task_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"no task\.toml") as caught:
        load_task(tmp_path)
    assert "maieutic init" in str(caught.value)
    (tmp_path / "other.toml").write_text(json.dumps("x"))
    with pytest.raises(TaskError, match=r"no task 'tsk\.toml'") as caught:
        load_task(tmp_path / "tsk.toml")
    assert "other.toml" in str(caught.value)


def test_two_files_for_one_split(write: Any) -> None:
    with pytest.raises(TaskError, match="two files for the split val"):
        load_task(write(HEAD + '[data]\npath = "."\n', dev__jsonl=labelled("dev")))
