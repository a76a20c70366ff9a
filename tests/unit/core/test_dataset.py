"""Examples and splits: addressed by content, disjoint, split without regard to order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.dataset import SPLITS, Dataset, Example
from maieutic.core.errors import TaskError

inputs = st.text(min_size=1, max_size=20) | st.dictionaries(st.text(max_size=5), st.text(max_size=5), min_size=1)
examples = st.builds(Example, input=inputs, outputs=st.lists(st.text(max_size=5), max_size=2).map(tuple))
many = st.lists(examples, max_size=30, unique_by=lambda example: example.id)


@given(example=examples)
def test_the_id_follows_from_input_and_outputs_alone(example: Example) -> None:
    again = Example(input=example.input, outputs=example.outputs, metadata={"page": 3})
    assert again.id == example.id
    assert Example(input=example.input, outputs=(*example.outputs, "another")).id != example.id


def test_an_id_of_ones_own_is_kept() -> None:
    assert Example(id="row-7", input="x").id == "row-7"


@given(rows=many, data=st.data())
def test_the_split_forgets_the_order_and_loses_nothing(rows: list[Example], data: st.DataObject) -> None:
    first = Dataset.split_by_hash(rows)
    assert Dataset.split_by_hash(data.draw(st.permutations(rows))) == first
    assert sorted(one.id for one in first.examples()) == sorted(one.id for one in rows)
    assert abs(len(first.train) - 0.30 * len(rows)) <= 1
    assert abs(len(first.val) - 0.35 * len(rows)) <= 1


@given(rows=many)
def test_the_test_split_is_not_visible(rows: list[Example]) -> None:
    data = Dataset.split_by_hash(rows)
    assert not data.without_test.test
    assert (data.without_test.train, data.without_test.val) == (data.train, data.val)
    assert set(data.without_test.by_id()) == {one.id for one in (*data.train, *data.val)}


@pytest.mark.parametrize("split", SPLITS[1:])
def test_a_row_in_two_splits_is_named_with_both_places(split: str) -> None:
    row = Example(input="twice", outputs=("yes",))
    with pytest.raises(TaskError, match="twice") as caught:
        Dataset.model_validate({"train": (row,), split: (Example(input="other"), row)})
    assert f"{split} row 2 repeats train row 1" in str(caught.value)


def test_a_mapping_reads_as_lines_and_the_first_output_is_shown() -> None:
    example = Example(input={"title": "T", "body": "B"}, outputs=("a", "b"))
    assert example.text == "title: T\nbody: B"
    assert example.output == "a"
    assert Example(input="x").output is None
