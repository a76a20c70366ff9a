"""Rows as Python programs hold them become the same examples as the file of them would."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from maieutic import Example, Task
from maieutic.core.errors import TaskError, UsageError
from maieutic.graphs.arguments.task import resolve_task
from pydantic import BaseModel

PAIRS = [(f"review {n}", ("good", "bad")[n % 2]) for n in range(20)]


@dataclass
class Review:
    question: str
    answer: str


class Ticket(BaseModel):
    question: str
    answer: str


Named = namedtuple("Named", ["question", "answer"])


class Lazy:
    """A data set in the sense of torch: length and index only."""

    def __len__(self) -> int:
        return len(PAIRS)

    def __getitem__(self, index: int) -> dict[str, str]:
        return dict(zip(("question", "answer"), PAIRS[index], strict=True))


def as_dicts() -> list[dict[str, str]]:
    return [{"question": text, "answer": label} for text, label in PAIRS]


def as_iterator() -> Iterator[dict[str, str]]:
    yield from as_dicts()


def as_frame() -> Any:
    return pytest.importorskip("pandas").DataFrame(as_dicts())


def as_data_set() -> Any:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"question": datasets.Value("string"), "answer": datasets.ClassLabel(names=["good", "bad"])}
    )
    return datasets.Dataset.from_list(
        [{"question": text, "answer": ["good", "bad"].index(label)} for text, label in PAIRS], features=features
    )


def task_of(train: Any, **arguments: Any) -> Task:
    return resolve_task(None, {"prompt": "Judge the review.", "train": train, **arguments}, None).task


@pytest.mark.parametrize(
    "make",
    [
        lambda: PAIRS,
        as_dicts,
        as_iterator,
        as_frame,
        as_data_set,
        Lazy,
        lambda: [Review(*pair) for pair in PAIRS],
        lambda: [Ticket(question=text, answer=label) for text, label in PAIRS],
        lambda: [Named(*pair) for pair in PAIRS],
        lambda: [[text, label] for text, label in PAIRS],
        lambda: {"question": [text for text, _ in PAIRS], "answer": [label for _, label in PAIRS]},
        lambda: [Example(input=text, outputs=(label,)) for text, label in PAIRS],
    ],
)
def test_every_kind_of_rows_is_the_same_task(make: Callable[[], Any]) -> None:
    task, expected = task_of(make()), task_of(PAIRS)
    assert task.data == expected.data
    assert (task.answer.type, task.answer.labels) == ("label", ("bad", "good"))
    assert [spec.use for spec in task.evaluators] == ["exact"]


def test_a_file_is_read_as_a_task_file_would(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("question,answer\n" + "\n".join(map(",".join, PAIRS)), encoding="utf-8")
    assert task_of(file).data == task_of(PAIRS).data
    assert task_of(str(file)).data == task_of(PAIRS).data


def test_rows_without_val_and_test_are_split_by_hash_and_those_with_one_keep_it() -> None:
    data = task_of(PAIRS).data
    assert (len(data.train), len(data.val), len(data.test)) == (6, 7, 7)
    data = task_of(PAIRS[:10], test=PAIRS[10:]).data
    assert (len(data.train), len(data.val), len(data.test)) == (5, 5, 10)
    data = task_of(PAIRS[:8], val=PAIRS[8:14], test=PAIRS[14:]).data
    assert [len(data[split]) for split in ("train", "val", "test")] == [8, 6, 6]


def test_columns_are_named_where_their_names_do_not_tell() -> None:
    rows = [{"body": text, "verdict": label, "note": "x"} for text, label in PAIRS]
    task = task_of(rows, input="body", output="verdict")
    assert task.data.train[0].metadata == {"note": "x"}
    assert task.data.by_id().keys() == task_of(PAIRS).data.by_id().keys()


def test_placeholders_of_other_tools_are_columns() -> None:
    task = task_of(as_dicts(), prompt="Judge {{ question }} as good or bad.")
    assert task.program.main.placeholders == ("question",)
    assert dict(task.data.train[0].input) == {"question": task.data.train[0].input["question"]}  # type: ignore[index, call-overload]


def test_missing_values_of_array_libraries_are_missing() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(as_dicts())
    frame["stars"] = pandas.Series(range(20), dtype="Int64")
    frame.loc[0, "stars"] = pandas.NA
    frame["at"] = pandas.Timestamp("2026-01-02")
    examples = list(task_of(frame).data.examples())
    assert {example.metadata["at"] for example in examples} == {"2026-01-02T00:00:00"}
    assert sorted(str(example.metadata["stars"]) for example in examples)[-1] == "None"


@pytest.mark.parametrize(
    ("train", "place", "what"),
    [
        ([{"input": "a", "output": "b"}, 7.5, object()], "train row 3", "a row cannot be"),
        ([("a", "b", "c")], "train row 1", "a row of 3 values"),
        (7, "train", "holds no rows"),
        ({"train": ["a"], "test": ["a", "b"]}, "train", "no columns of one length"),
        ([{"input": "a", "output": "b"}], "optimize(), train=", "too few to split"),
    ],
)
def test_what_is_no_row_is_refused_with_its_place(train: Any, place: str, what: str) -> None:
    with pytest.raises(TaskError) as caught:
        task_of(train)
    assert what in caught.value.what
    assert place in (caught.value.where or "")
    assert caught.value.possible


def test_no_rows_are_refused() -> None:
    with pytest.raises(TaskError, match="train has no rows"):
        task_of([])


def test_a_dict_of_splits_is_refused_with_how_to_give_them() -> None:
    datasets = pytest.importorskip("datasets")
    with pytest.raises(TaskError, match="not one table") as caught:
        task_of(datasets.DatasetDict({"train": as_data_set()}))
    assert caught.value.possible == ("train=data['train']",)


def test_errors_advise_arguments_and_no_tables_of_a_file() -> None:
    with pytest.raises(TaskError) as caught:
        task_of([{"input": f"a {n}", "lable": "b", "more": n} for n in range(9)])
    assert "output" in caught.value.what
    assert "lable" in caught.value.possible
    assert "[data" not in str(caught.value)


def test_several_outputs_of_a_row_are_asked_about() -> None:
    rows = [{"input": text, "output": [label, "other"]} for text, label in PAIRS]
    with pytest.raises(TaskError, match="several outputs") as caught:
        task_of(rows)
    assert caught.value.possible[0].startswith("together=True")
    assert task_of(rows, together=False).data.train[0].outputs[1] == "other"
    assert [spec.use for spec in task_of(rows, together=True).evaluators] == ["set"]


def test_a_prompt_in_place_of_a_task_is_told() -> None:
    with pytest.raises(UsageError, match="a prompt is given by name: prompt="):
        resolve_task("Judge the review.", {"train": PAIRS}, None)
    with pytest.raises(UsageError, match="nothing to be measured on"):
        resolve_task(None, {"prompt": "Judge the review."}, None)
    with pytest.raises(UsageError, match="nothing to optimize"):
        resolve_task(None, {}, None)
