"""Labels that answers are, their likelihoods and shares; and who came from whom."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.candidate import Candidate, descendants
from maieutic.core.dataset import Example
from maieutic.core.lineage import Lineage
from maieutic.core.program import Program
from maieutic.core.stats.labels import MIN_LOGPROB, infer_labels, label_likelihoods, label_shares


def rows(*outputs: str) -> list[Example]:
    return [Example(input=f"row {n}", outputs=(output,)) for n, output in enumerate(outputs)]


def test_declared_labels_win() -> None:
    contract = AnswerContract(type="label", labels=("Yes", "No"))
    assert infer_labels(contract, rows("a", "b")) == ("Yes", "No")


@pytest.mark.parametrize(
    ("outputs", "labels"),
    [
        (("b", "A.", "a", "b", "a", "b"), ("a", "b")),
        (("a", "a", "a", "b", "b"), ()),
        (("a",) * 9, ()),
        (tuple(f"{n}" for n in range(13) for _ in range(3)), ()),
        ((), ()),
    ],
)
def test_references_show_labels_where_few_outputs_make_up_all_rows(
    outputs: tuple[str, ...], labels: tuple[str, ...]
) -> None:
    assert infer_labels(AnswerContract(), rows(*outputs)) == labels
    assert infer_labels(AnswerContract(type="number"), rows(*outputs)) == ()


def test_a_first_token_speaks_for_the_label_that_begins_with_it() -> None:
    told = label_likelihoods(("positive", "negative"), [{" Pos": -0.5, "neg": -1.0, "pos": -3.0, "the": -0.1}])
    assert told["positive"] == pytest.approx(math.log(math.exp(-0.5) + math.exp(-3.0)))
    assert told["negative"] == pytest.approx(-1.0)
    assert label_likelihoods(("yes", "no"), [{"yes": -0.1}]) == {"yes": pytest.approx(-0.1), "no": MIN_LOGPROB}


@pytest.mark.parametrize("alternatives", [[], [{}], [{"the": -0.1}], [{"": -0.1}]])
def test_where_nothing_is_shown_nothing_is_told(alternatives: list[dict[str, float]]) -> None:
    assert label_likelihoods(("yes", "no"), alternatives) == {}


def test_labels_that_begin_alike_are_not_told_apart() -> None:
    assert label_likelihoods(("not good", "not bad"), [{"not": -0.1}]) == {}
    assert label_likelihoods(("not good", "not bad", "fine"), [{"not": -4.0, "fine": -0.1}])["fine"] < 0


def test_shares_are_of_all_answers() -> None:
    assert label_shares(("yes", "no"), ["Yes.", "no", None, "perhaps"]) == {"yes": 0.25, "no": 0.25}
    assert label_shares(("yes", "no"), []) == {"yes": 0.0, "no": 0.0}


def family() -> Lineage:
    edges = {"a": (), "b": ("a",), "c": ("a", "lost"), "d": ("b", "c"), "e": ()}
    return Lineage(
        Candidate(id=name, program=Program.of(name), parents=parents, operator=f"op-{name}")
        for name, parents in edges.items()
    )


def test_lines_of_descent() -> None:
    lineage = family()
    assert lineage.ancestors("d") == ["a", "b", "c"]
    assert lineage.descendants("a") == {"b", "c", "d"}
    assert lineage.path_to("d") == ["a", "b", "d"]
    assert lineage.path_to("e") == ["e"]
    assert lineage.descendants("e") == set()


def test_descendants_come_in_the_order_of_the_candidates() -> None:
    parents = {"a": (), "b": ("a",), "x": ("lost",), "c": ("x", "b"), "d": ("c",)}
    assert descendants(parents, "a") == ["b", "c", "d"]
    assert descendants(parents, "d") == []
    assert descendants(parents, "lost") == ["x", "c", "d"]


def test_a_lineage_is_drawn_for_three_readers() -> None:
    lineage = family()
    assert "  b[\"the 'best'\"]" in lineage.mermaid({"b": 'the "best"'})
    assert "  a -->|op-b| b" in lineage.mermaid()
    assert '  "a" -> "b" [label="op-b"];' in lineage.dot()
    nodes = ET.fromstring(lineage.graphml()).findall(".//{*}node")
    assert [node.get("id") for node in nodes] == ["a", "b", "c", "d", "e"]
