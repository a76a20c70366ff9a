"""Regions: what a mixture has to have beaten, what is kept in reserve for that, and whom it may be made of."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from maieutic.core.candidate import Archive, Candidate, Status
from maieutic.core.dataset import Example
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.routing import Router
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.plugins.strategies.region_search import RegionSearch

A, B = "the film, its actor and the scene", "the soup, its salt and the bowl"
REGIONS = {"region-01": ["t0", "t1"], "region-02": ["t2", "t3"]}
ANCHORS = {"region-01": (A,), "region-02": (B,)}


def mixture(first: str, second: str) -> Program:
    prompts = {"region-01": Prompt(instruction=first), "region-02": Prompt(instruction=second)}
    return Program(prompts=prompts, router=Router(anchors=ANCHORS))


def search(programs: Mapping[str, Program], **fields: object) -> Search:
    texts = {f"{kind}{n}": (A, A, B, B)[n % 4] for kind in "tv" for n in range(8 if kind == "v" else 6)}
    rows = {name: Example(id=name, input=text, outputs=("yes",)) for name, text in texts.items()}
    archive = Archive()
    for name, program in {"start": Program.of("Start."), **programs}.items():
        parents = () if name == "start" else ("start",)
        archive.add(Candidate(id=name, program=program, parents=parents, operator=name, status="kept"))
    told = {
        "remaining_runs": 100,
        "total_runs": 400,
        "round": 3,
        "step": 3,
        "operators": {"principle": 1.0, "mixture": 1.0},
        **fields,
    }
    val = tuple(row for row in rows if row[0] == "v")
    train = tuple(row for row in rows if row[0] == "t")
    return Search(archive=archive, train=train, val=val, seed=0, examples=rows, **told)  # type: ignore[arg-type]


def measure(found: Search, name: str, rows: int, right: int) -> None:
    for place, row in enumerate(found.val[:rows]):
        score = float(place < right)
        found.archive.scores.add(
            Evaluation(candidate=name, example=row, split="val", output="", answer="", score=score)
        )


def searching(found: Search, current: str = "mix", **memory: object) -> Search:
    found.memory |= {"regions": REGIONS, "current": current, "done": 0, "stage": "search", "experts": {}, **memory}
    return found


def status(found: Search, name: str, given: Status) -> None:
    found.archive.add(found.archive[name].model_copy(update={"status": given}))


@pytest.mark.parametrize(("rows", "winner"), [(8, "mix"), (4, "mix"), (3, "one"), (0, "one")])
def test_a_mixture_wins_only_once_each_of_its_experts_was_measured_alone(rows: int, winner: str) -> None:
    found = search({"mix": mixture("One.", "Two."), "one": Program.of("One."), "two": Program.of("Two.")})
    for name, right in (("start", 2), ("mix", 7)):
        measure(found, name, 8, right)
    measure(found, "one", 8, 3)
    measure(found, "two", rows, rows // 4)
    assert RegionSearch().final(found) == winner


def test_an_expert_that_is_as_good_alone_wins_over_the_mixture_and_the_start_may_be_one() -> None:
    found = search({"mix": mixture("Start.", "Two."), "two": Program.of("Two.")})
    for name, right in (("start", 2), ("mix", 7), ("two", 7)):
        measure(found, name, 8, right)
    assert RegionSearch().final(found) == "two"
    status(found, "two", "vetoed")
    assert RegionSearch().final(found) == "mix", "it was measured, and a person took it out"


def test_room_is_left_for_every_expert_alone_behind_as_many_children_as_a_step_had() -> None:
    found = searching(search({"mix": mixture("Start.", "Start."), **{f"k{n}": Program.of(str(n)) for n in range(6)}}))
    measure(found, "mix", 8, 4)
    regions = RegionSearch(steps=2)
    assert [order.operator for order in regions.ask(found)] == ["principle", "principle"]
    regions.pool(found, [f"k{n}" for n in range(6)])
    found.memory["done"] = 1
    # Three children in each of two regions cost 3 x 8 rows; two experts alone 2 x 8 more.
    found.remaining_runs = 40
    assert [order.operator for order in regions.ask(found)] == ["principle", "principle"]
    found.remaining_runs = 39
    (last,) = regions.ask(found)
    assert last.options == {"alone": True}


@pytest.mark.parametrize("given", ["rejected", "vetoed"])
def test_a_mixture_that_may_not_run_is_nobodys_parent_and_the_search_goes_on_in_one_region(given: Status) -> None:
    found = searching(search({"mix": mixture("Start.", "Start.")}), current="start", stage="compose")
    found.memory["experts"] = {}
    router = Router(anchors={name: tuple(found.examples[row].text for row in rows) for name, rows in REGIONS.items()})
    program = Program(prompts=mixture("Start.", "Start.").prompts, router=router)
    found.archive.add(found.archive["mix"].model_copy(update={"program": program, "status": given}))
    regions = RegionSearch(steps=2)
    assert [order.operator for order in regions.ask(found)] == ["mixture"], "it is no mixture that is there already"
    assert regions.pool(found, []) == ["start"]
    regions.tell(found, ["start"], {})
    (order,) = regions.ask(found)
    assert (order.operator, order.slot, order.within, order.parents) == ("principle", "", (), ("start",))


def test_rows_of_no_region_teach_no_region() -> None:
    found = searching(search({"mix": mixture("Start.", "Start.")}))
    measure(found, "mix", 8, 4)
    orders = RegionSearch(complement=["principle"]).ask(found)
    assert {order.slot: order.within for order in orders} == {"region-01": ("t2", "t3"), "region-02": ("t0", "t1")}
