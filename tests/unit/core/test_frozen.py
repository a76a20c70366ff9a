"""What plugins receive cannot be changed: mappings inside frozen values are frozen too, and still are dicts."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.frozen import frozen, thawed
from maieutic.core.models import Output
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.score import Evaluation, Score
from maieutic.core.search_types import WorkOrder

EXAMPLE = Example(input={"question": "?", "turns": [{"role": "user"}]}, metadata={"tags": ["a"]})
EVALUATION = Evaluation(
    candidate="c", example="e", split="val", output="", answer=None, score=1, scores={"exact": Score(value=1)}
)
CHANGES: dict[str, Callable[[], Any]] = {
    "a program's prompts": lambda: Program.of("a").prompts.update(prompt=Prompt(instruction="b")),  # type: ignore[attr-defined]
    "an input's field": lambda: EXAMPLE.input.pop("question"),  # type: ignore[union-attr, call-arg]
    "a list in an input": lambda: EXAMPLE.input["turns"].append({}),  # type: ignore[index, call-overload]
    "a dict in a list": lambda: EXAMPLE.input["turns"][0].clear(),  # type: ignore[index, call-overload]
    "metadata": lambda: EXAMPLE.metadata["tags"].sort(),
    "scores": lambda: EVALUATION.scores.clear(),  # type: ignore[attr-defined]
    "values of a score": lambda: Score(value=1, values={"f": 1}).values.__setitem__("f", 2),  # type: ignore[attr-defined]
    "options of an order": lambda: WorkOrder(operator="o", parents=(), options={"a": 1}).options.popitem(),  # type: ignore[attr-defined]
    "messages of an output": lambda: (
        Output(text="", messages=({"role": "user", "content": "a"},)).messages[0].update(content="b")
    ),
    "trajectory": lambda: Output(text="", trajectory=({"input": "a"},)).trajectory[0].setdefault("b", 1),  # type: ignore[attr-defined]
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused_and_says_what_to_do(change: str) -> None:
    with pytest.raises(TypeError, match="belongs to the run and cannot be changed; change a copy"):
        CHANGES[change]()


def test_what_is_frozen_is_a_dict_everywhere_else() -> None:
    value = frozen({"a": [1, {"b": 2}], "c": (1, [2])})
    assert value == {"a": [1, {"b": 2}], "c": (1, [2])}
    assert json.loads(json.dumps(value)) == {"a": [1, {"b": 2}], "c": [1, [2]]}
    assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value  # noqa: S301
    assert value | {"d": 1} == {**value, "d": 1}
    plain = thawed(value)
    plain["a"][1]["b"] = 3
    assert value["a"][1]["b"] == 2
    example = Example.model_validate(EXAMPLE.model_dump())
    assert example == EXAMPLE
    assert Example.model_validate_json(EXAMPLE.model_dump_json()) == EXAMPLE


def test_what_goes_in_is_copied() -> None:
    fields = {"question": ["?"]}
    example = Example(input=fields)
    fields["question"].append("!")
    assert example.input == {"question": ["?"]}


def test_an_archive_that_is_read_only_follows_the_run_and_takes_nothing() -> None:
    archive = Archive([Candidate(id="a", program=Program.of("a"), operator="start")])
    view = archive.read_only
    archive.add(Candidate(id="b", program=Program.of("b"), operator="o"))
    archive.add_results([EVALUATION.model_copy(update={"candidate": "b"})])
    assert list(view.candidates) == ["a", "b"]
    assert view.scores.mean("b") == view.scores.count("b") == len(view.scores) == 1
    assert [candidate.id for candidate in view.alive] == ["a", "b"]
    changes: list[Callable[[], Any]] = [
        lambda: view.add(archive["a"]),
        lambda: view.add_results([EVALUATION]),
        lambda: view.scores.add(EVALUATION),
        lambda: view.candidates.pop("a"),
        lambda: view.responses.clear(),
        lambda: setattr(view, "candidates", {}),
    ]
    for change in changes:
        with pytest.raises((TypeError, AttributeError)):
            change()
    assert list(archive.candidates) == ["a", "b"]
    assert len(archive.scores) == 1
