"""Rows as other tools keep them, through the loaders and into a task."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import TaskError
from maieutic.plugins.loaders.files import dataset_reader
from maieutic.plugins.system.registry import Registry
from maieutic.runtime.tasks.loader import load_task

READ = dataset_reader(Registry.load(()))
TASK = 'name = "t"\nprompt = "{prompt}"\n[data]\ntrain = "{source}"\nval = "{source2}"\n'


def fields(source: str, folder: Path) -> list[dict[str, Any]]:
    return [dict(row.fields) for row in READ(source, folder)]


@pytest.fixture
def task(tmp_path: Path) -> Callable[..., tuple[Example, ...]]:
    def make(source: str, prompt: str = "Answer.") -> tuple[Example, ...]:
        val = [{"input": f"v{n}", "topic": f"t{n}", "tone": "dry", "output": "w"} for n in range(2)]
        (tmp_path / "val.jsonl").write_text("\n".join(map(json.dumps, val)))
        (tmp_path / "task.toml").write_text(TASK.format(source=source, source2="val.jsonl", prompt=prompt))
        return load_task(tmp_path / "task.toml", read=READ).data.train

    return make


def test_bbh_as_published(tmp_path: Path, task: Callable[..., Any]) -> None:
    body = {"canary": "c", "examples": [{"input": "not ( True ) is", "target": "False"}]}
    (tmp_path / "b.json").write_text(json.dumps(body))
    (one,) = task("bbh:b.json")
    assert (one.input, one.outputs) == ("not ( True ) is", ("False",))
    (tmp_path / "b.json").write_text("[]")
    with pytest.raises(TaskError, match="in the format of bbh"):
        READ("bbh:b.json", tmp_path)


def test_instruction_induction_as_published(tmp_path: Path, task: Callable[..., Any]) -> None:
    rows = {
        "1": {"input": "hot", "output": ["cold", "cool"]},
        "2": {"cause": "It rained.", "effect": "All was wet."},
    }
    (tmp_path / "a.json").write_text(json.dumps({"metadata": {"num_examples": 2}, "examples": rows}))
    hot, rain = task("instruction-induction:a.json")
    assert (hot.input, hot.outputs) == ("hot", ("cold", "cool"))
    assert (rain.input, rain.output) == ("Sentence 1: All was wet. Sentence 2: It rained.", "It rained.")


def test_openai_evals(tmp_path: Path, task: Callable[..., Any]) -> None:
    chat = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "2+2?"}]
    talk = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yo"},
        {"role": "user", "content": "2?"},
    ]
    lines = [{"input": chat, "ideal": ["4", "four"]}, {"input": talk, "ideal": "2"}, {"input": "plain", "ideal": "x"}]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, lines)))
    one, two, three = task("openai-evals:s.jsonl")
    assert (one.input, one.outputs, one.metadata["system"]) == ("2+2?", ("4", "four"), "Be short.")
    assert two.input == "user: Hi\n\nassistant: Yo\n\nuser: 2?"
    assert (three.input, three.outputs) == ("plain", ("x",))
    (tmp_path / "s.jsonl").write_text('{"input": [1], "ideal": "x"}')
    with pytest.raises(TaskError, match="not a list of messages"):
        READ("openai-evals:s.jsonl", tmp_path)


def test_an_sqlite_table_or_a_query(tmp_path: Path, task: Callable[..., Any]) -> None:
    with closing(sqlite3.connect(tmp_path / "r.db")) as base:
        base.executescript("CREATE TABLE r (input, output); INSERT INTO r VALUES ('a', 'b'), ('c', 'd');")
    assert [one.input for one in task("sqlite:r.db#r")] == ["a", "c"]
    assert fields("sqlite:r.db", tmp_path) == fields("sqlite:r.db#r", tmp_path)
    assert fields("sqlite:r.db#SELECT output AS label FROM r WHERE input = 'c'", tmp_path) == [{"label": "d"}]
    for wrong, what in (("none.db", "no file"), ("r.db#q", "no table 'q'"), ("r.db#SELECT x FROM r", "SQLite cannot")):
        with pytest.raises(TaskError, match=what):
            READ(f"sqlite:{wrong}", tmp_path)
    with pytest.raises(TaskError):
        READ("sqlite:r.db#WITH x AS (SELECT 1) DELETE FROM r", tmp_path)
    assert len(fields("sqlite:r.db", tmp_path)) == 2


PROMPTFOO = """
prompts: ['Tell about {{topic}}']
defaultTest:
  vars: {tone: dry}
tests:
  - description: first
    vars: {topic: bananas}
    assert:
      - {type: is-json}
      - {type: icontains, value: yellow}
  - vars: {topic: limes, tone: wet, expected: green}
  - file://more.csv
"""


def test_promptfoo_tests_fill_a_prompts_placeholders(tmp_path: Path, task: Callable[..., Any]) -> None:
    (tmp_path / "p.yaml").write_text(PROMPTFOO)
    (tmp_path / "more.csv").write_text("topic,tone,__expected\nplums,dry,equals: blue\n")
    first, second, third = task("promptfoo:p.yaml", prompt="Tell about {topic} in a {tone} tone.")
    assert (first.input, first.outputs) == ({"topic": "bananas", "tone": "dry"}, ("yellow",))
    assert [one["type"] for one in first.metadata["assert"]] == ["is-json", "icontains"]
    assert (second.input, second.outputs) == ({"topic": "limes", "tone": "wet"}, ("green",))
    assert (third.input, third.outputs) == ({"topic": "plums", "tone": "dry"}, ("blue",))
    (tmp_path / "q.yaml").write_text("- vars: {input: x}\n  assert: [{type: equals, value: 3}]\n")
    assert fields("promptfoo:q.yaml", tmp_path)[0] | {"assert": 0, "description": 0} == {
        "input": "x",
        "output": 3,
        "assert": 0,
        "description": 0,
    }
    for text, what in (("a: [", "malformed"), ("- 3", "not a promptfoo test"), ("- vars: {}", "no vars")):
        (tmp_path / "q.yaml").write_text(text)
        with pytest.raises(TaskError, match=what):
            READ("promptfoo:q.yaml", tmp_path)


def test_dspy_examples_from_a_file_or_a_function(tmp_path: Path, task: Callable[..., Any]) -> None:
    (tmp_path / "d.json").write_text('[{"question": "q", "answer": "a"}]')
    (one,) = task("dspy:d.json")
    assert (one.input, one.outputs) == ("q", ("a",))
    source = "class Example:\n  _input_keys = {'q', 'c'}\n"
    source += "  def __init__(self, **f): self.f = f\n  def toDict(self): return self.f\n"
    source += "  def inputs(self): return Example(**{k: v for k, v in self.f.items() if k in self._input_keys})\n"
    source += "  def labels(self): return Example(**{k: v for k, v in self.f.items() if k not in self._input_keys})\n"
    source += "def rows(): return [Example(q='Q', c='C', a='A', why='W')]\ndef none(): return 3\n"
    (tmp_path / "mine.py").write_text(source)
    (two,) = task("dspy:mine.py:rows")
    assert (two.input, two.outputs, two.metadata) == ({"q": "Q", "c": "C"}, ("A",), {"why": "W"})
    for wrong in ("mine.py:none", "mine.py:absent", "no_such_module_here:rows"):
        with pytest.raises(TaskError):
            READ(f"dspy:{wrong}", tmp_path)


def test_real_dspy_examples(tmp_path: Path) -> None:
    pytest.importorskip("dspy")
    (tmp_path / "real.py").write_text(
        "import dspy\ndef rows(): return [dspy.Example(question='q', answer='a').with_inputs('question')]\n"
    )
    assert fields("dspy:real.py:rows", tmp_path) == [{"input": "q", "output": "a"}]


def test_a_hugging_face_data_set_from_a_local_path(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    labels = datasets.ClassLabel(names=["neg", "pos"])
    made = datasets.Dataset.from_dict({"text": ["bad", "good", "fine"], "label": [0, 1, 1]})
    made = made.cast_column("label", labels)
    datasets.DatasetDict(train=made).save_to_disk(str(tmp_path / "set"))
    assert fields("hf:set#train", tmp_path)[1] == {"text": "good", "label": "pos"}
    assert [row["text"] for row in fields("hf:set#train[1:]", tmp_path)] == ["good", "fine"]
    made.save_to_disk(str(tmp_path / "one"))
    assert len(fields("hf:one", tmp_path)) == 3
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "test.jsonl").write_text('{"text": "a", "label": "x"}\n')
    assert fields("hf:files#test", tmp_path) == [{"text": "a", "label": "x"}]
    for wrong, what in (("set", "none is named"), ("set#val", "no split 'val'"), ("set#train[x]", "no slice")):
        with pytest.raises(TaskError, match=what):
            READ(f"hf:{wrong}", tmp_path)
